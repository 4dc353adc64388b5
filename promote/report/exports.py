"""What a build tells its pipeline of a plan: variables, for the approval and the stages after it.

They are pasted into other texts by machines that know nothing of quotes (the JSON of an action's
configuration, the text that a person approves), so that nothing in them can end a text, begin a
variable or pass for another digest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from promote.core.gates import Verdict
from promote.core.plan import Plan, Switch
from promote.core.planfile import digest
from promote.report.layout import clean, counted, listing, short_version

LONGEST = 200
"""Characters of a summary: beside it, a link and words fit into the 1,000 of an action's text."""
# What quotes, escapes or begins a variable: in JSON, in sh, in CodePipeline's ``#{…}``.
_HARMLESS = str.maketrans({'"': "'", "\\": "/", "`": "'", "$": "S", "{": "(", "}": ")", "#": "+"})
# A digest, an access key, a token: nobody reads it, and it may be secret or pass for a digest.
_OPAQUE = re.compile(r"[A-Za-z0-9+/=_]{32,}|\b(?:AKIA|ASIA)[A-Z0-9]{12,}")


def exports(plan: Plan, url: str) -> str:
    """Write the variables as lines that a POSIX shell reads: ``export NAME='value'``.

    Args:
        plan: The plan.
        url: Where a person reads the whole plan.
    """
    values = variables(plan, url)
    return "".join(f"export {name}={_quoted(value)}\n" for name, value in values.items())


def variables(plan: Plan, url: str) -> dict[str, str]:
    """Return the variables by name, with the same arguments."""
    return {
        "PLAN_DIGEST": digest(plan),
        "CHANGES": str(plan.changes),
        "PLAN_SUMMARY": summary(plan),
        "PLAN_URL": clean(url),
    }


def summary(plan: Plan) -> str:
    """Say on one short line what a plan does, for whoever approves it."""
    text = harmless("; ".join(_parts(plan)))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def harmless(text: str) -> str:
    """Return a text on one line without what could end the text that it is pasted into."""
    return _OPAQUE.sub("…", clean(text).translate(_HARMLESS))


def _quoted(value: str) -> str:
    """Quote for sh ("Quoting", POSIX 2.2.2), a plain word as well: all lines have one form."""
    return "'" + value.replace("'", "'\"'\"'") + "'"


def _parts(plan: Plan) -> Iterator[str]:
    request, moved = plan.request, [s for s in plan.steps if isinstance(s, Switch)]
    before = {short_version(each.before, beside=request.version) for each in plan.targets}
    change = f"{' or '.join(sorted(before)) or 'nothing'} -> {short_version(request.version)}"
    back = "rollback of " if request.rollback else ""
    yield f"{back}{request.model} {change} in {request.environment}"
    waves = {step.wave for step in moved}
    switches = f"{counted(len(moved), 'target')} in {counted(len(waves), 'wave')}"
    yield f"{counted(plan.changes, 'change')}, {switches}" if plan.changes else "no changes"
    lifted = [each.gate for each in request.overrides]
    if lifted:
        yield f"LIFTS {listing(lifted)}"
    refusing = [gate.gate for gate in plan.gates if gate.refuses]
    open_yet = [gate.gate for gate in plan.gates if gate.verdict is Verdict.PENDING]
    if refusing:
        yield f"REFUSED by {listing(refusing)}"
    elif plan.gates:
        yield f"{len(plan.gates) - len(open_yet)} of {counted(len(plan.gates), 'gate')} judged"
    if plan.cost.after != plan.cost.before:
        yield f"{plan.cost.before:.2f} -> {plan.cost.after:.2f} USD/h"
    if request.reason:
        yield f"why: {request.reason}"
