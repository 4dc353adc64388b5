from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from promote.core.evaluation import Evaluation, LabelMetrics
from promote.core.gates.labels import LabelRule
from promote.core.gates.requirements import Requirements
from promote.core.observation import Json
from promote.core.parts import PointerAddress
from promote.core.status import Finding
from promote.errors import AccessDeniedError
from promote.workflow.doctor import Doctor
from tests.builders import PROD, version_arn
from tests.fake_signer import KEY, FakeSigner
from tests.fake_world import FakeWorld
from tests.workflow.test_promotion import QA_ROLE

HAMMER = LabelMetrics(f1=0.9, precision=0.9, recall=0.9, threshold=0.5, images=20)
TRUST: Json = {"Version": "2012-10-17", "Statement": []}


def findings(fake: FakeWorld, trust: Mapping[str, Json]) -> dict[str, Finding]:
    found = Doctor(fake.ports(), fake.topology, trust).examine()
    return {finding.subject: finding for finding in found}


class TestASigningKey:
    def test_is_tried_without_a_signature(self, fake: FakeWorld) -> None:
        fake.topology = replace(fake.topology, signing_key=KEY)
        finding = findings(fake, {})[f"signing key {KEY}"]
        assert (finding.ok, finding.detail) == (True, "can sign the records")

    def test_that_does_not_sign_for_the_promoter_is_named_with_what_helps(
        self, fake: FakeWorld
    ) -> None:
        topology = replace(fake.topology, signing_key=KEY)
        world = replace(fake.ports(), signer=FakeSigner(refuses=True))
        found = {each.subject: each for each in Doctor(world, topology, {}).examine()}
        finding = found[f"signing key {KEY}"]
        assert (finding.ok, finding.remedy) == (False, "Allow it.")

    def test_is_not_asked_for_where_promote_yaml_names_none(self, fake: FakeWorld) -> None:
        assert not [each for each in findings(fake, {}) if "signing" in each]


class TestWhatGatesAskAbout:
    ASKED = Requirements(f1=0.8, labels=LabelRule.KNOWN, alarms=("errors-{account}",))
    EVALUATION = Evaluation(f1=0.9, precision=0.9, recall=0.9, labels={"hammer": HAMMER})

    def asking(self, fake: FakeWorld, gates: Requirements = ASKED) -> FakeWorld:
        """Let prod ask about everything, and put it all there."""
        first, last = fake.topology.environments
        model = replace(fake.topology.models[0], labels_in=PointerAddress(name="/labels"))
        fake.topology = replace(
            fake.topology, environments=(first, replace(last, gates=gates)), models=(model,)
        )
        for name in ("v1", "v2"):
            arn = version_arn(name)
            fake.versions[arn] = replace(fake.versions[arn], summary=f"s3://evals/{name}.json")
            fake.evaluations[arn] = self.EVALUATION
        for target in fake.topology.targets("tools", fake.topology.environment("prod")):
            fake.point(replace(target, pointer=PointerAddress(name="/labels")), "hammer,saw")
            fake.alarms[target.account, f"errors-{target.account}"] = "OK"
        return fake

    def found(self, fake: FakeWorld) -> dict[str, Finding]:
        """Return the findings about what gates ask."""
        words = ("evaluations ", "labels ", "alarms ")
        return {k: each for k, each in findings(fake, {}).items() if k.startswith(words)}

    def test_is_not_looked_at_where_nothing_asks(self, fake: FakeWorld) -> None:
        assert self.found(self.asking(fake, Requirements())) == {}

    def test_is_told_in_a_line_each_with_a_call_for_each_account(self, fake: FakeWorld) -> None:
        found = self.found(self.asking(fake))
        assert {subject: (each.ok, each.detail) for subject, each in found.items()} == {
            "evaluations of tools-detector for promote-reader": (True, "v2's can be read, 1 label"),
            **{
                f"labels for tools of prod/{account}": (True, f"/labels in {account}: hammer, saw")
                for account in PROD
            },
            "alarms for tools in prod": (True, "2 alarms: 2 OK"),
        }
        asked = [call for call in fake.operations() if call in ("model.evaluation", "alarm.states")]
        assert sorted(asked) == ["alarm.states", "alarm.states", "model.evaluation"]

    def test_no_evaluation_is_missed_before_anything_was_trained(self, fake: FakeWorld) -> None:
        self.asking(fake)
        fake.versions = {arn: replace(v, summary=None) for arn, v in fake.versions.items()}
        (finding,) = [each for name, each in self.found(fake).items() if "evaluations" in name]
        assert (finding.ok, finding.detail) == (
            True,
            "none to read yet: no version has been trained",
        )

    def test_an_evaluation_that_may_not_be_read_says_what_helps(self, fake: FakeWorld) -> None:
        self.asking(fake)
        fake.fail("model.evaluation", AccessDeniedError("Access denied", "Why.", "Grant it."))
        (finding,) = [each for each in self.found(fake).values() if not each.ok]
        assert (finding.detail, finding.remedy) == ("Access denied. Why.", "Grant it.")

    def test_labels_that_nobody_publishes_say_how_to(self, fake: FakeWorld) -> None:
        self.asking(fake)
        del fake.pointers[PROD[1], "/labels"]
        (finding,) = [each for each in self.found(fake).values() if not each.ok]
        assert finding.subject == f"labels for tools of prod/{PROD[1]}"
        assert f"/labels in {PROD[1]}: does not exist" in finding.detail
        assert "aws ssm put-parameter --name /labels --type StringList" in finding.remedy

    def test_an_alarm_that_does_not_exist_is_named(self, fake: FakeWorld) -> None:
        self.asking(fake)
        del fake.alarms[PROD[0], f"errors-{PROD[0]}"]
        (finding,) = [each for each in self.found(fake).values() if not each.ok]
        assert finding.detail.startswith(f"An alarm does not exist. errors-{PROD[0]} in {PROD[0]}.")
        assert "gates.alarm" in finding.remedy

    def test_an_alarm_that_rings_is_for_the_gate_to_judge(self, fake: FakeWorld) -> None:
        self.asking(fake)
        fake.alarms[PROD[0], f"errors-{PROD[0]}"] = "ALARM"
        assert self.found(fake)["alarms for tools in prod"].detail == "2 alarms: 1 ALARM, 1 OK"


