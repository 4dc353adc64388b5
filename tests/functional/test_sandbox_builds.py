"""What CodeBuild makes of a buildspec: the rules, each by commands that are really run."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from promote.errors import InputError
from promote.sandbox.build_files import collect, pack, report_files, unpack
from promote.sandbox.build_process import Commands
from promote.sandbox.building import Build, BuildResult
from promote.sandbox.buildspec import ArtifactSpec, ReportSpec, parse_buildspec

PHASES = "phases: {build: {commands: [a]}}"
EXPORT_P = "exported-variables: [P]}"
MACHINE = {"PATH": os.defpath, "REGION": "machine"}


class Machine:
    """Runs buildspecs in a directory and keeps their log."""

    def __init__(self, directory: Path) -> None:
        self.source = directory / "source"
        self.state = directory / "state"
        self.source.mkdir()
        self.state.mkdir(mode=0o700)
        self.log: list[str] = []
        self.stop = threading.Event()

    def run(
        self,
        phases: str,
        *,
        env: str = "",
        limit: float | None = None,
        environment: dict[str, str] | None = None,
    ) -> BuildResult:
        """Run ``phases``, written as in a buildspec."""
        spec = parse_buildspec(f"version: 0.2\n{env}phases:\n{phases}")
        commands = Commands(self.log.append, self.stop, limit, grace=0.3)
        build = Build(
            spec=spec,
            source=self.source,
            state=self.state,
            commands=commands,
            machine=MACHINE,
            environment=environment or {},
            write=self.log.append,
        )
        try:
            return build.run()
        finally:
            commands.end()

    @property
    def said(self) -> list[str]:
        """What the commands wrote, without CodeBuild's own lines."""
        return [line for line in self.log if not line.startswith("[Container]")]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def phase(name: str, *commands: str, **more: str) -> str:
    """Write a phase: its commands, ``on_failure`` and one command of ``finally``."""
    lines = [f"  {name}:"]
    lines += [f"    on-failure: {more['on_failure']}"] if "on_failure" in more else []
    lines += ["    commands:", *(f"      - {command}" for command in commands)]
    lines += ["    finally:", f"      - {more['finally_']}"] if "finally_" in more else []
    return "\n".join(lines) + "\n"


def outcome(result: BuildResult) -> tuple[str, list[tuple[str, str]]]:
    return result.status, [(each.name, each.status) for each in result.phases]


class TestPhases:
    def test_come_in_their_order_however_they_are_written(self, machine: Machine) -> None:
        result = machine.run(phase("build", "echo second") + phase("install", "echo first"))
        assert machine.said == ["first", "second"]
        names = [each.name for each in result.phases]
        assert names == ["install", "pre_build", "build", "post_build"]

    @pytest.mark.parametrize("name", ["install", "pre_build"])
    def test_before_the_build_that_fail_end_it(self, machine: Machine, name: str) -> None:
        result = machine.run(phase(name, "exit 3") + phase("post_build", "echo never"))
        assert result.status == "FAILED"
        assert result.phases[-1].name == name
        assert result.phases[-1].context == (
            "COMMAND_EXECUTION_ERROR",
            "Error while executing command: exit 3. Reason: exit status 3",
        )
        assert result.aborted
        assert machine.said == []

    def test_after_a_failed_build_run_and_see_that_it_failed(self, machine: Machine) -> None:
        said = phase("post_build", "echo succeeding $CODEBUILD_BUILD_SUCCEEDING")
        result = machine.run(phase("build", "false") + said)
        assert outcome(result)[0] == "FAILED"
        assert outcome(result)[1][-2:] == [("build", "FAILED"), ("post_build", "SUCCEEDED")]
        assert not result.aborted
        assert machine.said == ["succeeding 0"]

    def test_end_the_build_where_they_say_abort(self, machine: Machine) -> None:
        aborting = phase("build", "false", on_failure="ABORT")
        result = machine.run(aborting + phase("post_build", "echo never"))
        assert (result.status, result.aborted, machine.said) == ("FAILED", True, [])

    def test_go_on_where_they_say_continue(self, machine: Machine) -> None:
        going = phase("install", "false", on_failure="CONTINUE")
        result = machine.run(going + phase("build", "echo on"))
        assert (result.status, result.aborted, machine.said) == ("FAILED", False, ["on"])

    def test_end_at_their_first_failing_command_but_for_finally(self, machine: Machine) -> None:
        result = machine.run(phase("build", "false", "echo never", finally_="echo always"))
        assert (result.status, machine.said) == ("FAILED", ["always"])

    def test_fail_by_their_finally_alone(self, machine: Machine) -> None:
        result = machine.run(phase("build", "echo done", finally_="exit 4"))
        assert result.status == "FAILED"
        failed = result.phases[2]
        assert (failed.command, failed.exit_status) == ("exit 4", 4)


