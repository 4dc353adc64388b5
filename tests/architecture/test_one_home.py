"""Hold that each third-party library has one home, and that a library is a declared dependency.

The import contracts forbid the known libraries elsewhere. This scan is closed from the other side:
a library that no line below names is refused, lazily imported by name or not.
"""

from __future__ import annotations

import ast
import configparser
import re
import sys
from typing import TYPE_CHECKING

from tests.architecture import tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_AWS = (
    "promote/aws/",
    "promote/client.py",
    "promote/ledger/s3.py",
    "promote/pointers/",
    "promote/sandbox/",
    "promote/services/",
)
HOMES: dict[str, tuple[str, ...]] = {
    "boto3": _AWS,
    "botocore": _AWS,
    "click": ("promote/cli/",),
    "cryptography": ("promote/ledger/signatures.py",),
    "jinja2": ("promote/templates/",),
    "moto": ("promote/sandbox/",),
    "PIL": ("promote/sandbox/",),
    "tenacity": ("promote/workflow/wait.py",),
    "werkzeug": ("promote/sandbox/",),
    # promote.yaml, and buildspecs: the sandbox plays CodeBuild and may not import config.
    "yaml": ("promote/config/", "promote/sandbox/buildspec.py"),
}
# What a distribution on the index is called where that is not the name of its package; None is a
# library that another one brings and pins (botocore by boto3, werkzeug by moto's server).
DISTRIBUTIONS: dict[str, str | None] = {
    "PIL": "Pillow",
    "botocore": None,
    "werkzeug": None,
    "yaml": "PyYAML",
}
# Data that the standard library's zoneinfo reads, and what moto's server is written with.
NEVER_IMPORTED = {"flask", "flask-cors", "tzdata"}


def _modules(node: ast.AST) -> tuple[str, ...]:
    """Name the modules that a node imports, by statement or by ``import_module``."""
    match node:
        case ast.Import(names):
            return tuple(alias.name for alias in names)
        case ast.ImportFrom(module=str(module), level=0):
            return (module,)
        case ast.Call(
            func=ast.Name("import_module") | ast.Attribute(attr="import_module"),
            args=[ast.Constant(str(module)), *_],
        ):
            return (module,)
    return ()


def _third_parties(path: Path) -> Iterator[tuple[str, int]]:
    """Find what a module imports from elsewhere, with its line; types alone do not count."""
    syntax = tree.syntax(path)
    types = {
        inner
        for node in ast.walk(syntax)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(syntax):
        if node in types:
            continue
        for module in _modules(node):
            library = module.partition(".")[0]
            if library != "promote" and library not in sys.stdlib_module_names:
                yield library, getattr(node, "lineno", 0)


def _is_at_home(library: str, path: Path) -> bool:
    """Say whether a library may be imported here; stubs live where boto3 does."""
    known = "boto3" if library.startswith("types_boto3") else library
    return path.as_posix().startswith(HOMES.get(known, ()))


def _requirements(section: str, option: str) -> set[str]:
    """Read the names of the distributions that setup.cfg asks for."""
    setup = configparser.ConfigParser()
    setup.read(tree.ROOT / "setup.cfg", encoding="utf-8")
    lines = setup[section][option].split("\n")
    return {re.split(r"[\[<>=!~; ]", line, maxsplit=1)[0] for line in lines if line.strip()}


def test_each_library_is_imported_only_in_its_home() -> None:
    strays = [
        f"{path}:{line} imports {library}"
        for path in tree.python_files("promote")
        for library, line in _third_parties(path)
        if not _is_at_home(library, path)
    ]
    assert not strays


def test_homes_and_declared_dependencies_are_the_same_libraries() -> None:
    declared = _requirements("options", "install_requires")
    declared |= _requirements("options.extras_require", "sandbox")
    declared |= _requirements("options.extras_require", "verify")
    homes = {DISTRIBUTIONS.get(library, library) for library in HOMES} - {None}
    assert declared - NEVER_IMPORTED == homes


def test_a_lazy_import_by_name_is_seen_as_well() -> None:
    source = "import a\nfrom b.c import d\nfrom . import e\nimport_module('f.g')\n"
    found = [module for node in ast.walk(ast.parse(source)) for module in _modules(node)]
    assert sorted(found) == ["a", "b.c", "f.g"]
