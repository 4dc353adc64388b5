"""How something ended: a result, a verification, an error, what was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from promote.core.gates import GateResult, Verdict
from promote.core.record import VerificationDone
from promote.core.result import Left, Outcome, Result, Retirement
from promote.core.status import Finding
from promote.errors import ConfigError, PromoteError
from promote.report.layout import (
    WIDTH,
    Style,
    account_list,
    clean,
    counted,
    duration,
    moment,
    paragraph,
    short_version,
    unstyled,
    wrap,
)

_COLOURS = {
    Outcome.PROMOTED: "green",
    Outcome.UNCHANGED: "green",
    Outcome.UNDER_WAY: "yellow",
    Outcome.ROLLED_BACK: "yellow",
    Outcome.REFUSED: "red",
    Outcome.FAILED: "red",
    Outcome.NEEDS_ATTENTION: "red",
}

_DONE = {"revoke": "revoked", "stop": "stopped"}


def result(value: Result, style: Style = unstyled) -> str:
    """Tell how a promotion ended and what is left to do."""
    name, rest = _outcome(value)
    lines = wrap(f"{name}: {rest}", WIDTH)
    lines[0] = lines[0].replace(name, style(name, fg=_COLOURS[value.result], bold=True), 1)
    text = "\n".join(lines) + "\n"
    if value.wave is not None:
        return text + _next(value, value.wave)
    return text + _left(value.left) if value.left else text


def verification(value: VerificationDone, style: Style = unstyled) -> str:
    """Tell whether a version passed in an environment."""
    name = "Passed" if value.passed else "Failed"
    answered = f"{short_version(value.version)} in {value.environment}"
    measured = (
        "no images are configured, so it was only called"
        if value.accuracy is None
        else f"{value.accuracy:.1%} of the images recognised, the lowest over its accounts"
    )
    accounts = f" ({account_list(value.accounts)})" if value.accounts else ""
    lines = wrap(f"{name}: {answered}{accounts}, {measured}.", WIDTH)
    lines[0] = lines[0].replace(name, style(name, fg="green" if value.passed else "red"), 1)
    return "\n".join(lines) + "\n"


def error(value: PromoteError, style: Style = unstyled) -> str:
    """Tell an error: what; with both sides and why; the fix, its command on a line of its own."""
    first = f"{style('Error:', fg='red', bold=True)} {clean(value.summary)}"
    # A located problem stays on its line, so that editors and `grep` can read the place.
    filled = not isinstance(value, ConfigError)
    parts = [first, _block(value.detail, filled=filled), _block(value.remedy, filled=True)]
    return "\n\n".join(part for part in parts if part) + "\n"


def refusal(gates: Iterable[GateResult], version: str, environment: str) -> str:
    """Tell which gates refused a version, each measured beside required; the detail of an error."""
    gates = tuple(gates)
    refusing = [gate for gate in gates if gate.refuses]
    count = f"{len(refusing)} of {counted(len(gates), 'gate')} refused"
    width = max((len(gate.gate) for gate in refusing), default=0)
    lines = [
        f"  {clean(gate.gate):<{width}}  {clean(gate.measured)} (measured), "
        f"{clean(gate.required)} (required)"
        + (" — inconclusive" if gate.verdict is Verdict.INCONCLUSIVE else "")
        for gate in refusing
    ]
    return "\n".join([f"{count} {short_version(version)} for {environment}:", *lines])


def findings(values: Iterable[Finding], style: Style = unstyled) -> str:
    """Tell what was checked, a line each; below what is wrong, what helps."""
    values = tuple(values)
    width = max((len(clean(value.subject)) for value in values), default=0)
    lines = [line for value in values for line in _finding(value, width, style)]
    wrong = sum(not value.ok for value in values)
    checks = counted(len(values), "check")
    lines += ["", f"{checks}, {wrong} failed" if wrong else f"{checks}, all passed"]
    return "\n".join(lines) + "\n"


def _finding(value: Finding, width: int, style: Style) -> Iterator[str]:
    verdict = style("ok  ", fg="green") if value.ok else style("FAIL", fg="red", bold=True)
    yield f"{verdict}  {clean(value.subject):<{width}}  {clean(value.detail)}".rstrip()
    if value.remedy:
        yield from (f"      {line}".rstrip() for line in _block(value.remedy).splitlines())


def _outcome(value: Result) -> tuple[str, str]:  # noqa: C901 (a case for each end)
    version = short_version(value.version)
    previous = None
    if value.previous is not None:
        previous = short_version(value.previous, beside=value.version)
    before = "" if value.previous in {None, value.version} else f" instead of {previous}"
    back = "what it named before" if previous is None else f"{previous} again"
    place, time = value.environment, duration(value.seconds)
    match value.result:
        case Outcome.PROMOTED if value.rollback:
            held = "" if previous is None else f" {previous} is held: to release it again, say why."
            return "Rolled back", f"{place} uses {version} again{before}, after {time}.{held}"
        case Outcome.PROMOTED:
            return "Promoted", f"{place} uses {version}{before}, after {time}."
        case Outcome.UNDER_WAY:
            return "Under way", f"{_reached(value)}, after {time}."
        case Outcome.UNCHANGED if value.wave is not None:
            return "Nothing to do so far", f"{_reached(value)} already."
        case Outcome.UNCHANGED:
            return "Nothing to do", f"{place} uses {version} already."
        case Outcome.ROLLED_BACK if value.rollback:
            return "Put back", f"every target of {place} names {back}, after {time}."
        case Outcome.ROLLED_BACK:
            return "Rolled back", f"every target of {place} names {back}, after {time}."
        case Outcome.REFUSED:
            return "Refused", f"{version} was not promoted to {place}; nothing was changed."
        case Outcome.FAILED:
            undone = "no pointer was switched, and what was granted or started is undone"
            return "Failed", f"{version} is not in {place}; {undone}, after {time}."
        case Outcome.NEEDS_ATTENTION:
            return "Needs attention", f"{place} is left half way to {version}, after {time}."


def _reached(value: Result) -> str:
    waves = "wave 1" if value.wave == 1 else f"waves 1 to {value.wave}"
    version = short_version(value.version)
    return f"{waves} of {value.waves} of {value.environment} use{'s' * (value.wave == 1)} {version}"


def _next(value: Result, wave: int) -> str:
    """Tell what is left to switch, and the command that goes as far as the next wave."""
    again = [each.wave for each in value.left if each.wave is not None and each.wave <= wave]
    failed = f", and what failed in wave {' and '.join(map(str, again))}" if again else ""
    later = [each.wave for each in value.left if each.wave is not None and each.wave > wave]
    waves = f"wave {later[0]}" if len(later) == 1 else f"waves {later[0]} to {later[-1]}"
    return (
        f"\nLeft to do: {waves}{failed}. Until then nothing is revoked or stopped.\nNext:\n"
        f"    promote apply plan.json --wave {wave + 1}\n"
    )


def _left(left: tuple[Left, ...]) -> str:
    lines = [
        f"  {step.step} {short_version(step.version)}, not before {moment(step.not_before)}"
        for step in left
    ]
    ending = "After that, to finish it, also on a schedule:\n    promote retire --all"
    return "\n".join(["", "Left to do:", *lines, "", ending, ""])


def retirement(values: Iterable[Retirement]) -> str:
    """Tell what was retired of each model, what is not due yet, and what was skipped and why."""
    lines = []
    for value in values:
        found = [
            f"  {_DONE[each.step]} {short_version(each.version)} in {each.environment}"
            for each in value.done
        ]
        found += [
            f"  {each.step} {short_version(each.version)}, not before {moment(each.not_before)}"
            for each in value.left
        ]
        found += [f"  skipped: {clean(each)}" for each in value.skipped]
        found += [f"  failed: {clean(each)}" for each in value.failed]
        lines += [f"{clean(value.model)}:" if found else f"{clean(value.model)}: nothing is due"]
        lines += found
    return "\n".join(lines) + "\n"


def _block(text: str, *, filled: bool = True) -> str:
    """Fill each line that is prose; what is indented is a command or a table and stays."""
    lines = [_printable(line) for line in text.strip("\n").split("\n")]
    return "\n".join(
        line if not filled or line.startswith(" ") else paragraph(line) for line in lines
    )


def _printable(line: str) -> str:
    return "".join(char if char.isprintable() else " " for char in line).rstrip()
