"""Rules about resources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from promote.iam import catalogue
from promote.iam.catalogue import ActionEntry
from promote.iam.elements import Kind
from promote.iam.lint.examples import (
    BUCKET,
    PROJECT,
    PROJECTS,
    VERSION,
    bucket,
    identity,
    scp,
)
from promote.iam.lint.rules import Hit, Rule, Severity, hit
from promote.iam.lint.shapes import meets, split
from promote.iam.lint.view import Clause, Document, Text
from promote.iam.patterns import text_matcher

ATTACHED = frozenset({Kind.IDENTITY, Kind.SESSION})
"""The kinds whose Allow grants something to whom they are attached to."""
# What a resource is narrowed by as well as by its ARN.
_NARROWING = ("aws:resourcetag/", "aws:resourceaccount", "aws:resourceorg")


def entries(texts: Iterable[Text]) -> tuple[ActionEntry, ...]:
    """Return what the catalogue knows of some actions, wildcards expanded."""
    return tuple(entry for text in texts for entry in catalogue.matching(text.value))


def shapes(found: Iterable[ActionEntry]) -> frozenset[str]:
    """Return the ARN formats of the resources of some actions."""
    return frozenset(shape for entry in found for shape in catalogue.resource_shapes(entry.name))


def every(document: Document) -> Iterator[tuple[Clause, Text]]:
    """Yield every resource with its statement, those of NotResource too."""
    for clause in document.clauses:
        for text in clause.resources + clause.not_resources:
            yield clause, text


def _unfitting(document: Document) -> Iterator[Hit]:
    for clause in document.clauses:
        arns = [text.value for text in clause.resources if split(text.value)]
        if not arns or any(text.value == "*" for text in clause.resources):
            continue
        for action in clause.actions:
            formats = shapes(entries([action]))
            if formats and not any(meets(arn, shape) for arn in arns for shape in formats):
                expected = " or ".join(sorted(formats))
                yield hit(action.place, action=action.value, expected=expected)


def _useless(document: Document) -> Iterator[Hit]:
    for clause in document.clauses:
        known = [catalogue.matching(text.value) for text in clause.actions]
        formats = shapes(entries(clause.actions))
        arns = [text for text in clause.resources if split(text.value)]
        met = [any(meets(text.value, shape) for shape in formats) for text in arns]
        # If none fits, the actions are what is wrong.
        if all(known) and any(met):
            for text, fits in zip(arns, met, strict=True):
                if not fits:
                    yield hit(text.place, resource=text.value)


def _everything(document: Document) -> Iterator[Hit]:
    for clause in document.clauses if document.kind in ATTACHED else ():
        everything = [text for text in clause.resources if text.value == "*"]
        narrowed = any(one.lower_key.startswith(_NARROWING) for one in clause.comparisons)
        if not clause.allows or not everything or narrowed:
            continue
        for action in clause.actions:
            found = entries([action])
            # What is worse on everything has rules of its own (`reach`).
            if action.value != "*" and shapes(_limitable(found)) and not is_risky(found):
                yield hit(everything[0].place, action=action.value)
                break


def _limitable(found: Iterable[ActionEntry]) -> Iterator[ActionEntry]:
    """Leave out what says less, or nothing less, when it is limited.

    Reading the organisation: an account is in one only, and everything is of it. DescribeAlarms:
    with a narrower scope composite alarms are not returned (CloudWatch API reference).
    """
    for entry in found:
        of_organization = entry.name.startswith("organizations:")
        whole = of_organization and entry.level in ("List", "Read")
        if not whole and entry.name != "cloudwatch:DescribeAlarms":
            yield entry


ESCALATING = frozenset(
    {
        "iam:AddUserToGroup",
        "iam:AttachGroupPolicy",
        "iam:AttachRolePolicy",
        "iam:AttachUserPolicy",
        "iam:CreateAccessKey",
        "iam:CreateLoginProfile",
        "iam:CreatePolicyVersion",
        "iam:DeleteRolePermissionsBoundary",
        "iam:DeleteUserPermissionsBoundary",
        "iam:PassRole",
        "iam:PutGroupPolicy",
        "iam:PutRolePermissionsBoundary",
        "iam:PutRolePolicy",
        "iam:PutUserPermissionsBoundary",
        "iam:PutUserPolicy",
        "iam:SetDefaultPolicyVersion",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateLoginProfile",
        "sts:AssumeRole",
    }
)
"""Actions by which whoever has them on every resource can give themselves any other permission."""


def is_risky(found: Iterable[ActionEntry]) -> bool:
    """Say whether one of some actions leads to any other permission."""
    return any(entry.name in ESCALATING for entry in found)


def _resourceless(document: Document) -> Iterator[Hit]:
    for clause in document.clauses:
        if not clause.resources or any(text.value == "*" for text in clause.resources):
            continue
        for action in clause.actions:
            found = entries([action])
            if found and not any(entry.resource_types for entry in found):
                yield hit(action.place, action=action.value)


def _incomplete(document: Document) -> Iterator[Hit]:
    """Find actions on several resources at once, of which one is nowhere in the document."""
    if document.kind not in ATTACHED:
        return
    granted: dict[str, list[str]] = {}
    places: dict[str, Text] = {}
    for clause in (one for one in document.clauses if one.allows and one.resources):
        for action in clause.actions:
            granted.setdefault(action.value.lower(), []).extend(t.value for t in clause.resources)
            places.setdefault(action.value.lower(), action)
    for name, patterns in granted.items():
        entry = catalogue.action(name)
        formats = catalogue.resource_formats(name.partition(":")[0])
        required = sorted(entry.required) if entry is not None else []
        met = [any(meets(one, formats[kind]) for one in patterns) for kind in required]
        for kind, is_met in zip(required, met, strict=True):
            if any(met) and not is_met:
                action = places[name]
                yield hit(action.place, action=action.value, kind=kind, expected=formats[kind])


def _negated(document: Document) -> Iterator[Hit]:
    for clause in document.clauses:
        if "NotResource" in clause.raw and (clause.allows or document.kind is Kind.PROJECT):
            yield hit(f"{clause.place}.NotResource", kind=document.kind.value)


def _open_names(document: Document) -> Iterator[Hit]:
    for clause, text in every(document):
        parts = split(text.value)
        if parts is None or not clause.allows or not text_matcher(parts[2])("rekognition"):
            continue
        found = re.search(r"[A-Za-z0-9_.\-]+[*?]", parts[5])
        if found is not None:
            yield hit(text.place, resource=text.value, name=found[0])


RULES = (
    Rule(
        id="PR302",
        severity=Severity.ERROR,
        message="{action} is never about any of these resources.",
        remedy="It is about {expected}.",
        bad=identity(Resource=PROJECT),
        good=identity(Resource=VERSION),
        check=_unfitting,
    ),
    Rule(
        id="PR303",
        severity=Severity.WARNING,
        message="None of the actions is about {resource}.",
        remedy="Remove it, or add the action that needs it.",
        bad=bucket(Action="s3:GetObject", Resource=[BUCKET, f"{BUCKET}/*"]),
        good=bucket(Action=["s3:GetObject", "s3:ListBucket"], Resource=[BUCKET, f"{BUCKET}/*"]),
        check=_useless,
    ),
    Rule(
        id="PR307",
        severity=Severity.WARNING,
        message="{action} is allowed on every resource, though it can be limited to some.",
        remedy="List the ARNs that are needed.",
        bad=identity(Resource="*"),
        good=identity(Action="rekognition:DescribeProjects", Resource="*"),
        check=_everything,
    ),
    Rule(
        id="PR308",
        severity=Severity.ERROR,
        message="{action} is about no resource, so it never matches one: only * does.",
        remedy='Give it a statement of its own with "Resource": "*".',
        bad=scp(Action="rekognition:CreateProject", Resource=f"{PROJECTS}/*"),
        good=scp(Action="rekognition:CreateProject"),
        check=_resourceless,
    ),
    Rule(
        id="PR309",
        severity=Severity.WARNING,
        message="{action} also needs a {kind}, which nothing here allows.",
        remedy="Allow it on {expected} as well.",
        bad=identity(Action="rekognition:CopyProjectVersion", Resource=VERSION),
        good=identity(Action="rekognition:CopyProjectVersion", Resource=[PROJECT, VERSION]),
        check=_incomplete,
    ),
    Rule(
        id="PR310",
        severity=Severity.ERROR,
        message="NotResource in this {kind} policy also means everything that is made later.",
        remedy="List what is meant with Resource.",
        bad=identity(Resource=None, NotResource=VERSION),
        good=identity(),
        check=_negated,
    ),
    Rule(
        id="PR311",
        severity=Severity.WARNING,
        message="{name} in {resource} covers every name that begins so.",
        remedy="End the name before the wildcard: version/v1/* is all of v1, version/v1* also v10.",
        bad=identity(Resource=f"{PROJECTS}/churn/version/v1*"),
        good=identity(Resource=f"{PROJECTS}/churn/version/v1/*"),
        check=_open_names,
    ),
)
