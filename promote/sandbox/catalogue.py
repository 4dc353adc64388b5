"""Hold the projects and versions of every account and Region."""

from __future__ import annotations

from collections.abc import Iterator

from promote.sandbox.clock import Clock
from promote.sandbox.evaluations import TRAINING_SECONDS
from promote.sandbox.exchange import ServiceError
from promote.sandbox.images import LABELS
from promote.sandbox.lifecycle import COUNTED, Project, Status, Version
from promote.sandbox.world import ProjectSeed, VersionSeed


class Catalogue:
    """Finds projects and versions, their states settled; its user holds the lock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._projects: dict[str, Project] = {}
        self._last_millisecond = 0

    def clear(self) -> None:
        """Forget every project."""
        self._projects.clear()

    def seed(self, seed: ProjectSeed) -> None:
        """Add or replace a project."""
        project = Project(seed.arn, seed.name, seed.account, seed.region, seed.created / 1000)
        for one in seed.versions:
            version = _seeded(one, seed.version_arn(one.name))
            project.versions[version.arn] = version
        self._projects[project.arn] = project

    def add(self, project: Project) -> None:
        """Add a project."""
        self._projects[project.arn] = project

    def remove(self, project: Project) -> None:
        """Remove a project."""
        del self._projects[project.arn]

    def settle(self) -> None:
        """Do every transition that is due."""
        now = self._clock.now()
        for project in self._projects.values():
            project.settle(now)

    def here(self, account: str, region: str) -> list[Project]:
        """Return the projects of one account and Region, oldest first."""
        found = [p for p in self._projects.values() if (p.account, p.region) == (account, region)]
        return sorted(found, key=lambda project: project.created)

    def in_status(self, account: str, region: str, statuses: frozenset[Status]) -> list[Version]:
        """Return the versions of one account and Region that are in one of `statuses`."""
        return [
            version
            for project in self.here(account, region)
            for version in project.versions.values()
            if version.status in statuses
        ]

    def project(self, account: str, region: str, arn: str) -> Project:
        """Return a project.

        Raises:
            ServiceError: There is none of that ARN in the account and Region.
        """
        for project in self.here(account, region):
            if project.arn == arn:
                return project
        raise ServiceError("ResourceNotFoundException", f"The project {arn} does not exist.")

    def version(self, account: str, region: str, arn: str) -> Version:
        """Return a version.

        Raises:
            ServiceError: There is none of that ARN in the account and Region.
        """
        for project in self.here(account, region):
            if arn in project.versions:
                return project.versions[arn]
        text = f"The project version {arn} does not exist."
        raise ServiceError("ResourceNotFoundException", text)

    def all_versions(self) -> Iterator[Version]:
        """Yield the versions of every account and Region."""
        for project in self._projects.values():
            yield from project.versions.values()

    def next_millisecond(self) -> int:
        """Return the creation time of a new resource; no two are alike."""
        self._last_millisecond = max(self._last_millisecond + 1, int(self._clock.now() * 1000))
        return self._last_millisecond


def _seeded(seed: VersionSeed, arn: str) -> Version:
    """Return a version as the world describes it; only a deployed one has units."""
    status, created = Status(seed.status), seed.created / 1000
    deployed = status in COUNTED
    return Version(
        arn=arn,
        name=seed.name,
        created=created,
        status=status,
        quality=seed.quality,
        f1=seed.f1,
        min_units=seed.units if deployed else None,
        max_units=seed.max_units if deployed else None,
        fails_to_start=seed.fails_to_start,
        description=seed.description,
        trained=created + TRAINING_SECONDS,
        labels=seed.labels or LABELS,
        summary=seed.summary,
    )
