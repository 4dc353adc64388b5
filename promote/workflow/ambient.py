"""Verify as an application does, with an application's own credentials, from where it runs.

A role whose policy asks for a VPC endpoint answers nowhere else. No role of ours is taken but the
access role, exactly as an application takes it, and the ledger is out of reach: what came of it is
printed, and brought to the ledger by somebody who may write there.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from promote.arn import parse_arn, parse_version_arn
from promote.core.brought import VerificationBrought
from promote.core.record import VerificationDone
from promote.core.topology import Target
from promote.errors import (
    AccessDeniedError,
    FailedError,
    InputError,
    NotFoundError,
    NotReadyError,
)
from promote.workflow.site import Site
from promote.workflow.smoke import smoke_test

_OLDEST, _SKEW = timedelta(days=1), timedelta(minutes=1)


def verify_ambient(site: Site) -> VerificationDone:
    """Try what the pointer of the caller's own account names, with nothing but its credentials.

    Raises:
        NotFoundError: The environment has no target in the caller's account.
        FailedError: The pointer names nothing.
        AccessError: The pointer cannot be read.
    """
    target = _own_target(site)
    now = site.pointer(target).current(target, role=None)
    if now is None or parse_version_arn(now.value) is None:
        raise FailedError(
            "The pointer does not name a version",
            f"{target.pointer.name} of {target} names {now.value if now else 'nothing'}.",
            f"To see what every pointer names:\n    promote status {target.model}",
        )
    passed, accuracy = False, None
    try:
        result = smoke_test(site, target, now.value)
        passed, accuracy = result.passed, result.accuracy
    except (AccessDeniedError, NotReadyError) as error:
        site.warn(f"{error.summary}. {error.detail}")
    return VerificationDone(
        at=site.world.clock.now(),
        by=site.caller.arn,
        version=now.value,
        environment=site.environment.name,
        passed=passed,
        accounts=(target.account,),
        accuracy=accuracy,
    )


def bring(site: Site, done: VerificationDone) -> VerificationBrought:
    """Record what somebody else's verification had printed; see `promote.core.brought`.

    Raises:
        InputError: It is none of this environment and model, or of another day.
    """
    wrong = _why_not(site, done)
    if wrong is not None:
        raise InputError(
            "The verification does not fit",
            f"{wrong}.",
            "To make one where the applications run:\n"
            f"    promote verify {site.model} --environment {site.environment.name} --ambient",
        )
    brought = VerificationBrought(
        at=site.world.clock.now(),
        by=site.caller.arn,
        version=done.version,
        environment=done.environment,
        passed=done.passed,
        accounts=done.accounts,
        accuracy=done.accuracy,
        tried_at=done.at,
        tried_by=done.by,
        execution=site.execution,
    )
    site.record(brought)
    return brought


def _own_target(site: Site) -> Target:
    for target in site.targets:
        if target.account == site.caller.account:
            return replace(target, reader_role=None, smoke_role=None)
    raise NotFoundError(
        "No target in this account",
        f"{site.caller.arn} is in account {site.caller.account}, and {site.environment.name} has "
        f"targets in {', '.join(target.account for target in site.targets)}.",
        "Use the credentials of an application in one of them.",
    )


def _why_not(site: Site, done: VerificationDone) -> str | None:
    """Say why a verification cannot be one of this environment and model, now."""
    version, now = parse_version_arn(done.version), site.world.clock.now()
    ml, own = site.topology.ml.account, site.topology.model(site.model).project
    known = {target.account for target in site.targets}
    if done.environment != site.environment.name:
        return f"It is of {done.environment}, not of {site.environment.name}"
    if version is None or (version.account, version.project) != (ml, own):
        return f"{done.version} is no version of {site.model}"
    if not done.accounts or not set(done.accounts) <= known:
        return f"It is of the accounts {', '.join(done.accounts) or 'nowhere'}, not of targets"
    if not now - _OLDEST <= done.at <= now + _SKEW:
        return f"It was made at {done.at.isoformat(timespec='seconds')}, not within the last day"
    try:
        caller = parse_arn(done.by)
    except ValueError:
        return f"{done.by!r} is no caller"
    if caller.account not in done.accounts:
        return f"{done.by} is in none of the accounts that it is of"
    return None
