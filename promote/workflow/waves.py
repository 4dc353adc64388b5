"""Reach the targets wave by wave: switch, verify, bake, verify again; put back what fails.

`workflow/baking.py` is the bake.

Every run verifies every target anew: what an earlier run had switched counts for nothing until it
has passed. A target that fails within `max_failures` goes back at once, and the rest goes on; with
one more, the caller puts everything back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from promote.core.observation import Observation
from promote.core.plan import Bake, Plan, Step, Switch
from promote.core.record import TargetFailed, VerificationDone
from promote.errors import PromoteError
from promote.workflow.baking import Watch
from promote.workflow.pointing import switch, switch_back
from promote.workflow.run import Run
from promote.workflow.side_by_side import side_by_side
from promote.workflow.steps import carry_out
from promote.workflow.trying import Tried, reads_it, too_many, try_out


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a promotion has come when every wave is through."""

    switched_at: datetime | None = None
    """When this run switched the last pointer, by this machine's clock; None if none had to be."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """Why, by account: the targets that failed, and name again what they named before."""
    waits: bool = False
    """Whether it stops before the last wave, as it was asked to."""


def roll_out(
    run: Run, steps: tuple[Step, ...], observation: Observation, failed: Mapping[str, str]
) -> Reached:
    """Take every target to the new version, wave by wave, and record what they all passed.

    Args:
        run: The promotion.
        steps: What is left to do, all of it.
        observation: The world as this run found and accepted it.
        failed: Targets that have failed in this run already, before their switch: why, by account.

    Raises:
        PromoteError: More than `max_failures` targets failed, or a pointer could not be written;
            everything is to be put back.
    """
    waves = _Waves(run, steps, observation, dict(failed), Watch(run))
    for number, accounts in _waves(run.plan):
        waves.reach(accounts)
        if number == run.stops_after:
            return Reached(waves.switched_at, waves.failed, waits=True)
    waves.conclude()
    return Reached(waves.switched_at, waves.failed)


def failed_before(run: Run, observation: Observation) -> frozenset[str]:
    """Return the accounts that have failed in earlier runs of this promotion."""
    begun = observation.ledger.opened(run.promotion)
    return frozenset(each.account for each in begun.failed) if begun else frozenset()


def _waves(plan: Plan) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield each wave and its accounts; what needs no switch at all is verified together."""
    if not any(isinstance(step, Switch) for step in plan.steps):
        yield 1, tuple(target.account for target in plan.targets)
        return
    for number in sorted({target.wave for target in plan.targets}):
        yield number, tuple(target.account for target in plan.targets if target.wave == number)


