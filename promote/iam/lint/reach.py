"""Rules about permissions that lead to all the others."""

from __future__ import annotations

from collections.abc import Iterator

from promote.iam import catalogue
from promote.iam.elements import Kind
from promote.iam.lint.actions import GRANTING
from promote.iam.lint.examples import ROLE, identity
from promote.iam.lint.resources import ESCALATING
from promote.iam.lint.rules import Hit, Rule, Severity, hit
from promote.iam.lint.shapes import split
from promote.iam.lint.view import Document, Text

_ATTACHED = frozenset({Kind.IDENTITY, Kind.SESSION})


def _everything(document: Document) -> Iterator[Hit]:
    for clause in document.clauses if document.kind in GRANTING else ():
        for text in clause.actions if clause.allows else ():
            if text.value in ("*", "*:*"):
                yield hit(text.place)


def _is_open(text: Text) -> bool:
    """Say whether a resource is every role or user of an account, or everything."""
    parts = split(text.value)
    return text.value == "*" or (parts is not None and parts[5] in ("*", "role/*", "user/*"))


def _escalating(document: Document) -> Iterator[Hit]:
    for clause in document.clauses if document.kind in _ATTACHED else ():
        if not clause.allows or not any(_is_open(text) for text in clause.resources):
            continue
        for text in clause.actions:
            names = {entry.name for entry in catalogue.matching(text.value)} & ESCALATING
            if names and text.value != "*":
                yield hit(text.place, action=min(names))


def _passing(document: Document) -> Iterator[Hit]:
    for clause in document.clauses if document.kind in _ATTACHED else ():
        limited = any(one.lower_key == "iam:passedtoservice" for one in clause.comparisons)
        for text in clause.actions if clause.allows and not limited else ():
            if text.value.lower() != "iam:passrole":
                continue
            if not any(_is_open(resource) for resource in clause.resources):
                yield hit(text.place)


_PASS = {"Action": "iam:PassRole", "Resource": ROLE}
_TO_BUILDS = {"StringEquals": {"iam:PassedToService": "codebuild.amazonaws.com"}}

RULES = (
    Rule(
        id="PR701",
        severity=Severity.ERROR,
        message="Every action of every service is allowed.",
        remedy="List the actions that are needed.",
        bad=identity(Action="*"),
        good=identity(),
        check=_everything,
    ),
    Rule(
        id="PR702",
        severity=Severity.ERROR,
        message="Whoever has {action} on all of these can give themselves any other permission.",
        remedy="List the roles that are meant.",
        bad=identity(Action="iam:PutRolePolicy", Resource="*"),
        good=identity(Action="iam:PutRolePolicy", Resource=ROLE),
        check=_escalating,
    ),
    Rule(
        id="PR703",
        severity=Severity.WARNING,
        message="iam:PassRole lets the role be passed to every service that trusts it.",
        remedy="Add iam:PassedToService as condition.",
        bad=identity(**_PASS),
        good=identity(**_PASS, Condition=_TO_BUILDS),
        check=_passing,
    ),
)
