"""Places in a document, and the refusals that name them."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from promote.errors import PolicyError

# The characters that IAM accepts in a policy document (PutRolePolicy, PolicyDocument).
_CHARACTERS = re.compile(r"[\t\n\r -\u00ff]*")
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a named document, such as ``Statement[1].Condition.StringEquals``."""

    policy: str
    path: str = ""

    def key(self, name: str) -> Place:
        """Return the place of the element `name` below this one."""
        return Place(self.policy, f"{self.path}.{name}" if self.path else name)

    def item(self, index: int) -> Place:
        """Return the place of one item of the list at this place."""
        return Place(self.policy, f"{self.path}[{index}]")

    def problem(self, text: str, remedy: str = "") -> PolicyError:
        """Return the error that says `text` of this place."""
        where = self.path or "the document"
        detail = f"In {self.policy}, {where} {text}"
        return PolicyError("Policy document not accepted", detail, remedy)

    def refusal(self, value: object, expected: str, *, known: Iterable[str] = ()) -> PolicyError:
        """Return the error for a value that is not `expected`; `known` feeds the suggestion."""
        return self.problem(f"is {_shown(value)}. Expected {expected}.", _suggestion(value, known))

    def unknown(self, name: str, known: Iterable[str]) -> PolicyError:
        """Return the error for the name of an element that does not belong below this place."""
        names = sorted(known)
        text = f"is not known here. Expected one of {', '.join(names)}."
        return self.key(name).problem(text, _suggestion(name, names))


def undecided(detail: str, remedy: str = "") -> PolicyError:
    """Return the error of a request on which IAM's documentation leaves a doubt."""
    return PolicyError("Request cannot be decided", detail, remedy)


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=True, default=repr)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _suggestion(value: object, known: Iterable[str]) -> str:
    """Return "Did you mean …?" for a near miss, regardless of case, else an empty text."""
    by_lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(str(value).lower(), by_lower, n=1)
    return f"Did you mean {by_lower[near[0]]}?" if near else ""


def mapping(value: object, at: Place) -> Mapping[str, object]:
    """Return `value` if it is an object with at least one key.

    Raises:
        PolicyError: It is anything else.
    """
    if not isinstance(value, Mapping) or not value:
        raise at.refusal(value, "an object with at least one key")
    return value


def text(value: object, at: Place, *, variables: bool = False) -> str:
    """Return `value` if it is a string of characters that IAM takes.

    Args:
        value: What the document says.
        at: Its place.
        variables: Whether IAM reads policy variables here; elsewhere they are refused.

    Raises:
        PolicyError: It is no string, has characters that IAM refuses, or a policy variable where
            IAM does not read any.
    """
    if not isinstance(value, str):
        raise at.refusal(value, "a string in double quotes")
    if _CHARACTERS.fullmatch(value) is None:
        raise at.refusal(value, "only characters that IAM accepts, U+0020 to U+00FF")
    if not variables and "${" in value:
        raise at.refusal(value, "no policy variable, which IAM does not read here")
    return value


def texts(value: object, at: Place, *, variables: bool = False) -> list[tuple[str, Place]]:
    """Return the strings of a scalar-or-list element, each with its place.

    Raises:
        PolicyError: The list is empty, or an item is not a string that `text` accepts.
    """
    if not isinstance(value, list | tuple):
        return [(text(value, at, variables=variables), at)]
    if not value:
        raise at.refusal(value, "at least one value (what IAM does with none is undocumented)")
    places = [(item, at.item(index)) for index, item in enumerate(value)]
    return [(text(item, place, variables=variables), place) for item, place in places]
