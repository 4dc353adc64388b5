"""A run of the command line whose library is a double, so that no test of parsing touches AWS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from promote.cli.run import Run
from promote.cli.screen import Screen
from promote.cli.settings import Settings
from promote.core.events import Event, Waiting
from promote.core.gates import GateResult, Moment, Verdict
from promote.core.plan import Cost, Made, Plan, PlannedTarget, Request, Start
from promote.core.record import VerificationDone
from promote.core.result import Outcome, Result
from promote.core.status import Finding

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
V2 = "arn:aws:rekognition:us-east-1:222222222222:project/tools-detector/version/v2/1690000000000"

START = Start(environment="qa", version=V2, min_units=1, max_units=None, deadline=1800.0)
PLAN = Plan(
    made=Made(at=NOON, tool="promote 0.1.0"),
    request=Request(
        model="tools",
        version=V2,
        environment="qa",
        requested_by="arn:aws:iam::111111111111:role/build",
    ),
    targets=(
        PlannedTarget(
            account="333333333333",
            pointer="/models/tools/version-arn",
            role="arn:aws:iam::222222222222:role/tools-qa",
            before=None,
        ),
    ),
    gates=(),
    facts=(),
    steps=(START,),
    cost=Cost(before=0.0, during=4.0, after=4.0),
    changes=1,
)
NOTHING_TO_DO = replace(PLAN, steps=(), changes=0)


def plan_with(**changes: Any) -> Plan:
    """Make a plan that differs from `PLAN`."""
    return replace(PLAN, **changes)


def a_gate(verdict: Verdict, gate: str = "verified") -> GateResult:
    """Make a gate's judgement."""
    return GateResult(
        gate=gate,
        moment=Moment.EVIDENCE,
        verdict=verdict,
        measured="never verified there",
        required="a passed verification in qa",
    )


def a_result(outcome: Outcome = Outcome.PROMOTED) -> Result:
    """Make the end of a promotion."""
    return Result(result=outcome, promotion="p1", environment="qa", version=V2, previous=None)


def a_verification(*, passed: bool) -> VerificationDone:
    """Make a verification."""
    return VerificationDone(
        at=NOON,
        by="arn:aws:iam::111111111111:role/build",
        version=V2,
        environment="qa",
        passed=passed,
        accounts=("333333333333",),
        accuracy=1.0 if passed else 0.5,
    )


def waiting(*, seconds: float = 0.0, status: str = "STARTING", what: str = "v2") -> Waiting:
    """Make one look at the world, `seconds` after noon."""
    return Waiting(
        at=NOON + timedelta(seconds=seconds),
        what=what,
        status=status,
        elapsed=seconds,
        deadline=1800.0,
    )


class FakePromoter:
    """Answers each method with what a test put there; an error is raised."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.events: tuple[Event, ...] = ()
        self.on_event: Callable[[Event], None] | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self.answers:
            raise AttributeError(name)

        def method(*arguments: Any, **options: Any) -> Any:
            self.calls.append((name, arguments, options))
            for event in self.events:
                if self.on_event is not None:
                    self.on_event(event)
            answer = self.answers[name]
            if isinstance(answer, BaseException):
                raise answer
            return answer

        return method


class FakeScreen(Screen):
    """A screen with or without a person before it, who gives one answer."""

    def __init__(self, settings: Settings, answer: str | None) -> None:
        super().__init__(settings)
        self.answer = answer
        self.asked: list[str] = []

    @property
    def interactive(self) -> bool:
        return self.answer is not None

    def ask(self, question: str) -> str:
        self.asked.append(question)
        return self.answer or ""


class FakeRun(Run):
    """A run that is given its library, and a person to ask when `answer` is not None."""

    def __init__(
        self, *arguments: str, promoter: FakePromoter | None = None, answer: str | None = None
    ) -> None:
        super().__init__(arguments)
        self.fake = promoter or FakePromoter()
        self.fake_screen = self.screen = FakeScreen(self.settings, answer)

    def promoter(self, on_event: Callable[[Event], None] | None = None) -> Any:
        self.fake.on_event = on_event
        return self.fake

    def stack_findings(self) -> tuple[Finding, ...]:
        return ()
