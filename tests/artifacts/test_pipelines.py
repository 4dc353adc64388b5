"""The rendered stacks and the buildspecs as products.

The same bytes every time, nothing by account, and no role that may do more than its stage needs.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from promote.cli.main import main
from promote.cli.sandbox_example import EXAMPLE
from promote.core.codec import canonical
from promote.core.gates.requirements import Requirements
from promote.core.parts import Smoke
from promote.core.pipeline.names import KEY_EXPORT, KEY_ID, Names
from promote.core.pipeline.shape import stages
from promote.core.policies.proof import proving
from promote.core.topology import Topology
from promote.core.waves import WaveSize
from promote.iam.document import Kind, parse
from promote.iam.evaluate import Request, Verdict, evaluate
from promote.iam.quota import MANAGED, QUOTAS
from promote.pipeline.render import carried_digest, pipeline_file, stacks, target_file
from promote.templates import render
from promote.templates.pipelines import buildspec
from tests.builders import CICD, ML, PIPELINE, PROD, QA, a_topology, prod, qa

ROOT = Path(__file__).resolve().parents[2]
ORGANIZATION = "o-a1b2c3d4e5"
IMPORTED = {"Fn::ImportValue": KEY_EXPORT}
OPERATOR = "RolePromoteOperatorProd"
IDENTITY = QUOTAS[Kind.IDENTITY]
SPECS = sorted(path.stem for path in (ROOT / "buildspecs").glob("*.yml"))
CODEBUILD = {"CODEBUILD_BUILD_ARN", "CODEBUILD_BUILD_ID"}
Capture = pytest.CaptureFixture[str]


def a_pipeline(**changes: Any) -> Topology:
    """Build a topology with a pipeline: qa, and prod in two waves with an approval."""
    waves = (WaveSize(1), WaveSize(100, is_percentage=True))
    found = a_topology(
        qa(), prod(waves=waves, gates=Requirements(approval=1)),
        organization=ORGANIZATION, pipeline=PIPELINE, ledger="s3://team-ledger/promote",
    )  # fmt: skip
    return replace(found, **changes)


@cache
def rendered(count: int = 2, organization: str | None = ORGANIZATION) -> dict[str, Any]:
    """Render the stacks for so many accounts of production."""
    topology = a_pipeline(organization=organization)
    accounts = tuple(f"{700_000_000_000 + n}" for n in range(count))
    role = "{model}-{environment}-{account}"  # a trust policy has no room for hundreds of accounts
    several = [
        replace(each, access_role=role, accounts=accounts if each.name == "prod" else each.accounts)
        for each in topology.environments
    ]
    only = None if organization else [pipeline_file("tools")]
    whole = replace(topology, environments=tuple(several))
    files = stacks(whole, proving(partial(render)), only=only)
    return {name: json.loads(content) for name, content in files.items()}


def resources(stack: str, kind: str, **kwargs: Any) -> dict[str, Any]:
    """Return the properties of a stack's resources of a type, by logical id."""
    found = rendered(**kwargs)[stack]["Resources"]
    return {name: one["Properties"] for name, one in found.items() if one["Type"] == kind}


def role_of(project: str) -> Any:
    """Return the role of a build by the end of its name."""
    roles = resources("pipeline-tools.json", "AWS::IAM::Role").values()
    (found,) = [role for role in roles if role["RoleName"] == f"promote-tools-{project}"]
    return found


def allows(project: str, action: str, resource: str, **context: str) -> bool:
    """Say whether the role of a build is allowed something in the organisation."""
    known = json.dumps([each["PolicyDocument"] for each in role_of(project)["Policies"]])
    key = f"arn:aws:kms:us-east-1:{CICD}:key/{KEY_ID}"
    documents = json.loads(known.replace(json.dumps(IMPORTED), json.dumps(key)))
    policies = [parse(each, kind=Kind.IDENTITY) for each in documents]
    given = {
        "aws:ResourceOrgID": ORGANIZATION,
        **{k.replace("_", ":"): v for k, v in context.items()},
    }
    request = Request("arn:aws:iam::111111111111:user/any", action, resource, given)
    return evaluate(request, policies).verdict is Verdict.ALLOWED


