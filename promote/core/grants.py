"""Read what a live policy document lets an access role detect with.

Live documents were not necessarily written by us. One that may concern DetectCustomLabels and lies
outside the fragment that we can read counts as allowing everything: we fail closed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from promote.arn import parse_version_arn
from promote.core.observation import AccessRoleState, Json
from promote.errors import PolicyError
from promote.iam.document import Effect, Kind, Statement, parse
from promote.iam.evaluate import action_matches, allows_action_on, resource_matches

DETECT = "rekognition:DetectCustomLabels"
EVERYTHING = "*"


def allowed_patterns(document: Json) -> tuple[str, ...]:
    """Return the resource patterns on which a document allows DetectCustomLabels."""
    if not _may_concern(document):
        return ()
    try:
        return allows_action_on(parse(document, kind=Kind.IDENTITY), DETECT)
    except PolicyError:
        return (EVERYTHING,)


def exact_versions(document: Json | None) -> frozenset[str]:
    """Return the version ARNs that a document allows one by one, patterns left out."""
    patterns = allowed_patterns(document) if document is not None else ()
    return frozenset(each for each in patterns if parse_version_arn(each) is not None)


def exactly_granted(role: AccessRoleState) -> frozenset[str]:
    """Return the version ARNs that any policy of a role allows one by one."""
    documents = (*role.inline.values(), *role.attached.values())
    return frozenset(version for each in documents for version in exact_versions(each))


def allowing(role: AccessRoleState, policy: str, version: str) -> tuple[str, ...]:
    """Return the policies beside ours that allow a version, one by one or by a pattern."""
    return tuple(
        name
        for name, document in role.others(policy).items()
        if any(resource_matches(pattern, version) for pattern in allowed_patterns(document))
    )


def foreign_grants(
    role: AccessRoleState, policy: str, planned: Json
) -> Mapping[str, tuple[str, ...]]:
    """Return the policies beside ours that allow more than planned, with what they allow.

    Args:
        role: The access role as it is.
        policy: The name of our inline policy.
        planned: The document that our policy will hold.
    """
    return {
        name: patterns
        for name, document in role.others(policy).items()
        if (patterns := allowed_patterns(document)) and not _within(document, planned)
    }


def _within(document: Json, planned: Json) -> bool:
    """Say whether the planned document certainly allows all detection that another one allows.

    A single version inside a planned pattern does not count: its own grant would keep it from ever
    being stopped (P6).
    """
    try:
        given = parse(document, kind=Kind.IDENTITY).statements
    except PolicyError:
        return False
    ours = parse(planned, kind=Kind.IDENTITY).statements
    return all(
        any(
            one.conditions in {(), each.conditions} and set(each.resources) <= set(one.resources)
            for one in ours
        )
        for each in given
        if each.effect is Effect.ALLOW and any(action_matches(a, DETECT) for a in each.actions)
    )


def covers(live: Json, wanted: Json) -> bool:
    """Say whether a live document certainly allows all that a wanted one allows, perhaps more."""
    try:
        given = parse(live, kind=Kind.IDENTITY).statements
    except PolicyError:
        return False
    return all(each.effect is Effect.ALLOW for each in given) and all(
        any(_includes(each, statement) for each in given)
        for statement in parse(wanted, kind=Kind.IDENTITY).statements
    )


def _includes(given: Statement, wanted: Statement) -> bool:
    alike = (given.actions, given.conditions) == (wanted.actions, wanted.conditions)
    return alike and all(_reaches(given.resources, each) for each in wanted.resources)


def _reaches(patterns: tuple[str, ...], resource: str) -> bool:
    exact = parse_version_arn(resource) is not None
    return resource in patterns or (
        exact and any(resource_matches(pattern, resource) for pattern in patterns)
    )


def _may_concern(document: Json) -> bool:
    for statement in _listed(document.get("Statement")):
        if not isinstance(statement, Mapping):
            return True
        if statement.get("Effect") != "Allow":
            continue
        actions = tuple(_listed(statement.get("Action")))
        if "NotAction" in statement or any(action_matches(str(a), DETECT) for a in actions):
            return True
    return False


def _listed(value: object) -> Iterator[object]:
    if isinstance(value, (list, tuple)):
        yield from value
    elif value is not None:
        yield value
