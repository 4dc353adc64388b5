from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from promote.core.drift import Drift
from promote.core.observation import AccessRoleState, Json
from promote.core.parts import Capacity
from promote.core.record import (
    Direction,
    LedgerState,
    RollbackStarted,
    Unfinished,
)
from promote.core.result import Left
from promote.core.status import LockHolder, ModelLock, ModelStatus, VersionStatus, summarise
from promote.core.topology import Granularity
from promote.core.version import Status
from tests.builders import (
    HOUR,
    ML,
    NOW,
    PROD,
    PROMOTER,
    QA,
    REGION,
    a_grant,
    a_model,
    a_plan,
    a_pointer,
    a_request,
    a_topology,
    a_trained_version,
    a_trust,
    a_version,
    access_roles,
    an_access_role,
    an_observation,
    prod,
    qa,
    version_arn,
    without_role,
)

TOPOLOGY = a_topology()
QA_ROLE = f"arn:aws:iam::{ML}:role/tools-qa"
MINUTE = timedelta(minutes=1)


def role(name: str, *versions: str, topology: Any = TOPOLOGY, **changes: Any) -> AccessRoleState:
    """Build the access role called `name` with these versions granted, and other changes."""
    targets = [t for t in topology.all_targets("tools") if t.access_role.endswith(f"/{name}")]
    built = an_access_role(*targets, versions=versions)
    inline = {**built.inline, **changes.pop("inline", {})}
    return AccessRoleState(
        arn=built.arn,
        trust=changes.pop("trust", built.trust),
        inline=inline,
        attached=changes.pop("attached", {}),
    )


def status_of(**changes: Any) -> ModelStatus:
    return summarise(TOPOLOGY, an_observation(TOPOLOGY, **changes))


def drifts(environment: str = "qa", **changes: Any) -> tuple[Drift, ...]:
    found = status_of(**changes).environments
    return next(each.drift for each in found if each.name == environment)


def drift(environment: str = "qa", **changes: Any) -> tuple[str, ...]:
    return tuple(each.summary for each in drifts(environment, **changes))


def version_of(status: ModelStatus, name: str) -> VersionStatus:
    return next(version for version in status.versions if version.name == name)


def unfinished(**changes: Any) -> LedgerState:
    request = a_request(**changes)
    begun = Unfinished(promotion="p-1", plan=a_plan(request=request), since=NOW - HOUR, by=PROMOTER)
    return LedgerState(open=(begun,))


class TestSummarise:
    def test_tells_what_every_target_names_and_every_environment_grants(self) -> None:
        qa_status, prod_status = status_of().environments
        assert qa_status.name == "qa"
        assert [(t.account, t.pointer, t.version) for t in prod_status.targets] == [
            (account, "/models/tools/version-arn", "v1") for account in PROD
        ]
        assert (qa_status.granted, prod_status.granted) == (("v1",), ("v1",))

    def test_finds_nothing_wrong_in_a_world_as_it_should_be(self) -> None:
        status = status_of()
        assert not status.drifted
        assert (status.unfinished, status.left, status.lock) == (None, (), None)
        assert not any(version.orphan for version in status.versions)

    def test_tells_whom_a_version_runs_for_and_what_it_costs(self) -> None:
        version = version_of(status_of(), "v1")
        assert version.named_by == (f"qa/{QA}", f"prod/{PROD[0]}", f"prod/{PROD[1]}")
        assert (version.units, version.cost_per_hour) == (1, 4.0)

    def test_counts_no_cost_for_a_version_that_does_not_run(self) -> None:
        assert version_of(status_of(), "v2").cost_per_hour == 0.0

    def test_a_pointer_that_does_not_exist_names_none(self) -> None:
        status = status_of(pointers={QA: a_pointer()}, roles={"tools-qa": role("tools-qa")})
        assert status.environments[0].targets[0].version is None

    def test_keeps_a_pattern_as_the_policy_spells_it(self) -> None:
        pattern = f"arn:aws:rekognition:{REGION}:{ML}:project/tools-detector/version/*"
        topology = a_topology(qa(granularity=Granularity.PROJECT))
        roles = {"tools-qa": role("tools-qa", pattern, topology=topology)}
        status = summarise(topology, an_observation(topology, roles=roles))
        assert status.environments[0].granted == (pattern,)
        assert not status.drifted

    def test_carries_the_lock(self) -> None:
        holder = LockHolder(
            owner=PROMOTER,
            host="build-7",
            pid=4711,
            operation="release tools v2 to prod",
            since=NOW,
            expires=NOW + MINUTE,
            fence=7,
        )
        lock = ModelLock(model="tools", holder=holder, live=False, lease=120)
        assert summarise(TOPOLOGY, an_observation(), lock).lock == lock

    def test_tells_the_unfinished_promotion_and_that_it_goes_forward(self) -> None:
        found = status_of(ledger=unfinished()).unfinished
        assert found is not None
        assert (found.promotion, found.environment) == ("p-1", "prod")
        assert (found.version, found.by) == (version_arn("v2"), PROMOTER)
        assert (found.since, found.direction, found.reason) == (NOW - HOUR, Direction.FORWARD, "")

    def test_tells_why_an_unfinished_promotion_turned_back(self) -> None:
        turned = RollbackStarted(at=NOW, promotion="p-1", reason="it failed", switched=())
        going = unfinished().unfinished
        assert going is not None
        back = Unfinished(
            promotion="p-1", plan=going.plan, since=going.since, by=going.by, turned=turned
        )
        found = status_of(ledger=LedgerState(open=(back,))).unfinished
        assert found is not None
        assert (found.direction, found.reason) == (
            Direction.ROLLING_BACK,
            "it failed",
        )