class TestThreeAndThreeHundredAccounts:
    def test_have_the_same_pipeline_byte_for_byte(self) -> None:
        few, many = rendered(3), rendered(300)
        for name in ("foundation.json", pipeline_file("tools"), target_file("prod")):
            assert canonical(few[name]) == canonical(many[name])

    def test_have_the_same_stages_without_an_organisation(self) -> None:
        few, many = (
            resources(
                pipeline_file("tools"), "AWS::CodePipeline::Pipeline", count=n, organization=None
            )
            for n in (3, 200)
        )
        assert few == many

    def test_are_named_nowhere_in_the_pipeline(self) -> None:
        text = json.dumps(rendered(3)[pipeline_file("tools")])
        assert set(re.findall(r"\b\d{12}\b", text)) == {CICD, ML}

    def test_have_managed_policies_where_inline_ones_have_no_room_for_all_access_roles(
        self,
    ) -> None:
        assert not resources("ml-account.json", "AWS::IAM::ManagedPolicy", count=3)
        found = resources("ml-account.json", "AWS::IAM::ManagedPolicy", count=300)
        mine = [each for each in found.values() if each["Roles"] == [{"Ref": OPERATOR}]]
        assert 1 < len(mine) <= 10
        writing = [
            role
            for policy in mine
            for one in policy["PolicyDocument"]["Statement"]
            if one["Sid"] == "WriteAccessRolePolicies"
            for role in one["Resource"]
        ]
        assert len(writing) == len(set(writing)) == 300
        assert all(IDENTITY.size(policy["PolicyDocument"]) <= MANAGED for policy in mine)


class TestEveryStack:
    def test_is_canonical_and_the_same_every_time(self) -> None:
        first, second = (stacks(a_pipeline(), proving(partial(render))) for _ in range(2))
        assert first == second
        for content in first.values():
            assert canonical(json.loads(content)) + b"\n" == content

    def test_has_the_boundary_on_every_role_and_conditions_on_every_trust(self) -> None:
        for name in rendered():
            for role in resources(name, "AWS::IAM::Role").values():
                assert "promote-boundary" in json.dumps(role["PermissionsBoundary"])
                for one in role["AssumeRolePolicyDocument"]["Statement"]:
                    assert one["Condition"]

    def test_makes_no_pointer_and_writes_no_policy_of_an_access_role(self) -> None:
        for name, stack in rendered().items():
            types = {one["Type"] for one in stack["Resources"].values()}
            assert "AWS::SSM::Parameter" not in types, name
        access = resources("ml-account.json", "AWS::IAM::Role")
        bare = {each["RoleName"] for each in access.values() if "Policies" not in each}
        assert bare == {f"tools-qa-{QA}", *(f"tools-prod-{700_000_000_000 + n}" for n in range(2))}
        assert "never by CloudFormation" in json.dumps(rendered()["ml-account.json"]["Metadata"])


class TestTargets:
    def test_name_the_account_of_the_stack_alone(self) -> None:
        for name in ("qa", "prod"):
            text = json.dumps(rendered()[target_file(name)])
            assert set(re.findall(r"\b\d{12}\b", text)) == {CICD, ML}
            assert "${AWS::AccountId}" in text

    def test_trust_their_environments_builds_alone_to_write(self) -> None:
        (deployer,) = [
            each
            for each in resources(target_file("prod"), "AWS::IAM::Role").values()
            if each["RoleName"] == "promote-deployer"
        ]
        (statement,) = deployer["AssumeRolePolicyDocument"]["Statement"]
        patterns = statement["Condition"]["ArnLike"]["aws:PrincipalArn"]
        assert patterns == [f"arn:aws:iam::{CICD}:role/promote/promote-*-promote-prod"]

    def test_reach_their_accounts_by_unit_where_there_are_units(self) -> None:
        topology = a_pipeline()
        in_unit = replace(topology.environments[1], organizational_units=("ou-ab12-cdefgh12",))
        topology = replace(topology, environments=(topology.environments[0], in_unit))
        found = json.loads(stacks(topology, proving(partial(render)))["organization.json"])
        sets = {name: one["Properties"] for name, one in found["Resources"].items()}
        by_unit, by_account = sets["ProdRoles"], sets["QaRoles"]
        assert by_unit["PermissionModel"] == "SERVICE_MANAGED"
        assert by_unit["AutoDeployment"]["Enabled"]
        (group,) = by_unit["StackInstancesGroup"]
        assert group["DeploymentTargets"] == {"OrganizationalUnitIds": ["ou-ab12-cdefgh12"]}
        assert by_account["PermissionModel"] == "SELF_MANAGED"
        (group,) = by_account["StackInstancesGroup"]
        assert group["DeploymentTargets"] == {"Accounts": [QA]}
        body = json.loads(by_account["TemplateBody"])
        assert body == json.loads(stacks(topology, proving(partial(render)))[target_file("qa")])


