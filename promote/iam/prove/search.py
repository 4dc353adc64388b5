"""Searching all requests for one that several policies decide in an unwanted way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from promote.errors import PolicyError
from promote.iam.elements import Effect, Statement
from promote.iam.evaluate import Request, Verdict
from promote.iam.prove import open_patterns
from promote.iam.prove.callers import Caller
from promote.iam.prove.question import Answer, Question, Side

MOST_REQUESTS = 500_000
"""Beyond as many requests a proof is given up."""

Wrong = Callable[[tuple[Verdict, ...]], bool]
_Wrong = Callable[[tuple[Answer, ...]], bool]


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
    a principal that is allowed itself from one that is allowed with its account, and a session or
    everyone from a role, whose boundary and session policies still limit what it is allowed.

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


def search(sides: Sequence[Side], wrong: Wrong, *, most: int = MOST_REQUESTS) -> Search:
    """Go through all requests, each standing for those that no side tells from it.

    Args:
        sides: Each the policies of one principal or resource; all policies are of one kind.
        wrong: Says of the verdicts, one for each side, whether they are what is searched for.
        most: The number of requests beyond which the search is given up.

    Raises:
        PolicyError: It cannot be decided.
        ValueError: There is no policy, or they are of several kinds.
    """
    return _search(sides, lambda found: wrong(_verdicts(found)), most)


def _search(sides: Sequence[Side], wrong: _Wrong, most: int = MOST_REQUESTS) -> Search:
    if not any(open_patterns.is_open(policy) for side in sides for policy in side):
        return _asked(Question(sides), sides, wrong, most)
    closed = open_patterns.closed(sides)
    question = Question(closed.sides, expect=partial(_expect_values, closed.needed))
    found = _asked(question, closed.sides, wrong, most)
    if found.witness is None:
        return found
    given = tuple(map(tuple, sides))
    for caller in question.everybody():
        witness = _with_values(caller, given, wrong, most)
        if witness is not None:
            return Search(witness, found.requests)
    raise _only_in_theory()


def _asked(question: Question, sides: Sequence[Side], wrong: _Wrong, most: int) -> Search:
    asked = 0
    for request in question.requests():
        asked += 1
        if asked > most:
            raise _too_many(most)
        answers = tuple(question.decide(request, side) for side in sides)
        if wrong(answers):
            return Search(Witness(question.told(request), _verdicts(answers)), asked)
    return Search(None, asked)


def _expect_values(
    needed: Mapping[str, frozenset[str]], statement: Statement, caller: Caller
) -> None:
    if statement.effect is Effect.DENY:
        open_patterns.expect_values(statement, caller, needed)


def _with_values(
    caller: Caller, sides: open_patterns.Sides, wrong: _Wrong, most: int
) -> Witness | None:
    """Search among the requests of one principal, who has a value for each variable."""
    for one in dict.fromkeys((open_patterns.named(caller, "alice"), caller)):
        asking = open_patterns.with_values(one, sides)
        question = Question(
            open_patterns.filled(sides, asking),
            among=[asking],
            shown=open_patterns.keys_in(sides),
        )
        with suppress(PolicyError):  # Undecided for this one; somebody else may show more.
            found = _asked(question, sides, wrong, most)
            if found.witness is not None:
                return found.witness
    return None


def _verdicts(answers: Iterable[Answer]) -> tuple[Verdict, ...]:
    return tuple(verdict for verdict, _ in answers)


def _too_many(most: int) -> PolicyError:
    return PolicyError(
        "Policy cannot be proved",
        f"It tells more than {most} requests apart.",
        "Test fewer condition keys in one statement.",
    )


def _only_in_theory() -> PolicyError:
    return PolicyError(
        "Policy cannot be proved",
        "Its policy variables stand in patterns that are compared with others, and no request of "
        "anybody was found that shows whether this makes a difference.",
        "Write the patterns with variables as the plan has them.",
    )
