"""The library as far as it does single steps: for pipelines that are put together by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from promote.core.events import Event
from promote.core.record import VerificationDone
from promote.core.status import ModelLock
from promote.core.topology import Environment, Topology
from promote.core.version import ModelVersion
from promote.ports import Clock, PolicyAnalyzer, Store
from promote.reviewer import Reviewing
from promote.workflow import single
from promote.workflow.lease import holding, release_lock
from promote.workflow.site import Announcer, Site

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
