"""What ``promote approve`` and ``promote reject`` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.arn import short_version
from promote.cli import consent, plans

if TYPE_CHECKING:
    from pathlib import Path

    from promote.cli.run import Run
    from promote.core.plan import Plan
    from promote.core.reviews import Standing


def review(
    run: Run, path: Path, digest: str | None, *, approved: bool, reason: str | None, yes: bool
) -> None:
    """Show a plan, ask about it, record the answer and say where its approval stands."""
    plan = plans.read(path, digest)
    consent.require_consent(run, yes=yes)
    with run.story() as story:
        promoter = run.promoter(story)
        promoter.expect_reviewable(plan, approved=approved)
        plans.tell_plan(run, plan)
        if not yes:
            request, verb = plan.request, "Approve" if approved else "Reject"
            version = short_version(request.version)
            what = f"{request.model} {version} to {request.environment}{consent.lifting(plan)}"
            consent.ask(run, f"{verb} {what}?")
        if approved:
            standing = promoter.approve(plan, reason=reason)
        else:
            standing = promoter.reject(plan, reason=reason or "")
    show_standing(run, standing)


def show_reviews(run: Run, plan: Plan) -> None:
    """Show what people said of a plan, and what is missing.

    Raises:
        RefusedError: It needs no approval.
    """
    show_standing(run, run.promoter().standing(plan))


def show_standing(run: Run, standing: Standing) -> None:
    """Show where the approval of a plan stands."""
    from promote.report import json
    from promote.report import standing as report

    shown = json.standing(standing) if run.json else report.text(standing, click.style)
    run.screen.result(shown)
