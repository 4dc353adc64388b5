"""Find a version among those of a project."""

from __future__ import annotations

from collections.abc import Sequence

from promote.core.version import ModelVersion
from promote.errors import NotFoundError


def find_version(versions: Sequence[ModelVersion], version: str, model: str) -> ModelVersion:
    """Return a version by its name or ARN.

    Raises:
        NotFoundError: There is no such version; names those that there are.
    """
    for each in versions:
        if version in {each.name, each.arn}:
            return each
    known = ", ".join(each.name for each in versions) or "none"
    raise NotFoundError(
        "No such version",
        f"{model} has no version {version}. It has: {known}.",
        f"To list them with their states:\n    promote version list {model}",
    )
