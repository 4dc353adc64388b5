"""Rules about actions."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from promote.iam import catalogue
from promote.iam.elements import Kind
from promote.iam.lint.examples import PROJECT, identity, trust
from promote.iam.lint.rules import Hit, Rule, Severity, hit
from promote.iam.lint.view import Clause, Document, Text

GRANTING = frozenset({Kind.IDENTITY, Kind.SESSION, Kind.TRUST, Kind.BUCKET, Kind.KEY, Kind.PROJECT})
"""The kinds whose Allow grants something; in the others it only leaves room."""

_FORM = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
_OF_KIND = {Kind.TRUST: "sts", Kind.BUCKET: "s3", Kind.KEY: "kms"}


def named(clause: Clause) -> tuple[Text, ...]:
    """List the actions of a statement, those of NotAction too."""
    return clause.actions + clause.not_actions


def is_form(action: str) -> bool:
    """Say whether an action is written service:Name, possibly with wildcards in the name."""
    return _FORM.fullmatch(action) is not None


def service_of(action: str) -> str:
    """Return the prefix of an action in lower case."""
    return action.partition(":")[0].lower()


def is_wild(text: str) -> bool:
    """Say whether a text has a wildcard in it."""
    return "*" in text or "?" in text


def _each(document: Document) -> Iterator[Text]:
    for clause in document.clauses:
        yield from named(clause)


def _malformed(document: Document) -> Iterator[Hit]:
    for text in _each(document):
        if text.value not in ("*", "*:*") and not is_form(text.value):
            yield hit(text.place, action=text.value)


def _unknown_services(document: Document) -> Iterator[Hit]:
    for text in _each(document):
        service = service_of(text.value)
        if is_form(text.value) and service not in catalogue.prefixes():
            near = difflib.get_close_matches(service, sorted(catalogue.prefixes()), n=1)
            said = f"Did you mean {near[0]}?" if near else "Look it up in the reference."
            yield hit(text.place, service=service, said=said)


def _unknown_actions(document: Document) -> Iterator[Hit]:
    for text in _each(document):
        service = service_of(text.value)
        if not is_form(text.value) or service not in catalogue.services():
            continue
        if not catalogue.matching(text.value):
            yield hit(text.place, action=text.value, said=_suggestion(service, text.value))


def _suggestion(service: str, action: str) -> str:
    names = [entry.name for entry in catalogue.actions(service).values()]
    by_lower = {name.lower(): name for name in names}
    near = difflib.get_close_matches(action.lower(), by_lower, n=1)
    return f"Did you mean {by_lower[near[0]]}?" if near else "Look it up in the reference."


def _wild(document: Document) -> Iterator[Hit]:
    if document.kind not in GRANTING:
        return
    for clause in document.clauses:
        # Every key policy opens with it: without it the account's own policies say nothing.
        of_account = document.kind is Kind.KEY and all(
            one.value.endswith(":root") for one in clause.principals
        )
        for text in clause.actions if clause.allows and not of_account else ():
            if is_form(text.value) and is_wild(text.value):
                count = len(catalogue.matching(text.value))
                yield hit(text.place, action=text.value, now=f" ({count} today)" if count else "")


def _negated(document: Document) -> Iterator[Hit]:
    for clause in document.clauses:
        closed = document.kind in (Kind.TRUST, Kind.PROJECT)
        if "NotAction" in clause.raw and (clause.allows or closed):
            yield hit(f"{clause.place}.NotAction", kind=document.kind.value)


def _foreign(document: Document) -> Iterator[Hit]:
    service = _OF_KIND.get(document.kind)
    for text in _each(document) if service else ():
        if is_form(text.value) and service_of(text.value) != service:
            yield hit(text.place, action=text.value, kind=document.kind.value, service=service)


RULES = (
    Rule(
        id="PR201",
        severity=Severity.ERROR,
        message="{action} is no action.",
        remedy="Write service:Name, with wildcards only in the name.",
        bad=identity(Action="rekognition.DetectCustomLabels"),
        good=identity(),
        check=_malformed,
    ),
    Rule(
        id="PR202",
        severity=Severity.ERROR,
        message="{service} is the prefix of no AWS service.",
        remedy="{said}",
        bad=identity(Action="recognition:DetectCustomLabels"),
        good=identity(),
        check=_unknown_services,
    ),
    Rule(
        id="PR203",
        severity=Severity.ERROR,
        message="{action} is, or matches, no action of its service.",
        remedy="{said}",
        bad=identity(Action="rekognition:DetectCustomLabel"),
        good=identity(),
        check=_unknown_actions,
    ),
    Rule(
        id="PR204",
        severity=Severity.WARNING,
        message="{action} allows every action of such a name{now}, also those that AWS adds.",
        remedy="List the actions that are needed.",
        bad=identity(Action="rekognition:D*ProjectPolicy", Resource=PROJECT),
        good=identity(Action="rekognition:DeleteProjectPolicy", Resource=PROJECT),
        check=_wild,
    ),
    Rule(
        id="PR205",
        severity=Severity.ERROR,
        message="NotAction in this {kind} policy also means every action that AWS adds.",
        remedy="List what is meant with Action.",
        bad=identity(Action=None, NotAction="rekognition:DeleteProjectVersion"),
        good=identity(),
        check=_negated,
    ),
    Rule(
        id="PR206",
        severity=Severity.ERROR,
        message="{action} is decided by no {kind} policy, which is about {service} alone.",
        remedy="Move it into the identity policy of who shall do it.",
        bad=trust(Action=["sts:AssumeRole", "sqs:SendMessage"]),
        good=trust(),
        check=_foreign,
    ),
)
