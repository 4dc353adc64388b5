"""What helps with a gate that refuses: for each kind its own way, and the command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from promote.arn import short_version
from promote.core import asked
from promote.core.gates import GateResult
from promote.core.plan import Request

_LIMITS = {"cost": "cost", "quota": "quota.unit_hours"}


def to_pass(failing: Iterable[GateResult], request: Request, after: Iterable[str]) -> str:
    """Return what lets gates pass, each way once.

    Args:
        failing: The gates that refuse.
        request: What was asked for.
        after: The environments in which the version must have been verified.
    """
    gates = {each.gate for each in failing}
    return "\n".join(_ways(gates, request, tuple(after)))


def _ways(gates: set[str], request: Request, after: tuple[str, ...]) -> Iterator[str]:
    again, place = asked.once_more(request), request.environment
    if "verified" in gates and after:
        version = short_version(request.version)
        lines = (f"\n    promote release {request.model} {version} --to {each}" for each in after)
        yield f"Promote it there first:{''.join(lines)}"
    if "held" in gates:
        yield f"To release it all the same, say why:\n    {again} --reason TEXT"
    if gates & _LIMITS.keys():
        keys = " and ".join(f"gates.{key}" for gate, key in _LIMITS.items() if gate in gates)
        yield (
            f"In promote.yaml, shorten bake, drain or keep_warm of {place}, or raise {keys}; then:"
            f"\n    {asked.plan(request)}"
        )
    if "soak" in gates:
        yield "Let it soak: it begins anew with a verification that fails."
    if "approval" in gates:
        yield (
            "Let people approve this very plan who did not ask for it, then apply it:\n"
            "    promote approve plan.json\n    promote apply plan.json"
        )
    if gates & {"soak", "window", "freeze"}:
        yield f"Come back at the time named above; a rollback never waits for it:\n    {again}"
