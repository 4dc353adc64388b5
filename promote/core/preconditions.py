"""What must be so before a promotion is planned at all; each refusal names every culprit."""

from __future__ import annotations

from promote.arn import parse_version_arn
from promote.core.grants import foreign_grants
from promote.core.plan import Grant
from promote.core.wish import Wish
from promote.errors import QuotaError, RefusedError
from promote.iam.quota import inline_usage


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
            "If it is ours to overwrite, plan with --adopt:\n    " + _again(wish, "--adopt"),
        )


def check_slot(wish: Wish, *, needed: bool) -> None:
    """Refuse when the version needs a running slot and the account has none left.

    Raises:
        QuotaError: Names every version that holds a slot.
    """
    occupants = wish.observation.occupants
    limit = wish.topology.ml.quotas.running
    if not needed or wish.version.status.occupies_slot or len(occupants) < limit:
        return
    lines = "\n".join(f"  {each.project}/{each.name}  {each.status.value}" for each in occupants)
    raise QuotaError(
        "No free slot to start the version",
        f"{wish.version.name} must run beside the version that it replaces, but all {limit} "
        f"running versions that account {wish.topology.ml.account} may have in "
        f"{wish.topology.region} (ml.quotas.running) are taken:\n{lines}",
        "Stop one that nobody needs, or have the quota raised by AWS and set ml.quotas.running:\n"
        f"    promote version stop {wish.request.model} VERSION",
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
            "Remove it, or let the plan remove it after the drain:\n    " + _again(wish, "--adopt"),
        )


def _check_size(wish: Wish, grant: Grant) -> None:
    state = wish.observation.roles[grant.role]
    rest = [document for name, document in state.inline.items() if name != grant.policy]
    usage = inline_usage([*rest, grant.after])
    if usage.fits:
        return
    raise QuotaError(
        "The access role's policies would be too large",
        f"The inline policies of {grant.role} would take {usage.used} characters; IAM accepts "
        f"{usage.limit} for a role (white space not counted).",
        'Give each account a role of its own (access_role: "{model}-{environment}-{account}"), '
        "or choose a coarser granularity (granularity: project). Then check:\n"
        "    promote config check",
    )


def _again(wish: Wish, option: str) -> str:
    asked = wish.request
    return f"promote plan {asked.model} {wish.version.name} --to {asked.environment} {option}"
