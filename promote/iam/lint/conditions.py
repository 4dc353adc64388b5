"""Rules about which operator tests which key, and where."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from promote.iam.condition_keys import condition_key
from promote.iam.elements import Kind
from promote.iam.lint.actions import is_wild
from promote.iam.lint.examples import (
    CONSUMER,
    DETECT,
    ENDPOINT,
    EXTERNAL_ID,
    ORGANIZATION,
    PROJECT,
    bucket,
    identity,
    scp,
    trust,
)
from promote.iam.lint.rules import Hit, Rule, Severity, hit
from promote.iam.lint.view import ALL, Clause, Comparison, Document

_ORDERED = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
OPERATORS = {
    "StringEquals": "String",
    "StringNotEquals": "String",
    "StringEqualsIgnoreCase": "String",
    "StringNotEqualsIgnoreCase": "String",
    "StringLike": "String",
    "StringNotLike": "String",
    **{f"Numeric{name}": "Numeric" for name in _ORDERED},
    **{f"Date{name}": "Date" for name in _ORDERED},
    "Bool": "Bool",
    "BinaryEquals": "Binary",
    "IpAddress": "IPAddress",
    "NotIpAddress": "IPAddress",
    "ArnEquals": "ARN",
    "ArnLike": "ARN",
    "ArnNotEquals": "ARN",
    "ArnNotLike": "ARN",
    "Null": "Null",
}
"""Every operator with the type of what it compares (IAM reference, "Condition operators")."""

# Types of keys whose values an operator for texts compares as well, if not as they should be.
_TEXTUAL = ("String", "ARN", "Bool")


def each(document: Document) -> Iterator[tuple[Clause, Comparison]]:
    """Yield every comparison with its statement."""
    for clause in document.clauses:
        for comparison in clause.comparisons:
            yield clause, comparison


def _unknown_operators(document: Document) -> Iterator[Hit]:
    for clause in document.clauses:
        for one in {one.written: one for one in clause.comparisons}.values():
            # Null has neither IfExists nor a quantifier: it is about whether there is a value.
            bare = one.operator == "Null" and (one.if_exists or one.quantifier)
            if one.operator not in OPERATORS or bare:
                near = difflib.get_close_matches(one.operator, OPERATORS, n=1)
                said = f"Did you mean {near[0]}?" if near else "Look it up in the IAM reference."
                yield hit(f"{clause.place}.Condition.{one.written}", name=one.written, said=said)


def _needless_sets(document: Document) -> Iterator[Hit]:
    for _, one in each(document):
        key = condition_key(one.key)
        if one.quantifier and key is not None and not key.multivalued:
            yield hit(one.place, key=key.name, quantifier=one.quantifier, operator=one.operator)


def _missing_sets(document: Document) -> Iterator[Hit]:
    for _, one in each(document):
        key = condition_key(one.key)
        several = key is not None and key.multivalued
        if several and not one.quantifier and one.operator in set(OPERATORS) - {"Null"}:
            yield hit(one.place, key=one.key, operator=one.operator)


def _unguarded(document: Document) -> Iterator[Hit]:
    for clause, one in each(document):
        if not clause.allows or one.quantifier != ALL:
            continue
        key = condition_key(one.key)
        guarded = any(
            other.operator == "Null"
            and other.lower_key == one.lower_key
            and [text.value.lower() for text in other.values] == ["false"]
            for other in clause.comparisons
        )
        if not guarded and (key is None or key.multivalued):
            yield hit(one.place, key=one.key)


def _lenient(document: Document) -> Iterator[Hit]:
    for clause, one in each(document):
        if clause.allows and one.if_exists and one.operator != "Null" and one.quantifier != ALL:
            yield hit(one.place, key=one.key, plain=one.written.removesuffix("IfExists"))


def _mismatched(document: Document) -> Iterator[Hit]:
    for _, one in each(document):
        key, compares = condition_key(one.key), OPERATORS.get(one.operator, "Null")
        if key is None or not key.type or compares in ("Null", "Binary", key.type):
            continue
        if compares != "String" or key.type not in _TEXTUAL:
            yield hit(one.place, key=key.name, type=key.type, operator=one.operator)


def _arns_as_text(document: Document) -> Iterator[Hit]:
    for _, one in each(document):
        key = condition_key(one.key)
        if key is None or key.type != "ARN" or one.operator not in ("StringLike", "StringNotLike"):
            continue
        # Without a wildcard the two compare alike.
        if any(is_wild(text.value) for text in one.values):
            better = one.operator.replace("String", "Arn")
            yield hit(one.place, key=key.name, better=better, operator=one.operator)


_SOURCE = ("aws:principalisawsservice", "aws:viaawsservice", "aws:principalservicename")
_PERIMETER = (
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalaccount",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourcevpcarn",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
)


def _unexempted(document: Document) -> Iterator[Hit]:
    if document.kind not in (Kind.RCP, Kind.BUCKET, Kind.KEY):
        return
    for clause in (one for one in document.clauses if one.denies):
        keys = {one.lower_key for one in clause.comparisons}
        if keys & {*_SOURCE, "aws:calledvia", "aws:principalservicenameslist"}:
            continue
        for one in clause.comparisons:
            if one.lower_key in _PERIMETER and "Not" in one.operator:
                yield hit(one.place, key=one.key)
                break


_ORG_PATHS = {"aws:PrincipalOrgPaths": f"{ORGANIZATION}/r-ab12/ou-ab12-11111111/*"}
_TAG_KEYS = {"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}
_TAGGING = {"Action": "rekognition:TagResource", "Resource": PROJECT}

RULES = (
    Rule(
        id="PR401",
        severity=Severity.ERROR,
        message="{name} is no condition operator.",
        remedy="{said}",
        bad=identity(Condition={"StringEqual": {"aws:SourceVpce": ENDPOINT}}),
        good=identity(Condition={"StringEquals": {"aws:SourceVpce": ENDPOINT}}),
        check=_unknown_operators,
    ),
    Rule(
        id="PR405",
        severity=Severity.ERROR,
        message="{key} has one value at most; {quantifier} is for keys with several.",
        remedy="Write {operator} alone: ForAllValues also holds where the key is absent.",
        bad=identity(
            Condition={"ForAnyValue:StringEquals": {"aws:SourceVpce": ENDPOINT}},
        ),
        good=identity(Condition={"StringEquals": {"aws:SourceVpce": ENDPOINT}}),
        check=_needless_sets,
    ),
    Rule(
        id="PR406",
        severity=Severity.ERROR,
        message="{key} can have several values; what {operator} alone does then is undocumented.",
        remedy="Write ForAnyValue:{operator}.",
        bad=trust(Condition={**EXTERNAL_ID, "StringLike": _ORG_PATHS}),
        good=trust(Condition={**EXTERNAL_ID, "ForAnyValue:StringLike": _ORG_PATHS}),
        check=_missing_sets,
    ),
    Rule(
        id="PR407",
        severity=Severity.ERROR,
        message="ForAllValues in an Allow also holds for requests without {key}.",
        remedy='Add "Null": {{"{key}": "false"}}, or write ForAnyValue.',
        bad=identity(**_TAGGING, Condition=_TAG_KEYS),
        good=identity(**_TAGGING, Condition={**_TAG_KEYS, "Null": {"aws:TagKeys": "false"}}),
        check=_unguarded,
    ),
    Rule(
        id="PR408",
        severity=Severity.ERROR,
        message="IfExists in an Allow also holds for requests without {key}.",
        remedy="Write {plain}.",
        bad=identity(Condition={"StringEqualsIfExists": {"aws:SourceVpce": ENDPOINT}}),
        good=identity(Condition={"StringEquals": {"aws:SourceVpce": ENDPOINT}}),
        check=_lenient,
    ),
    Rule(
        id="PR409",
        severity=Severity.ERROR,
        message="{key} is of the type {type}, with which {operator} does not compare.",
        remedy="Choose an operator of that type.",
        bad=bucket(Condition={"NumericEquals": {"aws:SecureTransport": "1"}}),
        good=bucket(Condition={"Bool": {"aws:SecureTransport": "true"}}),
        check=_mismatched,
    ),
    Rule(
        id="PR410",
        severity=Severity.WARNING,
        message="{key} is an ARN, which {operator} compares as text: * then crosses accounts.",
        remedy="Write {better}, which compares part by part.",
        bad=scp(
            Action=DETECT,
            Condition={"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/operator-*"}},
        ),
        good=scp(
            Action=DETECT,
            Condition={"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/operator-*"}},
        ),
        check=_arns_as_text,
    ),
    Rule(
        id="PR417",
        severity=Severity.WARNING,
        message="AWS services that act for you carry no {key}, and are denied as well.",
        remedy='Add "BoolIfExists": {{"aws:PrincipalIsAWSService": "false"}}.',
        bad=bucket(
            Effect="Deny",
            Principal="*",
            Condition={"StringNotEquals": {"aws:PrincipalOrgID": ORGANIZATION}},
        ),
        good=bucket(
            Effect="Deny",
            Principal="*",
            Condition={
                "StringNotEquals": {"aws:PrincipalOrgID": ORGANIZATION},
                "ArnNotEquals": {"aws:PrincipalArn": CONSUMER},
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
            },
        ),
        check=_unexempted,
    ),
)
