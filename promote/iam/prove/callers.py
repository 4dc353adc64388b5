"""The principals that policies can tell apart, each with the condition keys that follow from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from promote.arn import parse_arn
from promote.iam.elements import Condition, Principal, Statement
from promote.iam.prove import cells, forms
from promote.iam.prove.conditions import text_pattern

ARN_KEY = "aws:principalarn"
ACCOUNT_KEY = "aws:principalaccount"
SERVICE_KEY = "aws:principalisawsservice"
LINKED = frozenset({ARN_KEY, ACCOUNT_KEY, SERVICE_KEY})
"""The keys whose values follow from who the principal is."""

_SOMEBODY = "arn:aws:iam::000000000000:role/somebody"


@dataclass(frozen=True, slots=True)
class Caller:
    """One principal.

    Attributes:
        name: As `Request.principal` has it.
        keys: The values of the condition keys that follow from it; a key that is left out is
            absent.
        of_account: Whether it belongs to an account, as roles and users do and services do not.
    """

    name: str
    keys: tuple[tuple[str, str], ...]
    of_account: bool


ANYBODY = Caller(
    _SOMEBODY,
    ((ARN_KEY, _SOMEBODY), (ACCOUNT_KEY, "000000000000"), (SERVICE_KEY, "false")),
    of_account=True,
)
"""A principal that nobody names."""


def callers(statements: Sequence[Statement], *, resource_based: bool) -> tuple[Caller, ...]:
    """Return one principal for every way in which the statements can tell principals apart.

    Args:
        statements: Of all policies in question.
        resource_based: Whether services and anonymous requests can come as well.
    """
    principals = {each for statement in statements for each in statement.principals}
    conditions = [
        each
        for statement in statements
        for each in statement.conditions
        if each.key.lower() in LINKED
    ]
    found = [*_of_accounts(principals, conditions)]
    if resource_based:
        found += _services(principals)
    return tuple(found)


def _of_accounts(
    principals: Iterable[Principal], conditions: Sequence[Condition]
) -> Iterator[Caller]:
    arns = sorted({each.value for each in principals if each.type == "AWS"} - {"*"})
    sessions = [each for each in arns if parse_arn(each).service == "sts"]
    patterns = dict.fromkeys([*map(_principal_pattern, arns), *_tested(conditions)])
    somebody = [cells.literal(_SOMEBODY)]  # Read more easily than the shortest ARN there is.
    found = cells.examples([*patterns, *somebody], within=forms.IAM_PRINCIPALS)
    anybody = found.pop(frozenset({len(patterns)}), None)
    if anybody:
        found[frozenset()] = anybody
    for arn in found.values():
        yield _of_account(arn, arn)
        for session in sessions:
            if _role_of(session) == arn:
                yield _of_account(session, arn)


def _of_account(name: str, arn: str) -> Caller:
    account = parse_arn(arn).account
    keys = ((ARN_KEY, arn), (ACCOUNT_KEY, account), (SERVICE_KEY, "false"))
    return Caller(name, keys, of_account=True)


def _principal_pattern(value: str) -> cells.Pattern:
    arn = parse_arn(value)
    if arn.resource == "root":
        return cells.wildcard(f"arn:aws:iam::{arn.account}:*")
    return cells.literal(_role_of(value) if arn.service == "sts" else value)


def _role_of(session: str) -> str:
    """Return the ARN of a session's role; the session does not tell its path."""
    arn = parse_arn(session)
    return f"arn:aws:iam::{arn.account}:role/{arn.resource.split('/')[1]}"


def _tested(conditions: Iterable[Condition]) -> Iterator[cells.Pattern]:
    """Yield the patterns that conditions on the principal's ARN or account compare with."""
    for each in conditions:
        key = each.key.lower()
        if key == SERVICE_KEY or each.operator == "Null":
            continue
        for value in each.values:
            pattern = text_pattern(each.operator, value)
            if key == ACCOUNT_KEY:
                pattern = (*cells.literal("arn:aws:iam::"), *pattern, *cells.wildcard(":*"))
            yield pattern


def _services(principals: Iterable[Principal]) -> list[Caller]:
    named = sorted({each.value for each in principals if each.type == "Service"})
    return [
        *(Caller(each, ((SERVICE_KEY, "true"),), of_account=False) for each in named),
        Caller("another.amazonaws.com", ((SERVICE_KEY, "true"),), of_account=False),
        Caller("anonymous", ((SERVICE_KEY, "false"),), of_account=False),
    ]
