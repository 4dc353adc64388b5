"""Whatever is done in whatever order: no application notices, and in the end it can be mended."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from time import perf_counter

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from promote.arn import short_version
from promote.core.grants import exact_versions
from promote.core.plan import Plan
from promote.core.version import Status
from promote.errors import LostResponseError, PromoteError, ThrottledError
from tests.builders import a_grant, a_topology, a_trained_version, version_arn
from tests.fake_world import CrashError, FakeWorld
from tests.workflow.promoting import LONG, Promoting

LEASE_OVER = 200.0  # seconds
STRANGER = version_arn("v9")
versions = st.sampled_from(["v1", "v2", "v3"])
environments = st.sampled_from(["qa", "prod"])
waits = st.sampled_from([timedelta(0), timedelta(minutes=1), LONG])
calls = st.integers(min_value=1, max_value=20)


class Operations(RuleBasedStateMachine):
    """People who promote, roll back, apply old plans, are killed, abort, resume, edit by hand."""

    @initialize(first=st.booleans(), seed=st.integers(0, 9))
    def begin(self, *, first: bool, seed: int) -> None:
        random.seed(seed)
        topology = a_topology()
        quotas = replace(topology.ml.quotas, running=3)  # each version may be named somewhere
        topology = replace(topology, ml=replace(topology.ml, quotas=quotas))
        self.fake = FakeWorld(topology, live=None if first else "v1")
        if first:
            self.fake.become("v1", Status.STOPPED)
        self.fake.versions[version_arn("v3")] = a_trained_version("v3")
        self.saved: Plan | None = None

    def attempt(self, work: Callable[[Promoting], object]) -> bool:
        """Do something that may be refused, fail or be killed; say whether it went through."""
        try:
            work(Promoting(self.fake))
        except CrashError:
            self.fake.revive(seconds=LEASE_OVER)
            return False
        except PromoteError:
            return False
        finally:
            self.fake.revive()
        return True

    @rule(version=versions, to=environments, wait=waits)
    def release(self, version: str, to: str, wait: timedelta) -> None:
        self.attempt(lambda promoter: promoter.release(version, to=to, wait=wait))

    @rule(version=versions, to=environments, nth=calls, after=st.booleans())
    def release_and_be_killed(self, version: str, to: str, nth: int, *, after: bool) -> None:
        self.fake.crash("!", nth=nth, after=after)
        self.attempt(lambda promoter: promoter.release(version, to=to))

    @rule(version=versions, to=environments, nth=calls, after=st.booleans(), lost=st.booleans())
    def release_without_an_answer(
        self, version: str, to: str, nth: int, *, after: bool, lost: bool
    ) -> None:
        error = LostResponseError("No answer") if lost else ThrottledError("Slow down")
        for operation in ("pointer.write", "model.start", "model.invoke"):
            self.fake.fail(operation, error, nth=1 + nth // 4, after=after and lost)
        self.attempt(lambda promoter: promoter.release(version, to=to))

    @rule(version=versions, to=environments)
    def release_what_turns_bad(self, version: str, to: str) -> None:
        arn = version_arn(version)
        for operation in ("pointer.write", "pointer.create"):
            self.fake.at(operation, lambda: self.fake.poor.add(arn), after=True)
        self.attempt(lambda promoter: promoter.release(version, to=to))
        self.fake.poor.clear()

    @rule(version=versions, to=environments)
    def plan(self, version: str, to: str) -> None:
        def make(promoter: Promoting) -> None:
            self.saved = promoter.make(version, to=to)

        self.attempt(make)

    @precondition(lambda self: self.saved is not None)
    @rule(wait=waits)
    def apply(self, wait: timedelta) -> None:
        saved = self.saved
        assert saved is not None
        self.attempt(lambda promoter: promoter.apply(saved, wait=wait))

    @rule(wait=waits)
    def resume(self, wait: timedelta) -> None:
        self.attempt(lambda promoter: promoter.resume("tools", wait=wait))

    @rule(nth=calls)
    def abort_and_be_killed(self, nth: int) -> None:
        self.fake.crash("!", nth=nth)
        self.attempt(lambda promoter: promoter.abort("tools"))

    @rule()
    def abort(self) -> None:
        self.attempt(lambda promoter: promoter.abort("tools"))

    @rule(of=environments, version=st.none() | versions, wait=waits)
    def go_back(self, of: str, version: str | None, wait: timedelta) -> None:
        self.attempt(lambda promoter: promoter.rollback(version, of=of, wait=wait))

    @rule(of=environments, version=st.none() | versions, nth=calls, after=st.booleans())
    def go_back_and_be_killed(self, of: str, version: str | None, nth: int, *, after: bool) -> None:
        self.fake.crash("!", nth=nth, after=after)
        self.attempt(lambda promoter: promoter.rollback(version, of=of))

    @rule(seconds=st.sampled_from([10.0, 40.0, 400.0]))
    def wait(self, seconds: float) -> None:
        self.fake.pass_time(seconds)

    @rule(number=st.integers(0, 1))
    def edit_a_role_by_hand(self, number: int) -> None:
        role = sorted(self.fake.roles)[number]
        self.write(role, exact_versions(self.fake.document(role)) | {STRANGER})

    def write(self, role: str, allowed: frozenset[str]) -> None:
        names = [short_version(each) for each in sorted(allowed)]
        self.fake.write_policy(role, a_grant(*names) if names else None)

    @invariant()
    def no_application_notices(self) -> None:
        if hasattr(self, "fake"):
            assert not self.fake.breaches

    def teardown(self) -> None:
        """Mend what was edited by hand, finish what is unfinished, and promote v2 to the end."""
        if not hasattr(self, "fake"):
            return
        self.fake.pass_time(400)
        for role in self.fake.roles:
            found = exact_versions(self.fake.document(role))
            if STRANGER in found:
                self.write(role, found - {STRANGER})
        for _ in self.until_nothing_is_unfinished():
            self.attempt(lambda promoter: promoter.resume("tools", wait=LONG))
        assert self.fake.ledger().unfinished is None
        for to in ("qa", "prod"):
            promoter = Promoting(self.fake)
            promoter.apply(promoter.plan("tools", "v2", to=to, reason="mended"), wait=LONG)
        self.hold_the_end()

    def until_nothing_is_unfinished(self) -> Iterator[int]:
        for turn in range(6):
            if self.fake.ledger().unfinished is None:
                return
            yield turn
        with contextlib.suppress(PromoteError):
            Promoting(self.fake).abort("tools")

    def hold_the_end(self) -> None:
        end, arn = self.fake.end_state(), version_arn("v2")
        assert not self.fake.breaches
        assert {self.fake.pointer(target).value for target in self.fake.targets} == {arn}
        assert {exact_versions(self.fake.document(role)) for role in self.fake.roles} == {
            frozenset({arn})
        }
        running = [each.name for each in self.fake.versions.values() if each.status.occupies_slot]
        assert running == ["v2"]
        assert not end["lock"]
        claims = end["claims"]
        assert isinstance(claims, dict)
        assert set(claims) <= {arn}


def sized(walks: int) -> settings:
    """Return how many walks of a dozen steps are taken, the same ones every time."""
    return settings(
        max_examples=walks,
        stateful_step_count=12,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )


def report(*, walks: int = 150) -> list[dict[str, object]]:
    """Take random walks through the operations; one row, for a table."""
    began = perf_counter()
    run_state_machine_as_test(Operations, settings=sized(walks))
    seconds = round(perf_counter() - began, 2)
    return [{"scenario": "random operations", "walks": walks, "seconds": seconds, "breach": ""}]
