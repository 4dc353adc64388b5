"""Rules about the values that conditions compare with."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
from collections.abc import Callable, Iterator

from promote.iam.condition_keys import SENSITIVE
from promote.iam.lint.actions import is_wild, service_of
from promote.iam.lint.conditions import OPERATORS, each
from promote.iam.lint.examples import (
    CONSUMER,
    ENDPOINT,
    EXTERNAL_ID,
    ROLE,
    TARGET,
    bucket,
    identity,
    scp,
    trust,
)
from promote.iam.lint.rules import Hit, Rule, Severity, hit
from promote.iam.lint.shapes import split
from promote.iam.lint.view import Document

_VARIABLE = re.compile(r"\$\{[^}]*\}")
_ACCOUNT = re.compile(r"\d{12}"), "an account id, twelve digits"
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}"), "the id of an organisation, o-…"
_FORMS = {
    "aws:principalaccount": (re.compile(r"\d{12}|anonymous"), _ACCOUNT[1]),
    "aws:principalorgid": _ORGANIZATION,
    "aws:resourceaccount": _ACCOUNT,
    "aws:resourceorgid": _ORGANIZATION,
    "aws:sourceaccount": _ACCOUNT,
    "aws:sourceorgid": _ORGANIZATION,
    "aws:sourcevpc": (re.compile(r"vpc-[0-9a-f]{8,17}"), "the id of a VPC, vpc-…"),
    "aws:sourcevpce": (re.compile(r"vpce-[0-9a-f]{8,17}"), "the id of a VPC endpoint, vpce-…"),
    "aws:vpceaccount": _ACCOUNT,
    "aws:vpceorgid": _ORGANIZATION,
    "kms:calleraccount": _ACCOUNT,
    "s3:resourceaccount": _ACCOUNT,
}
_ANY_ID = re.compile(r".*", re.DOTALL), ""
# The services of the catalogue that are not among those that set these keys (IAM User Guide, "AWS
# global condition context keys", each key, "The following services support this key").
_ENDPOINT_KEYS = ("aws:sourcevpcarn", "aws:vpceaccount", "aws:vpceorgid")
_WITHOUT_ENDPOINT_KEYS = frozenset({"access-analyzer", "organizations", "ssm", "sts"})
# Of organisations: RFC 1918 and RFC 4193. (Python also calls documentation's ranges private.)
_PRIVATE = tuple(
    ipaddress.ip_network(one)
    for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)


def _wild_equals(document: Document) -> Iterator[Hit]:
    for _, one in each(document):
        if OPERATORS.get(one.operator) == "String" and "Equals" in one.operator:
            for text in one.values:
                if is_wild(_VARIABLE.sub("", text.value)):
                    like = "NotLike" if "Not" in one.operator else "Like"
                    better = f"{'Arn' if text.value.startswith('arn:') else 'String'}{like}"
                    yield hit(text.place, operator=one.operator, value=text.value, better=better)


def _wild_ids(document: Document) -> Iterator[Hit]:
    for _, one in each(document):
        if one.lower_key in SENSITIVE and "Like" in one.operator:
            for text in one.values:
                if is_wild(_VARIABLE.sub("", text.value)):
                    yield hit(text.place, key=one.key, value=text.value)


def _is_number(value: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", value) is not None


def _is_date(value: str) -> bool:
    if value.isdecimal():
        return True
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_network(value: str) -> bool:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return True


def _is_private(value: str) -> bool:
    if not _is_network(value):
        return False
    network = ipaddress.ip_network(value, strict=False)
    return any(
        network.version == private.version and network.network_address in private
        for private in _PRIVATE
    )


_OF_TYPE: dict[str, tuple[str, Callable[[str], bool]]] = {
    "ARN": ("an ARN with its six parts", lambda value: value == "*" or split(value) is not None),
    "Bool": ("true or false", lambda value: value.lower() in ("true", "false")),
    "Null": ("true or false", lambda value: value.lower() in ("true", "false")),
    "Numeric": ("a number", _is_number),
    "Date": ("a date like 2026-11-30T00:00:00Z", _is_date),
    "IPAddress": ("an address or a range like 203.0.113.0/24", _is_network),
}


def _ill_formed(document: Document) -> Iterator[Hit]:
    for _, one in each(document):
        expected, accepts = _OF_TYPE.get(OPERATORS.get(one.operator, ""), ("", lambda _: True))
        form, id_ = _FORMS.get(one.lower_key, _ANY_ID) if "Equals" in one.operator else _ANY_ID
        for text in one.values:
            if "${" in text.value or not text.value.strip():
                continue
            if not accepts(text.value):
                yield hit(text.place, value=text.value, key=one.key, expected=expected)
            # A wildcard is the matter of other rules.
            elif form.fullmatch(text.value) is None and not is_wild(text.value):
                yield hit(text.place, value=text.value, key=one.key, expected=id_)


def _sessions(document: Document) -> Iterator[Hit]:
    for _, one in each(document):
        for text in one.values if one.lower_key == "aws:principalarn" else ():
            if re.match(r"arn:[^:]*:sts::[^:]*:assumed-role/", text.value):
                yield hit(text.place, value=text.value)


def _never_together(document: Document) -> Iterator[Hit]:
    for clause in document.clauses:
        keys = {one.lower_key for one in clause.comparisons}
        through_endpoint = keys & {"aws:sourcevpce", "aws:sourcevpc", "aws:vpcsourceip"}
        for one in clause.comparisons:
            if one.lower_key != "aws:sourceip" or one.operator != "IpAddress":
                continue
            if through_endpoint and not one.if_exists:
                yield hit(one.place, why="a request through a VPC endpoint has no aws:SourceIp")
                continue
            for text in one.values:
                if _is_private(text.value):
                    why = f"{text.value} is private, and aws:SourceIp is a public address"
                    yield hit(text.place, why=why)


def _without_endpoint_keys(document: Document) -> Iterator[Hit]:
    for clause, one in each(document):
        services = {service_of(text.value) for text in clause.actions}
        lacking = sorted(services & _WITHOUT_ENDPOINT_KEYS)
        if one.lower_key in _ENDPOINT_KEYS and lacking:
            yield hit(one.place, key=one.key, services=", ".join(lacking))


RULES = (
    Rule(
        id="PR411",
        severity=Severity.ERROR,
        message="{operator} takes the wildcard in {value} for the character itself.",
        remedy="Write {better}.",
        bad=trust(
            Condition={**EXTERNAL_ID, "StringEqualsIgnoreCase": {"sts:RoleSessionName": "ci-*"}}
        ),
        good=trust(Condition={**EXTERNAL_ID, "StringLike": {"sts:RoleSessionName": "ci-*"}}),
        check=_wild_equals,
    ),
    Rule(
        id="PR412",
        severity=Severity.ERROR,
        message="{value} as {key} also covers ids of others.",
        remedy="List the ids with StringEquals.",
        bad=identity(Condition={"StringLike": {"aws:SourceVpce": "vpce-*"}}),
        good=identity(Condition={"StringEquals": {"aws:SourceVpce": ENDPOINT}}),
        check=_wild_ids,
    ),
    Rule(
        id="PR413",
        severity=Severity.ERROR,
        message="{value} is no value of {key}.",
        remedy="Write {expected}.",
        bad=identity(Condition={"StringEquals": {"aws:SourceVpce": "vpc-0a1b2c3d4e5f60718"}}),
        good=identity(Condition={"StringEquals": {"aws:SourceVpce": ENDPOINT}}),
        check=_ill_formed,
    ),
    Rule(
        id="PR414",
        severity=Severity.ERROR,
        message="{value} is a session; aws:PrincipalArn is the ARN of its role.",
        remedy="Write arn:aws:iam::account:role/name, with the path of the role.",
        bad=scp(
            Condition={
                "ArnNotLike": {
                    "aws:PrincipalArn": f"arn:aws:sts::{TARGET}:assumed-role/storefront/*"
                }
            }
        ),
        good=scp(Condition={"ArnNotLike": {"aws:PrincipalArn": CONSUMER}}),
        check=_sessions,
    ),
    Rule(
        id="PR415",
        severity=Severity.ERROR,
        message="This never holds: {why}.",
        remedy="Test aws:VpcSourceIp for addresses within a VPC, aws:SourceIp for public ones.",
        bad=identity(Condition={"IpAddress": {"aws:SourceIp": "10.20.0.0/16"}}),
        good=identity(Condition={"IpAddress": {"aws:VpcSourceIp": "10.20.0.0/16"}}),
        check=_never_together,
    ),
    Rule(
        id="PR416",
        severity=Severity.ERROR,
        message="{key} is not set in requests to {services}.",
        remedy="Test aws:SourceVpce, or move these actions into a statement of their own.",
        bad=identity(
            Action="sts:AssumeRole",
            Resource=ROLE,
            Condition={"StringEquals": {"aws:VpceAccount": TARGET}},
        ),
        good=bucket(Condition={"StringEquals": {"aws:VpceAccount": TARGET}}),
        check=_without_endpoint_keys,
    ),
)
