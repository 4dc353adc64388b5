"""Which documents a topology wants, for whom, and what they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from promote.core.gates.labels import LabelRule
from promote.core.gates.requirements import Requirements
from promote.core.parts import PointerAddress
from promote.core.policies.documents import (
    WantedDocument,
    access_policy_context,
    allowed_resources,
    wanted_documents,
)
from promote.core.topology import Granularity, Topology
from promote.errors import InputError, NotFoundError
from promote.iam.evaluate import resource_matches
from tests.builders import ML, PROD, PROMOTER, QA, a_model, a_topology, prod, qa, version_arn

READERS = ("promote-reader", "prod-reader")
PROJECTS = f"arn:aws:rekognition:us-east-1:{ML}:project"
KINDS = [
    "access-role",
    "access-role-trust",
    "boundary",
    "reader-ml",
    "operator",
    "reader-target",
    "deployer",
    "smoke",
    "consumer",
    "role-trust",
    "project-policy",
]


def the(kind: str, topology: Topology, /, role: str = "", **asked: object) -> WantedDocument:
    """Return the one document of a kind whose role's ARN ends with `role`."""
    (found,) = [
        document
        for document in wanted_documents(topology, **asked)  # type: ignore[arg-type]
        if document.kind == kind and document.attached_to.endswith(role)
    ]
    return found


def kinds(topology: Topology, /, **asked: object) -> list[str]:
    """List the kinds of the documents, each once, in their order."""
    documents = wanted_documents(topology, **asked)  # type: ignore[arg-type]
    return list(dict.fromkeys(document.kind for document in documents))


def two_models(**changes: object) -> Topology:
    """Build a topology of two models and both environments."""
    return a_topology(models=(a_model(), a_model(name="parts", project="spares")), **changes)


class TestAllowedResources:
    def allowed(self, granularity: Granularity, *versions: str) -> tuple[str, ...]:
        return allowed_resources(
            granularity,
            region="us-east-1",
            ml_account=ML,
            project="tools-detector",
            versions=[version_arn(version) for version in versions],
        )

    def test_a_version_is_allowed_by_its_arn(self) -> None:
        allowed = self.allowed(Granularity.VERSION, "v2", "v1", "v2")
        assert allowed == (version_arn("v1"), version_arn("v2"))

    def test_no_version_is_nothing_allowed(self) -> None:
        assert self.allowed(Granularity.VERSION) == ()

    def test_a_project_is_allowed_by_one_pattern(self) -> None:
        allowed = self.allowed(Granularity.PROJECT, "v1", "v2")
        assert allowed == (f"{PROJECTS}/tools-detector/version/*",)
        assert resource_matches(allowed[0], version_arn("v1"))
        assert not resource_matches(allowed[0], version_arn("v1", project="tools-detector-2"))

    def test_a_version_of_another_project_is_allowed_beside_the_pattern(self) -> None:
        foreign = version_arn("v1", project="legacy")
        allowed = self.allowed(Granularity.PROJECT, foreign, "v1")
        assert allowed == (foreign, f"{PROJECTS}/tools-detector/version/*")

    def test_an_account_is_allowed_by_one_pattern(self) -> None:
        allowed = self.allowed(Granularity.ACCOUNT, "v1")
        assert allowed == (f"{PROJECTS}/*/version/*",)
        assert resource_matches(allowed[0], version_arn("v1", project="any"))
        assert not resource_matches(allowed[0], version_arn("v1", account=QA))


class TestAccessPolicyContext:
    def test_lists_are_sorted_and_unique(self) -> None:
        environment = prod(vpc_endpoints=("vpce-2", "vpce-1", "vpce-2"))
        context = access_policy_context(a_topology(environment), environment, ["b", "a", "b"])
        assert context == {"resources": ["a", "b"], "vpc_endpoints": ["vpce-1", "vpce-2"]}


