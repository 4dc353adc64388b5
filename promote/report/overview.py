"""Where models stand, and which versions they have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from promote.arn import parse_version_arn
from promote.core.drift import Drift
from promote.core.on_record import HeldStatus, UnfinishedStatus
from promote.core.overridden import Overridden
from promote.core.record import (
    Direction,
)
from promote.core.status import LockHolder, ModelLock, ModelStatus, VersionStatus
from promote.core.version import ModelVersion, Status, units
from promote.report.layout import (
    Cell,
    Style,
    account_list,
    clean,
    dollars,
    duration,
    moment,
    paragraph,
    short_resource,
    short_version,
    table,
    unstyled,
)
from promote.report.standing import text as standing

_LONGEST = 40
_STATUS_COLOURS = {Status.RUNNING: "green", Status.FAILED: "red", Status.TRAINING_FAILED: "red"}


def status(values: Iterable[ModelStatus], style: Style = unstyled) -> str:
    """Tell where each model stands."""
    blocks = [_model(value, style) for value in values]
    return ("\n\n".join(blocks) if blocks else "No models.") + "\n"


def versions(values: Iterable[ModelVersion], style: Style = unstyled) -> str:
    """Tell a model's versions as a table, in the order given."""
    values = tuple(values)
    if not values:
        return "No versions.\n"
    rows = [
        (
            value.name,
            Cell(value.status.value, _STATUS_COLOURS.get(value.status)),
            "-" if value.min_units is None else units(value.min_units, value.max_units),
            "-" if value.f1 is None else f"{value.f1:.3f}",
            moment(value.created_at),
        )
        for value in values
    ]
    text = table(("version", "status", "units", "f1", "created"), rows, style, indent=0) + "\n"
    said = [f"{value.name}: {value.message}" for value in values if value.message]
    notes = [paragraph(clean(line), indent="    ") for line in said]
    return "\n".join([text, *notes, ""]) if notes else text


def lock(value: ModelLock | None, model: str) -> str:
    """Write who holds the lock of a model."""
    if value is None:
        return f"{model} is not locked.\n"
    state = (
        f"It is alive: it renews its lease of {duration(value.lease)} in time."
        if value.live
        else "It is gone, so that the next command takes the lock over."
    )
    return f"{_lock(value.holder)}\n{state}\n"


def _model(value: ModelStatus, style: Style) -> str:
    parts = [style(clean(value.model), bold=True), _targets(value, style)]
    if value.versions:
        parts.append(_versions(value.versions, style))
    drift = [each for environment in value.environments for each in environment.drift]
    if drift:
        lines = [line for each in drift for line in _drift(each)]
        parts.append("\n".join([f"  {style('Drift', fg='yellow', bold=True)}", *lines]))
    parts += [_orphan(version, value.model) for version in value.versions if version.orphan]
    parts += [paragraph(line, first="  ", indent="  ") for line in _remarks(value)]
    parts += [standing(each, style, indent="  ").rstrip() for each in value.reviews]
    alive = value.lock is not None and value.lock.live  # its owner is about to finish it
    parts += [_to_finish(value)] if value.open and not alive else []
    return "\n\n".join(parts)


def _orphan(version: VersionStatus, model: str) -> str:
    name = clean(version.name)
    cost = dollars(version.cost_per_hour)
    told = f"Orphan: {name} runs for nobody and costs {cost} per hour. To stop it:"
    command = f"promote version stop {clean(model)} {name} --force"
    return f"{paragraph(told, first='  ', indent='  ')}\n      {command}"


def _drift(value: Drift) -> Iterator[str]:
    yield paragraph(clean(value.summary), first="  - ", indent="    ")
    ways = (("adopt", value.adopt), ("repair", value.repair), ("show", value.show))
    for way, commands in ways:
        for number, command in enumerate(commands):
            label = "" if number else f"{way}:"
            yield f"      {label:<8}{clean(command)}"


