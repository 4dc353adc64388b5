"""Whether what a plan file says of itself is so: what it changes, and what its gates ask for.

People approve what they read, and what is read is the plan's own word: how many steps change
something (none, and nobody is asked), which gates stand in its way, and which of them are lifted.
What they measured is judged again when the plan is applied.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from promote.core.gates import Evidence, GateResult, Verdict, judge
from promote.core.gates.result import Moment
from promote.core.plan import Plan
from promote.core.planner import writes
from promote.core.record import LedgerState

if TYPE_CHECKING:
    from promote.core.topology import Environment

_SOMETIMES = "held"
"""The gate that is there only where the records have something to say."""
_OF_WHAT_IS_FOUND = "alarm"
"""The gate whose requirement names what was looked up, so that no two plans need say the same."""


def wrong_claims(plan: Plan, environment: Environment) -> Iterator[str]:
    """Yield everything that a plan says of itself and that no planner would.

    Args:
        plan: A plan, perhaps from a file.
        environment: Where to, as it counts for the plan's request.
    """
    count = sum(writes(step) for step in plan.steps)
    if plan.changes != count:
        yield f"it says that {plan.changes} of its steps change something; {count} do"
    asked = [_demand(each) for each in judge(environment, _nothing_known(plan))]
    stated = [_demand(each) for each in plan.gates if each.gate != _SOMETIMES]
    if stated != asked:
        shown = ", ".join(map(_told, stated)) or "none"
        yield f"its gates are {shown}; expected {', '.join(map(_told, asked)) or 'none'}"
    yield from (
        f"its gate {each.gate} {why}" for each in plan.gates if (why := _misjudged(each, plan))
    )


def _nothing_known(plan: Plan) -> Evidence:
    request = plan.request
    return Evidence(at=plan.made.at, version=request.version, ledger=LedgerState())


def _demand(gate: GateResult) -> tuple[str, Moment, str]:
    return gate.gate, gate.moment, "" if gate.gate == _OF_WHAT_IS_FOUND else gate.required


def _told(demand: tuple[str, Moment, str]) -> str:
    name, moment, required = demand
    return f"{name} ({moment.value}{f': {required}' if required else ''})"


def _misjudged(gate: GateResult, plan: Plan) -> str:
    """Say what no planner says of a gate before the plan is applied; nothing when all is well."""
    early = gate.moment is Moment.EVIDENCE
    if early is (gate.verdict is Verdict.PENDING):
        return f"is {gate.verdict.value}, although it is judged " + (
            "when the plan is made" if early else "later"
        )
    lifting = {each.gate: each for each in plan.request.overrides}
    expected = None if gate.verdict is Verdict.PASS else lifting.get(gate.gate)
    if gate.override != expected:
        return "is not lifted as the plan asks for it" if expected else "is lifted by nobody"
    return ""
