"""What `retire` does when it is killed, and when one of several models fails."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from promote.core.record import RevocationStarted
from promote.core.result import Retired, Retirement
from promote.core.version import Status
from promote.errors import AccessDeniedError, LockedError, NotFoundError, ThrottledError
from promote.workflow.asking import ask
from promote.workflow.lease import lock_holder
from tests.builders import a_grant, a_model, a_topology, a_trained_version, version_arn
from tests.fake_world import CrashError, FakeWorld
from tests.reliability.scenarios import one_thread
from tests.workflow.promoting import Promoting
from tests.workflow.test_promotion import PROD_ROLE, V2

V3 = version_arn("v3")
NOTHING = timedelta(0)


def retirable() -> FakeWorld:
    """Build a world in which v2, which promote had started, is to go from prod, and to stop."""
    fake = FakeWorld(a_topology())
    for name in ("qa", "prod"):
        Promoting(fake).release(to=name)
    fake.versions[V3] = a_trained_version("v3")
    Promoting(fake).release("v3")
    Promoting(fake).release("v3", to="prod", wait=NOTHING)
    fake.pass_time(600)
    fake.calls.clear()
    return fake


@pytest.fixture
def due() -> FakeWorld:
    return retirable()


def recorded(fake: FakeWorld) -> Counter[tuple[str, ...]]:
    """Return the records without their times, and how often each is there."""
    return Counter(
        (type(each).__name__, str(getattr(each, "version", "")), getattr(each, "environment", ""))
        for each in fake.records()
    )


class TestARetireThatIsKilled:
    def test_is_finished_by_the_next_one_with_the_same_records(self, due: FakeWorld) -> None:
        end = due.copy()
        with one_thread():
            Promoting(end).retire()
        assert set(end.ledger().claims) == {V3}
        for nth in range(1, len(end.operations(writes=True)) + 1):
            fake = due.copy()
            fake.crash("!", nth=nth, after=True)
            with one_thread(), pytest.raises(CrashError):
                Promoting(fake).retire()
            fake.revive(seconds=200)
            Promoting(fake).retire()
            assert {**fake.end_state(), "lock": False} == end.end_state(), nth
            assert recorded(fake) == recorded(end), nth
            assert not fake.breaches

    def test_leaves_nothing_for_a_third_one(self) -> None:
        due = retirable()
        due.crash("model.stop", after=True)
        with pytest.raises(CrashError):
            Promoting(due).retire()
        due.revive(seconds=200)
        (found,) = Promoting(due).retire()
        assert found.done == (Retired(step="revoke", environment="prod", version=V2),)
        before = due.records()
        (found,) = Promoting(due).retire()
        assert (found.done, due.records()) == ((), before)

    def test_records_what_it_is_about_to_revoke(self, due: FakeWorld) -> None:
        due.crash("iam.put")
        with pytest.raises(CrashError):
            Promoting(due).retire()
        begun = [each for each in due.records() if isinstance(each, RevocationStarted)]
        assert [(each.environment, each.version) for each in begun] == [("prod", V2)]
        assert due.ledger().revoking == {("prod", V2)}

    def test_waits_for_a_stop_that_it_had_asked_for(self) -> None:
        due = retirable()
        due.crash("model.stop", after=True)
        with pytest.raises(CrashError):
            Promoting(due).retire()
        due.revive()
        due.objects.pop("tools/lock.json")
        assert due.status("v2") is Status.STOPPING
        Promoting(due).retire()
        assert (due.status("v2"), set(due.ledger().claims)) == (Status.STOPPED, {V3})

    def test_closes_the_claim_of_a_start_that_came_to_nothing(self, fake: FakeWorld) -> None:
        fake.crash("model.start")
        with pytest.raises(CrashError):
            Promoting(fake).start_version("tools", "v2")
        fake.revive(seconds=200)
        assert fake.ledger().claims
        Promoting(fake).retire("tools")
        assert not fake.ledger().claims
        fake.become("v2", Status.RUNNING)
        Promoting(fake).retire("tools")
        assert fake.status("v2") is Status.RUNNING


class TestARetireOfSeveralModels:
    @pytest.fixture
    def several(self, due: FakeWorld) -> FakeWorld:
        other = a_model(name="hammers", project="hammer-detector")
        due.topology = replace(due.topology, models=(other, *due.topology.models))
        return due

    def test_goes_on_when_one_of_them_fails(self, several: FakeWorld) -> None:
        told: list[Retirement] = []
        with pytest.raises(NotFoundError, match="hammers: No such project") as caught:
            Promoting(several).retire(on_retired=told.append)
        assert caught.value.summary == "No such project"
        hammers, tools = told
        assert hammers.failed == (caught.value.detail,)
        assert [each.step for each in tools.done] == ["revoke", "stop"]
        assert several.document(PROD_ROLE) == a_grant("v3")

    def test_ends_with_the_worst_error_and_names_each(self, several: FakeWorld) -> None:
        several.fail("iam.put", AccessDeniedError("Access denied", "No.", "Ask somebody."))
        with pytest.raises(AccessDeniedError) as caught:
            Promoting(several).retire()
        assert caught.value.detail == (
            "hammers: No such project. hammer-detector\n\ntools in prod: Access denied. No."
        )
        assert caught.value.remedy == "Ask somebody."
        assert "tools/lock.json" not in several.objects

    def test_is_finished_by_the_same_command_later(self, due: FakeWorld) -> None:
        due.fail("iam.put", ThrottledError("Slow down"))
        with pytest.raises(ThrottledError):
            Promoting(due).retire()
        (found,) = Promoting(due).retire()
        assert [each.step for each in found.done] == ["revoke", "stop"]
        assert recorded(due)["RevocationStarted", V2, "prod"] == 1

    def test_gives_way_when_it_is_asked(self, due: FakeWorld) -> None:
        def asked() -> None:
            store = due.ports().store
            holder = lock_holder(store, "tools")
            assert holder is not None
            ask(store, "tools", holder, by="role/carol", operation="rollback tools")

        due.at("iam.policy", asked)
        with pytest.raises(LockedError, match=r"tools in prod: The lock was given up\. retire of"):
            Promoting(due).retire()
        assert due.document(PROD_ROLE) == a_grant("v2", "v3")
