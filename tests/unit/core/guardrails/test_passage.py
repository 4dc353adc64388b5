"""What the organisation's policies let pass, and what the guardrails are found to be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from promote.core.guardrails.attached import GuardrailFinding, drift
from promote.core.guardrails.court import Court
from promote.core.guardrails.errands import errands
from promote.core.guardrails.organization import AWS_OWN, ControlType, OrganizationState
from promote.core.guardrails.passage import blocked, examine, protection
from promote.core.parts import Smoke
from tests.builders import (
    DATA_LAKE,
    LAKE,
    MANAGEMENT,
    ML,
    PROD,
    QA,
    a_topology,
    an_environment,
)
from tests.fake_organization import CICD, ID, MODELS, PARENTS, ROOT, WORKLOADS
from tests.unit.core.guardrails.organizations import (
    LIFECYCLE,
    RCP,
    SCP,
    a_policy,
    a_rollout,
    a_state,
    deny,
    document,
    of_ours,
    with_policy,
)

TOPOLOGY = a_topology()
PROMOTER = f"arn:aws:iam::{CICD}:user/promoter"
ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def stopped(state: OrganizationState, promoter: str = PROMOTER) -> list[GuardrailFinding]:
    """Return what is wrong with the passage of promotions."""
    found = blocked(errands(TOPOLOGY, promoter), Court(state))
    return [each for each in found if not each.ok]


def with_scp(statement: dict[str, Any], *holders: str) -> OrganizationState:
    return with_policy(a_state(), a_policy(document(statement)), *holders)


class TestPassage:
    def test_of_everything_is_told_in_one_line(self) -> None:
        asked = errands(TOPOLOGY, PROMOTER)
        (finding,) = blocked(asked, Court(a_state()))
        assert finding.ok
        assert finding.detail == f"{len(asked)} of {len(asked)} are let pass"

    def test_is_not_hindered_by_the_guardrails_themselves(self) -> None:
        state = with_policy(with_policy(a_state(), of_ours(), ML, WORKLOADS), of_ours(RCP), ML)
        assert stopped(state) == []

    def test_is_stopped_by_a_deny_which_is_named_with_its_place(self) -> None:
        state = with_scp(deny("rekognition:StopProjectVersion", "NoStop"), MODELS)
        found = stopped(state)
        assert {each.subject for each in found} == {
            "rekognition:StopProjectVersion by promote-operator-prod (operator)"
        }
        assert found[0].by == (f"SCP foreign (p-foreign0) on {MODELS} Statement[0] (NoStop)",)
        assert found[0].request is not None
        assert found[0].request.action == "rekognition:StopProjectVersion"
        assert "promote-operator-prod/promote is denied" in found[0].detail
        assert ", and 1 more like it" in found[0].detail

    def test_is_stopped_by_a_level_that_allows_nothing(self) -> None:
        state = a_state()
        bare = {**state.attached, WORKLOADS: frozenset({AWS_OWN[ControlType.RCP].id})}
        found = stopped(replace(state, attached=bare))
        assert {by for each in found for by in each.by} == {f"no SCP on {WORKLOADS} allows it"}

    def test_of_the_promoter_depends_on_its_own_account(self) -> None:
        (found,) = stopped(with_scp(deny("sts:AssumeRole"), CICD))
        assert found.subject == "sts:AssumeRole by the promoter"

    def test_of_consumers_depends_on_theirs(self) -> None:
        (found,) = stopped(with_scp(deny("sts:AssumeRole"), PROD[1]))
        assert found.request is not None
        assert f"::{PROD[1]}:" in found.request.principal
        assert ", and 1 more like it" in found.detail

    def test_is_stopped_by_an_rcp_on_the_account_of_the_role(self) -> None:
        outside = a_state(parents={k: v for k, v in a_state().parents.items() if k != CICD})
        found = stopped(with_policy(outside, of_ours(RCP), ML))
        assert {each.request.principal for each in found if each.request} == {PROMOTER}
        assert "OnlyInside" in found[0].by[0]

    def test_is_free_in_another_region_only_if_that_is_denied(self) -> None:
        elsewhere = {"StringNotEquals": {"aws:RequestedRegion": ["us-east-1"]}}
        assert stopped(with_scp(deny("*", Condition=elsewhere), ROOT)) == []
        europe = {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}}
        found = stopped(with_scp(deny("rekognition:*", Condition=europe), ROOT))
        assert {each.request.context["aws:RequestedRegion"] for each in found if each.request} == {
            "us-east-1"
        }

    def test_does_not_regard_a_type_that_is_not_enabled(self) -> None:
        state = with_scp(deny("*"), ROOT)
        assert stopped(replace(state, enabled=frozenset({ControlType.RCP}))) == []

    def test_does_not_regard_the_management_account(self) -> None:
        state = with_scp(deny("sts:AssumeRole"), MANAGEMENT)
        assert stopped(state, f"arn:aws:iam::{MANAGEMENT}:user/admin") == []

    def test_is_never_said_of_a_policy_that_cannot_be_decided_by(self) -> None:
        odd = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
        state = with_scp(odd, MODELS)
        unreadable, rest = blocked(errands(TOPOLOGY, PROMOTER), Court(state))
        assert (unreadable.ok, rest.ok) == (False, False)
        assert unreadable.subject == f"SCP foreign (p-foreign0) on {MODELS}"
        assert "NotAction" in unreadable.detail
        assert "could not be decided" in rest.detail


class TestErrands:
    def test_are_those_of_every_role_and_of_the_promoter(self) -> None:
        asked = errands(TOPOLOGY, PROMOTER)
        actions = {each.request.action for each in asked}
        assert {*LIFECYCLE, "iam:PutRolePolicy", "ssm:PutParameter", "sts:AssumeRole"} <= actions
        assert "rekognition:DetectCustomLabels" in actions
        entered = {e.request.resource for e in asked if e.request.principal == PROMOTER}
        assert f"arn:aws:iam::{ML}:role/promote-operator-qa" in entered
        assert not any("*" in each.request.resource[1:] for each in asked)

    def test_of_roles_that_are_null_are_the_promoters_own(self) -> None:
        build = f"arn:aws:sts::{ML}:assumed-role/build/1"
        topology = a_topology(an_environment(operator_role=None))
        starts = [e for e in errands(topology, build) if e.request.action == LIFECYCLE[0]]
        assert {each.request.context["aws:PrincipalArn"] for each in starts} == {
            f"arn:aws:iam::{ML}:role/build"
        }

    def test_bring_what_the_grants_demand(self) -> None:
        topology = a_topology(an_environment(vpc_endpoints=("vpce-1", "vpce-2")))
        detected = [
            each.request.context
            for each in errands(topology, PROMOTER)
            if each.request.action == "rekognition:DetectCustomLabels"
        ]
        assert {each["aws:SourceVpce"] for each in detected} == {"vpce-1", "vpce-2"}
        entering = [
            each.request.context
            for each in errands(topology, PROMOTER)
            if each.request.resource.endswith(":role/tools-qa")
            and each.request.action == "sts:AssumeRole"
        ]
        assert {each.get("sts:ExternalId") for each in entering} == {"tools"}

    def test_are_the_reading_of_the_smoke_tests_images_from_s3(self) -> None:
        lake = replace(DATA_LAKE, bucket="golden")
        smoke = Smoke(images="s3://golden/{model}")
        topology = a_topology(an_environment(smoke=smoke), data_lake=lake)
        reads = [e for e in errands(topology, PROMOTER) if e.request.action.startswith("s3:")]
        listed, got = (e.request for e in reads)
        assert (listed.action, listed.resource) == ("s3:ListBucket", "arn:aws:s3:::golden")
        assert listed.context["s3:prefix"] == "tools/"
        assert got.action == "s3:GetObject"
        assert got.resource.startswith("arn:aws:s3:::golden/tools/")
        assert {(e.who, e.request.principal) for e in reads} == {("the promoter", PROMOTER)}
        assert {(e.account, e.owner) for e in reads} == {(CICD, LAKE)}
        found = list(blocked(reads, Court(with_scp(deny("s3:*"), CICD))))
        assert {each.subject for each in found} == {
            "s3:ListBucket by the promoter",
            "s3:GetObject by the promoter",
        }

    def test_are_no_reading_of_images_elsewhere(self) -> None:
        assert not any(e.request.action.startswith("s3:") for e in errands(TOPOLOGY, PROMOTER))
        whole = a_topology(an_environment(smoke=Smoke(images="s3://golden")))
        reads = [e for e in errands(whole, PROMOTER) if e.request.action.startswith("s3:")]
        assert [e.request.context.get("s3:prefix") for e in reads] == ["", None]
        assert {e.owner for e in reads} == {CICD}

    def test_are_decided_with_what_the_organisation_adds(self) -> None:
        asked = next(e for e in errands(TOPOLOGY, PROMOTER) if e.request.principal == PROMOTER)
        context = Court(a_state()).rule(asked).request.context
        assert context["aws:PrincipalOrgID"] == ID
        assert context["aws:PrincipalOrgPaths"] == f"{ID}/{ROOT}/"
        assert context["aws:ResourceAccount"] == asked.owner


def protected(state: OrganizationState, *targets: str) -> GuardrailFinding:
    (found,) = protection(TOPOLOGY, a_rollout(*targets), Court(state))
    assert found.subject == "a session of tools-qa, tools-prod with rekognition:*"
    return found


class TestProtection:
    @pytest.mark.parametrize("holder", [ML, MODELS, ROOT])
    def test_is_given_on_the_path_of_the_ml_account(self, holder: str) -> None:
        found = protected(with_policy(a_state(), of_ours(), holder))
        assert found.ok
        assert "StopProjectVersion" in found.detail
        assert found.by[0].endswith(f"on {holder} Statement[0] (OnlyOperators)")

    def test_is_not_given_by_a_policy_on_the_consumers_alone(self) -> None:
        found = protected(with_policy(a_state(), of_ours(), WORKLOADS), WORKLOADS)
        assert not found.ok
        assert f"is on {WORKLOADS} alone, and an SCP governs the principal's" in found.detail
        assert f"The session is a principal of the ML account {ML}" in found.detail
        assert f"    promote guardrail apply --target {ML}" in found.remedy
        assert f'    targets: ["{WORKLOADS}", "{ML}"]' in found.remedy

    def test_is_missing_without_any_policy(self) -> None:
        found = protected(a_state())
        assert "no SCP on the path of the ML account 222222222222 denies it" in found.detail
        assert found.remedy == "To attach it:\n    promote guardrail apply"

    def test_of_a_part_names_the_rest(self) -> None:
        half = document(deny(LIFECYCLE, "OnlyStart"))
        found = protected(with_policy(a_state(), of_ours(content=half), ML))
        assert "is let pass CopyProjectVersion, CreateProject, CreateProjectVersion" in found.detail
        assert "StopProjectVersion" not in found.detail

    def test_cannot_be_given_to_the_management_account(self) -> None:
        state = with_policy(a_state(management=ML), of_ours(), ML)
        found = protected(state)
        assert "is the management account, which no SCP governs" in found.detail
        assert "guardrail apply" not in found.remedy
        assert "another account" in found.remedy

    def test_cannot_be_given_outside_the_organisation(self) -> None:
        parents = {member: above for member, above in PARENTS.items() if member != ML}
        found = protected(a_state(parents=parents))
        assert f"{ML} is not in the organisation {ID}" in found.detail
        assert "guardrail apply" not in found.remedy
        assert f"Move the ML account {ML} into" in found.remedy

    def test_may_be_given_by_a_policy_of_somebody_else(self) -> None:
        found = protected(with_scp(deny("rekognition:*Project*"), ML))
        assert found.ok

    def test_is_not_said_of_what_cannot_be_decided(self) -> None:
        state = with_scp({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, ML)
        found = tuple(protection(TOPOLOGY, a_rollout(), Court(state)))
        assert [each.ok for each in found] == [False, False]
        assert f"see SCP foreign (p-foreign0) on {ML}" in found[0].detail


class TestOutsiders:
    def _found(self, state: OrganizationState) -> GuardrailFinding:
        rollout = a_rollout(wanted=(SCP, RCP))
        found = protection(TOPOLOGY, rollout, Court(state))
        return next(each for each in found if each.subject.startswith("somebody outside"))

    def test_are_kept_out_by_the_rcp_on_the_ml_account(self) -> None:
        found = self._found(with_policy(a_state(), of_ours(RCP), ML))
        assert found.ok
        assert found.by[0].endswith(f"on {ML} Statement[0] (OnlyInside)")

    def test_are_let_in_without_it(self) -> None:
        found = self._found(with_policy(a_state(), of_ours(RCP), WORKLOADS))
        assert not found.ok
        assert "is let pass to assume tools-prod, tools-qa: no RCP on the path" in found.detail

    def test_are_no_matter_of_an_rcp_in_the_management_account(self) -> None:
        found = self._found(with_policy(a_state(management=ML), of_ours(RCP), ML))
        assert "is the management account, which no RCP governs" in found.detail
        assert "guardrail apply" not in found.remedy

    def test_are_no_matter_without_an_organisation_to_name(self) -> None:
        found = protection(TOPOLOGY, a_rollout(), Court(a_state()))
        assert not [each for each in found if each.subject.startswith("somebody outside")]


def drifted(state: OrganizationState, *targets: str, **changes: Any) -> dict[str, str]:
    """Return what is not as wanted, by its subject."""
    found = drift(a_rollout(*targets, **changes), state)
    return {each.subject.replace(SCP.name, "ours"): each.detail for each in found if not each.ok}


class TestDrift:
    def test_is_none_when_all_is_as_wanted(self) -> None:
        assert drifted(with_policy(a_state(), of_ours(), ML)) == {}

    def test_of_nothing_there(self) -> None:
        assert drifted(a_state()) == {"SCP ours": "does not exist", f"SCP ours on {ML}": NOT_ON}

    def test_of_a_type_that_is_not_enabled(self) -> None:
        found = drifted(a_state(enabled=frozenset()))
        assert found["SCP ours"] == f"SCPs are not enabled in {ROOT}"

    def test_of_the_content_is_told_in_words(self) -> None:
        narrower = of_ours(content=SCP.content.replace(', "rekognition:StopProjectVersion"', ""))
        found = drifted(with_policy(a_state(), narrower, ML))
        assert "does not deny rekognition:StopProjectVersion" in found["SCP ours"]
        assert "Statement[0] (OnlyOperators)" in found["SCP ours"]

    def test_of_an_attachment(self) -> None:
        state = with_policy(a_state(), of_ours(), ML, CICD)
        assert drifted(state, ML, QA) == {
            f"SCP ours on {QA}": NOT_ON,
            f"SCP ours on {CICD}": "is attached, though promote.yaml does not say so",
        }

    def test_is_not_a_trial_below_a_target(self) -> None:
        assert drifted(with_policy(a_state(), of_ours(), MODELS, ML), MODELS) == {}

    def test_of_a_target_that_is_gone(self) -> None:
        found = drifted(with_policy(a_state(), of_ours(), ML), ML, "777777777777")
        assert (
            found["SCP ours on 777777777777"]
            == f"777777777777 is no member of the organisation {ID}"
        )

    def test_of_a_target_that_nothing_governs(self) -> None:
        found = drifted(with_policy(a_state(), of_ours(), MANAGEMENT), MANAGEMENT)
        assert "nothing governs the management account" in found[f"SCP ours on {MANAGEMENT}"]

    def test_of_a_policy_that_is_not_ours(self) -> None:
        theirs = replace(of_ours(), description="Mine")
        assert "is not ours" in drifted(with_policy(a_state(), theirs, ML))["SCP ours"]

    def test_of_a_type_that_is_wanted_no_longer(self) -> None:
        state = with_policy(with_policy(a_state(), of_ours(), ML), of_ours(RCP), ML)
        assert list(drifted(state).values()) == [
            "p-ours0rcp exists, but promote.yaml asks for none"
        ]


NOT_ON = "is not attached"


class TestExamine:
    def test_checks_all_three(self) -> None:
        found = examine(TOPOLOGY, a_rollout(), a_state(), PROMOTER)
        assert [each.check for each in found] == ["policy", "policy", "promotion", "protection"]
