"""Policy variables: ``${aws:username}``, ``${aws:PrincipalTag/team, 'none'}``, ``${*}``.

IAM reference, "IAM policy elements: Variables and tags". A value is text: an asterisk in it is no
wildcard. So a filled pattern spells it ``${*}``, as a policy would.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promote.iam.condition_keys import GLOBAL_KEYS

if TYPE_CHECKING:
    from promote.iam.reading import Place

MULTIVALUED = frozenset(
    {name.lower() for name, kind in GLOBAL_KEYS.items() if kind.startswith("ArrayOf")}
    | {"sts:transitivetagkeys"}
)
"""Global keys, and one of STS, in lower case, that can have several values in one request.

They cannot be variables, and what an operator for one value does with them is undocumented (IAM
reference, "Single-valued vs. multivalued context keys").
"""

_START = "${"
_VARIABLE = re.compile(r"\$\{([^${}]*|[$])\}")
_REFERENCE = re.compile(r"\s*([A-Za-z0-9-]+:[^\s,'{}$*?]+)\s*(?:,\s*'([^'{}$*?]*)'\s*)?")
_SPECIAL = frozenset("*?$")
_WILD = re.compile(r"[*?$]")
_COLONS_BEFORE = 5
_CACHE = 4096


@dataclass(frozen=True, slots=True)
class _Reference:
    key: str  # in lower case
    default: str | None

    def __str__(self) -> str:
        default = "" if self.default is None else f", '{self.default}'"
        return f"${{{self.key}{default}}}"


def has_variables(text: str) -> bool:
    """Say whether a text has a variable or one of the escapes ``${*}``, ``${?}`` and ``${$}``."""
    return _START in text


def keys_of(text: str, *, needed: bool = False) -> frozenset[str]:
    """Return the condition keys, in lower case, whose values a text takes; escapes take none.

    Args:
        text: What the document says, checked by `check`.
        needed: Only those for which it has no default.
    """
    if _START not in text:
        return frozenset()
    found = (part for part in _parts(text) or () if isinstance(part, _Reference))
    return frozenset(each.key for each in found if not needed or each.default is None)


def normal(text: str) -> str:
    """Spell the variables of a text in the one way, so that what means the same is equal."""
    parts = _parts(text) if _START in text else None
    return text if parts is None else "".join(map(str, parts))


def check(text: str, at: Place, *, after_colons: bool) -> None:
    """Check the variables of a text, if it has any.

    Args:
        text: What the document says.
        at: Its place.
        after_colons: Whether it is an ARN, in which variables come after the fifth colon.

    Raises:
        PolicyError: A variable is not spelt as IAM reads it, or stands too far in front.
    """
    start = text.find(_START)
    if start < 0:
        return
    if after_colons and text[:start].count(":") < _COLONS_BEFORE:
        raise at.refusal(text, "policy variables only after the fifth colon of an ARN")
    parts = _parts(text)
    if parts is None or _START in _VARIABLE.sub("", text):
        raise at.refusal(
            text, "policy variables like ${aws:username}, ${aws:username, 'nobody'}, or ${*}"
        )
    if any(isinstance(part, _Reference) and part.key in MULTIVALUED for part in parts):
        raise at.refusal(text, "policy variables that have one value in a request")


def widened(text: str) -> str:
    """Return a pattern that covers whatever a text with variables can become."""
    if _START not in text:
        return text
    parts = _parts(text) or ("*",)
    return "".join(part if isinstance(part, str) else "*" for part in parts)


def fill(text: str, context: Mapping[str, tuple[str, ...]]) -> str | None:
    """Put the values of a request into a text; None if it has none for one of the variables.

    Args:
        text: What the document says, checked by `check`.
        context: The request's, keys in lower case.

    Returns:
        A pattern in which only the wildcards of `text` itself are wildcards.
    """
    if _START not in text:
        return text
    filled = []
    for part in _parts(text) or ():
        value = part if isinstance(part, str) else _value(part, context)
        if value is None:
            return None
        filled.append(value)
    return "".join(filled)


def _value(reference: _Reference, context: Mapping[str, tuple[str, ...]]) -> str | None:
    values = context.get(reference.key, ())
    value = values[0] if len(values) == 1 else reference.default
    return None if value is None else _WILD.sub(lambda found: f"${{{found[0]}}}", value)


@functools.lru_cache(_CACHE)
def _parts(text: str) -> tuple[str | _Reference, ...] | None:
    """Return the text between the variables and the variables; None: one is misspelt."""
    parts: list[str | _Reference] = []
    end = 0
    for found in _VARIABLE.finditer(text):
        parts.append(text[end : found.start()])
        end = found.end()
        if found[1] in _SPECIAL:
            parts.append(found[0])
            continue
        reference = _REFERENCE.fullmatch(found[1])
        if reference is None:
            return None
        parts.append(_Reference(reference[1].lower(), reference[2]))
    return (*parts, text[end:])
