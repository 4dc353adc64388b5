from __future__ import annotations

from collections.abc import Mapping

from promote.core.observation import Json
from promote.core.status import Finding
from promote.errors import AccessDeniedError
from promote.workflow.doctor import Doctor
from tests.fake_world import FakeWorld
from tests.workflow.test_promotion import QA_ROLE

TRUST: Json = {"Version": "2012-10-17", "Statement": []}


def findings(fake: FakeWorld, trust: Mapping[str, Json]) -> dict[str, Finding]:
    found = Doctor(fake.ports(), fake.topology, trust).examine()
    return {finding.subject: finding for finding in found}


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
