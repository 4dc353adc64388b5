"""``promote guardrail render``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from promote.cli.grammar import Command

if TYPE_CHECKING:
    from promote.cli.run import Run

_HELP = """Show the policies of the organisation that the configuration asks for; offline.

\b
    promote guardrail render
    promote guardrail render -o json

Each document is one line on stdout, exactly as it is sent, because Organizations counts every
character; its heading on stderr has its size and the quota.
"""


@click.command("render", cls=Command, help=_HELP)
@click.pass_obj
def command(run: Run) -> None:
    """Render every wanted policy and show it."""
    from functools import partial

    from promote.core.guardrails.wanted import usage, wanted_policies
    from promote.core.policies.proof import proving
    from promote.templates.policies import render

    topology = run.topology()
    proved = proving(partial(render, directory=run.templates(topology)))
    wanted = wanted_policies(topology, proved)
    if run.json:
        rows = [
            {
                "kind": each.kind,
                "type": each.type.value,
                "name": each.name,
                "content": each.content,
                "size": usage(each).used,
                "limit": usage(each).limit,
            }
            for each in wanted
        ]
        run.document("guardrails", policies=rows)
        return
    for each in wanted:
        size = usage(each)
        run.screen.say(f"# {each.type.short} {each.name} ({size.used} of {size.limit} characters)")
        run.screen.result(each.content)
