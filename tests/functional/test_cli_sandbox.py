"""`promote sandbox`: from an empty directory to nothing left behind."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from promote.templates.location import policies_directory
from tests.functional.cli_world import PROMOTE, Place, bare, run

OWN = """
version: 1
region: eu-west-1
ml: {account: "777777777777"}
models: {cats: {project: cat-detector}}
defaults:
  access_role: "{model}-{environment}"
  reader_role: promote-reader
  operator_role: promote-operator
  deployer_role: promote-deployer
  smoke_role: promote-smoke
  consumers: ["arn:aws:iam::{account}:role/teams/cats/app"]
  pointer: {ssm: "/cats/{environment}"}
  propagation: {consecutive: 1, deadline: 1m}
environments:
  - {name: test, accounts: ["888888888888"], drain: 1s}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    place = Place(tmp_path_factory.mktemp("sandbox"))
    yield place
    place.end()


class TestUp:
    def test_makes_a_working_example_of_an_empty_directory(self, place: Place) -> None:
        assert (place.directory / "promote.yaml").exists()
        assert len(list(place.directory.glob("golden/*/*.png"))) == 30
        assert run(place.directory, {}, "config", "check").returncode == 0

    def test_prints_lines_for_a_shell_and_nothing_else(self, place: Place) -> None:
        lines = place.up.stdout.splitlines()
        assert all(line.startswith(("export AWS_", "unset AWS_")) for line in lines)
        assert f"export AWS_ENDPOINT_URL={place.endpoint}" in lines

    def test_refuses_a_second_one_in_the_same_place(self, place: Place) -> None:
        done = run(place.directory, {}, "sandbox", "up", "--detach")
        assert done.returncode == 4
        assert "promote sandbox down" in done.stderr

    def test_in_the_foreground_ends_well_with_ctrl_c(self, tmp_path: Path) -> None:
        process = subprocess.Popen(
            [PROMOTE, "sandbox", "up", "--directory", str(tmp_path)],
            env=bare(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        for line in process.stderr:
            if "Ctrl-C" in line:
                break
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
        assert process.returncode == 0
        assert not (tmp_path / ".promote" / "sandbox.json").exists()


class TestEnv:
    def test_gives_an_applications_session(self, place: Place) -> None:
        done = run(place.directory, {}, "sandbox", "env", "--as", "consumer/333333333333")
        assert "export AWS_SESSION_TOKEN=" in done.stdout

    def test_takes_the_first_of_a_kind_and_says_which(self, place: Place) -> None:
        done = run(place.directory, {}, "sandbox", "env", "--as", "consumer")
        assert done.stderr == "# as consumer/333333333333\n"

    def test_of_nobody_names_those_that_there_are(self, place: Place) -> None:
        done = run(place.directory, {}, "sandbox", "env", "--as", "nobody")
        assert done.returncode == 2
        assert "stranger" in done.stderr


class TestCalls:
    def test_are_a_line_each(self, place: Place) -> None:
        assert place.promote("status").returncode == 0
        done = run(place.directory, {}, "sandbox", "calls", "-o", "json")
        calls = [json.loads(line) for line in done.stdout.splitlines()]
        assert {call["kind"] for call in calls} == {"call"}
        assert {"time", "account", "principal", "operation", "resource", "outcome"} <= set(calls[0])
        assert "sts:AssumeRole" in {call["operation"] for call in calls}
        text = run(place.directory, {}, "sandbox", "calls", "--since", str(calls[-2]["n"])).stdout
        assert len(text.splitlines()) == 1


class TestSeed:
    def test_a_template_that_allows_too_little_fails_here(self, place: Place) -> None:
        templates = place.directory / "mine"
        shutil.copytree(policies_directory(), templates)
        deployer = templates / "deployer.json.j2"
        deployer.write_text(
            deployer.read_text().replace("ssm:PutParameter", "ssm:AddTagsToResource")
        )
        done = place.promote("sandbox", "seed", "--templates", "mine")
        assert done.returncode == 0, done.stderr
        done = place.promote("release", "tools", "v2", "--to", "qa", "--yes")
        assert done.returncode in {6, 9}, done.stderr
        assert "ssm:PutParameter" in done.stderr
        assert place.named("qa") == {"v1"}

    def test_again_from_the_product_it_works(self, place: Place) -> None:
        assert place.promote("sandbox", "seed").returncode == 0
        done = place.promote("release", "tools", "v2", "--to", "qa", "--yes")
        assert done.returncode == 0, done.stderr


class TestDoctor:
    def test_says_that_a_sandbox_runs_and_is_not_used(self, place: Place) -> None:
        done = run(place.directory, {}, "doctor")
        assert done.returncode != 0
        assert 'eval "$(promote sandbox env)"' in done.stderr


class TestAConfigurationOfOnesOwn:
    def test_finds_its_accounts_projects_and_roles_in_the_sandbox(self, tmp_path: Path) -> None:
        (tmp_path / "promote.yaml").write_text(OWN)
        place = Place(tmp_path)
        try:
            done = place.promote("doctor")
            assert done.returncode == 0, done.stdout
            done = place.promote("release", "cats", "v2", "--to", "test", "--yes")
            assert done.returncode == 0, done.stderr
        finally:
            place.end()


class TestDown:
    def test_stops_it_and_is_content_when_none_runs(self, tmp_path: Path) -> None:
        place = Place(tmp_path)
        assert run(tmp_path, {}, "sandbox", "down").stdout == "The sandbox is stopped.\n"
        assert run(tmp_path, {}, "sandbox", "down").stdout == "No sandbox runs here.\n"
        assert run(tmp_path, {}, "sandbox", "calls").returncode == 7
        assert place.promote("status").returncode != 0