class TestWhichDocuments:
    def test_every_kind_in_a_fixed_order(self) -> None:
        found = kinds(a_topology(), versions=[version_arn("v1")], trusted=[PROMOTER])
        assert found == KINDS

    def test_the_order_is_by_kind_and_then_by_role(self) -> None:
        documents = wanted_documents(two_models(), trusted=[PROMOTER])
        order = [(KINDS.index(document.kind), document.attached_to) for document in documents]
        assert order == sorted(set(order))

    def test_an_access_role_without_versions_has_no_policy(self) -> None:
        assert "access-role" not in kinds(a_topology())

    def test_an_access_role_of_coarse_granularity_needs_no_version(self) -> None:
        topology = a_topology(prod(granularity=Granularity.PROJECT))
        resources = the("access-role", topology).context["resources"]
        assert resources == [f"{PROJECTS}/tools-detector/version/*"]

    def test_nobody_to_trust_is_no_trust_policy_of_our_roles(self) -> None:
        assert "role-trust" not in kinds(a_topology())

    def test_roles_that_are_the_promoter_itself_have_no_documents(self) -> None:
        none = {"reader_role": None, "operator_role": None, "deployer_role": None}
        topology = a_topology(qa(**none, smoke_role=None))
        found = kinds(topology, trusted=[PROMOTER])
        assert found == ["access-role-trust", "boundary", "consumer"]

    def test_an_unknown_model_or_environment_is_refused(self) -> None:
        with pytest.raises(NotFoundError):
            wanted_documents(a_topology(), model="tols")
        with pytest.raises(NotFoundError):
            wanted_documents(a_topology(), environment="prd")


class TestSharedRoles:
    def test_a_role_shared_by_environments_and_models_has_one_document(self) -> None:
        reader = the("reader-ml", two_models())
        assert (reader.environments, reader.models) == (("qa", "prod"), ("tools", "parts"))
        roles = ["parts-prod", "parts-qa", "tools-prod", "tools-qa"]
        assert reader.context["access_roles"] == [f"arn:aws:iam::{ML}:role/{r}" for r in roles]

    def test_asking_about_a_part_never_narrows_a_shared_document(self) -> None:
        everything = wanted_documents(two_models())
        part = wanted_documents(two_models(), model="parts", environment="qa")
        assert set(map(repr, part)) < set(map(repr, everything))
        assert all("parts" in d.models and "qa" in d.environments for d in part)

    def test_an_operator_serves_one_environment_and_all_models(self) -> None:
        operator = the("operator", two_models(), role="promote-operator-qa")
        assert operator.environments == ("qa",)
        assert operator.context == {
            "versions": [f"{PROJECTS}/spares/version/*", f"{PROJECTS}/tools-detector/version/*"],
            "access_roles": [
                f"arn:aws:iam::{ML}:role/parts-qa",
                f"arn:aws:iam::{ML}:role/tools-qa",
            ],
        }

    def test_a_target_role_has_the_pointers_of_its_account_only(self) -> None:
        parameters = the("deployer", two_models(), role=f"{PROD[0]}:role/promote-deployer").context
        prefix = f"arn:aws:ssm:us-east-1:{PROD[0]}:parameter/models"
        assert parameters == {
            "parameters": [f"{prefix}/parts/version-arn", f"{prefix}/tools/version-arn"]
        }

    def test_a_pointer_without_a_path_has_one_slash_in_its_arn(self) -> None:
        topology = a_topology(qa(pointer=PointerAddress(name="live")))
        arn = f"arn:aws:ssm:us-east-1:{QA}:parameter/live"
        assert the("deployer", topology).context == {"parameters": [arn]}


