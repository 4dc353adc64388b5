"""What was rendered from what: hashes of inputs and outputs, and whether a directory still fits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from promote import __version__
from promote.config import show
from promote.core.codec import canonical
from promote.core.topology import Topology
from promote.errors import InputError, RefusedError

MANIFEST = "manifest.json"
DIRECTORY = "rendered"
"""Where the stacks are looked for beside promote.yaml, if nothing else is said."""
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Departure:
    """One file of a directory that is not as it would be rendered now."""

    name: str
    how: str
    """``differs``, ``is missing`` or ``is extra``."""


def sha256(content: bytes) -> str:
    """Return the SHA-256 of a file, in hex."""
    return hashlib.sha256(content).hexdigest()


def with_manifest(topology: Topology, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files and the manifest of them, which has no time, so that it is stable."""
    # Where promote.yaml lies is no input: a build has it elsewhere.
    resolved = {key: value for key, value in show(topology).items() if key != "directory"}
    body = {
        "format": 1,
        "kind": "pipeline-manifest",
        "tool": __version__,
        "inputs": {"configuration": sha256(canonical(resolved))},
        "outputs": {name: sha256(content) for name, content in files.items()},
    }
    return {**files, MANIFEST: canonical(body) + b"\n"}


def write(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a directory, made if need be; others in it are left alone.

    Raises:
        InputError: It cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (directory / name).write_bytes(content)
    except OSError as error:
        raise InputError("A file cannot be written", f"{error.filename}: {error.strerror}.") from (
            error
        )


def departures(
    directory: Path, files: Mapping[str, bytes], *, whole: bool = True
) -> tuple[Departure, ...]:
    """Compare a directory with what would be rendered.

    Args:
        directory: The directory; one that is not there lacks every file.
        files: What would be rendered.
        whole: Whether these are all the files that belong there.
    """
    there = {path.name for path in directory.glob("*.json")} if directory.is_dir() else set()
    found = {name: _departure(directory / name, content) for name, content in files.items()}
    extra = dict.fromkeys(there - files.keys() if whole else (), "is extra")
    told = {**{name: how for name, how in found.items() if how is not None}, **extra}
    return tuple(Departure(name, how) for name, how in sorted(told.items()))


def _departure(path: Path, content: bytes) -> str | None:
    try:
        return None if path.read_bytes() == content else "differs"
    except OSError:
        return "is missing"


def refusal(directory: str, found: Iterable[Departure]) -> RefusedError:
    """Return the error that names every file that departs, and the command that mends it."""
    lines = [f"{directory}/{each.name} {each.how}" for each in found]
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return RefusedError(
        "The rendered pipeline is not what promote.yaml asks for",
        "\n".join((*lines[:_SHOWN], *more)),
        f"Render it anew, review and deploy it:\n    promote pipeline render --out {directory}",
    )
