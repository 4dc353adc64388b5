"""Rules about the form of a document: what is there, what is missing, what is empty."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping

from promote.iam.elements import Kind
from promote.iam.lint.examples import VERSION, identity, policy, scp, statement, trust
from promote.iam.lint.rules import Hit, Rule, Severity, hit
from promote.iam.lint.view import Document, items, leaves
from promote.iam.quota import QUOTAS

GOVERNED = frozenset({Kind.IDENTITY, Kind.BOUNDARY, Kind.SESSION, Kind.SCP})
"""The kinds that are attached to who is governed, and so have no Principal."""

_TOP = ("Version", "Id", "Statement")
_ELEMENTS = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
_LISTS = ("Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal")
_IAM_KINDS = frozenset({Kind.IDENTITY, Kind.BOUNDARY, Kind.SESSION})


def _version(document: Document) -> Iterator[Hit]:
    if isinstance(document.raw, Mapping) and document.raw.get("Version") != "2012-10-17":
        yield hit("Version", version=document.raw.get("Version", "missing"))


def _unknown_elements(document: Document) -> Iterator[Hit]:
    if isinstance(document.raw, Mapping):
        yield from _foreign(document.raw, "", _TOP)
    for clause in document.clauses:
        yield from _foreign(clause.raw, clause.place, _ELEMENTS)


def _foreign(element: Mapping[str, object], place: str, known: tuple[str, ...]) -> Iterator[Hit]:
    for name in element:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            said = f"Did you mean {near[0]}?" if near else "Remove it."
            yield hit(f"{place}.{name}" if place else str(name), name=name, said=said)


def _malformed(document: Document) -> Iterator[Hit]:
    raw = document.raw
    if not isinstance(raw, Mapping):
        yield hit("", missing="an object")
    elif "Statement" not in raw:
        yield hit("", missing="Statement")
    else:
        for value, place in items(raw["Statement"], "Statement"):
            if not isinstance(value, Mapping):
                yield hit(place, missing="an object")
            else:
                yield from _malformed_statement(value, place, document.kind)


def _malformed_statement(value: Mapping[str, object], place: str, kind: Kind) -> Iterator[Hit]:
    if value.get("Effect") not in ("Allow", "Deny"):
        yield hit(f"{place}.Effect", missing="Effect, Allow or Deny,")
    needed = ["Action"]
    needed += [] if kind is Kind.TRUST else ["Resource"]
    needed += [] if kind in GOVERNED else ["Principal"]
    for element in needed:
        if element not in value and f"Not{element}" not in value:
            yield hit(place, missing=element)
    for element in ("Action", "NotAction", "Resource", "NotResource"):
        yield from _not_texts(value.get(element, ""), f"{place}.{element}")
    principal = value.get("Principal", "")
    by_type = principal if isinstance(principal, Mapping) else {"AWS": principal}
    for name, of in by_type.items():
        yield from _not_texts(of, f"{place}.Principal.{name}")
    yield from _malformed_condition(value.get("Condition", {}), f"{place}.Condition")


def _not_texts(values: object, place: str) -> Iterator[Hit]:
    for value, at in items(values, place):
        if not isinstance(value, str):
            yield hit(at, missing="a text")


def _malformed_condition(condition: object, place: str) -> Iterator[Hit]:
    if not isinstance(condition, Mapping):
        yield hit(place, missing="an object")
        return
    for operator, keys in condition.items():
        if not isinstance(keys, Mapping):
            yield hit(f"{place}.{operator}", missing="an object of condition keys")
            continue
        for key, values in keys.items():
            for value, at in items(values, f"{place}.{operator}.{key}"):
                if not isinstance(value, str | int | float):
                    yield hit(at, missing="a text")


def _empty(document: Document) -> Iterator[Hit]:
    if isinstance(document.raw, Mapping) and document.raw.get("Statement") in ([], ()):
        yield hit("Statement")
    for clause in document.clauses:
        for element in _LISTS:
            value = clause.raw.get(element)
            inner = value.items() if isinstance(value, Mapping) else ()
            if value in ([], (), {}):
                yield hit(f"{clause.place}.{element}")
            for key, of in inner:
                if of in ([], ()):
                    yield hit(f"{clause.place}.{element}.{key}")
        condition = clause.raw.get("Condition")
        for operator, keys in condition.items() if isinstance(condition, Mapping) else ():
            for key, of in keys.items() if isinstance(keys, Mapping) else ():
                if of in ([], ()):
                    yield hit(f"{clause.place}.Condition.{operator}.{key}")


_VALUES = re.compile(r"\.(?:Not)?(?:Action|Resource|Principal|Condition)\b")
_NOTHING = frozenset({"", "none", "null", "nil", "undefined", "nan"})


def _nothing(document: Document) -> Iterator[Hit]:
    for value, place in leaves(document.raw):
        is_value = _VALUES.search(place) and not place.endswith(":")
        if is_value and isinstance(value, str) and value.strip().lower() in _NOTHING:
            yield hit(place, value=repr(value))


# What template languages leave behind: Jinja and Mustache, Terraform, CloudFormation, printf,
# and the words in brackets of documentation.
_LEFTOVER = re.compile(
    r"\{\{|\}\}|\{%|%\}|\{#|#\}"
    r"|\$\{(?![*?$]\}|[a-z0-9.-]+:[^:{}][^{}]*\})[^}]*\}?"
    r"|(?<!\$)\{[A-Za-z_][\w.]*\}"
    r"|<[A-Za-z][\w -]*>"
    r"|%\(\w+\)s|%s"
)


def _leftovers(document: Document) -> Iterator[Hit]:
    for value, place in leaves(document.raw):
        found = _LEFTOVER.search(value) if isinstance(value, str) else None
        if found is not None:
            yield hit(place.removesuffix(":"), value=value, found=found[0])


def _duplicate_sids(document: Document) -> Iterator[Hit]:
    seen: set[str] = set()
    for clause in document.clauses:
        sid = clause.raw.get("Sid")
        if isinstance(sid, str) and sid:
            if sid in seen:
                yield hit(f"{clause.place}.Sid", sid=sid)
            seen.add(sid)


def _bad_sids(document: Document) -> Iterator[Hit]:
    if document.kind not in _IAM_KINDS:
        return
    for clause in document.clauses:
        sid = clause.raw.get("Sid", "")
        if not isinstance(sid, str) or re.fullmatch(r"[A-Za-z0-9]*", sid) is None:
            yield hit(f"{clause.place}.Sid", sid=sid)


def _characters(document: Document) -> Iterator[Hit]:
    if document.kind not in _IAM_KINDS | {Kind.TRUST}:
        return
    for value, place in leaves(document.raw):
        found = re.search(r"[^\t\n\r -\u00ff]", value) if isinstance(value, str) else None
        if found is not None and not place.endswith(".Sid"):
            character = f"U+{ord(found[0]):04X}"
            yield hit(place.removesuffix(":"), character=character, value=ascii(value))


def _oversize(document: Document) -> Iterator[Hit]:
    if not isinstance(document.raw, Mapping):
        return
    quota = QUOTAS[document.kind]
    usage = quota.usage([document.raw])
    if not usage.fits:
        size, limit = f"{usage.used:,}", f"{usage.limit:,}"
        yield hit("", size=size, limit=limit, unit=quota.unit, where=quota.place)


_MANY = [f"{VERSION}{number:09}" for number in range(120)]

RULES = (
    Rule(
        id="PR101",
        severity=Severity.ERROR,
        message="Version is {version}. Without 2012-10-17, policy variables are literal text.",
        remedy='Write "Version": "2012-10-17".',
        bad=(Kind.IDENTITY, policy(statement(), Version="2008-10-17")),
        good=identity(),
        check=_version,
    ),
    Rule(
        id="PR102",
        severity=Severity.ERROR,
        message="{name} is no element of a policy.",
        remedy="{said}",
        bad=identity(Conditions={"StringEquals": {"aws:SourceVpce": "vpce-0a1b2c3d4e5f60718"}}),
        good=identity(Condition={"StringEquals": {"aws:SourceVpce": "vpce-0a1b2c3d4e5f60718"}}),
        check=_unknown_elements,
    ),
    Rule(
        id="PR103",
        severity=Severity.ERROR,
        message="{missing} is missing here.",
        remedy="Complete the statement, or remove it.",
        bad=identity(Resource=None),
        good=identity(),
        check=_malformed,
    ),
    Rule(
        id="PR104",
        severity=Severity.ERROR,
        message="The list is empty; what IAM does with none is undocumented.",
        remedy="Leave the whole statement out when there is nothing to list.",
        bad=identity(Action=[]),
        good=identity(),
        check=_empty,
    ),
    Rule(
        id="PR105",
        severity=Severity.ERROR,
        message="The value is {value}: a template wrote what was not there.",
        remedy="Give the template the value, or leave the element out when there is none.",
        bad=trust(Condition={"StringEquals": {"sts:ExternalId": "None"}}),
        good=trust(),
        check=_nothing,
    ),
    Rule(
        id="PR106",
        severity=Severity.ERROR,
        message="{found} in {value} was not filled in.",
        remedy="Render the template with a value for it, or correct the policy variable.",
        bad=scp(Condition={"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/{{ role }}"}}),
        good=scp(),
        check=_leftovers,
    ),
    Rule(
        id="PR107",
        severity=Severity.ERROR,
        message="The Sid {sid} names an earlier statement already.",
        remedy="Give each statement a Sid of its own.",
        bad=(
            Kind.IDENTITY,
            policy(
                statement(Sid="Read"),
                statement(Sid="Read", Action="rekognition:DescribeProjects", Resource="*"),
            ),
        ),
        good=identity(Sid="Read"),
        check=_duplicate_sids,
    ),
    Rule(
        id="PR108",
        severity=Severity.ERROR,
        message="The Sid {sid} has other characters than A-Z, a-z and 0-9; IAM refuses it.",
        remedy="Write the words together: DetectWithVersion.",
        bad=identity(Sid="detect-with-version"),
        good=identity(Sid="DetectWithVersion"),
        check=_bad_sids,
    ),
    Rule(
        id="PR109",
        severity=Severity.ERROR,
        message="{value} has the character {character}; IAM accepts U+0020 to U+00FF.",
        remedy="Replace the character, often a dash or a quote of a word processor.",
        bad=trust(Condition={"StringEquals": {"sts:ExternalId": "churn\u2013prod"}}),
        good=trust(Condition={"StringEquals": {"sts:ExternalId": "churn-prod"}}),
        check=_characters,
    ),
    Rule(
        id="PR110",
        severity=Severity.ERROR,
        message="It has {size} {unit} of the {limit} of {where}.",
        remedy="Use fewer or coarser resources, or share the statements out among several roles.",
        bad=identity(Resource=_MANY),
        good=identity(Resource=_MANY[:100]),
        check=_oversize,
    ),
)
