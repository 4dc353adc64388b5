"""``promote pipeline``."""

from __future__ import annotations

from promote.cli.grammar import LazyGroup

SECTIONS = {
    "Stacks": {
        "render": "Render the CloudFormation stacks of the pipelines; offline.",
        "check": "Look for what would fail or be unsafe in rendered stacks; offline.",
    },
    "Executions": {
        "start": "Promote a version by its model's pipeline.",
        "simulate": "Play a whole execution on a local AWS, and watch.",
    },
}

_HELP = """Promote by AWS CodePipeline: a pipeline for each model, rendered from promote.yaml.

\b
    promote pipeline render                          names and hashes of the stacks
    promote pipeline render --out rendered           write them
    promote pipeline render --out rendered --check   are they still what promote.yaml asks for?
    promote pipeline check                           would an execution of them fail?
"""

command = LazyGroup(
    "pipeline", sections=SECTIONS, home="promote.cli.pipeline_{}:command".format, text=_HELP
)
