"""`promote sandbox demo`: one run to its end, others that are interrupted."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from promote.cli.sandbox_load import Tally
from promote.sandbox.images import write_golden
from promote.sandbox.seed import ML, POINTER, QA, TARGETS
from tests.artifacts import readme
from tests.functional.cli_world import PROMOTE, bare

if TYPE_CHECKING:
    from promote.sandbox.server import Sandbox

# A user's own settings, none of which may reach the demo.
HOSTILE = {
    "AWS_ENDPOINT_URL_SSM": "http://127.0.0.1:9",
    "AWS_PROFILE": "mine",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "PROMOTE_FILE": "elsewhere.yaml",
    "PROMOTE_OUTPUT": "text",
}


@dataclass(frozen=True)
class Played:
    """A demo that has ended."""

    output: str
    code: int
    seconds: float
    directory: Path

    @property
    def lines(self) -> list[str]:
        return self.output.splitlines()


def start(directory: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [PROMOTE, "sandbox", "demo"],
        cwd=directory,
        env={**bare(), **HOSTILE, "TMPDIR": str(directory)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def left_behind(directory: Path) -> list[str]:
    """List the processes that have inherited this TMPDIR, and the files in it."""
    marker = f"TMPDIR={directory}".encode()
    found = [str(path) for path in directory.iterdir()]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if marker in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text())
        except OSError:
            continue  # it has ended, or is not ours
    return found


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    directory = tmp_path_factory.mktemp("demo")
    began = time.monotonic()
    process = start(directory)
    output, _ = process.communicate(timeout=180)
    return Played(output, process.returncode, time.monotonic() - began, directory)


class TestTheDemo:
    def test_ends_well_within_ninety_seconds(self, played: Played) -> None:
        assert played.code == 0, played.output
        assert played.seconds < 90

    def test_plans_and_promotes_to_both_environments(self, played: Played) -> None:
        commands = [line.split()[2] for line in played.lines if line.startswith("$ promote ")]
        assert commands == ["status", "plan", "apply", "release", "status", "history"]
        assert "Promoted: qa uses v2 instead of v1" in played.output
        assert "Promoted: prod uses v2 instead of v1" in played.output

    def test_no_request_failed_and_every_account_was_answered_by_both(self, played: Played) -> None:
        assert played.lines[-1].endswith(" requests, 0 failed")
        rows = {line.split()[0]: line.split()[1:] for line in played.lines[-6:] if line}
        for account in TARGETS:
            requests, failed, by_v1, by_v2 = (int(n.replace(",", "")) for n in rows[account][:4])
            assert failed == 0
            assert min(by_v1, by_v2) > 100
            assert by_v1 + by_v2 == requests

    def test_no_request_needed_a_second_try(self, played: Played) -> None:
        said = " ".join(played.output.split())
        # On a machine so slow that the rule of the drain is broken nothing is promised.
        assert " 0 requests needed the client's second" in said or "not within the drain" in said

    def test_leaves_nothing_behind(self, played: Played) -> None:
        assert left_behind(played.directory) == []

    def test_is_what_the_readme_shows(self, played: Played) -> None:
        (block,) = [each for each in readme.blocks() if each.note == "demo"]
        assert readme.difference(block.text, f"$ make demo\n{played.output}") is None


class TestTheApplications:
    def test_count_what_fails_and_say_why(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """No role lets them in here, so that nothing can be answered."""
        stranger = sandbox.describe()["logins"]["stranger"]
        application = {
            "account": QA,
            "role": f"arn:aws:iam::{ML}:role/tools-qa",
            "parameter": POINTER,
            "external_id": None,
            "access_key_id": stranger["access_key_id"],
            "secret_access_key": stranger["secret_access_key"],
            "session_token": None,
        }
        write_golden(tmp_path, per_label=1)
        orders = {
            "region": "us-east-1",
            "images": str(tmp_path),
            "ttl": 1,
            "every": 0.02,
            "applications": [application],
        }
        done = subprocess.run(
            [sys.executable, "-m", "promote.sandbox.consumers"],
            env={**bare(), "AWS_ENDPOINT_URL": sandbox.endpoint},
            input=json.dumps(orders) + "\n",
            capture_output=True,
            text=True,
            check=True,
        )
        ready, counts = done.stdout.splitlines()
        tally = Tally(json.loads(counts))
        assert ready == "ready"
        assert tally.failed == tally.requests > 0
        assert "AccessDenied" in tally.text()
        assert tally.text().endswith(f"{tally.requests} requests, {tally.failed} failed")


class TestADemoThatIsInterrupted:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
    def test_leaves_nothing_behind(self, tmp_path: Path, number: int) -> None:
        process = start(tmp_path)
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("$ promote status"):
                break
        assert any("promote.sandbox.consumers" in each for each in left_behind(tmp_path))
        process.send_signal(number)
        process.communicate(timeout=30)
        assert process.returncode == (130 if number == signal.SIGINT else 143)
        assert left_behind(tmp_path) == []
