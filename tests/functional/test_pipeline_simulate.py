"""`promote pipeline simulate`: the rendered pipeline from its source to production, once."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from promote.cli.pipeline_scene import write_scene
from promote.config import load
from promote.core.pipeline.shape import stages
from promote.errors import InputError
from tests.functional.cli_world import PROMOTE, bare

# A user's own settings, none of which may reach the simulation.
HOSTILE = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_PROFILE": "mine",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "PROMOTE_FILE": "elsewhere.yaml",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("simulation")


@pytest.fixture(scope="module")
def output(place: Path) -> str:
    done = subprocess.run(
        [PROMOTE, "pipeline", "simulate"],
        cwd=place,
        env={**bare(), **HOSTILE, "TMPDIR": str(place)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


class TestTheSimulation:
    def test_plays_every_stage_that_is_rendered_to_its_success(
        self, output: str, tmp_path: Path
    ) -> None:
        write_scene(tmp_path)
        wanted = [each.name for each in stages(load(tmp_path / "promote.yaml"), "tools")]
        table = output.partition("== The stages\n")[2].splitlines()
        rows = [line.split() for line in table[1 : len(wanted) + 1]]
        assert [(row[0], row[2]) for row in rows] == [(name, "Succeeded") for name in wanted]
        assert output.endswith("The execution succeeded; 3 of 3 pointers name v2.\n")

    def test_shows_what_the_approver_reads_with_one_digest(self, output: str) -> None:
        asked = output.partition("alice is asked:")[2].partition("alice approves.")[0]
        assert "tools v1 -> v2 in prod" in asked
        assert len(re.findall(r"\b[0-9a-f]{64}\b", asked)) == 1

    def test_leaves_no_file_behind(self, output: str, place: Path) -> None:
        assert output
        assert list(place.iterdir()) == []

    def test_does_not_write_over_a_configuration(self, tmp_path: Path) -> None:
        (tmp_path / "promote.yaml").touch()
        with pytest.raises(InputError, match="already"):
            write_scene(tmp_path)
