"""A request together with everything that its plan is decided upon."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from promote.core.asked import environment_of
from promote.core.exactness import Meaning
from promote.core.gates import Findings
from promote.core.observation import AccessRoleState, Json, Observation
from promote.core.plan import Plan, Request
from promote.core.policies.proof import Render
from promote.core.topology import Environment, Target, Topology
from promote.core.version import ModelVersion
from promote.errors import NotFoundError, ProofError


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleInPlay:
    """One access role with the targets that use it, as the world has it."""

    state: AccessRoleState
    targets: tuple[Target, ...]

    @property
    def arn(self) -> str:
        """The role's ARN."""
        return self.state.arn

    @property
    def policy(self) -> str:
        """The name of our inline policy on it."""
        return self.targets[0].policy_name

    @property
    def live(self) -> Json | None:
        """Our inline policy as it is, or None."""
        return self.state.policy(self.policy)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody wants, in the world as observed.

    What follows from its fields is worked out once: an environment may have hundreds of accounts.
    """

    request: Request
    topology: Topology
    observation: Observation
    render: Render
    findings: Findings = field(default_factory=Findings)
    """What the environment's gates ask of the world beside it."""
    adopt: bool = False
    """Whether rubbish pointers and foreign grants are taken over instead of refused."""

    @cached_property
    def environment(self) -> Environment:
        """The environment to promote to, as it counts for this request."""
        return environment_of(self.topology, self.request)

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """The targets to promote to, in the order of the file."""
        return self.topology.targets(self.request.model, self.environment)

    @cached_property
    def version(self) -> ModelVersion:
        """The version to promote.

        Raises:
            NotFoundError: The model's project has no such version.
        """
        found = self.observation.version(self.request.version)
        if found is not None:
            return found
        known = ", ".join(v.name for v in self.observation.versions) or "none"
        raise NotFoundError(
            "No such version",
            f"The project {self.topology.model(self.request.model).project} has no version "
            f"{self.request.version}. It has: {known}.",
            f"To list them with their states:\n    promote version list {self.request.model}",
        )

    @cached_property
    def begun(self) -> Plan | None:
        """The unfinished promotion of this very version that a new plan takes over, or None.

        While it can still fail, what it has done already must be undone with the rest: its plan
        alone knows what was there before.
        """
        new, ledger = self.request.version, self.observation.ledger
        unfinished = ledger.open_in(self.request.environment)
        known = self.observation.ledger.verification(new, self.request.environment)
        moved = all(self.observation.pointers[target].value == new for target in self.targets)
        passed = unfinished is not None and unfinished.passed
        settled = moved and passed and known is not None and known.passed
        if unfinished is None or settled:
            return None
        theirs = unfinished.plan.request
        same = (theirs.version, theirs.rollback) == (new, self.request.rollback)
        return unfinished.plan if same else None

    @cached_property
    def roles(self) -> tuple[RoleInPlay, ...]:
        """The targets' access roles, each once.

        Raises:
            NotFoundError: One of them does not exist.
        """
        users: dict[str, list[Target]] = {}
        for target in self.targets:
            users.setdefault(target.access_role, []).append(target)
        return tuple(
            RoleInPlay(state=self._role_state(arn), targets=tuple(targets))
            for arn, targets in users.items()
        )

    def document(self, versions: frozenset[str]) -> Json:
        """Render the access role's inline policy that allows exactly these versions."""
        if versions not in self._documents:
            self._documents[versions] = self._rendered(versions)
        return self._documents[versions]

    @cached_property
    def _documents(self) -> dict[frozenset[str], Json]:
        return {}

    def _rendered(self, versions: frozenset[str]) -> Json:
        meaning = Meaning(self.topology, self.request.model, self.environment)
        try:
            return self.render("access-role", meaning.context(versions))
        except ProofError as error:
            roles = tuple(dict.fromkeys(target.access_role for target in self.targets))
            more = f" and {len(roles) - 1} more" if len(roles) > 1 else ""
            where = f"For the policy {self.targets[0].policy_name} of {roles[0]}{more}:"
            error.detail = f"{where}\n{error.detail}"
            raise

    def _role_state(self, arn: str) -> AccessRoleState:
        state = self.observation.roles.get(arn)
        if state is not None:
            return state
        raise NotFoundError(
            "No such access role",
            f"The role {arn} does not exist. Applications of {self.environment.name} would assume "
            f"it to use {self.request.model}; promote writes its inline policy, but does not "
            "create the role.",
            "Create the role with this trust policy, then try again:\n"
            f"    promote policy render --model {self.request.model} "
            f"--environment {self.environment.name} --kind access-role-trust",
        )
