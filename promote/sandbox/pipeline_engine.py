"""Move executions through the stages of their pipelines, one in each stage at a time.

The rules are those of the mode QUEUED: CodePipeline user guide, "How pipeline executions work",
"How pipeline executions are stopped", "Configuring stage rollback" and "Configure stage retry".
All state belongs to the engine's lock. Whatever happens wakes its thread, which does what is next.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import traceback
import uuid
from collections.abc import Iterator
from typing import Final

from promote.sandbox.clock import Clock
from promote.sandbox.pipeline_actions import Actions
from promote.sandbox.pipeline_conditions import checked
from promote.sandbox.pipeline_definition import run_order
from promote.sandbox.pipeline_records import (
    ActionRun,
    ConditionRun,
    Declaration,
    Execution,
    Pipeline,
    StageRun,
    Transition,
)
from promote.sandbox.pipeline_starts import last_good, new_rollback

_POLL: Final = 0.5  # seconds after which time alone may have changed something
_DONE: Final = frozenset({"Succeeded"})


class Engine:
    """Carries executions on, in a thread of its own while there are any."""

    def __init__(self, actions: Actions, clock: Clock) -> None:
        self._actions = actions
        self._clock = clock
        self.lock = threading.RLock()
        self._awake = threading.Condition(self.lock)
        self._news = False
        self._pipelines: list[Pipeline] = []
        self._thread: threading.Thread | None = None

    def clear(self) -> None:
        """Forget every pipeline, and end the thread."""
        with self._awake:
            self._pipelines = []
            thread, self._thread = self._thread, None
            self._awake.notify_all()
        if thread is not None:
            thread.join(timeout=5.0)

    def watch(self, pipeline: Pipeline) -> None:
        """Take a pipeline in."""
        with self.lock:
            self._pipelines.append(pipeline)

    def forget(self, pipeline: Pipeline) -> None:
        """Let a pipeline go, and all its executions."""
        with self.lock:
            self._pipelines = [each for each in self._pipelines if each is not pipeline]

    def wake(self) -> None:
        """Say that something has happened; begin to carry on if nothing is carried on yet."""
        with self._awake:
            self._news = True
            if self._thread is None and self._pipelines:
                self._thread = threading.Thread(
                    target=self._carry_on, name="codepipeline", daemon=True
                )
                self._thread.start()
            self._awake.notify_all()

    def begin(self, pipeline: Pipeline, execution: Execution) -> Execution:
        """Let an execution wait for its first stage."""
        pipeline.executions.append(execution)
        self.wake()
        return execution

    def retry(self, execution: Execution, stage: str, *, everything: bool) -> None:
        """Run a failed stage again: all its actions, or those that failed."""
        before = execution.runs[stage]
        names = [each["name"] for each in execution.structure["stages"]]
        run = StageRun(name=stage)
        if not everything:
            kept = {n: each for n, each in before.actions.items() if each.status in _DONE}
            run.actions.update(kept)
        execution.status, execution.current = "InProgress", run
        execution.runs[stage] = run
        execution.stages = names[names.index(stage) :] if execution.target is None else [stage]
        if before.entry is None or before.entry.status == "Succeeded":
            run.entry = before.entry
        else:
            self._enter(execution, run)
        self.wake()

    def stop(self, execution: Execution, reason: str, *, abandon: bool) -> None:
        """Stop an execution: once its actions have ended, or at once and without them."""
        execution.status, execution.stop_reason = "Stopping", reason
        execution.updated = self._clock.now()
        run = execution.current
        if run is not None and abandon:
            for action in run.actions.values():
                if action.status == "InProgress":
                    action.token = ""
                    action.end("Abandoned", self._clock.now())
        self.wake()

    def _carry_on(self) -> None:
        """Do what is next until there is nothing more, and wait for news."""
        this = threading.current_thread()
        with self._awake:
            while self._thread is this:
                self._news = False
                for pipeline in list(self._pipelines):
                    self._advance(pipeline)
                if self._news or self._thread is not this:
                    continue
                active = any(e.active for each in self._pipelines for e in each.executions)
                self._awake.wait(timeout=_POLL if active else None)

    def _advance(self, pipeline: Pipeline) -> None:
        """Carry every execution of a pipeline as far as it goes."""
        while any(
            self._step_safely(pipeline, execution)
            for execution in list(pipeline.executions)
            if execution.active
        ):
            pass

    def _step_safely(self, pipeline: Pipeline, execution: Execution) -> bool:
        """Take a step; a bug of ours ends the execution instead of everybody's."""
        try:
            return self._step(pipeline, execution)
        except Exception as error:  # noqa: BLE001 - whatever it is, others go on
            traceback.print_exc(file=sys.stderr)
            execution.current = None
            text = f"The sandbox failed: {type(error).__name__}: {error}"
            return self._end(execution, "Failed", text)

    def _step(self, pipeline: Pipeline, execution: Execution) -> bool:
        """Carry an execution one step on; say whether there was one to take."""
        if execution.current is not None:
            return self._go_on(pipeline, execution, execution.current)
        if execution.status == "Stopping":
            return self._end(execution, "Stopped", execution.stop_reason or "")
        if not execution.stages:
            return self._end(execution, "Succeeded")
        stage = execution.stages[0]
        first = next(pipeline.waiting(stage), None) is execution
        free = pipeline.occupant(stage) is None
        if not (first and free and pipeline.transitions.get(stage, Transition()).enabled):
            return False
        run = StageRun(name=stage)
        execution.current = execution.runs[stage] = run
        pipeline.latest[stage] = execution.id
        self._enter(execution, run)
        return True

    def _enter(self, execution: Execution, run: StageRun) -> None:
        """Check whether an execution may enter a stage; if not, fail or skip the stage."""
        condition = _condition(execution.stage(run.name), "beforeEntry")
        if condition is None:
            return
        run.entry = self._checked(execution, condition)
        if run.entry.status == "Succeeded":
            return
        if run.entry.status == "Failed" and condition["result"] == "SKIP":
            run.status = "Skipped"
            self._leave(execution)
        else:
            run.status = "Failed"
            execution.current = None
            self._end(execution, "Failed", run.entry.summary)

    def _go_on(self, pipeline: Pipeline, execution: Execution, run: StageRun) -> bool:
        """Look after the actions of a stage."""
        began = [each for each in run.actions.values() if each.status == "InProgress"]
        for action in began:
            self._actions.look(action)
            self._note(execution, action)
        open_ones = [each for each in began if each.status == "InProgress"]
        moved = len(open_ones) < len(began)
        if open_ones:
            return moved
        if execution.status == "Stopping":
            run.status, execution.current = "Stopped", None
            return self._end(execution, "Stopped", execution.stop_reason or "")
        if any(each.status != "Succeeded" for each in run.actions.values()):
            return self._fail(pipeline, execution, run)
        following = list(self._following(execution, run))
        if not following:
            return self._succeed(pipeline, execution, run)
        for declaration in following:
            self._start(pipeline, execution, run, declaration)
        return True

    def _following(self, execution: Execution, run: StageRun) -> Iterator[Declaration]:
        """Yield the actions that are next: those of the lowest order that have not run."""
        left = [e for e in execution.stage(run.name)["actions"] if e["name"] not in run.actions]
        lowest = min((run_order(each) for each in left), default=0)
        yield from (each for each in left if run_order(each) == lowest)

    def _start(
        self, pipeline: Pipeline, execution: Execution, run: StageRun, declaration: Declaration
    ) -> None:
        now = self._clock.now()
        action = ActionRun(
            id=str(uuid.uuid4()), stage=run.name, declaration=declaration, started=now, updated=now
        )
        run.actions[action.name] = action
        execution.history.append(action)
        self._actions.start(pipeline, execution, action)
        self._note(execution, action)

    def _note(self, execution: Execution, action: ActionRun) -> None:
        """Keep what an action gave for those after it."""
        execution.updated = self._clock.now()
        if action.status != "Succeeded":
            return
        execution.artifacts.update({each.name: each for each in action.outputs})
        namespace = action.declaration.get("namespace")
        if namespace:
            execution.namespaces[namespace] = dict(action.variables)

    def _succeed(self, pipeline: Pipeline, execution: Execution, run: StageRun) -> bool:
        condition = _condition(execution.stage(run.name), "onSuccess")
        if condition is not None:
            run.success = self._checked(execution, condition)
            if run.success.status != "Succeeded":
                goes_back = condition["result"] == "ROLLBACK"
                return self._fail(pipeline, execution, run, goes_back=goes_back)
        run.status = "Succeeded"
        self._leave(execution)
        return True

    def _fail(
        self, pipeline: Pipeline, execution: Execution, run: StageRun, *, goes_back: bool = False
    ) -> bool:
        """End an execution whose stage failed, and roll the stage back if it says so."""
        run.status, execution.current = "Failed", None
        self._end(execution, "Failed")
        declared = execution.stage(run.name).get("onFailure", {})
        if not goes_back and declared.get("result") != "ROLLBACK":
            return True
        target = last_good(pipeline, execution, run.name)
        if target is not None and execution.target is None:
            trigger = ("AutomatedRollback", execution.id)
            self.begin(pipeline, new_rollback(target, run.name, trigger, self._clock.now()))
        return True

    def _leave(self, execution: Execution) -> None:
        """Let an execution wait for its next stage."""
        execution.current = None
        execution.stages = execution.stages[1:]
        execution.updated = execution.arrived = self._clock.now()

    def _end(self, execution: Execution, status: str, summary: str = "") -> bool:
        execution.status, execution.summary = status, summary
        execution.updated = self._clock.now()
        return True

    def _checked(self, execution: Execution, condition: Declaration) -> ConditionRun:
        return checked(condition, execution.values, self._clock.now())


def _condition(stage: Declaration, kind: str) -> Declaration | None:
    """Return the one condition of a kind that a stage has."""
    found = stage.get(kind, {}).get("conditions", [])
    with contextlib.suppress(IndexError):
        return dict(found[0])
    return None
