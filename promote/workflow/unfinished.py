"""Which unfinished promotion is meant, and which is in the way.

There may be several of one model: a rollback is not stopped by a promotion to another environment,
which is finished or put back afterwards. To one environment there is never more than one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from promote.arn import short_version
from promote.core import asked
from promote.core.history import is_undone_by_abort
from promote.core.plan import Request
from promote.core.record import LedgerState, Unfinished
from promote.errors import NotFoundError, PromoteError, UnfinishedError
from promote.workflow.journal import Journal


def unfinished_of(state: LedgerState, request: Request) -> Unfinished | None:
    """Return what was begun of just this request and has not ended; None if there is nothing.

    Raises:
        UnfinishedError: Another one is unfinished, and in the way.
    """
    here = state.open_in(request.environment)
    if here is not None and _is_of(here, request):
        return here
    in_way = state.open if not request.rollback else () if here is None else (here,)
    if not in_way:
        return None
    raise UnfinishedError(
        "An unfinished promotion is in the way",
        " ".join(map(_told, in_way)),
        _remedy(state, in_way, request),
    )


def unfinished_promotion(journal: Journal, environment: str | None = None) -> Unfinished:
    """Return the unfinished promotion of a model: to an environment, or the one begun last.

    Raises:
        NotFoundError: There is none.
    """
    state = journal.state()
    found = state.unfinished if environment is None else state.open_in(environment)
    if found is not None:
        return found
    where = "" if environment is None else f" to {environment}"
    raise NotFoundError(
        "Nothing is unfinished",
        f"No promotion of {journal.model}{where} was begun without coming to its end.",
        f"To see how they ended:\n    promote history {journal.model}",
    )


def in_the_way_of_rollback(
    state: LedgerState, begun: Unfinished, wanted: str | None
) -> UnfinishedError:
    """Say what to do with an unfinished promotion before its environment can go elsewhere.

    Args:
        state: What the ledger says.
        begun: The promotion.
        wanted: The name or ARN of the version to go back to; None is the one before.
    """
    request = begun.plan.request
    if is_undone_by_abort(begun, wanted):
        remedy = f"To go back is to put it back:\n    {_abort(state, begun)}"
    else:
        again = asked.rollback(request.model, wanted or "", request.environment)
        remedy = f"Put it back first, then go on:\n    {_abort(state, begun)}\n    {again}"
    return UnfinishedError("An unfinished promotion is in the way", _told(begun), remedy)


@contextmanager
def naming_the_place(journal: Journal, environment: str, wave: int | None = None) -> Iterator[None]:
    """Let an error's commands name the environment where the model alone means another promotion.

    What went wrong knows its own promotion, and not which was begun after it. The command that goes
    on goes no farther than to `wave`, where this run was asked to go.

    Raises:
        PromoteError: What the body raised.
    """
    try:
        yield
    except UnfinishedError:
        raise  # it names more than one of them, each as it must be
    except PromoteError as error:
        with suppress(PromoteError):
            state = journal.state()
            begun = state.open_in(environment)
            if begun is not None and begun != state.unfinished:
                bare = rf"^(    promote (?:resume|abort) {re.escape(journal.model)})$"
                error.remedy = re.sub(
                    bare, rf"\1 --environment {environment}", error.remedy, flags=re.MULTILINE
                )
        if wave is not None:
            bare = rf"^(    promote resume {re.escape(journal.model)}(?: --environment \S+)?)$"
            error.remedy = re.sub(bare, rf"\1 --wave {wave}", error.remedy, flags=re.MULTILINE)
        raise


def _is_of(begun: Unfinished, request: Request) -> bool:
    theirs = begun.plan.request
    return (theirs.version, theirs.rollback) == (request.version, request.rollback)


def _told(begun: Unfinished) -> str:
    theirs = begun.plan.request
    name, place = short_version(theirs.version), theirs.environment
    what = f"the rollback of {place} to {name}" if theirs.rollback else f"of {name} to {place}"
    return (
        f"{begun.promotion}{', ' if theirs.rollback else ' '}{what} was begun by {begun.by} at "
        f"{begun.since.isoformat(timespec='seconds')} and has not ended."
    )


def _remedy(state: LedgerState, in_way: tuple[Unfinished, ...], request: Request) -> str:
    lines = [f"    {command(state, each)}" for each in in_way for command in (_resume, _abort)]
    remedy = "Finish it, or put it back" if len(in_way) == 1 else "Finish each, or put it back"
    then = f"\nThen:\n    {asked.once_more(request)}" if request.rollback else ""
    look = f"\nTo see whether somebody is at work on it now:\n    promote lock show {request.model}"
    return f"{remedy}:\n" + "\n".join(lines) + then + look


def _resume(state: LedgerState, begun: Unfinished) -> str:
    return f"promote resume {begun.plan.request.model}{_where(state, begun)}"


def _abort(state: LedgerState, begun: Unfinished) -> str:
    return f"promote abort {begun.plan.request.model}{_where(state, begun)}"


def _where(state: LedgerState, begun: Unfinished) -> str:
    """Name the environment where the model alone would mean another one."""
    return "" if state.unfinished == begun else f" --environment {begun.plan.request.environment}"
