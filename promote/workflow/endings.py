"""How a promotion can end other than well: the errors, with what was found and what helps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from promote.arn import short_version
from promote.core import asked
from promote.core.facts import Changed
from promote.core.gates import GateResult
from promote.core.gates.wording import moment
from promote.core.membership import joiners, leavers
from promote.core.plan import Plan, Request, Stop
from promote.core.remedies import to_pass
from promote.core.result import Result
from promote.core.topology import Environment, Topology
from promote.errors import (
    CredentialsError,
    FailedError,
    InterruptedBySignalError,
    LockedError,
    NeedsAttentionError,
    PlanFileError,
    PromoteError,
    RefusedError,
    StalePlanError,
    TryAgainError,
)

RESUMABLE = (
    TryAgainError,
    InterruptedBySignalError,
    LockedError,
    NeedsAttentionError,
    CredentialsError,
)
"""Ends after which the same command, or the one that the error names, goes on.

Without credentials nothing can be put back, either, and what was done is no worse for the wait.
"""


def too_late(plan: Plan) -> RefusedError:
    """Say that a promotion is too far to be put back."""
    request = plan.request
    return RefusedError(
        "Too late to abort",
        f"{short_version(request.version)} is live in {request.environment}, and the version "
        "before it is revoked or stopped already, so that no pointer may name it.",
        "Finish it, then go back to another version:\n"
        f"    promote resume {request.model}\n"
        f"    {asked.rollback(request.model, 'VERSION', request.environment)}",
    )


def applied_before(plan: Plan, ended: Result) -> StalePlanError:
    """Say that the plan has ended and the world has moved on."""
    return StalePlanError(
        "The plan was applied before",
        f"It ended as {ended.result.value} ({ended.promotion}), and the world is not what it "
        "leads to.",
        _plan_again(plan),
    )


def stale(
    plan: Plan, changed: tuple[Changed, ...], topology: Topology, *, begun: bool
) -> StalePlanError:
    """Name every fact that the plan rests on and that has changed, and who joined or left."""
    request = asked.still_liftable(plan.request, topology)
    back = f"promote abort {request.model} --environment {request.environment}"
    lines = [
        f"  {each.fact.fact} {each.fact.subject}\n    was {each.fact.was}\n    is  {each.now}"
        for each in changed
    ]
    lines += [f"  {each} has joined {plan.request.environment}" for each in joiners(plan, topology)]
    lines += [f"  {each} has left it, or is not as it was" for each in leavers(plan, topology)]
    return StalePlanError(
        "The plan is stale",
        "What it rests on has changed since it was made:\n" + "\n".join(lines),
        _plan_again(replace(plan, request=request))
        + (f"\nTo put back what was begun:\n    {back}" if begun else ""),
    )


def refuse_leavers(plan: Plan, topology: Topology) -> None:
    """Refuse to go on with an unfinished promotion, either way, that would forget a target.

    Raises:
        NeedsAttentionError: Names the accounts that promote.yaml does not list any more, or with
            another pointer or access role.
    """
    gone = leavers(plan, topology)
    if not gone:
        return
    request = plan.request
    raise NeedsAttentionError(
        "A target of the unfinished promotion has left promote.yaml",
        f"The promotion of {short_version(request.version)} to {request.environment} may have "
        f"switched the pointer of {', '.join(gone)}; with this promote.yaml it would be left "
        "half way. Nothing was written.",
        "List the account as before, with the same pointer and access role, until the promotion "
        "has ended; then take it out. To finish the promotion, or to put it back:\n"
        f"    promote resume {request.model}\n"
        f"    promote abort {request.model}",
    )


def unfitting(plan: Plan, misfits: tuple[str, ...]) -> PlanFileError:
    """Say that a plan is none that this promote.yaml leads to, with everything that shows it."""
    return PlanFileError(
        "The plan does not fit promote.yaml",
        "Its digest is right, but no plan that promote makes from this promote.yaml says so; "
        "nothing was changed:\n" + "\n".join(f"  {each}" for each in misfits),
        f"Find out who changed the file, then make the plan again:\n    {asked.plan(plan.request)}",
    )


def refuse_unless_passed(
    gates: tuple[GateResult, ...], plan: Plan, environment: Environment
) -> None:
    """Refuse when any gate does not pass, naming all that do not.

    Raises:
        RefusedError: See above.
    """
    failing = [gate for gate in gates if gate.refuses]
    if not failing:
        return
    request = plan.request
    lines = [f"  {gate.gate}  {_told(gate, request)}" for gate in failing]
    raise RefusedError(
        "Promotion refused",
        f"{len(failing)} of {len(gates)} gates refused {request.model}/"
        f"{short_version(request.version)} for {request.environment}:\n" + "\n".join(lines),
        to_pass(failing, request, environment.after),
    )


def _told(gate: GateResult, request: Request) -> str:
    """Write what a gate measured beside what it requires, and that its override has expired."""
    lapsed = (each.expires for each in request.overrides if each.gate == gate.gate)
    expired = "".join(f"; its override expired at {moment(each)}" for each in lapsed)
    return f"{gate.measured}; required: {gate.required}{expired}"


def golden_refused(plan: Plan, gates: tuple[GateResult, ...]) -> RefusedError:
    """Say how the golden images were answered, and that this does not do."""
    request = plan.request
    told = [f"  {gate.gate} {gate.verdict.value}  {_told(gate, request)}" for gate in gates]
    lines = [each.replace("; ", ";\n    ") for each in told]  # one thing that was asked on each
    return RefusedError(
        "The gate golden refused the version",
        f"By its answers to the golden images, {request.model}/{short_version(request.version)} "
        f"does not go live in {request.environment}:\n" + "\n".join(lines),
        "Look at the images that it lost: if they are at fault, mend them; if the model is, train "
        "a better version. What is inconclusive takes more images, or a running version that "
        "answers. To let it go live all the same, once, with these numbers on record:\n"
        f"    {asked.once_more(request, ('golden',))}",
    )


def put_back_before(plan: Plan, promotion: str, reason: str) -> FailedError:
    """Say that a promotion which an earlier run had turned back is back now."""
    request = plan.request
    return FailedError(
        "The promotion was put back",
        f"{promotion} had turned back: {reason}\n\nEverything is as before{but_for_room(plan)}.",
        f"To try again:\n    {asked.once_more(request)}",
    )


def but_for_room(plan: Plan) -> str:
    """Say what no undo brings back: the warm versions that a promotion gave up for its start."""
    gone = [short_version(s.version) for s in plan.steps if isinstance(s, Stop) and s.makes_room]
    made = f"what had made room for the start by then ({', '.join(gone)})"
    return f", but {made} stays stopped" if gone else ""


def stuck(plan: Plan, first: PromoteError, second: PromoteError) -> NeedsAttentionError:
    """Say that putting a promotion back failed, too."""
    return NeedsAttentionError(
        "The promotion could not be put back",
        f"{first.summary}. {first.detail}\n\nWhile putting it back: {second.summary}. "
        f"{second.detail}",
        f"Mend that, then go on putting it back:\n    promote resume {plan.request.model}",
    )


def left_over(plan: Plan, error: PromoteError) -> NeedsAttentionError:
    """Say that the version is live, but something after the switch failed."""
    request = plan.request
    return NeedsAttentionError(
        "The version is live, but the old one is not retired",
        f"Every pointer of {request.environment} names {short_version(request.version)}. "
        f"{error.summary}. {error.detail}",
        f"Mend that, then finish:\n    promote resume {request.model}",
    )


def half_way_back(plan: Plan, error: PromoteError) -> NeedsAttentionError:
    """Say that a rollback has switched pointers and stands: it never turns back by itself."""
    request = plan.request
    return NeedsAttentionError(
        "The rollback is not finished",
        f"Pointers of {request.environment} name {short_version(request.version)} again, and stay "
        f"so. {error.summary}. {error.detail}",
        f"Mend that, then finish:\n    promote resume {request.model}",
    )


def no_way_back(plan: Plan, error: PromoteError) -> RefusedError:
    """Say that a pipeline rolls a stage back to a version that nobody can go back to."""
    request = plan.request
    name = short_version(request.version)
    return RefusedError(
        "The stage cannot be rolled back",
        f"The execution takes {request.environment} back to {name}, and there is no way back to "
        f"it. {error.summary}. {error.detail}",
        "To go back to another version:\n"
        f"    {asked.rollback(request.model, 'VERSION', request.environment)}",
    )


def some_failed(plan: Plan, failed: Mapping[str, str]) -> NeedsAttentionError:
    """Say which targets failed, few enough for the rest to stay where it is.

    Args:
        plan: The plan.
        failed: Why, by account: measured beside required, or what went wrong.
    """
    request, count = plan.request, len(plan.targets)
    lines = "\n".join(f"  {request.environment}/{each}  {why}" for each, why in failed.items())
    version = short_version(request.version)
    return NeedsAttentionError(
        "The version is not live in every target",
        f"{count - len(failed)} of {count} targets of {request.environment} use {version}. These "
        f"failed their verification and were put back (max_failures is {plan.max_failures}):\n"
        f"{lines}\nNothing was drained, revoked or stopped.",
        "To try them again, and then retire what they all left:\n"
        f"    promote resume {request.model}\n"
        "To put every target back:\n"
        f"    promote abort {request.model}",
    )


@contextmanager
def resumable(plan: Plan) -> Iterator[None]:
    """Name the command that goes on when time or the promoter's own credentials have run out.

    Raises:
        PromoteError: What the body raised.
    """
    request = plan.request
    try:
        yield
    except TryAgainError as error:
        error.remedy += f"\nTo go on with this promotion:\n    promote resume {request.model}"
        raise
    except CredentialsError as error:
        error.detail += (
            f"\n\nThe promotion of {short_version(request.version)} to {request.environment} "
            "stands as it is: nothing was put back, and nothing else was written."
        )
        error.remedy = (
            "Renew the credentials; those that renew themselves (a role in a profile, SSO, a "
            "build's own role) outlive any wait. Then go on where it stopped:\n"
            f"    promote resume {request.model}"
        )
        raise


@contextmanager
def told_unless_recorded(plan: Plan, ended: Result) -> Iterator[None]:
    """Say that a promotion came to its end if the ledger, for good, does not take that in.

    Raises:
        NeedsAttentionError: See above.
    """
    try:
        yield
    except RESUMABLE:
        raise
    except PromoteError as error:
        raise NeedsAttentionError(
            "The end of the promotion is not on record",
            f"{ended.promotion} ended as {ended.result.value}; nothing else is left to do. "
            f"{error.summary}. {error.detail}",
            f"Mend that, then record it:\n    promote resume {plan.request.model}",
        ) from error


def _plan_again(plan: Plan) -> str:
    return f"Look at what changed, then plan again:\n    {asked.plan(plan.request)}"
