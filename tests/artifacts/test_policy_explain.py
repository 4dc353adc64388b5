"""`promote policy explain`: what governs a request, who decides it, what came nearest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from promote.cli.main import main
from promote.cli.sandbox_example import EXAMPLE
from promote.core.perimeter import Guardrails
from promote.core.policies.documents import wanted_documents
from promote.core.policies.explain import UNDECIDED, Explanation, explain, explain_alone
from promote.core.policies.governing import Place, is_governing
from promote.core.policies.implied import completed, corrected, role_of
from promote.core.policies.rendered import documents_alone, governing_documents
from promote.core.topology import Topology
from promote.iam.elements import Kind
from promote.iam.evaluate import Request
from promote.templates import render
from tests.builders import ML, PROD, QA, a_topology, prod, qa, version_arn

ORGANIZATION = "o-a1b2c3d4e5"
ENDPOINT = "vpce-0a1b2c3d4e5f60718"
ACCESS_ROLE = f"arn:aws:iam::{ML}:role/tools-qa"
CONSUMER = f"arn:aws:iam::{QA}:role/storefront"
DETECT, ASSUME = "rekognition:DetectCustomLabels", "sts:AssumeRole"
V1, V2 = version_arn("v1"), version_arn("v2")


def explained(
    principal: str = ACCESS_ROLE,
    action: str = DETECT,
    resource: str = V1,
    context: Mapping[str, str | tuple[str, ...]] | None = None,
    *,
    topology: Topology | None = None,
    kinds: tuple[str, ...] = (),
) -> Explanation:
    """Explain a request where v1 is to be allowed."""
    topology = topology or a_topology(organization=ORGANIZATION)
    wanted = wanted_documents(topology, versions=[V1], trusted=["111111111111"])
    known = [each.attached_to for each in wanted]
    stated = Request(principal, action, resource, context or {})
    request, implied = completed(stated, topology, known)
    role = role_of(request, known)
    if kinds:
        chosen = [each for each in wanted if each.kind in kinds]
        alone = documents_alone(chosen, render, request, role, None)
        return explain_alone(request, alone, implied=implied)
    documents = governing_documents(wanted, render, request, role, topology)
    return explain(request, documents, topology, implied=implied)


def assumed(**context: str) -> Explanation:
    stated = {key.replace("_", ":"): value for key, value in context.items()}
    return explained(CONSUMER, ASSUME, ACCESS_ROLE, stated)


class TestDetecting:
    def test_is_allowed_by_the_statement_of_the_access_role(self) -> None:
        found = explained()
        assert (found.verdict, found.planned, found.layer) == (
            "allowed",
            "allowed",
            "identity-based",
        )
        assert found.statements == (
            "access-role of tools-qa Statement[0] (DetectWithAllowedVersions)",
        )
        assert [each.kind for each in found.documents] == ["access-role"]

    def test_is_asked_by_a_session_or_its_role_alike(self) -> None:
        session = f"arn:aws:sts::{ML}:assumed-role/tools-qa/app"
        assert explained(session).allowed
        assert explained().principal.startswith(f"arn:aws:sts::{ML}:assumed-role/tools-qa/")

    def test_of_another_version_says_which_is_allowed_instead(self) -> None:
        found = explained(resource=V2)
        assert (found.verdict, found.statements) == ("implicit deny", ())
        (mismatch,) = found.nearest[0].mismatches
        assert (mismatch.element, mismatch.demanded, mismatch.given) == ("Resource", (V1,), (V2,))

    def test_past_the_endpoint_says_that_the_key_is_absent(self) -> None:
        topology = a_topology(qa(vpc_endpoints=(ENDPOINT,)), prod())
        found = explained(topology=topology)
        (mismatch,) = found.nearest[0].mismatches
        assert (mismatch.test, mismatch.given) == ("StringEquals aws:SourceVpce", ())
        through = explained(context={"aws:SourceVpce": ENDPOINT}, topology=topology)
        assert through.allowed
        assert {each.kind for each in through.documents} == {"access-role", "rekognition-endpoint"}

    def test_by_a_role_that_nobody_knows_is_denied(self) -> None:
        found = explained(f"arn:aws:iam::{ML}:role/tools-qaa")
        assert (found.verdict, found.documents) == ("implicit deny", ())


class TestAssuming:
    def test_is_allowed_by_both_sides(self) -> None:
        found = assumed(sts_ExternalId="tools")
        assert found.allowed
        assert {each.kind: each.verdict for each in found.documents} == {
            "access-role-trust": "allowed",
            "consumer": "allowed",
        }

    def test_without_the_external_id_says_so(self) -> None:
        found = assumed()
        assert (found.verdict, found.layer) == ("implicit deny", "resource-based")
        (mismatch,) = found.nearest[0].mismatches
        assert (mismatch.test, mismatch.demanded) == ("StringEquals sts:ExternalId", ("tools",))

    def test_by_a_stranger_asks_whether_our_side_lets_him_in_and_says_what_it_assumes(
        self,
    ) -> None:
        operator = f"arn:aws:iam::{ML}:role/promote-operator-qa"
        found = explained("arn:aws:iam::111111111111:user/ann", ASSUME, operator)
        assert "its own policies are assumed" in " ".join(found.notes)
        assert found.verdict == "implicit deny"  # The organisation of a stranger is unknown.
        inside = {"aws:PrincipalOrgID": ORGANIZATION}
        assert explained("arn:aws:iam::111111111111:user/ann", ASSUME, operator, inside).allowed


class TestWhatIsImplied:
    def test_is_what_every_session_has(self) -> None:
        found = explained()
        assert found.implied["aws:PrincipalArn"] == ACCESS_ROLE
        assert found.implied["aws:PrincipalAccount"] == ML
        assert found.implied["aws:PrincipalOrgID"] == ORGANIZATION

    def test_is_what_policies_of_an_organisation_ask_for(self) -> None:
        implied = explained().implied
        assert implied["aws:RequestedRegion"] == "us-east-1"
        assert implied["aws:ViaAWSService"] == "false"
        assert implied["aws:PrincipalType"] == "AssumedRole"
        abroad = a_topology(region="eu-west-1")
        for action, region in ((DETECT, "eu-west-1"), ("iam:GetRole", "us-east-1")):
            found = explained(action=action, topology=abroad)
            assert found.implied["aws:RequestedRegion"] == region

    def test_is_corrected_by_what_the_organisation_is(self) -> None:
        stated = Request(ACCESS_ROLE, DETECT, V1, {"aws:ResourceOrgID": "o-stated"})
        request, implied = completed(stated, a_topology(organization=ORGANIZATION), ())
        seen = {"aws:PrincipalOrgPaths": "o-seen/r-1/", "aws:ResourceOrgID": "o-seen"}
        request, implied = corrected(request, implied, seen)
        assert request.context["aws:ResourceOrgID"] == "o-stated"
        assert implied["aws:PrincipalOrgPaths"] == "o-seen/r-1/"
        assert "aws:PrincipalOrgID" not in request.context
        assert request.context["aws:PrincipalAccount"] == ML

    def test_never_replaces_what_is_stated(self) -> None:
        found = explained(context={"AWS:PrincipalOrgId": "o-other"})
        assert "aws:PrincipalOrgID" not in found.implied
        assert found.context["AWS:PrincipalOrgId"] == "o-other"

    def test_is_no_organisation_for_an_account_outside_the_topology(self) -> None:
        found = explained("arn:aws:iam::111111111111:role/build")
        assert "aws:PrincipalOrgID" not in found.implied


class TestGuardrails:
    def topology(self, *targets: str) -> Topology:
        guardrails = Guardrails(account="999999999999", targets=targets)
        return a_topology(organization=ORGANIZATION, guardrails=guardrails)

    def stop(self, *targets: str) -> Explanation:
        return explained(
            ACCESS_ROLE, "rekognition:StopProjectVersion", V1, topology=self.topology(*targets)
        )

    def test_deny_a_session_of_an_access_role_in_the_ml_account(self) -> None:
        found = self.stop(ML)
        assert (found.verdict, found.layer) == ("explicit deny", "service control")

    def test_on_another_account_do_not(self) -> None:
        assert self.stop(QA).verdict == "implicit deny"

    def test_on_a_unit_are_taken_to_govern_every_account_of_the_configuration(self) -> None:
        assert self.stop("ou-ab12-abcdefgh").verdict == "explicit deny"

    def test_of_resources_govern_only_services_that_know_them(self) -> None:
        topology = self.topology(ML)
        rcp = Place(template="rcp", kind=Kind.RCP, attached_to="organization")
        detect = Request(ACCESS_ROLE, DETECT, V1, {})
        assume = Request(CONSUMER, ASSUME, ACCESS_ROLE, {})
        assert not is_governing(rcp, detect, ACCESS_ROLE, topology)
        assert is_governing(rcp, assume, CONSUMER, topology)


class TestOneKindAlone:
    def test_is_judged_as_if_nothing_else_governed(self) -> None:
        found = explained(
            CONSUMER, ASSUME, ACCESS_ROLE, {"sts:ExternalId": "tools"}, kinds=("consumer",)
        )
        assert [each.kind for each in found.documents] == ["consumer"]
        assert (found.verdict, found.planned) == ("allowed", "allowed")

    def test_can_be_a_boundary_which_governs_nothing_otherwise(self) -> None:
        assert "boundary" not in {each.kind for each in explained().documents}
        assert explained(resource=V2, kinds=("boundary",)).allowed

    def test_without_a_document_denies(self) -> None:
        stranger = f"arn:aws:iam::{PROD[0]}:role/other"
        assert explained(stranger, kinds=("access-role",)).verdict == "implicit deny"


class TestWhatCannotBeRead:
    def test_leaves_only_an_explicit_deny_certain(self) -> None:
        topology = a_topology()
        request = Request(ACCESS_ROLE, DETECT, V1, {"aws:PrincipalArn": ACCESS_ROLE})
        found = explain(request, (), topology, implied={}, unreadable=["It is beyond us."])
        assert (found.verdict, found.notes) == (UNDECIDED, ("It is beyond us.",))
        assert not found.allowed

    @pytest.mark.parametrize("value", [("a", "b")])
    def test_is_said_of_a_request_that_cannot_be_decided(self, value: tuple[str, str]) -> None:
        topology = a_topology(qa(vpc_endpoints=(ENDPOINT,)), prod())
        found = explained(context={"aws:SourceVpce": value}, topology=topology)
        assert found.verdict == UNDECIDED
        assert "It cannot be decided: It has 2 values" in found.notes[-1]


class TestTheCommand:
    def test_tells_verdict_documents_and_what_came_nearest(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "promote.yaml"
        guarded = 'guardrails: {account: "999999999999", targets: ["222222222222"]}\n'
        path.write_text(EXAMPLE + guarded)
        asked = ("--principal", CONSUMER, "--action", ASSUME, "--resource", ACCESS_ROLE)
        given = ("--context", "sts:ExternalId=other", "-f", str(path))
        assert main(["policy", "explain", *asked, *given]) == 4
        out, err = capsys.readouterr()
        assert err == ""
        assert out == dedent(
            f"""\
            Denied: no resource-based policy allows it.
                principal  arn:aws:sts::{QA}:assumed-role/storefront/promote-explain
                action     sts:AssumeRole
                resource   {ACCESS_ROLE}
                context    sts:ExternalId = other

            What each document that governs it says:
                implicit deny  access-role-trust of {ACCESS_ROLE} (rendered)
                allowed        consumer of {CONSUMER} (rendered)
                                 by consumer of storefront Statement[1] (AssumeAccessRoles)
                no deny        rcp of organization (rendered)

            What comes nearest to allowing it, and why it does not:
                access-role-trust of tools-qa Statement[0] (AssumeFromTargets1)
                    StringEquals sts:ExternalId: the request has other
                        the statement demands tools

            Implied beside the given context:
                aws:PrincipalArn = {CONSUMER}
                aws:PrincipalAccount = {QA}
                aws:PrincipalType = AssumedRole
                aws:PrincipalOrgID = {ORGANIZATION}
                aws:RequestedRegion = us-east-1
                aws:SecureTransport = true
                aws:ViaAWSService = false
                aws:PrincipalIsAWSService = false
                aws:ResourceAccount = {ML}
                aws:ResourceOrgID = {ORGANIZATION}
            """
        )

    @pytest.mark.parametrize(
        ("option", "says"),
        [
            (("--action", "AssumeRole"), "'AssumeRole' is no action"),
            (("--action", "sts:Assume?"), "'sts:Assume?' is no action"),
            (("--principal", "arn:aws:iam:222222222222:role/x"), "is no principal. Expected the"),
            (("--principal", "arn:aws:iam::22222222222:role/x"), "is no principal. Expected the"),
            (("--principal", "*"), "'*' is no principal."),
            (("--resource", ""), "It is empty. Expected an ARN"),
            (("--context", "sts:ExternalId"), "'sts:ExternalId' is not KEY=VALUE."),
            (("--attached-to", ACCESS_ROLE), "--attached-to goes with --kind."),
            (("--live", "--kind", "consumer"), "it does not go with --live"),
        ],
    )
    def test_refuses_what_makes_no_question(
        self, option: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        asked = ("--principal", CONSUMER, "--action", ASSUME, "--resource", ACCESS_ROLE)
        assert main(["policy", "explain", *asked, *option]) == 2
        assert says in " ".join(capsys.readouterr().err.split())

    @pytest.mark.parametrize(
        ("option", "says"),
        [
            (("--kind", "scp"), "asks for no document of kind scp."),
            (
                ("--kind", "boundary", "--attached-to", "tools-qa"),
                f"tools-qa. Those of the kind are attached to arn:aws:iam::{ML}:role/tools-prod, ",
            ),
        ],
        ids=["kind", "attached-to"],
    )
    def test_refuses_documents_that_there_are_not(
        self, option: tuple[str, ...], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "promote.yaml"
        path.write_text(EXAMPLE)
        asked = ("--principal", CONSUMER, "--action", ASSUME, "--resource", ACCESS_ROLE)
        assert main(["policy", "explain", "-f", str(path), *asked, *option]) == 7
        assert says in " ".join(capsys.readouterr().err.split())

    def test_says_that_an_action_is_unknown_and_takes_a_key_in_any_case_for_one(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "promote.yaml"
        path.write_text(EXAMPLE)
        asked = ("--principal", CONSUMER, "--action", "sts:AssumeRol", "--resource", ACCESS_ROLE)
        keys = ("--context", "aws:TagKeys=a", "--context", "AWS:tagkeys=b")
        assert main(["policy", "explain", "-f", str(path), *asked, *keys]) == 4
        out, err = capsys.readouterr()
        assert "is sts:AssumeRol. Did you mean sts:AssumeRole?" in err
        assert "aws:TagKeys = a, b" in out
