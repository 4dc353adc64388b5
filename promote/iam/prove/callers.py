"""The principals that policies can tell apart, each with the condition keys that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from promote.arn import assumed_role_arn, parse_arn
from promote.errors import PolicyError
from promote.iam.elements import Condition, Principal, Statement
from promote.iam.prove import cells, forms
from promote.iam.prove.conditions import is_of_texts, text_pattern

ARN_KEY = "aws:principalarn"
ACCOUNT_KEY = "aws:principalaccount"
SERVICE_KEY = "aws:principalisawsservice"
ID_KEY = "aws:userid"
NAME_KEY = "aws:username"
LINKED = frozenset({ARN_KEY, ACCOUNT_KEY, SERVICE_KEY})
"""The keys whose values follow from who the principal is, if it is of an account."""

_SOMEBODY = "arn:aws:iam::000000000000:role/somebody"


@dataclass(frozen=True, slots=True)
class Caller:
    """One principal.

    Attributes:
        name: As `Request.principal` has it.
        keys: The values of the condition keys that follow from it. Any other key is free: a request
            of this principal can give any value for it, or none.
    """

    name: str
    keys: tuple[tuple[str, str], ...]

    @property
    def follows(self) -> frozenset[str]:
        """The keys that are not free."""
        return frozenset(key for key, _ in self.keys)

    @property
    def given(self) -> frozenset[str]:
        """The keys that all its requests have, whatever their values.

        Whoever signs a request has an ``aws:userid``, and IAM users an ``aws:username`` (IAM
        reference, "Principal key values").
        """
        arn = dict(self.keys).get(ARN_KEY)
        if arn is None:
            return self.follows
        return self.follows | {ID_KEY, *([NAME_KEY] if is_user(arn) else [])}


def is_user(arn: str) -> bool:
    """Say whether an ``aws:PrincipalArn`` is that of an IAM user."""
    parsed = parse_arn(arn)
    return parsed.service == "iam" and parsed.resource.startswith("user/")


ANYBODY = Caller(
    _SOMEBODY, ((ARN_KEY, _SOMEBODY), (ACCOUNT_KEY, "000000000000"), (SERVICE_KEY, "false"))
)
"""A principal that nobody names."""


_USERS = cells.arn_like("arn:*:iam::*:user/*")


def callers(
    statements: Sequence[Statement], *, resource_based: bool, users_apart: bool = False
) -> tuple[Caller, ...]:
    """Return one principal for every way in which the statements can tell principals apart.

    Args:
        statements: Of all policies in question.
        resource_based: Whether they name principals, of which services and anonymous requests can
            be some as well.
        users_apart: Whether IAM users are told from all others anyway, because of what only their
            requests have (`Caller.given`).

    Raises:
        PolicyError: A condition on the principal is of a kind that cannot be decided.
    """
    principals = {each for statement in statements for each in statement.principals}
    conditions = [
        each
        for statement in statements
        for each in statement.conditions
        if each.key.lower() in LINKED
    ]
    found = [*_of_accounts(principals, conditions, [_USERS] if users_apart else [])]
    if resource_based:
        found += [*_sessions(principals, found), *_services(principals)]
    return tuple(found)


def _of_accounts(
    principals: Iterable[Principal],
    conditions: Sequence[Condition],
    more: Iterable[cells.Pattern],
) -> Iterator[Caller]:
    arns = sorted({each.value for each in principals if each.type == "AWS"} - {"*"})
    named = (pattern for each in arns for pattern in _principal_patterns(each))
    patterns = dict.fromkeys([*named, *_tested(conditions), *more])
    somebody = [cells.literal(_SOMEBODY)]  # Read more easily than the shortest ARN there is.
    found = cells.examples([*patterns, *somebody], within=forms.IAM_PRINCIPALS)
    anybody = found.pop(frozenset({len(patterns)}), None)
    if anybody:
        found[frozenset()] = anybody
    for arn in found.values():
        keys = ((ARN_KEY, arn), (ACCOUNT_KEY, parse_arn(arn).account), (SERVICE_KEY, "false"))
        yield Caller(arn, keys)


def _sessions(principals: Iterable[Principal], roles: Iterable[Caller]) -> Iterator[Caller]:
    """Yield the named sessions of each role, and one that nobody names.

    A statement that names a role does not grant its sessions the same as one that names the session
    or everyone: `Decision.unlimited`.
    """
    named = {each.value for each in principals if ":assumed-role/" in each.value}
    nobodys = "session"
    while any(each.endswith(f"/{nobodys}") for each in named):
        nobodys += "s"
    for role in roles:
        if ":role/" in role.name:
            unnamed = assumed_role_arn(role.name, nobodys)
            own = unnamed.removesuffix(nobodys)
            for name in (*sorted(each for each in named if each.startswith(own)), unnamed):
                yield replace(role, name=name)


def _principal_patterns(value: str) -> Iterator[cells.Pattern]:
    """Yield the patterns of the ARNs of whoever an AWS principal of a statement can be."""
    arn = parse_arn(value)
    stem = f"arn:{arn.partition}:iam::{arn.account}:"
    if arn.resource == "root":
        yield cells.wildcard(f"{stem}*")
    elif arn.service == "sts":  # A session does not tell its role's path.
        name = arn.resource.split("/")[1]
        yield cells.literal(f"{stem}role/{name}")
        yield (*cells.literal(f"{stem}role/"), *cells.wildcard("?*"), *cells.literal(f"/{name}"))
    else:
        yield cells.literal(value)


def _tested(conditions: Iterable[Condition]) -> Iterator[cells.Pattern]:
    """Yield the patterns that conditions on the principal's ARN or account compare with."""
    for each in conditions:
        key = each.key.lower()
        if key == SERVICE_KEY or each.operator == "Null":
            continue
        if not is_of_texts(each.operator):
            raise PolicyError(
                "Policy cannot be proved",
                f"It compares {each.key}, a text, with {each.operator}.",
                "Compare it with a String or an Arn operator.",
            )
        for value in each.values:
            pattern = text_pattern(each.operator, value)
            yield pattern if key == ARN_KEY else _of_account(pattern)


def _of_account(pattern: cells.Pattern) -> cells.Pattern:
    """Return the pattern of the ARNs whose account matches one."""
    colon = frozenset(":")
    part = cells.wildcard("*", but=colon)
    account = (
        replace(step, but=step.but | colon)
        if step.chars is None
        else replace(step, chars=step.chars - colon)
        for step in pattern
    )
    head = (*cells.literal("arn:"), *part, *cells.literal(":"), *part, *cells.literal("::"))
    return (*head, *account, *cells.wildcard(":*"))


def _services(principals: Iterable[Principal]) -> list[Caller]:
    named = sorted({each.value for each in principals if each.type == "Service"})
    return [
        *(Caller(each, ((SERVICE_KEY, "true"),)) for each in named),
        Caller("another.amazonaws.com", ((SERVICE_KEY, "true"),)),
        Caller("anonymous", ()),
    ]
