"""Carry a buildspec out as CodeBuild does: each command in a shell of its own.

What CodeBuild says, or what its open runners show:

- Every command is a script of its own. What it assigns and where it went is kept for the next one;
  functions, traps, ``set -e`` and subshells are not. A script that ends itself (``exit``) or is
  stopped by a signal leaves the state of the command before it.
- The status of a command of several lines is that of its last statement.
- The first command that fails ends its phase; ``finally`` runs all the same, and fails it, too.
- A phase ``install`` or ``pre_build`` that fails ends the build; after a failed ``build``,
  ``post_build`` runs. ``on-failure: ABORT`` ends the build, ``CONTINUE`` goes on.
- Variables are literal. Those of the start of the build count before those of the project, and
  those before the buildspec's. Exported ones are read after the last phase.
Reference: "Build specification reference", "Build phase transitions", "Shells and commands".
What becomes of a build's files is for `promote.sandbox.build_files`.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from promote.sandbox.build_process import Commands, StoppedError, TimedOutError
from promote.sandbox.buildspec import PHASES, Buildspec, Phase

_SCRIPT: Final = """\
. {state}/environment || exit 1
cd "$(cat {state}/directory)" || exit 1
export CODEBUILD_BUILD_SUCCEEDING={succeeding}
set -a
{command}
CODEBUILD_LAST_EXIT=$?
export -p > {state}/environment.new && pwd > {state}/directory.new &&
mv {state}/environment.new {state}/environment && mv {state}/directory.new {state}/directory
exit $CODEBUILD_LAST_EXIT
"""
_EXPORTS: Final = """\
. {state}/environment
for name in {names}; do
  eval "value=\\${{$name-}}"
  printf '%s=%s\\0' "$name" "$value"
