"""Policies with variables in their resources, as policies without that decide more requests.

A pattern with variables is *open*: it matches a resource if what it becomes in the request does.
That is never more than its widened pattern matches, with ``*`` for each variable. Within that it is
taken for a condition of its own that any request can meet or not, the same condition wherever the
same pattern stands. Each request then is one of the wider world, decided there as it is here, so
what agrees there agrees here (`closed`). The other way it need not be: where only the wider world
tells two policies apart (``${aws:userid}/a`` outside of ``${aws:userid}/*``), nothing is proved.

What differs there is therefore asked again with principals who have real values (`with_values`).

A value is text: its wildcards are none (IAM reference, "Variables and tags"), so nothing else than
which patterns match depends on it. A variable without a value makes the statement invalid; in an
Allow that is no match, and of a Deny nothing is proved unless whom it is about always have one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from promote.arn import parse_arn
from promote.errors import PolicyError
from promote.iam.condition_keys import condition_key
from promote.iam.elements import Condition, Policy, Statement
from promote.iam.prove.callers import ARN_KEY, ID_KEY, NAME_KEY, Caller, is_user
from promote.iam.variables import fill, keys_of, normal, widened

Sides = tuple[tuple[Policy, ...], ...]

MOST_IN_NOT_RESOURCE = 6
"""Each more doubles the statements that one becomes."""

_MATCHES = "yes"
_ANYTHING = "example"


@dataclass(frozen=True, slots=True)
class Closed:
    """Policies without variables.

    Attributes:
        sides: The policies.
        needed: By the key of each condition that stands for an open pattern: the keys without
            which the pattern has no value.
    """

    sides: Sides
    needed: Mapping[str, frozenset[str]]


def is_open(policy: Policy) -> bool:
    """Say whether a policy has variables in resources, but for those that spell a character."""
    return any(keys_of(text) for one in policy.statements for text in one.resources)


def closed(sides: Iterable[Iterable[Policy]]) -> Closed:
    """Return policies without variables that agree only if these do.

    Raises:
        PolicyError: There are too many variables in one NotResource.
    """
    kept = tuple(tuple(side) for side in sides)
    texts = {normal(t) for s in _statements(kept) for t in s.resources if keys_of(t)}
    keys = {text: f"matches:{index}" for index, text in enumerate(sorted(texts))}
    return Closed(
        tuple(
            tuple(
                replace(policy, statements=tuple(_closed_all(policy.statements, keys)))
                for policy in side
            )
            for side in kept
        ),
        {key: keys_of(text, needed=True) for text, key in keys.items()},
    )


def _statements(sides: Sides) -> Iterator[Statement]:
    return (one for side in sides for policy in side for one in policy.statements)


def _closed_all(statements: Iterable[Statement], keys: Mapping[str, str]) -> Iterator[Statement]:
    for statement in statements:
        variable = [text for text in statement.resources if keys_of(text)]
        plain = tuple(text for text in statement.resources if not keys_of(text))
        if not variable:
            yield statement
        elif statement.not_resources:
            yield from _not_resource(statement, plain, variable, keys)
        else:
            yield from _resource(statement, plain, variable, keys)


def _resource(
    statement: Statement, plain: tuple[str, ...], variable: Sequence[str], keys: Mapping[str, str]
) -> Iterator[Statement]:
    """Yield a statement for the plain patterns, and one for each other with its condition."""
    if plain:
        yield replace(statement, resources=plain)
    for text in variable:
        own = Condition("StringEquals", keys[normal(text)], (_MATCHES,))
        conditions = (*statement.conditions, own)
        yield replace(statement, resources=(widened(text),), conditions=conditions)


def _not_resource(
    statement: Statement, plain: tuple[str, ...], variable: Sequence[str], keys: Mapping[str, str]
) -> Iterator[Statement]:
    """Yield a statement for every way of not matching any.

    That none of the patterns matches is that for each either its widened pattern does not, or its
    condition does not hold.
    """
    if len(variable) > MOST_IN_NOT_RESOURCE:
        raise _refused(
            f"A NotResource has {len(variable)} patterns with variables; at most "
            f"{MOST_IN_NOT_RESOURCE} can be decided.",
            "Use fewer of them in one statement.",
        )
    for matching in itertools.product((False, True), repeat=len(variable)):
        within = [text for text, found in zip(variable, matching, strict=True) if found]
        outside = {widened(text) for text in variable if text not in within}
        others = (Condition("StringNotEquals", keys[normal(text)], (_MATCHES,)) for text in within)
        yield replace(
            statement,
            resources=tuple(sorted({*plain, *outside})),
            conditions=(*statement.conditions, *others),
        )


def expect_values(
    statement: Statement, caller: Caller, needed: Mapping[str, frozenset[str]]
) -> None:
    """Refuse a Deny that may be about a caller and have no value for a variable.

    Args:
        statement: A Deny of `closed` that names the caller.
        caller: The principal.
        needed: As `Closed.needed`.

    Raises:
        PolicyError: See above.
    """
    wanted = {key for each in statement.conditions for key in needed.get(each.key, ())}
    demanded = {each.key.lower() for each in statement.conditions if _demands(each)}
    if ARN_KEY in demanded - caller.follows:  # Neither a service nor an anonymous request has one.
        return
    missing = sorted(wanted - demanded - caller.given)
    if missing:
        key = missing[0]
        raise _refused(
            f"A Deny uses ${{{key}}}, for which {caller.name} may have no value; what IAM does "
            "then is undocumented.",
            f"Let the statement be about those who have one, or give a default: "
            f"${{{key}, 'nobody'}}.",
        )


def _demands(condition: Condition) -> bool:
    """Say whether a condition does not hold without a value of its key."""
    operator = condition.operator
    if condition.if_exists or operator.startswith("ForAllValues:"):
        return False
    if operator == "Null":
        return condition.values == ("false",)
    return "Not" not in operator


def keys_in(sides: Sides) -> dict[str, str]:
    """Return the keys, in lower case, whose values the patterns take, each as AWS spells it."""
    wanted = {key for one in _statements(sides) for text in one.resources for key in keys_of(text)}
    known = {key: condition_key(key) for key in sorted(wanted)}
    return {
        key: entry.name if entry and "$" not in entry.name else key for key, entry in known.items()
    }


def with_values(caller: Caller, sides: Sides) -> Caller:
    """Return a principal together with a value for each variable that it can have one for.

    What its ids and its session are follows from who it is (IAM reference, "Principal key values").
    """
    wanted = keys_in(sides).keys()
    found = dict.fromkeys(sorted(wanted - {ID_KEY, NAME_KEY}), _ANYTHING)
    found |= {key: value for key, value in _of_principal(caller).items() if key in wanted}
    return replace(caller, keys=tuple({**found, **dict(caller.keys)}.items()))


def _of_principal(caller: Caller) -> dict[str, str]:
    arn = dict(caller.keys).get(ARN_KEY)
    if arn is None:
        return {}
    parsed, name = parse_arn(arn), caller.name.rpartition("/")[2]
    if is_user(arn):
        return {ID_KEY: f"AIDAEXAMPLE{_letters(name)}", NAME_KEY: name}
    if parsed.resource == "root":
        return {ID_KEY: parsed.account}
    if parsed.service == "sts":
        return {ID_KEY: f"{parsed.account}:{name}"}
    session = name if ":assumed-role/" in caller.name else "session"
    return {ID_KEY: f"AROAEXAMPLE{_letters(parsed.name)}:{session}"}


def _letters(name: str) -> str:
    return "".join(each for each in name.upper() if each.isascii() and each.isalnum())


def filled(sides: Sides, caller: Caller) -> Sides:
    """Return what policies become for a caller with values; a pattern without one is left out."""
    context = {key: (value,) for key, value in caller.keys}
    return tuple(
        tuple(
            replace(policy, statements=tuple(_filled(policy.statements, context)))
            for policy in side
        )
        for side in sides
    )


def _filled(
    statements: Iterable[Statement], context: Mapping[str, tuple[str, ...]]
) -> Iterator[Statement]:
    for statement in statements:
        texts = [fill(text, context) for text in statement.resources]
        known = tuple(sorted({text for text in texts if text is not None}))
        if known or not texts:
            yield replace(statement, resources=known)


def named(caller: Caller, name: str) -> Caller:
    """Return the user or the session of a name beside another one; any other caller as it is."""
    arn = dict(caller.keys).get(ARN_KEY, "")
    stem, slash, _ = caller.name.rpartition("/")
    if not arn or not (is_user(arn) or ":assumed-role/" in caller.name):
        return caller
    found = f"{stem}{slash}{name}"
    known = dict(caller.keys) | ({ARN_KEY: found} if is_user(arn) else {})
    return replace(caller, name=found, keys=tuple(known.items()))


def _refused(detail: str, remedy: str) -> PolicyError:
    return PolicyError("Policy cannot be proved", detail, remedy)
