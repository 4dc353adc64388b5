"""Rules of one kind of document alone: project, bucket and resource control policies."""

from __future__ import annotations

from collections.abc import Iterator

from promote.iam import catalogue
from promote.iam.elements import Kind
from promote.iam.lint.actions import is_form, named, service_of
from promote.iam.lint.examples import BUCKET, PROJECT, VERSION, bucket, project, rcp
from promote.iam.lint.rules import Hit, Rule, Severity, hit
from promote.iam.lint.shapes import meets, split
from promote.iam.lint.view import Clause, Document

_COPY = "rekognition:CopyProjectVersion"


def _other_than_copy(document: Document) -> Iterator[Hit]:
    for clause in document.clauses if document.kind is Kind.PROJECT else ():
        for text in clause.actions:
            if is_form(text.value) and text.value.lower() != _COPY.lower():
                yield hit(text.place, action=text.value)


def _other_than_versions(document: Document) -> Iterator[Hit]:
    versions = catalogue.resource_formats("rekognition")["projectversion"]
    for clause in document.clauses if document.kind is Kind.PROJECT else ():
        for text in clause.resources:
            if split(text.value) is None and text.value != "*":
                continue
            if text.value == "*" or not meets(text.value, versions):
                yield hit(text.place, resource=text.value)


def _several_buckets(document: Document) -> Iterator[Hit]:
    first = ""
    for clause in document.clauses if document.kind is Kind.BUCKET else ():
        for text in clause.resources + clause.not_resources:
            parts = split(text.value)
            name = parts[5].partition("/")[0] if parts is not None else ""
            first = first or name
            if name != first:
                yield hit(text.place, resource=text.value, bucket=first)


def _of_rcp(document: Document) -> tuple[Clause, ...]:
    """List the statements of a resource control policy that is not AWS's own RCPFullAWSAccess."""
    if document.kind is not Kind.RCP:
        return ()
    everything = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    alone = len(document.clauses) == 1
    return () if alone and document.clauses[0].raw == everything else document.clauses


def _allowing_rcp(document: Document) -> Iterator[Hit]:
    for clause in _of_rcp(document):
        if clause.allows:
            yield hit(f"{clause.place}.Effect")


def _unsupported_services(document: Document) -> Iterator[Hit]:
    for clause in _of_rcp(document):
        for text in named(clause):
            service = service_of(text.value)
            known = is_form(text.value) and service in catalogue.prefixes()
            if known and service not in catalogue.rcp_services():
                yield hit(text.place, service=service)


def _refused_by_organizations(document: Document) -> Iterator[Hit]:
    for clause in _of_rcp(document):
        for one in clause.principals:
            if one.type != "AWS" or one.value != "*":
                yield hit(one.place, what=f"the principal {one.value}")
        for text in clause.actions:
            if text.value in ("*", "*:*"):
                yield hit(text.place, what="the action *")
        if "NotAction" in clause.raw:
            yield hit(f"{clause.place}.NotAction", what="NotAction")


RULES = (
    Rule(
        id="PR601",
        severity=Severity.ERROR,
        message="No project policy can grant {action}, only rekognition:CopyProjectVersion.",
        remedy="Let who shall do it assume a role of this account.",
        bad=project(Action="rekognition:DetectCustomLabels"),
        good=project(),
        check=_other_than_copy,
    ),
    Rule(
        id="PR602",
        severity=Severity.ERROR,
        message="{resource} is no version of this project.",
        remedy="Write the ARN of a version, or project/name/version/* for all of them.",
        bad=project(Resource=PROJECT),
        good=project(Resource=VERSION),
        check=_other_than_versions,
    ),
    Rule(
        id="PR603",
        severity=Severity.ERROR,
        message="{resource} is not in the bucket {bucket}, which this policy is about.",
        remedy="Write a policy for each bucket.",
        bad=bucket(Resource=[f"{BUCKET}/*", "arn:aws:s3:::churn-output/*"]),
        good=bucket(Resource=[f"{BUCKET}/in/*", f"{BUCKET}/out/*"]),
        check=_several_buckets,
    ),
    Rule(
        id="PR604",
        severity=Severity.ERROR,
        message="A resource control policy can only deny; RCPFullAWSAccess allows.",
        remedy="Write a Deny of what shall not be.",
        bad=rcp(Effect="Allow", Condition=None),
        good=rcp(),
        check=_allowing_rcp,
    ),
    Rule(
        id="PR605",
        severity=Severity.ERROR,
        message="No resource control policy applies to {service}.",
        remedy="Guard it by a service control policy on who calls it.",
        bad=rcp(Action="rekognition:CopyProjectVersion", Resource=VERSION),
        good=rcp(),
        check=_unsupported_services,
    ),
    Rule(
        id="PR606",
        severity=Severity.ERROR,
        message="Organizations refuses {what} in a resource control policy.",
        remedy="Name the services' actions, and choose principals by aws:PrincipalArn.",
        bad=rcp(Action="*", Resource="*"),
        good=rcp(),
        check=_refused_by_organizations,
    ),
)
