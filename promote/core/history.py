"""Which version a rollback goes back to: chosen from the history of an environment's pointers.

Pure. By default it is what every pointer named last before what it names now, versions aside that
are known to be no way back: failed, gone, and, further back, rolled back from or put back.

Where the last thing that happened was to go back, it stays: the same command again changes nothing,
whoever runs it (P3). To go further back, one names the version.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from promote.arn import parse_version_arn, short_version
from promote.core.observation import Observation, PointerState, PointerValue
from promote.core.plan import Plan, Switch
from promote.core.record import Unfinished
from promote.core.topology import Target
from promote.core.version import Status
from promote.errors import NotFoundError, RefusedError


@dataclass(frozen=True, slots=True)
class Choice:
    """The version to go back to, and which later ones were passed over."""

    version: str
    """Its ARN."""
    passed_over: Mapping[str, str]
    """Why, by what a pointer named: mostly an ARN."""
    is_back: bool
    """Whether every pointer names it already."""


@dataclass(frozen=True)
class History:
    """What the pointers of one environment have named."""

    model: str
    environment: str
    pointers: Mapping[Target, PointerState]
    """Those of this environment alone."""
    observation: Observation

    def choose(self) -> Choice:
        """Choose the version before.

        Raises:
            NotFoundError: There is none.
            RefusedError: The targets do not agree on one.
        """
        found = {target: self._last_good(state) for target, state in self.pointers.items()}
        chosen = set(found.values()) - {None}
        named = {state.value for state in self.pointers.values()}
        if len(named) == 1:  # where some were put back to what the others never left, it stays
            chosen = (chosen & named) or chosen
        if len(chosen) > 1:
            raise self._disagreement(found)
        if not chosen:
            raise self._nothing()
        version = chosen.pop()
        assert version is not None  # noqa: S101 (for the type)
        is_back = all(state.value == version for state in self.pointers.values())
        return Choice(version, self._passed_over(version), is_back)

    def expect(self, version: str) -> str:
        """Return a version (ARN) that was asked for by name, if a pointer ever named it.

        Raises:
            RefusedError: None did.
        """
        if version in self.values:
            return version
        known = ", ".join(short_version(each) for each in self.values) or "nothing"
        name = short_version(version)
        raise RefusedError(
            "Nothing to go back to",
            f"No pointer of {self.environment} ever named {name}; they named {known}. A rollback "
            "is judged by no gate, so it only goes where the environment has been.",
            f"To promote it:\n    promote release {self.model} {name} --to {self.environment}",
        )

    def doubts(self, version: str) -> str:
        """Return why a version (ARN) is no way back unless it is asked for by name; or nothing."""
        return "; ".join(self._reasons(version))

    @cached_property
    def values(self) -> tuple[str, ...]:
        """Everything that any of the pointers named or names, each once, newest first."""
        entries = (entry for state in self.pointers.values() for entry in state.history)
        newest = sorted(entries, key=lambda entry: (entry.changed_at, entry.revision), reverse=True)
        return tuple(dict.fromkeys(entry.value for entry in newest))

    def _last_good(self, state: PointerState) -> str | None:
        left = (state.before or "", self.environment)
        if left in self.observation.ledger.held or left in self.observation.ledger.put_back:
            return state.value
        others = (entry.value for entry in reversed(state.history) if entry.value != state.value)
        return next((value for value in others if value not in self._barred), None)

    @cached_property
    def _barred(self) -> Mapping[str, str]:
        """Why a value is no way back unless it is asked for by name."""
        found = {value: next(self._reasons(value), "") for value in self.values}
        return {value: why for value, why in found.items() if why}

    def _reasons(self, value: str) -> Iterator[str]:
        ledger, place = self.observation.ledger, (value, self.environment)
        version = self.observation.version(value)
        if parse_version_arn(value) is None:
            yield "it is not the ARN of a version"
        elif version is None:
            yield f"{self.model} does not have it (any more)"
        elif not version.status.usable or version.status is Status.UNKNOWN:
            yield f"it is {version.status.value}"
        if place in ledger.held:
            yield f"it was rolled back from at {ledger.held[place].at:%Y-%m-%dT%H:%M:%SZ}"
        if place in ledger.put_back:
            yield f"its last promotion to {self.environment} was put back"
        verified = ledger.verification(*place)
        if verified is not None and not verified.passed:
            yield f"its last verification in {self.environment} failed"

    def _passed_over(self, chosen: str) -> Mapping[str, str]:
        """Return what was named after the chosen version, and is barred."""
        found: dict[str, str] = {}
        for state in self.pointers.values():
            later = itertools.takewhile(
                lambda entry: entry.value != chosen, reversed(_without_present(state))
            )
            named = (entry.value for entry in later if entry.value != state.value)
            found |= {value: self._barred[value] for value in named if value in self._barred}
        return found

    def _disagreement(self, found: Mapping[Target, str | None]) -> RefusedError:
        lines = [
            f"  {target}  {'nothing' if value is None else short_version(value)}"
            for target, value in found.items()
        ]
        return RefusedError(
            "The targets do not agree on the version before",
            "What their pointers named last before what they name now:\n" + "\n".join(lines),
            f"Say which one all of them are to use:\n    promote rollback {self.model} VERSION "
            f"--environment {self.environment}",
        )

    def _nothing(self) -> NotFoundError:
        lines = [f"  {short_version(value)}: {why}" for value, why in self._barred.items()]
        said = "What they named before is no way back:\n" + "\n".join(lines) if lines else ""
        return NotFoundError(
            "Nothing to go back to",
            f"The pointers of {self.environment} never named another version that it could go back "
            f"to. {said}".strip(),
            "To go back to one of these all the same, or to promote another one:\n"
            f"    promote rollback {self.model} VERSION --environment {self.environment}\n"
            f"    promote release {self.model} VERSION --to {self.environment}",
        )


def history_of(observation: Observation, environment: str) -> History:
    """Return what the pointers of one environment have named."""
    pointers = {t: s for t, s in observation.pointers.items() if t.environment == environment}
    return History(observation.model, environment, pointers, observation)


def came_from(plan: Plan) -> frozenset[str | None]:
    """Return what the targets of a plan named before the promotion began; None for nothing."""
    undone = {step.account: step.undo for step in plan.steps if isinstance(step, Switch)}
    named = {undone.get(target.account, target.before) for target in plan.targets}
    return frozenset(named - {plan.request.version})


def is_undone_by_abort(begun: Unfinished, version: str | None) -> bool:
    """Say whether to go back means to put an unfinished promotion to that environment back.

    Args:
        begun: It.
        version: Where to go back to, by name or ARN; None is wherever it came from.
    """
    if begun.plan.request.rollback:
        return False
    before = came_from(begun.plan)
    names = {name for each in before if each for name in (each, short_version(each))}
    return version is None or (len(before) == 1 and version in names)


def _without_present(state: PointerState) -> tuple[PointerValue, ...]:
    """Return the history of a pointer up to where it took its present value."""
    count = len(state.history)
    while count and state.history[count - 1].value == state.value:
        count -= 1
    return state.history[:count]
