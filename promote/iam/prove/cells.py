"""Finding one example of every way in which texts can match a set of patterns.

Whether a text matches each of n patterns is one of finitely many answers, and two texts with the
same answers are treated alike by every policy made of those patterns. `examples` runs all patterns
together as one automaton, breadth first, and keeps a shortest text for every answer that is
possible at all. So asking a question of the examples asks it of all texts.

States are bit sets, one bit for each position of each pattern. Only characters that some active
position tells apart are followed, which keeps the automaton of many long literals a tree.
"""

from __future__ import annotations

import re
import string
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from promote.arn import parse_arn
from promote.errors import PolicyError

MOST_STATES = 100_000
"""Beyond as many states a search is given up: what cannot be decided is refused."""

_MOST_GROUPS = 1_024

# Preferred first, so that examples are readable. The last one is in no policy, whose characters end
# at U+00FF: however many of the others patterns name, it stands for all that they do not.
_UNIVERSE = string.digits + string.ascii_letters + "-._/:" + string.punctuation + " é\u0101"
# The only characters beyond Latin-1 whose lower case is in it: Kelvin sign, Angstrom sign, the
# capital sharp s. (Y with diaeresis is `upper` of its small letter.)
_FOLDED = {"k": "\u212a", "å": "\u212b", "ß": "\u1e9e"}
_LATIN_1 = 0x100
_UNIT = re.compile(r"\$\{[*?$]\}|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Step:
    """One position of a pattern.

    Attributes:
        chars: The characters that it takes; None: any that is not in `but`.
        but: The characters that it does not take, when `chars` is None.
        repeat: Whether it takes any number of them, also none.
    """

    chars: frozenset[str] | None
    but: frozenset[str] = frozenset()
    repeat: bool = False

    def takes(self, char: str) -> bool:
        """Say whether it takes a character."""
        return char not in self.but if self.chars is None else char in self.chars


Pattern = tuple[Step, ...]

_COLON = frozenset(":")


def literal(text: str) -> Pattern:
    """Return the pattern of exactly this text."""
    return tuple(Step(frozenset(char)) for char in text)


def wildcard(text: str, *, but: frozenset[str] = frozenset()) -> Pattern:
    """Return the pattern of a text with ``*`` and ``?``, which do not stand for those in `but`.

    ``${*}``, ``${?}`` and ``${$}`` stand for the characters themselves.
    """
    return tuple(
        Step(frozenset(unit[2])) if len(unit) > 1 else _wild(unit, but)
        for unit in _UNIT.findall(text)
    )


def _wild(char: str, but: frozenset[str]) -> Step:
    if char in "*?":
        return Step(None, but, repeat=char == "*")
    return Step(frozenset(char))


def ignoring_case(text: str) -> Pattern:
    """Return the pattern of a text in any letter case.

    Raises:
        PolicyError: It has characters beyond Latin-1, which IAM refuses in a policy, and whose
            letter case can depend on those beside them.
    """
    if any(ord(char) >= _LATIN_1 for char in text):
        raise PolicyError(
            "Policy cannot be proved",
            f"It compares with {text!r} whatever the letter case, beyond Latin-1.",
            "Compare with characters that IAM accepts in a policy.",
        )
    return tuple(Step(_cases(char)) for char in text)


def _cases(char: str) -> frozenset[str]:
    low = char.lower()
    found = {char, low, char.upper(), _FOLDED.get(low, low)}
    return frozenset(each for each in found if len(each) == 1 and each.lower() == low)


def arn_like(text: str) -> Pattern:
    """Return the pattern of an ARN operator: wildcards stay inside the first five parts."""
    arn = parse_arn(text)
    bounded = (arn.partition, arn.service, arn.region, arn.account)
    head = [step for part in bounded for step in (*wildcard(part, but=_COLON), *literal(":"))]
    return (*literal("arn:"), *head, *wildcard(arn.resource))


def some(chars: str, count: int | None = None) -> Pattern:
    """Return the pattern of `count` of some characters, or of one and more of them."""
    of = frozenset(chars)
    if count is not None:
        return (Step(of),) * count
    return (Step(of), Step(of, repeat=True))


def examples(
    patterns: Sequence[Pattern], *, within: Sequence[Pattern] = (), most: int = MOST_STATES
) -> dict[frozenset[int], str]:
    """Return a shortest text for every possible set of patterns that a text can match at once.

    Args:
        patterns: The patterns to tell apart.
        within: If there are any, only texts that match one of these count.
        most: The number of states beyond which the search is given up.

    Returns:
        By the indices of the matched patterns; no text is empty unless only the empty one will do.

    Raises:
        PolicyError: There are too many combinations to go through.
    """
    automaton = _Automaton((*patterns, *within))
    found: dict[frozenset[int], str] = {}
    for text, matched in automaton.texts(most):
        own = frozenset(index for index in matched if index < len(patterns))
        fits = not within or len(own) < len(matched)
        if fits and not found.get(own):
            found[own] = text
    return found


def matches(pattern: Pattern, text: str) -> bool:
    """Say whether a text matches a pattern."""
    return _Automaton([pattern]).accepts(text)


class _Automaton:
    """All patterns side by side; position n of a pattern of n steps is its end."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._steps: list[Step | None] = []
        self._ends: dict[int, int] = {}
        self._start = self._repeats = 0
        for index, pattern in enumerate(patterns):
            self._start |= 1 << len(self._steps)
            for step in pattern:
                self._repeats |= int(step.repeat) << len(self._steps)
                self._steps.append(step)
            self._ends[len(self._steps)] = index
            self._steps.append(None)

    def texts(self, most: int) -> Iterable[tuple[str, frozenset[int]]]:
        """Yield a shortest text for every state, with the patterns that it matches."""
        start = self._closed(self._start)
        queue = deque([("", start)])
        seen = {start}
        while queue:
            text, state = queue.popleft()
            active = _bits(state)
            yield text, frozenset(self._ends[each] for each in active if each in self._ends)
            if not text:
                seen.discard(start)  # A non-empty text may come back to where the empty one is.
            for char, after in self._moves(active):
                if after not in seen:
                    seen.add(after)
                    queue.append((text + char, after))
            if len(seen) > most:
                raise _overflow(most)

    def accepts(self, text: str) -> bool:
        """Say whether a text matches any pattern."""
        state = self._closed(self._start)
        for char in text:
            state = self._after(char, state)
        return any(each in self._ends for each in _bits(state))

    def _after(self, char: str, state: int) -> int:
        after = 0
        for each in _bits(state):
            step = self._steps[each]
            if step is not None and step.takes(char):
                after |= 1 << (each if step.repeat else each + 1)
        return self._closed(after)

    def _moves(self, active: list[int]) -> Iterable[tuple[str, int]]:
        """Yield each character that the active positions tell apart, with the state after it."""
        steps = [(each, step) for each in active if (step := self._steps[each]) is not None]
        exact = {c for _, step in steps if step.chars and len(step.chars) == 1 for c in step.chars}
        broad = frozenset(s for _, s in steps if s.chars is None or len(s.chars) > 1)
        for char in (*sorted(exact), *_others(broad, exact)):
            after = 0
            for each, step in steps:
                if step.takes(char):
                    after |= 1 << (each if step.repeat else each + 1)
            yield char, self._closed(after)

    def _closed(self, state: int) -> int:
        """Add the positions reached by repeating a step no time."""
        while True:
            after = state | ((state & self._repeats) << 1)
            if after == state:
                return state
            state = after


def _others(broad: frozenset[Step], exact: set[str]) -> Iterable[str]:
    """Yield one character for every way in which the broad steps can take one."""
    for chars in _alike(broad):
        char = next((each for each in chars if each not in exact), None)
        if char is not None:
            yield char


@lru_cache(_MOST_GROUPS)
def _alike(broad: frozenset[Step]) -> tuple[tuple[str, ...], ...]:
    """Group the characters that these steps do not tell apart; there are few such sets of steps."""
    kinds: dict[tuple[bool, ...], list[str]] = {}
    order = tuple(broad)
    for char in (*_UNIVERSE, *sorted(_listed(broad) - set(_UNIVERSE))):
        kinds.setdefault(tuple(step.takes(char) for step in order), []).append(char)
    return tuple(map(tuple, kinds.values()))


def _listed(steps: Iterable[Step]) -> set[str]:
    return {char for step in steps for char in (step.chars or step.but)}


def _bits(state: int) -> list[int]:
    found = []
    while state:
        low = state & -state
        found.append(low.bit_length() - 1)
        state ^= low
    return found


def _overflow(most: int) -> PolicyError:
    return PolicyError(
        "Policy cannot be proved",
        f"Its patterns combine in more than {most} ways.",
        "Use fewer patterns with wildcards in the middle.",
    )
