"""Deciding requests as IAM does (IAM reference, "Policy evaluation logic").

A Deny that matches wins over everything; else one Allow that matches is enough; else the request is
denied implicitly. `evaluate` is the union of policies that are attached to whoever asks.
`evaluate_resource` is one policy of what is asked for: whether the caller's own policies must allow
the request as well is for `authorise` to say, which puts all kinds together.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from promote.iam.elements import Effect, Policy, Statement
from promote.iam.matching import WITH_PRINCIPAL, Asked, covers_action, lowered, matching
from promote.iam.patterns import action_matches, resource_matches
from promote.iam.principals import Caller, Reach, caller_of
from promote.iam.variables import has_variables, widened

__all__ = [
    "WITH_PRINCIPAL",
    "Decider",
    "Decision",
    "Request",
    "Verdict",
    "action_matches",
    "allows_action_on",
    "covers",
    "evaluate",
    "evaluate_resource",
    "resource_matches",
]


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
        direct: Whether a policy of the resource allowed the principal itself. If it only allowed
            the principal's account, the principal's own policies must allow the request too.
        unlimited: Whether it allowed the very session or user, or everyone, which neither a
            permissions boundary nor a session policy limits; a role that it names is limited.
    """

    verdict: Verdict
    deciding: tuple[Decider, ...]
    direct: bool = False
    unlimited: bool = False

    @property
    def allowed(self) -> bool:
        """Say whether the verdict is that the request may go on."""
        return self.verdict is Verdict.ALLOWED


_IMPLICIT = Decision(Verdict.IMPLICIT_DENY, ())


def evaluate(request: Request, policies: Iterable[Policy]) -> Decision:
    """Decide a request by all the policies of one kind that are attached to who asks.

    Raises:
        ValueError: The policies are of several kinds, or of one that has a Principal element.
        PolicyError: The request cannot be decided without doubt.
    """
    found = tuple(policies)
    kinds = {policy.kind for policy in found}
    if len(kinds) > 1:
        names = " and ".join(sorted(kind.value for kind in kinds))
        msg = f"policies of the kinds {names} do not add up to what a principal may do"
        raise ValueError(msg)
    return decide(asked_of(request), found)


def evaluate_resource(request: Request, policy: Policy) -> Decision:
    """Decide a request by one policy of what is asked for, or of the way to it.

    Raises:
        ValueError: `policy` is of a kind without a Principal element, or the principal is a session
            and the context has no ``aws:PrincipalArn``, without which a statement on its role
            cannot be decided.
        PolicyError: The request cannot be decided without doubt.
    """
    asked = asked_of(request)
    return decide_resource(asked, caller_of(request.principal, asked.context), (policy,))


def asked_of(request: Request) -> Asked:
    """Return a request as statements are compared with it."""
    return Asked(request.action.lower(), request.resource, lowered(request.context))


def decide(asked: Asked, policies: Iterable[Policy]) -> Decision:
    """Decide by all of some policies without principals, whatever their kind."""
    return _decision(
        [
            Decider(policy.name, statement.sid, index, statement.effect)
            for policy in policies
            for index, statement in matching(asked, policy)
        ]
    )


def decide_resource(asked: Asked, caller: Caller, policies: Iterable[Policy]) -> Decision:
    """Decide by all of some policies with principals, whatever their kind."""
    found, furthest = [], Reach.NONE
    for policy in policies:
        for index, statement in matching(asked, policy, caller):
            found.append(Decider(policy.name, statement.sid, index, statement.effect))
            reach = caller.reach(statement.principals)
            furthest = max(furthest, reach)
    made = _decision(found)
    if not made.allowed:
        return made
    direct, unlimited = furthest >= Reach.ROLE, furthest is Reach.CALLER
    return Decision(made.verdict, made.deciding, direct=direct, unlimited=unlimited)


def allows_action_on(policy: Policy, action: str) -> tuple[str, ...]:
    """Return the resource patterns on which a policy allows an action, conditions aside.

    A policy variable becomes ``*``, since it can have any value.
    """
    lowered_action = action.lower()
    found = (
        widened(resource)
        for statement in policy.statements
        if statement.effect is Effect.ALLOW and covers_action(statement, lowered_action)
        for resource in statement.resources
    )
    return tuple(dict.fromkeys(found))


def covers(statement: Statement, action: str, resource: str) -> bool:
    """Say whether a statement is about an action on a resource, principals and conditions aside.

    A resource with a policy variable counts as another one.
    """
    named = any(
        resource_matches(pattern, resource)
        for pattern in statement.resources
        if not has_variables(pattern)
    )
    return covers_action(statement, action.lower()) and named is not statement.not_resources


def _decision(matching_ones: list[Decider]) -> Decision:
    if not matching_ones:
        return _IMPLICIT
    denying = [one for one in matching_ones if one.effect is Effect.DENY]
    if denying:
        return Decision(Verdict.EXPLICIT_DENY, tuple(denying))
    return Decision(Verdict.ALLOWED, tuple(matching_ones))
