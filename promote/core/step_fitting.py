"""What one step of a plan file says beside what it may say, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from promote.core.plan import Bake, Drain, Grant, Prove, Revoke, Start, Step, Stop, Switch

Allowed = Mapping[str, Collection[object]]
"""What each field of a step may be."""


def unlike(step: Step, allowed: Allowed) -> Iterator[str]:
    """Yield every field of a step that is not what it may be."""
    for name, values in allowed.items():
        value = getattr(step, name)
        if value not in values:
            expected = " or ".join(map(shown, values)) or "what an earlier promotion has on record"
            yield f"its {name} is {shown(value)}, expected {expected}"


def subject(step: Step) -> str:
    """Return what a step is about; no plan does the same to it twice."""
    match step:
        case Start() | Stop():
            return step.version
        case Grant() | Revoke():
            return step.role
        case Prove() | Switch():
            return step.account
        case Drain():
            return step.environment
        case Bake():
            return f"wave {step.wave}"


def shown(value: object) -> str:
    """Write the value of a field."""
    if isinstance(value, tuple):
        return ", ".join(map(shown, value)) or "none"
    return "none" if value is None else str(value)
