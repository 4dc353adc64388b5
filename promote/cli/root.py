"""The outermost command: its table of commands, in the order in which a newcomer needs them."""

from __future__ import annotations

import click

from promote import __version__
from promote.cli.grammar import LazyGroup

SECTIONS = {
    "Set up": {
        "init": "Write a commented promote.yaml.",
        "bootstrap": "Deploy the stacks around the pipelines to their accounts.",
        "doctor": "Check credentials, roles, project, pointers and quotas.",
        "config": "Check, show or describe the configuration.",
        "policy": "Render, prove, lint, explain and compare IAM documents.",
    },
    "Promote": {
        "plan": "Show what a promotion would do; changes nothing.",
        "show": "Show a saved plan, offline.",
        "approve": "Approve a saved plan that somebody else asked for.",
        "reject": "Reject a saved plan.",
        "apply": "Do a saved plan, and nothing else.",
        "release": "Plan, ask and apply in one command.",
        "resume": "Finish what an interrupted promotion left.",
        "abort": "Put an interrupted promotion back.",
        "rollback": "Go back to the version before, or to an earlier one.",
        "retire": "Revoke and stop what promotions left behind and is due.",
        "verify": "Try an environment's version through its role and pointer.",
    },
    "Look": {
        "status": "Show what every environment runs, names and allows.",
        "history": "Show the records of a model, one promotion, or whether they are whole.",
        "audit": "Hold the promises against the records and the live world.",
        "lock": "Show who holds a model's lock, or release it.",
    },
    "Protect": {
        "guardrail": "Protect the models by policies of the organisation.",
    },
    "Automate": {
        "pipeline": "Render the pipelines of AWS CodePipeline.",
    },
    "Single steps": {
        "version": "List, start or stop versions of a model.",
        "access": "Grant or revoke one version's use.",
    },
    "Try it here": {
        "sandbox": "Run a local AWS organisation.",
    },
    "This command": {
        "completion": "Print the completion script of a shell.",
        "help": "Explain a command, the exit codes or the environment.",
    },
}

_HELP = """Promote machine-learning model versions across AWS accounts.

\b
    promote init                            write promote.yaml
    promote release tools v2 --to qa        plan, ask, apply
    promote status                          what runs where
    promote sandbox demo                    see it all on a local AWS

A command's help begins with examples: promote help release
"""

_EPILOG = "Exit codes: promote help exit-codes. Environment: promote help environment."


def _home(name: str) -> str:
    """Return where a command lives, as ``module:attribute``."""
    return f"promote.cli.{name}:command"


cli = LazyGroup("promote", sections=SECTIONS, home=_home, text=_HELP, epilog=_EPILOG)
click.version_option(__version__, message="promote %(version)s")(cli)
