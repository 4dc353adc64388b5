"""Reading policy documents, strictly.

`parse` accepts the fragment that our own templates use and our evaluator decides without doubt.
Everything else is an error with its place and never "no match": a Deny that is not understood would
otherwise be no Deny. Left out on purpose: NotPrincipal, and NotAction and NotResource in an Allow
(they grow with every service AWS adds), wildcards in a service's name, the old Version.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promote.arn import parse_arn
from promote.iam.elements import Condition, Effect, Json, Kind, Policy, Principal, Statement
from promote.iam.operators import read_conditions
from promote.iam.principals import read_principals
from promote.iam.reading import Place, mapping, text, texts
from promote.iam.spelling import canonical, digest, loads, same
from promote.iam.variables import check

if TYPE_CHECKING:
    from collections.abc import Iterable

    from promote.errors import PolicyError

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

_SID = re.compile(r"[A-Za-z0-9]*")
_ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
_NEGATED = {"Action": "NotAction", "Resource": "NotResource"}


@dataclass(frozen=True, slots=True)
class _Grammar:
    """What documents of a kind may have; `title` is how messages call one."""

    title: str
    principal: bool = False
    resource: bool = True
    negated: tuple[str, ...] = ("NotAction", "NotResource")
    of_control: bool = False  # Denies only, and takes no variables.
    action: re.Pattern[str] = _ACTION
    expected: str = "* or service:Name, with * and ? only in the name"

    @property
    def named(self) -> bool:
        """Whether it may have an Id and any Sid, as policies of resources (policy grammar)."""
        return self.principal and not self.of_control


_GRAMMARS = {
    Kind.IDENTITY: _Grammar("an identity policy"),
    Kind.BOUNDARY: _Grammar("a permissions boundary"),
    Kind.SESSION: _Grammar("a session policy"),
    Kind.SCP: _Grammar("a service control policy"),
    # RCP syntax: no Id, no NotAction, Allow only in the policy that AWS itself attaches. "Where you
    # can use policy variables" names every kind but this one.
    Kind.RCP: _Grammar(
        "a resource control policy", principal=True, negated=("NotResource",), of_control=True
    ),
    # IAM: "AssumeRole policy may only specify STS AssumeRole actions".
    Kind.TRUST: _Grammar(
        "a trust policy",
        principal=True,
        resource=False,
        negated=(),
        action=re.compile(r"sts:[A-Za-z0-9*?]+", re.IGNORECASE),
        expected="an action of sts, the only ones of a trust policy",
    ),
    Kind.BUCKET: _Grammar("a bucket policy", principal=True),
    Kind.KEY: _Grammar("a key policy", principal=True),
    # Rekognition, "Creating a project policy document".
    Kind.PROJECT: _Grammar(
        "a project policy",
        principal=True,
        negated=(),
        action=re.compile("rekognition:CopyProjectVersion", re.IGNORECASE),
        expected="rekognition:CopyProjectVersion, the only action of a project policy",
    ),
    Kind.ENDPOINT: _Grammar("an endpoint policy", principal=True),
}


def parse(document: str | Json, *, kind: Kind, name: str = "policy") -> Policy:
    """Read a document of a kind; `name` says in messages where it comes from.

    Raises:
        PolicyError: The document is outside the fragment; the error names the place, the value
            and what was expected there.
    """
    at, grammar = Place(name), _GRAMMARS[kind]
    body = mapping(loads(document, name=name) if isinstance(document, str) else document, at)
    known = {"Version", "Statement", *(("Id",) if grammar.named else ())}
    for element in body:
        if element not in known:
            raise at.unknown(element, known)
    _check_version(body, at)
    if "Id" in body:
        text(body["Id"], at.key("Id"))
    statements = tuple(_statement(one, kind, place) for one, place in _statements(body, at))
    _check_sids(statements, at)
    _check_effects(statements, grammar, at)
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


def _check_effects(statements: tuple[Statement, ...], grammar: _Grammar, at: Place) -> None:
    if not grammar.of_control or _is_full_access(statements):
        return
    for index, statement in enumerate(statements):
        if statement.effect is not Effect.DENY:
            place = at.key("Statement").item(index).key("Effect")
            raise place.refusal("Allow", f"Deny, the only effect of {grammar.title} but AWS's own")


def _is_full_access(statements: tuple[Statement, ...]) -> bool:
    """Say whether these are the statements of RCPFullAWSAccess: allow everything to everyone."""
    one = statements[0]
    everything = (one.actions, one.resources) == (("*",), ("*",))
    return len(statements) == 1 and everything and not one.conditions


def _statement(value: object, kind: Kind, at: Place) -> Statement:
    body, grammar = mapping(value, at), _GRAMMARS[kind]
    _check_elements(body, grammar, at)
    effect = _effect(_required(body, "Effect", at), at.key("Effect"))
    action = _element(body, "Action", effect, at)
    resource = _element(body, "Resource", effect, at) if grammar.resource else None
    return Statement(
        sid=_sid(body.get("Sid", ""), grammar, at.key("Sid")),
        effect=effect,
        actions=_actions(body[action], grammar, at.key(action)),
        resources=_resources(body[resource], grammar, at.key(resource)) if resource else (),
        principals=_principals(body, kind, at),
        conditions=read_conditions(
            body.get("Condition", {}), at.key("Condition"), variables=not grammar.of_control
        ),
        not_actions=action == "NotAction",
        not_resources=resource == "NotResource",
    )


def _check_elements(body: Json, grammar: _Grammar, at: Place) -> None:
    known = {"Sid", "Effect", "Action", "Condition", *grammar.negated}
    known |= {"Resource"} if grammar.resource else set()
    known |= {"Principal"} if grammar.principal else set()
    for element in body:
        if element in known:
            continue
        if element in ("NotPrincipal", *_NEGATED.values()):
            raise _negated(element, at, f"is not accepted in {grammar.title}")
        if element == "Principal":
            why = "it applies to whoever it is attached to."
            raise at.key(element).problem(f"has no place in {grammar.title}: {why}")
        if element == "Resource":
            why = "it applies to the role it is attached to."
            raise at.key(element).problem(f"has no place in {grammar.title}: {why}")
        raise at.unknown(element, known)


def _negated(element: str, at: Place, text: str) -> PolicyError:
    return at.key(element).problem(
        f"{text}: it also means everything that AWS adds later.",
        f"List what is meant with {element.removeprefix('Not')}.",
    )


def _element(body: Json, element: str, effect: Effect, at: Place) -> str:
    """Return which of an element and its negation a statement has; it needs one."""
    negated = _NEGATED[element]
    if negated not in body:
        _required(body, element, at)
        return element
    if effect is Effect.ALLOW:
        raise _negated(negated, at, "is not accepted in an Allow")
    if element in body:
        raise at.problem(f"has both {element} and {negated}, of which IAM takes one.")
    return negated


def _sid(value: object, grammar: _Grammar, at: Place) -> str | None:
    sid = text(value, at)
    if not grammar.named and _SID.fullmatch(sid) is None:
        raise at.refusal(sid, "only letters and digits, A-Z a-z 0-9")
    return sid or None  # The IAM console writes an empty Sid, which names nothing.


def _effect(value: object, at: Place) -> Effect:
    try:
        return Effect(value)
    except ValueError as error:
        raise at.refusal(value, "Allow or Deny", known=("Allow", "Deny")) from error


def _principals(body: Json, kind: Kind, at: Place) -> tuple[Principal, ...]:
    if not _GRAMMARS[kind].principal:
        return ()
    return read_principals(_required(body, "Principal", at), kind, at.key("Principal"))


def _actions(value: object, grammar: _Grammar, at: Place) -> tuple[str, ...]:
    found = texts(value, at)
    for action, place in found:
        if _ACTION.fullmatch(action) is None:
            raise place.refusal(action, _GRAMMARS[Kind.IDENTITY].expected)
        if grammar.action.fullmatch(action) is None:
            raise place.refusal(action, grammar.expected)
    return _set(action for action, _ in found)


def _resources(value: object, grammar: _Grammar, at: Place) -> tuple[str, ...]:
    found = texts(value, at, variables=not grammar.of_control)
    for resource, place in found:
        if resource != "*" and not _is_arn(resource):
            raise place.refusal(resource, "* or an ARN, wildcards allowed, with all its six parts")
        check(resource, place, after_colons=True)
    return _set(resource for resource, _ in found)


def _is_arn(value: str) -> bool:
    try:
        parse_arn(value)
    except ValueError:
        return False
    return True


def _set(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))
