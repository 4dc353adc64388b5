"""The library: `load`, a `Promoter` with a session of its own, and typed events."""

from __future__ import annotations

from datetime import timedelta

import pytest

from promote import FailedError, Promoter, StalePlanError, load
from promote.core import planfile
from promote.core.events import Event, SmokeTested, StepDone, Warned
from promote.core.result import Outcome
from promote.sandbox.seed import QA
from tests.functional.promotion_stage import CONFIG, V2, V3, Stage


@pytest.fixture(autouse=True)
def _world(stage: Stage) -> None:
    stage.set_up()


class TestAPromoter:
    def test_plans_and_applies_and_tells_every_step(self, stage: Stage) -> None:
        events: list[Event] = []
        topology = load(stage.directory / "promote.yaml")
        promoter = Promoter(topology, session=stage.session, on_event=events.append)
        plan = promoter.plan("tools", "v2", to="qa", reason="sharper images")
        assert planfile.decode(planfile.encode(plan)) == plan
        result = promoter.apply(plan)
        assert (result.result, result.version, result.left) == (Outcome.PROMOTED, V2, ())
        steps = [event.step.step for event in events if isinstance(event, StepDone)]
        assert steps == ["start", "grant", "prove", "switch", "drain", "revoke"]
        assert promoter.apply(plan).result is Outcome.UNCHANGED
        assert promoter.plan("tools", "v2", to="qa").changes == 0
        assert promoter.verify("tools", environment="qa").passed
        assert promoter.status("tools")[0].unfinished is None

    def test_goes_on_when_a_listener_fails(
        self, stage: Stage, caplog: pytest.LogCaptureFixture
    ) -> None:
        def listen(event: Event) -> None:
            raise ZeroDivisionError(event)

        topology = load(stage.directory / "promote.yaml")
        promoter = Promoter(topology, session=stage.session, on_event=listen)
        assert promoter.apply(promoter.plan("tools", "v2", to="qa")).result is Outcome.PROMOTED
        assert "An event listener failed on StepDone" in caplog.text

    def test_raises_what_failed_and_can_try_the_same_again(self, stage: Stage) -> None:
        events: list[Event] = []
        topology = load(stage.directory / "promote.yaml")
        promoter = Promoter(topology, session=stage.session, on_event=events.append)
        plan = promoter.plan("tools", V3, to="qa")
        with pytest.raises(FailedError, match="The smoke test failed"):
            promoter.apply(plan)
        (tested,) = [event for event in events if isinstance(event, SmokeTested)]
        assert tested.accuracy < tested.required
        assert len(tested.wrong) == tested.images - tested.correct
        with pytest.raises(StalePlanError):
            promoter.apply(plan)
        with pytest.raises(FailedError, match="The smoke test failed"):
            promoter.apply(promoter.plan("tools", V3, to="qa"))
        assert not [event for event in events if isinstance(event, Warned)]

    def test_says_what_is_left_when_the_drain_is_longer_than_the_caller_waits(
        self, stage: Stage
    ) -> None:
        (stage.directory / "promote.yaml").write_text(CONFIG.replace("drain: 0s", "drain: 2s"))
        topology = load(stage.directory / "promote.yaml")
        promoter = Promoter(topology, session=stage.session)
        result = promoter.apply(promoter.plan("tools", "v2", to="qa"), wait=timedelta(0))
        assert [left.step for left in result.left] == ["revoke"]
        assert stage.snapshot().granted("tools-qa") == {"v1", "v2"}
        assert stage.pointer(QA) == V2
        finished = promoter.apply(promoter.plan("tools", "v2", to="qa"))
        assert finished.left == ()
        assert stage.snapshot().granted("tools-qa") == {"v2"}