class TestWhatGatesAskFor:
    LABELS = PointerAddress(name="/{environment}/{model}/labels")
    ALARM = f"arn:aws:cloudwatch:us-east-1:{ML}:alarm:unhealthy"

    def topology(self, **gates: object) -> Topology:
        """Build a topology in which prod asks; what it could ask about is all there."""
        return a_topology(
            qa(),
            prod(gates=Requirements(**gates)),  # type: ignore[arg-type]
            models=(a_model(labels_in=self.LABELS),),
        )

    def asked(self, topology: Topology, account: str) -> dict[str, object]:
        """Return what the reader role of an account gets beside what it always needs."""
        kind = "reader-ml" if account == ML else "reader-target"
        context = the(kind, topology, role=f"{account}:role/promote-reader").context
        names = ("evaluations", "labels", "alarms")
        return {name: context[name] for name in names if context.get(name)}

    def test_nothing_is_read_where_nothing_asks(self) -> None:
        for account in (ML, QA, *PROD):
            assert self.asked(self.topology(), account) == {}

    @pytest.mark.parametrize(
        ("location", "pattern"),
        [
            ("s3://evals", "arn:aws:s3:::evals/*"),
            ("s3://evals/", "arn:aws:s3:::evals/*"),
            ("s3://evals/a/b", "arn:aws:s3:::evals/a/b/*"),
            ("s3://evals/a/b/", "arn:aws:s3:::evals/a/b/*"),
        ],
    )
    def test_evaluations_are_read_below_their_location(self, location: str, pattern: str) -> None:
        topology = self.topology()
        located = replace(topology, ml=replace(topology.ml, evaluations=location))
        assert self.asked(located, ML) == {"evaluations": pattern}
        assert self.asked(located, PROD[0]) == {}

    def test_labels_are_read_in_the_accounts_whose_gate_asks(self) -> None:
        topology = self.topology(labels=LabelRule.EXACT)
        for account in PROD:
            arn = f"arn:aws:ssm:us-east-1:{account}:parameter/prod/tools/labels"
            assert self.asked(topology, account) == {"labels": [arn]}
        assert self.asked(topology, QA) == self.asked(topology, ML) == {}
        listed = replace(topology, models=(a_model(labels=("hammer",)),))
        assert self.asked(listed, PROD[0]) == {}

    def test_an_alarm_that_is_named_is_read_in_every_target_account(self) -> None:
        topology = self.topology(alarms=("errors-{account}",))
        for account in PROD:
            arn = f"arn:aws:cloudwatch:us-east-1:{account}:alarm:errors-{account}"
            assert self.asked(topology, account) == {"alarms": [arn]}
        assert self.asked(topology, QA) == self.asked(topology, ML) == {}

    def test_an_alarm_of_the_ml_account_is_read_there_alone(self) -> None:
        topology = self.topology(alarms=(self.ALARM,))
        assert self.asked(topology, ML) == {"alarms": [self.ALARM]}
        assert self.asked(topology, PROD[0]) == {}

    def test_a_target_that_is_the_ml_account_asks_as_its_reader(self) -> None:
        topology = a_topology(qa(accounts=(ML,), gates=Requirements(alarms=(self.ALARM,))))
        readers = [d for d in wanted_documents(topology) if d.kind.startswith("reader-")]
        assert {d.kind: d.context["alarms"] for d in readers} == {
            "reader-ml": [self.ALARM],
            "reader-target": [],
        }

    def test_a_reader_of_another_environment_gets_nothing(self) -> None:
        asking = prod(reader_role="prod-reader", gates=Requirements(alarms=(self.ALARM,)))
        topology = a_topology(qa(), asking)
        alarms = {r: the("reader-ml", topology, role=r).context["alarms"] for r in READERS}
        assert alarms == {"promote-reader": [], "prod-reader": [self.ALARM]}


class TestPolicyNames:
    def test_an_access_role_has_the_configured_name_and_trust_has_none(self) -> None:
        topology = a_topology(qa(policy_name="rekognition-{model}"))
        versions = [version_arn("v1")]
        assert the("access-role", topology, versions=versions).name == "rekognition-tools"
        assert the("access-role-trust", topology).name is None

    def test_every_other_role_has_one_fixed_name(self) -> None:
        documents = [d for d in wanted_documents(a_topology()) if d.of_role]
        assert {d.name for d in documents if d.kind != "access-role-trust"} == {"promote"}

    def test_a_boundary_is_a_managed_policy_named_after_its_role(self) -> None:
        boundary = the("boundary", a_topology(qa()))
        assert boundary.name == "tools-qa-boundary"
        assert not boundary.of_role

    def test_a_role_of_several_jobs_has_a_policy_for_each(self) -> None:
        topology = a_topology(qa(reader_role="promoter", deployer_role="promoter"))
        names = [
            d.name for d in wanted_documents(topology) if d.attached_to.endswith(":role/promoter")
        ]
        assert names == ["promote", "promote-reader-target", "promote-deployer"]

    def test_the_account_is_the_roles_own(self) -> None:
        topology = a_topology(qa(consumers=("arn:aws:iam::666666666666:role/lake",)))
        assert the("consumer", topology).account == "666666666666"