class TestLeft:
    def moved(self, ago: timedelta) -> dict[str, Any]:
        """Build the world in which every pointer moved from v1 to v2, and v1 is still about."""
        pointer = a_pointer("v1", "v2", changed_at=NOW - ago)
        names = ("tools-qa", "tools-prod")
        return {
            "pointers": dict.fromkeys((QA, *PROD), pointer),
            "roles": {name: role(name, "v1", "v2") for name in names},
            "versions": (a_version("v2"), a_version("v1")),
        }

    def test_says_from_when_on_the_old_version_is_revoked_and_stopped(self) -> None:
        status = status_of(**self.moved(MINUTE))
        end = NOW + 4 * MINUTE
        assert status.left == (
            Left(step="revoke", version=version_arn("v1"), not_before=NOW - MINUTE / 2),
            Left(step="revoke", version=version_arn("v1"), not_before=end),
            Left(step="stop", version=version_arn("v1"), not_before=end),
        )

    def test_a_version_within_its_drain_is_no_drift_and_no_orphan(self) -> None:
        status = status_of(**self.moved(MINUTE / 4))
        assert not status.drifted
        assert not version_of(status, "v1").orphan

    def test_a_grant_past_its_drain_is_drift_as_well(self) -> None:
        assert drift("prod", **self.moved(HOUR)) == (
            (
                "tools-prod allows v1, which no pointer of its targets names or named within the "
                "drain."
            ),
        )

    def test_what_an_unfinished_promotion_brings_back_is_not_left_over(self) -> None:
        begun = Unfinished(promotion="p-1", plan=a_plan(), since=NOW, by=PROMOTER)
        seen: dict[str, Any] = {
            "pointers": dict.fromkeys(PROD, a_pointer("v2", "v1")),
            "roles": {"tools-prod": role("tools-prod", "v1", "v2")},
        }
        assert [each.step for each in status_of(**seen).left] == ["revoke"]
        assert status_of(**seen, ledger=LedgerState(open=(begun,))).left == ()

    def test_a_version_that_no_pointer_ever_named_is_an_orphan_that_retire_leaves(self) -> None:
        status = status_of(
            versions=(a_version("v2"), a_version("v1")),
            ledger=LedgerState(claims={version_arn("v2"): "p-1"}),
        )
        assert status.left == ()
        assert [each.orphan for each in status.versions] == [True, False]

    def test_a_version_that_another_environment_names_stays(self) -> None:
        moved = self.moved(HOUR)
        moved["pointers"] = {QA: a_pointer("v1", "v2", changed_at=NOW - HOUR)}
        assert [left.step for left in status_of(**moved).left] == ["revoke"]


class TestOrphans:
    def test_a_version_that_runs_for_nobody_is_an_orphan_with_its_cost(self) -> None:
        status = status_of(versions=(a_version("v2", min_units=2), a_version("v1")))
        version = version_of(status, "v2")
        assert (version.orphan, version.cost_per_hour) == (True, 8.0)

    def test_a_version_that_starts_for_nobody_is_one_too(self) -> None:
        starting = a_version("v2", status=Status.STARTING)
        assert version_of(status_of(versions=(starting, a_version("v1"))), "v2").orphan

    def test_an_exact_grant_keeps_a_version_from_being_one(self) -> None:
        status = status_of(
            versions=(a_version("v2"), a_version("v1")),
            roles={"tools-prod": role("tools-prod", "v1", "v2")},
        )
        assert not version_of(status, "v2").orphan

    def test_a_drain_keeps_a_version_from_being_one(self) -> None:
        pointer = a_pointer("v2", "v1", changed_at=NOW - MINUTE)
        status = status_of(versions=(a_version("v2"), a_version("v1")), pointers={PROD[0]: pointer})
        assert not version_of(status, "v2").orphan

    def test_an_unfinished_promotion_keeps_its_version_from_being_one(self) -> None:
        versions = (a_version("v2"), a_version("v1"))
        assert not version_of(status_of(versions=versions, ledger=unfinished()), "v2").orphan

    def test_a_stopped_version_is_none(self) -> None:
        status = status_of(versions=(a_version("v2", status=Status.STOPPED), a_version("v1")))
        assert not version_of(status, "v2").orphan


