"""Talk to a running sandbox's admin API. Imports nothing but the standard library."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

from promote.errors import FailedError, InputError

_TIMEOUT = 30.0


def calls(endpoint: str, since: int = 0) -> list[dict[str, Any]]:
    """Return the calls that the sandbox has served after number `since`, oldest first."""
    found: list[dict[str, Any]] = _request("GET", endpoint, f"calls?since={since}")["calls"]
    return found


def clear_calls(endpoint: str) -> None:
    """Empty the log of calls."""
    _request("DELETE", endpoint, "calls")


def inject(endpoint: str, operation: str, fault: str, **narrower: Any) -> None:
    """Order a fault; `narrower` has account, principal, resource, count, skip, seconds."""
    _request("POST", endpoint, "faults", {"operation": operation, "fault": fault, **narrower})


def faults(endpoint: str) -> list[dict[str, Any]]:
    """Return the faults that are still to come."""
    found: list[dict[str, Any]] = _request("GET", endpoint, "faults")["faults"]
    return found


def clear_faults(endpoint: str) -> None:
    """Call off every fault."""
    _request("DELETE", endpoint, "faults")


def settings(endpoint: str, **values: float) -> dict[str, float]:
    """Change some settings, and return all of them."""
    if values:
        return _request("POST", endpoint, "settings", values)
    return _request("GET", endpoint, "settings")


def seed(endpoint: str, world: Mapping[str, Any], *, replace: bool = False) -> dict[str, Any]:
    """Add a world (as `world.to_json` writes it), or replace everything by it."""
    return _request("POST", endpoint, "seed?replace" if replace else "seed", world)


def set_status(
    endpoint: str, version: str, status: str, then: str | None = None, after: float = 0.0
) -> None:
    """Put a version into a status; with `then`, it goes there `after` seconds later."""
    document = {"version": version, "status": status, "then": then, "after": after}
    _request("POST", endpoint, "versions", document)


def statuses(endpoint: str) -> dict[str, str]:
    """Return every model version's ARN and status."""
    found: dict[str, str] = _request("GET", endpoint, "versions")["versions"]
    return found


def info(endpoint: str) -> dict[str, Any]:
    """Return the addresses, the organisation and the keys by login."""
    return _request("GET", endpoint, "info")


def wait_settled(endpoint: str) -> None:
    """Wait until every IAM change is visible everywhere."""
    while (left := float(_request("GET", endpoint, "propagation")["settled_in"])) > 0:
        time.sleep(left)


def expire_sessions(endpoint: str, session: str = "*") -> int:
    """Let the sessions expire whose ARN matches a pattern with ``*``; return how many did."""
    return int(_request("POST", endpoint, "sessions/expire", {"session": session})["expired"])


def builds(endpoint: str) -> list[dict[str, Any]]:
    """Return the builds: id, project, status, phase and initiator of each, oldest first."""
    found: list[dict[str, Any]] = _request("GET", endpoint, "builds")["builds"]
    return found


def build_log(endpoint: str, build: str) -> list[str]:
    """Return the lines of a build's log so far, by the build's id."""
    query = urllib.parse.urlencode({"id": build})
    found: list[str] = _request("GET", endpoint, f"builds/log?{query}")["lines"]
    return found


def shutdown(endpoint: str) -> None:
    """Stop the sandbox."""
    _request("POST", endpoint, "shutdown")


def _request(method: str, endpoint: str, path: str, body: Any = None) -> dict[str, Any]:
    """Send one request.

    Raises:
        InputError: The sandbox refuses it.
        FailedError: No sandbox answers there.
    """
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 - always a loopback address
        f"{endpoint}/_sandbox/{path}", data=data, method=method
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_TIMEOUT) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        with error:
            text = json.loads(error.read() or b"{}").get("error", str(error))
        raise InputError("The sandbox refuses the request", text) from error
    except (OSError, ValueError) as error:
        raise FailedError(
            "No sandbox answers",
            f"{endpoint}: {error}",
            "Start one:\n    promote sandbox up --detach",
        ) from error
