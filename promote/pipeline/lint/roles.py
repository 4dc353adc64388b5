"""Rules about roles, beside those of `promote.iam.lint` for the policies themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache

from promote.core.pipeline.names import settings
from promote.iam.elements import Kind
from promote.iam.lint import Finding, lint
from promote.pipeline.lint.rules import Hit, Rule, hit
from promote.pipeline.lint.view import Bundle, Node, Resource

_ROLE = "AWS::IAM::Role"
_POLICY = "AWS::IAM::ManagedPolicy"
_ASSUME = re.compile(r"\*|sts:(?:\*|assumerole\*?|assume\*)", re.IGNORECASE)
_PASS = re.compile(r"\*|iam:(?:\*|passrole\*?|pass\*)", re.IGNORECASE)
_SOURCES = ("aws:sourcearn", "aws:sourceaccount")
_POSITIVE = re.compile(r"(?:String|Arn)(?:Equals|Like)", re.ASCII)
_RESOURCE_KEYS = ("aws:resourceorgid", "aws:resourceaccount", "aws:resourceorgpaths")
_EXAMPLE_KEY = "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-000000000000"
_EXAMPLE_ACCOUNT = "111122223333"


def _statements(document: Node) -> Iterator[Node]:
    listed = document.at("Statement")
    yield from listed.each() or ((listed,) if listed.fields() else ())


def _inline(role: Resource) -> Iterator[Node]:
    for each in role.properties.at("Policies").each():
        yield each.at("PolicyDocument")


def _identity(bundle: Bundle) -> Iterator[Node]:
    """Yield every policy of what is allowed to whom it is attached to."""
    for role in bundle.of(_ROLE):
        yield from _inline(role)
    for each in bundle.of(_POLICY):
        yield each.properties.at("PolicyDocument")


def _conditions(statement: Node) -> dict[str, str]:
    """Return the condition keys of a statement that choose, each with its operator."""
    return {
        key.lower(): operator
        for operator, tests in statement.at("Condition").fields()
        if _POSITIVE.fullmatch(operator)
        for key, _ in tests.fields()
    }


def _unsourced(bundle: Bundle) -> Iterator[Hit]:
    for role in bundle.of(_ROLE):
        for each in _statements(role.properties.at("AssumeRolePolicyDocument")):
            service = each.at("Principal", "Service")
            absent = [key for key in _SOURCES if key not in _conditions(each)]
            if not service.missing and each.at("Effect").text == "Allow" and absent:
                names = " and ".join(absent)
                yield hit(each, service=" ".join(service.texts()), absent=names)


def _unbound(bundle: Bundle) -> Iterator[Hit]:
    """Find roles without the boundary that promote.yaml, or any other role here, names."""
    roles = bundle.of(_ROLE)
    if bundle.topology is not None and bundle.topology.pipeline is not None:
        wanted = settings(bundle.topology).boundary is not None
    else:
        wanted = any(not each.properties.at("PermissionsBoundary").missing for each in roles)
    for role in roles if wanted else ():
        boundary = role.properties.at("PermissionsBoundary")
        if boundary.missing:
            yield hit(boundary, role=role.id)


def _allowed(bundle: Bundle, action: re.Pattern[str]) -> Iterator[tuple[Node, Node]]:
    """Yield each resource that an action is allowed on, with its statement."""
    for each in (one for document in _identity(bundle) for one in _statements(document)):
        allows = each.at("Effect").text == "Allow"
        if allows and any(action.fullmatch(text) for text in each.at("Action").texts()):
            listed = each.at("Resource")
            for resource in listed.each() or (listed,):
                yield each, resource


def _assumes(bundle: Bundle) -> Iterator[Hit]:
    for statement, resource in _allowed(bundle, _ASSUME):
        arn = resource.text or resource.at("Fn::Sub").text or resource.same
        account, _, name = arn.partition(":role/")
        bound = _conditions(statement).keys() & set(_RESOURCE_KEYS)
        if "*" in name or not name or ("*" in account and not bound):
            yield hit(resource, resource=arn)


def _passes(bundle: Bundle) -> Iterator[Hit]:
    for statement, resource in _allowed(bundle, _PASS):
        if "*" in resource.same or "iam:passedtoservice" not in _conditions(statement):
            yield hit(resource, resource=resource.text or resource.same)


def _managed(bundle: Bundle) -> Iterator[Hit]:
    for role in bundle.of(_ROLE):
        for each in role.properties.at("ManagedPolicyArns").each():
            policy = bundle.pointed_at(role, each)
            if policy is None or policy.type != _POLICY:
                yield hit(each, policy=each.text or each.same)


def documents(bundle: Bundle) -> Iterator[Finding]:
    """Yield what the rules of policies find in every policy of the templates."""
    for node, kind in _documents(bundle):
        for each in _judged(json.dumps(_plain(node.value)), kind):
            place = f"{node.place}.{each.place}" if each.place else node.place
            yield Finding(each.rule, each.severity, place, each.message, each.remedy, node.file)


@lru_cache(maxsize=1024)
def _judged(text: str, kind: Kind) -> tuple[Finding, ...]:
    """Judge a policy once, though the templates of several accounts have it."""
    return lint(json.loads(text), kind=kind, name="")


def _documents(bundle: Bundle) -> Iterator[tuple[Node, Kind]]:
    for each in bundle.resources:
        properties = each.properties
        match each.type:
            case "AWS::IAM::Role":
                yield properties.at("AssumeRolePolicyDocument"), Kind.TRUST
                yield from ((document, Kind.IDENTITY) for document in _inline(each))
            case "AWS::IAM::ManagedPolicy":
                yield properties.at("PolicyDocument"), Kind.IDENTITY
            case "AWS::S3::BucketPolicy":
                yield properties.at("PolicyDocument"), Kind.BUCKET
            case "AWS::KMS::Key":
                yield properties.at("KeyPolicy"), Kind.KEY


def _plain(value: object) -> object:
    """Put an example in the place of what only CloudFormation knows."""
    match value:
        case {"Fn::Sub": str(text)}:
            return text.replace("${AWS::AccountId}", _EXAMPLE_ACCOUNT).replace("${!", "${")
        case {"Fn::ImportValue": _} | {"Fn::GetAtt": _} | {"Ref": _}:
            return _EXAMPLE_KEY
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case list():
            return [_plain(each) for each in value]
    return value


RULES = (
    Rule(
        id="PL701",
        holds="A role that a service assumes says for which resource and account of ours.",
        source="IAM user guide, The confused deputy problem; GHSA-5pq3-h73f-66hr",
        message="{service} may assume the role without a condition on {absent}.",
        remedy="Compare aws:SourceArn and aws:SourceAccount with what the role is for.",
        check=_unsourced,
    ),
    Rule(
        id="PL702",
        holds="Every role has the permissions boundary that promote.yaml names.",
        source="IAM user guide, Permissions boundaries for IAM entities",
        message="{role} has no permissions boundary.",
        remedy="Set pipeline.boundary in promote.yaml, and render anew.",
        check=_unbound,
    ),
    Rule(
        id="PL703",
        holds="Roles are assumed by name, and in other accounts only of the organisation.",
        source="IAM user guide, AWS global condition keys, aws:ResourceOrgID",
        message="sts:AssumeRole is allowed on {resource}.",
        remedy="Name the role; where the account is a wildcard, add aws:ResourceOrgID.",
        check=_assumes,
    ),
    Rule(
        id="PL704",
        holds="A role is passed by name, and to a service that is named.",
        source="IAM user guide, Granting permissions to pass a role to an AWS service",
        message="iam:PassRole is allowed on {resource}, or to any service.",
        remedy="Leave it out: neither the pipeline nor a build passes a role.",
        check=_passes,
    ),
    Rule(
        id="PL705",
        holds="Roles have the policies that were proved, and no other.",
        source="policies/: every document in it is proved to allow exactly what is planned",
        message="{policy} is attached, which nobody here proved.",
        remedy="Attach policies of the template alone.",
        check=_managed,
    ),
)