def _targets(value: ModelStatus, style: Style) -> str:
    rows = [
        (
            environment.name,
            target.account,
            target.pointer,
            "nothing" if target.version is None else _named(target.version),
            ", ".join(_named(pattern) for pattern in environment.granted) or "nothing",
        )
        for environment in value.environments
        for target in environment.targets
    ]
    return table(("environment", "account", "pointer", "names", "granted"), rows, style)


def _named(text: str) -> str:
    """Name what is no version of the model's own: a foreign version, a pattern, or anything."""
    arn = parse_version_arn(text)
    name = short_resource(text) if arn is None else f"{arn.version} of {arn.project}"
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def _versions(values: tuple[VersionStatus, ...], style: Style) -> str:
    rows = [
        (
            value.name,
            Cell(value.status.value, _STATUS_COLOURS.get(value.status)),
            "-" if value.units is None else units(value.units, value.max_units),
            dollars(value.cost_per_hour) if value.cost_per_hour else "-",
            "nobody: ORPHAN" if value.orphan else ", ".join(value.named_by) or "-",
        )
        for value in values
    ]
    return table(("version", "status", "units", "per hour", "named by"), rows, style)


def _remarks(value: ModelStatus) -> Iterator[str]:
    yield from map(_unfinished, value.open)
    for environment in value.environments:
        yield from (_still_held(held, environment.name) for held in environment.held)
        yield from (_overridden(each, environment.name) for each in environment.overridden)
    names = {version.arn: version.name for version in value.versions}
    for left in value.left:
        name = names.get(left.version) or _named(left.version)
        yield f"Left to do: {left.step} {name}, not before {moment(left.not_before)}."
    if value.lock is not None:
        yield lock(value.lock, value.model).rstrip()


def _unfinished(value: UnfinishedStatus) -> str:
    name = short_version(value.version)
    what = f"promotion {value.promotion} of {name} to {value.environment}"
    if value.rollback:
        what = f"rollback {value.promotion} of {value.environment} to {name}"
    what = f"Unfinished: {what}"
    who = f"since {moment(value.since)}, by {clean(value.by)}"
    if value.direction is Direction.FORWARD:
        failed = f" It failed in {account_list(value.failed)}." if value.failed else ""
        waits = ""
        if value.waits_after is not None:
            waits = (
                f" It waits after wave {value.waits_after} of {value.waves}, as it was asked to."
            )
        return f"{what}, {who}.{waits}{failed}"
    return f"{what}, {who}; it is rolling back: {clean(value.reason)}"


def _to_finish(value: ModelStatus) -> str:
    """Return the commands that finish what is unfinished; each names its place if it must."""
    several = len(value.open) > 1
    places = [f" --environment {clean(each.environment)}" if several else "" for each in value.open]
    lines = [f"promote resume {clean(value.model)}{place}" for place in reversed(places)]
    return "\n".join(["  To finish what is unfinished:", *(f"      {line}" for line in lines)])


def _still_held(value: HeldStatus, environment: str) -> str:
    reason = clean(value.reason or "none given")
    return (
        f"Held: {environment} was rolled back from {short_version(value.version)} at "
        f"{moment(value.since)} by {clean(value.by)}, reason: {reason}. To release it there again, "
        "say why: --reason."
    )


def _overridden(value: Overridden, environment: str) -> str:
    return (
        f"Overridden: {environment} uses {short_version(value.version)} although {value.gate} "
        f"refused it ({clean(value.measured)}; required: {clean(value.required)}). "
        f"{clean(value.by)} lifted it in {value.promotion} at {moment(value.at)}, because: "
        f"{clean(value.reason)}"
    )


def _lock(value: LockHolder) -> str:
    return (
        f"Locked by {clean(value.owner)} on {clean(value.host)} (process {value.pid}) for "
        f"{clean(value.operation)}, since {moment(value.since)}, expires {moment(value.expires)}."
    )
