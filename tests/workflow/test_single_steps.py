from __future__ import annotations

import pytest

from promote.core.record import AccessChanged
from promote.core.topology import Granularity, Target
from promote.core.version import Status
from promote.errors import FailedError, LockedError, NotFoundError, QuotaError, RefusedError
from tests.builders import a_grant, a_topology, a_trained_version, a_version, prod, qa, version_arn
from tests.fake_world import FakeWorld
from tests.workflow.promoting import Promoting
from tests.workflow.test_lock import held
from tests.workflow.test_promotion import QA_ROLE, V1, V2


class TestStartingAVersion:
    def test_claims_it_and_waits_until_it_runs(self, fake: FakeWorld) -> None:
        assert Promoting(fake).start_version("tools", "v2").status is Status.RUNNING
        assert set(fake.ledger().claims) == {V2}

    def test_leaves_a_running_one_alone(self, fake: FakeWorld) -> None:
        Promoting(fake).start_version("tools", "v1")
        assert "model.start" not in fake.operations()
        assert not fake.ledger().claims

    def test_knows_no_other_version(self, fake: FakeWorld) -> None:
        with pytest.raises(NotFoundError) as caught:
            Promoting(fake).start_version("tools", "v9")
        assert "v2, v1" in caught.value.detail

    def test_claims_nothing_without_a_slot(self, fake: FakeWorld) -> None:
        fake.strangers = (a_version("w1", project="others"),)
        with pytest.raises(QuotaError):
            Promoting(fake).start_version("tools", "v2")
        assert not fake.ledger().claims

    def test_closes_the_claim_of_one_that_fails(self, fake: FakeWorld) -> None:
        fake.failing.add(V2)
        with pytest.raises(FailedError):
            Promoting(fake).start_version("tools", "v2")
        assert not fake.ledger().claims

    def test_waits_for_the_lock(self, fake: FakeWorld) -> None:
        held(fake)
        with pytest.raises(LockedError):
            Promoting(fake).start_version("tools", "v2")


class TestStoppingAVersion:
    def test_refuses_what_is_live(self, fake: FakeWorld) -> None:
        with pytest.raises(RefusedError) as caught:
            Promoting(fake).stop_version("tools", "v1", force=True)
        assert "the pointer /models/tools/version-arn of qa/333333333333" in caught.value.detail
        assert "the access role" in caught.value.detail
        assert "model.stop" not in fake.operations()

    def test_refuses_what_is_granted_alone(self, fake: FakeWorld) -> None:
        fake.become("v2", Status.RUNNING)
        fake.write_policy(QA_ROLE, a_grant("v1", "v2"))
        with pytest.raises(RefusedError, match="in use"):
            Promoting(fake).stop_version("tools", "v2", force=True)

    def test_refuses_what_is_not_ours_unless_forced(self, fake: FakeWorld) -> None:
        fake.become("v2", Status.RUNNING)
        with pytest.raises(RefusedError, match="not known to be ours"):
            Promoting(fake).stop_version("tools", "v2")
        assert Promoting(fake).stop_version("tools", "v2", force=True).status is Status.STOPPED

    def test_closes_the_claim(self, fake: FakeWorld) -> None:
        Promoting(fake).start_version("tools", "v2")
        assert Promoting(fake).stop_version("tools", "v2").status is Status.STOPPED
        assert not fake.ledger().claims

    def test_leaves_a_stopped_one_alone(self, fake: FakeWorld) -> None:
        assert not Promoting(fake).stop_version("tools", "v2").status.occupies_slot
        assert "model.stop" not in fake.operations()


