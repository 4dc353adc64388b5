"""A promotion or a verification as JUnit XML, for the test reports of build servers.

A test case for each step, for each account's smoke test, for each image that was answered wrongly,
for each judgement of the golden images and, as skipped, for each gate that is lifted. Elements and
attributes are those of the schema that build servers have in common: testsuites, testsuite,
testcase, failure, skipped, system-out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree as ET

from promote.core.events import Event, GoldenJudged, SmokeTested, StepDone, StepStarted
from promote.core.gates.override import told
from promote.core.plan import Plan
from promote.core.record import VerificationDone
from promote.core.result import Outcome, Result
from promote.errors import PromoteError
from promote.report import ending
from promote.report.layout import clean, rfc3339, short_version
from promote.report.steps import title, words
from promote.report.telling import sentence

_FINE = {Outcome.PROMOTED, Outcome.UNCHANGED, Outcome.UNDER_WAY}
_BACK = {Outcome.ROLLED_BACK, Outcome.FAILED}
# XML 1.0, "Characters": what lies outside these ranges cannot be written, not even escaped.
_NO_CHARACTER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    suite: str
    name: str
    seconds: float = 0.0
    failure: str | None = None
    """The first line is the message; None when the case passed."""
    kind: str = ""
    """The type of the failure."""
    output: str = ""
    skipped: str = ""
    """Why it neither passed nor failed."""


def promotion(
    plan: Plan, events: Iterable[Event], end: Result | PromoteError, *, back: bool = False
) -> str:
    """Report a promotion: its steps, its smoke tests, and how it ended.

    Args:
        plan: Its plan.
        events: What was told of it.
        end: How it ended.
        back: Whether it was to be put back, so that this is no failure.
    """
    events = tuple(events)
    request = plan.request
    suite = f"promote.{request.model}.{request.environment}"
    cases = [*_lifted(plan, suite, events), *_steps(events, suite, end)]
    cases += [*_smoke_tests(events, suite), *_golden(events, suite)]
    cases.append(_end(suite, end, _BACK if back else _FINE))
    name = title(plan)
    return _document(name, cases, _began(events, plan.made.at))


def verification(done: VerificationDone, events: Iterable[Event]) -> str:
    """Report a verification: the smoke test of every account, and the verdict."""
    events = tuple(events)
    suite = f"promote.{done.environment}"
    text = ending.verification(done)
    verdict = _Case(
        suite=suite,
        name=f"verification of {short_version(done.version)}",
        failure=None if done.passed else text,
        kind="VerificationFailed",
        output=text if done.passed else "",
    )
    name = f"verify {short_version(done.version)} in {done.environment}"
    return _document(name, [*_smoke_tests(events, suite), verdict], _began(events, done.at))


def _lifted(plan: Plan, suite: str, events: tuple[Event, ...]) -> Iterator[_Case]:
    judged = {event.gate.gate for event in events if isinstance(event, GoldenJudged)}
    for gate in plan.gates:
        if gate.override is not None and gate.gate not in judged:
            yield _Case(
                suite=suite,
                name=f"gate {gate.gate}",
                skipped=told(gate.override),
                output=f"{gate.verdict.value}: {gate.measured}; required: {gate.required}",
            )


def _steps(events: tuple[Event, ...], suite: str, end: Result | PromoteError) -> Iterator[_Case]:
    done = {event.number: event for event in events if isinstance(event, StepDone)}
    for event in events:
        if not isinstance(event, StepStarted):
            continue
        finished = done.get(event.number)
        yield _Case(
            suite=suite,
            name=f"step {event.number} {event.step.step}: {words(event.step)}",
            seconds=0.0 if finished is None else finished.seconds,
            failure=None if finished is not None else _reason(end),
            kind=_kind(end),
            output="" if finished is None else finished.detail,
        )


def _smoke_tests(events: tuple[Event, ...], suite: str) -> Iterator[_Case]:
    for event in events:
        if not isinstance(event, SmokeTested):
            continue
        passed = event.accuracy >= event.required
        name = f"smoke test {event.environment}/{event.account}"
        text = sentence(event)
        yield _Case(
            suite=suite,
            name=name,
            failure=None if passed else text,
            kind="SmokeTestFailed",
            output=text if passed else "",
        )
        for wrong in event.wrong:
            # Within the accuracy that is asked for a wrong answer is told, but is no failure.
            yield _Case(
                suite=suite,
                name=f"{name}: {wrong.partition(':')[0]}",
                failure=None if passed else wrong,
                kind="WrongAnswer",
                output=f"tolerated: {wrong}" if passed else "",
            )


def _golden(events: tuple[Event, ...], suite: str) -> Iterator[_Case]:
    for event in events:
        if isinstance(event, GoldenJudged):
            gate, text = event.gate, sentence(event)
            lifts = gate.override if gate.lifted else None
            beside = "" if event.against is None else f" beside {short_version(event.against)}"
            yield _Case(
                suite=suite,
                name=f"gate {gate.gate}{beside}",
                failure=text if gate.refuses else None,
                kind="GateRefused",
                skipped=told(lifts) if lifts else "",
                output="" if gate.refuses else text,
            )


def _end(suite: str, end: Result | PromoteError, wanted: Collection[Outcome]) -> _Case:
    fine = isinstance(end, Result) and end.result in wanted
    return _Case(
        suite=suite,
        name="promotion",
        seconds=end.seconds if isinstance(end, Result) else 0.0,
        failure=None if fine else _reason(end),
        kind=_kind(end),
        output=_reason(end) if fine else "",
    )


def _reason(end: Result | PromoteError) -> str:
    return ending.result(end) if isinstance(end, Result) else ending.error(end)


def _kind(end: Result | PromoteError) -> str:
    return end.result.value if isinstance(end, Result) else type(end).__name__


def _began(events: tuple[Event, ...], otherwise: datetime) -> str:
    # The schema takes no time zone; readers assume UTC or show it as it is.
    return rfc3339(events[0].at if events else otherwise).removesuffix("Z")


def _document(name: str, cases: list[_Case], timestamp: str) -> str:
    totals = {
        "name": clean(name),
        "tests": str(len(cases)),
        "failures": str(sum(case.failure is not None for case in cases)),
        "errors": "0",
        "time": _seconds(sum(case.seconds for case in cases if case.name != "promotion")),
    }
    root = ET.Element("testsuites", totals)
    skipped = str(sum(bool(case.skipped) for case in cases))
    suite = ET.SubElement(root, "testsuite", {**totals, "skipped": skipped, "timestamp": timestamp})
    for case in cases:
        _add(suite, case)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _add(suite: ET.Element, case: _Case) -> None:
    attributes = {
        "classname": clean(case.suite),
        "name": clean(case.name),
        "time": _seconds(case.seconds),
    }
    element = ET.SubElement(suite, "testcase", attributes)
    if case.failure is not None:
        text = case.failure.strip()
        message = clean(text.partition("\n")[0])
        failure = ET.SubElement(element, "failure", {"message": message, "type": case.kind})
        failure.text = _NO_CHARACTER.sub(" ", text)
    if case.skipped:
        ET.SubElement(element, "skipped", {"message": clean(case.skipped)})
    if case.output:
        output = ET.SubElement(element, "system-out")
        output.text = _NO_CHARACTER.sub(" ", case.output.strip())


def _seconds(value: float) -> str:
    return f"{value:.3f}"