class TestPointerDrift:
    def test_tells_of_a_pointer_that_holds_rubbish(self) -> None:
        found = drift(pointers={QA: a_pointer("not an\nARN")}, roles={"tools-qa": role("tools-qa")})
        assert found == (
            (
                f"qa/{QA}: the pointer /models/tools/version-arn holds 'not an\\nARN', which is "
                "not the ARN of a model version."
            ),
        )

    def test_shows_no_more_than_the_beginning_of_long_rubbish(self) -> None:
        found = drift(pointers={QA: a_pointer("x" * 5000)})
        assert len(found[0]) < 300

    def test_tells_of_a_pointer_to_another_project(self) -> None:
        foreign = version_arn("v7", project="hammers")
        found = drift(
            pointers={QA: a_pointer(foreign)}, roles={"tools-qa": role("tools-qa", foreign)}
        )
        assert found == (
            (
                f"qa/{QA}: the pointer /models/tools/version-arn names a version of another "
                f"project, hammers in account {ML} ({REGION}): {foreign}."
            ),
        )

    def test_tells_of_a_pointer_to_a_version_that_was_deleted(self) -> None:
        found = drift(pointers={QA: a_pointer("v9")}, roles={"tools-qa": role("tools-qa", "v9")})
        assert found == (
            (
                f"qa/{QA}: the pointer /models/tools/version-arn names {version_arn('v9')}, which "
                "tools-detector does not have (any more)."
            ),
        )

    @pytest.mark.parametrize("status", sorted(set(Status) - {Status.RUNNING}, key=str))
    def test_tells_of_a_version_that_does_not_run(self, status: Status) -> None:
        assert drift(versions=(a_version("v1", status=status),)) == (
            (
                f"qa/{QA}: the pointer /models/tools/version-arn names v1, which is "
                f"{status.value}, not RUNNING."
            ),
        )

    def test_tells_of_targets_that_disagree(self) -> None:
        found = drift(
            "prod",
            pointers={PROD[0]: a_pointer("v2"), PROD[1]: a_pointer()},
            versions=(a_version("v2"), a_version("v1")),
            roles={"tools-prod": role("tools-prod", "v2")},
        )
        assert found == (
            (
                "prod: its targets do not name the same version: 444444444444 names v2, "
                "555555555555 names nothing."
            ),
        )

    def test_an_unfinished_promotion_explains_that_targets_disagree(self) -> None:
        found = drift(
            "prod",
            pointers={PROD[0]: a_pointer("v1", "v2")},
            versions=(a_version("v2"), a_version("v1")),
            roles={"tools-prod": role("tools-prod", "v1", "v2")},
            ledger=unfinished(),
        )
        assert found == ()

    def test_tells_of_other_units_than_the_capacity(self) -> None:
        topology = a_topology(qa(), models=(a_model(capacity=Capacity(min=1, max=3)),))
        observation = an_observation(topology, versions=(a_version("v1", min_units=2),))
        (found,) = summarise(topology, observation).environments[0].drift
        assert found.summary.startswith(
            "v1 runs with 2 inference units; capacity in promote.yaml is 1-3. It is not restarted"
        )
        assert (found.adopt, found.repair) == ((), ())


