"""The policy templates: which kinds there are, whose file is taken, what their result must be."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from promote.errors import TemplateError
from promote.iam.document import Kind, parse
from promote.templates.engine import fill
from promote.templates.location import policies_directory

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "access-role": Kind.IDENTITY,
        "access-role-trust": Kind.TRUST,
        "approver": Kind.IDENTITY,
        "artifact-bucket": Kind.BUCKET,
        "boundary": Kind.BOUNDARY,
        "build-plan": Kind.IDENTITY,
        "build-promote": Kind.IDENTITY,
        "build-retire": Kind.IDENTITY,
        "build-validate": Kind.IDENTITY,
        "build-verify": Kind.IDENTITY,
        "consumer": Kind.IDENTITY,
        "data-lake-bucket": Kind.BUCKET,
        "data-lake-key": Kind.KEY,
        "deployer": Kind.IDENTITY,
        "events": Kind.IDENTITY,
        "guardrails": Kind.IDENTITY,
        "ledger": Kind.BUCKET,
        "log-bucket": Kind.BUCKET,
        "operator": Kind.IDENTITY,
        "pipeline": Kind.IDENTITY,
        "pipeline-key": Kind.KEY,
        "project-policy": Kind.PROJECT,
        "rcp": Kind.RCP,
        "reader-ml": Kind.IDENTITY,
        "reader-target": Kind.IDENTITY,
        "records-key": Kind.KEY,
        "rekognition-endpoint": Kind.ENDPOINT,
        "role-trust": Kind.TRUST,
        "scp": Kind.SCP,
        "service-trust": Kind.TRUST,
        "smoke": Kind.IDENTITY,
        "sts-endpoint": Kind.ENDPOINT,
    }
)
"""Every kind of template, and what kind of document it gives."""

SUFFIX = ".json.j2"


def render(
    kind: str, context: Mapping[str, object], *, directory: Path | None = None
) -> dict[str, object]:
    """Render the policy document of a kind.

    Args:
        kind: One of `KINDS`.
        context: The values that the comment on top of the template names.
        directory: The user's own templates; a kind that has none there comes from ours.

    Raises:
        TemplateError: There is no such kind, or the template cannot be read or filled; the detail
            names the file and the line.
        PolicyError: What it gives is outside the fragment that is proved; names file and element.
    """
    document = written(kind, context, directory=directory)
    parse(document, kind=KINDS[kind], name=str(template_path(kind, directory)))
    return document


def written(
    kind: str, context: Mapping[str, object], *, directory: Path | None = None
) -> dict[str, object]:
    """Return what a template writes, in the fragment that is proved or not; as `render` else."""
    path = template_path(kind, directory)
    return fill(_text(path), context, name=str(path))


def template_path(kind: str, directory: Path | None = None) -> Path:
    """Return the file that a kind is rendered from: the user's own if there is one, else ours.

    Raises:
        TemplateError: There is no such kind, or the directory is not one of templates.
    """
    if kind not in KINDS:
        raise _unknown(kind, f"There is no kind of policy called {kind!r}.")
    if directory is not None:
        _check(directory)
        own = directory / f"{kind}{SUFFIX}"
        if own.exists():
            return own
    return policies_directory() / f"{kind}{SUFFIX}"


def _check(directory: Path) -> None:
    """Refuse a directory that is none, and a template in it that nothing would ever read."""
    if not directory.is_dir():
        raise TemplateError(
            "Template directory not found",
            f"`templates` in promote.yaml names {directory}, which is not a directory.",
        )
    for path in sorted(directory.glob(f"*{SUFFIX}")):
        kind = path.name.removesuffix(SUFFIX)
        if kind not in KINDS:
            raise _unknown(kind, f"{path} is a template of no kind, so nothing would read it.")


def _unknown(kind: str, text: str) -> TemplateError:
    near = difflib.get_close_matches(kind, KINDS, n=1)
    return TemplateError(
        "Unknown kind of policy",
        f"{text} The kinds are {', '.join(KINDS)}.",
        f"Did you mean {near[0]}?" if near else "",
    )


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError("Policy template cannot be read", f"{path}: {error}.") from error
