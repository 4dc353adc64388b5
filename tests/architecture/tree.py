"""Read the repository's own files, for the tests that hold laws against them.

Without git: the laws hold in an unpacked archive as well.
"""

from __future__ import annotations

import ast
import os
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_MADE_BY_TOOLS = {"build", "dist", "htmlcov", "__pycache__"}
_HIDDEN_BUT_OURS = {".ci", ".gitignore"}


def _is_ours(name: str) -> bool:
    """Say whether a file or folder of this name is part of the project."""
    if name.startswith("."):
        return name in _HIDDEN_BUT_OURS
    return name not in _MADE_BY_TOOLS and not name.endswith(".egg-info")


@cache
def files() -> tuple[Path, ...]:
    """List every file of the project, sorted, relative to its root."""
    found: list[Path] = []
    for folder, subfolders, names in os.walk(ROOT):
        subfolders[:] = [name for name in subfolders if _is_ours(name)]
        here = Path(folder).relative_to(ROOT)
        found.extend(here / name for name in names if _is_ours(name))
    return tuple(sorted(found))


def python_files(folder: str) -> tuple[Path, ...]:
    """List the Python files under a top-level folder, relative to the root."""
    return tuple(path for path in files() if path.parts[0] == folder and path.suffix == ".py")


@cache
def text(path: Path) -> str:
    """Read a file of the project; what is not UTF-8 (an image) reads as nothing."""
    try:
        return (ROOT / path).read_text("utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def syntax(path: Path) -> ast.Module:
    """Parse a Python file of the project."""
    return ast.parse(text(path), filename=str(path))
