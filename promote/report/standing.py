"""Where the approval of a plan stands: who said what, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator

from promote.core.gates.approval import Review
from promote.core.gates.result import Override, Verdict
from promote.core.reviews import Standing
from promote.report.layout import Style, clean, moment, paragraph, short_version, unstyled

_COLOURS = {Verdict.PASS: "green", Verdict.FAIL: "red"}
_WORDS = {Verdict.PASS: "approved", Verdict.FAIL: "not approved"}


def text(value: Standing, style: Style = unstyled, *, indent: str = "") -> str:
    """Tell where the approval of a plan stands."""
    lines = "\n".join(_lines(value, style)).split("\n")
    return "\n".join(f"{indent}{line}" for line in lines) + "\n"


def _lines(value: Standing, style: Style) -> list[str]:
    request, gate = value.request, value.gate
    what = f"{request.model} {short_version(request.version)} to {request.environment}"
    verdict = _WORDS.get(gate.verdict, gate.verdict.value)
    lines = [
        f"{clean(what)}: {style(verdict, fg=_COLOURS.get(gate.verdict, 'yellow'))}",
        f"  digest    {value.digest}",
        f"  asked by  {clean(request.requested_by)}",
        *map(_lifted, request.overrides),
        *(_said(each) for each in value.reviews),
    ]
    lines += [paragraph(each, first="  ", indent="  ") for each in _missing(value)]
    return lines


def _missing(value: Standing) -> Iterator[str]:
    """Say what is missing before it can be applied."""
    gate = value.gate
    if not all(each.approved for each in value.reviews):
        yield "Nobody can apply it, unless who rejected it approves it after all."
    elif gate.verdict is not Verdict.PASS:
        yield f"{clean(gate.measured)}; required: {gate.required}"


def _lifted(override: Override) -> str:
    text = f"{override.gate} until {moment(override.expires)}, because: {clean(override.reason)}"
    return paragraph(text, first="  lifts     ", indent=" " * 12)


def _said(review: Review) -> str:
    verb = "approved" if review.approved else "rejected"
    why = f": {clean(review.reason)}" if review.reason else ""
    return f"  {verb} by {clean(review.by)} at {moment(review.at)}{why}"
