"""Start a pipeline with a request, once the version and the pipeline are known to exist."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from promote.core.version import ModelVersion
from promote.errors import InputError
from promote.ports import World

_LONGEST = 1000  # "PipelineVariable": what a value may have
# Pasted by CodePipeline into the JSON of an action, and by it alone read as a variable.
_HARMFUL = re.compile(r"[\"\\\x00-\x1f\x7f]|#\{")


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """An execution that was started."""

    pipeline: str
    """The ARN of the pipeline."""
    execution: str
    model: str
    version: str
    """The ARN of the version."""
    request: str
    """The object that it begins with, as an ``s3://`` location."""
    object_version: str


def expect_harmless(reason: str | None) -> None:
    """Hold that a reason arrives in a build as it was written.

    Raises:
        InputError: It does not; says why.
    """
    if reason is None:
        return
    if not reason.strip() or len(reason) > _LONGEST or _HARMFUL.search(reason):
        raise InputError(
            "The reason cannot be handed on",
            f"A pipeline hands on 1 to {_LONGEST} characters on one line, without double quotes, "
            'backslashes and "#{"; it pastes them into other texts.',
            "Write it with other words, or with single quotes.",
        )


def start(
    world: World,
    pipeline: str,
    *,
    model: str,
    version: ModelVersion,
    reason: str | None,
    pack: Callable[[], bytes],
) -> Started:
    """Write a request and start an execution with it.

    Args:
        world: The promoter's.
        pipeline: The name of the pipeline.
        model: The name of the model.
        version: The version.
        reason: Why; None leaves it to the pipeline's default.
        pack: Makes the request; called once everything else is sure.

    Raises:
        NotFoundError: There is no such pipeline.
    """
    source = world.pipelines.source(pipeline)
    written = world.pipelines.submit(source, pack())
    variables = {"VERSION": version.name} | ({} if reason is None else {"REASON": reason})
    return Started(
        pipeline=source.pipeline,
        execution=world.pipelines.start(source, written, variables),
        model=model,
        version=version.arn,
        request=f"s3://{source.bucket}/{source.key}",
        object_version=written,
    )
