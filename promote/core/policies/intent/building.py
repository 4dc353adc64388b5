"""Build statements the way `promote.iam.document.parse` reads them: sets sorted and unique."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias, TypeVar

from promote.errors import PolicyError
from promote.iam.elements import Condition, Effect, Principal, Statement
from promote.iam.spelling import account_root

Context: TypeAlias = Mapping[str, object]
Texts: TypeAlias = tuple[str, ...]
_Value = TypeVar("_Value", str, Principal)


def texts(context: Context, name: str) -> Texts:
    """Return a text, or the texts of a list, sorted and unique; none if the value is None or empty.

    Raises:
        PolicyError: The context has no such name, or its value is neither text nor texts.
    """
    if name not in context:
        raise _unusable(
            f"the context has no {name!r}, only {', '.join(sorted(context)) or 'nothing'}"
        )
    value = context[name]
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,) if value else ()
    if isinstance(value, Iterable) and not isinstance(value, Mapping | bytes):
        found = [one for one in value if isinstance(one, str)]
        if len(found) == len(list(value)):
            return tuple(sorted(set(found)))
    raise _unusable(f"{name!r} is {value!r}; expected text or a list of texts")


def contexts(context: Context, name: str) -> tuple[Context, ...]:
    """Return the contexts that a list of the context holds.

    Raises:
        PolicyError: There is no such list of mappings.
    """
    value = context.get(name)
    if isinstance(value, list | tuple) and all(isinstance(one, Mapping) for one in value):
        return tuple(value)
    raise _unusable(f"{name!r} is {value!r}; expected a list of mappings")


def allow(
    actions: Iterable[str],
    *,
    on: Iterable[str] | None = None,
    by: Iterable[Principal] | None = None,
    when: Iterable[Condition] = (),
) -> Statement:
    """Return the statement that allows something; it has no Sid, by which nothing is decided.

    Args:
        actions: What it is about.
        on: The resources; None where the document is about what it is attached to.
        by: The principals; None where the document is attached to who is governed.
        when: All of these must hold.

    Raises:
        PolicyError: There is no resource or no principal where one is asked for.
    """
    about = sorted(set(actions))
    return Statement(
        sid=None,
        effect=Effect.ALLOW,
        actions=tuple(about),
        resources=() if on is None else _some(on, f"{about[0]} would be about no resource"),
        principals=() if by is None else _some(by, f"{about[0]} would be about no principal"),
        conditions=tuple(sorted(when, key=lambda one: (one.operator, one.if_exists, one.key))),
    )


def deny(
    actions: Iterable[str],
    *,
    on: Iterable[str] | None = None,
    by: Iterable[Principal] | None = None,
    when: Iterable[Condition] = (),
) -> Statement:
    """Return the statement that denies what `allow` with these arguments allows."""
    return replace(allow(actions, on=on, by=by, when=when), effect=Effect.DENY)


def deny_but(
    resources: Iterable[str],
    actions: Iterable[str],
    *,
    by: Iterable[Principal],
    when: Iterable[Condition],
) -> Statement:
    """Return the statement that denies something on every resource but some."""
    return replace(deny(actions, on=resources, by=by, when=when), not_resources=True)


def aws(principals: Iterable[str]) -> tuple[Principal, ...]:
    """Return AWS principals; an account id means the root of its account."""
    return tuple(Principal("AWS", account_root(one)) for one in principals)


def service(name: str) -> tuple[Principal, ...]:
    """Return the principal that an AWS service is."""
    return (Principal("Service", name),)


def condition(
    operator: str, key: str, values: Iterable[str], *, if_exists: bool = False
) -> tuple[Condition, ...]:
    """Return a condition that a statement cannot do without; several values are alternatives.

    Raises:
        PolicyError: It has no value. Left out, the statement would say more than is meant.
    """
    found = tuple(sorted(set(values)))
    if not found:
        raise _unusable(f"the condition on {key} has no value")
    return (Condition(operator, key, found, if_exists),)


def where_given(operator: str, key: str, values: Iterable[str]) -> tuple[Condition, ...]:
    """Return a condition, or none without values: this setting of promote.yaml is optional."""
    found = tuple(values)
    return condition(operator, key, found) if found else ()


def _some(values: Iterable[_Value], fault: str) -> tuple[_Value, ...]:
    found = sorted(set(values), key=_order)
    if not found:
        raise _unusable(fault)
    return tuple(found)


def _order(value: str | Principal) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else (value.type, value.value)


def _unusable(fault: str) -> PolicyError:
    return PolicyError("No such policy can be meant", f"What a document must say: {fault}.")
