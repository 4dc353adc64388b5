"""Documents that protect the models: which there are, what they are attached to, made of what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promote.core.parts import MlAccount
from promote.core.policies.documents import WantedDocument, wanted_documents
from promote.core.topology import Granularity, Topology
from tests.builders import (
    DATA_LAKE,
    GUARDRAILS,
    LAKE,
    MANAGEMENT,
    ML,
    PROD,
    PROMOTER,
    QA,
    a_model,
    a_topology,
    prod,
    qa,
    version_arn,
)

ENDPOINT = "vpce-0a1b2c3d4e5f60718"
ORGANIZATION = "o-a1b2c3d4e5"
OWN = "arn:aws:s3:::team-ledger/*/approvals/*/${aws:PrincipalAccount}/${aws:userid}"
PROJECTS = f"arn:aws:rekognition:us-east-1:{ML}:project"
TOOLS, SPARES = f"{PROJECTS}/tools-detector/version/*", f"{PROJECTS}/spares/version/*"
TWO = (a_model(), a_model(name="parts", project="spares"))


def documents(topology: Topology, kind: str, **asked: object) -> list[WantedDocument]:
    """List the documents of a kind."""
    found = wanted_documents(topology, **asked)  # type: ignore[arg-type]
    return [document for document in found if document.kind == kind]


def the(topology: Topology, kind: str, **asked: object) -> WantedDocument:
    """Return the one document of a kind."""
    (found,) = documents(topology, kind, **asked)
    return found


def role(name: str, account: str = ML) -> str:
    """Return the ARN of a role."""
    return f"arn:aws:iam::{account}:role/{name}"


class TestUnasked:
    @pytest.mark.parametrize(
        "kind",
        [
            "data-lake-bucket",
            "data-lake-key",
            "guardrails",
            "ledger",
            "project-policy",
            "rcp",
            "rekognition-endpoint",
            "scp",
            "sts-endpoint",
        ],
    )
    def test_what_promote_yaml_does_not_ask_for_has_no_document(self, kind: str) -> None:
        assert documents(a_topology(organization=ORGANIZATION), kind) == []


class TestBoundary:
    def test_it_covers_whatever_version_of_the_project_is_ever_granted(self) -> None:
        topology = a_topology(prod(vpc_endpoints=(ENDPOINT,)))
        document = the(topology, "boundary")
        assert document.attached_to == role("tools-prod")
        assert document.context == {"resources": [TOOLS], "vpc_endpoints": [ENDPOINT]}

    def test_it_is_as_wide_as_the_granularity(self) -> None:
        topology = a_topology(qa(granularity=Granularity.ACCOUNT))
        assert the(topology, "boundary").context["resources"] == [f"{PROJECTS}/*/version/*"]


class TestDataLake:
    TOPOLOGY = a_topology(data_lake=DATA_LAKE, models=TWO)

    def test_the_bucket_is_for_the_models_projects_and_the_trainers(self) -> None:
        document = the(self.TOPOLOGY, "data-lake-bucket")
        assert (document.attached_to, document.account) == ("arn:aws:s3:::tools-images", LAKE)
        assert document.models == ("tools", "parts")
        assert document.context == {
            "bucket": "arn:aws:s3:::tools-images",
            "objects": "arn:aws:s3:::tools-images/*",
            "ml_account": ML,
            "projects": [f"{PROJECTS}/spares/*", f"{PROJECTS}/tools-detector/*"],
            "root": f"arn:aws:iam::{ML}:root",
            "trainers": [role("trainer")],
            "readers": [],
            "evaluations": None,
            "organization": None,
        }

    def test_evaluations_that_lie_in_the_bucket_are_for_the_readers_of_the_ml_account(self) -> None:
        ml = MlAccount(account=ML, evaluations="s3://tools-images/evaluation")
        context = the(replace(self.TOPOLOGY, ml=ml), "data-lake-bucket").context
        assert context["readers"] == [role("promote-reader")]
        assert context["evaluations"] == "arn:aws:s3:::tools-images/evaluation/*"
        elsewhere = MlAccount(account=ML, evaluations="s3://tools-images-2/evaluation/")
        context = the(replace(self.TOPOLOGY, ml=elsewhere), "data-lake-bucket").context
        assert (context["readers"], context["evaluations"]) == ([], None)

    def test_the_key_is_used_through_s3_of_the_region(self) -> None:
        document = the(self.TOPOLOGY, "data-lake-key")
        assert (document.attached_to, document.account) == (DATA_LAKE.kms_key, LAKE)
        assert document.context["storage"] == "s3.us-east-1.amazonaws.com"

    @pytest.mark.parametrize("change", [{"kms_key": None}, {"trainers": ()}])
    def test_no_key_or_nobody_to_use_it_is_no_document(self, change: dict[str, object]) -> None:
        lake = replace(DATA_LAKE, **change)  # type: ignore[arg-type]
        assert documents(a_topology(data_lake=lake), "data-lake-key") == []


class TestLedger:
    @pytest.mark.parametrize(
        ("place", "below"),
        [("team-ledger/a/b", "a/b/*"), ("team-ledger/a/", "a/*"), ("team-ledger", "*")],
    )
    def test_the_promoter_may_use_what_is_below_the_prefix(self, place: str, below: str) -> None:
        topology = a_topology(ledger=f"s3://{place}", organization=ORGANIZATION)
        document = the(topology, "ledger", trusted=(PROMOTER,))
        assert (document.attached_to, document.name) == ("arn:aws:s3:::team-ledger", None)
        assert document.context == {
            "bucket": "arn:aws:s3:::team-ledger",
            "objects": f"arn:aws:s3:::team-ledger/{below}",
            "prefix": below,
            "reviews": f"arn:aws:s3:::team-ledger/{below}/approvals/*",
            "others": "arn:aws:s3:::team-ledger/*.json",
            "of_users": f"{OWN}:${{aws:username}}.review",
            "of_signed_in": f"{OWN}.review",
            "trusted": ["arn:aws:iam::111111111111:role/release"],
            "organization": ORGANIZATION,
        }

    def test_nobody_to_use_it_or_a_directory_is_no_document(self) -> None:
        assert documents(a_topology(ledger="s3://team-ledger/a"), "ledger") == []
        topology = a_topology(ledger="/mnt/ledger")
        assert documents(topology, "ledger", trusted=(PROMOTER,)) == []


class TestProjectPolicy:
    def asked(self, *versions: str, trusted: tuple[str, ...] = (PROMOTER,)) -> list[object]:
        topology = a_topology(models=TWO)
        found = documents(topology, "project-policy", versions=versions, trusted=trusted)
        return [(d.attached_to, d.name, d.context["versions"]) for d in found]

    def test_each_project_lets_its_own_versions_be_copied(self) -> None:
        tools, spares = version_arn("v2"), version_arn("v1", project="spares")
        assert self.asked(tools, spares) == [
            (f"{PROJECTS}/spares", "promote", [spares]),
            (f"{PROJECTS}/tools-detector", "promote", [tools]),
        ]

    def test_without_versions_or_principals_there_is_none(self) -> None:
        assert self.asked() == []
        assert self.asked(version_arn("v2"), trusted=()) == []

    def test_a_version_of_another_account_is_not_ours_to_share(self) -> None:
        assert self.asked(version_arn("v2", account=QA)) == []


class TestEndpoints:
    def test_an_endpoint_of_two_models_keeps_their_roles_apart(self) -> None:
        topology = a_topology(qa(vpc_endpoints=(ENDPOINT,)), prod(), models=TWO)
        document = the(topology, "rekognition-endpoint")
        assert (document.attached_to, document.account) == (ENDPOINT, QA)
        assert document.environments == ("qa",)
        assert document.context["grants"] == [
            {"roles": [role("parts-qa")], "resources": [SPARES]},
            {"roles": [role("tools-qa")], "resources": [TOOLS]},
        ]

    def test_in_which_of_several_accounts_an_endpoint_is_stays_open(self) -> None:
        topology = a_topology(prod(vpc_endpoints=(ENDPOINT,)))
        assert the(topology, "rekognition-endpoint").account is None

    def test_each_account_has_an_endpoint_for_sts(self) -> None:
        topology = a_topology(qa(), prod(vpc_endpoints=(ENDPOINT,)), models=TWO)
        found = documents(topology, "sts-endpoint")
        service = "com.amazonaws.us-east-1.sts"
        assert [d.attached_to for d in found] == [f"{service} in {each}" for each in PROD]
        assert [d.account for d in found] == list(PROD)
        assert found[0].context["grants"] == [
            {
                "roles": [role("promote-smoke", PROD[0]), role("storefront", PROD[0])],
                "resources": [role("parts-prod"), role("tools-prod")],
            }
        ]

    def test_an_application_of_another_account_comes_through_an_endpoint_there(self) -> None:
        lake = role("lake", LAKE)
        topology = a_topology(qa(vpc_endpoints=(ENDPOINT,), consumers=(lake,)))
        found = {d.account: d.context["grants"] for d in documents(topology, "sts-endpoint")}
        assert found == {
            QA: [{"roles": [role("promote-smoke", QA)], "resources": [role("tools-qa")]}],
            LAKE: [{"roles": [lake], "resources": [role("tools-qa")]}],
        }

    def test_an_account_from_which_nobody_comes_has_none(self) -> None:
        environment = qa(vpc_endpoints=(ENDPOINT,), consumers=(), smoke_role=None)
        assert documents(a_topology(environment), "sts-endpoint", trusted=[PROMOTER]) == []


class TestGuardrails:
    TOPOLOGY = a_topology(guardrails=GUARDRAILS, organization=ORGANIZATION)

    def test_the_scp_leaves_every_operator_and_the_exempt_alone(self) -> None:
        document = the(self.TOPOLOGY, "scp")
        assert (document.attached_to, document.account) == ("organization", MANAGEMENT)
        assert document.name == f"promote-guardrail-scp-{ML}"
        names = ("break-glass", "promote-operator-prod", "promote-operator-qa")
        operators = [role(name) for name in names]
        assert document.context == {"operators": operators, "trainers": operators}

    def test_who_trains_may_make_projects_but_start_nothing(self) -> None:
        context = the(replace(self.TOPOLOGY, data_lake=DATA_LAKE), "scp").context
        trainers, operators = context["trainers"], context["operators"]
        assert isinstance(trainers, list)
        assert isinstance(operators, list)
        assert set(trainers) - set(operators) == {role("trainer")}

    def test_asking_about_one_environment_never_narrows_the_scp(self) -> None:
        part = the(self.TOPOLOGY, "scp", environment="qa", model="tools")
        assert part == the(self.TOPOLOGY, "scp")

    def test_nobody_to_leave_alone_is_no_scp_that_would_stop_promote_itself(self) -> None:
        nobody = replace(GUARDRAILS, exempt=())
        topology = a_topology(qa(operator_role=None), guardrails=nobody)
        assert documents(topology, "scp") == []

    def test_the_rcp_needs_an_organisation_to_be_outside_of(self) -> None:
        assert the(self.TOPOLOGY, "rcp").context == {
            "access_roles": [role("tools-prod"), role("tools-qa")],
            "organization": ORGANIZATION,
        }
        assert documents(a_topology(guardrails=GUARDRAILS), "rcp") == []

    def test_the_role_that_manages_them_has_a_policy_and_trusts_the_promoter(self) -> None:
        found = wanted_documents(self.TOPOLOGY, trusted=[PROMOTER])
        kinds = {d.kind: d.name for d in found if d.attached_to == GUARDRAILS.role}
        assert kinds == {"guardrails": "promote", "role-trust": None}

    def test_without_a_role_it_is_the_promoter_itself(self) -> None:
        own = replace(GUARDRAILS, role=None)
        assert documents(a_topology(guardrails=own), "guardrails") == []
