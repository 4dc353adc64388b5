"""What stands between a plan and its application: its gates, and a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from promote.core.remedies import to_pass
from promote.errors import DeclinedError, RefusedError

if TYPE_CHECKING:
    from promote.cli.run import Run
    from promote.core.plan import Plan
    from promote.promoter import Promoter


def refuse_failed_gates(plan: Plan) -> None:
    """Raise `RefusedError` with every gate that does not pass."""
    if not any(gate.refuses for gate in plan.gates):
        return
    from promote.report.text import refusal

    request = plan.request
    remedy = (
        f"To see what every environment runs and has verified:\n    promote status {request.model}"
    )
    failing = (gate for gate in plan.gates if gate.refuses)
    if ways := to_pass(failing, request, ()):
        remedy += f"\n{ways}"
    detail = refusal(plan.gates, request.version, request.environment)
    raise RefusedError("Promotion refused", detail, remedy)


def refuse_before_asking(promoter: Promoter, plan: Plan) -> None:
    """Raise `RefusedError` when people or the moment stand in the way, before anybody is asked."""
    if any(gate.gate == "approval" for gate in plan.gates):
        promoter.refuse_unapproved(plan)
    if any(gate.refuses for gate in plan.made.gates if gate.gate != "approval"):
        promoter.refuse_closed(plan)


def lifting(plan: Plan) -> str:
    """Say which gates a plan lifts, for the end of a question; nothing when it lifts none."""
    from promote.report.layout import listing

    gates = [each.gate for each in plan.request.overrides]
    return f", lifting {listing(gates)}" if gates else ""


def require_consent(run: Run, *, yes: bool) -> None:
    """Refuse to go on when nobody can be asked and nobody has agreed beforehand.

    Raises:
        click.UsageError: There is no terminal, and no ``--yes``.
    """
    context = click.get_current_context()
    if yes:
        by_variable = context.get_parameter_source("yes") is ParameterSource.ENVIRONMENT
        if by_variable and not run.json:
            run.screen.say("PROMOTE_YES is set, so nobody is asked.")
    elif not run.screen.interactive:
        saved = (
            ", or save a plan with `promote plan --out plan.json`, review it, and apply it with "
            "`promote apply plan.json`"
        )
        plans = saved if context.info_name == "release" else ""
        message = f"There is no terminal to ask on. Add --yes to agree beforehand{plans}."
        raise click.UsageError(message, context)


def ask(run: Run, question: str) -> None:
    """Ask a person; only ``y`` and ``yes`` are a yes.

    Raises:
        DeclinedError: The answer was anything else.
    """
    if run.screen.ask(f"{question} [y/N] ").lower() not in {"y", "yes"}:
        raise DeclinedError("Declined", "The question was not answered with yes. Nothing was done.")
