"""What helps with a gate that refuses: for each kind its own way, and the command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from promote.arn import short_version
from promote.core import asked
from promote.core.gates import GateResult, Verdict
from promote.core.gates.override import STANDING
from promote.core.plan import Request

_SCORES = ("f1", "precision", "recall", "label_f1")
_LIMITS = {"cost": "cost", "quota": "quota.unit_hours"}


def to_pass(failing: Iterable[GateResult], request: Request, after: Iterable[str]) -> str:
    """Return what lets gates pass, each way once.

    Args:
        failing: The gates that refuse.
        request: What was asked for.
        after: The environments in which the version must have been verified.
    """
    refusing = tuple(failing)
    gates = {each.gate for each in refusing}
    ways = (
        *_of_the_version(refusing, request),
        *_ways(gates, request, tuple(after)),
        *_lifting(gates, request),
    )
    return "\n".join(ways)


def _of_the_version(refusing: tuple[GateResult, ...], request: Request) -> Iterator[str]:
    """Say what helps a version that falls short, and what helps where that could not be told."""
    place = request.environment
    failed = dict.fromkeys(each.gate for each in refusing if each.verdict is Verdict.FAIL)
    unclear = {each.gate for each in refusing if each.verdict is Verdict.INCONCLUSIVE}
    if keys := " and ".join(f"gates.{gate}" for gate in failed if gate in _SCORES):
        yield f"Promote a version that was trained better, or lower {keys} of {place}."
    if "labels" in failed:
        yield (
            "Let the applications learn the new labels and declare them, and forget the lost ones "
            f"(models.{request.model}.labels), or train a version with the labels that they know."
        )
    if unclear & {*_SCORES, "labels", "alarm"}:
        yield "To see what cannot be read, and what it takes:\n    promote doctor"


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
    if "alarm" in gates:
        yield (
            "Find out why in the account named above, and come back when every alarm is OK:\n"
            f"    aws cloudwatch describe-alarms --alarm-names NAME\n    {again}"
        )
    if "soak" in gates:
        yield "Let it soak: it begins anew with a verification that fails."
    if "approval" in gates:
        yield (
            "Let people approve this very plan who did not ask for it, and whoever rejected it; "
            "then apply it:\n"
            "    promote approve plan.json\n    promote apply plan.json"
        )
    if gates & {"soak", "window", "freeze"}:
        yield f"Come back at the time named above; a rollback never waits for it:\n    {again}"


def _lifting(gates: set[str], request: Request) -> Iterator[str]:
    """Say how a hotfix lifts what refuses, or is to lift again what has expired."""
    if gates & {each.gate for each in request.overrides}:
        yield f"To lift it again, make the plan anew:\n    {asked.plan(request)} --out plan.json"
    elif gates and not gates & STANDING.keys():
        yield (
            "A hotfix that cannot wait may lift what refuses it, once and on record:\n"
            f"    {asked.once_more(request, gates)}"
        )
