"""Deploy a pipeline to a sandbox, start it, and tell what happens until its end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import click

from promote.cli import pipeline_scene
from promote.cli.sandbox_logins import variables_of
from promote.cli.sandbox_shell import Shell, environment, say, tell
from promote.errors import FailedError
from promote.report.layout import clean, paragraph, table
from promote.sandbox import admin
from promote.sandbox.seed import MANAGEMENT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from promote.cli.run import Run
    from promote.core.pipeline.names import Names
    from promote.sandbox.spectator import Action, Spectator

_EVERY: Final = 0.2
_DEADLINE: Final = 600.0
_LINES: Final = 30
"""How much of a failed build's log is told."""
_REASON: Final = "Trained on sharper images"
_UNDERWAY: Final = ("InProgress", "Stopping")
_SUCCEEDED: Final = "Succeeded"


class Watch:
    """Plays one execution and tells of it.

    Args:
        run: What the command was given.
        names: What belongs to the pipeline.
        spectator: Calls the sandbox.
        endpoint: Of the sandbox.
    """

    def __init__(self, run: Run, names: Names, spectator: Spectator, endpoint: str) -> None:
        self._run = run
        self._names = names
        self._spectator = spectator
        self._endpoint = endpoint
        self._told: dict[tuple[str, str], str] = {}

    def play(self, directory: Path, info: Mapping[str, Any]) -> int:
        """Deploy, start, watch, show; return the exit code."""
        admin.settings(self._endpoint, **pipeline_scene.HASTE)
        manager = f"admin/{MANAGEMENT}"
        self._say("Deploy the foundation, the roles and the pipeline as the management account")
        self._shell(directory, info, manager).promote("bootstrap", "--yes")
        pipeline_scene.settle_in(self._names.topology, self._names, self._spectator)
        self._tell(
            f"\nBy hand: {pipeline_scene.STARTER} may read the accounts, {pipeline_scene.APPROVER} "
            "has the policy of approvers, and\nthe access roles allow what runs already."
        )
        admin.wait_settled(self._endpoint)
        self._say(f"Ask for {pipeline_scene.VERSION}, as {pipeline_scene.STARTER}")
        starter = self._shell(directory, info, pipeline_scene.STARTER)
        asked = (pipeline_scene.MODEL, pipeline_scene.VERSION)
        starter.promote("pipeline", "start", *asked, "--reason", _REASON)
        execution = self._spectator.newest(pipeline_scene.STARTER, self._names.pipeline)
        self._say("What the pipeline does")
        status = self._follow(execution)
        self._say("What runs where now")
        starter.promote("status")
        return self._show(execution, status)

    def _follow(self, execution: str) -> str:
        """Tell of every action as it begins and ends, approve; return the execution's status.

        Raises:
            FailedError: It does not end.
        """
        began = time.monotonic()
        while time.monotonic() - began < _DEADLINE:
            # Asked before the actions, so that none of those that it knows of is left out.
            status = self._spectator.status(self._starter, self._names.pipeline, execution)
            for action in self._actions(execution):
                self._tell_of(action, time.monotonic() - began)
            if status not in _UNDERWAY:
                return status
            time.sleep(_EVERY)
        raise FailedError(
            "The pipeline does not end",
            f"It has run for {_DEADLINE:g} s; what began last is shown above.",
            "Run it again on a machine that has less to do.",
        )

    def _tell_of(self, action: Action, after: float) -> None:
        """Tell what is new of an action."""
        key = (action.stage, action.name)
        before = self._told.get(key)
        if before == action.status:
            return
        self._told[key] = action.status
        if before is None:
            self._tell(f"{after:6.1f}s  {action.stage} begins")
        if action.running:
            if action.asks is not None:
                self._approve(action)
            return
        good = action.status == _SUCCEEDED
        ended = f"{action.status.lower()} in {action.seconds:.1f}s"
        self._tell(
            f"{after:6.1f}s  {action.stage} "
            + click.style(ended, fg="green" if good else "red", bold=not good)
        )
        if action.build and not good:
            for line in admin.build_log(self._endpoint, action.build)[-_LINES:]:
                self._tell(f"         | {clean(line)}")

    def _approve(self, action: Action) -> None:
        """Show what an approver sees, and approve as one."""
        who = pipeline_scene.APPROVER
        self._tell(f"\n         {who} is asked:\n")
        self._tell(paragraph(clean(action.asks or ""), first=" " * 11, indent=" " * 11))
        self._tell(paragraph(clean(action.link), first=" " * 11, indent=" " * 11))
        self._spectator.approve(who, self._names.pipeline, action, "Looks right")
        self._tell(f"\n         {who} approves.\n")

    def _show(self, execution: str, status: str) -> int:
        """Show the stages and the pointers, and return the exit code."""
        actions = self._actions(execution)
        pointers = self._pointers()
        wanted = f"/version/{pipeline_scene.VERSION}/"
        good = status == _SUCCEEDED and all(wanted in each for each in pointers.values())
        if self._run.json:
            rows = [
                {"stage": e.stage, "action": e.name, "status": e.status, "seconds": e.seconds}
                for e in actions
            ]
            self._run.document("simulation", status=status, stages=rows, pointers=pointers)
            return 0 if good else 1
        self._say("The stages")
        cells = [(e.stage, e.name, e.status, f"{e.seconds:.1f}") for e in actions]
        self._tell(table(("stage", "action", "status", "seconds"), cells))
        named = sum(wanted in each for each in pointers.values())
        self._tell(
            f"\nThe execution {status.lower()}; {named} of {len(pointers)} pointers name "
            f"{pipeline_scene.VERSION}."
        )
        return 0 if good else 1

    def _pointers(self) -> dict[str, str]:
        """Return what the pointer of each account names."""
        targets = self._names.topology.all_targets(self._names.model)
        return {e.account: self._spectator.pointer(e.account, e.pointer.name) for e in targets}

    def _actions(self, execution: str) -> tuple[Action, ...]:
        return self._spectator.actions(self._starter, self._names.pipeline, execution)

    @property
    def _starter(self) -> str:
        return pipeline_scene.STARTER

    def _shell(self, directory: Path, info: Mapping[str, Any], login: str) -> Shell:
        variables = environment(variables_of(info, login), self._run.settings.color)
        return Shell(self._run, directory, variables)

    def _say(self, heading: str) -> None:
        say(self._run, heading)

    def _tell(self, text: str) -> None:
        tell(self._run, text)
