"""Reading policy documents, strictly.

`parse` accepts exactly the fragment that our own templates use and our evaluator decides without
doubt. Everything else is an error with its place and never "no match": a Deny that is not
understood would otherwise be no Deny. Left out on purpose: NotAction, NotResource, NotPrincipal
(they grow with every service AWS adds), policy variables, wildcards in a service's name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from promote.arn import is_account_id, parse_arn
from promote.iam.elements import Condition, Effect, Json, Kind, Policy, Principal, Statement
from promote.iam.operators import read_conditions
from promote.iam.reading import Place, mapping, text, texts
from promote.iam.spelling import account_root, canonical, digest, loads, same

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "VERSION",
    "Condition",
    "Effect",
    "Json",
    "Kind",
    "Policy",
    "Principal",
    "Statement",
    "canonical",
    "digest",
    "loads",
    "parse",
    "same",
]

VERSION = "2012-10-17"

_TOP = {Kind.IDENTITY: {"Version", "Statement"}, Kind.TRUST: {"Version", "Id", "Statement"}}
_REQUIRED = {
    Kind.IDENTITY: ("Effect", "Action", "Resource"),
    Kind.TRUST: ("Effect", "Action", "Principal"),
}
_ELSEWHERE = {
    Kind.IDENTITY: ("Principal", "an identity policy: it applies to whoever it is attached to."),
    Kind.TRUST: ("Resource", "a trust policy: it applies to the role it is attached to."),
}
_NEGATED = ("NotAction", "NotPrincipal", "NotResource")

_SID = re.compile(r"[A-Za-z0-9]*")
_ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
_SERVICE = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.amazonaws\.com")
_IAM_PRINCIPAL = re.compile(r"root|(?:role|user)/[\w+=,.@/-]+", re.ASCII)
_STS_PRINCIPAL = re.compile(r"assumed-role/[\w+=,.@-]+/[\w+=,.@-]+", re.ASCII)


def parse(document: str | Json, *, kind: Kind, name: str = "policy") -> Policy:
    """Read a document of a kind; `name` says in messages where it comes from.

    Raises:
        PolicyError: The document is outside the fragment; the error names the place, the value
            and what was expected there.
    """
    at = Place(name)
    body = mapping(loads(document, name=name) if isinstance(document, str) else document, at)
    for element in body:
        if element not in _TOP[kind]:
            raise at.unknown(element, _TOP[kind])
    _check_version(body, at)
    statements = tuple(_statement(one, kind, place) for one, place in _statements(body, at))
    _check_sids(statements, at)
    return Policy(kind, statements, name)


def _check_version(body: Json, at: Place) -> None:
    # Without it IAM takes 2008-10-17, in which policy variables are literal text.
    if _required(body, "Version", at) != VERSION:
        raise at.key("Version").refusal(body["Version"], f'"{VERSION}"', known=(VERSION,))


def _statements(body: Json, at: Place) -> list[tuple[object, Place]]:
    found = _required(body, "Statement", at)
    at = at.key("Statement")
    items = list(found) if isinstance(found, list | tuple) else [found]
    if not items:
        raise at.refusal(found, "at least one statement")
    return [(item, at.item(index)) for index, item in enumerate(items)]


def _required(body: Json, element: str, at: Place) -> object:
    if element not in body:
        raise at.problem(f"has no {element}, which is required.")
    return body[element]


def _check_sids(statements: Iterable[Statement], at: Place) -> None:
    seen: set[str] = set()
    for index, statement in enumerate(statements):
        if statement.sid is not None and statement.sid in seen:
            place = at.key("Statement").item(index).key("Sid")
            raise place.refusal(statement.sid, "a Sid that no other statement of the document has")
        seen |= {statement.sid} if statement.sid else set()


def _statement(value: object, kind: Kind, at: Place) -> Statement:
    body = mapping(value, at)
    _check_elements(body, kind, at)
    resources = principals = None
    if kind is Kind.IDENTITY:
        resources = _resources(body["Resource"], at.key("Resource"))
    else:
        principals = _principals(body["Principal"], at.key("Principal"))
    return Statement(
        sid=_sid(body.get("Sid", ""), kind, at.key("Sid")),
        effect=_effect(body["Effect"], at.key("Effect")),
        actions=_actions(body["Action"], kind, at.key("Action")),
        resources=resources or (),
        principals=principals or (),
        conditions=read_conditions(body.get("Condition", {}), at.key("Condition")),
    )


def _check_elements(body: Json, kind: Kind, at: Place) -> None:
    known = {"Sid", "Condition", *_REQUIRED[kind]}
    misplaced, owner = _ELSEWHERE[kind]
    for element in body:
        if element in _NEGATED:
            raise at.key(element).problem(
                "is not accepted: it also means everything that AWS adds later.",
                f"List what is meant with {element.removeprefix('Not')}.",
            )
        if element == misplaced:
            raise at.key(element).problem(f"has no place in {owner}")
        if element not in known:
            raise at.unknown(element, known)
    for element in _REQUIRED[kind]:
        _required(body, element, at)


def _sid(value: object, kind: Kind, at: Place) -> str | None:
    sid = text(value, at)
    if kind is Kind.IDENTITY and _SID.fullmatch(sid) is None:
        raise at.refusal(sid, "only letters and digits, A-Z a-z 0-9")
    return sid or None  # The IAM console writes an empty Sid, which names nothing.


def _effect(value: object, at: Place) -> Effect:
    try:
        return Effect(value)
    except ValueError as error:
        raise at.refusal(value, "Allow or Deny", known=("Allow", "Deny")) from error


def _actions(value: object, kind: Kind, at: Place) -> tuple[str, ...]:
    found = texts(value, at)
    for action, place in found:
        if _ACTION.fullmatch(action) is None:
            raise place.refusal(action, "* or service:Name, with * and ? only in the name")
        # IAM: "AssumeRole policy may only specify STS AssumeRole actions".
        if kind is Kind.TRUST and not action.lower().startswith("sts:"):
            raise place.refusal(action, "an action of sts, the only ones of a trust policy")
    return _set(action for action, _ in found)


def _resources(value: object, at: Place) -> tuple[str, ...]:
    found = texts(value, at)
    for resource, place in found:
        if resource != "*" and not _is_arn(resource):
            raise place.refusal(resource, "* or an ARN, wildcards allowed, with all its six parts")
    return _set(resource for resource, _ in found)


def _is_arn(value: str) -> bool:
    try:
        parse_arn(value)
    except ValueError:
        return False
    return True


def _principals(value: object, at: Place) -> tuple[Principal, ...]:
    if value == "*":
        return (Principal("AWS", "*"),)
    if isinstance(value, str):
        raise at.refusal(value, '"*", or an object with AWS or Service as its keys')
    found = set()
    for kind, values in mapping(value, at).items():
        if kind not in _PRINCIPALS:
            raise at.unknown(kind, _PRINCIPALS)
        accepts, expected = _PRINCIPALS[kind]
        for one, place in texts(values, at.key(kind)):
            if not accepts(account_root(one)):
                raise place.refusal(one, expected)
            found.add(Principal(kind, account_root(one)))
    return tuple(sorted(found, key=lambda one: (one.type, one.value)))


def _is_aws_principal(value: str) -> bool:
    if value == "*":
        return True
    try:
        arn = parse_arn(value)
    except ValueError:
        return False
    resources = {"iam": _IAM_PRINCIPAL, "sts": _STS_PRINCIPAL}.get(arn.service)
    of_account = is_account_id(arn.account) and not arn.region
    return of_account and resources is not None and resources.fullmatch(arn.resource) is not None


def _is_service(value: str) -> bool:
    return _SERVICE.fullmatch(value) is not None


# IAM replaces the ARN of a deleted role or user by its unique id (AROA…, AIDA…).
_AWS_EXPECTED = (
    "*, an account id, or the ARN of a root, role, user or session without wildcards; an id like "
    "AROA… stands for a role or user that was deleted"
)
_PRINCIPALS = {
    "AWS": (_is_aws_principal, _AWS_EXPECTED),
    "Service": (_is_service, "the name of a service, such as codebuild.amazonaws.com"),
}


def _set(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))
