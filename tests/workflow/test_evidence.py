"""What gates are judged on is looked up as the reader roles, and nothing that none asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promote.core.evaluation import Evaluation, LabelMetrics
from promote.core.gates import GateResult, Verdict
from promote.core.gates.alarm import Alarm
from promote.core.gates.golden import GoldenRule
from promote.core.gates.labels import Declaration, LabelRule
from promote.core.gates.requirements import Requirements
from promote.core.observation import PointerValue
from promote.core.parts import PointerAddress
from promote.core.result import Outcome
from promote.errors import (
    AccessDeniedError,
    CredentialsError,
    InputError,
    RefusedError,
    ThrottledError,
)
from promote.workflow.evidence import Gathering
from tests.builders import (
    ML,
    NOW,
    PROD,
    PROMOTER,
    QA,
    a_model,
    a_topology,
    a_trained_version,
    prod,
    qa,
    version_arn,
)
from tests.fake_world import FakeWorld
from tests.workflow.promoting import Promoting

V2 = version_arn("v2")
READS = {"model.evaluation", "pointer.published", "alarm.states"}
DENIED = AccessDeniedError("Access denied", "The role promote-reader may not\n  do this.", "Let it")
PUBLISHED = PointerAddress(name="/{model}/{environment}/labels")
SCORES = {
    "f1": Requirements(f1=0.8),
    "precision": Requirements(precision=0.8),
    "recall": Requirements(recall=0.8),
    "label_f1": Requirements(label_f1=0.8),
}


def reader(account: str) -> str:
    return f"arn:aws:iam::{account}:role/promote-reader"


def an_evaluation(*labels: str) -> Evaluation:
    metrics = LabelMetrics(f1=0.9, precision=0.9, recall=0.9, threshold=0.5, images=40)
    return Evaluation(f1=0.9, precision=0.9, recall=0.9, labels=dict.fromkeys(labels, metrics))


def a_world(
    gates: Requirements, *, published: bool = False, known: tuple[str, ...] = ()
) -> FakeWorld:
    """Build a world in which prod has gates, v2 an evaluation, and everything can be read."""
    model = a_model(labels=known, labels_in=PUBLISHED if published else None)
    fake = FakeWorld(a_topology(qa(), prod(after=(), gates=gates), models=(model,)))
    fake.evaluations[V2] = an_evaluation("hammer", "saw")
    for account in (ML, *PROD):
        fake.alarms[account, "errors"] = "OK"
        publish(fake, account, '["hammer", "saw"]')
    return fake


def publish(fake: FakeWorld, account: str, text: str) -> None:
    value = PointerValue(value=text, revision=1, changed_at=NOW, changed_by=PROMOTER)
    fake.pointers[account, "/tools/prod/labels"] = [value]


def gathering(fake: FakeWorld) -> Gathering:
    environment = fake.topology.environment("prod")
    return Gathering(fake.ports(), fake.topology, "tools", environment)


def looked_up(fake: FakeWorld) -> list[tuple[str, str | None]]:
    """Return what was read for gates, and as whom."""
    return [(each.operation, each.role) for each in fake.calls if each.operation in READS]


def judged(fake: FakeWorld, gate: str) -> GateResult:
    """Return what a plan says of a gate."""
    return next(each for each in Promoting(fake).make(to="prod").gates if each.gate == gate)


class TestWhatNoGateAsksFor:
    @pytest.mark.parametrize(
        "gates",
        [Requirements(), Requirements(golden=GoldenRule()), Requirements(approval=1, cost=20.0)],
    )
    def test_is_not_read(self, gates: Requirements) -> None:
        fake = a_world(gates, published=True)
        gathering(fake).findings(a_trained_version())
        assert fake.calls == []

    def test_is_not_read_when_promoting_either(self) -> None:
        fake = a_world(Requirements(), published=True)
        assert Promoting(fake).release(to="prod").result is Outcome.PROMOTED
        assert looked_up(fake) == []

    def test_is_not_read_for_a_rollback(self) -> None:
        fake = a_world(
            Requirements(f1=0.5, labels=LabelRule.EXACT, alarms=("errors",)), published=True
        )
        Promoting(fake).release(to="prod")
        fake.calls.clear()
        Promoting(fake).rollback()
        assert looked_up(fake) == []


class TestTheEvaluation:
    @pytest.mark.parametrize("gate", SCORES)
    def test_is_read_once_as_the_reader_of_the_ml_account(self, gate: str) -> None:
        fake = a_world(SCORES[gate])
        found = gathering(fake).findings(a_trained_version())
        assert looked_up(fake) == [("model.evaluation", reader(ML))]
        assert found.evaluation == fake.evaluations[V2]
        assert found.no_evaluation == ""

    def test_is_read_once_for_all_gates(self) -> None:
        fake = a_world(
            Requirements(f1=0.8, recall=0.8, label_f1=0.8, labels=LabelRule.KNOWN), known=("saw",)
        )
        gathering(fake).findings(a_trained_version())
        assert fake.operations() == ["model.evaluation"]

    @pytest.mark.parametrize("gate", ["precision", "recall", "label_f1"])
    @pytest.mark.parametrize(
        ("error", "why"),
        [
            (DENIED, "Access denied: The role promote-reader may not do this"),
            (InputError("No summary", "$.X is missing."), "No summary: $.X is missing"),
        ],
    )
    def test_that_cannot_be_read_is_no_evidence(
        self, gate: str, error: Exception, why: str
    ) -> None:
        fake = a_world(SCORES[gate])
        fake.fail("model.evaluation", error)
        result = judged(fake, gate)
        assert (result.verdict, result.measured) == (Verdict.INCONCLUSIVE, why)

    def test_that_is_missing_is_none_either(self) -> None:
        fake = a_world(SCORES["label_f1"])
        fake.evaluations.clear()
        assert judged(fake, "label_f1").measured == "No evaluation: v2 has none"

    def test_of_another_version_is_no_evidence(self) -> None:
        fake = a_world(SCORES["recall"])
        fake.evaluations[V2] = replace(an_evaluation("saw"), version=version_arn("v1"))
        found = gathering(fake).findings(a_trained_version("v2"))
        assert found.evaluation is None
        assert f"the summary of {version_arn('v1')}, not of {V2}" in found.no_evaluation

    def test_of_a_copy_is_that_of_the_original(self) -> None:
        """However often it was copied: the version names the last one of them alone."""
        fake = a_world(SCORES["recall"])
        original = version_arn("v1", account=QA)
        fake.evaluations[V2] = replace(an_evaluation("saw"), version=original)
        copy = replace(a_trained_version("v2"), copied_from=version_arn("v9", account=QA))
        assert gathering(fake).findings(copy).evaluation is not None

    def test_that_is_missing_does_not_matter_to_the_f1_that_the_service_reports(self) -> None:
        fake = a_world(SCORES["f1"])
        fake.evaluations.clear()
        result = judged(fake, "f1")
        assert result.verdict is Verdict.PASS
        assert result.measured == "0.900; labels unknown: No evaluation: v2 has none"
        assert Promoting(fake).release(to="prod").result is Outcome.PROMOTED

    def test_matters_to_f1_where_the_service_reports_none(self) -> None:
        fake = a_world(SCORES["f1"])
        fake.versions[V2] = replace(fake.versions[V2], f1=None)
        assert judged(fake, "f1").verdict is Verdict.PASS
        fake.evaluations.clear()
        assert judged(fake, "f1").verdict is Verdict.INCONCLUSIVE

    @pytest.mark.parametrize("error", [CredentialsError("Expired"), ThrottledError("Slow down")])
    def test_that_nobody_can_read_now_is_no_verdict(self, error: Exception) -> None:
        fake = a_world(SCORES["f1"])
        fake.fail("model.evaluation", error)
        with pytest.raises(type(error)):
            gathering(fake).findings(a_trained_version())


class TestDeclarations:
    def test_of_promote_yaml_take_no_call(self) -> None:
        fake = a_world(Requirements(labels=LabelRule.EXACT), known=("hammer", "saw"))
        assert gathering(fake).findings(a_trained_version()).declarations == (
            Declaration(source="promote.yaml", labels=("hammer", "saw")),
        )
        assert fake.operations() == ["model.evaluation"]


class TestPublished:
    """Labels that applications publish in every target account."""

    @pytest.fixture
    def world(self) -> FakeWorld:
        return a_world(Requirements(labels=LabelRule.EXACT), published=True)

    def test_are_read_in_each_target_as_its_reader(self, world: FakeWorld) -> None:
        found = gathering(world).findings(a_trained_version()).declarations
        assert sorted(looked_up(world)) == [
            ("model.evaluation", reader(ML)),
            *(("pointer.published", reader(account)) for account in PROD),
        ]
        assert found == tuple(
            Declaration(source=f"/tools/prod/labels in {account}", labels=("hammer", "saw"))
            for account in PROD
        )

    def test_that_differ_in_one_account_refuse_the_version(self, world: FakeWorld) -> None:
        publish(world, PROD[1], "hammer, axe")
        result = judged(world, "labels")
        assert result.verdict is Verdict.FAIL
        assert result.measured == f"/tools/prod/labels in {PROD[1]}: new 'saw'; lost 'axe'"

    def test_that_cannot_be_read_are_no_evidence(self, world: FakeWorld) -> None:
        world.fail("pointer.published", DENIED, on=PROD[0])
        result = judged(world, "labels")
        assert result.verdict is Verdict.INCONCLUSIVE
        assert result.measured == (
            f"/tools/prod/labels in {PROD[0]}: Access denied: The role promote-reader may not do "
            "this"
        )

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            (None, "does not exist"),
            ("[]", "declares no labels"),
            ("[1]", "has 1 for a label"),
        ],
    )
    def test_that_are_none_say_why(self, world: FakeWorld, text: str | None, why: str) -> None:
        if text is None:
            del world.pointers[PROD[0], "/tools/prod/labels"]
        else:
            publish(world, PROD[0], text)
        result = judged(world, "labels")
        assert result.verdict is Verdict.INCONCLUSIVE
        assert result.measured == f"/tools/prod/labels in {PROD[0]}: {why}"

    def test_that_are_encrypted_are_no_evidence(self, world: FakeWorld) -> None:
        error = RefusedError("The parameter is not plain text", "It is a SecureString.")
        world.fail("pointer.published", error, on=PROD[0])
        assert judged(world, "labels").measured.endswith("not plain text: It is a SecureString")

    def test_cannot_be_read_without_credentials(self, world: FakeWorld) -> None:
        world.fail("pointer.published", CredentialsError("Expired"))
        with pytest.raises(CredentialsError):
            gathering(world).findings(a_trained_version())


class TestAlarms:
    ARN = f"arn:aws:cloudwatch:us-east-1:{ML}:alarm:errors"

    def test_are_read_with_one_call_for_each_reader(self) -> None:
        fake = a_world(Requirements(alarms=("errors", "{model}-latency", self.ARN)))
        fake.alarms[PROD[0], "tools-latency"] = "ALARM"
        assert gathering(fake).findings(a_trained_version()).alarms == {
            Alarm(account=PROD[0], name="errors"): "OK",
            Alarm(account=PROD[1], name="errors"): "OK",
            Alarm(account=PROD[0], name="tools-latency"): "ALARM",
            Alarm(account=PROD[1], name="tools-latency"): None,
            Alarm(account=ML, name="errors"): "OK",
        }
        assert sorted(looked_up(fake)) == [
            ("alarm.states", reader(account)) for account in (ML, *PROD)
        ]

    def test_of_another_environment_are_not_read(self) -> None:
        fake = a_world(Requirements(alarms=("errors",)))
        gathering(fake).findings(a_trained_version())
        assert reader(QA) not in [role for _, role in looked_up(fake)]

    def test_that_cannot_be_read_are_no_evidence(self) -> None:
        fake = a_world(Requirements(alarms=("errors",)))
        fake.fail("alarm.states", DENIED)
        found = gathering(fake).findings(a_trained_version())
        assert found.alarms == {}
        assert found.no_alarms == "Access denied: The role promote-reader may not do this"

    def test_that_cannot_be_read_refuse_a_promotion_and_say_what_to_do(self) -> None:
        fake = a_world(Requirements(alarms=("errors",)))
        plan = Promoting(fake).make(to="prod")
        fake.fail("alarm.states", DENIED, times=2)
        with pytest.raises(RefusedError) as caught:
            Promoting(fake).apply(plan)
        assert "alarm  Access denied: The role promote-reader may not do" in caught.value.detail
        assert "promote doctor" in caught.value.remedy

    def test_are_told_as_an_error_to_whoever_asks_for_them_alone(self) -> None:
        fake = a_world(Requirements(alarms=("errors",)))
        fake.fail("alarm.states", DENIED)
        with pytest.raises(AccessDeniedError):
            gathering(fake).alarms()


class TestEverything:
    def test_that_passes_promotes_and_is_looked_up_when_planned_and_when_applied(self) -> None:
        fake = a_world(
            Requirements(f1=0.8, labels=LabelRule.EXACT, alarms=("errors",)), published=True
        )
        assert Promoting(fake).release(to="prod").result is Outcome.PROMOTED
        counts = {read: fake.operations().count(read) for read in READS}
        assert counts == {"model.evaluation": 2, "pointer.published": 4, "alarm.states": 4}
        assert not fake.breaches

    def test_that_fails_is_told_at_once(self) -> None:
        fake = a_world(
            Requirements(f1=0.95, label_f1=0.95, labels=LabelRule.EXACT, alarms=("errors",)),
            published=True,
        )
        plan = Promoting(fake).make(to="prod")
        publish(fake, PROD[0], "axe")
        fake.alarms[PROD[1], "errors"] = "ALARM"
        with pytest.raises(RefusedError) as caught:
            Promoting(fake).apply(plan)
        lines = caught.value.detail.splitlines()[1:]
        assert [line.split()[0] for line in lines] == ["f1", "label_f1", "labels", "alarm"]
        assert not [each for each in fake.operations(writes=True) if "store" not in each]
