"""Why a request is not allowed: which Allow statement comes nearest, and what of it does not match.

Each element of a statement is tried on its own, by the evaluator itself: a statement that keeps
only this element and is open in every other way either covers the request or does not. So nothing
here can disagree with the decision that it explains.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from promote.arn import parse_arn
from promote.iam.elements import Condition, Effect, Kind, Policy, Principal, Statement
from promote.iam.evaluate import (
    WITH_PRINCIPAL,
    Decider,
    Request,
    Verdict,
    evaluate,
    evaluate_resource,
)

# How far away a statement is in which an element does not match: one about another action says
# nothing about the request, one whose condition fails was meant for it.
_DISTANCE = {"Action": 100, "Principal": 30, "Resource": 10, "Condition": 1}

_ANYBODY = (Principal("AWS", "*"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """One element of a statement that keeps it from covering a request.

    Attributes:
        element: ``Principal``, ``Action``, ``Resource`` or ``Condition``.
        test: The operator and the key of a condition, such as ``StringEquals aws:SourceVpce``;
            else empty.
        demanded: What the statement names, the closest first.
        given: What the request has; empty for a condition key that it has not.
    """

    element: str
    test: str = ""
    demanded: tuple[str, ...]
    given: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """An Allow statement that does not cover a request, and why not."""

    statement: Decider
    mismatches: tuple[Mismatch, ...]

    @property
    def distance(self) -> int:
        """Tell how much would have to be another; less is nearer."""
        return sum(_DISTANCE[each.element] for each in self.mismatches)


def near_misses(request: Request, policies: Iterable[Policy]) -> tuple[NearMiss, ...]:
    """Return the Allow statements that do not cover a request, the nearest first.

    Raises:
        PolicyError: The request cannot be decided.
    """
    found = [
        NearMiss(
            statement=Decider(policy.name, statement.sid, index, statement.effect),
            mismatches=missed,
        )
        for policy in policies
        for index, statement in enumerate(policy.statements)
        if statement.effect is Effect.ALLOW
        if (missed := tuple(_mismatches(request, statement, policy.kind)))
    ]
    return tuple(sorted(found, key=lambda each: each.distance))


def _mismatches(request: Request, statement: Statement, kind: Kind) -> Iterator[Mismatch]:
    anything = _open(kind)
    if not _covers(request, replace(anything, principals=statement.principals), kind):
        named = tuple(one.value for one in statement.principals)
        yield _mismatch("Principal", named, _names_of(request))
    only = replace(anything, actions=statement.actions, not_actions=statement.not_actions)
    if not _covers(request, only, kind):
        yield _mismatch("Action", statement.actions, (request.action,))
    only = replace(anything, resources=statement.resources, not_resources=statement.not_resources)
    if not _covers(request, only, kind):
        yield _mismatch("Resource", statement.resources, (request.resource,))
    for condition in statement.conditions:
        if not _covers(request, replace(anything, conditions=(condition,)), kind):
            yield Mismatch(
                element="Condition",
                test=test_of(condition),
                demanded=condition.values,
                given=given_of(request, condition.key),
            )


def test_of(condition: Condition) -> str:
    """Write the operator and the key of a condition: ``StringEqualsIfExists aws:SourceVpce``."""
    suffix = "IfExists" if condition.if_exists else ""
    return f"{condition.operator}{suffix} {condition.key}"


def given_of(request: Request, key: str) -> tuple[str, ...]:
    """Return the values that a request has for a condition key, whatever its case."""
    for name, value in request.context.items():
        if name.lower() == key.lower():
            return (value,) if isinstance(value, str) else tuple(value)
    return ()


def _open(kind: Kind) -> Statement:
    """Return a statement that covers every request."""
    return Statement(
        sid=None,
        effect=Effect.ALLOW,
        actions=("*",),
        resources=() if kind is Kind.TRUST else ("*",),
        principals=_ANYBODY if kind in WITH_PRINCIPAL else (),
        conditions=(),
    )


def _covers(request: Request, statement: Statement, kind: Kind) -> bool:
    policy = Policy(kind, (statement,), "one element")
    if kind in WITH_PRINCIPAL:
        return evaluate_resource(request, policy).verdict is Verdict.ALLOWED
    return evaluate(request, (policy,)).verdict is Verdict.ALLOWED


def _names_of(request: Request) -> tuple[str, ...]:
    """Return every name by which a statement may call the principal of a request."""
    names = [request.principal, *given_of(request, "aws:PrincipalArn")]
    try:
        arn = parse_arn(request.principal)
    except ValueError:
        return (request.principal,)
    names.append(f"arn:{arn.partition}:iam::{arn.account}:root")
    return tuple(dict.fromkeys(names))


def _mismatch(element: str, demanded: tuple[str, ...], given: tuple[str, ...]) -> Mismatch:
    def likeness(text: str) -> int:
        return max((_shared(text, one) for one in given), default=0)

    nearest = sorted(demanded, key=likeness, reverse=True)
    return Mismatch(element=element, demanded=tuple(nearest), given=given)


def _shared(a: str, b: str) -> int:
    """Count the characters that two texts begin with alike and end with alike."""
    return _prefix(a, b) + _prefix(a[::-1], b[::-1])


def _prefix(a: str, b: str) -> int:
    return next(
        (i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b))
    )