class TestRoleDrift:
    def test_tells_of_a_role_that_does_not_exist(self) -> None:
        observation = without_role(an_observation(), "tools-qa")
        status = summarise(TOPOLOGY, observation).environments[0]
        (found,) = status.drift
        assert found.summary == (
            f"The access role tools-qa does not exist ({QA_ROLE}). Whoever manages roles must "
            "create it, with its trust policy."
        )
        assert found.show == (
            "promote policy render --model tools --environment qa --kind access-role-trust",
        )
        assert status.granted == ()

    def test_tells_of_a_version_that_is_not_granted(self) -> None:
        assert drift("prod", roles={"tools-prod": role("tools-prod")}) == (
            (
                "tools-prod does not allow rekognition:DetectCustomLabels on v1, which the pointer "
                "of 444444444444, 555555555555 names."
            ),
        )

    @pytest.mark.parametrize(
        "elements",
        [
            {"Action": "rekognition:*", "Resource": "*"},
            {"NotAction": "s3:*", "Resource": "*"},
            {"Action": "*", "NotResource": "arn:aws:s3:::b"},
        ],
    )
    def test_tells_of_a_grant_that_a_deny_takes_back(self, elements: Any) -> None:
        deny = {"Effect": "Deny", **elements}
        inline = {"guard": {"Version": "2012-10-17", "Statement": [deny]}}
        assert drift(roles={"tools-qa": role("tools-qa", "v1", inline=inline)}) == (
            (
                "tools-qa does not allow rekognition:DetectCustomLabels on v1, which the pointer "
                f"of {QA} names. A policy on it denies it, which promote does not write: whoever "
                "did must take the denial away."
            ),
        )

    @pytest.mark.parametrize(
        "elements",
        [
            {"NotAction": "rekognition:*", "Resource": "*"},
            {"Action": "*", "NotResource": version_arn("v1")},
            {"Action": "*", "Resource": "arn:aws:s3:::${aws:username}"},
        ],
    )
    def test_leaves_a_deny_alone_that_is_about_something_else(self, elements: Any) -> None:
        deny = {"Effect": "Deny", **elements}
        inline = {"guard": {"Version": "2012-10-17", "Statement": [deny]}}

        assert drift(roles={"tools-qa": role("tools-qa", "v1", inline=inline)}) == ()

    def test_tells_of_a_grant_that_no_pointer_needs(self) -> None:
        assert drift(roles={"tools-qa": role("tools-qa", "v1", "v2")}) == (
            "tools-qa allows v2, which no pointer of its targets names or named within the drain.",
        )

    def test_an_unfinished_promotion_explains_the_grant_of_its_version(self) -> None:
        roles = {"tools-prod": role("tools-prod", "v1", "v2")}
        assert drift("prod", roles=roles, ledger=unfinished()) == ()
        assert drift("prod", roles=roles, ledger=unfinished(environment="qa")) != ()

    def test_tells_of_a_pattern_where_single_versions_are_wanted(self) -> None:
        pattern = f"arn:aws:rekognition:{REGION}:{ML}:project/tools-detector/version/*"
        assert drift(roles={"tools-qa": role("tools-qa", pattern)}) == (
            f"tools-qa allows {pattern}, which is wider than single versions.",
        )

    def test_tells_of_foreign_policies_that_allow_to_detect(self) -> None:
        attached = {"arn:aws:iam::aws:policy/ReadAll": a_grant("*", action="rekognition:Detect*")}
        found = drift(roles={"tools-qa": role("tools-qa", "v1", attached=attached)})
        assert found == (
            (
                "The policy arn:aws:iam::aws:policy/ReadAll on tools-qa is not ours and allows "
                "rekognition:DetectCustomLabels on *."
            ),
        )

    def test_leaves_foreign_policies_alone_that_do_not(self) -> None:
        inline = {"logs": a_grant("*", action="logs:PutLogEvents")}
        assert drift(roles={"tools-qa": role("tools-qa", "v1", inline=inline)}) == ()

    def test_tells_of_a_policy_that_cannot_be_judged(self) -> None:
        wide: Json = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}],
        }
        (found,) = drift(roles={"tools-qa": role("tools-qa", "v1", inline={"wide": wide})})
        assert found.startswith("The policy wide on tools-qa cannot be judged: ")
        assert "NotAction" in found

    def test_tells_of_another_trust_policy_than_the_wanted_one(self) -> None:
        wanted = {arn: state.trust for arn, state in access_roles(TOPOLOGY).items()}
        observation = an_observation(roles={"tools-qa": role("tools-qa", "v1", trust=a_trust())})
        qa_status, prod_status = summarise(TOPOLOGY, observation, None, wanted).environments
        (found,) = qa_status.drift
        assert found.summary == (
            "The trust policy of tools-qa is not the one that promote.yaml asks for. Whoever "
            "manages roles must write it."
        )
        assert prod_status.drift == ()

    def test_judges_each_of_several_roles_by_its_own_target(self) -> None:
        topology = a_topology(prod(access_role="{model}-{account}", after=()))
        built = an_observation(topology, versions=(a_trained_version(), a_version()))
        observation = without_role(built, f"tools-{PROD[1]}")
        (found,) = summarise(topology, observation).environments
        (drifted,) = found.drift
        assert drifted.summary.startswith(
            f"The access role tools-{PROD[1]} does not exist "
            f"(arn:aws:iam::{ML}:role/tools-{PROD[1]})."
        )
        assert found.granted == ("v1",)
