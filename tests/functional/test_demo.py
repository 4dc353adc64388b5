"""`promote sandbox demo`: one run to its end, and one that is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.artifacts import readme
from tests.functional.cli_world import PROMOTE, bare

ACCOUNTS = ("333333333333", "444444444444", "555555555555")
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
        for account in ACCOUNTS:
            requests, failed, by_v1, by_v2 = (int(n.replace(",", "")) for n in rows[account][:4])
            assert failed == 0
            assert min(by_v1, by_v2) > 100
            assert by_v1 + by_v2 == requests

    def test_no_request_needed_a_second_try(self, played: Played) -> None:
        assert " 0 requests needed the client's second" in " ".join(played.output.split())

    def test_leaves_nothing_behind(self, played: Played) -> None:
        assert left_behind(played.directory) == []

    def test_is_what_the_readme_shows(self, played: Played) -> None:
        (block,) = [each for each in readme.blocks() if each.note == "demo"]
        assert readme.difference(block.text, f"$ make demo\n{played.output}") is None


class TestADemoThatIsInterrupted:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
    def test_leaves_nothing_behind(self, tmp_path: Path, number: int) -> None:
        process = start(tmp_path)
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("$ promote plan"):
                break
        assert any("promote.sandbox.consumers" in each for each in left_behind(tmp_path))
        process.send_signal(number)
        process.communicate(timeout=30)
        assert process.returncode == (130 if number == signal.SIGINT else 143)
        assert left_behind(tmp_path) == []

    def test_is_not_kept_alive_by_its_applications(self, tmp_path: Path) -> None:
        process = start(tmp_path)
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("$ promote"):
                break
        (sandbox,) = [pid for pid in pids_of(tmp_path, "promote.sandbox\0")]
        process.kill()
        process.wait()
        os.kill(sandbox, signal.SIGTERM)
        deadline = time.monotonic() + 10
        while pids_of(tmp_path, "") and time.monotonic() < deadline:
            time.sleep(0.1)
        assert pids_of(tmp_path, "") == []
