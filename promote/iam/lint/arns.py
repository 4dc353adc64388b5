"""Rules about the form of ARNs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promote.iam.elements import Kind
from promote.iam.lint.actions import is_wild
from promote.iam.lint.examples import ML, PROJECTS, ROLE, VERSION, identity
from promote.iam.lint.resources import ATTACHED, entries, every, shapes
from promote.iam.lint.rules import Hit, Rule, Severity, hit
from promote.iam.lint.shapes import is_placed, meets, split
from promote.iam.lint.view import Clause, Document

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_PARTITION = re.compile(r"aws(-[a-z]+)*")
_ORGANIZATION = re.compile(r"[a-z]+/o-[a-z0-9]{10,32}(?:/|$)")
_OWNERS = frozenset({"aws:resourceaccount", "aws:resourceorgid"})
_ACCOUNT = re.compile(r"\d{12}|aws")


def _malformed(document: Document) -> Iterator[Hit]:
    for _, text in every(document):
        # What is empty or was not filled in has its own rules.
        if text.value.strip() and text.value != "*" and split(text.value) is None:
            yield hit(text.place, resource=text.value)


def _misplaced(document: Document) -> Iterator[Hit]:
    for clause in document.clauses:
        formats = shapes(entries(clause.actions))
        for text in clause.resources:
            fitting = [shape for shape in formats if meets(text.value, shape)]
            if split(text.value) and fitting and not any(is_placed(text.value, s) for s in fitting):
                yield hit(text.place, resource=text.value, expected=min(fitting))


def _any_account(document: Document) -> Iterator[Hit]:
    kinds = ATTACHED | {Kind.BUCKET, Kind.KEY, Kind.PROJECT}
    for clause, text in every(document) if document.kind in kinds else ():
        parts = split(text.value)
        if not clause.allows or parts is None or not is_wild(parts[4]):
            continue
        # What belongs to an organisation has its id, which no other organisation has.
        if not _is_narrowed(clause) and _ORGANIZATION.match(parts[5]) is None:
            yield hit(text.place, resource=text.value)


def _is_narrowed(clause: Clause) -> bool:
    """Say whether a condition names the organisation or the accounts that it is about."""
    return any(
        one.lower_key in _OWNERS and one.operator == "StringEquals" and not one.if_exists
        for one in clause.comparisons
        if not one.quantifier
    )


def _implausible(document: Document) -> Iterator[Hit]:
    for _, text in every(document):
        parts = split(text.value)
        if parts is None:
            continue
        for name, part, form in (
            ("partition", parts[1], _PARTITION),
            ("Region", parts[3], _REGION),
            ("account", parts[4], _ACCOUNT),
        ):
            if part and not re.search(r"[*?{}$]", part) and form.fullmatch(part) is None:
                yield hit(text.place, part=part, name=name)


def _early_variables(document: Document) -> Iterator[Hit]:
    for _, text in every(document):
        parts = split(text.value)
        if parts is not None and any("${" in part for part in parts[:5]):
            yield hit(text.place, resource=text.value)


RULES = (
    Rule(
        id="PR301",
        severity=Severity.ERROR,
        message="{resource} is no ARN.",
        remedy="Write arn:partition:service:region:account:resource, empty parts included, or *.",
        bad=identity(Resource=f"arn:aws:rekognition:us-east-1:{ML}"),
        good=identity(),
        check=_malformed,
    ),
    Rule(
        id="PR304",
        severity=Severity.ERROR,
        message="{resource} lacks a Region or account that such ARNs have, or has one too many.",
        remedy="Its form is {expected}.",
        bad=identity(Resource=VERSION.replace("us-east-1", "")),
        good=identity(),
        check=_misplaced,
    ),
    Rule(
        id="PR305",
        severity=Severity.WARNING,
        message="{resource} is in any account at all.",
        remedy="Write the account id.",
        bad=identity(Action="sts:AssumeRole", Resource="arn:aws:iam::*:role/churn-prod"),
        good=identity(Action="sts:AssumeRole", Resource=ROLE),
        check=_any_account,
    ),
    Rule(
        id="PR306",
        severity=Severity.ERROR,
        message="{part} is no {name}.",
        remedy="Correct that part of the ARN.",
        bad=identity(Resource=VERSION.replace("us-east-1", "us-east1")),
        good=identity(),
        check=_implausible,
    ),
    Rule(
        id="PR312",
        severity=Severity.ERROR,
        message="{resource} has a policy variable before its fifth colon, where IAM takes none.",
        remedy="Write that part out; variables are for the resource part.",
        bad=identity(Resource=VERSION.replace("us-east-1", "${aws:RequestedRegion}")),
        good=identity(Resource=f"{PROJECTS}/${{aws:PrincipalTag/model}}/version/v7/*"),
        check=_early_variables,
    ),
)
