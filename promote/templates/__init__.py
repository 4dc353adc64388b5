"""Render policies and CloudFormation from ``policies/`` and ``pipelines/``; the one home of jinja2.

May be here: finding the templates, rendering them in a sandboxed environment, parsing the result
strictly, later HTML in the same way. May not be here: deciding who gets which
permission (that is `promote.core`), judging a document (`promote.iam`), AWS calls.
Law: no value can add a statement, a key or a list item to a policy. In CloudFormation an expression
may be a whole JSON value, such as a proved policy, or a logical id; it adds nothing beside itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from promote.templates.policies import KINDS, render, template_path, written

__all__ = ["KINDS", "render", "template_path", "written"]


def __getattr__(name: str) -> object:
    """Import an exported name when it is first asked for: finding templates needs no jinja2."""
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from promote.templates import policies

    return getattr(policies, name)