@dataclass(slots=True)
class _Waves:
    run: Run
    steps: tuple[Step, ...]
    observation: Observation
    failed: dict[str, str]
    watch: Watch
    passed: dict[str, float | None] = field(default_factory=dict)
    """The accuracy that was measured last, by account."""
    just_tried: Collection[str] = ()
    switched_at: datetime | None = None

    def reach(self, accounts: tuple[str, ...]) -> None:
        """Switch what is left to switch of a wave, and see that all of it works."""
        moved = tuple(
            step
            for step in self.steps
            if isinstance(step, Switch) and step.account in self._well(accounts)
        )
        carry_out(self.run, moved, self.steps, self._switch)
        if moved:
            self.switched_at = self.run.world.clock.now()
        bakes = (step for step in self.steps if isinstance(step, Bake))
        bake = next((step for step in bakes if step.accounts[0] in accounts), None)
        end = self._baked_at(bake, just_now=bool(moved)) if bake else None
        if end is None or end > self.run.world.clock.now():
            self._verify(accounts)
        if bake is not None and end is not None and self._well(bake.accounts):
            carry_out(self.run, (bake,), self.steps, lambda _bake: self.watch.bake(bake, end))
            self._verify(accounts)

    def conclude(self) -> None:
        """Record that the version passed, when every target still names it and has passed.

        After a promotion that bakes, every alarm is looked at for the last time.
        """
        targets = self.run.plan.targets
        earlier = tuple(t.account for t in targets if t.account not in self.just_tried)
        found = side_by_side(lambda each: reads_it(self.run, each), self._well(earlier))
        self._fail(tuple(each for each in found if not each.passed))
        if any(isinstance(step, Bake) for step in self.run.plan.steps):
            self.watch.settle(f"After the last wave of {self.run.environment.name}")
        if not self.failed:
            self._record(tuple(target.account for target in targets), passed=True)

    def _well(self, accounts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(each for each in accounts if each not in self.failed)

    def _switch(self, step: Step) -> str:
        assert isinstance(step, Switch)  # noqa: S101 (for the type; nothing else is in the group)
        revision = step.revision
        if step.account in failed_before(self.run, self.observation):
            revision = self.observation.pointers[self.run.target(step.account)].revision
        return switch(self.run, step, revision)

    def _baked_at(self, step: Bake, *, just_now: bool) -> datetime:
        """Return when a wave has baked.

        That counts from its pointers' own change time, so that a run that was killed does not
        begin anew; and by our clock, if this run has switched it.
        """

        def changed(account: str) -> datetime | None:
            target = self.run.target(account)
            now = self.run.pointer(target).current(target, role=target.reader_role)
            return now.changed_at if now else None

        found = side_by_side(changed, self._well(step.accounts))
        moments = [at for at in (*found, self.switched_at if just_now else None) if at is not None]
        latest = max(moments, default=self.run.world.clock.now())
        return latest + timedelta(seconds=step.seconds)

    def _verify(self, accounts: tuple[str, ...]) -> None:
        """Use the version in each target of a wave as its applications would."""
        well = self._well(accounts)
        tried = side_by_side(
            lambda each: try_out(self.run, each), well, cancelled=self.run.cancelled
        )
        self.just_tried = well
        self.passed |= {each.account: each.accuracy for each in tried}
        self._fail(tuple(each for each in tried if not each.passed))

    def _fail(self, tried: tuple[Tried, ...]) -> None:
        """Put failed targets back, unless there are too many of them for that.

        Raises:
            PromoteError: More than `max_failures` targets of this promotion have failed.
        """
        if not tried:
            return
        self._record(tuple(each.account for each in tried), passed=False)
        count = {*failed_before(self.run, self.observation), *self.failed}
        count |= {each.account for each in tried}
        if len(count) > self.run.plan.max_failures:
            raise too_many(self.run.plan, tried, len(count))
        for each in tried:
            self._record_failure(each)
        self._put_back([each.account for each in tried])

    def _record_failure(self, tried: Tried) -> None:
        self.failed[tried.account] = tried.reason
        at, promotion = self.run.world.clock.now(), self.run.promotion
        self.run.record(
            TargetFailed(at=at, promotion=promotion, account=tried.account, reason=tried.reason)
        )
        where = f"{self.run.environment.name}/{tried.account}"
        self.run.warn(f"{where} failed its verification: {tried.reason}. Its pointer goes back.")

    def _put_back(self, accounts: list[str]) -> None:
        """Let the pointers of failed targets go back; one that fails keeps none from going."""

        def attempt(step: Switch) -> PromoteError | None:
            try:
                switch_back(self.run, step)
            except PromoteError as error:
                return error
            return None

        steps = [s for s in self.run.plan.steps if isinstance(s, Switch) and s.account in accounts]
        for error in side_by_side(attempt, steps):
            if error is not None:
                raise error

    def _record(self, accounts: tuple[str, ...], *, passed: bool) -> None:
        measured = [self.passed.get(each) for each in accounts]
        self.run.record(
            VerificationDone(
                at=self.run.world.clock.now(),
                by=self.run.caller.arn,
                version=self.run.plan.request.version,
                environment=self.run.environment.name,
                passed=passed,
                accounts=accounts,
                accuracy=min((each for each in measured if each is not None), default=None),
                promotion=self.run.promotion,
            )
        )
