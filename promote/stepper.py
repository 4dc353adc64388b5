"""The library as far as it does single steps: for pipelines that are put together by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from promote.core.brought import VerificationBrought
from promote.core.events import Event
from promote.core.pipeline.names import Names
from promote.core.record import VerificationDone
from promote.core.status import ModelLock
from promote.core.topology import Environment, Topology
from promote.core.version import ModelVersion
from promote.ports import Clock, PolicyAnalyzer, Store
from promote.reviewer import Reviewing
from promote.workflow import ambient, single, starting
from promote.workflow.finding import find_version
from promote.workflow.lease import holding, release_lock
from promote.workflow.site import Announcer, Site
from promote.workflow.starting import Started

if TYPE_CHECKING:
    import boto3


class Stepping(Reviewing):
    """Does single steps for the models of one topology; see `Reviewing`.

    Args:
        topology: What promote.yaml says.
        session: Where the promoter's own credentials come from; None is boto3's usual chain.
        ledger: Where records and locks are kept; None opens what the topology names.
        clock: The time; None is the machine's.
        analyzer: Who else `analyse` asks about documents; None is IAM Access Analyzer.
        on_event: Told what happens, in order; an exception in it is logged and harms nothing.
    """

    def __init__(
        self,
        topology: Topology,
        *,
        session: boto3.Session | None = None,
        ledger: Store | None = None,
        clock: Clock | None = None,
        analyzer: PolicyAnalyzer | None = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> None:
        super().__init__(topology, session=session, ledger=ledger, clock=clock, analyzer=analyzer)
        self._announce = Announcer(on_event or (lambda _event: None))

    def verify(self, model: str, *, environment: str) -> VerificationDone:
        """Try what an environment's pointers name, as its applications would, and record it."""
        return single.verify(self._site(model, self._topology.environment(environment)))

    def verify_ambient(self, model: str, *, environment: str) -> VerificationDone:
        """Try what the caller's account uses, with the caller's credentials; nothing is recorded.

        Raises:
            NotFoundError: The environment has no target in the caller's account.
        """
        return ambient.verify_ambient(self._site(model, self._topology.environment(environment)))

    def bring(self, model: str, done: VerificationDone, *, environment: str) -> VerificationBrought:
        """Record what somebody's `verify_ambient` said; see `promote.core.brought`.

        Raises:
            InputError: It is none of this model and environment, or of another day.
        """
        return ambient.bring(self._site(model, self._topology.environment(environment)), done)

    def start_pipeline(
        self, model: str, version: str, *, pack: Callable[[], bytes], reason: str | None = None
    ) -> Started:
        """Start the pipeline of a model for a version, once both are known to exist.

        Args:
            model: A model of the topology.
            version: The version's name or ARN.
            pack: Makes the request that the execution begins with, see `promote.pipeline.bundle`.
            reason: Why; shown to who approves.

        Raises:
            InputError: promote.yaml has no pipelines, or the reason cannot be handed on.
            NotFoundError: No such version, or no such pipeline.
        """
        name = Names(self._topology, self._topology.model(model).name).pipeline
        starting.expect_harmless(reason)
        found = find_version(self.versions(model), version, model)
        return starting.start(
            self.world, name, model=model, version=found, reason=reason, pack=pack
        )

    def release_lock(self, lock: ModelLock) -> bool:
        """Take a lock from the holder that `lock` showed; False if that one has it no more."""
        return release_lock(self.world.store, lock, by=self.caller().arn)

    def start_version(self, model: str, version: str) -> ModelVersion:
        """Start a version under a claim of ours and wait until it runs."""
        with self._locked(model, self._topology.environments[0], f"start {version}") as site:
            return single.start(site, version)

    def stop_version(self, model: str, version: str, *, force: bool = False) -> ModelVersion:
        """Stop a version that nothing names, allows or covers; `force` also one not ours."""
        with self._locked(model, self._topology.environments[0], f"stop {version}") as site:
            return single.stop(site, version, force=force)

    def grant(self, model: str, version: str, *, environment: str) -> bool:
        """Let an environment use a version, too, and prove it; say whether anything changed."""
        found = self._topology.environment(environment)
        with self._locked(model, found, f"grant {version} in {environment}") as site:
            return single.grant(site, version, self._render)

    def revoke(self, model: str, version: str, *, environment: str, force: bool = False) -> bool:
        """Take a version away from an environment; say whether anything changed."""
        found = self._topology.environment(environment)
        with self._locked(model, found, f"revoke {version} in {environment}") as site:
            return single.revoke(site, version, self._render, force=force)

    def _site(
        self, model: str, environment: Environment, keep: Callable[[], None] = lambda: None
    ) -> Site:
        self.world.cancelled.clear()
        return Site(
            world=self.world,
            topology=self._topology,
            model=self._topology.model(model).name,
            environment=environment,
            promotion=self._promotion,
            caller=self.caller(),
            announce=self._announce,
            keep=keep,
            execution=self.execution,
        )

    @contextmanager
    def _locked(self, model: str, environment: Environment, operation: str) -> Iterator[Site]:
        site = self._site(model, environment)
        what = f"{operation} of {model}"
        with holding(
            self.world,
            model=site.model,
            owner=site.caller.arn,
            operation=what,
            length=self._topology.lease,
        ) as lease:
            yield self._site(model, environment, lease.keep)
