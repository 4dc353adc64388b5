"""Put CodeBuild and CodePipeline together: the services that deliver what is released."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from promote.sandbox.artifact_store import ArtifactStore
from promote.sandbox.build_reports import Reports
from promote.sandbox.build_runs import Workshop
from promote.sandbox.builds import Builds
from promote.sandbox.clock import Clock
from promote.sandbox.encryption_keys import EncryptionKeys
from promote.sandbox.pipeline_actions import Actions
from promote.sandbox.pipeline_engine import Engine
from promote.sandbox.pipelines import Pipelines
from promote.sandbox.service_roles import ServiceRoles
from promote.sandbox.storage import Storage
from promote.sandbox.world import WorldBox


class DeliveryServices:
    """Both services, wired; builds and executions end when they are cleared."""

    def __init__(
        self,
        roles: ServiceRoles,
        storage: Storage,
        keys: EncryptionKeys,
        world: WorldBox,
        clock: Clock,
    ) -> None:
        self.urls: Callable[[], Mapping[str | None, str]] = dict
        """Returns the sandbox's addresses, for builds: of the main port, and by VPC endpoint."""
        artifacts = ArtifactStore(storage, roles, keys)
        workshop = Workshop(
            roles=roles,
            artifacts=artifacts,
            reports=Reports(roles, clock),
            storage=storage,
            world=world,
            clock=clock,
            urls=self._present_urls,
        )
        self.builds = Builds(workshop)
        engine = Engine(Actions(roles, artifacts, self.builds, clock), clock)
        self.builds.finished = engine.wake
        self.pipelines = Pipelines(engine, roles, clock)

    def _present_urls(self) -> Mapping[str | None, str]:
        return self.urls()

    def clear(self) -> None:
        """End everything and forget it."""
        self.pipelines.clear()
        self.builds.clear()
