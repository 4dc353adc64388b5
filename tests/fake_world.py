"""A deterministic world in memory: every port of `promote.ports`, on a clock that only tests move.

It keeps every call in order, delays policies replica by replica, changes the status of versions
as time passes, and lets a test do anything at any call: fail it before or after its effect, act as
somebody else, or end the process there. After every call it holds the promises P1 and P6 against
the world and keeps each breach in `breaches`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from promote.core.evaluation import Evaluation
from promote.core.executions import Execution, Response
from promote.core.observation import Json, PointerState, PointerValue
from promote.core.record import LedgerState, Record
from promote.core.topology import Target, Topology
from promote.core.version import ModelVersion, Status
from promote.iam.document import Kind, parse
from promote.iam.elements import Policy
from promote.iam.evaluate import Decision, Request, evaluate
from promote.workflow.journal import Journal
from tests.builders import (
    HOUR,
    NOW,
    POLICY,
    PROMOTER,
    a_grant,
    a_trained_version,
    a_version,
    version_arn,
)
from tests.fake_ports import Caller, Ports, Stored, World

DETECT = "rekognition:DetectCustomLabels"
START_SECONDS, STOP_SECONDS = 20.0, 10.0
REPLICA_DELAYS = (0.2, 1.5, 4.0)
"""Seconds until each replica of IAM knows of a write; three, as `consecutive` is by default."""


class CrashError(BaseException):
    """The process ends here; its later calls never happen, either."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a port: what, on what, and the role that it was made as."""

    operation: str
    resource: str
    role: str | None
    writes: bool


@dataclass(slots=True)
class Hook:
    """What a test does at some calls of an operation."""

    operation: str
    resource: str
    action: Callable[[], object]
    nth: range
    after: bool
    seen: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Edition:
    """What an inline policy was from a moment on; None is deleted."""

    since: datetime
    document: Json | None
    parsed: Policy | None


@dataclass(slots=True)
class Role:
    """An access role: each inline policy with every document that it had and since when."""

    trust: Json
    inline: dict[str, list[Edition]] = field(default_factory=dict)

    def editions(self, at: datetime) -> dict[str, Edition]:
        """Return the policies as they were at a moment."""
        found = {}
        for name, past in self.inline.items():
            for each in reversed(past):
                if each.since <= at:
                    if each.document is not None:
                        found[name] = each
                    break
        return found

    def documents(self, at: datetime) -> dict[str, Json]:
        """Return the documents as they were at a moment."""
        return {name: each.document for name, each in self.editions(at).items() if each.document}


