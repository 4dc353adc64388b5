"""Write down where a sandbox runs and with which keys, for other processes to find."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_state(path: Path, state: Mapping[str, Any]) -> None:
    """Write the file in one step, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({**state, "pid": os.getpid()}, file, indent=2)
        file.write("\n")
    Path(name).replace(path)


def read_state(path: Path) -> dict[str, Any] | None:
    """Return what the file says, or None if there is none that can be read."""
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return state if isinstance(state, dict) else None


def remove_state(path: Path) -> None:
    """Remove the file, unless another process wrote it since."""
    state = read_state(path)
    if state is not None and state.get("pid") == os.getpid():
        path.unlink(missing_ok=True)
