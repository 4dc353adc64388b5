"""The CloudFormation templates in ``pipelines/`` and the buildspecs in ``buildspecs/``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from promote.errors import TemplateError
from promote.templates.engine import Language, fill
from promote.templates.location import buildspecs_directory, pipelines_directory

SUFFIX = ".json.j2"


def render_stack(kind: str, context: Mapping[str, object]) -> dict[str, object]:
    """Return the CloudFormation template of a kind, such as ``foundation``.

    Raises:
        TemplateError: It cannot be read or filled; the detail names the file and the line.
    """
    path = pipelines_directory() / f"{kind}{SUFFIX}"
    try:
        return fill(_text(path), context, name=str(path), language=Language.CLOUDFORMATION)
    except TemplateError as error:
        error.summary = error.summary.replace("Policy template", "Pipeline template")
        raise


def buildspec(kind: str) -> str:
    """Return the text of the buildspec of a kind of stage, its opening comment left out.

    Raises:
        TemplateError: It cannot be read.
    """
    lines = _text(buildspecs_directory() / f"{kind}.yml").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("#"))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError("Pipeline template cannot be read", f"{path}: {error}.") from error
