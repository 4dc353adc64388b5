"""A promotion or a verification as JUnit XML, for the test reports of build servers.

A test case for each step, for each account's smoke test and for each image that was answered
wrongly. Elements and attributes are those of the schema that build servers have in common:
testsuites, testsuite, testcase, failure, system-out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree as ET

from promote.core.events import Event, SmokeTested, StepDone, StepStarted
from promote.core.plan import Plan
from promote.core.record import VerificationDone
from promote.core.result import Outcome, Result
from promote.errors import PromoteError
from promote.report import ending
from promote.report.layout import clean, rfc3339, short_version
from promote.report.steps import title, words
from promote.report.telling import sentence

_FINE = {Outcome.PROMOTED, Outcome.UNCHANGED}
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


def promotion(plan: Plan, events: Iterable[Event], end: Result | PromoteError) -> str:
    """Report a promotion: its steps, its smoke tests, and how it ended."""
    events = tuple(events)
    request = plan.request
    suite = f"promote.{request.model}.{request.environment}"
    cases = [*_steps(events, suite, end), *_smoke_tests(events, suite)]
    cases.append(_end(suite, end))
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
        told = sentence(event)
        yield _Case(
            suite=suite,
            name=name,
            failure=None if passed else told,
            kind="SmokeTestFailed",
            output=told if passed else "",
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


def _end(suite: str, end: Result | PromoteError) -> _Case:
    fine = isinstance(end, Result) and end.result in _FINE
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
    suite = ET.SubElement(root, "testsuite", {**totals, "skipped": "0", "timestamp": timestamp})
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
    if case.output:
        output = ET.SubElement(element, "system-out")
        output.text = _NO_CHARACTER.sub(" ", case.output.strip())


def _seconds(value: float) -> str:
    return f"{value:.3f}"
