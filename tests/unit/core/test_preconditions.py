"""What refuses a plan, with every culprit and the remedy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promote.core.plan import Grant, Switch
from promote.core.version import Status
from promote.errors import QuotaError, RefusedError
from tests.builders import (
    ML,
    QA,
    a_grant,
    a_pointer,
    a_topology,
    a_trained_version,
    a_version,
    an_environment,
    version_arn,
)
from tests.unit.core.pure_world import PureWorld, a_world

SECOND = "333333333334"
ROLE = f"arn:aws:iam::{ML}:role/tools-qa"
MANAGED = f"arn:aws:iam::{ML}:policy/legacy"
USABLE = {
    *("TRAINING_COMPLETED", "COPYING_COMPLETED", "STOPPED", "FAILED"),
    *("STARTING", "RUNNING", "STOPPING"),
}


def world(*names: str) -> PureWorld:
    """Build qa in two accounts whose pointers name v1, or hold what is given."""
    first, second = names or ("v1", "v1")
    pointers = {QA: a_pointer(first), SECOND: a_pointer(second)}
    topology = a_topology(an_environment(accounts=(QA, SECOND)))
    return a_world(topology, a_trained_version("v2"), a_version("v1"), pointers=pointers)


class TestVersion:
    @pytest.mark.parametrize("status", Status, ids=lambda status: status.value)
    def test_is_planned_in_the_states_that_lead_to_running(self, status: Status) -> None:
        found = world().with_status("v2", status)
        if status.value in USABLE:
            assert (found.plan().steps[0].step == "start") == (status is not Status.RUNNING)
            return
        with pytest.raises(RefusedError, match=f"v2 is {status.value}") as refused:
            found.plan()
        assert "promote version list tools" in refused.value.remedy

    def test_is_refused_in_the_services_own_words(self) -> None:
        found = world()
        broken = a_version("v2", status=Status.TRAINING_FAILED, message="too few images")
        found = replace(found, versions={**found.versions, broken.arn: broken})

        with pytest.raises(RefusedError, match=r"TRAINING_FAILED \(too few images\)"):
            found.plan()


class TestPointer:
    def test_with_rubbish_is_refused_naming_every_one(self) -> None:
        with pytest.raises(RefusedError) as refused:
            world("rubbish", "arn:aws:s3:::bucket").plan()

        assert refused.value.summary == "A pointer holds no version"
        assert f"qa/{QA}: /models/tools/version-arn holds 'rubbish'" in refused.value.detail
        assert f"qa/{SECOND}" in refused.value.detail
        assert "promote plan tools v2 --to qa --adopt" in refused.value.remedy

    def test_with_rubbish_is_overwritten_with_adopt_and_put_back_by_the_undo(self) -> None:
        plan = world("rubbish", "v1").plan(adopt=True)
        (first, _) = (step for step in plan.steps if isinstance(step, Switch))
        (grant,) = (step for step in plan.steps if isinstance(step, Grant))

        assert (first.before, first.undo) == ("rubbish", "rubbish")
        assert "rubbish" not in str(grant.after)

    def test_of_another_environment_is_not_looked_at(self) -> None:
        topology = a_topology(an_environment(), an_environment("prod", accounts=(SECOND,)))
        pointers = {QA: a_pointer("v1"), SECOND: a_pointer("rubbish")}
        found = a_world(topology, a_trained_version("v2"), a_version("v1"), pointers=pointers)

        assert found.plan().changes == 5


class TestSlot:
    def full(self) -> PureWorld:
        found = world()
        other = a_version("v4", status=Status.STOPPING)
        return replace(found, versions={**found.versions, other.arn: other})

    def test_is_refused_naming_every_holder(self) -> None:
        with pytest.raises(QuotaError) as refused:
            self.full().plan()

        assert "tools-detector/v1  RUNNING\n  tools-detector/v4  STOPPING" in refused.value.detail
        assert "all 2 running versions" in refused.value.detail
        assert "promote version stop tools VERSION" in refused.value.remedy

    @pytest.mark.parametrize("status", [Status.STARTING, Status.RUNNING, Status.STOPPING])
    def test_is_not_asked_for_by_a_version_that_holds_one(self, status: Status) -> None:
        assert self.full().with_status("v2", status).plan().changes > 0

    def test_is_free_below_the_quota(self) -> None:
        found = self.full()
        ml = found.topology.ml
        quotas = replace(ml.quotas, running=3)
        topology = replace(found.topology, ml=replace(ml, quotas=quotas))

        assert replace(found, topology=topology).plan().steps[0].step == "start"


class TestForeignGrants:
    def test_are_refused_naming_every_policy_and_what_it_allows(self) -> None:
        found = world().with_policy(ROLE, "x", a_grant("v1", "v3"))
        found = found.with_policy(ROLE, MANAGED, a_grant("*"))

        with pytest.raises(RefusedError) as refused:
            found.plan()

        assert f"{ROLE}: x allows {version_arn('v1')}, {version_arn('v3')}" in refused.value.detail
        assert f"{ROLE}: {MANAGED} allows *" in refused.value.detail
        assert "promote plan tools v2 --to qa --adopt" in refused.value.remedy

    @pytest.mark.parametrize(
        "statement",
        [
            {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"},
            {"Effect": "Allow", "Action": "rekognition:Detect*", "NotResource": "arn:aws:s3:::b"},
            {"Effect": "Allow", "Action": "rekognition:*", "Resource": "${aws:username}"},
            {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Odd": {"a": "b"}}},
            "not a statement",
        ],
    )
    def test_count_as_everything_when_they_cannot_be_read(self, statement: object) -> None:
        found = world().with_policy(ROLE, "x", {"Version": "2012-10-17", "Statement": [statement]})

        with pytest.raises(RefusedError, match=r"x allows \*"):
            found.plan()

    @pytest.mark.parametrize(
        "statement",
        [
            {"Effect": "Allow", "NotResource": "x", "Action": "s3:GetObject"},
            {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*"},
        ],
    )
    def test_are_none_where_detection_cannot_be_meant(self, statement: object) -> None:
        found = world().with_policy(ROLE, "x", {"Version": "2012-10-17", "Statement": statement})

        assert found.plan().changes > 0


class TestSize:
    def test_too_large_a_document_is_refused_with_both_remedies(self) -> None:
        accounts = tuple(f"4{number:011}" for number in range(120))
        names = {a: a_pointer(f"v{10 + i}") for i, a in enumerate(accounts)}
        topology = a_topology(an_environment(accounts=accounts))
        found = a_world(topology, a_version("v2"), pointers=names)

        with pytest.raises(QuotaError) as refused:
            found.plan()

        assert "IAM accepts 10240 for a role" in refused.value.detail
        assert '"{model}-{environment}-{account}"' in refused.value.remedy
        assert "granularity: project" in refused.value.remedy

    def test_counts_the_other_inline_policies_of_the_role(self) -> None:
        many = [f"arn:aws:s3:::bucket-{number:04}/*" for number in range(340)]
        found = world().with_policy(ROLE, "x", a_grant(*many, action="s3:GetObject"))

        with pytest.raises(QuotaError, match="would take"):
            found.plan()
