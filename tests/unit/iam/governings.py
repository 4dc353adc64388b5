"""Strategies that make requests and all that governs them."""

from __future__ import annotations

from hypothesis import strategies as st

from promote.iam.authorise import Governing
from promote.iam.document import Kind, Policy
from promote.iam.evaluate import WITH_PRINCIPAL, Request
from tests.unit.iam.documents import (
    DETECT,
    ML,
    PROD,
    ROLE,
    SESSION,
    V1,
    V2,
    Document,
    denying,
    granting,
    policy,
)

USER = f"arn:aws:iam::{ML}:user/ann"
_PREFIX = V1.removesuffix("v1/1700000000001")
_ACTIONS = st.sampled_from(["*", DETECT, "rekognition:*", "s3:*"])
_RESOURCES = st.sampled_from(["*", "*", V1, f"{_PREFIX}*", V2, f"{_PREFIX}${{aws:x, 'v2'}}/*"])
_CONDITIONS = st.sampled_from(
    [
        {},
        {},
        {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
        {"StringNotLike": {"aws:SourceVpce": "vpce-2*"}},
        {"NumericLessThan": {"aws:MultiFactorAuthAge": ["5", "60"]}},
        {"DateGreaterThanEquals": {"aws:CurrentTime": "2026-06-01T00:00:00Z"}},
        {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        {"ForAnyValue:StringLike": {"aws:TagKeys": "te*"}},
        {"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "cost"]}},
        {"Bool": {"aws:SecureTransport": "true"}, "Null": {"aws:SourceVpce": "false"}},
    ]
)
_CONTEXT = {
    "aws:SourceVpce": st.sampled_from(["vpce-1", "vpce-2", "vpce-3"]),
    "aws:MultiFactorAuthAge": st.sampled_from(["4", "60", "3600"]),
    "aws:CurrentTime": st.sampled_from(["2026-05-31T23:59:59Z", "2026-06-01T00:00:00Z"]),
    "aws:SourceIp": st.sampled_from(["10.1.2.3", "203.0.113.9", "2001:db8::1"]),
    "aws:TagKeys": st.sampled_from([("team",), ("team", "cost"), ("owner",), ()]),
    "aws:SecureTransport": st.sampled_from(["true", "false"]),
    "aws:x": st.sampled_from(["v1", "*"]),
}
_PRINCIPALS = st.sampled_from(
    ["*", "*", {"AWS": ML}, {"AWS": PROD}, {"AWS": ROLE}, {"AWS": SESSION}, {"AWS": [USER, PROD]}]
)


_BODY = {"Action": _ACTIONS, "Resource": _RESOURCES, "Condition": _CONDITIONS}
allows = st.fixed_dictionaries({"Effect": st.just("Allow"), **_BODY})
denies = st.fixed_dictionaries({"Effect": st.just("Deny"), **_BODY}) | st.fixed_dictionaries(
    {
        "Effect": st.just("Deny"),
        "NotAction": _ACTIONS,
        "NotResource": st.sampled_from([V1, V2, f"{_PREFIX}*"]),
        "Condition": _CONDITIONS,
    }
)
_OPEN = st.just({"Effect": "Allow", "Action": "*", "Resource": "*"})
# Most requests should reach the end: where all are denied, no law about access could fail.
_STATEMENTS: st.SearchStrategy[Document] = st.sampled_from(
    [_OPEN] * 4 + [allows] * 5 + [denies]
).flatmap(lambda one: one)


def named(statement: Document, principal: object) -> Document:
    return statement | {"Principal": principal}


def policies(kind: Kind) -> st.SearchStrategy[Policy]:
    found = _STATEMENTS
    if kind in WITH_PRINCIPAL:
        found = st.builds(named, found, _PRINCIPALS)
    return st.lists(found, min_size=1, max_size=3).map(lambda some: policy(kind, *some))


def _some(kind: Kind) -> st.SearchStrategy[tuple[Policy, ...]]:
    return st.lists(policies(kind), min_size=1, max_size=2).map(tuple)


_RCPS = st.sampled_from(
    [
        (policy(Kind.RCP, granting()),),
        (
            policy(Kind.RCP, granting()),
            policy(Kind.RCP, denying("*", "rekognition:*", f"{_PREFIX}*")),
        ),
    ]
)
resource_policies = policies(Kind.BUCKET) | policies(Kind.KEY)
governings = st.builds(
    Governing,
    identity=_some(Kind.IDENTITY) | st.just(()),
    boundary=st.none() | _some(Kind.BOUNDARY),
    session=st.none() | _some(Kind.SESSION),
    resource=st.none() | resource_policies,
    scp=st.lists(_some(Kind.SCP), max_size=2).map(tuple),
    rcp=st.lists(_RCPS, max_size=1).map(tuple),
    endpoint=st.none() | policies(Kind.ENDPOINT),
)
owners = st.sampled_from([ML, ML, PROD, None])


def _request(principal: str, action: str, resource: str, context: Document) -> Request:
    role = {"aws:PrincipalArn": ROLE} if principal == SESSION else {}
    return Request(principal, action, resource, role | context)


asked = st.builds(
    _request,
    st.sampled_from([SESSION, USER]),
    st.sampled_from([DETECT, DETECT, "s3:GetObject"]),
    st.sampled_from([V1, V1, V2]),
    st.fixed_dictionaries({}, optional=_CONTEXT),
)
