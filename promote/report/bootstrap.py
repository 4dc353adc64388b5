"""Stacks as text: what deploying them changes, and the commands for those who do it by hand."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from promote.core.bootstrap import Approach, Change, Stack, StackPlan
from promote.core.stack_changes import access_changes
from promote.ports.formation import Entrance
from promote.report.layout import Style, account_list, clean, counted, listing, paragraph, unstyled

_INDENT = " " * 6


def plan(plans: Iterable[StackPlan], style: Style = unstyled) -> str:
    """Tell what is to be done to each stack; the same in several accounts is told once."""
    told: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for each in plans:
        key = (each.stack.name, _verb(each), tuple(_lines(each)))
        told.setdefault(key, []).append(each.stack.account)
    lines = ["Stacks"]
    for (name, verb, details), accounts in told.items():
        where = _where(accounts)
        colour = None if verb == _NOTHING else "yellow"
        lines.append(f"  {name} in {where}: {style(verb, fg=colour)}")
        lines += details
    return "\n".join(lines) + "\n"


def done(plans: Sequence[StackPlan]) -> str:
    """Tell how it ended."""
    changed = [each for each in plans if not each.idle]
    if not changed:
        return "Nothing to do: every stack is as wanted.\n"
    said = f"Done: {counted(len(changed), 'stack')}. To check every role, project and pointer:"
    return f"{paragraph(said)}\n    promote doctor\n"


def commands(
    stacks: Iterable[Stack], entrances: dict[str, Entrance], files: dict[str, str], region: str
) -> str:
    """Write the commands of the ``aws`` command line that deploy stacks, in their order.

    Args:
        stacks: What to deploy.
        entrances: How each account is reached.
        files: Where the template of each stack lies, by the name of the stack.
        region: Of every stack.
    """
    lines = []
    for stack in stacks:
        by = entrances[stack.account]
        whose = f"  # as {by.role}" if by.role else f"  # with credentials of {stack.account}"
        command = ["aws", "cloudformation", "deploy", "--stack-name", stack.name]
        command += ["--template-file", files[stack.name], "--region", region]
        command += ["--capabilities", "CAPABILITY_NAMED_IAM", "--no-fail-on-empty-changeset"]
        if by.profile is not None:
            command += ["--profile", by.profile]
            whose = ""
        line = shlex.join(command)
        if stack.is_large:
            line += " --s3-bucket BUCKET"
        lines.append(line + whose)
    return "\n".join(lines) + "\n"


_NOTHING = "nothing to do"


def _where(accounts: Sequence[str]) -> str:
    if len(accounts) == 1:
        return accounts[0]
    return f"{counted(len(accounts), 'account')} ({account_list(accounts)})"


def _verb(value: StackPlan) -> str:
    if value.idle:
        return _NOTHING
    match value.approach:
        case Approach.CREATE:
            return f"create with {counted(len(value.changes), 'resource')}"
        case Approach.RECREATE:
            status = "" if value.state is None else value.state.status
            return f"delete what failed to be created ({status}), then create it"
        case _:
            return "update" if value.changes else "update what it says of itself, no resource"


def _lines(value: StackPlan) -> Iterator[str]:
    """Yield what happens to the resources: additions by their type, the rest one by one."""
    added = sorted((e for e in value.changes if e.action == "Add"), key=lambda each: each.type)
    for kind, group in groupby(added, key=lambda each: each.type):
        names = [each.logical for each in group]
        text = f"add {kind}: {listing(names)}"
        yield paragraph(clean(text), first=_INDENT, indent=_INDENT + "  ")
    for each in value.changes:
        if each.action != "Add":
            yield paragraph(clean(_words(each)), first=_INDENT, indent=_INDENT + "  ")
            for line in access_changes(each):
                yield paragraph(clean(line), first=_INDENT + "  ", indent=_INDENT + "    ")


def _words(change: Change) -> str:
    what = f"{change.logical} ({change.type})"
    if change.action == "Remove":
        kept = ", which stays where it is" if change.retained else ""
        return f"remove {what}{kept}"
    of = f": {listing(change.properties)}" if change.properties else ""
    match change.replacement:
        case "True":
            return f"replace {what}{of}"
        case "Conditional":
            return f"change, or perhaps replace {what}{of}"
        case _:
            return f"change {what}{of}"
