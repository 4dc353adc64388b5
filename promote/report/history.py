"""What was done with a model: its records, a paragraph for each that a person asks about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from promote.core.brought import VerificationBrought
from promote.core.gates import GateResult, Override
from promote.core.gates.override import told
from promote.core.held import VersionHeld
from promote.core.judged import GateJudged
from promote.core.paused import PromotionPaused
from promote.core.record import (
    AccessChanged,
    ClaimClosed,
    ClaimOpened,
    PromotionEnded,
    PromotionResumed,
    PromotionStarted,
    Record,
    RevocationStarted,
    RollbackStarted,
    Sealed,
    TargetFailed,
    VerificationDone,
)
from promote.core.result import Outcome
from promote.report.layout import (
    Style,
    clean,
    duration,
    moment,
    paragraph,
    short_version,
    unstyled,
)


def history(records: Iterable[Record], style: Style = unstyled) -> str:
    """Tell what was done with a model, oldest first: when, what, how it ended, by whom and why."""
    records = tuple(records)
    courses = _courses(records)
    told = (_record(each, courses, style) for each in records)
    return ("\n".join(block for block in told if block) or "Nothing was done yet.") + "\n"


@dataclass(slots=True)
class _Course:
    """How a promotion went on."""

    turned: RollbackStarted | None = None
    on_the_way: list[PromotionResumed | PromotionPaused] = field(default_factory=list)
    judged: list[GateJudged] = field(default_factory=list)
    end: PromotionEnded | None = None


def _courses(records: Iterable[Record]) -> Mapping[str, _Course]:
    found: defaultdict[str, _Course] = defaultdict(_Course)
    for each in records:
        match each:
            case RollbackStarted():
                found[each.promotion].turned = each
            case PromotionResumed() | PromotionPaused():
                found[each.promotion].on_the_way.append(each)
            case GateJudged():
                found[each.promotion].judged.append(each)
            case PromotionEnded():
                found[each.promotion].end = each
            case _:
                pass
    return found


def _record(  # noqa: C901 (a case for each kind)
    record: Record, courses: Mapping[str, _Course], style: Style
) -> str:
    match record:
        case PromotionStarted():
            return _promotion(record, courses.get(record.promotion, _Course()), style)
        case VerificationDone():
            return _verification(record, style)
        case VerificationBrought():
            return _brought(record, style)
        case AccessChanged():
            return _access(record)
        case TargetFailed():
            return _target_failed(record)
        case VersionHeld():
            return _held(record)
        case ClaimOpened() | ClaimClosed():
            return ""  # told with their promotions
        case (
            PromotionResumed()
            | PromotionPaused()
            | GateJudged()
            | RollbackStarted()
            | PromotionEnded()
        ):
            return ""  # so are these
        case RevocationStarted():
            return ""  # told when it is done
        case Sealed():
            return ""  # what it is worth, `history --verify` tells


def _promotion(record: PromotionStarted, course: _Course, style: Style) -> str:
    request = record.plan.request
    before = {
        short_version(target.before, beside=request.version) for target in record.plan.targets
    }
    change = f"{' or '.join(sorted(before)) or 'nothing'} -> {short_version(request.version)}"
    change = f"rollback {change}" if request.rollback else change
    head = f"{moment(record.at)}  {request.environment}  {change}  {_outcome(course, style)}"
    lines = [
        head,
        f"    promotion {clean(record.promotion)}",
        f"    by {clean(record.by)}{_of(record.execution)}",
        f"    reason: {clean(request.reason or 'none given')}",
        *(_lifted(gate, gate.override) for gate in record.gates if gate.lifted and gate.override),
        *map(_on_the_way, course.on_the_way),
    ]
    told_again = course.turned is not None  # by a refusal, as the reason of the turn
    lines += [_judged(e.gate) for e in course.judged if not (e.gate.refuses and told_again)]
    if (turned := course.turned) is not None:
        back = f"turned back{_by(turned.by, turned.execution)}: {clean(turned.reason)}"
        lines.append(paragraph(back, first=" " * 4, indent=" " * 6))
    return "\n".join(lines)


def _on_the_way(record: PromotionResumed | PromotionPaused) -> str:
    who = f"{moment(record.at)}{_by(record.by, record.execution)}"
    if isinstance(record, PromotionPaused):
        return f"    reached wave {record.wave} {who}"
    return f"    resumed {who}"


def _judged(gate: GateResult) -> str:
    if gate.lifted and gate.override:
        return _lifted(gate, gate.override)
    text = f"{gate.gate} {gate.verdict.value}: {clean(gate.measured)}"
    return paragraph(text, first=" " * 4, indent=" " * 6)


def _lifted(gate: GateResult, override: Override) -> str:
    measured = f"{clean(gate.measured)}; required: {clean(gate.required)}"
    text = f"{gate.gate} was {clean(told(override))} ({gate.verdict.value}: {measured})"
    return paragraph(text, first=" " * 4, indent=" " * 6)


def _by(caller: str | None, execution: str | None) -> str:
    """Say who did something; nothing where the record is of the time before that was kept."""
    return "" if caller is None else f" by {clean(caller)}{_of(execution)}"


def _of(execution: str | None) -> str:
    return "" if execution is None else f" in pipeline execution {clean(execution)}"


def _outcome(course: _Course, style: Style) -> str:
    end = course.end
    if end is None:
        word = "unfinished" if course.turned is None else "unfinished, rolling back"
        last = course.on_the_way[-1] if course.on_the_way else None
        if isinstance(last, PromotionPaused) and course.turned is None:
            word = f"waits after wave {last.wave}"
        return style(word, fg="yellow")
    fine = end.result.result in {Outcome.PROMOTED, Outcome.UNCHANGED}
    done = "done" if fine and end.result.rollback else end.result.result.value
    word = style(done, fg="green" if fine else "red")
    return f"{word} in {duration(end.result.seconds)}"


def _verification(record: VerificationDone, style: Style) -> str:
    word = style("passed", fg="green") if record.passed else style("failed", fg="red")
    accuracy = "" if record.accuracy is None else f" ({record.accuracy:.1%})"
    head = f"{moment(record.at)}  {record.environment}  verification of "
    return f"{head}{short_version(record.version)} {word}{accuracy}\n    by {clean(record.by)}"


def _brought(record: VerificationBrought, style: Style) -> str:
    word = style("passed", fg="green") if record.passed else style("failed", fg="red")
    accuracy = "" if record.accuracy is None else f" ({record.accuracy:.1%})"
    head = f"{moment(record.at)}  {record.environment}  verification of "
    return (
        f"{head}{short_version(record.version)} brought: {word}{accuracy}, signed by nobody\n"
        f"    by {clean(record.by)}{_of(record.execution)}\n"
        f"    tried {moment(record.tried_at)} by {clean(record.tried_by)}"
    )


def _target_failed(record: TargetFailed) -> str:
    head = f"{moment(record.at)}  target {record.account} failed its verification"
    reason = paragraph(clean(record.reason), first=" " * 4, indent=" " * 6)
    return f"{head} and was put back\n    promotion {clean(record.promotion)}\n{reason}"


def _held(record: VersionHeld) -> str:
    name, reason = short_version(record.version), clean(record.reason or "none given")
    head = f"{moment(record.at)}  {record.environment}  {name} held: it was rolled back"
    return f"{head}\n    by {clean(record.by)}\n    reason: {reason}"


def _access(record: AccessChanged) -> str:
    verb = "granted" if record.granted else "revoked"
    name = short_version(record.version)
    head = f"{moment(record.at)}  {record.environment}  access to {name} {verb}"
    reason = clean(record.reason or "none given")
    return f"{head}\n    by {clean(record.by)}{_of(record.execution)}\n    reason: {reason}"