class TestCommands:
    def test_hand_variables_and_directory_on(self, machine: Machine) -> None:
        (machine.source / "below").mkdir()
        quoted = """Y="two  words and 'quotes'" """
        machine.run(phase("build", "X=1", quoted, "cd below", 'echo "$X $Y $(basename $PWD)"'))
        assert machine.said == ["1 two  words and 'quotes' below"]

    def test_hand_nothing_else_on(self, machine: Machine) -> None:
        first = ["set -e", "hello() { echo hello; }", "(Z=inside)", "trap 'echo trapped' EXIT"]
        machine.run(phase("build", *first, '"false; echo ${Z:-none}"', "hello || echo gone"))
        assert machine.said[0] == "trapped"
        assert machine.said[1] == "none"
        assert machine.said[-1] == "gone"

    @pytest.mark.parametrize("end", ["exit 0", "kill -9 $$ || true"])
    def test_that_end_themselves_leave_the_state_before_them(
        self, machine: Machine, end: str
    ) -> None:
        machine.run(
            phase("build", "X=kept", f'"X=lost; {end}"', finally_="echo $X")
            + phase("post_build", "echo $X")
        )
        assert set(machine.said) == {"kept"}

    def test_of_several_lines_have_the_status_of_the_last(self, machine: Machine) -> None:
        result = machine.run(phase("build", "|\n        false\n        echo went on"))
        assert (result.status, machine.said) == ("SUCCEEDED", ["went on"])

    def test_are_of_the_shell_that_the_buildspec_names(self, machine: Machine) -> None:
        piped = "|\n        set -euo pipefail\n        false | true"
        env = "env:\n  shell: bash\n  exported-variables: [KEPT]\n"
        result = machine.run(phase("install", "KEPT=yes") + phase("build", piped), env=env)
        assert (result.status, result.exported) == ("FAILED", {"KEPT": "yes"})

    def test_see_nothing_of_the_machine_that_they_run_on(
        self, machine: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the-host's")
        machine.run(phase("build", "env"))
        names = {line.partition("=")[0] for line in machine.said}
        ours = {"PATH", "REGION", "CODEBUILD_BUILD_SUCCEEDING", "CODEBUILD_LAST_EXIT"}
        assert names <= {*ours, "PWD", "OLDPWD", "SHLVL", "_"}

    def test_that_leave_a_process_behind_are_over_and_it_ends_with_the_build(
        self, machine: Machine
    ) -> None:
        began = time.monotonic()
        machine.run(phase("build", "sleep 60 & echo $! > pid", "kill -0 $(cat pid) && echo alive"))
        assert machine.said == ["alive"]
        assert time.monotonic() - began < 5
        assert _is_gone(int((machine.source / "pid").read_text()))


class TestVariables:
    ENV = "env:\n  variables:\n    A: spec\n    B: spec\n    LITERAL: $HOME/x\n    REGION: spec\n"

    def test_of_the_start_come_before_those_of_the_buildspec(self, machine: Machine) -> None:
        show = phase("build", "echo $A $B $REGION $LITERAL")
        machine.run(show, env=self.ENV, environment={"A": "start; echo no"})
        assert machine.said == ["start; echo no spec spec $HOME/x"]

    def test_are_exported_as_the_last_phase_leaves_them(self, machine: Machine) -> None:
        env = "env:\n  exported-variables: [X, Y, NEVER]\n"
        steps = phase("build", "X=1", 'Y="a=b c"') + phase("post_build", "X=2")
        assert machine.run(steps, env=env).exported == {"X": "2", "Y": "a=b c", "NEVER": ""}


class TestStopping:
    def test_ends_a_command_and_the_build(self, machine: Machine) -> None:
        steps = phase("build", "echo $$ > pid; trap 'echo asked; exit 1' TERM; sleep 30 & wait")
        result = self._stopped(machine, steps + phase("post_build", "echo never"))
        assert (result.status, result.phases[-1].status, result.aborted) == (
            "STOPPED", "STOPPED", True,
        )  # fmt: skip
        assert machine.said == ["asked"]

    def test_kills_what_does_not_listen(self, machine: Machine) -> None:
        deaf = "echo $$ > pid; trap '' TERM; while :; do sleep 0.1; done"
        assert self._stopped(machine, phase("build", f'"{deaf}"')).status == "STOPPED"
        assert _is_gone(int((machine.source / "pid").read_text()))

    def test_comes_with_the_time_limit_too(self, machine: Machine) -> None:
        result = machine.run(phase("build", "sleep 30"), limit=0.3)
        assert (result.status, result.phases[-1].status) == ("TIMED_OUT", "TIMED_OUT")

    def _stopped(self, machine: Machine, phases: str) -> BuildResult:
        def stop_soon() -> None:
            until = time.monotonic() + 10
            pid = machine.source / "pid"
            while not (pid.exists() and pid.read_text()) and time.monotonic() < until:
                time.sleep(0.02)
            machine.stop.set()

        stopper = threading.Thread(target=stop_soon)
        stopper.start()
        result = machine.run(phases)
        stopper.join()
        return result


class TestFiles:
    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        (tmp_path / "out/deep").mkdir(parents=True)
        (tmp_path / "out/plan.json").write_text("{}")
        (tmp_path / "out/deep/a.xml").write_text("<a/>")
        return tmp_path

    def test_of_an_artifact_keep_their_paths_below_its_directory(self, source: Path) -> None:
        files, missing = collect(ArtifactSpec(files=("**/*",), base_directory="out"), source)
        assert (sorted(files), missing) == (["deep/a.xml", "plan.json"], [])
        flat, _ = collect(ArtifactSpec(files=("out/**/*.xml",), discard_paths=True), source)
        assert list(flat) == ["a.xml"]

    def test_that_no_pattern_finds_are_named(self, source: Path) -> None:
        _, missing = collect(ArtifactSpec(files=("out/plan.json", "no/*")), source)
        assert missing == ["no/*"]

    def test_travel_packed_and_stay_executable(self, source: Path, tmp_path: Path) -> None:
        (source / "out/run").write_text("#!/bin/sh\n")
        (source / "out/run").chmod(0o755)
        files, _ = collect(ArtifactSpec(files=("**/*",), base_directory="out"), source)
        there = tmp_path / "there"
        unpack(pack(files), there)
        assert (there / "deep/a.xml").read_text() == "<a/>"
        assert os.access(there / "run", os.X_OK)
        assert not os.access(there / "plan.json", os.X_OK)

    def test_of_reports_may_be_none(self, source: Path) -> None:
        assert report_files(ReportSpec(files=("*.xml",)), source) == []
        found = report_files(ReportSpec(files=("**/*.xml",), base_directory="out"), source)
        assert [each.name for each in found] == ["a.xml"]


class TestABuildspec:
    def test_takes_scalars_as_texts(self) -> None:
        env = "env:\n  variables: {A: yes, B: 010}\n"
        text = f"version: 0.2\n{env}phases:\n  build:\n    commands: [yes]"
        spec = parse_buildspec(text)
        assert dict(spec.variables) == {"A": "yes", "B": "010"}
        assert spec.phases["build"].commands == ("yes",)

    @pytest.mark.parametrize(
        ("text", "place"),
        [
            ("version: 0.1\n", "version is '0.1'"),
            ("version: 0.2\n", "phases is empty"),
            ("- a\n", "buildspec is no mapping"),
            ("version: 0.2\nphases: {build: {commands: []}}", "phases.build.commands is empty"),
            ("version: 0.2\nphases: {build: {commands: [a], run-as: x}}", "phases.build.run-as"),
            ("version: 0.2\nphases: {deploy: {commands: [a]}}", "phases.deploy is not carried"),
            ("version: 0.2\nbatch: {}\nphases: {build: {commands: [a]}}", "batch is not carried"),
            (
                "version: 0.2\nphases: {build: {commands: [a], on-failure: RETRY}}",
                "phases.build.on-failure is 'RETRY'; expected ABORT or CONTINUE",
            ),
            (
                f"version: 0.2\nenv: {{exported-variables: [AWS_REGION]}}\n{PHASES}",
                "env.exported-variables holds AWS_REGION",
            ),
            (
                f"version: 0.2\nenv: {{parameter-store: {{P: /}}, {EXPORT_P}\n{PHASES}",
                "env.exported-variables holds P",
            ),
            (
                f"version: 0.2\nenv: {{variables: {{CODEBUILD_X: a}}}}\n{PHASES}",
                "env.variables.CODEBUILD_X cannot be set",
            ),
            (
                "version: 0.2\nenv: {secrets-manager: {S: a}}\nphases: {build: {commands: [a]}}",
                "env.secrets-manager is not carried out",
            ),
            (
                "version: 0.2\nphases: {build: {commands: [a]}}\nartifacts: {files: [../x]}",
                "artifacts.files is '../x'",
            ),
        ],
    )
    def test_is_refused_by_the_place_of_what_is_not_carried_out(
        self, text: str, place: str
    ) -> None:
        with pytest.raises(InputError) as error:
            parse_buildspec(text)
        assert place in error.value.detail


def _is_gone(pid: int) -> bool:
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (ProcessLookupError, FileNotFoundError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False
