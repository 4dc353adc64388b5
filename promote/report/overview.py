"""Where models stand, what was done with them, and which versions they have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from promote.arn import parse_version_arn
from promote.core.drift import units
from promote.core.record import (
    AccessChanged,
    ClaimClosed,
    ClaimOpened,
    Direction,
    PromotionEnded,
    PromotionStarted,
    Record,
    RollbackStarted,
    VerificationDone,
)
from promote.core.result import Outcome
from promote.core.status import LockHolder, ModelLock, ModelStatus, UnfinishedStatus, VersionStatus
from promote.core.version import ModelVersion, Status
from promote.report.layout import (
    Cell,
    Style,
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


def history(records: Iterable[Record], style: Style = unstyled) -> str:
    """Tell what was done with a model, oldest first: when, what, how it ended, by whom and why."""
    ends: dict[str, PromotionEnded] = {}
    turned: dict[str, RollbackStarted] = {}
    records = tuple(records)
    for record in records:
        if isinstance(record, PromotionEnded):
            ends[record.promotion] = record
        elif isinstance(record, RollbackStarted):
            turned[record.promotion] = record
    blocks = []
    for record in records:
        match record:
            case PromotionStarted():
                end, back = ends.get(record.promotion), turned.get(record.promotion)
                blocks.append(_promotion(record, end, back, style))
            case VerificationDone():
                blocks.append(_verification(record, style))
            case AccessChanged():
                blocks.append(_access(record))
            case ClaimOpened() | ClaimClosed() | RollbackStarted() | PromotionEnded():
                pass
    return ("\n".join(blocks) if blocks else "Nothing was done yet.") + "\n"


def lock(value: ModelLock | None, model: str) -> str:
    """Write who holds the lock of a model."""
    if value is None:
        return f"{model} is not locked.\n"
    state = (
        "It is alive: it renews the lock."
        if value.live
        else "It is gone, so that the next command takes the lock over."
    )
    return f"{_lock(value.holder)}\n{state}\n"


def _model(value: ModelStatus, style: Style) -> str:
    parts = [style(clean(value.model), bold=True), _targets(value, style)]
    if value.versions:
        parts.append(_versions(value.versions, style))
    drift = [line for environment in value.environments for line in environment.drift]
    if drift:
        lines = [paragraph(clean(line), first="  - ", indent="    ") for line in drift]
        parts.append("\n".join([f"  {style('Drift', fg='yellow', bold=True)}", *lines]))
    parts += [paragraph(line, first="  ", indent="  ") for line in _remarks(value)]
    return "\n\n".join(parts)


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
    for version in value.versions:
        if version.orphan:
            yield (
                f"Orphan: {clean(version.name)} runs for nobody and costs "
                f"{dollars(version.cost_per_hour)} per hour."
            )
    if value.unfinished is not None:
        yield _unfinished(value.unfinished)
    names = {version.arn: version.name for version in value.versions}
    for left in value.left:
        name = names.get(left.version) or _named(left.version)
        yield f"Left to do: {left.step} {name}, not before {moment(left.not_before)}."
    if value.lock is not None:
        yield _lock(value.lock)


def _unfinished(value: UnfinishedStatus) -> str:
    name = short_version(value.version)
    what = f"Unfinished: promotion {value.promotion} of {name} to {value.environment}"
    who = f"since {moment(value.since)}, by {clean(value.by)}"
    if value.direction is Direction.FORWARD:
        return f"{what}, {who}."
    return f"{what}, {who}; it is rolling back: {clean(value.reason)}"


def _lock(value: LockHolder) -> str:
    return (
        f"Locked by {clean(value.owner)} on {clean(value.host)} (process {value.pid}) for "
        f"{clean(value.operation)}, since {moment(value.since)}, expires {moment(value.expires)}."
    )


def _promotion(
    record: PromotionStarted,
    end: PromotionEnded | None,
    turned: RollbackStarted | None,
    style: Style,
) -> str:
    request = record.plan.request
    before = {
        short_version(target.before, beside=request.version) for target in record.plan.targets
    }
    change = f"{' or '.join(sorted(before)) or 'nothing'} -> {short_version(request.version)}"
    head = f"{moment(record.at)}  {request.environment}  {change}  {_outcome(end, turned, style)}"
    lines = [
        head,
        f"    by {clean(record.by)}",
        f"    reason: {clean(request.reason or 'none given')}",
    ]
    if turned is not None:
        lines.append(
            paragraph(f"turned back: {clean(turned.reason)}", first=" " * 4, indent=" " * 6)
        )
    return "\n".join(lines)


def _outcome(end: PromotionEnded | None, turned: RollbackStarted | None, style: Style) -> str:
    if end is None:
        word = "unfinished" if turned is None else "unfinished, rolling back"
        return style(word, fg="yellow")
    fine = end.result.result in {Outcome.PROMOTED, Outcome.UNCHANGED}
    word = style(end.result.result.value, fg="green" if fine else "red")
    return f"{word} in {duration(end.result.seconds)}"


def _verification(record: VerificationDone, style: Style) -> str:
    word = style("passed", fg="green") if record.passed else style("failed", fg="red")
    accuracy = "" if record.accuracy is None else f" ({record.accuracy:.1%})"
    head = f"{moment(record.at)}  {record.environment}  verification of "
    return f"{head}{short_version(record.version)} {word}{accuracy}\n    by {clean(record.by)}"


def _access(record: AccessChanged) -> str:
    verb = "granted" if record.granted else "revoked"
    name = short_version(record.version)
    head = f"{moment(record.at)}  {record.environment}  access to {name} {verb}"
    reason = clean(record.reason or "none given")
    return f"{head}\n    by {clean(record.by)}\n    reason: {reason}"
