"""Find the directories of templates and buildspecs, however `promote` was installed."""

from __future__ import annotations

from pathlib import Path

from promote.errors import TemplateError


def policies_directory() -> Path:
    """Return the directory that holds the ``*.json.j2`` policy templates.

    A wheel carries them inside the package; in a checkout, and so in an editable installation,
    they lie beside it, where a reader of the repository looks for permissions first.

    Raises:
        TemplateError: Neither place is a directory; the detail names both.
    """
    return _directory("policies", "The policy templates are missing")


def pipelines_directory() -> Path:
    """Return the directory of the ``*.json.j2`` CloudFormation templates, as above."""
    return _directory("pipelines", "The pipeline templates are missing")


def buildspecs_directory() -> Path:
    """Return the directory of the ``*.yml`` buildspecs, as above."""
    return _directory("buildspecs", "The buildspecs are missing")


def _directory(name: str, summary: str) -> Path:
    package = Path(__file__).parents[1]
    places = (package / name, package.parent / name)
    for place in places:
        if place.is_dir():
            return place
    raise TemplateError(
        summary,
        f"Neither {places[0]} nor {places[1]} is a directory. A wheel has the first, a checkout"
        " the second; an installation with neither is incomplete.",
        "Install it again with:\n    python -m pip install --force-reinstall aws-model-promote",
    )
