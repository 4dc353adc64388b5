"""Deciding requests as IAM does (IAM reference, "Policy evaluation logic").

A Deny that matches wins over everything; else one Allow that matches is enough; else the request is
denied implicitly. `evaluate` is the union of one principal's identity policies. `evaluate_trust`
is the trust policy alone: whether the caller's own policies must allow the request as well is for
the caller to see, from `Decision.direct` and the two accounts.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from promote.arn import parse_arn
from promote.iam.elements import Effect, Kind, Policy, Principal, Statement
from promote.iam.operators import holds
from promote.iam.patterns import action_matcher, action_matches, resource_matches, text_matcher

__all__ = [
    "Decider",
    "Decision",
    "Request",
    "Verdict",
    "action_matches",
    "allows_action_on",
    "evaluate",
    "evaluate_trust",
    "resource_matches",
]

_Context = Mapping[str, tuple[str, ...]]


class Verdict(enum.Enum):
    """What the policies say of a request."""

    ALLOWED = "allowed"
    IMPLICIT_DENY = "implicit deny"
    EXPLICIT_DENY = "explicit deny"


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        principal: The ARN of the caller (of its session, for a role), or a service's name.
        action: Such as ``rekognition:DetectCustomLabels``.
        resource: The ARN, or ``*`` for an action without a resource.
        context: Condition keys, in any case, and their values. A session's
            ``aws:PrincipalArn`` is the ARN of its role.
    """

    principal: str
    action: str
    resource: str
    context: Mapping[str, str | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Decider:
    """One statement that decided: the policy's name, the statement's Sid, its index from 0."""

    policy: str
    sid: str | None
    index: int
    effect: Effect

    @property
    def place(self) -> str:
        """Name the policy and the statement, for messages."""
        sid = f" ({self.sid})" if self.sid else ""
        return f"{self.policy} Statement[{self.index}]{sid}"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict and every statement that made it; an implicit deny is made by none.

    Attributes:
        direct: Whether a trust policy allowed the principal itself. If it only allowed the
            principal's account, the principal's own policies must allow the request too.
    """

    verdict: Verdict
    deciding: tuple[Decider, ...]
    direct: bool = False

    @property
    def allowed(self) -> bool:
        """Say whether the verdict is that the request may go on."""
        return self.verdict is Verdict.ALLOWED


def evaluate(request: Request, policies: Iterable[Policy]) -> Decision:
    """Decide a request by all the identity policies of its principal.

    Raises:
        ValueError: A policy is not an identity policy.
        PolicyError: The request has several values where an operator compares one.
    """
    action, context = request.action.lower(), _lowered(request.context)

    def applies(statement: Statement) -> bool:
        return (
            _covers_action(statement, action)
            and any(text_matcher(pattern)(request.resource) for pattern in statement.resources)
            and all(holds(condition, context) for condition in statement.conditions)
        )

    return _decision(_matching(policies, Kind.IDENTITY, applies))


def evaluate_trust(request: Request, trust: Policy) -> Decision:
    """Decide by a role's trust policy whether a principal may assume it.

    Raises:
        ValueError: `trust` is not a trust policy, or the principal is a session and the context
            has no ``aws:PrincipalArn``, without which a statement on its role cannot be decided.
        PolicyError: The request has several values where an operator compares one.
    """
    action, context = request.action.lower(), _lowered(request.context)
    caller = _caller(request.principal, context)
    direct = False

    def applies(statement: Statement) -> bool:
        nonlocal direct
        exact = any(_is_caller(one, caller) for one in statement.principals)
        found = (
            (exact or any(_is_account(one, caller) for one in statement.principals))
            and _covers_action(statement, action)
            and all(holds(condition, context) for condition in statement.conditions)
        )
        direct = direct or (found and exact)
        return found

    decision = _decision(_matching((trust,), Kind.TRUST, applies))
    return Decision(decision.verdict, decision.deciding, direct and decision.allowed)


def allows_action_on(policy: Policy, action: str) -> tuple[str, ...]:
    """Return the resource patterns on which a policy allows an action, conditions aside."""
    lowered = action.lower()
    found = (
        resource
        for statement in policy.statements
        if statement.effect is Effect.ALLOW and _covers_action(statement, lowered)
        for resource in statement.resources
    )
    return tuple(dict.fromkeys(found))


def _lowered(context: Mapping[str, str | tuple[str, ...]]) -> _Context:
    return {k.lower(): (v,) if isinstance(v, str) else tuple(v) for k, v in context.items()}


def _covers_action(statement: Statement, action: str) -> bool:
    return any(action_matcher(pattern)(action) for pattern in statement.actions)


def _matching(
    policies: Iterable[Policy], kind: Kind, applies: Callable[[Statement], bool]
) -> list[Decider]:
    found = []
    for policy in policies:
        if policy.kind is not kind:
            msg = f"{policy.name} is a policy of kind {policy.kind.value}, not {kind.value}"
            raise ValueError(msg)
        for index, statement in enumerate(policy.statements):
            if applies(statement):
                found.append(Decider(policy.name, statement.sid, index, statement.effect))
    return found


def _decision(matching: list[Decider]) -> Decision:
    denying = tuple(one for one in matching if one.effect is Effect.DENY)
    if denying:
        return Decision(Verdict.EXPLICIT_DENY, denying)
    return Decision(Verdict.ALLOWED if matching else Verdict.IMPLICIT_DENY, tuple(matching))


@dataclass(frozen=True, slots=True)
class _Caller:
    names: frozenset[str]  # every principal value that means this very caller
    root: str | None  # the principal value that means its account


def _caller(principal: str, context: _Context) -> _Caller:
    """Return how a trust policy may name the caller; a service has no ARN and no account."""
    names = frozenset({principal, "*"})
    if not principal.startswith("arn:"):
        return _Caller(names, None)
    arn = parse_arn(principal)
    if arn.service == "sts" and arn.resource.startswith("assumed-role/"):
        if "aws:principalarn" not in context:
            msg = f"the context of a request by {principal} needs aws:PrincipalArn, its role's ARN"
            raise ValueError(msg)
        names |= set(context["aws:principalarn"])
    return _Caller(names, f"arn:{arn.partition}:iam::{arn.account}:root")


def _is_caller(principal: Principal, caller: _Caller) -> bool:
    return principal.value in caller.names and principal.value != caller.root


def _is_account(principal: Principal, caller: _Caller) -> bool:
    return principal.value == caller.root
