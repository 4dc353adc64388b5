"""Say what went wrong with a stack: which, where, the resource that failed first, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from promote.core.bootstrap import Change, Stack, StackState
from promote.errors import (
    FailedError,
    NeedsAttentionError,
    PromoteError,
    RefusedError,
    StalePlanError,
)
from promote.ports.formation import ChangeSetState, Failure

AGAIN: Final = "To go on after it is mended:\n    promote bootstrap"
WELL: Final = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})


def expect_done(
    stack: Stack, state: StackState | None, failures: Callable[[str], Sequence[Failure]]
) -> None:
    """Return if a stack ended well; `failures` reads the events of a stack by its id.

    Raises:
        FailedError: It is as before.
        NeedsAttentionError: It is not.
        StalePlanError: Somebody else changed it at the same time.
    """
    if state is not None and state.status in WELL:
        if state.digest == stack.digest:
            return
        text = f"{stack} was changed by somebody else while its changes were carried out."
        raise StalePlanError("A stack changed meanwhile", text, AGAIN)
    known = stack.name if state is None else state.id
    failed = failures(known)
    status = "gone" if state is None else state.status
    text = f"{stack} is {status}."
    if failed:
        first = failed[0]
        more = f" (and {len(failed) - 1} after it)" if len(failed) > 1 else ""
        text += f" {first.logical} ({first.type}) failed first{more}: {first.reason}"
    elif state is not None and state.reason:
        text += f" {state.reason}"
    if status.endswith("ROLLBACK_COMPLETE"):
        raise FailedError("A stack failed", text, AGAIN)
    raise NeedsAttentionError("A stack failed, and is not as before", text, AGAIN)


def expect_shown(stack: Stack, shown: Iterable[Change], found: ChangeSetState) -> None:
    """Refuse to create what nobody was shown."""
    if found.failed:
        raise unproposed(stack, found.reason)
    wanted = {each.logical for each in shown}
    more = sorted({each.logical for each in found.changes} ^ wanted)
    if more:
        text = f"Creating {stack} would not do what was shown: {', '.join(more)}."
        raise StalePlanError("A stack is no longer as it was", text, AGAIN)


def unproposed(stack: Stack, reason: str) -> RefusedError:
    """Return the error for changes that CloudFormation cannot work out."""
    text = f"CloudFormation cannot work out the changes of {stack}: {reason}"
    return RefusedError("A stack cannot be changed so", text, AGAIN)


def stuck(stack: Stack, state: StackState | None, region: str) -> RefusedError:
    """Return the error for a stack that only somebody else can free."""
    status = "" if state is None else state.status
    command = (
        f"aws cloudformation continue-update-rollback --stack-name {stack.name} --region {region}"
    )
    return RefusedError(
        "A stack is stuck",
        f"{stack} is {status}: an update failed, and taking it back failed too.",
        f"Mend what its events name, with credentials of {stack.account}; then:\n    {command}",
    )


def together(errors: Sequence[PromoteError]) -> PromoteError:
    """Return one error for all: the worst, with what every stack says."""
    worst = next((each for each in errors if isinstance(each, NeedsAttentionError)), errors[0])
    worst.detail = "\n".join(_lines(errors))
    return worst


def _lines(errors: Sequence[PromoteError]) -> Iterator[str]:
    for each in errors:
        yield each.detail or each.summary
