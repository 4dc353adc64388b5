"""A world in memory in which a plan's steps are pure functions: world in, world out.

It is as strict as AWS and `promote.workflow` together: a write whose premise does not hold, a proof
that would fail and a stop that P6 forbids are assertion errors, so that a plan which leads there is
found out by applying it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from promote.core.coverage import covered_versions, holders, role_coverage
from promote.core.grants import allowed_patterns
from promote.core.observation import (
    AccessRoleState,
    Json,
    Observation,
    PointerState,
    PointerValue,
)
from promote.core.plan import (
    Bake,
    Drain,
    Grant,
    Plan,
    Prove,
    Revoke,
    Start,
    Step,
    Stop,
    Switch,
    makes_room,
)
from promote.core.planner import make_plan
from promote.core.progress import stoppable_after_undo, switched_back, withdrawn
from promote.core.record import LedgerState, Unfinished, VerificationDone
from promote.core.topology import Target, Topology
from promote.core.version import ModelVersion, Status
from promote.core.wish import Wish
from promote.iam.document import same
from promote.iam.evaluate import resource_matches
from tests.builders import NOW, PROJECT_ARN, PROMOTER, a_request, access_roles, version_arn

MODEL = "tools"


def render(kind: str, context: Mapping[str, object]) -> Json:
    """Write the document that the template `access-role` writes, without reading a file."""
    assert kind == "access-role"
    statement: dict[str, object] = {
        "Sid": "DetectWithAllowedVersions",
        "Effect": "Allow",
        "Action": "rekognition:DetectCustomLabels",
        "Resource": context["resources"],
    }
    if context["vpc_endpoints"]:
        statement["Condition"] = {"StringEquals": {"aws:SourceVpce": context["vpc_endpoints"]}}
    return {"Version": "2012-10-17", "Statement": [statement]}


@dataclass(frozen=True, kw_only=True)
class PureWorld:
    """Everything that an observation reads, and a clock that only steps move."""

    topology: Topology
    versions: Mapping[str, ModelVersion]
    """By ARN."""
    pointers: Mapping[Target, PointerState]
    roles: Mapping[str, AccessRoleState]
    claims: frozenset[str] = frozenset()
    verified: frozenset[tuple[str, str]] = frozenset()
    """Version ARNs and environments with a passed verification on record."""
    now: datetime = field(default=NOW)

    def observe(self) -> Observation:
        """Look at all of it."""
        versions = tuple(self.versions.values())
        return Observation(
            at=self.now,
            model=MODEL,
            project_arn=PROJECT_ARN,
            versions=versions,
            occupants=tuple(each for each in versions if each.status.occupies_slot),
            pointers=self.pointers,
            roles=self.roles,
            ledger=LedgerState(
                claims=dict.fromkeys(self.claims, "promote-1"),
                verifications={key: self._verification(*key) for key in self.verified},
            ),
        )

    def wish(self, version: str = "v2", to: str = "qa", *, adopt: bool = False) -> Wish:
        """Wish for a version, given by its name or ARN, in an environment."""
        request = a_request(version=version_arn(version), environment=to)
        return Wish(
            request=request,
            topology=self.topology,
            observation=self.observe(),
            render=render,
            adopt=adopt,
        )

    def plan(
        self,
        version: str = "v2",
        to: str = "qa",
        *,
        adopt: bool = False,
        unfinished: Plan | None = None,
    ) -> Plan:
        """Plan a promotion, perhaps while one with the plan `unfinished` has not ended."""
        wish = self.wish(version, to, adopt=adopt)
        if unfinished is not None:
            begun = Unfinished(promotion="promote-1", plan=unfinished, since=NOW, by=PROMOTER)
            ledger = replace(wish.observation.ledger, open=(begun,))
            wish = replace(wish, observation=replace(wish.observation, ledger=ledger))
        return make_plan(wish, tool="promote 0.1.0")

    def later(self, seconds: float) -> PureWorld:
        """Let time pass."""
        return replace(self, now=self.now + timedelta(seconds=seconds))

    def with_pointer(self, account: str, state: PointerState) -> PureWorld:
        """Set the pointer of an account, with its history."""
        found = {t: state for t in self.pointers if t.account == account}
        assert found, account
        return replace(self, pointers={**self.pointers, **found})

    def with_policy(self, role: str, name: str, document: Json | None) -> PureWorld:
        """Set or take away an inline policy, or a managed one when `name` is its ARN."""
        state = self.roles[role]
        managed = name.startswith("arn:")
        kept = {k: v for k, v in (state.attached if managed else state.inline).items() if k != name}
        kept |= {} if document is None else {name: document}
        changed = replace(state, attached=kept) if managed else replace(state, inline=kept)
        return replace(self, roles={**self.roles, role: changed})

    def with_status(self, version: str, status: Status) -> PureWorld:
        """Set where a version, given by its name or ARN, stands."""
        arn = version_arn(version)
        changed = replace(self.versions[arn], status=status)
        return replace(self, versions={**self.versions, arn: changed})

    def with_verification(self, version: str = "v2", environment: str = "qa") -> PureWorld:
        """Record a passed verification."""
        return replace(self, verified=self.verified | {(version_arn(version), environment)})

    def after(self, step: Step) -> PureWorld:
        """Carry out one step."""
        match step:
            case Start():
                return self._started(step)
            case Grant():
                self._premise(step)
                return self.with_policy(step.role, step.policy, step.after)
            case Prove():
                assert self.allows(step.role, step.version), "a proof would fail: denied"
                assert self.runs(step.version), "a proof would fail: not running"
                return self
            case Switch():
                return self._switched(step)
            case Bake():
                return self.later(step.seconds)
            case Drain():
                changed = [self._pointer(step, a).current for a in step.accounts]
                end = max(each.changed_at for each in changed if each) + timedelta(
                    seconds=max(step.seconds, step.keep_warm)
                )
                return replace(self, now=max(self.now, end))
            case Revoke():
                return self._revoked(step)
            case Stop():
                warm = not step.makes_room
                held = holders(step.version, self.topology, self.observe(), warm=warm)
                assert not held, f"P6 forbids the stop of {step.version}: {held}"
                return self.stopped(step.version)

    def stages(self, plan: Plan, steps: tuple[Step, ...]) -> Iterator[PureWorld]:
        """Yield the world before the first of a plan's steps, and after each.

        The verification through the pointers belongs to the last step before the drain.
        """
        world = self
        after = [isinstance(s, Drain | Revoke | Stop) and not makes_room(s) for s in steps]
        forward = steps[: after.index(True)] if any(after) else steps
        yield world
        for number, step in enumerate(steps, start=1):
            world = world.after(step)
            if number == len(forward):
                request = plan.request
                world = world.with_verification(request.version, request.environment)
            yield world

    def applied(self, plan: Plan, steps: tuple[Step, ...] | None = None) -> PureWorld:
        """Carry out all steps of a plan, or only the given ones of them."""
        *_, last = self.stages(plan, plan.steps if steps is None else steps)
        return last

    def put_back(self, plan: Plan) -> PureWorld:
        """Undo a plan as far as it was carried out: pointers, drain, grants, the version."""
        world, back = self, switched_back(plan, self.observe())
        for step in back:
            world = world.switched_back(step)
        if back:
            drain = self.topology.environment(plan.request.environment).drain
            world = world.later(drain.total_seconds())
        for grant in withdrawn(plan, world.observe()):
            world = world.with_policy(grant.role, grant.policy, grant.undo)
        version = plan.request.version
        seen = world.observe()
        may_stop = world.runs(version) and not holders(version, world.topology, seen)
        stoppable = may_stop and stoppable_after_undo(plan, world.topology, seen)
        return world.stopped(version) if stoppable else world

    def allows(self, role: str, version: str) -> bool:
        """Say whether any policy of a role allows a version."""
        state = self.roles[role]
        return any(
            resource_matches(pattern, version)
            for document in (*state.inline.values(), *state.attached.values())
            for pattern in allowed_patterns(document)
        )

    def runs(self, version: str) -> bool:
        """Say whether a version runs."""
        return version in self.versions and self.versions[version].status is Status.RUNNING

    def stopped(self, version: str) -> PureWorld:
        """Stop a version and close its claim."""
        return replace(self.with_status(version, Status.STOPPED), claims=self.claims - {version})

    def switched_back(self, step: Switch) -> PureWorld:
        """Undo one switch."""
        state = self._pointer(step, step.account)
        assert step.undo is not None or len(state.history) == 1, "would delete what others wrote"
        back = PointerState() if step.undo is None else self._written(state, step.undo)
        return self.with_pointer(step.account, back)

    def settled(self) -> tuple[object, ...]:
        """Return what must be the same however a promotion got here; time and revisions aside."""
        return (
            {str(target): state.value for target, state in self.pointers.items()},
            {arn: (dict(r.inline), dict(r.attached)) for arn, r in self.roles.items()},
            {arn: version.status for arn, version in self.versions.items()},
            self.claims,
            self.verified,
        )

    def broken_paths(self) -> tuple[str, ...]:
        """Name every covered version that its target cannot use (P1)."""
        found = []
        observation = self.observe()
        for target in self.pointers:
            environment = self.topology.environment(target.environment)
            for version in covered_versions(target, environment, observation):
                if not self.allows(target.access_role, version):
                    found.append(f"{target} is denied {version}")
                if version in self.versions and not self.runs(version):
                    found.append(f"{version} does not run for {target}")
        return tuple(found)

    def coverage(self, role: str) -> frozenset[str]:
        """Return what the targets of a role cover."""
        targets = [target for target in self.pointers if target.access_role == role]
        environment = self.topology.environment(targets[0].environment)
        return role_coverage(targets, environment, self.observe())

    def _pointer(self, step: Drain | Switch, account: str) -> PointerState:
        (found,) = (
            state
            for target, state in self.pointers.items()
            if (target.environment, target.account) == (step.environment, account)
        )
        return found

    def _premise(self, step: Grant | Revoke) -> None:
        live = self.roles[step.role].policy(step.policy)
        assert same(live, step.before) or same(live, step.after), "the policy was changed meanwhile"

    def _started(self, step: Start) -> PureWorld:
        status = self.versions[step.version].status
        assert status.usable, f"{step.version} is {status.value}"
        claimed = self.claims if status is Status.STARTING else self.claims | {step.version}
        return replace(self.with_status(step.version, Status.RUNNING), claims=claimed)

    def _switched(self, step: Switch) -> PureWorld:
        state = self._pointer(step, step.account)
        assert state.revision == step.revision, "the pointer was changed meanwhile"
        return self.with_pointer(step.account, self._written(state, step.version))

    def _written(self, state: PointerState, value: str) -> PointerState:
        entry = PointerValue(value=value, revision=state.revision + 1, changed_at=self.now)
        return PointerState(history=(*state.history, entry))

    def _revoked(self, step: Revoke) -> PureWorld:
        self._premise(step)
        world = self.with_policy(step.role, step.policy, step.after)
        for name in step.remove:
            world = world.with_policy(step.role, name, None)
        for version in step.revoked:
            assert not world.allows(step.role, version), f"a denial would fail: {version}"
        assert world.allows(step.role, step.version)
        return world

    def _verification(self, version: str, environment: str) -> VerificationDone:
        return VerificationDone(
            at=self.now,
            by=PROMOTER,
            version=version,
            environment=environment,
            passed=True,
            accounts=(),
            accuracy=None,
        )


def a_world(
    topology: Topology,
    *versions: ModelVersion,
    pointers: Mapping[str, PointerState],
    granted: tuple[str, ...] | None = None,
) -> PureWorld:
    """Build a world whose roles allow exactly what their targets cover, or `granted`.

    `pointers` are by account id; a target without one has none.
    """
    targets = topology.all_targets(MODEL)
    world = PureWorld(
        topology=topology,
        versions={version.arn: version for version in versions},
        pointers={target: pointers.get(target.account, PointerState()) for target in targets},
        roles=access_roles(topology, versions=()),
    )
    for arn in world.roles:
        (target, *_) = (each for each in targets if each.access_role == arn)
        covered = world.coverage(arn) if granted is None else frozenset(map(version_arn, granted))
        if covered:
            wish = world.wish(to=target.environment)
            world = world.with_policy(arn, target.policy_name, wish.document(covered))
    return world
