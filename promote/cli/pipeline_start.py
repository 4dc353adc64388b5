"""``promote pipeline start``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli import arguments
from promote.cli.grammar import Command

if TYPE_CHECKING:
    from promote.cli.run import Run

_HELP = """Promote a version by its model's pipeline, environment after environment.

\b
    promote pipeline start tools v2
    promote pipeline start tools v2 --reason "Fewer false alarms"

What the builds need goes with the request: promote.yaml, your own templates, the images that lie
beside it. Whoever starts an execution is one of those who asked, and cannot approve its plans. It
takes codepipeline:GetPipeline and StartPipelineExecution on the pipeline, and s3:PutObject on the
object that it begins with.
"""


@click.command("start", cls=Command, help=_HELP)
@arguments.MODEL
@arguments.VERSION
@click.option(
    "--reason",
    type=arguments.TEXT,
    metavar="TEXT",
    help="Why; shown to who approves, kept in the history.",
)
@click.pass_obj
def command(run: Run, *, model: str, version: str, reason: str | None) -> None:
    """Pack the request, start the pipeline, say where to watch it."""
    from pathlib import Path

    from promote.pipeline.bundle import CONFIGURATION, bundle
    from promote.report.consoles import execution_page

    topology, promoter = run.topology(), run.promoter()
    configuration = run.settings.file or Path(topology.directory, CONFIGURATION)
    asked = {"model": model, "version": version, "reason": reason}

    def pack() -> bytes:
        return bundle(topology, configuration, promoter.world.images, asked)

    started = promoter.start_pipeline(model, version, reason=reason, pack=pack)
    page = execution_page(started.pipeline, started.execution)
    if run.json:
        run.document("pipeline-execution", execution=started, url=page)
        return
    run.screen.result(
        f"{started.execution}\n\n{model} {version} is on its way through {started.pipeline}.\n"
        f"To watch it:\n    {page}\n"
    )
