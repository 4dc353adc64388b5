"""What follows from how something was asked for: a promotion, or a rollback to a version before.

A rollback is a promotion that no gate and no accuracy stops: all targets at once, no golden images
before the switch, no wave, no bake, no gate, nothing counted that fails. Its environment says so,
so that whatever plans, checks and carries out promotions need not know.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from promote.arn import short_version
from promote.core.gates.override import liftable
from promote.core.gates.requirements import Requirements
from promote.core.plan import Request
from promote.core.topology import Environment, Topology


def environment_of(topology: Topology, request: Request) -> Environment:
    """Return the environment that is asked for, as it counts for this request.

    Raises:
        NotFoundError: promote.yaml has no such environment.
    """
    environment = topology.environment(request.environment)
    if not request.rollback:
        return environment
    return replace(
        environment,
        after=(),
        waves=(),
        bake=timedelta(0),
        max_failures=0,
        smoke=replace(environment.smoke, images=None),
        gates=Requirements(),
    )


def requesters(request: Request) -> tuple[str, ...]:
    """Return the ARNs of everybody who asked, so that their own approval does not count."""
    return (request.requested_by,)


def still_liftable(request: Request, topology: Topology) -> Request:
    """Return a request without what it lifts of gates that its environment has no more."""
    there = liftable(topology.environment(request.environment))
    kept = tuple(each for each in request.overrides if each.gate in there)
    return replace(request, overrides=kept)


def once_more(request: Request, lift: Iterable[str] = ()) -> str:
    """Return the command that asks for the same again, and to `lift` gates, too."""
    version = short_version(request.version)
    if request.rollback:
        return rollback(request.model, request.version, request.environment)
    options = _lifting(request, lift)
    return f"promote release {request.model} {version} --to {request.environment}{options}"


def rollback(model: str, version: str, environment: str) -> str:
    """Return the command that goes back to a version (name or ARN); empty is the one before."""
    name = f" {short_version(version)}" if version else ""
    return f"promote rollback {model}{name} --environment {environment}"


def plan(request: Request) -> str:
    """Return the command that shows a plan of the same."""
    if request.rollback:
        return f"{once_more(request)} --out plan.json"
    version = short_version(request.version)
    options = _lifting(request, ())
    return f"promote plan {request.model} {version} --to {request.environment}{options}"


def _lifting(request: Request, more: Iterable[str]) -> str:
    """Return the options that lift what a request lifts, and more, for the same reason.

    Without a reason nothing is lifted, and what is held is refused.
    """
    gates = sorted({*(each.gate for each in request.overrides), *more})
    reason = " ".join((request.reason or "").split())
    overrides = "".join(f" --override {gate}" for gate in gates)
    if reason:
        return f"{overrides} --reason {shlex.quote(reason)}"
    return f"{overrides} --reason TEXT" if gates else ""