class TestGrantingAccess:
    def test_adds_the_version_and_proves_it(self, fake: FakeWorld) -> None:
        assert Promoting(fake).grant("tools", "v2", environment="qa")
        assert fake.document(QA_ROLE) == a_grant("v1", "v2")
        assert fake.operations().count("model.invoke") >= 3
        record = fake.records()[-1]
        assert isinstance(record, AccessChanged)
        assert (record.granted, record.version) == (True, V2)

    def test_writes_nothing_when_it_is_so_already(self, fake: FakeWorld) -> None:
        assert not Promoting(fake).grant("tools", "v1", environment="qa")
        assert "iam.put" not in fake.operations()

    def test_keeps_what_a_pattern_alone_allowed_and_a_pointer_names(self, fake: FakeWorld) -> None:
        pattern = V1.replace("/v1/", "/*/").rsplit("/", 1)[0] + "/*"
        fake.write_policy(QA_ROLE, a_grant(pattern))
        fake.pass_time(60)
        Promoting(fake).grant("tools", "v2", environment="qa")
        assert fake.document(QA_ROLE) == a_grant("v1", "v2")

    def test_is_refused_at_coarser_granularity(self) -> None:
        fake = FakeWorld(a_topology(qa(granularity=Granularity.PROJECT), prod()))
        with pytest.raises(RefusedError, match="No single version"):
            Promoting(fake).grant("tools", "v2", environment="qa")


class TestRevokingAccess:
    def test_takes_it_away_and_proves_the_denial(self, fake: FakeWorld) -> None:
        Promoting(fake).grant("tools", "v2", environment="qa")
        assert Promoting(fake).revoke("tools", "v2", environment="qa")
        assert fake.document(QA_ROLE) == a_grant("v1")
        record = fake.records()[-1]
        assert isinstance(record, AccessChanged)
        assert not record.granted

    def test_is_refused_for_what_is_live(self, fake: FakeWorld) -> None:
        with pytest.raises(RefusedError, match="in use"):
            Promoting(fake).revoke("tools", "v1", environment="qa", force=True)

    def test_is_refused_within_the_drain(self, fake: FakeWorld, qa_target: Target) -> None:
        Promoting(fake).grant("tools", "v2", environment="qa")
        Promoting(fake).start_version("tools", "v2")
        fake.point(qa_target, V2)
        fake.point(qa_target, V1)
        with pytest.raises(RefusedError, match="in use"):
            Promoting(fake).revoke("tools", "v2", environment="qa")
        fake.pass_time(31)
        assert Promoting(fake).revoke("tools", "v2", environment="qa")

    def test_changes_nothing_when_it_was_not_granted(self, fake: FakeWorld) -> None:
        assert not Promoting(fake).revoke("tools", "v2", environment="qa")
        assert not fake.records()

    def test_deletes_a_policy_that_would_allow_nothing(self, fresh: FakeWorld) -> None:
        Promoting(fresh).grant("tools", "v2", environment="qa")
        assert Promoting(fresh).revoke("tools", "v2", environment="qa")
        assert fresh.document(QA_ROLE) is None

    def test_takes_away_a_version_that_is_gone_only_with_force(self, fake: FakeWorld) -> None:
        gone = version_arn("v0")
        fake.write_policy(QA_ROLE, a_grant("v0", "v1"))
        fake.pass_time(60)
        with pytest.raises(NotFoundError):
            Promoting(fake).revoke("tools", gone, environment="qa")
        assert Promoting(fake).revoke("tools", gone, environment="qa", force=True)
        assert fake.document(QA_ROLE) == a_grant("v1")


class TestVerifying:
    def test_passes_and_records_it(self, fake: FakeWorld) -> None:
        done = Promoting(fake).verify("tools", environment="prod")
        assert (done.passed, done.version, done.accuracy) == (True, V1, 1.0)
        assert fake.ledger().verification(V1, "prod") == done

    def test_fails_as_a_value(self, fake: FakeWorld) -> None:
        fake.poor.add(V1)
        done = Promoting(fake).verify("tools", environment="qa")
        assert (done.passed, done.accuracy) == (False, 0.0)

    def test_fails_when_the_version_does_not_run(self, fake: FakeWorld) -> None:
        fake.become("v1", Status.STOPPED)
        assert not Promoting(fake).verify("tools", environment="qa").passed
        fake.breaches.clear()  # stopped by us, behind the product's back

    def test_fails_when_the_pointers_disagree(
        self, fake: FakeWorld, prod_targets: tuple[Target, ...]
    ) -> None:
        arn = version_arn("v3")
        fake.versions[arn] = a_trained_version("v3")
        fake.point(prod_targets[1], arn)
        with pytest.raises(FailedError, match="does not name"):
            Promoting(fake).verify("tools", environment="prod")
        fake.breaches.clear()  # nobody had started v3
