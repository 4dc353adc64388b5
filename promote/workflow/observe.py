"""Read the world once: everything that a plan for one model rests on, side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from promote.core.observation import AccessRoleState, Observation, PointerState
from promote.core.topology import Environment, Target, Topology
from promote.core.version import ModelVersion
from promote.errors import AccessError, NotFoundError
from promote.ports import World
from promote.workflow.journal import Journal
from promote.workflow.side_by_side import side_by_side


@dataclass(frozen=True, slots=True)
class _Unread:
    why: str


@dataclass(frozen=True, slots=True)
class Observer:
    """Reads everything about one model, as the reader roles."""

    world: World
    topology: Topology
    model: str
    environment: Environment
    """Whose reader role reads in the ML account."""
    must_read: frozenset[str] | None = None
    """The environments of which an account that cannot be read ends everything; None is all. In
    the others it only means that any version may be in use there."""

    def observe(self, version: str | None = None) -> Observation:
        """Read the world, the ledger before all else.

        So whoever finds the ledger unchanged later knows that no promotion ended or began since
        the first of these reads, and that they fit together.

        Args:
            version: The name or ARN of a version that may have to be started: then the slots that
                other projects hold are counted, too.

        Raises:
            NotFoundError: The model's project does not exist.
            AccessError: A reader role may not be assumed, or may not read.
        """
        at = self.world.clock.now()
        ledger = Journal(self.world.store, self.model).state()
        targets = self.topology.all_targets(self.model)
        roles = tuple(dict.fromkeys(target.access_role for target in targets))
        project: list[tuple[str, tuple[ModelVersion, ...]]] = []
        reads: list[Callable[[], object]] = [lambda: project.append(self._versions())]
        reads += [partial(self._pointer, target) for target in targets]
        reads += [partial(self._role, arn) for arn in roles]
        found = side_by_side(lambda read: read(), reads)
        ((project_arn, versions),) = project
        states = [each for each in found if isinstance(each, PointerState | _Unread)]
        pointers = dict(zip(targets, states, strict=True))
        return Observation(
            at=at,
            model=self.model,
            project_arn=project_arn,
            versions=versions,
            occupants=self._occupants(project_arn, versions, version),
            pointers={
                target: PointerState() if isinstance(state, _Unread) else state
                for target, state in pointers.items()
            },
            roles={each.arn: each for each in found if isinstance(each, AccessRoleState)},
            ledger=ledger,
            unread={
                target: f"{target.pointer.name} of {target} cannot be read ({state.why})"
                for target, state in pointers.items()
                if isinstance(state, _Unread)
            },
        )

    @property
    def _reader(self) -> str | None:
        return self.topology.ml_reader(self.environment)

    def _versions(self) -> tuple[str, tuple[ModelVersion, ...]]:
        model = self.topology.model(self.model)
        service = self.world.services[model.service]
        arn = service.project_arn(model.project, role=self._reader)
        return arn, service.versions(arn, role=self._reader)

    def _pointer(self, target: Target) -> PointerState | _Unread:
        try:
            return self.world.pointers[target.pointer.kind].read(target, role=target.reader_role)
        except (AccessError, NotFoundError) as error:
            if self.must_read is None or target.environment in self.must_read:
                raise
            return _Unread(error.summary)

    def _role(self, arn: str) -> AccessRoleState | None:
        return self.world.roles.read(arn, role=self._reader)

    def _occupants(
        self, project_arn: str, versions: tuple[ModelVersion, ...], wanted: str | None
    ) -> tuple[ModelVersion, ...]:
        own = tuple(each for each in versions if each.status.occupies_slot)
        found = [each for each in versions if wanted in {each.name, each.arn}]
        if not found or found[0].status.occupies_slot:
            return own
        service = self.world.services[self.topology.model(self.model).service]
        return own + service.occupants(besides=project_arn, role=self._reader)
