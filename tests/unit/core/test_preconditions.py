"""What refuses a plan, with every culprit and the remedy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from promote.core.observation import Json
from promote.core.plan import Grant, Switch
from promote.core.topology import Granularity
from promote.core.version import Status
from promote.errors import ProofError, QuotaError, RefusedError
from tests.builders import (
    ML,
    POLICY,
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

AGAIN = "promote plan tools v2 --to qa --reason 'two new labels'"


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
        assert f"{AGAIN} --adopt" in refused.value.remedy

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
        other = a_version("v4", status=Status.STARTING)
        return replace(found, versions={**found.versions, other.arn: other})

    def test_is_refused_naming_every_holder(self) -> None:
        with pytest.raises(QuotaError) as refused:
            self.full().plan()

        assert "tools-detector/v1  RUNNING\n    the pointer" in refused.value.detail
        assert (
            "tools-detector/v4  STARTING\n    a version cannot be stopped" in refused.value.detail
        )
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
        assert f"{AGAIN} --adopt" in refused.value.remedy

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


class TestOurOwnPolicy:
    """What somebody put into it by hand would be lost when it is written whole."""

    def edited(self, **statement: object) -> PureWorld:
        document: Any = a_grant("v1")
        document = {**document, "Statement": [*document["Statement"], statement]}
        return world().with_policy(ROLE, POLICY, document)

    @pytest.mark.parametrize(
        ("statement", "told"),
        [
            (
                {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"},
                r"allows s3:GetObject on arn:aws:s3:::b/",
            ),
            (
                {
                    "Effect": "Deny",
                    "Action": "rekognition:DetectCustomLabels",
                    "Resource": version_arn("v3"),
                    "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
                },
                rf"denies rekognition:DetectCustomLabels on {version_arn('v3')} with aws:.*=vpce",
            ),
            (
                {"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::b"},
                r"cannot be read for certain: .*NotResource",
            ),
        ],
        ids=["an action", "a denial", "unreadable"],
    )
    def test_is_refused_with_a_request_that_would_be_decided_otherwise(
        self, statement: dict[str, object], told: str
    ) -> None:
        with pytest.raises(ProofError, match=told) as refused:
            self.edited(**statement).plan()

        assert f"{POLICY} of {ROLE}" in refused.value.detail
        assert f"{AGAIN} --adopt" in refused.value.remedy
        assert refused.value.exit_code == 4

        plan = self.edited(**statement).plan(adopt=True)
        (grant,) = (step for step in plan.steps if isinstance(step, Grant))
        assert (grant.adopts, grant.undo) == (True, grant.before)

    def test_is_refused_when_only_a_revocation_would_write_it(self) -> None:
        found = self.edited(Effect="Allow", Action="s3:*", Resource="*")
        found = found.with_pointer(QA, a_pointer("v1", "v2"))
        found = found.with_pointer(SECOND, a_pointer("v1", "v2")).with_status("v2", Status.RUNNING)

        with pytest.raises(ProofError, match="allows s3:"):
            found.plan()

    @pytest.mark.parametrize(
        "document",
        [
            a_grant(version_arn("v1").partition("/version/")[0] + "/version/*"),
            a_grant("v0", "v1"),
            {
                "Version": "2012-10-17",
                "Statement": {
                    **a_grant("v1")["Statement"][0],  # type: ignore[index]
                    "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
                },
            },
        ],
        ids=["of another granularity", "of more versions", "through an endpoint"],
    )
    def test_of_our_own_making_is_never_refused(self, document: Json) -> None:
        plan = world().with_policy(ROLE, POLICY, document).plan()
        (grant,) = (step for step in plan.steps if isinstance(step, Grant))

        assert not grant.adopts
        assert grant.adds or grant.removes

    def test_says_nothing_of_adopting_where_there_is_nothing_to_adopt(self) -> None:
        assert world().plan(adopt=True) == world().plan()


class TestSize:
    def crowded(self, count: int = 120, **changes: Any) -> PureWorld:
        accounts = tuple(f"4{number:011}" for number in range(count))
        names = {a: a_pointer(f"v{100 + i}") for i, a in enumerate(accounts)}
        topology = a_topology(an_environment(accounts=accounts, **changes))
        return a_world(topology, a_version("v2"), pointers=names)

    def test_too_large_a_document_is_refused_with_what_would_fit(self) -> None:
        with pytest.raises(QuotaError) as refused:
            self.crowded().plan()

        used = int(refused.value.detail.partition("would take ")[2].partition(" ")[0])
        assert "IAM accepts 10240 for a role" in refused.value.detail
        assert f"{POLICY} takes {used} of them for 121 versions" in refused.value.detail
        fitting = int(refused.value.detail.rpartition("; ")[2].partition(" ")[0])
        assert self.crowded(fitting - 1).plan().changes
        with pytest.raises(QuotaError):
            self.crowded(fitting + 1).plan()

    def test_is_made_room_for_by_what_fits_the_configuration(self) -> None:
        with pytest.raises(QuotaError) as refused:
            self.crowded().plan()

        assert 'access_role: "{model}-{environment}-{account}"' in refused.value.remedy
        assert "each of the 120 accounts" in refused.value.remedy
        assert "granularity: project" in refused.value.remedy
        assert "managed policies" not in refused.value.remedy
        assert refused.value.remedy.endswith(f"\n    {AGAIN}")

    def test_counts_the_other_inline_policies_of_the_role(self) -> None:
        many = [f"arn:aws:s3:::bucket-{number:04}/*" for number in range(340)]
        topology = a_topology(an_environment(granularity=Granularity.ACCOUNT))
        abroad = version_arn("v9", account=QA)
        found = a_world(topology, a_version("v2"), pointers={QA: a_pointer(abroad)}, granted=())
        found = found.with_policy(ROLE, "x", a_grant(*many, action="s3:GetObject"))

        with pytest.raises(QuotaError, match="other inline policies take") as refused:
            found.plan()
        assert "for 2 versions, the role's" in refused.value.detail
        assert refused.value.detail.endswith("; 1 would fit.")
        ways = refused.value.remedy.splitlines()[1:-2]
        assert len(ways) == 1
        assert ways[0].startswith("  Make managed policies, which do not count, of the role's")

    def test_of_many_versions_of_other_accounts_has_a_way_out_too(self) -> None:
        accounts = tuple(f"4{number:011}" for number in range(120))
        abroad = {a: a_pointer(version_arn("v9", account=a)) for a in accounts}
        one_each = an_environment(accounts=accounts, granularity=Granularity.ACCOUNT)
        topology = a_topology(one_each)
        found = a_world(topology, a_version("v2"), pointers=abroad, granted=())

        with pytest.raises(QuotaError) as refused:
            found.plan()
        assert "granularity" not in refused.value.remedy