class TestLeastPrivilege:
    READER = f"arn:aws:iam::{PROD[0]}:role/promote-reader"
    DEPLOYER = f"arn:aws:iam::{PROD[0]}:role/promote-deployer"

    @pytest.mark.parametrize("build", ["plan-qa", "promote-qa", "verify-qa", "retire"])
    def test_lets_every_build_but_one_read(self, build: str) -> None:
        assert allows(build, "sts:AssumeRole", self.READER)
        assert not allows("validate", "sts:AssumeRole", self.READER)
        assert not allows(build, "sts:AssumeRole", self.READER, aws_ResourceOrgID="o-another1234")

    @pytest.mark.parametrize(
        ("build", "may"),
        [("plan-prod", False), ("verify-prod", False), ("retire", False), ("promote-prod", True)],
    )
    def test_lets_only_a_promotion_move_pointers(self, build: str, *, may: bool) -> None:
        assert allows(build, "sts:AssumeRole", self.DEPLOYER) is may

    @pytest.mark.parametrize(
        ("build", "may"),
        [("promote-prod", True), ("retire", True), ("promote-qa", False), ("plan-prod", False)],
    )
    def test_lets_only_its_environments_builds_operate(self, build: str, *, may: bool) -> None:
        operator = f"arn:aws:iam::{ML}:role/promote-operator-prod"
        assert allows(build, "sts:AssumeRole", operator) is may

    def test_keeps_the_ledger_of_other_models_and_of_plans_from_builds(self) -> None:
        mine, other = (
            f"arn:aws:s3:::team-ledger/promote/{m}/lock.json" for m in ("tools", "parts")
        )
        assert allows("promote-qa", "s3:PutObject", mine)
        assert not allows("promote-qa", "s3:PutObject", other)
        assert allows("plan-qa", "s3:GetObject", mine)
        assert not allows("plan-qa", "s3:PutObject", mine)
        assert not allows("validate", "s3:GetObject", mine)

    def test_lets_builds_use_the_key_for_artifacts_alone(self) -> None:
        key = f"arn:aws:kms:us-east-1:{CICD}:key/{KEY_ID}"
        through = {"kms_ViaService": "s3.us-east-1.amazonaws.com"}
        assert allows("plan-qa", "kms:Decrypt", key, **through)
        assert not allows("plan-qa", "kms:Decrypt", key)


class TestProjects:
    def test_are_encrypted_with_the_key_of_the_artifact_store_and_have_no_privileges(self) -> None:
        (pipeline,) = resources("pipeline-tools.json", "AWS::CodePipeline::Pipeline").values()
        assert pipeline["ArtifactStore"]["EncryptionKey"]["Id"] == IMPORTED
        for project in resources("pipeline-tools.json", "AWS::CodeBuild::Project").values():
            assert project["EncryptionKey"] == IMPORTED
            assert project["Environment"]["PrivilegedMode"] is False
            assert project["Cache"] == {"Type": "NO_CACHE"}

    def test_may_run_once_for_each_stage_that_uses_them(self) -> None:
        found = resources("pipeline-tools.json", "AWS::CodeBuild::Project").values()
        limits = {each["Name"]: each["ConcurrentBuildLimit"] for each in found}
        assert limits["promote-tools-promote-prod"] == 2
        assert limits["promote-tools-retire"] == 2
        assert limits["promote-tools-plan-qa"] == limits["promote-tools-sweep"] == 1

    def test_of_a_verifier_run_in_its_vpc(self) -> None:
        from promote.core.perimeter import Verifier

        verifier = Verifier(vpc="vpc-1", subnets=("subnet-1",), security_groups=("sg-1",))
        topology = a_pipeline(environments=(qa(verifier=verifier),))
        stack = json.loads(stacks(topology, proving(partial(render)))["pipeline-tools.json"])
        projects = {
            name: one["Properties"].get("VpcConfig")
            for name, one in stack["Resources"].items()
            if one["Type"] == "AWS::CodeBuild::Project"
        }
        assert {name for name, network in projects.items() if network} == {"VerifyQaProject"}


