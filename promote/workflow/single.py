"""Single steps for custom pipelines: verify, start, stop, grant, revoke.

Each does one thing under the model's lock, and refuses what P1 and P6 protect.
"""

from __future__ import annotations

from promote.arn import short_version
from promote.core.coverage import covered_versions, holders, is_ours, role_coverage
from promote.core.exactness import prove_single
from promote.core.grants import exact_versions
from promote.core.observation import Json, Observation
from promote.core.on_record import reached_so_far
from promote.core.plan import Request, Start
from promote.core.policies.proof import Render
from promote.core.record import AccessChanged, VerificationDone
from promote.core.topology import Granularity
from promote.core.version import ModelVersion, Status
from promote.core.wish import RoleInPlay, Wish
from promote.errors import (
    AccessDeniedError,
    NotReadyError,
    QuotaError,
    RefusedError,
    StalePlanError,
)
from promote.workflow.access import write_policy
from promote.workflow.finding import find_version
from promote.workflow.lifecycle import bring_down, bring_up
from promote.workflow.probe import prove_allowed, prove_denied
from promote.workflow.side_by_side import side_by_side
from promote.workflow.site import Site
from promote.workflow.smoke import verify_through_pointers


def verify(site: Site) -> VerificationDone:
    """Try what the environment's pointers name, through them and its roles, and record it.

    While a promotion waits after a wave, that is its version in the targets that it has reached.

    Raises:
        FailedError: The pointers do not name one version.
        AccessError: A role on the way cannot be assumed.
    """
    begun = site.journal.state().open_in(site.environment.name)
    reached = begun and reached_so_far(begun)
    try:
        if begun is not None and reached:
            return verify_through_pointers(site, begun.plan.request.version, reached)
        return verify_through_pointers(site)
    except (NotReadyError, AccessDeniedError) as error:
        site.warn(f"{error.summary}. {error.detail}")
        tried = [t for t in site.targets if not reached or t.account in reached]
        named = site.observe().pointers[tried[0]].value
        if named is None:
            raise
        failed = VerificationDone(
            at=site.world.clock.now(),
            by=site.caller.arn,
            version=named,
            environment=site.environment.name,
            passed=False,
            accounts=tuple(target.account for target in tried),
            accuracy=None,
        )
        site.record(failed)
        return failed


def start(site: Site, version: str) -> ModelVersion:
    """Start a version under a claim and wait until it runs; a running one is left alone.

    Raises:
        NotFoundError: No such version.
        FailedError: It does not come up.
        QuotaError: No running slot is free.
    """
    observation = site.observe()
    found = find(observation, version, site.model)
    capacity = site.topology.model(site.model).capacity
    step = Start(
        environment=site.environment.name,
        version=found.arn,
        min_units=capacity.min,
        max_units=capacity.max,
        deadline=site.environment.deadlines.start.total_seconds(),
    )
    if found.status is not Status.RUNNING:
        _require_slot(site, found, observation)
        bring_up(site, step, observation)
    return site.service.describe(observation.project_arn, found.name, role=site.reader)


def _require_slot(site: Site, version: ModelVersion, seen: Observation) -> None:
    quota = site.topology.ml.quotas.running
    if version.status.occupies_slot or len(seen.occupants) < quota:
        return
    taken = (f"{each.project}/{each.name} ({each.status.value})" for each in seen.occupants)
    raise QuotaError(
        "No free slot to start the version",
        f"All {quota} running versions that account {site.topology.ml.account} may have in "
        f"{site.topology.region} (ml.quotas.running) are taken: {', '.join(taken)}.",
        "A release or a rollback stops first what only keep_warm keeps. To see what is in use:\n"
        f"    promote status {site.model}",
    )


def stop(site: Site, version: str, *, force: bool) -> ModelVersion:
    """Stop a version that nothing names, allows or covers (P6).

    Args:
        site: Where.
        version: Its name or ARN.
        force: Stop one that is not known to be ours, too; what is in use is never stopped.

    Raises:
        RefusedError: Something names, allows or covers it; or it is not ours and `force` is off.
    """
    observation = site.observe()
    found = find(observation, version, site.model)
    _refuse_held(site, found, holders(found.arn, site.topology, observation))
    if not force and found.status.occupies_slot and not is_ours(found.arn, observation):
        raise RefusedError(
            "The version is not known to be ours",
            f"{found.name} runs, but no pointer managed here ever named it and promote did not "
            "start it. Somebody may be using it in another way.",
            f"If nobody needs it:\n    promote version stop {site.model} {found.name} --force",
        )
    if found.status.occupies_slot:
        deadline = site.environment.deadlines.stop.total_seconds()
        bring_down(
            site,
            found.arn,
            deadline,
            observation,
            lambda: not holders(found.arn, site.topology, site.observe()),
        )
    return site.service.describe(observation.project_arn, found.name, role=site.reader)


