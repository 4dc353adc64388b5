"""What happens while a promotion runs: each event as one line."""

from __future__ import annotations

from typing import assert_never

from promote.core.events import (
    Event,
    GoldenJudged,
    GuardrailChanged,
    IdentityShown,
    PromotionBegun,
    RollingBack,
    SmokeTested,
    StackDeployed,
    StepDone,
    StepStarted,
    Waiting,
    Warned,
)
from promote.report.guardrails import words as guardrail
from promote.report.layout import (
    Style,
    clean,
    counted,
    duration,
    rfc3339,
    short_version,
    unstyled,
)
from promote.report.steps import words


def event(value: Event, style: Style = unstyled) -> str:
    """Tell an event on one full line that begins with its time in UTC, for logs."""
    return f"{rfc3339(value.at)}  {style(sentence(value), fg=_colour(value))}"


def live(value: Event, *, width: int = 79) -> str | None:
    """Tell what is being waited for on one short line of a terminal; None when nothing is."""
    match value:
        case Waiting():
            text = _waiting(value)
        case StepStarted():
            text = f"{value.number}  {words(value.step)}"
        case _:
            return None
    text = clean(text)
    return text if len(text) <= width else text[: width - 1] + "…"


def sentence(value: Event) -> str:
    """Tell an event without its time, on one line."""
    return clean(_told(value))


def _told(value: Event) -> str:  # noqa: C901 (a case for each kind)
    match value:
        case IdentityShown():
            return f"acting as {value.caller} in account {value.account}, Region {value.region}"
        case PromotionBegun():
            verb = "resumes" if value.resumed else "begins"
            return f"promotion {value.promotion} {verb}: {counted(value.steps, 'step')} to do"
        case StepStarted():
            return f"step {value.number} {value.step.step}: {words(value.step)}"
        case StepDone():
            detail = f": {value.detail}" if value.detail else ""
            return (
                f"step {value.number} {value.step.step}: done in {duration(value.seconds)}{detail}"
            )
        case Waiting():
            return _waiting(value)
        case SmokeTested():
            return _smoke_tested(value)
        case GoldenJudged():
            return _golden_judged(value)
        case RollingBack():
            return f"rolling back: {value.reason}"
        case Warned():
            return f"warning: {value.message}"
        case GuardrailChanged():
            return f"step {value.number} of {value.steps}: {guardrail(value.step)}: done"
        case StackDeployed():
            where = f"{value.stack} in {value.account}"
            return f"stack {where}: {value.done} in {duration(value.seconds)}"
        case _:
            assert_never(value)


def _waiting(value: Waiting) -> str:
    limit = "" if value.deadline is None else f" of at most {duration(value.deadline)}"
    return f"waiting for {value.what}: {value.status}, for {duration(value.elapsed)}{limit}"


def _smoke_tested(value: SmokeTested) -> str:
    verdict = "passed" if value.accuracy >= value.required else "failed"
    text = (
        f"smoke test of {short_version(value.version)} from {value.environment}/{value.account} "
        f"{verdict}: {value.correct} of {counted(value.images, 'image')} recognised, "
        f"{value.accuracy:.1%} measured, {value.required:.1%} required"
    )
    return f"{text}; wrong: {'; '.join(value.wrong)}" if value.wrong else text


def _golden_judged(value: GoldenJudged) -> str:
    gate = value.gate
    beside = "" if value.against is None else f" beside {short_version(value.against)}"
    return (
        f"golden images of {short_version(value.version)}{beside} from "
        f"{value.environment}/{value.account}: {gate.verdict.value}"
        f"{', lifted' if gate.lifted else ''}: {gate.measured}; required: {gate.required}"
    )


def _colour(value: Event) -> str | None:
    match value:
        case RollingBack():
            return "red"
        case Warned():
            return "yellow"
        case StepDone() | GuardrailChanged() | StackDeployed():
            return "green"
        case SmokeTested():
            return "green" if value.accuracy >= value.required else "red"
        case GoldenJudged():
            return "red" if value.gate.refuses else "yellow" if value.gate.lifted else "green"
        case _:
            return None
