"""`promote policy prove` on own templates: each defect is named by a witness that explain confirms.

The configuration is the sandbox's, with a VPC endpoint in prod and a directory of own templates.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from promote.cli.main import main
from promote.cli.sandbox_example import EXAMPLE
from promote.sandbox.seed import PROJECT
from promote.templates import template_path

Capture = pytest.CaptureFixture[str]

V1, V2 = PROJECT.version_arn("v1"), PROJECT.version_arn("v2")
TRUSTED = ("--trusted", "arn:aws:iam::111111111111:role/build")
VERSIONS = ("--version", V1, "--version", V2)
ENDPOINT = "vpce-0a1b2c3d4e5f60718"
PRIVATE = f"""
    vpc_endpoints: [{ENDPOINT}]
    smoke: {{endpoint_url: "https://{ENDPOINT}.rekognition.us-east-1.vpce.amazonaws.com"}}
"""
PROTECTED = """
data_lake: {account: "666666666666", bucket: tools-images, trainers: [trainer]}
guardrails: {account: "999999999999", targets: ["222222222222"]}
"""

WIDENED = f'["{V1.rpartition("/v1/")[0]}/v1*", {{{{ resources[1] }}}}]'
INTRUDER = "arn:aws:iam::333333333333:role/intruder"


class Place:
    """A directory with promote.yaml and own templates."""

    def __init__(self, directory: Path, capture: Capture) -> None:
        self.file = str(directory / "promote.yaml")
        self.templates = directory / "policies"
        self.templates.mkdir()
        self.capture = capture
        top = "version: 1\nledger: s3://team-ledger/tools\ntemplates: ./policies\n"
        text = EXAMPLE.replace("version: 1\n", top, 1)
        private = text.replace("    drain: 5s\n", PRIVATE).rstrip() + "\n"
        Path(self.file).write_text(private + PROTECTED)

    def edit(self, kind: str, old: str, new: str) -> None:
        """Write an own template that differs from ours in one place."""
        text = template_path(kind).read_text("utf-8")
        assert old in text
        (self.templates / f"{kind}.json.j2").write_text(text.replace(old, new))

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run `promote policy` and return its exit code, stdout and stderr."""
        code = main(["policy", *arguments, "-f", self.file])
        return code, *self.capture.readouterr()

    def json(self, *arguments: str) -> tuple[int, Any]:
        """Run `promote policy` for programs."""
        code, out, _ = self.run(*arguments, "-o", "json")
        return code, json.loads(out)

    def pasted(self, command: str) -> tuple[int, Any]:
        """Run a command that was shown, for programs."""
        program, *arguments = shlex.split(command)
        assert program == "promote"
        code = main([*arguments, "-o", "json"])
        return code, json.loads(self.capture.readouterr().out)


@pytest.fixture
def place(tmp_path: Path, capsys: Capture) -> Place:
    return Place(tmp_path, capsys)


class TestOurTemplates:
    def test_are_all_proved_on_a_bare_configuration(self, place: Place) -> None:
        code, out, err = place.run("prove")
        *lines, _, last = out.splitlines()
        assert code == 0, out
        assert all(line.startswith("proved  ") for line in lines)
        assert last.startswith(f"{len(lines)} documents, all proved; ")
        # What stands for versions and promoters that nobody named is said.
        assert "example-1" in err
        assert "role/promote-example stands for who runs promote" in err

    def test_are_proved_for_the_versions_that_were_given(self, place: Place) -> None:
        code, out, err = place.run("prove", "--kind", "access-role", *VERSIONS)
        assert (code, err) == (0, "Access Analyzer: not asked (--access-analyzer asks it)\n")
        assert out.count("proved  access-role ") == 2


@dataclass(frozen=True)
class Defect:
    """One edit of a template, and which way the document is wrong then."""

    kind: str
    old: str
    new: str
    document: str = "allowed"
    plan: str = "implicit deny"


LESS = {"document": "implicit deny", "plan": "allowed"}
DEFECTS = {
    "a version widened to v1*": Defect("access-role", "{{ resources }}", WIDENED),
    "a lost endpoint condition": Defect("access-role", "{% if vpc_endpoints %}", "{% if false %}"),
    "a version missing": Defect("access-role", "{{ resources }}", "{{ resources[0] }}", **LESS),
    "an extra action": Defect(
        "operator",
        '"rekognition:StopProjectVersion"]',
        '"rekognition:StopProjectVersion", "rekognition:DeleteProjectVersion"]',
    ),
    "a second principal": Defect(
        "access-role-trust",
        "{{ trust.roles }}",
        f'[{{{{ trust.roles[0] }}}}, {{{{ trust.roles[1] }}}}, "{INTRUDER}"]',
    ),
    "an account instead of its roles": Defect(
        "role-trust", "{{ trusted }}", '["arn:aws:iam::111111111111:root"]'
    ),
    "another external id": Defect("access-role-trust", "{{ trust.external_id }}", '"other"'),
    "a boundary of everything": Defect("boundary", "{{ resources }}", '"*"'),
    "a bucket for whoever trains anywhere": Defect(
        "data-lake-bucket", '"StringEquals": {"aws:SourceAccount": {{ ml_account }}},', ""
    ),
    "an endpoint for everybody": Defect(
        "rekognition-endpoint", '"ArnEquals": {"aws:PrincipalArn": {{ grant.roles }}}', ""
    ),
    "reviews in the name of others": Defect(
        "ledger",
        "{{ of_users }}",
        '"arn:aws:s3:::team-ledger/*/approvals/*.review"',
        document="implicit deny",
        plan="explicit deny",
    ),
    "guardrails with a hole": Defect(
        "scp",
        "{{ operators }}",
        f'"{INTRUDER}"',
        document="implicit deny",
        plan="explicit deny",
    ),
}


