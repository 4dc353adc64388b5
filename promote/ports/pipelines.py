"""The pipelines that promotions run in, asked with the promoter's own credentials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from promote.core.executions import Execution, Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a pipeline takes its request from: an object in a bucket with versions."""

    pipeline: str
    """The ARN of the pipeline."""
    action: str
    bucket: str
    key: str


class Pipelines(Protocol):
    """Pipelines in the promoter's own account, in the topology's Region."""

    def execution(self, pipeline: str, execution: str) -> Execution:
        """Return an execution of a pipeline, by their names.

        Raises:
            NotFoundError: There is no such pipeline or execution.
        """
        ...

    def responses(self, pipeline: str, execution: str) -> tuple[Response, ...]:
        """Return what came of every manual approval action of an execution, oldest first."""
        ...

    def source(self, pipeline: str) -> Source:
        """Return where a pipeline takes its request from.

        Raises:
            NotFoundError: There is no such pipeline.
            RefusedError: It begins with something else than an object in S3.
        """
        ...

    def submit(self, source: Source, content: bytes) -> str:
        """Write the request and return the version of the object.

        Raises:
            RefusedError: The bucket keeps no versions.
        """
        ...

    def start(self, source: Source, version: str, variables: Mapping[str, str]) -> str:
        """Start an execution with that version of the request, and return the execution's id.

        Raises:
            QuotaError: As many executions as may be are under way.
        """
        ...
