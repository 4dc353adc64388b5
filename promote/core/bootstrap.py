"""Decide what deploying a stack takes: its template, the state that it is in, what it would change.

A template that is deployed carries its own digest among the stack's outputs, so that one look at a
stack tells whether it is up to date.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from promote.core.observation import Json

DIGEST: Final = "TemplateDigest"
"""The output that holds the digest of the template."""
CAPABILITIES: Final = ("CAPABILITY_NAMED_IAM",)
"""What the stacks need: they make roles with names of their own."""
BODY_LIMIT: Final = 51_200
"""Bytes of a template that is sent along; a larger one has to lie in a bucket. CloudFormation user
guide, "Understand CloudFormation quotas"."""
URL_LIMIT: Final = 1_048_576
"""Bytes of any template."""


class Phase(enum.Enum):
    """What a stack is for; stacks of one phase are deployed side by side, phases one by one."""

    FOUNDATION = "foundation"
    ML_ACCOUNT = "ml-account"
    TARGETS = "targets"
    PIPELINE = "pipeline"


@dataclass(frozen=True)
class Stack:
    """A stack as it is wanted.

    Attributes:
        name: Of the stack.
        phase: What it is for.
        account: Where it belongs.
        source: The rendered template.
        only_without: A parameter to be ``false`` where a bucket of a name is there already, and
            the name: of ``(parameter, bucket)``.
    """

    name: str
    phase: Phase
    account: str
    source: Json
    only_without: tuple[str, str] | None = None

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the template, without the output that holds it."""
        return hashlib.sha256(_canonical(self.source).encode()).hexdigest()

    @cached_property
    def template(self) -> str:
        """The template as it is deployed: canonical JSON, its digest among the outputs."""
        outputs = self.source.get("Outputs")
        known = dict(outputs) if isinstance(outputs, Mapping) else {}
        described = "SHA-256 of this template without this output, by which promote knows it"
        known[DIGEST] = {"Description": described, "Value": self.digest}
        return _canonical({**self.source, "Outputs": known})

    @property
    def parameters(self) -> frozenset[str]:
        """Return the names of its parameters."""
        declared = self.source.get("Parameters")
        return frozenset(declared) if isinstance(declared, Mapping) else frozenset()

    @property
    def is_large(self) -> bool:
        """Say whether the template has to lie in a bucket."""
        return len(self.template.encode()) > BODY_LIMIT

    def __hash__(self) -> int:
        """Tell stacks apart by name and account."""
        return hash((self.name, self.account))

    def __str__(self) -> str:
        """Name it where somebody looks for it."""
        return f"{self.name} in {self.account}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StackState:
    """A stack as it is."""

    id: str
    status: str
    reason: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str | None:
        """Return the digest of its template, if promote deployed it."""
        return self.outputs.get(DIGEST)


class Approach(enum.Enum):
    """What a state of a stack lets one do."""

    CREATE = "create"
    UPDATE = "update"
    RECREATE = "recreate"
    WAIT = "wait"
    STUCK = "stuck"


_STUCK: Final = frozenset({"UPDATE_ROLLBACK_FAILED", "IMPORT_ROLLBACK_FAILED"})
_NEVER_WAS: Final = frozenset(
    {"CREATE_FAILED", "DELETE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}
)


def approach(state: StackState | None) -> Approach:
    """Say what can be done to a stack: CloudFormation user guide, "Stack status codes".

    One that failed to be created can only be deleted; one in review was never executed.
    """
    if state is None or state.status in {"REVIEW_IN_PROGRESS", "DELETE_COMPLETE"}:
        return Approach.CREATE
    if state.status.endswith("_IN_PROGRESS"):
        return Approach.WAIT
    if state.status in _STUCK:
        return Approach.STUCK
    return Approach.RECREATE if state.status in _NEVER_WAS else Approach.UPDATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to one resource."""

    action: str
    """``Add``, ``Modify`` or ``Remove``."""
    logical: str
    type: str
    physical: str = ""
    replacement: str = "False"
    """``True``, ``False`` or ``Conditional``."""
    retained: bool = False
    """Whether one that is removed is left where it is."""
    properties: tuple[str, ...] = ()
    """The names of the properties that change."""
    before: Json = field(default_factory=dict)
    after: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StackPlan:
    """What is to be done to one stack."""

    stack: Stack
    approach: Approach
    state: StackState | None
    changes: tuple[Change, ...] = ()
    change_set: str | None = None
    """The change set that waits to be executed, of an update."""
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def idle(self) -> bool:
        """Say whether there is nothing to do."""
        return self.approach is Approach.UPDATE and self.change_set is None


def additions(stack: Stack, parameters: Mapping[str, str]) -> tuple[Change, ...]:
    """Return what creating a stack makes, as far as its template and parameters tell."""
    resources = stack.source.get("Resources")
    if not isinstance(resources, Mapping):
        return ()
    holds = _Conditions(stack.source, parameters).holds
    return tuple(
        Change(
            action="Add",
            logical=name,
            type=str(each.get("Type", "")),
            after=each.get("Properties", {}),
        )
        for name, each in sorted(resources.items())
        if holds(each.get("Condition"))
    )


class _Conditions:
    """Works out the conditions of a template, which compare parameters with texts."""

    def __init__(self, template: Json, parameters: Mapping[str, str]) -> None:
        conditions, declared = template.get("Conditions"), template.get("Parameters")
        self._conditions = conditions if isinstance(conditions, Mapping) else {}
        self._declared = declared if isinstance(declared, Mapping) else {}
        self._given = parameters

    def holds(self, name: object) -> bool:
        """Say whether a condition holds; one that cannot be worked out does, to be shown."""
        return name is None or bool(self._value(self._conditions.get(name, True)))

    def _value(self, value: object) -> object:
        if not isinstance(value, Mapping) or len(value) != 1:
            return value
        ((function, argument),) = value.items()
        if function == "Ref":
            default = self._declared.get(argument, {}).get("Default", argument)
            return self._given.get(argument, str(default))
        if function == "Condition":
            return self.holds(argument)
        parts = [self._value(each) for each in argument] if isinstance(argument, list) else []
        match function:
            case "Fn::Equals":
                return str(parts[0]) == str(parts[1])
            case "Fn::Not":
                return not parts[0]
            case "Fn::And":
                return all(parts)
            case "Fn::Or":
                return any(parts)
        return True


def _canonical(document: object) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