done
"""
_GOES_ON: Final = ("build", "post_build")
"""The phases after whose failure a build goes on by itself: to the next one, or to its files."""
_FAILED: Final = "COMMAND_EXECUTION_ERROR"
_ENDED: Final = {StoppedError: "STOPPED", TimedOutError: "TIMED_OUT"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseResult:
    """How one phase ended: SUCCEEDED, FAILED, STOPPED or TIMED_OUT."""

    name: str
    status: str
    command: str | None = None
    """The first command that failed."""
    exit_status: int = 0
    """The exit status of that command."""
    began: float = 0.0
    ended: float = 0.0

    @property
    def succeeded(self) -> bool:
        """Say whether no command failed."""
        return self.status == "SUCCEEDED"

    @property
    def context(self) -> tuple[str, str]:
        """Return CodeBuild's code and message for the phase."""
        if self.command is None:
            return "", ""
        reason = f"exit status {self.exit_status}"
        return _FAILED, f"Error while executing command: {self.command}. Reason: {reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """How the commands of a build ended."""

    status: str
    """SUCCEEDED, FAILED, STOPPED or TIMED_OUT."""
    phases: tuple[PhaseResult, ...]
    exported: Mapping[str, str]
    aborted: bool
    """Whether the build ended before its last phase, so that no files are collected."""


@dataclass(slots=True)
class Build:
    """The commands of one build, in a directory that holds its source.

    Args:
        spec: What to do.
        source: Where the source lies; commands begin there.
        state: An empty directory of its own, for what one command hands to the next.
        commands: What runs them.
        machine: The variables of the machine, which anything else may replace.
        environment: Those of the project and, over them, of the start of the build.
        write: Told each line of the log.
        entered: Told the name of each phase as it begins.
        left: Told the status of each phase as it ends, and CodeBuild's code and message.
        now: The time in seconds since the epoch.
    """

    spec: Buildspec
    source: Path
    state: Path
    commands: Commands
    machine: Mapping[str, str]
    environment: Mapping[str, str] = field(default_factory=dict)
    write: Callable[[str], None] = lambda _line: None
    entered: Callable[[str], None] = lambda _phase: None
    left: Callable[[str, tuple[str, str]], None] = lambda _status, _context: None
    now: Callable[[], float] = time.time
    _status: str = "SUCCEEDED"
    _aborted: bool = False

    def run(self) -> BuildResult:
        """Carry every phase out."""
        self._save({**self.machine, **self.spec.variables, **self.environment}, self.source)
        phases = tuple(self._phases())
        return BuildResult(
            status=self._status,
            phases=phases,
            exported=self._exported(),
            aborted=self._aborted,
        )

    def say(self, text: str) -> None:
        """Write a line of CodeBuild's own."""
        moment = datetime.fromtimestamp(self.now(), UTC)
        self.write(f"[Container] {moment:%Y/%m/%d %H:%M:%S.%f} {text}")

    def _phases(self) -> Iterator[PhaseResult]:
        for name in PHASES:
            phase = self.spec.phases.get(name, Phase(commands=()))
            self.entered(name.upper())
            self.say(f"Entering phase {name.upper()}")
            result = self._phase(name, phase)
            code, message = result.context
            self.say(f"Phase complete: {name.upper()} State: {result.status}")
            self.say(f"Phase context status code: {code} Message: {message}")
            self.left(result.status, result.context)
            yield result
            if not result.succeeded and self._ends(name, phase, result):
                return

    def _ends(self, name: str, phase: Phase, result: PhaseResult) -> bool:
        """Note that a phase failed; say whether the build ends with it."""
        self._status = result.status
        by_itself = phase.on_failure is None and name in _GOES_ON
        going = phase.on_failure == "CONTINUE" or by_itself
        self._aborted = result.status != "FAILED" or not going
        return self._aborted

    def _phase(self, name: str, phase: Phase) -> PhaseResult:
        began = self.now()
        failed: tuple[str, int] | None = None
        try:
            first = self._failing(phase.commands)
            last = self._failing(phase.finally_)
            failed = first or last
            status = "SUCCEEDED" if failed is None else "FAILED"
        except (StoppedError, TimedOutError) as error:
            status = _ENDED[type(error)]
        return PhaseResult(
            name=name,
            status=status,
            command=failed[0] if failed else None,
            exit_status=failed[1] if failed else 0,
            began=began,
            ended=self.now(),
        )

    def _failing(self, commands: tuple[str, ...]) -> tuple[str, int] | None:
        """Run commands up to the first that fails; return that one and its status."""
        for command in commands:
            self.say(f"Running command {command}")
            status = self._command(command)
            if status:
                self._status = "FAILED"
                self.say(f"Command did not exit successfully {command} exit status {status}")
                return command, status
        return None

    def _command(self, command: str) -> int:
        script = self.state / "command"
        text = _SCRIPT.format(
            state=shlex.quote(str(self.state)),
            succeeding="1" if self._status == "SUCCEEDED" else "0",
            command=command,
        )
        script.write_text(text, encoding="utf-8")
        return self.commands.run([self._shell, str(script)], {}, self.source)

    @property
    def _shell(self) -> str:
        return shutil.which(self.spec.shell) or "/bin/sh"

    def _save(self, environment: Mapping[str, str], directory: Path) -> None:
        """Keep the state that the first command begins with."""
        lines = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
        (self.state / "environment").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (self.state / "directory").write_text(f"{directory}\n", encoding="utf-8")

    def _exported(self) -> dict[str, str]:
        """Read the variables that are handed on; one that was never set is empty."""
        if not self.spec.exported:
            return {}
        state, names = shlex.quote(str(self.state)), " ".join(self.spec.exported)
        found = subprocess.run(
            [self._shell, "-c", _EXPORTS.format(state=state, names=names)],
            env={},
            capture_output=True,
            check=True,
        )
        pairs = (each.partition("=") for each in found.stdout.decode().split("\0") if each)
        return {name: value for name, _, value in pairs}