def _refuse_held(site: Site, version: ModelVersion, held: tuple[str, ...]) -> None:
    if held:
        raise RefusedError(
            "The version is in use",
            f"{version.name} cannot be stopped:\n" + "\n".join(f"  {each}" for each in held),
            _see_what_is_used(site),
        )


def _see_what_is_used(site: Site) -> str:
    return f"Promote another version first; to see what is in use:\n    promote status {site.model}"


def grant(site: Site, version: str, render: Render) -> bool:
    """Let the environment's access roles use a version beside what they use; prove it.

    Returns:
        Whether any policy had to be written.

    Raises:
        NotFoundError: No such version, or an access role does not exist.
        DeadlineError: It was written, but is not in force in time.
    """
    wish = _wish(site, version, render)
    changed = False
    for role in wish.roles:
        allowed = _kept(wish, role) | {wish.version.arn}
        changed |= _write(site, wish, role, allowed)
    consecutive = site.environment.propagation.consecutive
    deadline = site.environment.propagation.deadline.total_seconds()
    side_by_side(
        lambda target: prove_allowed(site, target, wish.version.arn, consecutive, deadline),
        site.targets,
        cancelled=site.cancelled,
    )
    _record(site, wish, granted=True)
    return changed


def revoke(site: Site, version: str, render: Render, *, force: bool) -> bool:
    """Take a version away from the environment's access roles; prove it where that is possible.

    Args:
        site: Where.
        version: Its name or ARN.
        render: Renders the access role's policy.
        force: Revoke a version that the project does not have any more, too.

    Raises:
        RefusedError: A pointer names the version, or did so within the drain; or the granularity
            is not `version`, so that no single version can be revoked.
    """
    wish = _wish(site, version, render, missing=force)
    arn = wish.request.version
    using = [
        str(target)
        for target in site.targets
        if arn in covered_versions(target, site.environment, wish.observation)
    ]
    if using:
        raise RefusedError(
            "The version is in use",
            f"The pointers of {', '.join(using)} name {short_version(arn)}, or did so within the "
            f"drain of {site.environment.drain.total_seconds():g} s.",
            _see_what_is_used(site),
        )
    changed = False
    for role in wish.roles:
        if arn in exact_versions(role.live):
            changed |= _write(site, wish, role, _kept(wish, role) - {arn})
    if changed:
        _prove_denied(site, wish, arn)
        _record(site, wish, granted=False)
    return changed


def _kept(wish: Wish, role: RoleInPlay) -> frozenset[str]:
    """Return what a role must go on allowing: a pattern may be all that allows what it names."""
    named = role_coverage(role.targets, wish.environment, wish.observation, role.live)
    return exact_versions(role.live) | named


def _prove_denied(site: Site, wish: Wish, arn: str) -> None:
    deadline = site.environment.propagation.deadline.total_seconds()
    for target in site.targets:
        named = wish.observation.pointers[target].value
        if named is not None:
            prove_denied(site, target, (arn,), named, deadline)


def _wish(site: Site, version: str, render: Render, *, missing: bool = False) -> Wish:
    if site.environment.granularity is not Granularity.VERSION:
        raise RefusedError(
            "No single version can be granted",
            f"The granularity of {site.environment.name} is {site.environment.granularity.value}: "
            "its access roles allow every version at once.",
            "Set granularity: version in promote.yaml, then plan a promotion.",
        )
    observation = site.observe()
    arn = version
    if not (missing and version.startswith("arn:")):
        arn = find(observation, version, site.model).arn
    request = Request(
        model=site.model,
        version=arn,
        environment=site.environment.name,
        requested_by=site.caller.arn,
    )
    return Wish(request=request, topology=site.topology, observation=observation, render=render)


def _write(site: Site, wish: Wish, role: RoleInPlay, versions: frozenset[str]) -> bool:
    """Let a role use exactly these versions; without any, its policy is deleted."""
    document = wish.document(versions) if versions else None

    def proof(live: Json | None) -> None:
        if document is not None:
            site.meaning.prove(document, versions)
        prove_single(role.arn, role.policy, live, document)

    def edited() -> StalePlanError:
        return StalePlanError(
            "An access role was changed meanwhile",
            f"The inline policy {role.policy} of {role.arn} is not what it was a moment ago.",
            "Look at it, then run the same command again.",
        )

    return write_policy(
        site, role.arn, role.policy, before=role.live, after=document, proof=proof, moved=edited
    )


def _record(site: Site, wish: Wish, *, granted: bool) -> None:
    site.record(
        AccessChanged(
            at=site.world.clock.now(),
            by=site.caller.arn,
            environment=site.environment.name,
            version=wish.request.version,
            granted=granted,
            execution=site.execution,
        )
    )


def find(observation: Observation, version: str, model: str) -> ModelVersion:
    """Return a version of the observed project by its name or ARN.

    Raises:
        NotFoundError: The project has no such version.
    """
    return find_version(observation.versions, version, model)
