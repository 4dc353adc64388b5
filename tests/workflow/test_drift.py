from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import click
import pytest

from promote.cli.root import cli
from promote.core.drift import Drift
from promote.core.events import Warned
from promote.core.parts import Quotas
from promote.core.status import ModelStatus, summarise
from promote.core.topology import Granularity, Target, Topology
from promote.core.version import Status
from promote.errors import PromoteError, QuotaError
from promote.report import text
from tests.builders import (
    PROD,
    QA,
    a_grant,
    a_topology,
    a_trained_version,
    prod,
    qa,
    version_arn,
)
from tests.fake_world import CrashError, FakeWorld
from tests.workflow.promoting import Promoting
from tests.workflow.test_promotion import QA_ROLE, V1, V2

FOREIGN = version_arn("v7", project="hammers")
Hand = Callable[[FakeWorld], object]


def status_of(fake: FakeWorld) -> ModelStatus:
    seen = Promoting(fake)._observer("tools", fake.topology.environments[0]).observe()  # noqa: SLF001
    return summarise(fake.topology, seen)


def drift_of(fake: FakeWorld, environment: str | None = None) -> tuple[Drift, ...]:
    found = status_of(fake).environments
    return tuple(d for each in found if environment in {None, each.name} for d in each.drift)


def target_of(fake: FakeWorld, account: str) -> Target:
    return next(each for each in fake.targets if each.account == account)


def type_in(fake: FakeWorld, *commands: str) -> None:
    """Do what each command line does, having parsed it with the command line's own grammar."""
    for line in commands:
        words = _parsed(line)
        promoter = Promoting(fake)
        match words["command"]:
            case "release":
                asked = {"reason": words["reason"], "adopt": words["adopt"]}
                promoter.apply(promoter.plan("tools", words["version"], to=words["to"], **asked))
            case "abort":
                promoter.abort(words["model"])
            case "resume":
                promoter.resume(words["model"])
            case "access grant":
                promoter.grant("tools", words["version"], environment=words["environment"])
            case "access revoke":
                version, environment = words["version"], words["environment"]
                promoter.revoke("tools", version, environment=environment, force=words["force"])
            case "version start":
                promoter.start_version("tools", words["version"])
            case "version stop":
                promoter.stop_version("tools", words["version"], force=words["force"])
            case "rollback":
                environment = words["environment"]
                plan = promoter.plan_rollback(
                    "tools", words["version"], environment=environment, adopt=words["adopt"]
                )
                promoter.apply(plan)
            case other:
                pytest.fail(f"nobody knows {other}")


def _parsed(line: str) -> dict[str, Any]:
    command: click.Command = cli
    name: list[str] = []
    rest = shlex.split(line)[1:]
    context = click.Context(command)
    while isinstance(command, click.Group):
        found = command.get_command(context, rest[0])
        assert found is not None, line
        command, name, rest = found, [*name, rest[0]], rest[1:]
    parameters = command.make_context(" ".join(name), rest, obj=SimpleNamespace()).params
    return {"command": " ".join(name), **parameters}


def a_world(topology: Topology | None = None) -> FakeWorld:
    """Build a world in which v2 was promoted everywhere by us, and v3 is trained."""
    fake = FakeWorld(topology or a_topology())
    for name in ("v2", "v3"):
        fake.versions[version_arn(name)] = a_trained_version(name, min_units=1)
    for name in ("qa", "prod"):
        Promoting(fake).release(to=name)
    fake.pass_time(3600)
    assert drift_of(fake) == ()
    return fake


@pytest.fixture
def live() -> FakeWorld:
    return a_world()


def point(account: str, value: str | None) -> Hand:
    return lambda fake: fake.point(target_of(fake, account), value)


def write(role: str, *versions: str, name: str = "promote-tools") -> Hand:
    return lambda fake: fake.write_policy(role, a_grant(*versions) if versions else None, name)


def become(name: str, status: Status) -> Hand:
    return lambda fake: fake.become(name, status)


def delete(name: str) -> Hand:
    return lambda fake: fake.versions.pop(version_arn(name))


