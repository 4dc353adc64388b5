"""What policies tell apart, and a request for every way in which they can."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple, TypeVar

from promote.iam import catalogue
from promote.iam.catalogue import resource_shapes
from promote.iam.elements import Condition, Effect, Kind, Policy, Principal, Statement
from promote.iam.evaluate import Request, Verdict, evaluate, evaluate_resource
from promote.iam.prove import cells, forms
from promote.iam.prove.callers import ANYBODY, ARN_KEY, Caller, callers
from promote.iam.prove.conditions import Given, Test, values

Side = Sequence[Policy]
Answer = tuple[Verdict, bool]
"""A verdict, and `Decision.unlimited`.

`Decision.direct` follows: a statement that names a role allows the role itself without limit.
"""

ATTACHED = frozenset({Kind.IDENTITY, Kind.BOUNDARY, Kind.SESSION, Kind.SCP})
"""The kinds that are attached to who is governed, and so have no principals."""


class Met(NamedTuple):
    """The statements that a part of a request meets, as bits, and how closely they name it.

    Attributes:
        matched: Those that it meets.
        unlimited: Those of them that name the very session or user, or everyone.
        follows: The keys whose values follow from who the principal is.
    """

    matched: int
    unlimited: int
    follows: frozenset[str]

    def within(self, others: int) -> Met:
        """Return what is left of it beside parts that meet only these statements."""
        return Met(self.matched & others, self.unlimited & others, self.follows)


class Question:
    """What the statements of all sides tell apart.

    Along each dimension (action, resource, principal) an example is kept for every set of
    statements whose element it matches; sets are bits, one for each statement. Principals also
    differ by how closely statements name them, and by the keys that follow from who they are.

    Args:
        sides: The policies of each side, all of one kind and without variables.
        among: The only principals to ask for; None: all that can be told apart.
        shown: How to spell the keys, in lower case, that `told` keeps in any case.
        expect: Told of each statement and each principal that it is about; may refuse by raising.
    """

    def __init__(
        self,
        sides: Sequence[Side],
        *,
        among: Sequence[Caller] | None = None,
        shown: Mapping[str, str] | None = None,
        expect: Callable[[Statement, Caller], None] | None = None,
    ) -> None:
        policies = [policy for side in sides for policy in side]
        kinds = {policy.kind for policy in policies}
        if len(kinds) != 1:
            msg = f"policies of one kind belong to a proof, not of {len(kinds)}"
            raise ValueError(msg)
        self._kind = kinds.pop()
        unnamed = (replace(one, sid=None) for policy in policies for one in policy.statements)
        self._statements = tuple(dict.fromkeys(unnamed))
        conditions = [each for one in self._statements for each in one.conditions]
        spelt = {each.key.lower(): each.key for each in reversed(conditions)}
        self._spelt = {**(shown or {}), **spelt}
        self._among, self._expect = among, expect

    def decide(self, request: Request, side: Side) -> Answer:
        """Return what the policies of one side say together."""
        if self._kind in ATTACHED:
            return evaluate(request, side).verdict, False
        found = [evaluate_resource(request, policy) for policy in side]
        verdicts = {each.verdict for each in found}
        order = (Verdict.EXPLICIT_DENY, Verdict.ALLOWED)
        verdict = next((each for each in order if each in verdicts), Verdict.IMPLICIT_DENY)
        return verdict, verdict is Verdict.ALLOWED and any(each.unlimited for each in found)

    def told(self, request: Request) -> Request:
        """Return a request with the keys that count, as the policies spell them."""
        needed = {ARN_KEY} if ":sts:" in request.principal else set()
        context = {
            self._spelt.get(key, key): given[0] if len(given) == 1 else given
            for key, given in request.context.items()
            if key in self._spelt or key in needed
        }
        return replace(request, context=context)

    def requests(self) -> Iterator[Request]:
        """Yield a request for every way in which the statements can tell requests apart."""
        for met, (action, resource, caller) in self._most_realistic().items():
            keys = self._keys(met)
            for given in itertools.product(*keys.values()):
                context = {key: each for key, each in zip(keys, given, strict=True) if each}
                yield _request(action, resource, caller, context)

    def _most_realistic(self) -> dict[Met, tuple[str, str, Caller]]:
        """Return a request, context aside, for every set of statements that can meet in one."""
        found: dict[Met, tuple[int, tuple[str, str, Caller]]] = {}
        actions, principals = self._actions(), self._callers()
        for (action, a), (resource, r) in itertools.product(actions, self._resources(actions)):
            rank = _realism(action, resource)
            for caller, c in principals:
                met = c.within(a & r)
                if met not in found or found[met][0] < rank:
                    found[met] = (rank, (action, resource, caller))
        return {met: triple for met, (_, triple) in found.items()}

    def _actions(self) -> list[tuple[str, int]]:
        patterns = sorted({pattern for one in self._statements for pattern in one.actions})
        lowered = [cells.wildcard(pattern.lower()) for pattern in patterns]
        made = cells.examples(lowered, within=[forms.ACTION])
        probes = self._probes(lambda o, s: replace(o, actions=s.actions, not_actions=s.not_actions))
        texts = [*forms.known_actions(patterns), *made.values()]
        return _distinct((each, self._met(probes, action=each).matched) for each in texts)

    def _resources(self, actions: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
        if self._kind is Kind.TRUST:
            return [("*", -1)]
        patterns = sorted({pattern for one in self._statements for pattern in one.resources})
        formats = sorted({shape for name, _ in actions for shape in resource_shapes(name)})
        made = cells.examples([*map(cells.wildcard, patterns), *map(forms.of_format, formats)])
        probes = self._probes(
            lambda o, s: replace(o, resources=s.resources, not_resources=s.not_resources)
        )
        texts = ["*", *made.values()]
        found = {each: self._met(probes, resource=each).matched for each in texts}
        # Two of one set of statements are kept apart where only one is realistic for an action.
        kept = {
            (bits, tuple(_is_of(each, shape) for shape in formats), each == "*"): each
            for each, bits in reversed(found.items())
        }
        return [(each, found[each]) for each in kept.values()]

    def _callers(self) -> list[tuple[Caller, Met]]:
        found = self.everybody() if self._among is None else self._among
        probes = {each.follows: self._naming(each.follows) for each in found}
        met = [(each, self._met(probes[each.follows], caller=each)) for each in found]
        if self._expect is not None:
            for caller, one in met:
                for index, statement in enumerate(self._statements):
                    if one.matched >> index & 1:
                        self._expect(statement, caller)
        return _distinct(met)

    def everybody(self) -> tuple[Caller, ...]:
        """Return one principal for every way in which the statements can tell principals apart."""
        return callers(
            self._statements,
            resource_based=self._kind not in ATTACHED,
            users_apart=self._expect is not None,
        )

    def _naming(self, follows: frozenset[str]) -> list[Policy]:
        """Return the probes of whom the statements name, also by keys that follow from it."""
        return self._probes(
            lambda o, s: replace(
                o, principals=s.principals or o.principals, conditions=_on(s, follows)
            )
        )

    def _keys(self, met: Met) -> dict[str, tuple[Given, ...]]:
        """Return what a request can give for each key that the statements in question test."""
        tests: dict[str, list[Test]] = {}
        for index, statement in enumerate(self._statements):
            for condition in statement.conditions if met.matched >> index & 1 else ():
                key = condition.key.lower()
                if key not in met.follows:
                    test = (condition, statement.effect is Effect.DENY)
                    tests.setdefault(key, []).append(test)
        return {key: values(key, conditions) for key, conditions in sorted(tests.items())}

    def _probes(self, narrowed: Callable[[Statement, Statement], Statement]) -> list[Policy]:
        """Return for each statement a policy that looks at one dimension of it only."""
        everything = Statement(
            sid=None,
            effect=Effect.ALLOW,
            actions=("*",),
            resources=() if self._kind is Kind.TRUST else ("*",),
            principals=() if self._kind in ATTACHED else (Principal("AWS", "*"),),
            conditions=(),
        )
        return [
            Policy(self._kind, (narrowed(everything, one),), "probe") for one in self._statements
        ]

    def _met(
        self,
        probes: Sequence[Policy],
        *,
        action: str = "any:Thing",
        resource: str = "*",
        caller: Caller = ANYBODY,
    ) -> Met:
        request = _request(action, resource, caller, {})
        matched = unlimited = 0
        for index, probe in enumerate(probes):
            verdict, is_unlimited = self.decide(request, (probe,))
            matched |= (verdict is Verdict.ALLOWED) << index
            unlimited |= is_unlimited << index
        return Met(matched, unlimited, caller.follows)


def _on(statement: Statement, keys: frozenset[str]) -> tuple[Condition, ...]:
    return tuple(each for each in statement.conditions if each.key.lower() in keys)


def _request(action: str, resource: str, caller: Caller, context: Mapping[str, Given]) -> Request:
    keys = {key: (value,) for key, value in caller.keys}
    return Request(caller.name, action, resource, {**keys, **context})


_Example = TypeVar("_Example")
_Set = TypeVar("_Set", int, Met)


def _distinct(found: Iterable[tuple[_Example, _Set]]) -> list[tuple[_Example, _Set]]:
    """Keep the first example of each set of statements."""
    first: dict[_Set, _Example] = {}
    for example, met in found:
        first.setdefault(met, example)
    return [(example, met) for met, example in first.items()]


def _realism(action: str, resource: str) -> int:
    """Rank a request by how well its action is known and its resource fits the action."""
    entry = catalogue.action(action)
    if entry is None:
        return 0
    shapes = resource_shapes(action)
    fits = any(_is_of(resource, shape) for shape in shapes) if shapes else resource == "*"
    return 2 if fits else 1


@cache
def _is_of(resource: str, shape: str) -> bool:
    return cells.matches(forms.of_format(shape), resource)
