"""Write pointers, forward and back: read, compared, then written, and read again if in doubt."""

from __future__ import annotations

from promote.core.plan import Switch
from promote.errors import (
    DeadlineError,
    FailedError,
    LostResponseError,
    NeedsAttentionError,
    PointerChangedError,
)
from promote.workflow.run import Run
from promote.workflow.wait import poll

_WRITE_SECONDS = 30.0  # how long a pointer write whose answer was lost is tried again
_BACK_SECONDS = 60.0


def switch(run: Run, step: Switch, revision: int) -> str:
    """Let a pointer name the new version, if it still is what was seen.

    Args:
        run: The promotion.
        step: The switch.
        revision: The pointer's revision before it: the plan's, or the one that this run found and
            accepted; 0 when it is to be created.

    Raises:
        PointerChangedError: Somebody else has written it.
        FailedError: It could not be written.
    """
    target = run.target(step.account)
    pointer = run.pointer(target)
    written: list[int] = []

    def look() -> bool:
        now = pointer.current(target, role=target.reader_role)
        if now is not None and now.value == step.version:
            return True
        if (now.revision if now else 0) != revision:
            raise _moved(step, now.value if now else None)
        written.append(write_pointer(run, step.account, step.version, create=now is None))
        return written[-1] > 0

    try:
        poll(
            look,
            bool,
            pace=run.pace(_WRITE_SECONDS),
            what=f"{step.pointer} of {target}",
            tell=_unanswered,
        )
    except DeadlineError as error:
        raise FailedError("The pointer could not be written", error.detail, error.remedy) from error
    if written and written[-1] != revision + 1:
        run.warn(f"{step.pointer} of {target} was written by somebody else at the same moment.")
    return f"{step.pointer} names it" if written else "already named"


def switch_back(run: Run, step: Switch) -> None:
    """Let a pointer name again what it named before; one that we created is deleted.

    One that names a third thing by now was written by somebody else and is left alone.

    Raises:
        NeedsAttentionError: It did not exist before, and others have written it since.
        DeadlineError: It could not be written.
    """
    target = run.target(step.account)
    pointer = run.pointer(target)

    def look() -> bool:
        now = pointer.current(target, role=target.reader_role)
        if now is None or now.value != step.version:
            return True
        if step.undo is not None:
            return write_pointer(run, step.account, step.undo, create=False) > 0
        if now.revision != 1:
            raise _written_by_others(step)
        run.keep()
        pointer.delete(target, role=target.deployer_role)
        return True

    poll(
        look,
        bool,
        pace=run.pace(_BACK_SECONDS),
        what=f"{step.pointer} of {target} to go back",
        tell=_unanswered,
    )


def write_pointer(run: Run, account: str, value: str, *, create: bool) -> int:
    """Write a pointer and return its revision, 0 when the answer was lost."""
    target = run.target(account)
    pointer = run.pointer(target)
    run.keep()
    write = pointer.create if create else pointer.write
    try:
        return write(target, value, role=target.deployer_role)
    except LostResponseError as error:
        run.warn(f"Write of {target.pointer.name}: {error.summary}; reading what came of it.")
        return 0


def _unanswered(_written: bool) -> str:  # noqa: FBT001 (what `poll` has seen)
    return "it is not written, and no write of it got an answer."


def _moved(step: Switch, now: str | None) -> PointerChangedError:
    return PointerChangedError(
        "The pointer was changed meanwhile",
        f"{step.pointer} in account {step.account} named {step.before or 'nothing'} in revision "
        f"{step.revision} when the plan was made; now it names {now or 'nothing'}.",
        "Find out who changed it, then plan again:\n    promote status",
    )


def _written_by_others(step: Switch) -> NeedsAttentionError:
    return NeedsAttentionError(
        "A pointer cannot be put back",
        f"{step.pointer} in account {step.account} did not exist before, but others have written "
        "it since.",
        "Decide what it should name and write it by hand; then run the same command again.",
    )
