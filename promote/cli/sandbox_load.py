"""Keep applications calling the model while something else happens, and tell how they fared."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promote.errors import PromoteError
from promote.report.layout import listing, short_version, table

if TYPE_CHECKING:
    from pathlib import Path

    from promote.core.topology import Topology

_SECONDS_TO_END = 10.0
_KEYS = ("access_key_id", "secret_access_key", "session_token")


@contextmanager
def attended(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """See to it that a process has ended when the block has, in order or else by force."""
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_SECONDS_TO_END)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


@dataclass(frozen=True, slots=True)
class Tally:
    """What the applications have counted, one row each."""

    rows: Sequence[Mapping[str, Any]]

    @property
    def requests(self) -> int:
        """How many requests there were."""
        return sum(row["requests"] for row in self.rows)

    @property
    def failed(self) -> int:
        """How many of them got no answer."""
        return sum(row["failed"] for row in self.rows)

    @property
    def second_tries(self) -> int:
        """How many requests were answered only when they were made again."""
        return sum(row["second_tries"] for row in self.rows)

    @property
    def longest_request(self) -> float:
        """How long the slowest request took, in seconds."""
        return max((float(row["longest_request"]) for row in self.rows), default=0.0)

    def text(self) -> str:
        """Write the counts for people; the last line is the sum."""
        versions = list(dict.fromkeys(arn for row in self.rows for arn in row["answers"]))
        header = ["account", "requests", "failed"]
        header += [f"by {short_version(arn)}" for arn in versions]
        rows = [
            [
                row["account"],
                f"{row['requests']:,}",
                f"{row['failed']:,}",
                *(f"{row['answers'].get(arn, 0):,}" for arn in versions),
                f"{row['longest_gap'] * 1000:,.0f} ms",
            ]
            for row in self.rows
        ]
        errors = [f"  {row['account']}: {error}" for row in self.rows for error in row["errors"]]
        total = f"{self.requests:,} requests, {self.failed:,} failed"
        return "\n".join([table([*header, "longest gap"], rows), *errors, "", total])


class Load:
    """The applications of a topology, one in each target account, in a process of their own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def end(self) -> Tally:
        """Let every application finish its request, and return what they have counted."""
        counts, _ = self._process.communicate(timeout=_SECONDS_TO_END)
        if not counts:
            raise PromoteError("The applications did not say what they counted")
        return Tally(json.loads(counts))


@contextmanager
def load(
    topology: Topology,
    directory: Path,
    info: Mapping[str, Any],
    *,
    ttl: float,
    every: float,
    variables: Mapping[str, str],
) -> Iterator[Load]:
    """Keep one application of each target account calling its model, from its first answer on.

    Args:
        topology: Its first model is called.
        directory: Where the images are.
        info: What the sandbox says of itself.
        ttl: Seconds for which the applications keep what the pointer says.
        every: Seconds from one request of an application to the next.
        variables: The environment of their process.
    """
    command = [sys.executable, "-m", "promote.sandbox.consumers"]
    # A session of its own: Ctrl-C reaches us alone, and we end it in order.
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=dict(variables),
    )
    with attended(process):
        if process.stdin is None or process.stdout is None:
            raise PromoteError("The applications cannot be talked to")
        orders = {**_orders(topology, directory, info), "ttl": ttl, "every": every}
        process.stdin.write(json.dumps(orders) + "\n")
        process.stdin.flush()
        if process.stdout.readline() != "ready\n":
            raise PromoteError("The applications did not start", "What they said is above.")
        yield Load(process)


def describe(topology: Topology) -> str:
    """Say which applications there are, in a sentence's part."""
    targets = topology.all_targets(topology.models[0].name)
    return listing([str(target) for target in targets])


def _orders(topology: Topology, directory: Path, info: Mapping[str, Any]) -> dict[str, Any]:
    applications = [
        {
            "account": target.account,
            "role": target.access_role,
            "parameter": target.pointer.name,
            "external_id": target.external_id,
            **{key: info["logins"][f"consumer/{target.account}"][key] for key in _KEYS},
        }
        for target in topology.all_targets(topology.models[0].name)
    ]
    return {
        "region": topology.region,
        "images": str(directory / "golden"),
        "applications": applications,
    }