class TestThePipeline:
    def test_has_exactly_the_stages_of_its_shape(self) -> None:
        (pipeline,) = resources("pipeline-tools.json", "AWS::CodePipeline::Pipeline").values()
        assert (pipeline["PipelineType"], pipeline["ExecutionMode"]) == ("V2", "QUEUED")
        wanted = [(each.name, list(each.actions)) for each in stages(a_pipeline(), "tools")]
        found = [(one["Name"], [a["Name"] for a in one["Actions"]]) for one in pipeline["Stages"]]
        assert found == wanted

    def test_refers_to_variables_that_an_earlier_build_exports(self) -> None:
        (pipeline,) = resources("pipeline-tools.json", "AWS::CodePipeline::Pipeline").values()
        exported = yaml.safe_load(buildspec("plan"))["env"]["exported-variables"]
        known = {"variables.VERSION", "variables.REASON", "codepipeline.PipelineExecutionId"}
        for stage in pipeline["Stages"]:
            for name in re.findall(r"#\{([^}]+)\}", json.dumps(stage)):
                assert name in known, (stage["Name"], name)
            if stage["Name"].startswith("Plan-"):
                known |= {f"{stage['Name']}.{each}" for each in exported}

    def test_shows_who_approves_the_digest_the_summary_and_where_to_read(self) -> None:
        (pipeline,) = resources("pipeline-tools.json", "AWS::CodePipeline::Pipeline").values()
        (asking,) = [one for one in pipeline["Stages"] if one["Name"] == "Approve-prod"]
        (action,) = asking["Actions"]
        for each in ("PLAN_DIGEST", "PLAN_SUMMARY", "CHANGES"):
            assert f"#{{Plan-prod.{each}}}" in action["Configuration"]["CustomData"]
        assert action["Configuration"]["ExternalEntityLink"] == "#{Plan-prod.PLAN_URL}"
        assert action["TimeoutInMinutes"] == 48 * 60

    @pytest.mark.parametrize(
        ("variable", "text", "fits"),
        [
            ("Version", "v2", True),
            ("Version", "arn:aws:rekognition:us-east-1:2:project/p/version/v2/17", True),
            ("Version", "--adopt", False),
            ("Version", "v2 ", False),
            ("Reason", "Fewer false alarms (#4711), says Ann's team", True),
            ("Reason", 'x"},{"name":"PATH","value":"/tmp', False),
            ("Reason", "two\nlines", False),
            ("Reason", "back\\slash", False),
            ("Reason", "#{variables.VERSION}", False),
            ("Reason", "x" * 201, False),
        ],
    )
    def test_enters_validation_only_with_variables_that_end_no_text(
        self, variable: str, text: str, *, fits: bool
    ) -> None:
        (pipeline,) = resources("pipeline-tools.json", "AWS::CodePipeline::Pipeline").values()
        (condition,) = pipeline["Stages"][1]["BeforeEntry"]["Conditions"]
        (rule,) = [each for each in condition["Rules"] if each["Name"] == variable]
        assert condition["Result"] == "FAIL"
        found = re.fullmatch(rule["Configuration"]["Value"], text)
        assert (found is not None) is fits

    def test_configuration_values_are_short_enough(self) -> None:
        (pipeline,) = resources("pipeline-tools.json", "AWS::CodePipeline::Pipeline").values()
        for stage in pipeline["Stages"]:
            for action in stage["Actions"]:
                assert max(map(len, action["Configuration"].values())) <= 1000


@pytest.mark.parametrize("name", SPECS)
class TestBuildspec:
    def test_is_a_few_lines_that_abort_at_the_first_failure(self, name: str) -> None:
        text = buildspec(name)
        assert len(text.splitlines()) <= 15
        spec = yaml.safe_load(text)
        assert spec["version"] == 0.2
        assert all(phase["on-failure"] == "ABORT" for phase in spec["phases"].values())
        assert "|| true" not in text

    def test_quotes_every_variable(self, name: str) -> None:
        for phase in yaml.safe_load(buildspec(name))["phases"].values():
            for command in (*phase["commands"], *phase.get("finally", ())):
                bare = re.sub(r'"\$[A-Z_]+"', "", command)
                assert "$" not in bare.replace("$(", ""), command
                assert "`" not in bare

    def test_is_given_every_variable_that_it_uses(self, name: str) -> None:
        used = set(re.findall(r"\$([A-Z][A-Z_]*)", buildspec(name)))
        projects = {
            each["Name"]: {one["Name"] for one in each["Environment"]["EnvironmentVariables"]}
            for each in resources("pipeline-tools.json", "AWS::CodeBuild::Project").values()
        }
        (pipeline,) = resources("pipeline-tools.json", "AWS::CodePipeline::Pipeline").values()
        runs = 0
        for stage in pipeline["Stages"]:
            for action in stage["Actions"]:
                project = action["Configuration"].get("ProjectName", "")
                if not project.startswith(f"promote-tools-{name}"):
                    continue
                passed = json.loads(action["Configuration"].get("EnvironmentVariables", "[]"))
                given = projects[project] | {one["name"] for one in passed} | CODEBUILD
                assert used <= given
                runs += 1
        assert runs
        if name == "retire":
            assert used <= projects["promote-tools-sweep"]


