"""One spelling per document: strict reading of JSON, canonical text, digest, comparison.

IAM gives a document back in another spelling than the one it was sent: a list of one value or the
value, an account id or the ARN of its root. Comparing live with wanted therefore compares canonical
texts. Letter case and statement order are kept: a document that differs in them is another one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, NoReturn

from promote.arn import is_account_id
from promote.iam.reading import Place

if TYPE_CHECKING:
    from promote.iam.elements import Json

_LISTS = ("Action", "NotAction", "Resource", "NotResource")
_PRINCIPALS = ("Principal", "NotPrincipal")


def loads(text: str, *, name: str = "policy") -> dict[str, object]:
    """Read a JSON object, strictly.

    Raises:
        PolicyError: `text` is not JSON, is not an object, or repeats a key (IAM keeps one of the
            two, and which one is undocumented).
    """
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        message = f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        raise Place(name).problem(message) from error
    except (ValueError, RecursionError) as error:
        raise Place(name).problem(f"is not JSON that IAM reads: {error}.") from error
    if not isinstance(value, dict):
        raise Place(name).refusal(value, "an object")
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        msg = f"the key {repeated!r} appears twice in one object"
        raise ValueError(msg)
    return found


def _no_constant(text: str) -> NoReturn:
    msg = f"{text} is not a JSON number"
    raise ValueError(msg)


def canonical(document: Json) -> str:
    """Write a document in its one canonical spelling.

    Keys are sorted, insignificant space is left out, scalar-or-list elements become sorted lists
    without repetitions. A document outside the fragment that `parse` accepts is written as well.
    """
    found = dict(document)
    if "Statement" in found:
        found["Statement"] = [_statement(item) for item in _listed(found["Statement"])]
    return _written(found)


def digest(document: Json) -> str:
    """Return the SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(canonical(document).encode("utf-8", "surrogatepass")).hexdigest()


def same(a: Json | None, b: Json | None) -> bool:
    """Say whether two documents say the same in whatever spelling; None is no document."""
    if a is None or b is None:
        return a is b
    return canonical(a) == canonical(b)


def account_root(principal: str) -> str:
    """Return the ARN that IAM stores for an account id, any other principal as it is.

    Custom Labels exists only in the partition ``aws``.
    """
    return f"arn:aws:iam::{principal}:root" if is_account_id(principal) else principal


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    msg = f"{type(value).__name__} has no place in a policy document"
    raise TypeError(msg)


_written = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain
).encode


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _sorted(value: object) -> list[object]:
    """Return a scalar-or-list as a sorted list without repetitions, whatever its items are."""
    unique = {_written(item): item for item in _listed(value)}
    return [unique[key] for key in sorted(unique)]


def _statement(statement: object) -> object:
    if not isinstance(statement, Mapping):
        return statement
    # An empty Sid, which the IAM console writes, is none; a Condition without operators tests none.
    found = {
        key: value
        for key, value in statement.items()
        if not (key == "Sid" and value == "") and not (key == "Condition" and value == {})
    }
    found |= {key: _sorted(found[key]) for key in _LISTS if key in found}
    found |= {key: _principals(found[key]) for key in _PRINCIPALS if key in found}
    if isinstance(found.get("Condition"), Mapping):
        found["Condition"] = {key: _tests(value) for key, value in found["Condition"].items()}
    return found


def _principals(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    found = {key: _sorted([_principal(one) for one in _listed(of)]) for key, of in value.items()}
    # IAM reads both the same (Principal element, "All principals"); an RCP takes only the first.
    return "*" if found == {"AWS": ["*"]} else found


def _principal(value: object) -> object:
    return account_root(value) if isinstance(value, str) else value


def _tests(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    return {key: _sorted([_condition_value(v) for v in _listed(of)]) for key, of in value.items()}


def _condition_value(value: object) -> object:
    """Return true, false and numbers as strings, whose quotation marks IAM makes optional."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value
