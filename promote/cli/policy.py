"""``promote policy``."""

from __future__ import annotations

from promote.cli.grammar import LazyGroup

SECTIONS = {
    "Documents": {
        "render": "Render the IAM documents that the configuration needs.",
        "prove": "Prove that each allows exactly what is planned.",
        "lint": "Look for the defects that templates produce.",
    },
    "Questions": {
        "explain": "Say why a request is allowed or denied, and by what.",
        "diff": "Compare the live policies of access roles with the wanted ones.",
    },
}

_HELP = """Render, prove, lint, compare and explain IAM documents.

\b
    promote policy render                   the documents that the configuration needs
    promote policy prove                    each allows exactly what is planned
    promote policy diff tools               live against wanted, in words
    promote policy explain --principal … --action … --resource …    why, and by what
"""

command = LazyGroup(
    "policy", sections=SECTIONS, home="promote.cli.policy_{}:command".format, text=_HELP
)
