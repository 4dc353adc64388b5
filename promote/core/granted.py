"""What access roles let their consumers detect with, policies of others included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from promote.core.grants import DETECT, allowed_patterns
from promote.core.observation import AccessRoleState
from promote.errors import PolicyError
from promote.iam.document import Effect, Kind, Policy, Statement, parse
from promote.iam.evaluate import covers, resource_matches


@dataclass(frozen=True, slots=True)
class RoleGrants:
    """What the policies of one access role allow, as resource patterns."""

    allowed: Mapping[str, tuple[str, ...]]
    """By policy: the name of an inline one, the ARN of an attached one."""
    denied: tuple[Statement, ...]
    """The statements without conditions that forbid something, whatever allows it."""
    unreadable: Mapping[str, str]
    """Policies that may allow it in a way that we cannot judge, and why; they count as ``*``."""

    @property
    def patterns(self) -> tuple[str, ...]:
        """Every pattern that some policy allows, each once, in the order of the policies."""
        return tuple(dict.fromkeys(p for patterns in self.allowed.values() for p in patterns))

    def covers(self, version: str) -> bool:
        """Say whether the version with this ARN may be used, conditions of the grant aside."""
        allowed = any(resource_matches(pattern, version) for pattern in self.patterns)
        return allowed and not self.denies(version)

    def denies(self, version: str) -> bool:
        """Say whether a statement forbids the version with this ARN, whatever allows it."""
        return any(covers(each, DETECT, version) for each in self.denied)


def is_exact(pattern: str) -> bool:
    """Say whether a resource pattern is a single ARN."""
    return "*" not in pattern and "?" not in pattern


def grants_of(role: AccessRoleState) -> RoleGrants:
    """Read what an access role allows its consumers to detect with."""
    documents = {**role.inline, **role.attached}
    allowed = {name: allowed_patterns(document) for name, document in documents.items()}
    denied: list[Statement] = []
    unreadable: dict[str, str] = {}
    for name, document in documents.items():
        try:
            denied += _denied(parse(document, kind=Kind.IDENTITY, name=name))
        except PolicyError as error:
            if allowed[name]:
                unreadable[name] = error.detail or error.summary
    return RoleGrants(allowed=allowed, denied=tuple(denied), unreadable=unreadable)


def _denied(policy: Policy) -> list[Statement]:
    return [
        statement
        for statement in policy.statements
        if statement.effect is Effect.DENY and not statement.conditions
    ]
