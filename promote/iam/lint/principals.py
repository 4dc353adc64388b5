"""Rules about principals."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promote.arn import is_account_id
from promote.iam.elements import Kind
from promote.iam.lint.document import GOVERNED
from promote.iam.lint.examples import (
    CONSUMER,
    EXTERNAL_ID,
    ML,
    ORGANIZATION,
    TARGET,
    bucket,
    identity,
    trust,
)
from promote.iam.lint.rules import Hit, Rule, Severity, hit
from promote.iam.lint.view import Clause, Document, Principal

_OPENING = frozenset({Kind.TRUST, Kind.BUCKET, Kind.KEY, Kind.PROJECT})
_NARROWING = (
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalservicename",
    "aws:principaltag/",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
    "kms:calleraccount",
    "s3:dataaccesspointaccount",
)
# In a key's policy a service's encryption context names whose resource it works on; for some,
# such as EventBridge with an encrypted topic, it is the only key that does (SNS developer guide).
_OF_SOURCE = (
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "kms:encryptioncontext:aws:",
)
_OUTSIDE = ("sts:externalid", "aws:principalorgid", "aws:principalorgpaths")
_AWS = re.compile(
    r"\*|\d{12}"
    r"|arn:aws[a-z-]*:iam::\d{12}:(?:root|(?:role|user)/[\w+=,.@/-]+)"
    r"|arn:aws[a-z-]*:sts::\d{12}:(?:assumed-role/[\w+=,.@-]+/[\w+=,.@-]+|federated-user/.+)"
    r"|arn:aws[a-z-]*:iam::cloudfront:user/.+"
    r"|(?:AROA|AIDA)[A-Z0-9]{12,}",
    re.ASCII,
)
_FORMS = {
    "AWS": (_AWS, "an account id, or the ARN of a root, role, user or session without wildcards"),
    "Service": (
        re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?"),
        "the name of a service, such as codebuild.amazonaws.com",
    ),
    "Federated": (re.compile(r"\S+"), "the ARN or the domain of an identity provider"),
    "CanonicalUser": (re.compile(r"[0-9a-f]{64}"), "64 hexadecimal digits"),
}


def _out_of_place(document: Document) -> Iterator[Hit]:
    for clause in document.clauses if document.kind in GOVERNED else ():
        for element in ("Principal", "NotPrincipal"):
            if element in clause.raw:
                kind = document.kind.value
                yield hit(f"{clause.place}.{element}", element=element, kind=kind)


def _resources_of_trust(document: Document) -> Iterator[Hit]:
    for clause in document.clauses if document.kind is Kind.TRUST else ():
        for element in ("Resource", "NotResource"):
            if element in clause.raw:
                yield hit(f"{clause.place}.{element}", element=element)


def _negated(document: Document) -> Iterator[Hit]:
    for clause in document.clauses if document.kind not in GOVERNED else ():
        if "NotPrincipal" in clause.raw:
            yield hit(f"{clause.place}.NotPrincipal")


def _narrowed(clause: Clause, keys: tuple[str, ...]) -> bool:
    """Say whether a condition of the statement chooses by one of these keys."""
    return any(
        one.lower_key.startswith(keys) and "Not" not in one.operator and one.operator != "Null"
        for one in clause.comparisons
    )


def _everybody(document: Document) -> Iterator[Hit]:
    for clause in document.clauses if document.kind in _OPENING else ():
        if not clause.allows or _narrowed(clause, _NARROWING):
            continue
        for one in clause.principals:
            if one.type == "AWS" and one.value == "*":
                yield hit(one.place, kind=document.kind.value)


def _is_root(one: Principal) -> bool:
    return one.type == "AWS" and (is_account_id(one.value) or one.value.endswith(":root"))


def _whole_accounts(document: Document) -> Iterator[Hit]:
    for clause in document.clauses if document.kind is Kind.TRUST else ():
        for one in clause.principals:
            if clause.allows and not clause.comparisons and _is_root(one):
                yield hit(one.place, account=one.value)


def _outsiders(document: Document) -> Iterator[Hit]:
    for clause in document.clauses if document.kind is Kind.TRUST else ():
        if not clause.allows or _narrowed(clause, _OUTSIDE):
            continue
        for one in clause.principals:
            # Without any condition an account is the matter of another rule, as is everybody.
            bare = _is_root(one) and not clause.comparisons
            if one.type == "AWS" and one.value != "*" and not bare:
                yield hit(one.place, principal=one.value)
                break


def _malformed(document: Document) -> Iterator[Hit]:
    for clause in document.clauses if document.kind not in GOVERNED else ():
        value = clause.raw.get("Principal", "*")
        if isinstance(value, str) and value != "*":
            yield hit(f"{clause.place}.Principal", value=value, expected='"*", or {"AWS": …}')
            continue
        for one in clause.principals:
            form, expected = _FORMS.get(one.type, (None, "AWS, Service or Federated as its type"))
            if one.value.strip() and (form is None or form.fullmatch(one.value) is None):
                yield hit(one.place, value=f"{one.type} {one.value}", expected=expected)


def _deleted(document: Document) -> Iterator[Hit]:
    for clause in document.clauses:
        for one in clause.principals:
            if one.type == "AWS" and re.fullmatch(r"(?:AROA|AIDA)[A-Z0-9]{12,}", one.value):
                yield hit(one.place, value=one.value)


def _deputies(document: Document) -> Iterator[Hit]:
    for clause in document.clauses if document.kind in _OPENING else ():
        if clause.allows and not _narrowed(clause, _OF_SOURCE):
            for one in clause.principals:
                if one.type == "Service":
                    yield hit(one.place, service=one.value)


def _anybody_of_provider(document: Document) -> Iterator[Hit]:
    for clause in document.clauses if document.kind is Kind.TRUST else ():
        web = any(text.value.lower().endswith("webidentity") for text in clause.actions)
        chosen = any(one.lower_key.endswith((":sub", ":aud")) for one in clause.comparisons)
        for one in clause.principals if clause.allows and web and not chosen else ():
            if one.type == "Federated":
                yield hit(one.place, provider=one.value)


_ROOT = f"arn:aws:iam::{TARGET}:root"
_GITHUB = "token.actions.githubusercontent.com"
_FEDERATED = {"Federated": f"arn:aws:iam::{ML}:oidc-provider/{_GITHUB}"}
_WEB = {"Principal": _FEDERATED, "Action": "sts:AssumeRoleWithWebIdentity"}
_SUBJECT = {"StringEquals": {f"{_GITHUB}:sub": "repo:acme/models:environment:prod"}}
_BUILDS = {"Service": "codebuild.amazonaws.com"}

RULES = (
    Rule(
        id="PR501",
        severity=Severity.ERROR,
        message="{element} has no place here: this {kind} policy governs whom it is attached to.",
        remedy="Remove it.",
        bad=identity(Principal={"AWS": CONSUMER}),
        good=identity(),
        check=_out_of_place,
    ),
    Rule(
        id="PR502",
        severity=Severity.ERROR,
        message="{element} has no place in a trust policy, which is about its own role.",
        remedy="Remove it.",
        bad=trust(Resource="*"),
        good=trust(),
        check=_resources_of_trust,
    ),
    Rule(
        id="PR503",
        severity=Severity.ERROR,
        message="NotPrincipal means everybody else, sessions of the principals named included.",
        remedy="Write a Deny for everybody with ArnNotEquals on aws:PrincipalArn.",
        bad=bucket(Effect="Deny", Principal=None, NotPrincipal={"AWS": CONSUMER}),
        good=bucket(
            Effect="Deny",
            Principal="*",
            Condition={"ArnNotEquals": {"aws:PrincipalArn": CONSUMER}},
        ),
        check=_negated,
    ),
    Rule(
        id="PR504",
        severity=Severity.ERROR,
        message="This {kind} policy opens to everybody, in every account.",
        remedy="Name the principals, or add aws:PrincipalOrgID or aws:PrincipalArn as condition.",
        bad=bucket(Principal="*"),
        good=bucket(
            Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}}
        ),
        check=_everybody,
    ),
    Rule(
        id="PR505",
        severity=Severity.WARNING,
        message="Everybody in {account} whom that account lets may assume this role.",
        remedy="Add ArnEquals on aws:PrincipalArn with the roles that are meant.",
        bad=trust(Principal={"AWS": _ROOT}, Condition=None),
        good=trust(
            Principal={"AWS": _ROOT},
            Condition={**EXTERNAL_ID, "ArnEquals": {"aws:PrincipalArn": CONSUMER}},
        ),
        check=_whole_accounts,
    ),
    Rule(
        id="PR506",
        severity=Severity.INFO,
        message="{principal} is trusted without an external id and whatever its organisation.",
        remedy="Add aws:PrincipalOrgID within an organisation, sts:ExternalId for anybody else.",
        bad=trust(Condition=None),
        good=trust(Condition={"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}}),
        check=_outsiders,
    ),
    Rule(
        id="PR507",
        severity=Severity.ERROR,
        message="{value} is no principal; AWS refuses it.",
        remedy="Write {expected}; choose among many by ArnLike on aws:PrincipalArn.",
        bad=trust(Principal={"AWS": f"arn:aws:iam::{TARGET}:role/storefront-*"}),
        good=trust(
            Principal={"AWS": _ROOT},
            Condition={
                **EXTERNAL_ID,
                "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{TARGET}:role/storefront-*"},
            },
        ),
        check=_malformed,
    ),
    Rule(
        id="PR508",
        severity=Severity.ERROR,
        message="{value} is the id that IAM leaves behind of a role or user that was deleted.",
        remedy="Write the ARN of the role that took its place, or remove it.",
        bad=trust(Principal={"AWS": "AROAIOSFODNN7EXAMPLE"}),
        good=trust(),
        check=_deleted,
    ),
    Rule(
        id="PR509",
        severity=Severity.WARNING,
        message="{service} may do this on anybody's behalf (the confused deputy).",
        remedy="Add aws:SourceAccount or aws:SourceArn as condition.",
        bad=trust(Principal=_BUILDS, Condition=None),
        good=trust(Principal=_BUILDS, Condition={"StringEquals": {"aws:SourceAccount": ML}}),
        check=_deputies,
    ),
    Rule(
        id="PR510",
        severity=Severity.ERROR,
        message="Everybody whom {provider} knows may assume this role.",
        remedy="Add conditions on its sub and aud keys.",
        bad=trust(**_WEB, Condition=None),
        good=trust(**_WEB, Condition=_SUBJECT),
        check=_anybody_of_provider,
    ),
)
