"""How a promotion can end other than well: the errors, with what was found and what helps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from promote.arn import short_version
from promote.core.facts import Changed
from promote.core.gates import GateResult, Verdict
from promote.core.plan import Plan
from promote.core.record import LedgerState, Unfinished
from promote.core.result import Result
from promote.core.topology import Environment
from promote.errors import (
    FailedError,
    InterruptedBySignalError,
    LockedError,
    NeedsAttentionError,
    NotFoundError,
    PlanFileError,
    PromoteError,
    RefusedError,
    StalePlanError,
    TryAgainError,
    UnfinishedError,
)
from promote.workflow.journal import Journal

RESUMABLE = (TryAgainError, InterruptedBySignalError, LockedError, NeedsAttentionError)
"""Ends after which the same command, or the one that the error names, goes on."""


def unfinished_of(state: LedgerState, version: str, environment: str) -> Unfinished | None:
    """Return the unfinished promotion of a version (ARN) to an environment; None if there is none.

    Raises:
        UnfinishedError: Another one is unfinished, and in the way.
    """
    found = state.unfinished
    if found is None:
        return None
    theirs = found.plan.request
    if (theirs.version, theirs.environment) == (version, environment):
        return found
    raise UnfinishedError(
        "An unfinished promotion is in the way",
        f"{found.promotion} of {short_version(theirs.version)} to {theirs.environment} was begun "
        f"by {found.by} at {found.since.isoformat(timespec='seconds')} and has not ended.",
        f"Finish it, or put it back:\n    promote resume {theirs.model}\n"
        f"    promote abort {theirs.model}",
    )


def unfinished_promotion(journal: Journal) -> Unfinished:
    """Return the unfinished promotion of a model.

    Raises:
        NotFoundError: There is none.
    """
    found = journal.state().unfinished
    if found is not None:
        return found
    raise NotFoundError(
        "Nothing is unfinished",
        f"No promotion of {journal.model} was begun without coming to its end.",
        f"To see how they ended:\n    promote history {journal.model}",
    )


def too_late(plan: Plan) -> RefusedError:
    """Say that a promotion is too far to be put back."""
    request = plan.request
    return RefusedError(
        "Too late to abort",
        f"{short_version(request.version)} is live in {request.environment}, and the version "
        "before it is revoked or stopped already, so that no pointer may name it.",
        f"Finish this promotion, then promote the other version:\n"
        f"    promote resume {request.model}",
    )


def applied_before(plan: Plan, ended: Result) -> StalePlanError:
    """Say that the plan has ended and the world has moved on."""
    return StalePlanError(
        "The plan was applied before",
        f"It ended as {ended.result.value} ({ended.promotion}), and the world is not what it "
        "leads to.",
        _plan_again(plan),
    )


def stale(plan: Plan, changed: tuple[Changed, ...]) -> StalePlanError:
    """Name every fact that the plan rests on and that has changed."""
    lines = [
        f"  {each.fact.fact} {each.fact.subject}\n    was {each.fact.was}\n    is  {each.now}"
        for each in changed
    ]
    return StalePlanError(
        "The plan is stale",
        "What it rests on has changed since it was made:\n" + "\n".join(lines),
        _plan_again(plan),
    )


def unfitting(plan: Plan, misfits: tuple[str, ...]) -> PlanFileError:
    """Say that a plan is none that this promote.yaml leads to, with everything that shows it."""
    request = plan.request
    return PlanFileError(
        "The plan does not fit promote.yaml",
        "Its digest is right, but no plan that promote makes from this promote.yaml says so; "
        "nothing was changed:\n" + "\n".join(f"  {each}" for each in misfits),
        "Find out who changed the file, then make the plan again:\n"
        f"    promote plan {request.model} {short_version(request.version)} "
        f"--to {request.environment}",
    )


def refuse_unless_passed(
    gates: tuple[GateResult, ...], plan: Plan, environment: Environment
) -> None:
    """Refuse when any gate does not pass, naming all that do not.

    Raises:
        RefusedError: See above.
    """
    failing = [gate for gate in gates if gate.verdict is not Verdict.PASS]
    if not failing:
        return
    request = plan.request
    lines = [f"  {gate.gate}  {gate.measured}; required: {gate.required}" for gate in failing]
    raise RefusedError(
        "Promotion refused",
        f"{len(failing)} of {len(gates)} gates refused {request.model}/"
        f"{short_version(request.version)} for {request.environment}:\n" + "\n".join(lines),
        "Promote it there first:\n"
        + "\n".join(
            f"    promote release {request.model} {short_version(request.version)} --to {earlier}"
            for earlier in environment.after
        ),
    )


def put_back_before(plan: Plan, promotion: str, reason: str) -> FailedError:
    """Say that a promotion which an earlier run had turned back is back now."""
    request = plan.request
    return FailedError(
        "The promotion was put back",
        f"{promotion} had turned back: {reason}\n\nEverything is as before.",
        "To try again:\n"
        f"    promote release {request.model} {short_version(request.version)} "
        f"--to {request.environment}",
    )


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
    request = plan.request
    version = short_version(request.version)
    return (
        "Look at what changed, then plan again:\n"
        f"    promote plan {request.model} {version} --to {request.environment}"
    )