class TestAPointerSetByHand:
    def test_is_told_with_what_the_ledger_says_who_and_since_when(self, live: FakeWorld) -> None:
        live.point(target_of(live, QA), version_arn("v3"))
        by_hand, stopped, denied = drift_of(live)
        ended = live.ledger().settled["qa", QA]
        now = live.pointer(target_of(live, QA)).current
        assert now is not None
        assert by_hand.summary == (
            f"qa/{QA}: the pointer /models/tools/version-arn was set by hand. The ledger says v2, "
            f"since {ended.promotion} of {ended.by} ended at {ended.at:%Y-%m-%d %H:%M} UTC; it "
            f"names v3 since {now.changed_at:%Y-%m-%d %H:%M} UTC."
        )
        assert by_hand.adopt == ("promote release tools v3 --to qa",)
        assert by_hand.repair == ("promote release tools v2 --to qa",)
        assert "v3, which is TRAINING_COMPLETED" in stopped.summary
        assert "does not allow rekognition:DetectCustomLabels on v3" in denied.summary

    def test_is_warned_of_by_a_plan_that_overwrites_it_and_by_no_other(
        self, live: FakeWorld
    ) -> None:
        live.point(target_of(live, QA), version_arn("v3"))
        promoter = Promoting(live)
        promoter.make("v3")
        assert promoter.events == []
        promoter.make("v2")
        (warned,) = promoter.events
        assert isinstance(warned, Warned)
        assert warned.message == drift_of(live)[0].summary

    def test_is_not_what_retire_takes_for_granted(self, live: FakeWorld) -> None:
        type_in(live, "promote version start tools v3")
        type_in(live, "promote access grant tools v3 --environment qa")
        live.point(target_of(live, QA), version_arn("v3"))
        live.pass_time(3600)
        (found,) = Promoting(live).retire()
        assert found.done == ()
        assert found.skipped == (drift_of(live)[0].summary,)
        assert live.document(QA_ROLE) == a_grant("v2", "v3")

    def test_leaves_what_it_may_be_put_back_to_alone(self, live: FakeWorld) -> None:
        point(QA, version_arn("v3"))(live)
        live.pass_time(1800)
        assert status_of(live).left == ()
        for target in live.targets:
            live.point(target, version_arn("v3"))
        live.pass_time(1800)
        assert status_of(live).left == ()
        assert not any(each.orphan for each in status_of(live).versions)

    def test_that_was_deleted_is_told_too(self, live: FakeWorld) -> None:
        live.point(target_of(live, QA), None)
        (found,) = drift_of(live)
        assert "The ledger says v2" in found.summary
        assert found.summary.endswith("but it does not exist now.")
        assert (found.adopt, found.repair) == ((), ("promote release tools v2 --to qa",))

    def test_is_adopted_where_it_has_to_pass_an_earlier_environment(self, live: FakeWorld) -> None:
        live.point(target_of(live, PROD[0]), version_arn("v3"))
        found = drift_of(live)[0]
        assert found.adopt == (
            "promote release tools v3 --to qa",
            "promote release tools v3 --to prod",
        )

    def test_that_is_as_it_should_be_otherwise_is_adopted_on_the_record(
        self, live: FakeWorld
    ) -> None:
        type_in(live, "promote release tools v3 --to qa")
        live.write_policy(QA_ROLE, a_grant("v2"))
        live.point(target_of(live, QA), V2)
        live.pass_time(3600)
        (found,) = drift_of(live, "qa")
        assert "The ledger says v3" in found.summary
        type_in(live, *found.adopt)
        assert drift_of(live) == ()
        assert live.ledger().settled["qa", QA].version == V2

    def test_hides_behind_no_record_of_an_environment_that_was_never_promoted_to(
        self,
    ) -> None:
        fake = FakeWorld(a_topology())
        fake.point(target_of(fake, QA), V2)
        assert not any("by hand" in each.summary for each in drift_of(fake))

    def test_of_a_rolled_back_promotion_is_what_it_went_back_to(self, live: FakeWorld) -> None:
        live.poor.add(version_arn("v3"))
        with pytest.raises(PromoteError):
            Promoting(live).release("v3", to="qa")
        assert live.ledger().settled["qa", QA].version == V2
        assert drift_of(live, "qa") == ()

    def test_keeps_what_the_ledger_says_allowed_until_somebody_chooses(
        self, live: FakeWorld
    ) -> None:
        live.point(target_of(live, QA), version_arn("v3"))
        live.pass_time(3600)
        assert not any("allows v2" in each.summary for each in drift_of(live))


