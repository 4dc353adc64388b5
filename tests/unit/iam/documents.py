"""Small policy documents, and strategies that make random ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from promote.iam.document import Kind, Policy, parse
from promote.iam.evaluate import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

ML = "222222222222"
PROD = "444444444444"
V1 = f"arn:aws:rekognition:us-east-1:{ML}:project/tools/version/v1/1700000000001"
V2 = f"arn:aws:rekognition:us-east-1:{ML}:project/tools/version/v2/1700000000002"
DETECT = "rekognition:DetectCustomLabels"
ROLE = f"arn:aws:iam::{ML}:role/teams/ml/tools-prod"
SESSION = f"arn:aws:sts::{ML}:assumed-role/tools-prod/promote"

Document = dict[str, Any]


def document(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: object = DETECT, resource: object = V1, **more: object) -> Document:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: object = DETECT, resource: object = V1, **more: object) -> Document:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def trusting(principal: object, action: object = "sts:AssumeRole", **more: object) -> Document:
    return {"Effect": "Allow", "Principal": principal, "Action": action, **more}


def identity(*statements: Document, name: str = "inline") -> Policy:
    return parse(document(*statements), kind=Kind.IDENTITY, name=name)


def policy(kind: Kind, *statements: Document, name: str = "") -> Policy:
    return parse(document(*statements), kind=kind, name=name or kind.value)


def granting(
    principal: object = "*", action: object = "*", resource: object = "*", **more: object
) -> Document:
    return {**allow(action, resource, **more), "Principal": principal}


def denying(
    principal: object = "*", action: object = "*", resource: object = "*", **more: object
) -> Document:
    return {**granting(principal, action, resource, **more), "Effect": "Deny"}


def trust(*statements: Document) -> Policy:
    return parse(document(*statements), kind=Kind.TRUST, name="trust")


def request(
    action: str = DETECT,
    resource: str = V1,
    principal: str = SESSION,
    context: Mapping[str, str | tuple[str, ...]] | None = None,
) -> Request:
    found = context if context is not None else {"aws:PrincipalArn": ROLE}
    return Request(principal, action, resource, found)


_VPCE = "aws:SourceVpce"
_ACTIONS = st.sampled_from(["*", DETECT, "rekognition:*", "rekognition:Detect*", "s3:GetObject"])
_RESOURCES = st.sampled_from(["*", V1, V2, V1.replace("v1/1700000000001", "*"), "arn:aws:s3:::b/*"])
_TESTS = {
    "StringEquals": st.sampled_from(["vpce-1", "vpce-2"]),
    "StringNotEqualsIfExists": st.sampled_from(["vpce-1", "vpce-2"]),
    "ForAnyValue:StringLike": st.sampled_from(["vpce-*", "vpce-?2"]),
    "ForAllValues:StringNotEquals": st.sampled_from(["vpce-1", "vpce-2"]),
    "ArnNotLike": st.sampled_from([ROLE, "arn:aws:iam::*:role/*"]),
}
_KEYS = dict.fromkeys(_TESTS, _VPCE) | {"ArnNotLike": "aws:PrincipalArn"}


def _several(values: st.SearchStrategy[str]) -> st.SearchStrategy[object]:
    """Return one value, or a list in any order and with repetitions."""
    return values | st.lists(values, min_size=1, max_size=3)


def _test(operator: str) -> st.SearchStrategy[Document]:
    return st.fixed_dictionaries({_KEYS[operator]: _several(_TESTS[operator])})


_CONDITIONS = st.fixed_dictionaries({}, optional={name: _test(name) for name in _TESTS})
_EFFECTS = st.sampled_from(["Allow", "Deny"])
_OPTIONAL = {"Sid": st.just(""), "Condition": _CONDITIONS}

identity_statements = st.fixed_dictionaries(
    {"Effect": _EFFECTS, "Action": _several(_ACTIONS), "Resource": _several(_RESOURCES)},
    optional=_OPTIONAL,
)
identity_documents = st.lists(identity_statements, min_size=1, max_size=4).map(
    lambda found: document(*found)
)

_AWS = st.sampled_from(["*", PROD, f"arn:aws:iam::{PROD}:root", ML, ROLE, SESSION])
_PRINCIPALS = st.just("*") | st.fixed_dictionaries(
    {"AWS": _several(_AWS)}, optional={"Service": st.just("codebuild.amazonaws.com")}
)
trust_statements = st.fixed_dictionaries(
    {
        "Effect": _EFFECTS,
        "Principal": _PRINCIPALS,
        "Action": _several(st.sampled_from(["sts:AssumeRole", "sts:TagSession"])),
    },
    optional=_OPTIONAL,
)
trust_documents = st.lists(trust_statements, min_size=1, max_size=4).map(
    lambda found: document(*found)
)

requests = st.builds(
    request,
    action=st.sampled_from([DETECT, DETECT.lower(), "s3:GetObject", "iam:PassRole"]),
    resource=st.sampled_from([V1, V2, "arn:aws:s3:::b/c", "*"]),
    context=st.fixed_dictionaries(
        {"aws:PrincipalArn": st.just(ROLE)},
        optional={"AWS:sourceVpce": st.sampled_from(["vpce-1", "vpce-2", "vpce-3"])},
    ),
)
