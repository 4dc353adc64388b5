"""Say of each stack whether it is there and up to date, for ``promote doctor``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from promote.core.bootstrap import Approach, Stack, approach
from promote.core.status import Finding
from promote.errors import AccessError, PromoteError
from promote.workflow.bootstrap import Bootstrapper
from promote.workflow.side_by_side import side_by_side

_DEPLOY: Final = "To see what differs, and deploy it:\n    promote bootstrap"


def stack_findings(bootstrapper: Bootstrapper, stacks: Sequence[Stack]) -> tuple[Finding, ...]:
    """Check every stack; those in accounts that cannot be entered are one line at the end.

    That they cannot be seen is no fault: who promotes need not be allowed to look at stacks.
    """
    looked = side_by_side(lambda stack: _look(bootstrapper, stack), stacks)
    found = tuple(each for each in looked if each is not None)
    unseen = [stack for stack, each in zip(stacks, looked, strict=True) if each is None]
    if not unseen:
        return found
    names = ", ".join(map(str, unseen))
    text = f"not to be seen with these credentials: {names}"
    return (*found, Finding(ok=True, subject="stacks", detail=text))


def _look(bootstrapper: Bootstrapper, stack: Stack) -> Finding | None:
    """Check one stack; None if it may not be looked at."""
    subject = f"stack {stack}"
    try:
        by = bootstrapper.entrances[stack.account]
        state = bootstrapper.yard.formation.state(stack.name, by=by)
    except AccessError:
        return None
    except PromoteError as error:
        text = f"{error.summary}. {error.detail}" if error.detail else error.summary
        return Finding(ok=False, subject=subject, detail=text, remedy=error.remedy)
    match approach(state):
        case Approach.CREATE:
            detail = "missing"
        case Approach.WAIT:
            detail = "is being changed" if state is None else f"is {state.status}"
            return Finding(ok=True, subject=subject, detail=detail)
        case Approach.UPDATE if state is not None and state.digest == stack.digest:
            return Finding(ok=True, subject=subject, detail=f"up to date ({stack.digest[:12]})")
        case Approach.UPDATE:
            seen = state.digest[:12] if state is not None and state.digest else "another template"
            detail = f"outdated: it is from {seen}, promote.yaml asks for {stack.digest[:12]}"
        case _:
            detail = "broken" if state is None else f"is {state.status}"
    return Finding(ok=False, subject=subject, detail=detail, remedy=_DEPLOY)
