"""Plan files: read, written, carried out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from promote.cli.signals import ends_when_asked
from promote.core import planfile
from promote.core.result import Outcome
from promote.errors import InputError, PlanFileError, PromoteError

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from promote.cli.run import Run
    from promote.cli.story import Story
    from promote.core.plan import Plan
    from promote.core.result import Result
    from promote.promoter import Promoter

ENDS = {
    Outcome.PROMOTED: 0,
    Outcome.UNCHANGED: 0,
    Outcome.UNDER_WAY: 0,
    Outcome.REFUSED: 4,
    Outcome.ROLLED_BACK: 9,
    Outcome.FAILED: 9,
    Outcome.NEEDS_ATTENTION: 11,
}
"""The exit code of each end that the library returns instead of raising."""


def read(path: Path, digest: str | None = None) -> Plan:
    """Read a plan file.

    Raises:
        PlanFileError: It cannot be read, is no plan, or is not the one of `digest`.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PlanFileError(
            "The plan file cannot be read",
            f"{path}: {error.strerror}.",
            "To make one:\n    promote plan MODEL VERSION --to ENV --out plan.json",
        ) from error
    return planfile.decode(content, expected_digest=digest)


def write(path: Path, content: bytes) -> None:
    """Write a file that the user named.

    Raises:
        InputError: It cannot be written.
    """
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InputError("The file cannot be written", f"{path}: {error.strerror}.") from error


def carry_out(
    run: Run,
    promoter: Promoter,
    story: Story,
    plan: Plan,
    *,
    wait: timedelta,
    junit: Path | None = None,
    wave: int | None = None,
) -> int:
    """Apply a plan, tell about it, show how it ended, and return the exit code."""
    with reported(junit, plan, story), ends_when_asked(run.arguments):
        result = promoter.apply(plan, wait=wait, wave=wave)
    story.end()
    report(junit, plan, story, result)
    return show_end(run, result)


@contextmanager
def reported(junit: Path | None, plan: Plan, story: Story) -> Iterator[None]:
    """Write the JUnit report when the body fails with one of our errors."""
    try:
        yield
    except PromoteError as error:
        report(junit, plan, story, error)
        raise


def show_end(run: Run, result: Result) -> int:
    """Show how a promotion ended, and return the exit code that says it."""
    from promote.report import json, text

    run.screen.result(json.result(result) if run.json else text.result(result, click.style))
    return ENDS[result.result]


def ask_analyzer(run: Run, promoter: Promoter, plan: Plan, *, wished: bool) -> str:
    """Ask Access Analyzer about a plan's documents if that is wished, and say what came of it.

    Raises:
        ProofError: It disagrees with our proof.
        PromoteError: It could not be asked.
    """
    from promote.report import text

    said = text.complement(plan, promoter.analyse(plan) if wished else None)
    if run.json and wished and said:
        run.screen.say(said)
    return said


def show_plan(run: Run, plan: Plan, asked: str = "") -> None:
    """Show a plan as the result: for programs, byte for byte its file."""
    from promote.report import text

    if run.json:
        run.screen.raw(planfile.encode(plan))
    else:
        run.screen.result(text.plan(plan, planfile.digest(plan), click.style, asked=asked))


def tell_plan(run: Run, plan: Plan, asked: str = "") -> None:
    """Show a plan as a part of the story."""
    from promote.report import text

    if not run.json:
        run.screen.say(text.plan(plan, planfile.digest(plan), click.style, asked=asked))


def report(
    junit: Path | None,
    plan: Plan,
    story: Story,
    end: Result | PromoteError,
    *,
    back: bool = False,
) -> None:
    """Write the JUnit report, if one is wanted; `back` says that it was to be put back."""
    if junit is None:
        return
    from promote.report import junit as as_junit

    write(junit, as_junit.promotion(plan, story.events, end, back=back).encode())
