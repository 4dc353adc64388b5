"""Whether a plan file rests on every fact that a planner notes: see `promote.core.fitting`.

A fact that is left out, or that accepts more, is a change that nobody would be told of.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from promote.core.facts import NONE
from promote.core.observation import Json
from promote.core.plan import Fact, Grant, Plan, Revoke, Stop
from promote.core.topology import Target
from promote.core.version import Status
from promote.iam.document import digest

_STATUSES = frozenset(each.value for each in Status if each.usable)


def wrong_facts(plan: Plan, targets: Iterable[Target]) -> Iterator[str]:
    """Yield every fact that is not there once, or that accepts what the plan does not lead to.

    What the pointers named is held elsewhere.

    Args:
        plan: A plan, perhaps from a file.
        targets: Those of promote.yaml.
    """
    request = plan.request
    yield from _wrong(plan, "configuration", f"{request.model}/{request.environment}", ())
    for role, policy in dict.fromkeys((each.access_role, each.policy_name) for each in targets):
        steps = [s for s in plan.steps if isinstance(s, Grant | Revoke) and s.role == role]
        written = [_digest(step.after) for step in steps]
        yield from _wrong(plan, "policy", f"{role} {policy}", written)
        removed = [name for s in steps if isinstance(s, Revoke) for name in s.remove]
        found = _one(plan, "other-policies", f"{role} {policy}")
        if found is None or found.accepts[:1] != (found.was,):
            yield f"no fact of the plan holds the other policies of {role}"
        elif len(found.accepts) != 1 + len(removed):
            yield f"its fact of the other policies of {role} accepts more than what it removes"
    stopped = [step.version for step in plan.steps if isinstance(step, Stop)]
    for version in dict.fromkeys((request.version, *stopped)):
        yield from _wrong(plan, "status", version, _STATUSES)


def _wrong(plan: Plan, kind: str, subject: str, more: Collection[str]) -> Iterator[str]:
    found = _one(plan, kind, subject)
    if found is None:
        yield f"no fact of the plan holds the {kind} of {subject}"
    elif more_than := set(found.accepts) - {found.was, *more}:
        yield f"its fact of the {kind} of {subject} accepts {', '.join(sorted(more_than))}"


def _one(plan: Plan, kind: str, subject: str) -> Fact | None:
    found = [each for each in plan.facts if (each.fact, each.subject) == (kind, subject)]
    return found[0] if len(found) == 1 else None


def _digest(document: Json | None) -> str:
    return NONE if document is None else digest(document)