class TestVersions:
    def test_each_access_role_gets_the_versions_of_its_own_project(self) -> None:
        versions = [version_arn("v2"), version_arn("v1", project="spares"), version_arn("v1")]
        documents = wanted_documents(two_models(), environment="qa", versions=versions)
        assert {d.models: d.context["resources"] for d in documents if d.kind == "access-role"} == {
            ("tools",): [version_arn("v1"), version_arn("v2")],
            ("parts",): [version_arn("v1", project="spares")],
        }

    def test_a_version_of_a_foreign_project_is_for_the_model_that_is_asked_about(self) -> None:
        foreign = version_arn("v1", project="legacy")
        document = the("access-role", two_models(), role="qa", model="tools", versions=[foreign])
        assert document.context == {"resources": [foreign], "vpc_endpoints": []}
        assert "access-role" not in kinds(two_models(), versions=[foreign])


class TestAccessRoleTrust:
    def trusts(self, topology: Topology, trusted: Sequence[str] = ()) -> object:
        return the("access-role-trust", topology, trusted=trusted).context["trusts"]

    def test_one_statement_has_all_accounts_and_roles(self) -> None:
        assert self.trusts(a_topology(prod())) == [
            {
                "accounts": [f"arn:aws:iam::{account}:root" for account in PROD],
                "roles": [
                    f"arn:aws:iam::{account}:role/{name}"
                    for account in PROD
                    for name in ("promote-smoke", "storefront")
                ],
                "external_id": "tools",
            }
        ]

    def test_external_ids_of_their_own_are_kept_apart(self) -> None:
        topology = a_topology(prod(external_id="tools-{account}", smoke_role=None))
        assert self.trusts(topology) == [
            {
                "accounts": [f"arn:aws:iam::{account}:root"],
                "roles": [f"arn:aws:iam::{account}:role/storefront"],
                "external_id": f"tools-{account}",
            }
            for account in PROD
        ]

    def test_the_promoter_is_trusted_only_where_it_is_its_own_smoke_role(self) -> None:
        promoter = "arn:aws:iam::111111111111:role/release"
        without = a_topology(qa(smoke_role=None, external_id=None))
        assert self.trusts(without, trusted=[PROMOTER]) == [
            {
                "accounts": ["arn:aws:iam::111111111111:root", f"arn:aws:iam::{QA}:root"],
                "roles": [promoter, f"arn:aws:iam::{QA}:role/storefront"],
                "external_id": None,
            }
        ]
        assert promoter not in str(self.trusts(a_topology(qa()), trusted=[PROMOTER]))

    def test_an_account_that_is_the_promoter_means_all_its_principals(self) -> None:
        topology = a_topology(qa(smoke_role=None, consumers=()))
        assert self.trusts(topology, trusted=["111111111111"]) == [
            {
                "accounts": ["arn:aws:iam::111111111111:root"],
                "roles": ["arn:aws:iam::111111111111:*"],
                "external_id": "tools",
            }
        ]

    def test_the_organisation_is_passed_on(self) -> None:
        topology = a_topology(qa(), organization="o-a1b2c3d4e5")
        assert the("access-role-trust", topology).context["organization"] == "o-a1b2c3d4e5"


class TestRoleTrust:
    def test_a_session_is_trusted_by_its_role_and_an_account_by_its_root(self) -> None:
        trusted = [PROMOTER, "999999999999", "arn:aws:iam::111111111111:user/alice"]
        document = the("role-trust", a_topology(qa()), role="operator-qa", trusted=trusted)
        assert document.context == {
            "trusted": [
                "arn:aws:iam::111111111111:role/release",
                "arn:aws:iam::111111111111:user/alice",
                "arn:aws:iam::999999999999:root",
            ],
            "organization": None,
            "root": None,
            "builds": [],
        }

    @pytest.mark.parametrize(
        "principal",
        ["*", "alice", "1234", "arn:aws:iam::111111111111:role/*", "arn:aws:s3:::bucket"],
    )
    def test_what_is_no_single_principal_is_refused(self, principal: str) -> None:
        with pytest.raises(InputError, match="Not a principal"):
            wanted_documents(a_topology(), trusted=[principal])

    def test_each_of_our_roles_has_one(self) -> None:
        documents = wanted_documents(a_topology(qa()), trusted=[PROMOTER])
        assert [d.attached_to.rpartition("::")[2] for d in documents if d.kind == "role-trust"] == [
            f"{ML}:role/promote-operator-qa",
            f"{ML}:role/promote-reader",
            f"{QA}:role/promote-deployer",
            f"{QA}:role/promote-reader",
            f"{QA}:role/promote-smoke",
        ]