class TestExamining:
    def test_finds_nothing_where_everything_is_in_place(self, fake: FakeWorld) -> None:
        found = findings(fake, {QA_ROLE: fake.roles[QA_ROLE].trust})
        assert all(finding.ok for finding in found.values())
        assert fake.operations(writes=True) == ["store.create", "store.delete"]
        assert not fake.objects

    def test_names_a_ledger_that_can_be_read_but_not_written(self, fake: FakeWorld) -> None:
        fake.fail("store.create", AccessDeniedError("Access denied", "It may not.", "Let it."))
        finding = findings(fake, {})["ledger"]
        assert (finding.ok, finding.remedy) == (False, "Let it.")

    def test_names_a_ledger_whose_objects_cannot_be_deleted_and_tidies_up_later(
        self, fake: FakeWorld
    ) -> None:
        fake.fail("store.delete", AccessDeniedError("Access denied"))
        assert not findings(fake, {})["ledger"].ok
        assert findings(fake, {})["ledger"].ok
        assert not fake.objects

    def test_names_a_record_that_cannot_be_read(self, fake: FakeWorld) -> None:
        fake.ports().store.create("tools/records/00000001.json", b"[]")
        assert "tools/records/00000001.json" in findings(fake, {})["ledger"].remedy

    def test_names_an_access_role_that_does_not_exist(self, fresh: FakeWorld) -> None:
        del fresh.roles[QA_ROLE]
        finding = findings(fresh, {})[f"access role {QA_ROLE}"]
        assert (finding.ok, finding.detail) == (False, "It does not exist")
        assert "--environment qa --kind access-role-trust" in finding.remedy

    def test_names_a_trust_policy_that_is_not_the_wanted_one(self, fake: FakeWorld) -> None:
        finding = findings(fake, {QA_ROLE: TRUST})[f"access role {QA_ROLE}"]
        assert (finding.ok, finding.detail) == (
            False,
            "Its trust policy is not what promote.yaml asks for",
        )

    def test_predicts_a_trust_policy_that_iam_would_not_accept(self, fake: FakeWorld) -> None:
        large = {**TRUST, "Statement": [{"Sid": "x" * 2_048}]}
        finding = findings(fake, {QA_ROLE: large})[f"access role {QA_ROLE}"]
        assert not finding.ok
        assert "IAM accepts 2048, and up to 8192" in finding.detail
        assert "{account}" in finding.remedy

    def test_goes_on_after_a_finding(self, fresh: FakeWorld) -> None:
        everything = len(findings(fresh, {}))
        del fresh.roles[QA_ROLE]
        assert len(findings(fresh, {})) == everything
