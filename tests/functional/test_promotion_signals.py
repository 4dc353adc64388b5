"""A promotion that is ended in the middle: by a person, by the system, or without a word."""

from __future__ import annotations

import signal
import subprocess
import time

import pytest

from promote.sandbox import admin
from promote.sandbox.settings import Settings
from tests.functional.promotion_stage import CONFIG, V2, Stage, assert_ends

LONG = Settings(start_seconds=60, stop_seconds=0, propagation_seconds=0)
LONG_DRAIN = CONFIG.replace("drain: 0s", "drain: 3s")
AT_ONCE = Settings(start_seconds=0, stop_seconds=0, propagation_seconds=0)


def read_until(process: subprocess.Popen[str], text: str) -> None:
    """Read the story until a line holds `text`."""
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return
    pytest.fail(f"the command ended before it said {text!r}")


def end(process: subprocess.Popen[str], number: int) -> tuple[str, float]:
    """Send a signal; return what was still said, and the seconds until the end."""
    began = time.monotonic()
    process.send_signal(number)
    _, said = process.communicate(timeout=10)
    return said, time.monotonic() - began


def assert_ended(said: str, seconds: float) -> None:
    assert "Error: Interrupted\n" in said
    assert seconds < 2
    assert "Traceback" not in said


class TestASignal:
    def test_during_the_start_is_answered_at_once_and_the_same_command_finishes(
        self, stage: Stage
    ) -> None:
        stage.set_up(settings=LONG)
        process = stage.begin("release", "tools", "v2", "--to", "qa", "--yes")
        read_until(process, "STARTING")
        said, seconds = end(process, signal.SIGINT)
        assert process.returncode == 130
        assert_ended(said, seconds)
        assert "    promote release tools v2 --to qa --yes\n" in said
        assert not (stage.directory / ".promote/ledger/tools/lock.json").exists()
        assert_ends(stage.release("v3"), 8, "An unfinished promotion is in the way", "resume tools")
        assert stage.document("status", "tools")["models"][0]["unfinished"]
        self._finish(stage)

    def _finish(self, stage: Stage) -> None:
        admin.set_status(stage.endpoint, V2, "RUNNING")
        stage.released()
        assert stage.is_finished
        assert stage.snapshot().pointers["333333333333"] == "v2"
        assert stage.snapshot().granted("tools-qa") == {"v2"}
        assert len(stage.calls("rekognition:StartProjectVersion")) == 1

    def test_while_many_accounts_are_proven_ends_every_thread(self, stage: Stage) -> None:
        stage.set_up(settings=Settings(start_seconds=0, propagation_seconds=60))
        process = stage.begin("release", "tools", "v2", "--to", "prod", "--yes")
        read_until(process, "not yet in force")
        said, seconds = end(process, signal.SIGTERM)
        assert process.returncode == 143
        assert_ended(said, seconds)
        assert stage.promote("abort", "tools", "--yes").returncode == 0
        assert stage.is_finished

    def test_while_pointers_are_throttled_ends_every_thread(self, stage: Stage) -> None:
        stage.set_up(settings=AT_ONCE)
        admin.inject(stage.endpoint, "ssm:PutParameter", "throttle", count=99)
        process = stage.begin("release", "tools", "v2", "--to", "prod", "--yes")
        read_until(process, "switch: in")
        time.sleep(1)  # the first answer, and into the pause after it
        said, seconds = end(process, signal.SIGTERM)
        assert process.returncode == 143
        assert_ended(said, seconds)
        admin.clear_faults(stage.endpoint)
        stage.promote("release", "tools", "v2", "--to", "prod", "--yes")
        assert stage.is_finished

    def test_during_the_drain_leaves_the_new_version_and_an_approved_plan_finishes(
        self, stage: Stage
    ) -> None:
        stage.set_up(LONG_DRAIN)
        stage.promote("plan", "tools", "v2", "--to", "qa", "--out", "p.json")
        process = stage.begin("apply", "p.json")
        read_until(process, "to drain")
        said, seconds = end(process, signal.SIGTERM)
        assert process.returncode == 143
        assert_ended(said, seconds)
        assert "    promote apply p.json\n" in said
        assert stage.snapshot().granted("tools-qa") == {"v1", "v2"}
        assert stage.snapshot().pointers["333333333333"] == "v2"
        done = stage.promote("apply", "p.json")
        assert done.returncode == 0, done.stderr
        assert stage.snapshot().granted("tools-qa") == {"v2"}
        assert stage.is_finished

    def test_a_finished_plan_applied_again_is_unchanged(self, stage: Stage) -> None:
        document = stage.document("apply", "p.json")
        assert (document["kind"], document["result"]) == ("result", "unchanged")
        assert stage.document("release", "tools", "v2", "--to", "qa", "--yes")["result"] == (
            "unchanged"
        )
        plan = ("plan", "tools", "v2", "--to", "qa", "--detailed-exitcode")
        assert stage.promote(*plan).returncode == 0


class TestAKill:
    def test_of_the_way_back_is_gone_on_with(self, stage: Stage) -> None:
        stage.set_up(LONG_DRAIN)
        account = "555555555555"
        admin.inject(stage.endpoint, "ssm:PutParameter", "access_denied", account=account, count=9)
        before = stage.snapshot()
        process = stage.begin("release", "tools", "v2", "--to", "prod", "--yes")
        read_until(process, "to drain")
        end(process, signal.SIGKILL)
        admin.clear_faults(stage.endpoint)
        done = stage.release("v2", "prod")
        assert_ends(done, 9, "The promotion was put back", "promote release tools v2 --to prod")
        assert stage.snapshot() == before
        assert stage.is_finished
