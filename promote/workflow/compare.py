"""Compare the live policies of access roles with what promote.yaml and the pointers want."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from promote.core.coverage import role_coverage
from promote.core.grants import allowed_patterns, exact_versions
from promote.core.observation import AccessRoleState, Json, Observation
from promote.core.parts import Model
from promote.core.policies.difference import Comparison, compare, foreign
from promote.core.policies.documents import (
    access_policy_context,
    allowed_resources,
    wanted_documents,
)
from promote.core.policies.proof import Render
from promote.core.topology import Environment, Target, Topology
from promote.iam.elements import Kind
from promote.ports import World
from promote.workflow.observe import Observer


@dataclass(frozen=True, slots=True)
class Comparer:
    """Compares every access role of a topology, or of one model or environment of it."""

    world: World
    topology: Topology
    render: Render
    """The renderer, unproved or proving."""

    def compare(
        self, *, model: str | None = None, environment: str | None = None
    ) -> tuple[Comparison, ...]:
        """Compare the inline policy, the trust policy and foreign policies of each role.

        Wanted is what the pointers name or named within the drain, and the version of an unfinished
        promotion where it is granted already.

        Args:
            model: Only this one.
            environment: Only this one.

        Raises:
            NotFoundError: promote.yaml has no such model or environment; or AWS no such project.
            AccessError: A reader role may not read.
        """
        topology = self.topology
        models = (topology.model(model),) if model else topology.models
        only = (topology.environment(environment),) if environment else topology.environments
        trusts = wanted_trusts(self.world, self.topology, self.render)
        found: dict[tuple[str, str, str | None], Comparison] = {}
        for each in models:
            observation = Observer(self.world, topology, each.name, only[0]).observe()
            for place in only:
                for comparison in self._environment(each, place, observation, trusts):
                    key = (comparison.kind, comparison.attached_to, comparison.name)
                    found.setdefault(key, comparison)
        return tuple(found.values())

    def _environment(
        self,
        model: Model,
        environment: Environment,
        observation: Observation,
        trusts: Mapping[str, Json],
    ) -> Iterator[Comparison]:
        targets = self.topology.targets(model.name, environment)
        for role in dict.fromkeys(target.access_role for target in targets):
            users = [target for target in targets if target.access_role == role]
            state = observation.roles.get(role)
            yield self._granted(model, environment, observation, users, state)
            if role in trusts:
                yield compare(
                    state.trust if state else None,
                    trusts[role],
                    kind="access-role-trust",
                    attached_to=role,
                    name=None,
                    document_kind=Kind.TRUST,
                    topology=self.topology,
                )
            if state is not None:
                yield from self._foreign(state)

    def _granted(
        self,
        model: Model,
        environment: Environment,
        observation: Observation,
        users: list[Target],
        state: AccessRoleState | None,
    ) -> Comparison:
        name = users[0].policy_name
        live = state.policy(name) if state else None
        versions = role_coverage(users, environment, observation, live)
        versions |= _under_way(observation, environment) & exact_versions(live)
        resources = allowed_resources(
            environment.granularity,
            region=self.topology.region,
            ml_account=self.topology.ml.account,
            project=model.project,
            versions=versions,
        )
        wanted = None
        if resources:
            context = access_policy_context(self.topology, environment, resources)
            wanted = self.render("access-role", context)
        return compare(
            live,
            wanted,
            kind="access-role",
            attached_to=users[0].access_role,
            name=name,
            topology=self.topology,
        )

    def _foreign(self, state: AccessRoleState) -> Iterator[Comparison]:
        own = {
            target.policy_name
            for model in self.topology.models
            for target in self.topology.all_targets(model.name)
            if target.access_role == state.arn
        }
        for name, document in {**state.inline, **state.attached}.items():
            if name not in own:
                concerns = bool(allowed_patterns(document))
                yield foreign(document, attached_to=state.arn, name=name, concerns=concerns)


def wanted_trusts(world: World, topology: Topology, render: Render) -> dict[str, Json]:
    """Render the wanted trust policy of every access role, by the ARN of the role.

    Where the promoter itself is who tries an access role, it is among the trusted.
    """
    targets = [each for model in topology.models for each in topology.all_targets(model.name)]
    ambient = any(target.smoke_role is None for target in targets)
    trusted = [world.identities.caller().arn] if ambient else []
    return {
        wanted.attached_to: render(wanted.kind, wanted.context)
        for wanted in wanted_documents(topology, trusted=trusted)
        if wanted.kind == "access-role-trust"
    }


def _under_way(observation: Observation, environment: Environment) -> frozenset[str]:
    """Return the version that an unfinished promotion brings to an environment, if there is one."""
    unfinished = observation.ledger.open_in(environment.name)
    return frozenset({unfinished.plan.request.version} if unfinished else ())
