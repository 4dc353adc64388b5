"""Commands that touch no AWS, and what the command line costs to start."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from promote.cli.sandbox_example import EXAMPLE
from tests.functional.cli_world import PROMOTE, bare, on_a_terminal, run

INIT = [
    *("init", "--region", "us-east-1", "--ml-account", "222222222222"),
    *("--project", "tools-detector", "--model", "tools", "--environment", "qa=333333333333"),
    *("--environment", "prod=444444444444,555555555555", "--external-id", "tools"),
    *("--consumer", "arn:aws:iam::{account}:role/storefront"),
]


@pytest.fixture
def example(tmp_path: Path) -> Path:
    (tmp_path / "promote.yaml").write_text(EXAMPLE)
    return tmp_path


class TestInit:
    def test_writes_a_configuration_that_is_fine(self, tmp_path: Path) -> None:
        done = run(tmp_path, {}, *INIT)
        assert (done.returncode, done.stdout) == (0, "Wrote promote.yaml.\n")
        assert run(tmp_path, {}, "config", "check").returncode == 0

    def test_overwrites_only_when_told_so(self, example: Path) -> None:
        assert run(example, {}, *INIT).returncode == 2
        assert (example / "promote.yaml").read_text() == EXAMPLE
        assert run(example, {}, *INIT, "--force").returncode == 0

    def test_without_a_terminal_names_the_missing_flag(self, tmp_path: Path) -> None:
        done = run(tmp_path, {}, "init", "--project", "tools-detector")
        assert done.returncode == 2
        assert "--region" in done.stderr
        assert not (tmp_path / "promote.yaml").exists()

    def test_refuses_what_could_not_be_read_again(self, tmp_path: Path) -> None:
        wrong = [each.replace("222222222222", "2222") for each in INIT]
        assert run(tmp_path, {}, *wrong).returncode == 2
        assert not (tmp_path / "promote.yaml").exists()

    def test_on_a_terminal_asks(self, tmp_path: Path) -> None:
        answers = ["", "222222222222", "tools-detector", "tools", "qa=333333333333", ""]
        code, shown = on_a_terminal(tmp_path, {}, answers, "init")
        assert code == 0, shown
        assert "The Region of the models [us-east-1]: " in shown
        assert run(tmp_path, {}, "config", "check").returncode == 0


class TestConfig:
    def test_check_tells_every_problem_with_its_place(self, tmp_path: Path) -> None:
        text = EXAMPLE.replace('"222222222222"', "222222222222").replace("after: qa", "after: qq")
        (tmp_path / "promote.yaml").write_text(text)
        done = run(tmp_path, {}, "config", "check")
        assert done.returncode == 2
        assert done.stderr.count("promote.yaml:") >= 2

    def test_show_and_schema_are_json(self, example: Path) -> None:
        for command in ("show", "schema"):
            text = run(example, {}, "config", command).stdout
            line = run(example, {}, "config", command, "-o", "json").stdout
            assert json.loads(text) == json.loads(line)
            assert line.count("\n") == 1


class TestPolicyRender:
    def test_prints_each_document_as_canonical_json_with_its_heading_beside(
        self, example: Path
    ) -> None:
        done = run(example, {}, "policy", "render", "--environment", "qa")
        documents = done.stdout.splitlines()
        headings = done.stderr.splitlines()
        assert done.returncode == 0
        assert len(documents) == len(headings) > 5
        for document in documents:
            again = json.dumps(json.loads(document), sort_keys=True, separators=(",", ":"))
            assert document == again
        assert all(heading.startswith("# ") for heading in headings)

    def test_is_one_document_for_programs(self, example: Path) -> None:
        version = "arn:aws:rekognition:us-east-1:222222222222:project/tools-detector/version/v2/1"
        done = run(
            example,
            {},
            *("policy", "render", "--kind", "access-role", "--version", version, "-o", "json"),
        )
        found = json.loads(done.stdout)
        assert (found["kind"], done.stderr) == ("policies", "")
        assert {each["kind"] for each in found["documents"]} == {"access-role"}
        assert version in json.dumps(found["documents"][0]["document"])

    def test_wants_arns_because_a_name_tells_too_little(self, example: Path) -> None:
        done = run(example, {}, "policy", "render", "--version", "v2")
        assert done.returncode == 2
        assert "promote version list" in done.stderr


class TestStart:
    @pytest.mark.parametrize(
        "arguments",
        [
            ["--help"],
            ["release", "--help"],
            ["help", "exit-codes"],
            ["completion", "bash"],
            ["config", "check"],
            ["policy", "render"],
            ["show", "nowhere.json"],
        ],
        ids=" ".join,
    )
    def test_offline_commands_import_no_boto3(self, example: Path, arguments: list[str]) -> None:
        done = subprocess.run(
            [sys.executable, "-X", "importtime", PROMOTE, *arguments],
            cwd=example,
            env=bare(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert "promote.cli.main" in done.stderr
        assert " boto3" not in done.stderr
        assert " botocore" not in done.stderr


class TestCompletion:
    def test_offers_models_and_environments_without_asking_aws(self, example: Path) -> None:
        offered = self._offered(example, "promote release tools v2 --to ", 5)
        assert offered == ["plain,qa", "plain,prod"]
        assert self._offered(example, "promote status ", 2) == ["plain,tools"]

    def test_offers_nothing_when_the_configuration_is_broken(self, tmp_path: Path) -> None:
        (tmp_path / "promote.yaml").write_text("version: [")
        assert self._offered(tmp_path, "promote status ", 2) == []

    def _offered(self, directory: Path, words: str, place: int) -> list[str]:
        asked = {
            "_PROMOTE_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(place),
        }
        done = run(directory, asked)
        assert done.stderr == ""
        return done.stdout.split()

    @pytest.mark.parametrize("shell", ["bash"])
    def test_the_script_is_one_that_the_shell_accepts(self, tmp_path: Path, shell: str) -> None:
        script = run(tmp_path, {}, "completion", shell).stdout
        done = subprocess.run([shell, "-n"], input=script, text=True, check=False)
        assert done.returncode == 0
