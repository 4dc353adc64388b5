"""The resolved configuration: targets, roles, and the fingerprint that a plan rests on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from promote.core.gates.golden import GoldenRule
from promote.core.gates.grammar import parse_freeze
from promote.core.gates.labels import LabelRule
from promote.core.gates.requirements import Requirements
from promote.core.parts import (
    Capacity,
    Deadlines,
    MlAccount,
    PointerAddress,
    Propagation,
    Quotas,
    Smoke,
)
from promote.core.perimeter import Verifier
from promote.core.topology import Granularity, Topology
from promote.core.waves import WaveSize
from promote.errors import InputError, NotFoundError
from tests.builders import ML, PROD, QA, a_model, a_topology, an_environment, prod, qa

PER_ACCOUNT = "{model}-{environment}-{account}"


class TestTargets:
    def test_fill_every_placeholder(self) -> None:
        environment = an_environment(
            access_role=PER_ACCOUNT,
            pointer=PointerAddress(name="/{region}/{environment}/{model}/{account}"),
            policy_name="promote-{model}-{environment}",
            external_id="id-{account}",
            smoke=Smoke(endpoint_url="https://{account}.example"),
        )
        (target,) = a_topology(environment).targets("tools", environment)

        assert target.access_role == f"arn:aws:iam::{ML}:role/tools-qa-{QA}"
        assert target.pointer.name == f"/us-east-1/qa/tools/{QA}"
        assert target.policy_name == "promote-tools-qa"
        assert target.external_id == f"id-{QA}"
        assert target.endpoint_url == f"https://{QA}.example"
        assert target.consumers == (f"arn:aws:iam::{QA}:role/storefront",)
        assert str(target) == f"qa/{QA}"

    def test_have_the_access_role_in_the_ml_account_and_their_own_roles_at_home(self) -> None:
        target = a_topology().targets("tools", qa())[0]

        assert target.access_role == f"arn:aws:iam::{ML}:role/tools-qa"
        assert target.reader_role == f"arn:aws:iam::{QA}:role/promote-reader"
        assert target.deployer_role == f"arn:aws:iam::{QA}:role/promote-deployer"
        assert target.smoke_role == f"arn:aws:iam::{QA}:role/promote-smoke"

    def test_leave_out_the_roles_that_are_the_promoter_itself(self) -> None:
        environment = an_environment(deployer_role=None, external_id=None, operator_role=None)
        topology = a_topology(environment)
        (target,) = topology.targets("tools", environment)

        assert target.deployer_role is None
        assert target.external_id is None
        assert target.endpoint_url is None
        assert topology.operator(environment) is None

    def test_come_in_the_order_of_the_file(self) -> None:
        topology = a_topology()

        assert [target.account for target in topology.all_targets("tools")] == [QA, *PROD]

    def test_share_one_access_role_unless_its_name_tells_the_accounts_apart(self) -> None:
        shared, own = prod(), prod(access_role=PER_ACCOUNT)

        assert len({t.access_role for t in a_topology(shared).targets("tools", shared)}) == 1
        assert len({t.access_role for t in a_topology(own).targets("tools", own)}) == 2

    def test_keep_models_apart(self) -> None:
        topology = a_topology(models=(a_model(), a_model(name="parts", project="spares")))
        tools, parts = (topology.all_targets(each.name) for each in topology.models)

        assert not {t.access_role for t in tools} & {t.access_role for t in parts}
        assert not {t.pointer.name for t in tools} & {t.pointer.name for t in parts}


class TestTopology:
    def test_finds_the_roles_of_the_ml_account(self) -> None:
        topology = a_topology()

        assert topology.ml_reader(qa()) == f"arn:aws:iam::{ML}:role/promote-reader"
        assert topology.operator(prod()) == f"arn:aws:iam::{ML}:role/promote-operator-prod"

    def test_names_what_it_has_when_asked_for_something_else(self) -> None:
        with pytest.raises(NotFoundError, match=r"'tool'.* It has: tools") as no:
            a_topology().model("tool")
        assert no.value.exit_code == 7
        with pytest.raises(NotFoundError, match=r"'dev'.* It has: qa, prod"):
            a_topology().environment("dev")

    def test_fills_the_place_of_the_images(self) -> None:
        environment = qa(smoke=Smoke(images="golden/{model}/{environment}"))
        topology = a_topology(environment)

        assert topology.images("tools", environment) == "golden/tools/qa"
        assert topology.images("tools", qa(smoke=Smoke())) is None


class TestAlarms:
    def of(self, *alarms: str, **changes: object) -> dict[str, str | None]:
        environment = prod(gates=Requirements(alarms=alarms), **changes)
        found = a_topology(environment).alarms("tools", environment)
        return {str(alarm): role for alarm, role in found.items()}

    def test_by_name_are_in_every_target_account(self) -> None:
        assert self.of("{model}-{environment}-{account}-{region}") == {
            f"tools-prod-{account}-us-east-1 in {account}": (
                f"arn:aws:iam::{account}:role/promote-reader"
            )
            for account in PROD
        }

    def test_by_arn_are_in_their_account_alone(self) -> None:
        arn = f"arn:aws:cloudwatch:us-east-1:{PROD[1]}:alarm:errors"
        assert self.of(arn) == {
            f"errors in {PROD[1]}": f"arn:aws:iam::{PROD[1]}:role/promote-reader"
        }

    def test_of_the_ml_account_are_read_by_its_reader(self) -> None:
        arn = f"arn:aws:cloudwatch:{{region}}:{ML}:alarm:cost"
        assert self.of(arn) == {f"cost in {ML}": f"arn:aws:iam::{ML}:role/promote-reader"}
        assert self.of(arn, reader_role=None) == {f"cost in {ML}": None}

    def test_are_none_unless_a_gate_asks(self) -> None:
        assert self.of() == {}

    @pytest.mark.parametrize(
        "alarm",
        [
            "",
            "x" * 256,
            "arn:aws:cloudwatch",
            f"arn:aws:sns:us-east-1:{ML}:cost",
            f"arn:aws:cloudwatch:eu-west-1:{ML}:alarm:cost",
            f"arn:aws:cloudwatch:us-east-1:{QA}:alarm:cost",
        ],
    )
    def test_that_nobody_can_look_at_name_their_environment(self, alarm: str) -> None:
        with pytest.raises(InputError) as caught:
            self.of(alarm)
        assert caught.value.detail.startswith("gates.alarm of the environment prod: ")
        assert caught.value.remedy


CHANGES = {
    "region": {"region": "eu-west-1"},
    "organization": {"organization": "o-1"},
    "quota": {"ml": MlAccount(account=ML, quotas=Quotas(running=3))},
    "ml account": {"ml": MlAccount(account=QA)},
    "capacity": {"models": (a_model(capacity=Capacity(min=2)),)},
    "project": {"models": (a_model(project="spares"),)},
    "price": {"models": (a_model(price=5.0),)},
    "labels": {"models": (a_model(labels=("hammer",)),)},
    "labels_in": {"models": (a_model(labels_in=PointerAddress(name="/labels")),)},
    "evaluations": {"ml": MlAccount(account=ML, evaluations="s3://results/")},
}
SETTINGS = {
    "verifier": {"verifier": Verifier(vpc="vpc-1", subnets=("s-1",), security_groups=("g-1",))},
    "organizational_units": {"organizational_units": ("ou-ab12-cdefgh12",)},
    "accounts": {"accounts": PROD},
    "access_role": {"access_role": "{environment}"},
    "pointer": {"pointer": PointerAddress(name="/other")},
    "after": {"after": ("dev",)},
    "reader_role": {"reader_role": None},
    "operator_role": {"operator_role": None},
    "deployer_role": {"deployer_role": None},
    "smoke_role": {"smoke_role": None},
    "external_id": {"external_id": None},
    "consumers": {"consumers": ()},
    "policy_name": {"policy_name": "p"},
    "granularity": {"granularity": Granularity.PROJECT},
    "propagation": {"propagation": Propagation(consecutive=4)},
    "deadlines": {"deadlines": Deadlines(stop=timedelta(1))},
    "drain": {"drain": timedelta(seconds=31)},
    "keep_warm": {"keep_warm": timedelta(hours=1)},
    "smoke": {"smoke": Smoke(min_accuracy=0.8)},
    "vpc_endpoints": {"vpc_endpoints": ("vpce-1",)},
    "waves": {"waves": (WaveSize(1),)},
    "max_failures": {"max_failures": 1},
    "bake": {"bake": timedelta(seconds=1)},
    "gates": {"gates": Requirements(freezes=(parse_freeze("2026-12-24 UTC"),))},
}


GATES = {
    "f1": {"f1": 0.8},
    "labels": {"labels": LabelRule.KNOWN},
    "another rule": {"labels": LabelRule.EXACT},
    "golden": {"golden": GoldenRule()},
    "confidence": {"golden": GoldenRule(confidence=0.99)},
    "alarms": {"alarms": ("errors",)},
}


class TestFingerprint:
    def of(self, topology: Topology) -> str:
        return topology.fingerprint("tools", "qa")

    def test_is_the_same_for_the_same_settings(self) -> None:
        assert self.of(a_topology()) == self.of(a_topology())

    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
    def test_changes_with_every_setting_of_the_whole(self, change: dict[str, object]) -> None:
        assert self.of(a_topology(**change)) != self.of(a_topology())

    @pytest.mark.parametrize("change", SETTINGS.values(), ids=SETTINGS)
    def test_changes_with_every_setting_of_the_environment(self, change: dict[str, object]) -> None:
        assert self.of(a_topology(qa(**change), prod())) != self.of(a_topology())

    def test_changes_with_every_gate(self) -> None:
        asked = [qa(gates=Requirements(**gates)) for gates in GATES.values()]  # type: ignore[arg-type]  # as the table says
        assert len({self.of(a_topology(each, prod())) for each in (qa(), *asked)}) == 7

    def test_knows_every_setting_that_an_environment_has(self) -> None:
        assert {"name", *SETTINGS} == set(qa().__dataclass_fields__)

    def test_leaves_other_environments_and_models_alone(self) -> None:
        slower = a_topology(qa(), prod(drain=timedelta(hours=1)))
        more = replace(a_topology(), models=(a_model(), a_model(name="parts", project="spares")))

        assert self.of(slower) == self.of(a_topology()) == self.of(more)
