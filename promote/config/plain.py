"""Read YAML that is not ours, such as a buildspec, as plain texts, lists and tables."""

from __future__ import annotations

from promote.config.problems import Problems
from promote.config.source import Mapping, Node, Scalar, Sequence, compose
from promote.errors import InputError


def plain(text: str, name: str) -> object:
    """Return what a YAML text says; every scalar stays a text, and nothing is None.

    Args:
        text: The text.
        name: What its places begin with in messages.

    Raises:
        InputError: It is no YAML, or not in the part of it that has one place for each value.
    """
    problems = Problems()
    node = compose(text, problems)
    if problems.found or node is None:
        raise InputError("YAML cannot be read", "\n".join(problems.located(name)))
    return _value(node)


def _value(node: Node) -> object:
    match node:
        case Scalar():
            return None if node.is_null else node.text
        case Sequence():
            return [_value(each) for each in node.items]
        case Mapping():
            return {key.text: _value(each) for key, each in node.entries}
    return None
