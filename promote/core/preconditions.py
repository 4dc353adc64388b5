"""What must be so before a promotion is planned at all; each refusal names every culprit."""

from __future__ import annotations

from collections.abc import Mapping

from promote.arn import parse_version_arn
from promote.core import asked
from promote.core.grants import allowed_patterns, foreign_grants
from promote.core.plan import Grant
from promote.core.topology import Granularity
from promote.core.wish import RoleInPlay, Wish
from promote.errors import QuotaError, RefusedError
from promote.iam.quota import INLINE_ROLE_TOTAL, Usage, room, size


def check_wish(wish: Wish) -> None:
    """Refuse an unusable version and a pointer that holds something other than a version.

    Raises:
        NotFoundError: No such version.
        RefusedError: See above.
    """
    version = wish.version
    if not version.status.usable:
        because = f" ({version.message})" if version.message else ""
        raise RefusedError(
            "The version cannot be used",
            f"{version.name} is {version.status.value}{because}. A version can be promoted from "
            "TRAINING_COMPLETED, COPYING_COMPLETED, STOPPED, FAILED, STARTING or RUNNING.",
            f"To see every version's state:\n    promote version list {wish.request.model}",
        )
    rubbish = [
        f"{target}: {target.pointer.name} holds {value!r}"
        for target in wish.targets
        if (value := wish.observation.pointers[target].value) is not None
        and parse_version_arn(value) is None
    ]
    if rubbish and not wish.adopt:
        raise RefusedError(
            "A pointer holds no version",
            "Expected the ARN of a model version, or no parameter at all; found:\n"
            + "\n".join(f"  {line}" for line in rubbish)
            + "\nSomebody else may be using the parameter.",
            "If it is ours to overwrite, plan with --adopt:\n    " + plan_again(wish, "--adopt"),
        )


def check_grants(wish: Wish, grants: tuple[Grant, ...]) -> None:
    """Refuse foreign grants and documents that would not fit.

    Raises:
        RefusedError: Another policy of an access role allows more than planned.
        QuotaError: The role's inline policies would exceed what IAM accepts.
    """
    _check_foreign(wish)
    for grant in grants:
        _check_size(wish, grant)


def _check_foreign(wish: Wish) -> None:
    final = wish.document(frozenset({wish.version.arn}))
    lines = [
        f"  {role.arn}: {name} allows {', '.join(patterns)}"
        for role in wish.roles
        for name, patterns in foreign_grants(role.state, role.policy, final).items()
    ]
    if lines and not wish.adopt:
        raise RefusedError(
            "An access role allows more than planned",
            "A policy that promote did not write lets the role use other versions:\n"
            + "\n".join(lines),
            "Remove it, or let the plan remove it after the drain:\n    "
            + plan_again(wish, "--adopt"),
        )


def _check_size(wish: Wish, grant: Grant) -> None:
    role = next(each for each in wish.roles if each.arn == grant.role)
    others = {n: size(d) for n, d in role.state.inline.items() if n != grant.policy}
    ours = max(size(each) for each in (grant.after, grant.undo) if each is not None)
    usage = Usage(ours + sum(others.values()), INLINE_ROLE_TOTAL)
    if usage.fits:
        return
    raise QuotaError(
        "The access role's policies would be too large",
        f"The inline policies of {grant.role} would take {usage.used} characters; IAM accepts "
        f"{usage.limit} for a role (white space not counted), and does not raise that. "
        + _shares(wish, grant, ours, sum(others.values())),
        _make_room(wish, role, others),
    )


def _shares(wish: Wish, grant: Grant, ours: int, others: int) -> str:
    versions = allowed_patterns(grant.after)
    one = Usage(size(wish.document(frozenset({grant.version}))) + others, INLINE_ROLE_TOTAL)
    fitting = 1 + room(one, max(versions, key=len)) if one.fits else 0
    text = f"{grant.policy} takes {ours} of them for {len(versions)} versions"
    text += f", the role's other inline policies take {others}" if others else ""
    return f"{text}; {fitting} would fit."


def _make_room(wish: Wish, role: RoleInPlay, others: Mapping[str, int]) -> str:
    """Name the ways that would help this very configuration."""
    environment, ways = wish.environment, []
    if len(role.targets) > 1:
        own = f'access_role: "{environment.access_role}-{{account}}"'
        ways.append(f"Give each of the {len(role.targets)} accounts a role of its own ({own}).")
    coarser = {Granularity.VERSION: "project", Granularity.PROJECT: "account"}
    if environment.granularity in coarser:
        ways.append(
            f"Choose a coarser granularity (granularity: {coarser[environment.granularity]})."
        )
    if others:
        names = ", ".join(f"{name} ({count} characters)" for name, count in others.items())
        ways.append(f"Make managed policies, which do not count, of the role's others: {names}.")
    if not ways:
        ways.append("Let fewer pointers name versions of other accounts.")
    return "One of:\n" + "\n".join(f"  {way}" for way in ways) + f"\nThen:\n    {plan_again(wish)}"


def plan_again(wish: Wish, option: str = "") -> str:
    """Return the command that makes the plan again, with an option."""
    command = asked.once_more(wish.request) if wish.request.rollback else asked.plan(wish.request)
    return f"{command} {option}".rstrip()