WORLDS: dict[str, tuple[Hand, ...]] = {
    "a pointer set to another version": (point(QA, version_arn("v3")),),
    "a pointer set back": (point(QA, V1),),
    "every pointer set to a version that runs and is granted": (
        lambda fake: type_in(fake, "promote version start tools v3"),
        lambda fake: type_in(fake, "promote access grant tools v3 --environment qa"),
        point(QA, version_arn("v3")),
    ),
    "one pointer of two": (point(PROD[0], version_arn("v3")),),
    "a pointer deleted": (point(QA, None),),
    "one pointer of two deleted": (point(PROD[1], None),),
    "a pointer with rubbish": (point(QA, "v2, please"),),
    "a pointer to another project": (point(QA, FOREIGN),),
    "a pointer to a version that is no more": (point(QA, version_arn("v9")),),
    "a role emptied": (write(QA_ROLE),),
    "a role that allows another version": (write(QA_ROLE, "v1"),),
    "a role that allows one more": (write(QA_ROLE, "v2", "v3"),),
    "a role that allows one of another project": (write(QA_ROLE, "v2", FOREIGN),),
    "a role that allows one that is no more": (write(QA_ROLE, "v2", "v9"),),
    "a role that allows a pattern": (
        write(
            QA_ROLE,
            "arn:aws:rekognition:us-east-1:222222222222:project/tools-detector/version/*",
        ),
    ),
    "a policy of somebody else": (write(QA_ROLE, "v1", "v2", name="theirs"),),
    "a version stopped": (become("v2", Status.STOPPED),),
    "a version stopping": (
        become("v2", Status.STOPPING),
        lambda fake: fake.become("v2", Status.STOPPED, after=20),
    ),
    "a version that failed": (become("v2", Status.FAILED),),
    "a version deleted": (delete("v2"),),
    "a version stopped and its access taken": (become("v2", Status.STOPPED), write(QA_ROLE)),
}


class TestTheCommandsThatAreTold:
    @pytest.mark.parametrize("way", ["adopt", "repair"])
    @pytest.mark.parametrize("world", WORLDS)
    def test_leave_no_drift(self, world: str, way: str) -> None:
        fake = a_world()
        for hand in WORLDS[world]:
            hand(fake)
        fake.pass_time(1800)
        found = drift_of(fake)
        assert found
        assert all(each.repair for each in found)
        for _round in range(len(found) + 1):
            left = drift_of(fake)
            told = next((c for each in left if (c := getattr(each, way) or each.repair)), None)
            if told is None:
                break
            type_in(fake, *told)
            fake.pass_time(1800)
        assert drift_of(fake) == ()
        assert status_of(fake).unfinished is None

    def test_end_an_unfinished_promotion_that_is_in_the_way(self, live: FakeWorld) -> None:
        live.crash("pointer.write", after=True)
        with pytest.raises(CrashError):
            Promoting(live).release("v3", to="qa")
        live.revive(seconds=600)
        assert drift_of(live) == ()
        live.point(target_of(live, QA), V1)
        found = drift_of(live)[0]
        assert found.adopt == ("promote abort tools", "promote release tools v1 --to qa")
        assert found.repair == ("promote abort tools", "promote release tools v2 --to qa")
        type_in(live, *found.repair)
        assert drift_of(live) == ()

    def test_finish_one_in_another_environment_first(self, live: FakeWorld) -> None:
        type_in(live, "promote release tools v3 --to qa")
        live.crash("iam.put")
        with pytest.raises(CrashError):
            Promoting(live).release("v3", to="prod")
        live.revive(seconds=600)
        live.point(target_of(live, QA), V2)
        found = drift_of(live)[0]
        assert found.repair == ("promote resume tools", "promote release tools v3 --to qa")
        type_in(live, *found.repair)
        live.pass_time(1800)
        assert drift_of(live) == ()

    def test_go_by_way_of_a_rollback_where_a_gate_would_stop_a_release(
        self, live: FakeWorld
    ) -> None:
        live.poor.add(V2)
        assert not Promoting(live).verify("tools", environment="qa").passed
        live.poor.clear()
        live.point(target_of(live, PROD[0]), version_arn("v3"))
        found = drift_of(live, "prod")[0]
        assert found.repair == ("promote rollback tools v2 --environment prod",)
        type_in(live, *found.repair)
        assert drift_of(live, "prod") == ()

    def test_give_a_reason_for_a_version_that_a_rollback_has_left(self, live: FakeWorld) -> None:
        type_in(live, "promote release tools v3 --to qa")
        type_in(live, "promote rollback tools v2 --environment qa")
        live.pass_time(1800)
        assert drift_of(live) == ()
        live.point(target_of(live, QA), version_arn("v3"))
        found = drift_of(live)[0]
        assert found.adopt == ("promote release tools v3 --to qa --reason 'to mend drift'",)
        assert found.repair == ("promote release tools v2 --to qa",)
        type_in(live, *found.adopt)
        live.pass_time(1800)
        assert drift_of(live) == ()

    def test_write_patterns_back_where_single_versions_are_not_granted(self) -> None:
        fake = FakeWorld(a_topology(qa(granularity=Granularity.PROJECT), prod()))
        fake.versions[V2] = a_trained_version("v2", min_units=1)
        Promoting(fake).release(to="qa")
        fake.pass_time(1800)
        fake.write_policy(QA_ROLE, None)
        (found,) = drift_of(fake, "qa")
        assert found.repair == ("promote release tools v2 --to qa",)
        type_in(fake, *found.repair)
        assert drift_of(fake, "qa") == ()

    def test_are_none_where_somebody_denies_it(self, live: FakeWorld) -> None:
        document = {**a_grant("v2")}
        document["Statement"] = [{**document["Statement"][0], "Effect": "Deny"}]  # type: ignore[index]
        live.write_policy(QA_ROLE, document, "theirs")
        (found,) = drift_of(live)
        assert found.summary.endswith("whoever did must take the denial away.")
        assert (found.adopt, found.repair) == ((), ())

    def test_stop_what_runs_for_nobody(self, live: FakeWorld) -> None:
        live.start("v3")
        live.pass_time(600)
        told = text.status([status_of(live)])
        line = next(each.strip() for each in told.splitlines() if "version stop" in each)
        type_in(live, line)
        assert live.status("v3") is Status.STOPPED


