"""Rules about what a document says twice, or takes back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from promote.iam.elements import Kind
from promote.iam.lint.examples import DETECT, ENDPOINT, VERSION, identity, policy, statement
from promote.iam.lint.rules import Hit, Rule, Severity, hit
from promote.iam.lint.view import Clause, Document, Text
from promote.iam.patterns import action_matches, text_matcher

# AWS dates the statements that it publishes to be copied as they are; of the four for the bucket of
# Custom Labels, the first says what the third does.
_PUBLISHED = re.compile(r"AWS[A-Za-z0-9]+\d{8}")


def _repeated(document: Document) -> Iterator[Hit]:
    for clause in document.clauses:
        lists: list[Sequence[Text]] = [clause.resources, clause.not_resources]
        lists += [comparison.values for comparison in clause.comparisons]
        for texts in lists:
            yield from _twice(texts, lower=False)
        for texts in (clause.actions, clause.not_actions):
            yield from _twice(texts, lower=True)


def _twice(texts: Sequence[Text], *, lower: bool) -> Iterator[Hit]:
    seen: set[str] = set()
    for text in texts:
        value = text.value.lower() if lower else text.value
        if value in seen:
            yield hit(text.place, value=text.value)
        seen.add(value)


def _shadowed(document: Document) -> Iterator[Hit]:
    for index, clause in enumerate(document.clauses):
        for other, by in enumerate(document.clauses):
            # Of two that say the same, the later one is too much.
            twins = other > index and _covers(clause, by)
            if other == index or by.effect != clause.effect or twins or not _covers(by, clause):
                continue
            if not (_PUBLISHED.fullmatch(_name(by)) and _PUBLISHED.fullmatch(_name(clause))):
                yield hit(clause.place, by=_name(by))
                break


def _revoked(document: Document) -> Iterator[Hit]:
    for clause in document.clauses:
        denials = (by for by in document.clauses if by.denies and clause.allows)
        found = next((by for by in denials if _covers(by, clause)), None)
        if found is not None:
            yield hit(clause.place, by=_name(found))


def _name(clause: Clause) -> str:
    sid = clause.raw.get("Sid")
    return sid if isinstance(sid, str) and sid else clause.place


def _covers(wide: Clause, narrow: Clause) -> bool:
    """Say whether one statement speaks of every request that another one speaks of."""
    if not (narrow.actions and wide.actions) or narrow.not_resources or wide.not_resources:
        return False
    actions = all(
        any(action_matches(one.value, text.value) for one in wide.actions)
        for text in narrow.actions
    )
    rest = _resources(wide, narrow) and _principals(wide, narrow)
    return actions and rest and _demands_less(wide, narrow)


def _resources(wide: Clause, narrow: Clause) -> bool:
    patterns = {text.value for text in wide.resources}
    # A "?" in the wider pattern could stand for a "*" of the narrower one, which is more.
    matchers = [text_matcher(pattern) for pattern in patterns if "?" not in pattern]
    return all(
        text.value in patterns or any(matches(text.value) for matches in matchers)
        for text in narrow.resources
    )


def _principals(wide: Clause, narrow: Clause) -> bool:
    if "NotPrincipal" in wide.raw or "NotPrincipal" in narrow.raw:
        return False
    found = {(one.type, one.value) for one in wide.principals}
    return ("AWS", "*") in found or {(one.type, one.value) for one in narrow.principals} <= found


def _demands_less(wide: Clause, narrow: Clause) -> bool:
    """Say whether the wider statement demands nothing that the narrower one does not."""
    tests = {
        (one.written, one.lower_key, frozenset(text.value for text in one.values))
        for one in narrow.comparisons
    }
    return all(
        (one.written, one.lower_key, frozenset(text.value for text in one.values)) in tests
        for one in wide.comparisons
    )


RULES = (
    Rule(
        id="PR111",
        severity=Severity.WARNING,
        message="{value} is in the list already.",
        remedy="List it once; the room counts against the quota.",
        bad=identity(Resource=[VERSION, VERSION]),
        good=identity(Resource=[VERSION]),
        check=_repeated,
    ),
    Rule(
        id="PR112",
        severity=Severity.WARNING,
        message="{by} says all of this already, under no more conditions.",
        remedy="Remove one of the two; a condition that only one of them has protects nothing.",
        bad=(
            Kind.IDENTITY,
            policy(
                statement(),
                statement(Condition={"StringEquals": {"aws:SourceVpce": ENDPOINT}}),
            ),
        ),
        good=identity(Condition={"StringEquals": {"aws:SourceVpce": ENDPOINT}}),
        check=_shadowed,
    ),
    Rule(
        id="PR113",
        severity=Severity.ERROR,
        message="{by} denies all of this, so nothing of it is ever allowed.",
        remedy="Remove the statement, or give the Deny the condition that it lacks.",
        bad=(Kind.IDENTITY, policy(statement(), statement(Effect="Deny"))),
        good=(
            Kind.IDENTITY,
            policy(
                statement(Action=DETECT),
                statement(
                    Effect="Deny",
                    Condition={"StringNotEquals": {"aws:SourceVpce": ENDPOINT}},
                ),
            ),
        ),
        check=_revoked,
    ),
)
