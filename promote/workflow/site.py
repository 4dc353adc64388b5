"""Where work is done: one model in one environment of one world, and who does it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from promote.core.events import Event, Waiting, Warned
from promote.core.exactness import Meaning
from promote.core.observation import Observation
from promote.core.record import Record
from promote.core.topology import Environment, Target, Topology
from promote.ports import Caller, LabelledImage, ModelService, Pointer, World
from promote.workflow.journal import Journal
from promote.workflow.observe import Observer
from promote.workflow.wait import Pace

_LOG = logging.getLogger("promote")


@dataclass(frozen=True, slots=True)
class Announcer:
    """Hands events to whoever listens; a listener that fails harms nobody but itself."""

    listener: Callable[[Event], None]

    def __call__(self, event: Event) -> None:
        """Hand over one event."""
        try:
            self.listener(event)
        except Exception:  # noqa: BLE001 (a listener is foreign code; the promotion goes on)
            _LOG.warning("An event listener failed on %s", type(event).__name__, exc_info=True)

    def beside(self, first: Callable[[Event], None]) -> Announcer:
        """Return one that tells somebody else first."""

        def both(event: Event) -> None:
            first(event)
            self(event)

        return Announcer(both)


@dataclass(frozen=True)
class Site:
    """What everything that is done for one model in one environment shares."""

    world: World
    topology: Topology
    model: str
    environment: Environment
    promotion: str
    """The id of the promotion, or of the single command; session names carry it."""
    caller: Caller
    announce: Announcer
    keep: Callable[[], None] = lambda: None
    """Called before every write and pause; raises when the lock was lost."""
    must_read: frozenset[str] | None = None
    """As that of an `Observer`."""
    execution: str | None = None
    """The id of the pipeline execution that it is a part of: kept in the records."""

    @property
    def cancelled(self) -> threading.Event:
        """Set when a part of the work failed or a signal came."""
        return self.world.cancelled

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """The environment's targets, in the order of the file."""
        return self.topology.targets(self.model, self.environment)

    def target(self, account: str) -> Target:
        """Return the target in an account."""
        return next(target for target in self.targets if target.account == account)

    @property
    def service(self) -> ModelService:
        """The model's service."""
        return self.world.services[self.topology.model(self.model).service]

    def pointer(self, target: Target) -> Pointer:
        """Return the store that a target's pointer lies in."""
        return self.world.pointers[target.pointer.kind]

    @property
    def reader(self) -> str | None:
        """The role that reads in the ML account."""
        return self.topology.ml_reader(self.environment)

    @property
    def operator(self) -> str | None:
        """The role that writes in the ML account."""
        return self.topology.operator(self.environment)

    @property
    def meaning(self) -> Meaning:
        """What the access roles' policies are to say."""
        return Meaning(self.topology, self.model, self.environment)

    @cached_property
    def journal(self) -> Journal:
        """The ledger's records of the model."""
        return Journal(self.world.store, self.model, self.warn)

    @cached_property
    def images(self) -> tuple[LabelledImage, ...]:
        """The smoke test's images, read once; none when the environment has none."""
        location = self.topology.images(self.model, self.environment)
        return self.world.images.load(location) if location is not None else ()

    def record(self, record: Record) -> None:
        """Append one record to the ledger."""
        self.keep()
        self.journal.append(record)

    def observe(self, version: str | None = None) -> Observation:
        """Read the world, all of it; see `Observer.observe`."""
        observer = Observer(
            self.world, self.topology, self.model, self.environment, must_read=self.must_read
        )
        return observer.observe(version)

    def pace(self, deadline: float, *, longest: float = 10.0) -> Pace:
        """Return how a wait goes."""
        return Pace(
            clock=self.world.clock,
            deadline=deadline,
            longest=longest,
            heartbeat=self.keep,
            cancelled=self.cancelled,
        )

    def waiting(self, what: str, status: str, elapsed: float, deadline: float | None) -> None:
        """Announce that a wait goes on."""
        at = self.world.clock.now()
        self.announce(Waiting(at=at, what=what, status=status, elapsed=elapsed, deadline=deadline))

    def warn(self, message: str) -> None:
        """Announce something that a person should know."""
        self.announce(Warned(at=self.world.clock.now(), message=message))