WARM = {"keep_warm": timedelta(days=1)}
PATTERN = "arn:aws:rekognition:us-east-1:222222222222:project/tools-detector/version/*"


def warmed(*, running: int = 3) -> FakeWorld:
    """Build a world in which v2 replaced v1 everywhere, and v1 is warm."""
    fake = a_world(a_topology(qa(**WARM), prod(**WARM)))
    ml = replace(fake.topology.ml, quotas=Quotas(running=running))
    fake.topology = replace(fake.topology, ml=ml)
    return fake


class TestTheCommandsThatAreToldWhereSomethingIsInTheWay:
    @pytest.mark.parametrize(
        "hand",
        [write(QA_ROLE, "v1", "v2", name="theirs"), write(QA_ROLE, "v2", PATTERN)],
        ids=["a policy of theirs", "a pattern in ours"],
    )
    def test_do_not_wait_until_everything_has_grown_cold(self, hand: Hand) -> None:
        fake = warmed()
        hand(fake)
        fake.pass_time(60)
        (told,) = (each.repair for each in drift_of(fake))
        type_in(fake, *told)
        assert drift_of(fake) == ()
        assert fake.document(QA_ROLE) == a_grant("v2")
        assert not fake.breaches

    @pytest.mark.parametrize("value", [V1, None, FOREIGN])
    def test_adopt_where_a_policy_of_others_would_refuse_them(
        self, live: FakeWorld, value: str | None
    ) -> None:
        point(QA, value)(live)
        write(QA_ROLE, "v1", "v2", name="theirs")(live)
        live.pass_time(60)
        told = drift_of(live)[0].repair
        assert told == ("promote release tools v2 --to qa --adopt",)
        type_in(live, *told)
        live.pass_time(1800)
        assert drift_of(live) == ()

    def test_make_room_for_what_somebody_stopped(self) -> None:
        fake = warmed(running=2)
        fake.become("v2", Status.STOPPED)
        fake.become("v3", Status.RUNNING)
        with pytest.raises(QuotaError, match=r"are taken: tools-detector/v3 \(RUNNING\), tools-"):
            Promoting(fake).start_version("tools", "v2")
        (told, *_) = (each.repair for each in drift_of(fake))
        type_in(fake, *told)
        assert (fake.status("v1"), fake.status("v2")) == (Status.STOPPED, Status.RUNNING)
        assert drift_of(fake) == ()


class TestAPromotionThatEndsBeforeTheDrainDoes:
    def test_warns_of_what_retire_will_leave_alone(self, live: FakeWorld) -> None:
        point(QA, V1)(live)
        live.pass_time(1)
        point(QA, V2)(live)
        write(QA_ROLE, "v1", "v2", name="theirs")(live)
        promoter = Promoting(live)
        promoter.start_version("tools", "v3")
        result = promoter.release("v2", to="qa", adopt=True, wait=timedelta(0))
        warned = [each.message for each in promoter.events if isinstance(each, Warned)]
        assert any(each.endswith("promote release tools v2 --to qa --adopt") for each in warned)
        assert any(each.endswith("promote version stop tools v3") for each in warned)
        assert version_arn("v3") not in {each.version for each in result.left}