class FakeWorld:
    """The world; see the module. By default `v1` runs and is live everywhere, `v2` is trained."""

    def __init__(self, topology: Topology, *, live: str | None = "v1") -> None:
        self.topology = topology
        self.seconds = 0.0
        self.caller = Caller(arn=PROMOTER, account="111111111111")
        models = [model.name for model in topology.models]
        self.targets = tuple(t for name in models for t in topology.all_targets(name))
        """Every target of every model."""
        self.calls: list[Call] = []
        self.breaches: list[str] = []
        self.dead = False
        self.versions = {each.arn: each for each in (a_version("v1"), a_trained_version("v2"))}
        self.strangers: tuple[ModelVersion, ...] = ()
        self.becoming: dict[str, tuple[datetime, ModelVersion]] = {}
        self.failing: set[str] = set()
        self.poor: set[str] = set()
        """Versions that recognise nothing; with an account before it, only from there."""
        self.mistaken: dict[str, Mapping[str, str | None]] = {}
        """By the ARN of a version, what it takes an image for, by the image; None is nothing."""
        self.albums: dict[str, tuple[str, ...]] = {}
        """Images by their location; an image is its label and, to be told from others, a number."""
        self.evaluations: dict[str, Evaluation] = {}
        """By the ARN of the version."""
        self.alarms: dict[tuple[str, str], str] = {}
        """States by (account, name)."""
        self.executions: dict[str, Execution] = {}
        self.responses: dict[str, tuple[Response, ...]] = {}
        """By the id of the execution of a pipeline."""
        self.blind: set[str] = set()
        """Accounts whose applications never see their pointer change."""
        self.pointers: dict[tuple[str, str], list[PointerValue]] = {}
        self.left_at: dict[tuple[str, str], dict[str, datetime]] = {}
        self.proven: set[tuple[str, str]] = set()
        self.roles: dict[str, Role] = {}
        self.objects: dict[str, Stored] = {}
        self.images = ("hammer", "screwdriver")
        self.replicas = REPLICA_DELAYS
        self._changes = 0
        self._held: tuple[float, int] | None = None
        self._turns: dict[str, int] = {}
        self._decided: dict[tuple[tuple[Edition, ...], str], Decision] = {}
        self._hooks: list[Hook] = []
        self._guard = threading.RLock()
        for target in self.targets:
            self._seed(target, live)

    @property
    def time(self) -> datetime:
        """The time by every clock of this world, in UTC."""
        return NOW + timedelta(seconds=self.seconds)

    def _seed(self, target: Target, live: str | None) -> None:
        role = self.roles.setdefault(target.access_role, Role(trust={}))
        if live is None:
            return
        arn = version_arn(live)
        first = PointerValue(value=arn, revision=1, changed_at=NOW - HOUR, changed_by=PROMOTER)
        self.pointers[place(target)] = [first]
        role.inline[target.policy_name] = [_edition(NOW - HOUR, a_grant(live))]
        self.proven.add((target.account, arn))

    def ports(self) -> World:
        """Return every port onto this world."""
        return Ports(self).world()

    @contextmanager
    def call(
        self, operation: str, resource: str, role: str | None = None, *, writes: bool = False
    ) -> Iterator[None]:
        """Record one call around its effect, and let the test have its say before and after."""
        with self._guard:
            if self.dead:
                raise CrashError
            made = Call(operation, resource, role, writes)
            self.calls.append(made)
            self._settle()
            due = [hook for hook in self._hooks if _strikes(hook, made)]
            self._strike(hook for hook in due if not hook.after)
            try:
                yield
            finally:
                self._settle()
                self._hold()
            self._strike(hook for hook in due if hook.after)

    def at(
        self,
        operation: str,
        action: Callable[[], object],
        *,
        nth: int = 1,
        times: int = 1,
        after: bool = False,
        on: str = "",
    ) -> None:
        """Do `action` at the nth call from now of an operation ("*" is any, "!" any write).

        Args:
            operation: Such as ``pointer.write``.
            action: Anything; what it raises is what the call raises.
            nth: Counting from 1.
            times: At how many calls in a row.
            after: After the call's effect rather than before it.
            on: Only calls whose resource contains this.
        """
        turns = range(nth, nth + times)
        self._hooks.append(Hook(operation, on, action, turns, after))

    def fail(
        self,
        operation: str,
        error: BaseException,
        *,
        nth: int = 1,
        times: int = 1,
        after: bool = False,
        on: str = "",
    ) -> None:
        """Let the nth call from now raise an error; see `at`."""

        def strike() -> None:
            raise error

        self.at(operation, strike, nth=nth, times=times, after=after, on=on)

    def crash(self, operation: str = "*", *, nth: int = 1, after: bool = False) -> None:
        """End the process at the nth call from now; see `at`."""

        def strike() -> None:
            self.dead = True
            raise CrashError

        self.at(operation, strike, nth=nth, after=after)

    def revive(self, *, seconds: float = 0.0) -> None:
        """Start a new process `seconds` later, with nothing planned for it."""
        self.dead = False
        self._hooks.clear()
        self.pass_time(seconds)

    def copy(self) -> FakeWorld:
        """Return the same world apart, as it is now and without calls: what a crash leaves."""
        other = FakeWorld(self.topology, live=None)
        other.seconds, other.replicas = self.seconds, self.replicas
        other.versions, other.becoming = dict(self.versions), dict(self.becoming)
        other.failing, other.poor, other.proven = (
            set(self.failing),
            set(self.poor),
            set(self.proven),
        )
        other.pointers, other.objects = dict(self.pointers), dict(self.objects)
        other.evaluations, other.alarms = dict(self.evaluations), dict(self.alarms)
        other.executions, other.responses = dict(self.executions), dict(self.responses)
        other.blind, other._turns = set(self.blind), dict(self._turns)
        other.mistaken, other.albums = dict(self.mistaken), dict(self.albums)
        other.left_at = {where: dict(left) for where, left in self.left_at.items()}
        for arn, role in self.roles.items():
            other.roles[arn].inline.update({name: [*past] for name, past in role.inline.items()})
        return other

    def pass_time(self, seconds: float) -> None:
        """Move the clock."""
        with self._guard:
            self.seconds += seconds
            self._settle()

    def become(self, name: str, status: Status, *, after: float = 0.0, message: str = "") -> None:
        """Let a version be in a state, at once or some seconds from now."""
        arn = version_arn(name)
        version = replace(self.versions[arn], status=status, message=message)
        self.becoming[arn] = (self.time + timedelta(seconds=after), version)
        self._settle()

    def start(self, name: str) -> None:
        """Take a version's start: it is STARTING, then RUNNING, or FAILED if it is `failing`."""
        broken = version_arn(name) in self.failing
        self.become(name, Status.STARTING)
        arrival, why = (Status.FAILED, "out of capacity") if broken else (Status.RUNNING, "")
        self.become(name, arrival, after=START_SECONDS, message=why)

    def stop(self, name: str) -> None:
        """Take a version's stop, and hold P6: nothing in the topology may still allow it."""
        arn = version_arn(name)
        self.breaches += [
            f"{name} is stopped while {role} allows it"
            for role in self.roles
            if self.decide(role, arn).allowed and arn in json.dumps(self.document(role))
        ]
        self.become(name, Status.STOPPING)
        self.become(name, Status.STOPPED, after=STOP_SECONDS)

    def point(self, target: Target, value: str | None) -> int:
        """Let a pointer name something, or delete it; return its revision."""
        self._changes += 1
        history = self.pointers.get(place(target), [])
        if history and history[-1].value != value:
            self.left_at.setdefault(place(target), {})[history[-1].value] = self.time
        if value is None:
            self.pointers.pop(place(target), None)
            return 0
        entry = PointerValue(value=value, revision=len(history) + 1, changed_at=self.time)
        self.pointers[place(target)] = [*history, entry]
        return entry.revision

    def pointer(self, target: Target) -> PointerState:
        """Return a pointer with its history."""
        return PointerState(history=tuple(self.pointers.get(place(target), ())))

    def write_policy(self, role: str, document: Json | None, name: str = POLICY) -> None:
        """Replace or delete an inline policy; the replicas learn of it one after the other."""
        self._changes += 1
        self.roles[role].inline.setdefault(name, []).append(_edition(self.time, document))

    def document(self, role: str, name: str = POLICY) -> Json | None:
        """Return an inline policy as it was last written."""
        return self.roles[role].documents(self.time).get(name)

    def next_replica(self, target: Target) -> float:
        """Return the delay of the replica that a target's fresh session meets: each in turn."""
        turn = self._turns.get(target.account, 0)
        self._turns[target.account] = turn + 1
        return self.replicas[turn % len(self.replicas)]

    def decide(self, role: str, version: str, delay: float = 0.0) -> Decision:
        """Decide a detection by what a replica of IAM that lags by `delay` seconds knows."""
        known = self.time - timedelta(seconds=delay)
        editions = tuple(self.roles[role].editions(known).values())
        decided = self._decided.get((editions, version))
        if decided is None:
            request = Request(principal=role, action=DETECT, resource=version, context={})
            policies = [each.parsed for each in editions if each.parsed is not None]
            decided = self._decided[editions, version] = evaluate(request, policies)
        return decided

    def occupied(self) -> int:
        """Count the running slots that are taken."""
        return sum(v.status.occupies_slot for v in (*self.versions.values(), *self.strangers))

    def status(self, name: str) -> Status:
        """Return the state of a version."""
        return self.versions[version_arn(name)].status

    def records(self, model: str = "tools") -> tuple[Record, ...]:
        """Return the ledger's records without a trace in `calls`."""
        with self._unseen():
            return Journal(self.ports().store, model).records()

    def ledger(self, model: str = "tools") -> LedgerState:
        """Return what the records add up to."""
        with self._unseen():
            return Journal(self.ports().store, model).state()

    def end_state(self) -> Mapping[str, object]:
        """Return everything that a promotion may change, for comparing two worlds."""
        state = self.ledger()
        return {
            "pointers": {str(t): self.pointer(t).value for t in self.targets},
            "policies": {arn: role.documents(self.time) for arn, role in self.roles.items()},
            "statuses": {each.name: each.status.value for each in self.versions.values()},
            "claims": dict(state.claims),
            "held": sorted(state.held),
            "unfinished": state.unfinished,
            "lock": "tools/lock.json" in self.objects,
        }

    def operations(self, *, writes: bool | None = None) -> list[str]:
        """Return the operations called so far, in order; all, or those that write or do not."""
        return [each.operation for each in self.calls if writes in {None, each.writes}]

    @contextmanager
    def _unseen(self) -> Iterator[None]:
        calls, hooks, dead = self.calls, self._hooks, self.dead
        self.calls, self._hooks, self.dead = [], [], False
        try:
            yield
        finally:
            self.calls, self._hooks, self.dead = calls, hooks, dead

    def _strike(self, hooks: Iterator[Hook]) -> None:
        for hook in hooks:
            hook.action()

    def _settle(self) -> None:
        for arn, (when, version) in tuple(self.becoming.items()):
            if when <= self.time:
                self.versions[arn] = version
                self._changes += 1
                del self.becoming[arn]

    def _hold(self) -> None:
        """Hold P1 against the world: whatever applications may use runs and is allowed to them."""
        now = (self.seconds, self._changes)
        if now == self._held:
            return
        self._held = now
        self.breaches += [
            f"{target} may use {arn.rsplit('/', 2)[-2]}, which {wrong}, "
            f"at {self.calls[-1].operation} (call {len(self.calls)})"
            for target in self.targets
            for arn in self._usable(target)
            if (wrong := self._wrong(target, arn))
        ]

    def _usable(self, target: Target) -> set[str]:
        drain = self.topology.environment(target.environment).drain
        left = self.left_at.get(place(target), {})
        recent = {value for value, when in left.items() if when + drain > self.time}
        value = self.pointer(target).value
        return (recent | ({value} if value else set())) & set(self.versions)

    def _wrong(self, target: Target, arn: str) -> str | None:
        if self.versions[arn].status is not Status.RUNNING:
            return f"is {self.versions[arn].status.value}"
        if (target.account, arn) not in self.proven:
            return "was never proven"
        delays = (*self.replicas, 0.0)
        if not all(self.decide(target.access_role, arn, each).allowed for each in delays):
            return "is not allowed in every replica"
        return None


def place(target: Target) -> tuple[str, str]:
    """Return where a target's pointer lies."""
    return (target.account, target.pointer.name)


def _strikes(hook: Hook, call: Call) -> bool:
    fits = hook.operation in {"*", call.operation} or (hook.operation == "!" and call.writes)
    if not fits or hook.resource not in call.resource:
        return False
    hook.seen += 1
    return hook.seen in hook.nth


def _edition(since: datetime, document: Json | None) -> Edition:
    parsed = document and parse(document, kind=Kind.IDENTITY, name="policy")
    return Edition(since, document, parsed or None)
