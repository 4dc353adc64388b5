"""Bake a wave: leave it alone, and watch the alarms of its environment while it is.

An alarm that rings at any look puts the whole promotion back. One that cannot tell (no data, no
such alarm, no answer) has until the end of the bake; then the promotion stands where it is until
somebody resumes or aborts it. Every run looks at least once after a wave has baked, also one that
finds the bake long over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from promote.core import asked
from promote.core.gates import Verdict
from promote.core.gates.alarm import Alarm, alarm
from promote.core.plan import Bake
from promote.errors import (
    CredentialsError,
    FailedError,
    InterruptedBySignalError,
    LockedError,
    NeedsAttentionError,
    PromoteError,
    TryAgainError,
)
from promote.workflow.retire import wait_until
from promote.workflow.run import Run
from promote.workflow.side_by_side import side_by_side

_ENDS_THE_RUN = (CredentialsError, InterruptedBySignalError, LockedError, NeedsAttentionError)
_NAMED = 3
"""So many quiet alarms are named; more are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What one look found out about one alarm."""

    alarm: Alarm
    state: str | None = None
    """None is an alarm that does not exist, or that could not be read."""
    why: str = ""
    """Why it could not be read."""

    @property
    def verdict(self) -> Verdict:
        return Verdict.INCONCLUSIVE if self.why else alarm({self.alarm: self.state}).verdict

    @property
    def short(self) -> str:
        return "unreadable" if self.why else self.state or "missing"

    def __str__(self) -> str:
        if self.why:
            return f"{self.alarm} could not be read: {self.why}"
        return alarm({self.alarm: self.state}).measured


@dataclass(slots=True)
class Watch:
    """The alarms that a promotion watches, and what it has told of them."""

    run: Run
    told: dict[Alarm, str] = field(default_factory=dict)

    def bake(self, step: Bake, end: datetime) -> str:
        """Leave a wave alone until `end`, with an eye on the alarms.

        Raises:
            FailedError: An alarm rings: everything is to be put back.
            TryAgainError: The bake is over, and an alarm cannot tell.
        """
        where = f"wave {step.wave} of {step.environment}"
        when = f"In the bake of {where}"
        wait_until(self.run, end, f"{where} to bake", look=lambda: _told(self._quiet_so_far(when)))
        seen = self.settle(f"After the bake of {where}")
        return "; ".join(filter(None, ("left alone long enough", seen)))

    def settle(self, when: str) -> str:
        """Hold that every alarm is OK, and tell so; empty when none is asked about.

        Args:
            when: What has been going on, to begin an error's text.

        Raises:
            FailedError: An alarm rings: everything is to be put back.
            TryAgainError: An alarm cannot tell.
        """
        if self._lifted:
            return "the gate alarm is lifted"
        seen = self._quiet_so_far(when)
        unclear = [each for each in seen if each.verdict is not Verdict.PASS]
        if unclear:
            raise self._inconclusive(unclear, when)
        return _told(seen)

    def _quiet_so_far(self, when: str) -> tuple[_Seen, ...]:
        """Look once at all of them."""
        if self._lifted:
            return ()
        seen = tuple(self._look())
        for each in seen:
            self._tell(each)
        ringing = [each for each in seen if each.verdict is Verdict.FAIL]
        if ringing:
            raise self._rang(ringing, when)
        return seen

    @property
    def _lifted(self) -> bool:
        now, asked_for = self.run.world.clock.now(), self.run.environment.gates.alarms
        overrides = self.run.plan.request.overrides
        valid = any(each.gate == "alarm" and now < each.expires for each in overrides)
        return bool(asked_for) and valid

    def _look(self) -> Iterator[_Seen]:
        """Read the state of every alarm, the accounts side by side."""
        readers = self.run.topology.alarms(self.run.model, self.run.environment)
        roles = tuple(dict.fromkeys(readers.values()))

        def read(role: str | None) -> Mapping[str, str] | str:
            names = [each.name for each, its in readers.items() if its == role]
            try:
                return self.run.world.alarms.states(names, role=role)
            except _ENDS_THE_RUN:
                raise
            except PromoteError as error:
                return " ".join(f"{error.summary}: {error.detail}".split()).rstrip(".")

        found = dict(zip(roles, side_by_side(read, roles), strict=True))
        for each, role in readers.items():
            answer = found[role]
            if isinstance(answer, str):
                yield _Seen(alarm=each, why=answer)
            else:
                yield _Seen(alarm=each, state=answer.get(each.name))

    def _tell(self, seen: _Seen) -> None:
        """Warn of an alarm that is not what it was before, or OK."""
        before = self.told.get(seen.alarm, "OK")
        self.told[seen.alarm] = seen.short
        if seen.short != before:
            self.run.warn(f"{seen} (before: {before}).")

    def _rang(self, seen: list[_Seen], when: str) -> FailedError:
        return FailedError(
            "An alarm rang",
            f"{when}:\n{_lines(seen)}",
            "Find out what made it ring. To promote the version again after that:\n"
            f"    {asked.once_more(self.run.plan.request)}",
        )

    def _inconclusive(self, seen: list[_Seen], when: str) -> TryAgainError:
        model = self.run.plan.request.model
        return TryAgainError(
            "An alarm cannot tell",
            f"{when}:\n{_lines(seen)}\nNothing was put back, and nothing more was switched.",
            "Mend the alarm, or wait until it has data; `resume` looks again at once. To put every "
            f"target back instead:\n    promote abort {model}",
        )


def _lines(seen: list[_Seen]) -> str:
    return "\n".join(f"  {each}; required: OK" for each in seen)


def _told(seen: tuple[_Seen, ...]) -> str:
    """Tell what was seen, shortly: who is not OK by name."""
    loud = [each for each in seen if each.verdict is not Verdict.PASS]
    if loud:
        return ", ".join(f"{each.alarm} {each.short}" for each in loud)
    if len(seen) > _NAMED:
        return f"{len(seen)} alarms OK"
    return ", ".join(f"{each.alarm} OK" for each in seen)
