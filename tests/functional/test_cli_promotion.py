"""The command line from plan to history, on the sandbox."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from promote.sandbox import admin
from tests.functional.cli_world import PROMOTE, Place, bare, on_a_terminal


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    place = Place(tmp_path_factory.mktemp("cli"))
    yield place
    place.end()


class TestBeforeAnythingIsPromoted:
    def test_the_doctor_finds_nothing(self, place: Place) -> None:
        done = place.promote("doctor")
        assert done.returncode == 0, done.stdout
        assert done.stdout.rstrip().endswith("all passed")

    def test_a_plan_for_programs_is_byte_for_byte_its_file(self, place: Place) -> None:
        done = place.promote("plan", "tools", "v2", "--to", "qa", "--out", "a.json", "-o", "json")
        assert done.returncode == 0
        assert done.stdout == (place.directory / "a.json").read_text()
        assert done.stderr == ""

    def test_pending_changes_are_told_by_the_exit_code_when_asked(self, place: Place) -> None:
        assert place.promote("plan", "tools", "v2", "--to", "qa").returncode == 0
        done = place.promote("plan", "tools", "v2", "--to", "qa", "--detailed-exitcode")
        assert done.returncode == 10

    def test_a_saved_plan_is_shown_offline(self, place: Place) -> None:
        made = place.promote("plan", "tools", "v2", "--to", "qa", "--out", "s.json")
        shown = place.promote("show", "s.json")
        # Whether anybody else was asked is no part of the plan.
        asked = "Access Analyzer: not asked (--access-analyzer asks it)\n\n"
        assert asked in made.stdout
        assert (shown.returncode, shown.stdout) == (0, made.stdout.replace(asked, ""))
        assert "promote apply s.json" in made.stderr

    def test_a_plan_that_a_gate_refuses_is_saved_and_ends_with_4(self, place: Place) -> None:
        done = place.promote("plan", "tools", "v2", "--to", "prod", "--out", "refused.json")
        assert done.returncode == 4
        assert "verified" in done.stderr
        assert place.promote("show", "refused.json").returncode == 0
        assert place.promote("apply", "refused.json").returncode == 4

    def test_without_a_terminal_release_names_the_flag(self, place: Place) -> None:
        done = place.promote("release", "tools", "v2", "--to", "qa")
        assert done.returncode == 2
        assert "--yes" in done.stderr

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            (["plan", "tools", "v9", "--to", "qa"], 7),
            (["plan", "hammers", "v2", "--to", "qa"], 7),
            (["plan", "tools", "v2", "--to", "mars"], 7),
            (["apply", "nowhere.json"], 2),
            (["status", "-f", "nowhere.yaml"], 2),
            (["history", "tools", "--profile", "nobody"], 6),
            (["version", "stop", "tools", "v1", "--yes"], 4),
            (["access", "revoke", "tools", "v1", "--environment", "qa", "--yes"], 4),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
    )
    def test_what_cannot_be_done_ends_with_its_code(
        self, place: Place, arguments: list[str], code: int
    ) -> None:
        done = place.promote(*arguments)
        assert done.returncode == code, done.stderr
        assert done.stderr.startswith("Error: ")
        document = place.json(*arguments)
        assert (document["kind"], document["exit"]) == ("error", code)

    def test_on_a_terminal_release_asks_and_takes_no_for_an_answer(self, place: Place) -> None:
        release = ("release", "tools", "v2", "--to", "qa")
        code, shown = on_a_terminal(place.directory, place.environment, ["n"], *release)
        assert code == 3
        assert "Promote tools v2 to qa? [y/N] " in shown
        assert "\x1b[1mPlan: tools v2 to qa\x1b[0m" in shown
        assert place.named("qa") == {"v1"}

    def test_a_tampered_plan_and_one_of_another_digest_are_refused(self, place: Place) -> None:
        place.promote("plan", "tools", "v2", "--to", "qa", "--out", "t.json")
        file = place.directory / "t.json"
        assert place.promote("apply", "t.json", "--digest", "0" * 64).returncode == 2
        file.write_text(file.read_text().replace('"min_accuracy":0.9', '"min_accuracy":0.1'))
        done = place.promote("apply", "t.json")
        assert done.returncode == 2
        assert place.named("qa") == {"v1"}


class TestAFailure:
    def test_puts_everything_back_when_the_images_are_not_recognised(self, place: Place) -> None:
        done = place.promote("release", "tools", "v3", "--to", "qa", "--yes", "--junit", "f.xml")
        assert done.returncode == 9
        assert "0.900 required" in done.stderr
        assert place.named("qa") == {"v1"}
        assert place.running() == {"v1"}
        report = ET.parse(place.directory / "f.xml").getroot()  # noqa: S314 (our own file)
        assert int(report.attrib["failures"]) > 0

    def test_of_a_version_that_does_not_start_leaves_nothing_running(self, place: Place) -> None:
        done = place.promote("release", "tools", "v4", "--to", "qa", "--yes")
        assert done.returncode == 9
        assert place.running() == {"v1"}
        assert place.named("qa") == {"v1"}


class TestAPromotion:
    def test_that_is_interrupted_goes_on_with_the_same_command(self, place: Place) -> None:
        admin.settings(place.endpoint, start_seconds=60.0)
        command = [PROMOTE, "release", "tools", "v2", "--to", "qa", "--yes"]
        process = subprocess.Popen(
            command,
            cwd=place.directory,
            env={**bare(), **place.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        for line in process.stderr:
            if "STARTING" in line:
                break
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
        assert process.returncode == 143
        assert time.monotonic() - began < 2
        assert "    promote release tools v2 --to qa --yes\n" in errors
        self._finish(place)

    def _finish(self, place: Place) -> None:
        blocked = place.promote("release", "tools", "v3", "--to", "qa", "--yes")
        assert blocked.returncode == 8
        version = next(arn for arn in admin.statuses(place.endpoint) if "/v2/" in arn)
        admin.set_status(place.endpoint, version, "RUNNING")
        admin.settings(place.endpoint, start_seconds=0.3)
        done = place.promote("release", "tools", "v2", "--to", "qa", "--yes", "-o", "json")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert done.returncode == 0, done.stdout
        assert done.stderr == ""
        assert {line["kind"] for line in lines[:-1]} == {"event"}
        assert lines[0]["event"] == "identity"
        assert lines[-1]["result"] == "promoted"
        assert place.named("qa") == {"v2"}

    def test_asked_for_again_is_unchanged(self, place: Place) -> None:
        assert place.json("release", "tools", "v2", "--to", "qa", "--yes")["result"] == "unchanged"

    def test_goes_on_when_nobody_listens_any_more(self, place: Place) -> None:
        process = subprocess.Popen(
            [PROMOTE, "release", "tools", "v2", "--to", "prod", "--yes", "-o", "json"],
            cwd=place.directory,
            env={**bare(), **place.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
        assert place.named("prod") == {"v2"}
        assert place.running() == {"v2"}

    def test_is_verified_and_remembered(self, place: Place) -> None:
        done = place.promote("verify", "tools", "--environment", "qa", "--junit", "v.xml")
        assert (done.returncode, done.stdout[:7]) == (0, "Passed:")
        assert (place.directory / "v.xml").exists()
        kinds = [record["kind"] for record in place.json("history", "tools")["records"]]
        assert kinds[-1] == "verification-done"
        assert "promotion-ended" in kinds

    def test_single_steps_work_and_say_what_changed(self, place: Place) -> None:
        assert place.promote("version", "start", "tools", "v1").returncode == 0
        grant = ("access", "grant", "tools", "v1", "--environment", "qa")
        assert place.promote(*grant).stdout == "tools v1: granted in qa\n"
        assert "unchanged" in place.promote(*grant).stdout
        revoke = ("access", "revoke", "tools", "v1", "--environment", "qa", "--yes")
        assert place.promote(*revoke).stdout == "tools v1: revoked in qa\n"
        assert place.promote("version", "stop", "tools", "v1", "--yes").returncode == 0
        assert place.running() == {"v2"}


class TestSecrets:
    def test_are_in_no_output_of_any_command(self, place: Place) -> None:
        secret = place.environment["AWS_SECRET_ACCESS_KEY"]
        for arguments in (["status", "-vv"], ["history", "tools", "-o", "json"]):
            done = place.promote(*arguments)
            assert secret not in done.stdout + done.stderr

    def test_no_file_of_the_ledger_holds_one(self, place: Place) -> None:
        secret = place.environment["AWS_SECRET_ACCESS_KEY"].encode()
        ledger = Path(place.directory, ".promote", "ledger")
        files = [path for path in ledger.rglob("*") if path.is_file()]
        assert files
        assert not [path for path in files if secret in path.read_bytes()]
