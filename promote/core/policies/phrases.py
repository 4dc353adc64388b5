"""Words for statements and for what distinguishes two of them: ``allows also version v9``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from promote.arn import parse_version_arn
from promote.iam.elements import Condition, Effect, Kind, Principal, Statement
from promote.iam.nearest import test_of
from promote.iam.patterns import action_matches, resource_matches


class Said(NamedTuple):
    """One difference: the element, what the live statement does, its values, the wanted ones.

    The element of a condition is followed by its operator and key.
    """

    element: str
    says: str
    live: tuple[str, ...]
    wanted: tuple[str, ...]


_TRUSTED = frozenset({"aws:principalarn", "aws:principalaccount", "aws:principalorgid"})
_MANY = 4

# The first that an operator begins with.
_VERBS = {
    "StringNotLike": "does not match",
    "StringNot": "is not",
    "StringLike": "matches",
    "String": "is",
    "ArnNot": "is not",
    "Arn": "is",
    "Bool": "is",
    "IpAddress": "is in",
    "NotIpAddress": "is not in",
}

_Name = tuple[str, bool, str]
"""What tells two conditions of a statement apart: operator, IfExists, key in lower case."""


def alike(one: Statement, other: Statement) -> float:
    """Tell how much two statements are about the same; 0 for those that have nothing in common."""
    if one.effect is not other.effect:
        return 0.0
    actions = _share(one.actions, other.actions)
    named = one.sid is not None and one.sid == other.sid
    if not actions and not named:
        return 0.0
    resources = _share(one.resources, other.resources)
    principals = _share(one.principals, other.principals)
    conditions = _share(one.conditions, other.conditions)
    return 4 * named + 3 * actions + 2 * resources + 2 * principals + conditions


def _share(one: Iterable[object], other: Iterable[object]) -> float:
    ours, theirs = set(one), set(other)
    return len(ours & theirs) / len(ours | theirs) if ours | theirs else 1.0


def short(value: str) -> str:
    """Name a version by its name, anything else as it is."""
    arn = parse_version_arn(value)
    return f"version {arn.version} of {arn.project}" if arn else value


def listed(values: Iterable[str], conjunction: str = "and") -> str:
    """Join values as a sentence does, only counting those beyond the first few."""
    names = [short(each) for each in values]
    if len(names) > _MANY:
        names = [*names[: _MANY - 1], f"{len(names) - _MANY + 1} more"]
    *most, last = names
    return f"{', '.join(most)} {conjunction} {last}" if most else last


@dataclass(frozen=True, slots=True)
class Phrases:
    """The words for statements of one kind of document and one effect."""

    kind: Kind
    effect: Effect

    def verb(self, *, live: bool) -> str:
        """Say that the live statement does more than wanted, or less."""
        does = self.effect.value.lower()
        third = "denies" if self.effect is Effect.DENY else "allows"
        return f"{third} also" if live else f"does not {does}"

    def whole(self, statement: Statement) -> str:
        """Tell a whole statement in one line."""
        text = ("all but " if statement.not_actions else "") + listed(statement.actions)
        if statement.resources:
            besides = " all but" if statement.not_resources else ""
            text += f" on{besides} {listed(statement.resources)}"
        if statement.principals:
            text += f" to {listed(one.value for one in statement.principals)}"
        if statement.conditions:
            text += f" if {' and '.join(_test(each) for each in statement.conditions)}"
        return text

    def differences(self, live: Statement, wanted: Statement) -> Iterator[Said]:
        """Yield every element in which two statements differ."""
        if live.sid != wanted.sid:
            yield _sid(live.sid, wanted.sid)
        yield from self._principals(live.principals, wanted.principals)
        yield from self._set(
            "Action", (live.actions, live.not_actions), (wanted.actions, wanted.not_actions)
        )
        yield from self._set(
            "Resource",
            (live.resources, live.not_resources),
            (wanted.resources, wanted.not_resources),
        )
        yield from self._conditions(live.conditions, wanted.conditions)

    def _principals(
        self, live: tuple[Principal, ...], wanted: tuple[Principal, ...]
    ) -> Iterator[Said]:
        ours, theirs = (tuple(one.value for one in each) for each in (live, wanted))
        trusts = self.effect is Effect.ALLOW
        if more := _without(ours, theirs):
            says = "trusts also" if trusts else "denies also"
            yield Said("Principal", f"{says} {listed(more)}", ours, theirs)
        if less := _without(theirs, ours):
            says = "does not trust" if trusts else "does not deny"
            yield Said("Principal", f"{says} {listed(less)}", ours, theirs)

    def _set(
        self,
        element: str,
        live: tuple[tuple[str, ...], bool],
        wanted: tuple[tuple[str, ...], bool],
    ) -> Iterator[Said]:
        (ours, inverted), (theirs, expected) = live, wanted
        if inverted is not expected:
            name, other = (f"Not{element}", element) if inverted else (element, f"Not{element}")
            yield Said(element, f"says {name} instead of {other}", ours, theirs)
            return
        covers = action_matches if element == "Action" else resource_matches
        more, less = _uncovered(ours, theirs, covers), _uncovered(theirs, ours, covers)
        if inverted:  # what one names besides is what it is not about
            more, less = less, more
        if more:
            yield Said(element, f"{self.verb(live=True)} {listed(more)}", ours, theirs)
        if less:
            yield Said(element, f"{self.verb(live=False)} {listed(less)}", ours, theirs)

    def _conditions(
        self, live: tuple[Condition, ...], wanted: tuple[Condition, ...]
    ) -> Iterator[Said]:
        ours, theirs = {_name(one): one for one in live}, {_name(one): one for one in wanted}
        for name, one in theirs.items():
            if name in ours:
                yield from self._values(ours.pop(name), one)
                continue
            moved = _moved(one, ours, theirs)
            if moved is None:
                yield _condition(f"does not demand that {_test(one)}", None, one)
            else:
                says = f"demands that {_test(moved)}, not that {_test(one)}"
                yield _condition(says, ours.pop(_name(moved)), one)
        for one in ours.values():
            yield _condition(f"demands also that {_test(one)}", one, None)

    def _values(self, live: Condition, wanted: Condition) -> Iterator[Said]:
        more, less = _without(live.values, wanted.values), _without(wanted.values, live.values)
        if not more and not less:
            return
        if self._replaced(live, wanted, more and less):
            says = f"demands that {_test(live)}, not {listed(wanted.values)}"
            yield _condition(says, live, wanted)
            return
        trusted = self.kind is Kind.TRUST and live.key.lower() in _TRUSTED
        named = "" if trusted else f" as {live.key}"
        if more:
            verb = "trusts also" if trusted else "accepts also"
            yield _condition(f"{verb} {listed(more)}{named}", live, wanted)
        if less:
            verb = "does not trust" if trusted else "does not accept"
            yield _condition(f"{verb} {listed(less)}{named}", live, wanted)

    def _replaced(self, live: Condition, wanted: Condition, both: object) -> bool:
        """Say whether values are told as one instead of another, not as more or fewer."""
        allows = self.effect is Effect.ALLOW and "Not" not in live.operator
        one_each = len(live.values) == 1 == len(wanted.values)
        return not allows or bool(both and one_each)


def _uncovered(
    values: tuple[str, ...], patterns: tuple[str, ...], covers: Callable[[str, str], bool]
) -> tuple[str, ...]:
    """Return the values that no pattern covers; a ``?`` might be read as covering a ``*``."""
    wide = [each for each in patterns if "?" not in each]
    others = _without(values, patterns)
    return tuple(each for each in others if not any(covers(one, each) for one in wide))


def _moved(
    wanted: Condition, live: Mapping[_Name, Condition], others: Mapping[_Name, Condition]
) -> Condition | None:
    """Return the live condition that tests the same key in another way, or None."""
    for name, one in live.items():
        if one.key.lower() == wanted.key.lower() and name not in others:
            return one
    return None


def _condition(says: str, live: Condition | None, wanted: Condition | None) -> Said:
    ours, theirs = (one.values if one else () for one in (live, wanted))
    tests = [test_of(one) for one in (wanted, live) if one]
    return Said(f"Condition {tests[0]}", says, ours, theirs)


def _sid(live: str | None, wanted: str | None) -> Said:
    ours, theirs = ((one,) if one else () for one in (live, wanted))
    if live is None:
        return Said("Sid", f"has no Sid; {wanted} is wanted", ours, theirs)
    return Said("Sid", f"has the Sid {live}; {wanted or 'none'} is wanted", ours, theirs)


def _name(condition: Condition) -> _Name:
    return condition.operator, condition.if_exists, condition.key.lower()


def _test(condition: Condition) -> str:
    """Tell a condition in words: ``aws:SourceVpce is vpce-1 or vpce-2``."""
    operator = condition.operator.rpartition(":")[2]
    if operator == "Null":
        return f"{condition.key} is {'absent' if condition.values[0] == 'true' else 'present'}"
    verb = next((verb for name, verb in _VERBS.items() if operator.startswith(name)), operator)
    text = f"{condition.key} {verb} {listed(condition.values, 'or')}"
    set_of = {"ForAnyValue": "any value of ", "ForAllValues": "each value of "}
    text = set_of.get(condition.operator.partition(":")[0], "") + text
    return f"{text} (or is absent)" if condition.if_exists else text


def _without(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(each for each in one if each not in other)
