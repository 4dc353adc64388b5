"""Searching all requests for one that several policies decide in an unwanted way."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar

from promote.errors import PolicyError
from promote.iam import catalogue
from promote.iam.catalogue import resource_shapes
from promote.iam.elements import Condition, Effect, Kind, Policy, Principal, Statement
from promote.iam.evaluate import Request, Verdict, evaluate, evaluate_resource
from promote.iam.prove import cells, forms
from promote.iam.prove.callers import ANYBODY, ARN_KEY, LINKED, Caller, callers
from promote.iam.prove.conditions import Given, values
from promote.iam.variables import uses_variables

MOST_REQUESTS = 500_000
"""Beyond as many requests a proof is given up."""

Side = Sequence[Policy]
_Answer = tuple[Verdict, bool]  # and whether the principal itself is allowed, not its account
Wrong = Callable[[tuple[Verdict, ...]], bool]

ATTACHED = frozenset({Kind.IDENTITY, Kind.BOUNDARY, Kind.SESSION, Kind.SCP})
"""The kinds that are attached to who is governed, and so have no principals."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A request that shows something, with what each side says of it."""

    request: Request
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """What came of a search: a witness or none, and how many requests stood for all others."""

    witness: Witness | None
    requests: int


def equal(rendered: Side, planned: Side) -> Search:
    """Search for a request that two sides decide differently.

    An explicit deny differs from an implicit one: beside other policies it is not the same. So does
    a principal that is allowed itself from one that is allowed with its account.

    Raises:
        PolicyError: It cannot be decided.
    """
    return _search((rendered, planned), lambda found: found[0] != found[1])


def differ(sides: Sequence[Side], wrong: Wrong) -> Witness | None:
    """Return a request whose verdicts are `wrong`, or None if there is none.

    Raises:
        PolicyError: It cannot be decided.
    """
    return search(sides, wrong).witness


def search(sides: Sequence[Side], wrong: Wrong) -> Search:
    """Go through all requests, each standing for those that no side tells from it.

    Args:
        sides: Each the policies of one principal or resource; all policies are of one kind.
        wrong: Says of the verdicts, one for each side, whether they are what is searched for.

    Raises:
        PolicyError: It cannot be decided.
        ValueError: There is no policy, or they are of several kinds.
    """
    return _search(sides, lambda found: wrong(tuple(verdict for verdict, _ in found)))


def _search(sides: Sequence[Side], wrong: Callable[[tuple[_Answer, ...]], bool]) -> Search:
    question = _Question(sides)
    asked = 0
    for request in question.requests():
        asked += 1
        if asked > MOST_REQUESTS:
            raise _too_many()
        answers = tuple(question.decide(request, side) for side in sides)
        if wrong(answers):
            verdicts = tuple(verdict for verdict, _ in answers)
            return Search(Witness(question.told(request), verdicts), asked)
    return Search(None, asked)