class TestADefect:
    @pytest.fixture(params=DEFECTS)
    def defect(self, request: pytest.FixtureRequest, place: Place) -> Defect:
        found = DEFECTS[request.param]
        place.edit(found.kind, found.old, found.new)
        return found

    def test_is_named_by_a_witness_that_explain_confirms(
        self, defect: Defect, place: Place
    ) -> None:
        code, found = place.json("prove", "--kind", defect.kind, *VERSIONS)
        failed = [each for each in found["proofs"] if not each["proved"]]
        assert (code, found["ok"]) == (4, False)
        assert failed
        for each in failed:
            assert each["template"] == str(place.templates / f"{defect.kind}.json.j2")
        self.confirmed(place, failed[0])
        saying = {(each["document"], each["plan"]) for each in failed}
        assert (defect.document, defect.plan) in saying

    def confirmed(self, place: Place, proof: Any) -> None:
        """Ask again: as the command that was shown, and as the witness alone."""
        witness = proof["witness"]
        alone = ["explain", "--exact-context", "--kind", proof["kind"], *VERSIONS]
        alone += ["--attached-to", proof["attached_to"]]
        alone += ["--principal", witness["principal"], "--action", witness["action"]]
        alone += ["--resource", witness["resource"]]
        for key, value in witness["context"].items():
            for one in [value] if isinstance(value, str) else value:
                alone += ["--context", f"{key}={one}"]
        for code, found in (place.pasted(proof["explain"]), place.json(*alone)):
            assert (found["verdict"], found["planned"]) == (proof["document"], proof["plan"])
            assert code == (0 if proof["document"] == "allowed" else 4)
            assert found["request"] == witness
            assert found["statements"] == proof["statements"]

    def test_is_refused_by_render(self, defect: Defect, place: Place) -> None:
        code, out, err = place.run("render", "--kind", defect.kind, *VERSIONS, *TRUSTED)
        assert (code, out) == (4, "")
        assert f"promote policy prove --kind {defect.kind}" in err


class TestSeveralDefects:
    def test_are_all_shown(self, place: Place) -> None:
        place.edit("access-role", "{{ resources }}", "{{ resources[0] }}")
        place.edit("deployer", '"ssm:DeleteParameter", ', "")
        code, out, _ = place.run("prove", *VERSIONS)
        assert code == 4
        assert {line.split()[1] for line in out.splitlines() if line.startswith("FAILED")} == {
            "access-role",
            "deployer",
        }
        assert out.endswith("5 not proved\n")

    def test_are_shown_with_both_sides_and_the_command(self, place: Place) -> None:
        place.edit("access-role", "{{ resources }}", WIDENED)
        _, out, _ = place.run("prove", "--kind", "access-role", "--environment", "qa", *VERSIONS)
        shown = out.replace(str(place.templates), "policies").replace(place.file, "promote.yaml")
        v1, role = f"{V1.rpartition('/')[0]}/1", "arn:aws:iam::222222222222:role/tools-qa"
        by = "access-role of tools-qa Statement[0] (DetectWithAllowedVersions)"
        command = (
            "promote -f promote.yaml policy explain --kind access-role "
            f"--principal {role} --action rekognition:DetectCustomLabels --resource {v1} "
            f"--environment qa --version {V1} --version {V2}"
        )
        assert shown.splitlines() == [
            f"FAILED  access-role {role} (promote-tools)",
            "        template   policies/access-role.json.j2",
            "        It allows more than planned, for instance:",
            f"        principal  {role}",
            "        action     rekognition:DetectCustomLabels",
            f"        resource   {v1}",
            "        context    no condition key",
            f"        document   allowed, by {by}",
            "        plan       implicit deny",
            "        To see it:",
            f"            {command}",
            "",
            "1 document, 1 not proved",
        ]

    def test_say_so_where_only_the_principal_is_named_in_another_way(self, place: Place) -> None:
        place.edit("access-role-trust", '{"AWS": {{ trust.accounts }}}', '"*"')
        code, out, _ = place.run("prove", "--kind", "access-role-trust", "--environment", "qa")

        assert code == 4
        assert "It names the principal more or less closely than planned, for instance:" in out


class TestATemplateOutsideWhatIsProved:
    def test_is_a_mistake_in_the_configuration_with_its_place(self, place: Place) -> None:
        place.edit("deployer", '"Action"', '"NotAction"')
        code, out, _ = place.run("prove", "--kind", "deployer", "--kind", "consumer")
        assert code == 2
        assert "Statement[0].NotAction" in " ".join(out.split())
        assert "proved  consumer" in out

    def test_is_linted_all_the_same(self, place: Place) -> None:
        place.edit("deployer", '"Action"', '"NotAction"')
        code, found = place.json("lint", "--kind", "deployer")
        assert code == 4
        assert "Statement[0].NotAction" in {each["place"] for each in found["findings"]}
