"""The rules between gates and what they are judged on; see `promote.config.checks`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from promote.config.draft import Draft
from promote.config.problems import Problem, shown
from promote.config.reading import Settings


def _soak_somewhere(draft: Draft) -> Iterator[Problem]:
    """Require an earlier environment for a version to soak in."""
    for environment, settings in draft.environments:
        if environment.gates.soak is not None and not environment.after:
            text = (
                f"gates.soak: {environment.name} comes after no other environment, so a version"
                " would soak nowhere; name one with `after`, or set soak: null here"
            )
            yield Problem(settings.section("gates").where("soak"), text)


def _golden_images(draft: Draft) -> Iterator[Problem]:
    """Require images to hold a version against."""
    for environment, settings in draft.environments:
        golden = environment.gates.golden
        if golden is not None and golden.images is None and environment.smoke.images is None:
            text = (
                f"gates.golden: {environment.name} has no images; name them as smoke.images or as"
                " gates.golden.images, or set golden: null here"
            )
            yield Problem(settings.section("gates").where("golden"), text)


def _declared_labels(draft: Draft) -> Iterator[Problem]:
    """Require labels to hold a version's against, of every model: an environment is for all."""
    silent = [
        model.name
        for model, settings in draft.models
        if settings.get(object, "labels", None) is None
    ]
    for environment, settings in draft.environments:
        if environment.gates.labels is not None and silent:
            keys = " and ".join(f"models.{name}.labels" for name in silent)
            text = (
                f"gates.labels: nothing says which labels the applications of {environment.name}"
                f" know; give {keys}, or set labels: null here"
            )
            yield Problem(settings.section("gates").where("labels"), text)


def _each_label_once(draft: Draft) -> Iterator[Problem]:
    """Require that a label is declared once."""
    for model, settings in draft.models:
        yield from _each_once(settings, "labels", f"models.{model.name}.labels")


def _each_alarm_once(draft: Draft) -> Iterator[Problem]:
    """Require that an alarm is named once."""
    for _, settings in draft.environments:
        yield from _each_once(settings.section("gates"), "alarm", "gates.alarm")


def _each_once(settings: Settings, key: str, path: str) -> Iterator[Problem]:
    seen: set[object] = set()
    for item in settings.each(key):
        if item.value in seen:
            yield Problem(item.position, f"{path}: {shown(str(item.value))} is listed twice")
        seen.add(item.value)


GATE_RULES: tuple[Callable[[Draft], Iterator[Problem]], ...] = (
    _soak_somewhere,
    _golden_images,
    _declared_labels,
    _each_label_once,
    _each_alarm_once,
)
"""Each yields what breaks it, with its place."""
