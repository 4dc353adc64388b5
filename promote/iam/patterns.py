"""Wildcards: ``*`` is any text, also none; ``?`` is any one character.

``${*}``, ``${?}`` and ``${$}`` are the characters themselves (IAM reference, "IAM policy elements:
Variables and tags").

Matchers are compiled once per pattern. Atomic groups, taking the leftmost fit for every part
between two asterisks, keep matching from backtracking without end on a hostile pattern.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from promote.arn import parse_arn

Matcher = Callable[[str], object]

_WILD = re.compile(r"[*?]")
_ESCAPE = re.compile(r"\$\{([*?$])\}")
_UNIT = re.compile(r"\$\{[*?$]\}|.", re.DOTALL)
_CACHE = 8192


def action_matches(pattern: str, action: str) -> bool:
    """Say whether an action pattern covers an action; IAM ignores the case of both."""
    return bool(action_matcher(pattern)(action.lower()))


def resource_matches(pattern: str, resource: str) -> bool:
    """Say whether a resource pattern covers an ARN; its wildcards also cross ``/`` and ``:``."""
    return bool(text_matcher(pattern)(resource))


@functools.lru_cache(_CACHE)
def text_matcher(pattern: str) -> Matcher:
    """Return a case-sensitive matcher whose wildcards cross everything; truthy is a match."""
    if _WILD.search(_ESCAPE.sub("", pattern)) is None:
        return literal(pattern).__eq__
    if pattern == "*":
        return _everything
    return re.compile(_translated(pattern, "."), re.DOTALL).fullmatch


@functools.lru_cache(_CACHE)
def action_matcher(pattern: str) -> Matcher:
    """Return a matcher for actions in lower case; truthy is a match."""
    return text_matcher(pattern.lower())


@functools.lru_cache(_CACHE)
def arn_matcher(pattern: str) -> Matcher:
    """Return a matcher for the ARN operators; truthy is a match.

    Each of the six colon-separated parts is compared on its own (condition operators for ARNs in
    the IAM reference), so that only the wildcards of the resource part cross a colon.

    Raises:
        ValueError: `pattern` has not the six parts of an ARN.
    """
    arn = parse_arn(pattern)
    parts = (arn.partition, arn.service, arn.region, arn.account)
    bounded = [_translated(part, "[^:]") for part in parts]
    return re.compile(
        ":".join(["arn", *bounded, _translated(arn.resource, ".")]), re.DOTALL
    ).fullmatch


def literal(pattern: str) -> str:
    """Return the text that a pattern means where wildcards are none: its escapes undone."""
    return _ESCAPE.sub(r"\1", pattern) if "${" in pattern else pattern


def _everything(_: str) -> bool:
    return True


def _translated(pattern: str, any_one: str) -> str:
    """Return the regular expression for `pattern`; `any_one` is what a wildcard may stand for."""
    first, *rest = _parts(pattern, any_one)
    if not rest:
        return first
    *middle, last = rest
    steps = "".join(f"(?>{any_one}*?{part})" for part in middle if part)
    return f"{first}{steps}{any_one}*{last}"


def _parts(pattern: str, any_one: str) -> list[str]:
    """Return what stands between the asterisks, as regular expressions."""
    parts = [""]
    for unit in _UNIT.findall(pattern):
        if unit == "*":
            parts.append("")
        else:
            parts[-1] += any_one if unit == "?" else re.escape(literal(unit))
    return parts
