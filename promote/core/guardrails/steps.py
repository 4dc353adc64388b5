"""The steps that bring guardrails about, as data; whoever handles them matches on the union."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from promote.core.guardrails.organization import ControlType


@dataclass(frozen=True, slots=True, kw_only=True)
class EnableType:
    """Enable a type of policy, which attaches AWS's own policy that allows everything."""

    step: Literal["enable"] = "enable"
    type: ControlType
    root: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePolicy:
    """Create a policy, attached to nothing yet."""

    step: Literal["create"] = "create"
    type: ControlType
    name: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePolicy:
    """Replace what a policy says, at once in force wherever it is attached."""

    step: Literal["update"] = "update"
    type: ControlType
    name: str
    policy: str
    """Its id."""
    before: str
    """The content that the plan saw; anything else at the time of the write is refused."""
    content: str
    reaches: tuple[str, ...]
    """What it is attached to."""
    departures: tuple[str, ...]
    """How it departs from what is wanted, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachPolicy:
    """Attach a policy to the root, an organisational unit or an account."""

    step: Literal["attach"] = "attach"
    type: ControlType
    name: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DetachPolicy:
    """Detach a policy from where it is."""

    step: Literal["detach"] = "detach"
    type: ControlType
    name: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePolicy:
    """Delete a policy that nothing is attached to."""

    step: Literal["delete"] = "delete"
    type: ControlType
    name: str


GuardrailStep = (
    EnableType | CreatePolicy | UpdatePolicy | AttachPolicy | DetachPolicy | DeletePolicy
)
