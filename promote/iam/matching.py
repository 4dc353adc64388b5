"""Which statements match a request: action, resource, principal and conditions together.

What cannot be decided (a variable without a value, several values where one counts) is a doubt.
A statement that does not match anyway is in no doubt, so the order of its parts never matters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from promote.errors import PolicyError
from promote.iam.elements import Effect, Kind, Policy, Statement
from promote.iam.operators import tested
from promote.iam.patterns import action_matcher, text_matcher
from promote.iam.principals import Caller, Reach
from promote.iam.reading import undecided
from promote.iam.variables import fill

WITH_PRINCIPAL = (Kind.BUCKET, Kind.ENDPOINT, Kind.KEY, Kind.PROJECT, Kind.RCP, Kind.TRUST)
"""The kinds of policy whose statements say who they are about."""

Context = Mapping[str, tuple[str, ...]]
"""Condition keys in lower case, and their values."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as statements are compared with it; `action` is in lower case."""

    action: str
    resource: str
    context: Context


def lowered(context: Mapping[str, str | tuple[str, ...]]) -> Context:
    """Return a context with its keys in lower case and every value in a tuple."""
    return {k.lower(): (v,) if isinstance(v, str) else tuple(v) for k, v in context.items()}


def matching(
    asked: Asked, policy: Policy, caller: Caller | None = None
) -> Iterator[tuple[int, Statement]]:
    """Yield the statements that match a request, each with its index.

    Args:
        asked: The request.
        policy: Any policy.
        caller: Who asks, if statements of this kind of policy name principals.

    Raises:
        ValueError: There is no caller and they do, or there is one and they do not.
        PolicyError: It cannot be decided without doubt whether one does.
    """
    if (caller is not None) is not (policy.kind in WITH_PRINCIPAL):
        has = "has no" if caller else "has a"
        msg = f"{policy.name}, of kind {policy.kind.value}, {has} Principal element to decide by"
        raise ValueError(msg)
    for index, statement in enumerate(policy.statements):
        if not covers_action(statement, asked.action):
            continue
        named = caller is None or caller.reach(statement.principals) is not Reach.NONE
        if named and _meets(statement, asked):
            yield index, statement


def covers_action(statement: Statement, action: str) -> bool:
    """Say whether a statement is about an action, which is given in lower case."""
    for pattern in statement.actions:
        if action_matcher(pattern)(action):
            return not statement.not_actions
    return statement.not_actions


def _meets(statement: Statement, asked: Asked) -> bool:
    found = _covers_resource(statement, asked)
    doubt = None if found is True else found
    if doubt is False:
        return False
    of_deny = statement.effect is Effect.DENY
    for condition in statement.conditions:
        found = tested(condition, asked.context, of_deny=of_deny)
        if found is False:
            return False
        if found is not True:
            doubt = found
    if doubt is not None:
        raise doubt
    return True


def _covers_resource(statement: Statement, asked: Asked) -> bool | PolicyError:
    if not statement.resources:  # A trust policy is about its own role.
        return True
    unresolved = None
    for pattern in statement.resources:
        filled = fill(pattern, asked.context)
        if filled is None:
            unresolved = pattern
        elif text_matcher(filled)(asked.resource):
            return not statement.not_resources
    if unresolved is not None and statement.effect is Effect.DENY:
        return undecided(
            f"It has no value for a variable in {unresolved}, on which a Deny depends; "
            "what IAM does then is undocumented."
        )
    return statement.not_resources