class TestCommand:
    @pytest.fixture
    def directory(self, tmp_path: Path) -> Path:
        pipeline = f'ledger: s3://team-ledger\npipeline: {{account: "{CICD}"}}\nml:\n'
        text = EXAMPLE.replace("ml:\n", pipeline, 1)
        (tmp_path / "promote.yaml").write_text(text, "utf-8")
        return tmp_path

    def render(self, directory: Path, *arguments: str) -> int:
        return main(["pipeline", "render", "-f", str(directory / "promote.yaml"), *arguments])

    def test_lists_names_and_hashes(self, directory: Path, capsys: Capture) -> None:
        assert self.render(directory) == 0
        rows = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
        names = {name for digest, name in rows if len(digest) == 64}
        assert {"foundation.json", "manifest.json", "pipeline-tools.json"} <= names

    def test_writes_what_it_then_finds_unchanged(self, directory: Path, capsys: Capture) -> None:
        out = directory / "rendered"
        assert self.render(directory, "--out", str(out)) == 0
        assert self.render(directory, "--check") == 0
        manifest = json.loads((out / "manifest.json").read_text())
        assert {*manifest["outputs"], "manifest.json"} == {path.name for path in out.iterdir()}
        capsys.readouterr()

    def test_names_each_file_that_departs_and_the_remedy(
        self, directory: Path, capsys: Capture
    ) -> None:
        out = directory / "rendered"
        self.render(directory, "--out", str(out))
        (out / "foundation.json").unlink()
        (out / "old.json").write_text("{}")
        (out / "target-qa.json").write_text("{}")
        assert self.render(directory, "--out", str(out), "--check") == 4
        err = capsys.readouterr().err
        for line in ("foundation.json is missing", "old.json is extra", "target-qa.json differs"):
            assert line in " ".join(err.split())
        assert f"    promote pipeline render --out {out}" in err
        assert self.render(directory, "--out", str(out), "--check", "--model", "tools") == 0

    def test_sees_a_change_of_the_configuration(self, directory: Path, capsys: Capture) -> None:
        out = str(directory / "rendered")
        self.render(directory, "--out", out)
        file = directory / "promote.yaml"
        file.write_text(file.read_text().replace("after: qa", "after: qa\n    waves: [1, 100%]"))
        assert self.render(directory, "--out", out, "--check") == 4
        err = " ".join(capsys.readouterr().err.split())
        assert "manifest.json differs" in err
        assert "pipeline-tools.json differs" in err

    def test_compares_the_digest_that_a_deployed_pipeline_carries(
        self, directory: Path, capsys: Capture
    ) -> None:
        out = directory / "rendered"
        self.render(directory, "--out", str(out))
        digest = carried_digest((out / "pipeline-tools.json").read_bytes())
        asked = ("--model", "tools", "--check", "--digest")
        assert self.render(directory, *asked, digest) == 0
        assert self.render(directory, *asked, "0" * 64) == 4
        file = directory / "promote.yaml"
        file.write_text(file.read_text().replace("after: qa", "after: qa\n    waves: [1, 100%]"))
        assert self.render(directory, *asked, digest) == 4
        assert digest in capsys.readouterr().err

    def test_prints_the_documents_as_json(self, directory: Path, capsys: Capture) -> None:
        assert self.render(directory, "-o", "json") == 0
        found = json.loads(capsys.readouterr().out)
        assert found["kind"] == "pipeline"
        assert all(each["document"] for each in found["files"])

    def test_says_what_is_missing_without_a_pipeline(self, tmp_path: Path, capsys: Capture) -> None:
        (tmp_path / "promote.yaml").write_text(EXAMPLE, "utf-8")
        assert self.render(tmp_path) == 2
        assert "pipeline:" in capsys.readouterr().err


def test_a_request_is_where_the_pipeline_takes_it_from() -> None:
    names = Names(a_pipeline(), "tools")
    (pipeline,) = resources("pipeline-tools.json", "AWS::CodePipeline::Pipeline").values()
    (source,) = pipeline["Stages"][0]["Actions"]
    assert source["Configuration"]["S3Bucket"] == names.foundation.artifacts
    assert source["Configuration"]["S3ObjectKey"] == names.request


def test_images_in_s3_are_read_by_those_who_test_with_them() -> None:
    topology = a_pipeline(environments=(qa(smoke=Smoke(images="s3://golden/{model}")),))
    text = stacks(topology, proving(partial(render)))["pipeline-tools.json"].decode()
    found = json.loads(text)["Resources"]
    reading = {
        name
        for name, one in found.items()
        if "arn:aws:s3:::golden/tools/*" in json.dumps(one.get("Properties", {}).get("Policies"))
    }
    assert reading == {"PromoteQaRole", "VerifyQaRole"}
