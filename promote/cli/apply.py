"""``promote apply``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from promote.cli import arguments, plans
from promote.cli.grammar import Command

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from promote.cli.run import Run

_HELP = """Do a saved plan, and nothing else.

\b
    promote apply plan.json
    promote apply plan.json --digest 9f86d081… --junit report.xml
    promote apply plan.json --wave 1                      as far as the first wave
    promote apply plan.json --digest "$PLAN_DIGEST" --pipeline-execution "$EXECUTION" --wave 1

The plan is refused as stale when a fact that it rests on has changed. A plan whose run was
interrupted can be applied again and goes on; one that ended is left alone.

With --pipeline-execution the stages of a pipeline apply the plan. CodePipeline is asked who started
the execution, who is one of those who asked for the plan; and who approved it there: that is an
approval of the plan if the text that was approved shows its digest. In an execution that rolls a
stage back, a plan that had gone through takes its environment back to its version.

With --wave it goes as far as a wave and waits there, until the same plan is applied with a later
wave, or without one: so a pipeline has a stage for each wave. Nothing is revoked or stopped before
the last.
"""


@click.command("apply", cls=Command, help=_HELP)
@arguments.PLAN_FILE
@arguments.DIGEST
@arguments.ACCESS_ANALYZER
@arguments.EXECUTION
@arguments.PIPELINE_EXECUTION
@arguments.PIPELINE
@arguments.WAVE
@arguments.WAIT
@arguments.JUNIT
@click.pass_obj
def command(
    run: Run,
    *,
    plan: Path,
    digest: str | None,
    access_analyzer: bool,
    pipeline_execution: str | None,
    pipeline: str | None,
    wave: int | None,
    wait: timedelta,
    junit: Path | None,
) -> int:
    """Apply a plan file."""
    _expect_whole(digest, pipeline_execution, pipeline)
    run.execution = pipeline_execution or run.execution
    approved = plans.read(plan, digest)
    with run.story() as story:
        promoter = run.promoter(story)
        if pipeline_execution is not None:
            promoter.pipeline = pipeline or _named(run, approved.request.model)
        with plans.reported(junit, approved, story):
            asked = plans.ask_analyzer(run, promoter, approved, wished=access_analyzer)
        if access_analyzer and asked and not run.json:
            run.screen.say(asked)
        return plans.carry_out(run, promoter, story, approved, wait=wait, junit=junit, wave=wave)


def _expect_whole(digest: str | None, pipeline_execution: str | None, pipeline: str | None) -> None:
    """Refuse options of which one needs another.

    Raises:
        click.UsageError: Names both.
    """
    if pipeline_execution is None:
        given = click.get_current_context().get_parameter_source("pipeline")
        if pipeline is not None and given is ParameterSource.COMMANDLINE:
            raise click.UsageError("--pipeline is for --pipeline-execution.")
    elif digest is None:
        message = "--pipeline-execution needs --digest: of the plan that was approved there."
        raise click.UsageError(message)


def _named(run: Run, model: str) -> str:
    """Return what the pipeline of a model is called in promote.yaml.

    Raises:
        click.UsageError: Pipelines are not mentioned there.
    """
    from promote.core.pipeline.names import Names

    topology = run.topology()
    if topology.pipeline is None:
        message = "--pipeline-execution needs --pipeline, for promote.yaml names no pipeline."
        raise click.UsageError(message)
    return Names(topology, model).pipeline
