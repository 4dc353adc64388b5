"""Walk every path that a promotion takes and say which is closed.

It only reads, but for one object that it puts beside the ledger's records and takes away again:
nothing else tells whether the ledger can be written. Where people are asked for approvals it also
tries one that it should not be able to write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from promote.arn import parse_arn
from promote.core.observation import Json
from promote.core.parts import Model
from promote.core.status import Finding
from promote.core.topology import Environment, Target, Topology
from promote.errors import NotFoundError, PromoteError, QuotaError, RefusedError
from promote.iam.document import same
from promote.iam.quota import TRUST_RAISED, trust_usage
from promote.ports import World
from promote.workflow.gate_checks import gate_checks
from promote.workflow.journal import Journal
from promote.workflow.review_checks import review_checks
from promote.workflow.side_by_side import side_by_side

Check = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Doctor:
    """Checks everything that promote.yaml names."""

    world: World
    topology: Topology
    trust: Mapping[str, Json]
    """The wanted trust policies by the ARN of the access role."""

    def examine(self) -> tuple[Finding, ...]:
        """Check everything, in the order of the file; a check never stops the others."""
        checks = [*self._basics()]
        for environment in self.topology.environments:
            checks += self._roles(environment)
            for model in self.topology.models:
                checks += self._model(environment, model)
                checks += gate_checks(self.world, self.topology, environment, model)
        once = dict(reversed(checks))
        subjects = dict.fromkeys(subject for subject, _ in checks)
        return side_by_side(lambda subject: _finding(subject, once[subject]), subjects)

    def _basics(self) -> Iterator[tuple[str, Check]]:
        yield "credentials", lambda: self.world.identities.caller().arn
        yield "ledger", self._ledger
        yield from review_checks(self.world, self.topology)
        key = self.topology.signing_key
        if key is not None:
            yield f"signing key {key}", lambda: self._sign(key)

    def _sign(self, key: str) -> str:
        self.world.signer.expect(key)
        return "can sign the records"

    def _ledger(self) -> str:
        store, models = self.world.store, self.topology.models
        for model in models:
            Journal(store, model.name).state()
        records = sum(len(store.keys(f"{model.name}/records/")) for model in models)
        probe = f"{models[0].name}/doctor.json"
        left = store.read(probe)
        tag = left.tag if left else store.create(probe, b"{}")
        # Without a tag another doctor was faster, so that it can be written.
        if tag is not None:
            store.delete(probe, tag)
        return f"readable and writable, {records} records"

    def _roles(self, environment: Environment) -> Iterator[tuple[str, Check]]:
        targets = self.topology.targets(self.topology.models[0].name, environment)
        roles = [self.topology.ml_reader(environment), self.topology.operator(environment)]
        for target in targets:
            roles += [target.reader_role, target.deployer_role, target.smoke_role]
        for role in dict.fromkeys(role for role in roles if role is not None):
            yield f"role {role}", lambda role=role: self._reach(role)  # type: ignore[misc]

    def _reach(self, role: str) -> str:
        self.world.identities.reach(role)
        return "can be assumed"

    def _model(self, environment: Environment, model: Model) -> Iterator[tuple[str, Check]]:
        reader = self.topology.ml_reader(environment)
        service = self.world.services[model.service]
        yield (
            f"project {model.project}",
            lambda: service.project_arn(model.project, role=reader),
        )
        images = self.topology.images(model.name, environment)
        if images is not None:
            yield f"images {images}", lambda: f"{len(self.world.images.load(images))} images"
        for target in self.topology.targets(model.name, environment):
            pointer = f"pointer {target.pointer.name} of {target}"
            yield pointer, lambda target=target: self._pointer(target)  # type: ignore[misc]
            yield (
                f"access role {target.access_role}",
                lambda target=target: self._access_role(target, reader),  # type: ignore[misc]
            )
            yield f"path of {target}", lambda target=target: self._path(target)  # type: ignore[misc]

    def _pointer(self, target: Target) -> str:
        pointer = self.world.pointers[target.pointer.kind]
        now = pointer.current(target, role=target.reader_role)
        return f"names {now.value}" if now else "does not exist yet; the first promotion creates it"

    def _access_role(self, target: Target, reader: str | None) -> str:
        state = self.world.roles.read(target.access_role, role=reader)
        render = (
            f"promote policy render --model {target.model} --environment {target.environment} "
            "--kind access-role-trust"
        )
        wanted = self.trust.get(target.access_role)
        if wanted is not None and not (usage := trust_usage(wanted)).fits:
            raise QuotaError(
                "Its trust policy would be too large",
                f"It would take {usage.used} characters; IAM accepts {usage.limit}, and up to "
                f"{TRUST_RAISED} where AWS has raised the quota.",
                "Give each account a role of its own in promote.yaml:\n"
                '    access_role: "{model}-{environment}-{account}"',
            )
        if state is None:
            raise NotFoundError(
                "It does not exist", "", f"Create it with this trust policy:\n    {render}"
            )
        if wanted is not None and not same(wanted, state.trust):
            raise RefusedError(
                "Its trust policy is not what promote.yaml asks for",
                "",
                f"Compare it, and write this one:\n    {render}",
            )
        return f"exists, {len(state.inline)} inline and {len(state.attached)} attached policies"

    def _path(self, target: Target) -> str:
        self.world.identities.enter(target, "promote-doctor")
        return f"{parse_arn(target.access_role).name} can be entered as a consumer would"


def _finding(subject: str, check: Check) -> Finding:
    try:
        return Finding(ok=True, subject=subject, detail=check())
    except PromoteError as error:
        detail = f"{error.summary}. {error.detail}" if error.detail else error.summary
        return Finding(ok=False, subject=subject, detail=detail, remedy=error.remedy)
