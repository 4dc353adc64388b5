"""Whoever begins, continues, turns back, ends or retires something is on record, and where."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from promote.core.acts import Act
from promote.core.codec import to_json
from promote.core.gates.approval import person
from promote.core.plan import Plan
from promote.core.record import (
    AccessChanged,
    ClaimClosed,
    ClaimOpened,
    PromotionEnded,
    PromotionResumed,
    PromotionStarted,
    Record,
    RevocationStarted,
    RollbackStarted,
)
from promote.core.result import Outcome
from promote.errors import AccessDeniedError, PromoteError
from promote.report import text
from promote.workflow.journal import Journal
from tests.builders import a_trained_version, version_arn
from tests.fake_world import CrashError, FakeWorld
from tests.workflow.promoting import Promoting
from tests.workflow.test_approvals import ALICE, BOB, CAROL, by

ALICES, BOBS, CAROLS = "execution-1", "execution-2", "execution-3"


def in_pipeline(fake: FakeWorld, caller: object, execution: str) -> Promoting:
    promoter = by(fake, caller)  # type: ignore[arg-type]
    promoter.execution = execution
    return promoter


def begun(fake: FakeWorld, *, switched: bool = False) -> Plan:
    """Let Alice begin a promotion whose process ends right before or after the switch."""
    promoter = in_pipeline(fake, ALICE, ALICES)
    plan = promoter.make()
    fake.crash("pointer.write", after=switched)
    with pytest.raises(CrashError):
        promoter.apply(plan)
    fake.revive(seconds=300)
    return plan


def _of_the_lock(name: str) -> bool:
    return name in {"tools/lock.json", "tools/yield.json"}


def acts(fake: FakeWorld) -> list[tuple[str, str | None, str | None]]:
    promoter = Promoting(fake)
    (started, *_) = [e for e in promoter.history("tools") if isinstance(e, PromotionStarted)]
    found = promoter.promotion("tools", started.promotion).acts
    return [(each.act, each.by, each.execution) for each in found]


def of_kind(fake: FakeWorld, *kinds: type[Record]) -> list[Record]:
    return [each for each in fake.records() if isinstance(each, kinds)]


class TestAResumedRun:
    def test_says_who_it_is_before_its_first_write(self, fake: FakeWorld) -> None:
        begun(fake)
        fake.calls.clear()
        in_pipeline(fake, BOB, BOBS).resume("tools")
        (resumed,) = of_kind(fake, PromotionResumed)
        assert isinstance(resumed, PromotionResumed)
        assert (resumed.by, resumed.execution) == (BOB.arn, BOBS)
        writes = [call for call in fake.calls if call.writes and not _of_the_lock(call.resource)]
        assert "records/" in writes[0].resource
        assert acts(fake) == [
            ("begun", ALICE.arn, ALICES),
            ("resumed", BOB.arn, BOBS),
            ("ended", BOB.arn, BOBS),
        ]

    def test_by_the_same_plan_says_so_too(self, fake: FakeWorld) -> None:
        plan = begun(fake)
        in_pipeline(fake, CAROL, CAROLS).apply(plan)
        assert ("resumed", CAROL.arn, CAROLS) in acts(fake)

    def test_that_is_refused_before_it_writes_leaves_no_record(self, fake: FakeWorld) -> None:
        begun(fake)
        fake.fail("sts.enter", AccessDeniedError("Access denied"))
        with pytest.raises(AccessDeniedError):
            in_pipeline(fake, BOB, BOBS).resume("tools")
        assert of_kind(fake, PromotionResumed) == []

    def test_of_one_that_goes_back_says_so(self, fake: FakeWorld) -> None:
        begun(fake, switched=True)
        fake.crash("pointer.write")
        with pytest.raises(CrashError):
            in_pipeline(fake, BOB, BOBS).abort("tools")
        fake.revive(seconds=300)
        with pytest.raises(PromoteError, match="put back"):
            in_pipeline(fake, CAROL, CAROLS).resume("tools")
        assert [each[:2] for each in acts(fake)] == [
            ("begun", ALICE.arn),
            ("turned back", BOB.arn),
            ("resumed", CAROL.arn),
            ("turned back", CAROL.arn),
            ("ended", CAROL.arn),
        ]

    def test_is_told_by_the_history_and_the_dossier(self, fake: FakeWorld) -> None:
        begun(fake)
        promoter = in_pipeline(fake, BOB, BOBS)
        result = promoter.resume("tools")
        told = text.history(promoter.history("tools"))
        assert f"by {ALICE.arn} in pipeline execution {ALICES}" in told
        assert f"UTC by {BOB.arn} in pipeline execution {BOBS}" in told
        whole = text.dossier(promoter.promotion("tools", result.promotion))
        assert f"by {BOB.arn} in pipeline execution {BOBS}" in whole


class TestAPromotionThatTurnsBack:
    def test_says_who_aborted_it(self, fake: FakeWorld) -> None:
        begun(fake)
        promoter = in_pipeline(fake, BOB, BOBS)
        promoter.abort("tools", reason="wrong version")
        (turned,) = of_kind(fake, RollbackStarted)
        assert isinstance(turned, RollbackStarted)
        assert (turned.by, turned.execution) == (BOB.arn, BOBS)
        told = " ".join(text.history(promoter.history("tools")).split())
        assert f"turned back by {BOB.arn} in pipeline execution {BOBS}: wrong version" in told

    def test_by_itself_says_in_whose_hands_it_was(self, fake: FakeWorld) -> None:
        fake.poor.add(version_arn("v2"))
        with pytest.raises(PromoteError):
            in_pipeline(fake, ALICE, ALICES).release()
        assert ("turned back", ALICE.arn, ALICES) in acts(fake)

    def test_names_the_person(self, fake: FakeWorld) -> None:
        begun(fake)
        promoter = in_pipeline(fake, CAROL, CAROLS)
        promoter.abort("tools")
        (started,) = of_kind(fake, PromotionStarted)
        found = promoter.promotion("tools", started.promotion)  # type: ignore[union-attr, arg-type]
        assert {each.person for each in found.acts} == {person(ALICE.arn), "carol@example.com"}


class TestARetirement:
    def test_says_who_revoked_and_who_stopped(self, fake: FakeWorld) -> None:
        for place in ("qa", "prod"):
            Promoting(fake).release(to=place)
        fake.versions[version_arn("v3")] = a_trained_version("v3")
        Promoting(fake).release("v3")
        Promoting(fake).release("v3", to="prod", wait=timedelta(0))
        fake.pass_time(600)
        before = len(fake.records())
        in_pipeline(fake, BOB, BOBS).retire("tools")
        found = fake.records()[before:]
        assert {type(each) for each in found} == {RevocationStarted, AccessChanged, ClaimClosed}
        assert {(each.by, each.execution) for each in found} == {(BOB.arn, BOBS)}  # type: ignore[union-attr]


class TestAClaim:
    def test_says_who_started_the_version(self, fake: FakeWorld) -> None:
        in_pipeline(fake, ALICE, ALICES).release()
        (opened,) = of_kind(fake, ClaimOpened)
        assert isinstance(opened, ClaimOpened)
        assert (opened.by, opened.execution) == (ALICE.arn, ALICES)


class TestRecordsOfTheTimeBefore:
    """Who did it was not kept in each of them."""

    def test_are_read_and_told(self, fake: FakeWorld) -> None:
        begun(fake)
        in_pipeline(fake, BOB, BOBS).abort("tools")
        aged = [_aged(each) for each in fake.records()]
        for key in [key for key in fake.objects if "/records/" in key or "checkpoint" in key]:
            del fake.objects[key]
        store = fake.ports().store
        for number, content in enumerate(aged, 1):
            store.create(f"tools/records/{number:08d}.json", content)
        turned = [e for e in Journal(store, "tools").records() if isinstance(e, RollbackStarted)]
        assert [each.by for each in turned] == [None]
        promoter = Promoting(fake)
        assert "turned back: aborted" in text.history(promoter.history("tools"))
        (started,) = of_kind(fake, PromotionStarted)
        found = promoter.promotion("tools", started.promotion)  # type: ignore[union-attr, arg-type]
        assert found.result is Outcome.ROLLED_BACK or found.result is Outcome.FAILED
        assert [each.by for each in found.acts] == [ALICE.arn, None, None]
        assert "turned back 2026-03-02" in text.dossier(found)
        assert "by not on record" in text.dossier(found)


def _aged(record: Record) -> bytes:
    """Write a record alone and as an older version of promote did."""
    data = to_json(record)
    assert isinstance(data, dict)
    data.pop("execution", None)
    if isinstance(record, RollbackStarted | PromotionEnded | ClaimOpened | ClaimClosed):
        data.pop("by")
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_an_act_is_what_programs_read() -> None:
    names = set(Act.__dataclass_fields__)
    assert names == {"act", "at", "by", "person", "execution"}
