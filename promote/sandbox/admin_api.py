"""Serve ``/_sandbox/``: the log, faults, settings, seeding and states, for tests and the CLI.

Only for programs on this machine: a request with an Origin (a web page's) or for a host that is
not loopback is refused.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from promote.errors import PromoteError
from promote.sandbox.exchange import Request, Response
from promote.sandbox.lifecycle import Status
from promote.sandbox.parts import Parts
from promote.sandbox.world import World, from_json

PREFIX = "/_sandbox/"


class AdminApi:
    """Answers the sandbox's own requests."""

    def __init__(
        self,
        parts: Parts,
        describe: Callable[[], dict[str, Any]],
        take_world: Callable[[World, bool], None],
        shut_down: Callable[[], None],
    ) -> None:
        self._parts = parts
        self._describe = describe
        self._take_world = take_world
        self._shut_down = shut_down
        self._routes: dict[tuple[str, str], Callable[[Request, Any], Any]] = {
            ("GET", "calls"): self._calls,
            ("DELETE", "calls"): self._clear_calls,
            ("GET", "faults"): lambda _, __: {"faults": self._parts.faults.to_json()},
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "settings"): lambda _, __: self._parts.settings.to_json(),
            ("POST", "settings"): self._change_settings,
            ("POST", "seed"): self._seed,
            ("GET", "versions"): lambda _, __: {"versions": self._parts.rekognition.statuses()},
            ("POST", "versions"): self._force_status,
            ("GET", "info"): lambda _, __: self._describe(),
            ("GET", "propagation"): self._propagation,
            ("POST", "sessions/expire"): self._expire,
            ("GET", "builds"): lambda _, __: {"builds": self._builds()},
            ("GET", "builds/log"): self._build_log,
            ("POST", "shutdown"): self._stop,
        }

    def handle(self, request: Request) -> Response:
        """Answer one request of the admin API."""
        if not _is_local(request):
            return _answer({"error": "only for programs on this machine"}, 403)
        route = (request.method, request.path.removeprefix(PREFIX).strip("/"))
        handler = self._routes.get(route)
        if handler is None:
            known = sorted(f"{method} {PREFIX}{name}" for method, name in self._routes)
            return _answer({"error": "no such route", "routes": known}, 404)
        try:
            document = json.loads(request.body) if request.body else {}
            return _answer(handler(request, document))
        except PromoteError as error:
            return _answer({"error": str(error)}, 400)
        except (KeyError, StopIteration, TypeError, ValueError) as error:
            return _answer({"error": f"{type(error).__name__}: {error}"}, 400)

    def _calls(self, request: Request, _: Any) -> dict[str, Any]:
        since = int(parse_qs(request.query).get("since", ["0"])[0])
        calls = self._parts.log.since(since)
        return {"calls": calls, "next": calls[-1]["n"] if calls else since}

    def _clear_calls(self, _: Request, __: Any) -> dict[str, Any]:
        self._parts.log.clear()
        return {}

    def _add_fault(self, _: Request, document: Mapping[str, Any]) -> dict[str, Any]:
        self._parts.faults.add(document)
        return {"faults": self._parts.faults.to_json()}

    def _clear_faults(self, _: Request, __: Any) -> dict[str, Any]:
        self._parts.faults.clear()
        return {"faults": []}

    def _change_settings(self, _: Request, document: Mapping[str, Any]) -> dict[str, float]:
        self._parts.settings.change(document)
        return self._parts.settings.to_json()

    def _seed(self, request: Request, document: Mapping[str, Any]) -> dict[str, Any]:
        world = from_json(document)
        replace = "replace" in parse_qs(request.query, keep_blank_values=True)
        self._take_world(world, replace)
        return self._describe()

    def _force_status(self, _: Request, document: Mapping[str, Any]) -> dict[str, Any]:
        then = document.get("then")
        self._parts.rekognition.force(
            document["version"],
            Status(document["status"]),
            None if then is None else Status(then),
            float(document.get("after", 0.0)),
        )
        return {"versions": self._parts.rekognition.statuses()}

    def _propagation(self, _: Request, __: Any) -> dict[str, float]:
        return {"settled_in": self._parts.history.settled_in()}

    def _expire(self, _: Request, document: Mapping[str, Any]) -> dict[str, int]:
        return {"expired": self._parts.credentials.expire(str(document.get("session", "*")))}

    def _builds(self) -> list[dict[str, Any]]:
        kept = ("id", "projectName", "buildStatus", "currentPhase", "initiator")
        builds = (each.shown() for each in self._parts.delivery.builds.all())
        return [{name: each[name] for name in kept} for each in builds]

    def _build_log(self, request: Request, _: Any) -> dict[str, list[str]]:
        wanted = parse_qs(request.query).get("id", [""])[0]
        found = {each.id: each.log for each in self._parts.delivery.builds.all()}
        return {"lines": list(found[wanted])}

    def _stop(self, _: Request, __: Any) -> dict[str, Any]:
        self._shut_down()
        return {"stopping": True}


def _answer(document: Any, status: int = 200) -> Response:
    body = (json.dumps(document) + "\n").encode()
    return Response(status, (("Content-Type", "application/json"),), body)


def _is_local(request: Request) -> bool:
    """Say whether a request comes from a program on this machine, not from a web page."""
    host = urlsplit("//" + request.headers.get("host", "")).hostname or ""
    if "origin" in request.headers:
        return False
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
