"""Hold the size budget: rooms are small, functions smaller, and tests need hardly a mock."""

from __future__ import annotations

import ast
import io
import statistics
import tokenize
from typing import TYPE_CHECKING

from tests.architecture import tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODULE_LINES = 300
FUNCTION_LINES = 40
MEDIAN_FUNCTION_LINES = 10
MOCKS_PER_TEST = 0.1

# Modules over the budget that are nothing but a table, each with the reason why it is one piece.
DATA_TABLES: dict[str, str] = {}

_MOCKS = {"mock", "mocker", "Mock", "MagicMock", "patch", "pretend", "monkeypatch", "sentinel"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(path: Path) -> Iterator[Function]:
    """Find every function of a module, nested ones and methods included."""
    for node in ast.walk(tree.syntax(path)):
        if isinstance(node, Function):
            yield node


def _length(function: Function) -> int:
    """Count a function's lines from ``def`` to its end, less its docstring.

    Documentation is never what makes a function too long.
    """
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def test_no_module_is_longer_than_the_budget() -> None:
    lengths = {str(path): tree.text(path).count("\n") for path in tree.python_files("promote")}
    too_long = {name: lines for name, lines in lengths.items() if lines > MODULE_LINES}
    assert set(too_long) == set(DATA_TABLES), too_long


def test_no_function_is_longer_than_the_budget() -> None:
    too_long = {
        f"{path}:{function.lineno} {function.name}": _length(function)
        for path in tree.python_files("promote")
        for function in _functions(path)
        if _length(function) > FUNCTION_LINES
    }
    assert not too_long


def test_the_median_function_is_short() -> None:
    lengths = [
        _length(function) for path in tree.python_files("promote") for function in _functions(path)
    ]
    assert statistics.median(lengths) <= MEDIAN_FUNCTION_LINES


def _mocks(path: Path) -> int:
    """Count the names that a mock goes by; prose and strings do not count."""
    tokens = tokenize.generate_tokens(io.StringIO(tree.text(path)).readline)
    return sum(token.type == tokenize.NAME and token.string in _MOCKS for token in tokens)


def test_tests_hardly_ever_mock() -> None:
    paths = tree.python_files("tests")
    tests = sum(function.name.startswith("test_") for p in paths for function in _functions(p))
    mocks = {str(path): _mocks(path) for path in paths if _mocks(path)}
    assert sum(mocks.values()) / tests < MOCKS_PER_TEST, mocks
