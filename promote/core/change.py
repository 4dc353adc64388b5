"""What a write of an access role's policy changes, as a plan states it and as it is proved.

A statement names resource patterns: those on which DetectCustomLabels is newly allowed, and those
on which it is not allowed any more, wholly or in part. The proof holds both documents against it
over all requests, so nothing that the statement does not name can change: no other action, no
condition that is gone, no denial that somebody put there by hand.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

from promote.core.grants import DETECT, EVERYTHING, allowed_patterns
from promote.core.observation import Json
from promote.errors import PolicyError
from promote.iam.document import Effect, Kind, loads, parse
from promote.iam.elements import Condition, Policy, Statement
from promote.iam.evaluate import Verdict, action_matches, resource_matches
from promote.iam.prove import Witness, differ
from promote.iam.spelling import canonical

_Verdicts = tuple[Verdict, ...]

_CACHED = 1024  # several times as many as the access roles of a large organisation


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a write changes."""

    adds: tuple[str, ...]
    """Resource patterns on which DetectCustomLabels is newly allowed."""
    removes: tuple[str, ...]
    """Resource patterns on which it is not allowed any more, or under fewer circumstances."""


def change(before: Json | None, after: Json | None) -> Change:
    """State what changes when one document replaces another; None is no document.

    It leaves nothing out: what cannot be told for certain is stated as a change.

    Raises:
        PolicyError: The new document is outside the fragment that is proved.
    """
    return _change(_text(before), _text(after))


def unstated(
    before: Json | None, after: Json | None, stated: Change, *, adopts: bool = False
) -> Witness | None:
    """Return a request that the write decides otherwise, though the statement does not say so.

    Args:
        before: The document that is there; None when there is none.
        after: The document to be written; None deletes it.
        stated: What is said to change.
        adopts: Whether what else the old document says may go: other actions, denials.

    Raises:
        PolicyError: It cannot be decided: a document is outside the fragment that is proved.
    """
    return _unstated(_text(before), _text(after), stated, adopts)


def takes_more(before: Json | None, after: Json | None, stated: Change) -> bool:
    """Say whether a write would, or might, take away more than what is stated."""
    try:
        return unstated(before, after, stated) is not None
    except PolicyError:
        return True


def _text(document: Json | None) -> str | None:
    return None if document is None else canonical(document)


@functools.lru_cache(_CACHED)
def _change(before: str | None, after: str | None) -> Change:
    old, new = _readable(before), _parsed(after, "the new document")
    gone = allowed_patterns(loads(before or "")) if old is None else _beyond(old, new)
    return Change(adds=_beyond(new, old), removes=tuple(sorted(set(gone))))


def _beyond(policy: Policy, other: Policy | None) -> tuple[str, ...]:
    """Return the patterns that a policy allows and another one does not certainly allow as well."""
    found = {
        resource
        for statement in _detecting(policy)
        for resource in statement.resources
        if other is None or not _allows(other, resource, statement.conditions)
    }
    return tuple(sorted(found))


def _allows(policy: Policy, resource: str, when: tuple[Condition, ...]) -> bool:
    """Say whether a policy certainly allows detection on a pattern under these conditions."""
    if any(statement.effect is Effect.DENY for statement in policy.statements):
        return False
    return any(
        any(_reaches(pattern, resource) for pattern in statement.resources)
        and all(any(_implies(given, asked) for given in when) for asked in statement.conditions)
        for statement in _detecting(policy)
    )


def _reaches(pattern: str, resource: str) -> bool:
    """Say whether a pattern certainly matches whatever another one matches.

    What `*` matches may be the other's own wildcards; what `?` matches may not.
    """
    return pattern in {resource, EVERYTHING} or (
        "?" not in pattern and resource_matches(pattern, resource)
    )


def _implies(given: Condition, asked: Condition) -> bool:
    """Say whether a condition that holds certainly makes another one hold."""
    alternatives = set(given.values) <= set(asked.values) and given.operator == "StringEquals"
    return given == asked or (alternatives and replace(given, values=asked.values) == asked)


def _detecting(policy: Policy) -> tuple[Statement, ...]:
    return tuple(
        statement
        for statement in policy.statements
        if statement.effect is Effect.ALLOW
        and any(action_matches(action, DETECT) for action in statement.actions)
    )


@functools.lru_cache(_CACHED)
def _unstated(
    before: str | None,
    after: str | None,
    stated: Change,
    adopts: bool,  # noqa: FBT001 (the key of a cache)
) -> Witness | None:
    wrong = _changes_more if adopts else _takes_more
    old = _readable(before) if adopts else _parsed(before, "the document that is there")
    if old is None:
        old, wrong = _NOTHING, _adds_more
    new = _parsed(after, "the new document")
    added, removed = _detection(new, stated.adds), _detection(old, stated.removes)
    return differ([[old], [new], [added], [removed], [_ANY_DETECTION]], wrong)


def _adds_more(verdicts: _Verdicts) -> bool:
    """Judge what the documents, the additions, the removals, and any detection are decided."""
    was, now, added, _, _ = map(_allowed, verdicts)
    return (now or was) != (was or added)


def _changes_more(verdicts: _Verdicts) -> bool:
    """Judge detection both ways, everything else only for what is added."""
    was, now, _, removed, detects = map(_allowed, verdicts)
    return _adds_more(verdicts) or (detects and (now or was) != (now or removed))


def _takes_more(verdicts: _Verdicts) -> bool:
    """Judge everything both ways, a denial included."""
    was, now, _, removed, _ = map(_allowed, verdicts)
    denied, denies = (each is Verdict.EXPLICIT_DENY for each in verdicts[:2])
    return _adds_more(verdicts) or (now or was) != (now or removed) or (denied and not denies)


def _allowed(verdict: Verdict) -> bool:
    return verdict is Verdict.ALLOWED


def _detection(policy: Policy, patterns: tuple[str, ...]) -> Policy:
    """Return what a policy says of detection on some of its own patterns, and nothing else."""
    allowing = [
        replace(statement, actions=(DETECT,), resources=resources)
        for statement in _detecting(policy)
        if (resources := tuple(each for each in statement.resources if each in patterns))
    ]
    denying = [each for each in policy.statements if each.effect is Effect.DENY]
    return Policy(Kind.IDENTITY, (*allowing, *denying), "the plan's statement")


_ANY_DETECTION = Policy(
    Kind.IDENTITY,
    (
        Statement(
            sid=None,
            effect=Effect.ALLOW,
            actions=(DETECT,),
            resources=(EVERYTHING,),
            principals=(),
            conditions=(),
        ),
    ),
    "detection",
)


_NOTHING = Policy(Kind.IDENTITY, (), "no document")


def _parsed(document: str | None, name: str) -> Policy:
    return _NOTHING if document is None else parse(document, kind=Kind.IDENTITY, name=name)


def _readable(document: str | None) -> Policy | None:
    """Return a policy, or None for a document outside the fragment."""
    try:
        return _parsed(document, "the document that is there")
    except PolicyError:
        return None
