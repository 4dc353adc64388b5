"""Hold the drawing at the top of `promote/errors.py` against its classes."""

from __future__ import annotations

import re
from typing import NamedTuple

from promote import errors

_BRANCH = re.compile(
    r"^ {4}(?P<indent>[│├└─ ]*)(?P<name>[A-Z]\w+) +(?P<code>\d+) {3}\S", re.MULTILINE
)
_INDENT = 4


class Node(NamedTuple):
    """One class of the tree."""

    name: str
    parent: str | None
    exit_code: int


def _drawn() -> list[Node]:
    """Read the drawing, in its order."""
    nodes: list[Node] = []
    path: list[str] = []
    for branch in _BRANCH.finditer(errors.__doc__ or ""):
        depth = len(branch["indent"]) // _INDENT
        parent = path[depth - 1] if depth else None
        path[depth:] = [branch["name"]]
        nodes.append(Node(branch["name"], parent, int(branch["code"])))
    return nodes


def _classes() -> list[type[errors.PromoteError]]:
    """List the error classes in the order of the module."""
    return [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.PromoteError)
    ]


def _defined() -> list[Node]:
    """Read the classes, in their order."""
    return [
        Node(
            error.__name__,
            None if error is errors.PromoteError else error.__bases__[0].__name__,
            error.exit_code,
        )
        for error in _classes()
    ]


def test_the_drawing_is_the_tree_of_the_classes_in_the_same_order() -> None:
    assert _drawn() == _defined()


def test_every_error_has_one_parent_and_a_sentence_of_its_own() -> None:
    for error in _classes():
        assert len(error.__bases__) == 1, error
        assert error.__doc__, error


def test_every_error_keeps_its_three_parts() -> None:
    for error in _classes():
        if error is errors.ConfigError:
            continue
        raised = error("Summary", "Detail.", "Remedy.")
        assert (raised.summary, raised.detail, raised.remedy) == ("Summary", "Detail.", "Remedy.")
        assert str(raised) == "Summary: Detail."


def test_a_config_error_carries_every_problem() -> None:
    raised = errors.ConfigError("Summary", ("a:1:1: one", "a:2:1: two"), "Remedy.")
    assert raised.problems == ("a:1:1: one", "a:2:1: two")
    assert raised.detail == "a:1:1: one\na:2:1: two"
