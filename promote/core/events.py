"""What happens while a promotion runs, as typed values: text, JSON and JUnit are views of these."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from promote.core.gates.result import GateResult
from promote.core.guardrails.steps import GuardrailStep
from promote.core.plan import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityShown:
    """Who is about to write; comes before the first write."""

    event: Literal["identity"] = "identity"
    at: datetime
    caller: str
    account: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionBegun:
    """A promotion took the lock and goes to work."""

    event: Literal["promotion"] = "promotion"
    at: datetime
    promotion: str
    resumed: bool
    steps: int
    """How many steps are left to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A step begins."""

    event: Literal["step-started"] = "step-started"
    at: datetime
    number: int
    """Counting from 1, among the steps that are left."""
    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone:
    """A step ended well."""

    event: Literal["step-done"] = "step-done"
    at: datetime
    number: int
    step: Step
    detail: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A wait goes on; one such event for each look at the world."""

    event: Literal["waiting"] = "waiting"
    at: datetime
    what: str
    status: str
    elapsed: float
    deadline: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeTested:
    """The images were classified through one target's role."""

    event: Literal["smoke-tested"] = "smoke-tested"
    at: datetime
    environment: str
    account: str
    version: str
    correct: int
    images: int
    accuracy: float
    required: float
    wrong: tuple[str, ...]
    """Each wrong answer: ``image: expected hammer, got wrench (71%)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenJudged:
    """The gate `golden` was judged by the answers of the new and a running version."""

    event: Literal["golden-judged"] = "golden-judged"
    at: datetime
    environment: str
    account: str
    """The account of the target through which they were asked."""
    version: str
    against: str | None
    """The ARN of the running version; None when there was none to compare with."""
    gate: GateResult


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingBack:
    """The promotion turns back."""

    event: Literal["rolling-back"] = "rolling-back"
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """Something that a person should know, and that stops nothing."""

    event: Literal["warning"] = "warning"
    at: datetime
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardrailChanged:
    """A step of rolling out guardrails is done."""

    event: Literal["guardrail"] = "guardrail"
    at: datetime
    number: int
    """Counting from 1."""
    steps: int
    step: GuardrailStep


@dataclass(frozen=True, slots=True, kw_only=True)
class StackDeployed:
    """A stack of CloudFormation is as wanted."""

    event: Literal["stack"] = "stack"
    at: datetime
    stack: str
    account: str
    done: str
    """What was done to it: ``created`` or ``updated``."""
    seconds: float


Event = (
    IdentityShown
    | PromotionBegun
    | StepStarted
    | StepDone
    | Waiting
    | SmokeTested
    | GoldenJudged
    | RollingBack
    | Warned
    | GuardrailChanged
    | StackDeployed
)
