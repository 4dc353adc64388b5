"""Whether a process that a lock names is one that can be seen from here, and whether it is alive.

A host's name says neither: containers and laptops share names. What tells one kernel from another
is its boot id, and one space of process ids on it from another is its namespace (`proc(5)`,
`pid_namespaces(7)`); both are read anew, for a process may be moved.
"""

from __future__ import annotations

import os
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")


def this_machine() -> str:
    """Return what tells the process ids that are seen from here from all others.

    Empty where the system does not tell: then no process is judged by its id.
    """
    try:
        return f"{_BOOT.read_text(encoding='ascii').strip()}/{_NAMESPACE.readlink()}"
    except OSError:
        return ""


def is_dead(machine: str, pid: int) -> bool:
    """Say whether a process is certainly gone; False whenever that cannot be known.

    Args:
        machine: What `this_machine` returned to that process.
        pid: Its id. If another process has that id by now, it counts as alive.
    """
    if not machine or machine != this_machine():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False
