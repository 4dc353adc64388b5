"""One promotion as its document, and whether the records of a model are whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from promote.core.acts import Act
from promote.core.dossier import Dossier, Expense
from promote.core.gates.override import told
from promote.core.gates.result import GateResult, Verdict
from promote.core.seal import Verified
from promote.report.layout import (
    Style,
    clean,
    counted,
    dollars,
    duration,
    moment,
    paragraph,
    short_resource,
    short_version,
    unstyled,
)

_DIGITS = 12


def dossier(value: Dossier, style: Style = unstyled) -> str:
    """Tell one promotion: who, what, why, on what evidence, how long, what for, how it ended."""
    word = "unfinished" if value.result is None else value.result.value
    before = {short_version(e.before, beside=value.version) for e in value.targets}
    change = f"{' or '.join(sorted(before)) or 'nothing'} -> {short_version(value.version)}"
    lines = [
        style(f"{value.promotion}: {word}", bold=True),
        f"  what      {'rollback ' if value.rollback else ''}{value.model} {change}",
        f"  version   {clean(value.version)}",
        f"  where     {value.environment}",
        f"  by        {clean(value.who.caller)}",
        f"  person    {clean(value.who.person or 'not known to be one')}",
        f"  pipeline  {clean(value.who.execution or 'none')}",
        f"  asked by  {clean(value.who.requested_by)}",
        f"  why       {clean(value.reason or 'none given')}",
        *(f"  lifts     {each.gate} until {moment(each.expires)}" for each in value.overrides),
        f"  planned   {moment(value.planned)}, digest {value.plan}",
        f"  begun     {moment(value.begun)}",
        f"  ended     {'not yet' if value.ended is None else moment(value.ended)}",
    ]
    if value.turned is not None:
        said = f"turned back {moment(value.turned.at)}: {clean(value.turned.reason)}"
        lines.append(paragraph(said, first="  ", indent="    "))
    lines += _block("Who", map(_act, value.acts)) if len(value.acts) > 1 else []
    lines += [*_block("Targets", _targets(value)), *_block("Gates", _gates(value))]
    lines += [
        *_block("Verifications", _verifications(value)),
        *_block("Policies", _policies(value)),
    ]
    lines += [*_block("Steps", _steps(value)), *_block("Cost", _cost(value.cost))]
    lines += _block("Record", _records(value))
    return "\n".join(lines) + "\n"


def chain(value: Verified, style: Style = unstyled) -> str:
    """Tell whether the records of a model are whole; the first that is not, and why."""
    lines = []
    if value.broken is None:
        what = "verified" if value.checked else "not verified: no --public-key was given"
        signatures = f"{counted(value.signatures, 'signature')} {what}"
        lines.append(
            f"{style('ok  ', fg='green')}  {counted(value.records, 'record')} of {value.model}, "
            f"{counted(value.promotions, 'promotion')} ({value.ended} ended)"
        )
        lines.append(f"      {signatures if value.signatures else 'no signatures'}")
    else:
        lines += [
            f"{style('FAIL', fg='red', bold=True)}  {clean(value.broken.record)}",
            f"      expected  {clean(value.broken.expected)}",
            f"      found     {clean(value.broken.found)}",
            f"      whole     {counted(value.records, 'record')}",
        ]
    if value.torn:
        lines.append(f"      torn      {counted(value.torn, 'record')} that a writer left half way")
    return "\n".join(lines) + "\n"


def _block(title: str, lines: Iterable[str]) -> list[str]:
    told = list(lines)
    return [f"  {title}", *(f"    {line}" for line in told)] if told else []


def _act(value: Act) -> str:
    by = clean(value.by or "not on record")
    named = value.person if value.person and not value.person.startswith("arn:") else ""
    person = f" ({clean(named)})" if named else ""
    execution = f" in pipeline execution {clean(value.execution)}" if value.execution else ""
    return f"{value.act} {moment(value.at)} by {by}{person}{execution}"


def _targets(value: Dossier) -> Iterator[str]:
    for each in value.targets:
        failed = f"; failed: {clean(each.failed)}" if each.failed else ""
        before = short_version(each.before, beside=value.version)
        yield f"{each.account} {each.pointer} named {before}{failed}"


def _gates(value: Dossier) -> Iterator[str]:
    yield from map(_gate, value.gates)
    for each in value.judged:
        beside = "" if each.against is None else f", beside {short_version(each.against)}"
        shown = "" if each.evidence is None else f"; SHA-256 of the answers: {each.evidence}"
        yield f"{each.gate.gate} was judged {moment(each.at)}{beside}{shown}"


def _gate(value: GateResult) -> str:
    word = "" if value.verdict is Verdict.PASS else f" ({value.verdict.value})"
    lifts = "" if value.override is None else f"; {clean(told(value.override))}"
    return f"{value.gate}{word}: {clean(value.measured)}; required {clean(value.required)}{lifts}"


def _verifications(value: Dossier) -> Iterator[str]:
    for each in value.verifications:
        accuracy = "" if each.accuracy is None else f", accuracy {each.accuracy:.1%}"
        word = "passed" if each.passed else "failed"
        yield f"{word} {moment(each.at)} in {', '.join(each.accounts)}{accuracy}"


def _policies(value: Dossier) -> Iterator[str]:
    for each in value.policies:
        change = f"{_short(each.before)} -> {_short(each.after)}"
        yield f"{short_resource(each.role)} {each.policy}: {change}"


def _short(digest: str | None) -> str:
    return "none" if digest is None else digest[:_DIGITS]


def _steps(value: Dossier) -> Iterator[str]:
    for each in value.steps:
        took = "did not end well" if each.seconds is None else duration(each.seconds)
        detail = f": {clean(each.detail)}" if each.detail else ""
        yield f"{each.began:%H:%M:%S}  {each.step} {clean(short_version(each.of))}  {took}{detail}"


def _cost(value: Expense) -> Iterator[str]:
    rates = (value.before, value.during, value.after)
    yield " -> ".join(f"{dollars(each)}/h" for each in rates)
    if value.overlap is not None and value.hours is not None:
        took = duration(value.hours * 3600)
        yield f"at most {dollars(value.overlap)} for both versions at once, in {took}"


def _records(value: Dossier) -> Iterator[str]:
    yield f"numbers {', '.join(map(str, value.records))}; the last has the digest {value.link}"
    if value.seal is not None:
        yield f"signed {moment(value.seal.at)} by {clean(value.seal.key)}"