class _Question:
    """What the statements of all sides tell apart.

    Along each dimension (action, resource, principal) an example is kept for every set of
    statements whose element it matches; sets are bits, one for each statement.
    """

    def __init__(self, sides: Sequence[Side]) -> None:
        policies = [policy for side in sides for policy in side]
        kinds = {policy.kind for policy in policies}
        if len(kinds) != 1:
            msg = f"policies of one kind belong to a proof, not of {len(kinds)}"
            raise ValueError(msg)
        self._kind = kinds.pop()
        unnamed = (replace(one, sid=None) for policy in policies for one in policy.statements)
        self._statements = tuple(dict.fromkeys(unnamed))
        conditions = [each for one in self._statements for each in one.conditions]
        self._spelt = {each.key.lower(): each.key for each in reversed(conditions)}
        for policy in policies:
            if uses_variables(policy):
                raise _variables(policy)

    def decide(self, request: Request, side: Side) -> _Answer:
        """Return what the policies of one side say together."""
        if self._kind in ATTACHED:
            return evaluate(request, side).verdict, False
        found = [evaluate_resource(request, policy) for policy in side]
        verdicts = {each.verdict for each in found}
        order = (Verdict.EXPLICIT_DENY, Verdict.ALLOWED)
        verdict = next((each for each in order if each in verdicts), Verdict.IMPLICIT_DENY)
        return verdict, verdict is Verdict.ALLOWED and any(each.direct for each in found)

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
        for matched, (action, resource, caller) in self._most_realistic().items():
            keys = self._keys(matched, caller)
            for given in itertools.product(*keys.values()):
                context = {key: each for key, each in zip(keys, given, strict=True) if each}
                yield _request(action, resource, caller, context)

    def _most_realistic(self) -> dict[int, tuple[str, str, Caller]]:
        """Return a request, context aside, for every set of statements that can meet in one."""
        found: dict[int, tuple[int, tuple[str, str, Caller]]] = {}
        actions, principals = self._actions(), self._callers()
        for (action, a), (resource, r) in itertools.product(actions, self._resources(actions)):
            rank = _realism(action, resource)
            for caller, c in principals:
                matched = a & r & c
                if matched not in found or found[matched][0] < rank:
                    found[matched] = (rank, (action, resource, caller))
        return {matched: triple for matched, (_, triple) in found.items()}

    def _actions(self) -> list[tuple[str, int]]:
        patterns = sorted({pattern for one in self._statements for pattern in one.actions})
        lowered = [cells.wildcard(pattern.lower()) for pattern in patterns]
        made = cells.examples(lowered, within=[forms.ACTION])
        probes = self._probes(lambda o, s: replace(o, actions=s.actions, not_actions=s.not_actions))
        texts = [*forms.known_actions(patterns), *made.values()]
        return _distinct((each, self._matched(probes, action=each)) for each in texts)

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
        found = {each: self._matched(probes, resource=each) for each in texts}
        # Two of one set of statements are kept apart where only one is realistic for an action.
        kept = {
            (bits, tuple(_is_of(each, shape) for shape in formats), each == "*"): each
            for each, bits in reversed(found.items())
        }
        return [(each, found[each]) for each in kept.values()]

    def _callers(self) -> list[tuple[Caller, int]]:
        probes = self._probes(
            lambda o, s: replace(o, principals=s.principals or o.principals, conditions=_linked(s))
        )
        found = callers(self._statements, resource_based=self._kind not in ATTACHED)
        return _distinct((each, self._matched(probes, caller=each)) for each in found)

    def _keys(self, matched: int, caller: Caller) -> dict[str, tuple[Given, ...]]:
        """Return what a request can give for each key that the statements in question test."""
        tests: dict[str, list[Condition]] = {}
        for index, statement in enumerate(self._statements):
            for condition in statement.conditions if matched >> index & 1 else ():
                key = condition.key.lower()
                if key not in LINKED and (caller.of_account or not key.startswith("aws:principal")):
                    tests.setdefault(key, []).append(condition)
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

    def _matched(
        self,
        probes: Sequence[Policy],
        *,
        action: str = "any:Thing",
        resource: str = "*",
        caller: Caller = ANYBODY,
    ) -> int:
        request = _request(action, resource, caller, {})
        return sum(
            1 << index
            for index, probe in enumerate(probes)
            if self.decide(request, (probe,))[0] is Verdict.ALLOWED
        )


def _linked(statement: Statement) -> tuple[Condition, ...]:
    return tuple(each for each in statement.conditions if each.key.lower() in LINKED)


def _request(action: str, resource: str, caller: Caller, context: Mapping[str, Given]) -> Request:
    keys = {key: (value,) for key, value in caller.keys}
    return Request(caller.name, action, resource, {**keys, **context})


_Example = TypeVar("_Example", str, Caller)


def _distinct(found: Iterable[tuple[_Example, int]]) -> list[tuple[_Example, int]]:
    """Keep the first example of each set of statements."""
    first: dict[int, _Example] = {}
    for example, matched in found:
        first.setdefault(matched, example)
    return [(example, matched) for matched, example in first.items()]


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


def _variables(policy: Policy) -> PolicyError:
    return PolicyError(
        "Policy cannot be proved",
        f"{policy.name} uses policy variables, whose values are unknown before a request comes.",
        "Write out what is meant; the templates get every value that they need.",
    )


def _too_many() -> PolicyError:
    return PolicyError(
        "Policy cannot be proved",
        f"It tells more than {MOST_REQUESTS} requests apart.",
        "Test fewer condition keys in one statement.",
    )
