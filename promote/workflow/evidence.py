"""Look up what the gates of an environment ask for, side by side, as its reader roles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from promote.core.gates import Findings
from promote.core.gates.alarm import Alarm
from promote.core.gates.labels import Declaration, declared
from promote.core.topology import Environment, Target, Topology
from promote.core.version import ModelVersion
from promote.errors import (
    AccessError,
    CredentialsError,
    InputError,
    NotFoundError,
    PromoteError,
    RefusedError,
)
from promote.ports import World
from promote.workflow.side_by_side import side_by_side


@dataclass(frozen=True, slots=True)
class Gathering:
    """Looks things up for the gates of one environment; what they do not ask for is not read.

    What cannot be read makes a gate inconclusive, and says why.
    """

    world: World
    topology: Topology
    model: str
    environment: Environment

    def findings(self, version: ModelVersion) -> Findings:
        """Look up everything that the gates ask about a version.

        Raises:
            CredentialsError: The credentials are not good for anything.
            TryAgainError: Something does not answer now.
        """
        found = side_by_side(lambda read: read(), tuple(self._reads(version)))
        return Findings(
            evaluation=next((each.evaluation for each in found if each.evaluation), None),
            no_evaluation="".join(each.no_evaluation for each in found),
            declarations=tuple(declared for each in found for declared in each.declarations),
            alarms={alarm: state for each in found for alarm, state in each.alarms.items()},
            no_alarms="".join(each.no_alarms for each in found),
        )

    def _reads(self, version: ModelVersion) -> Iterator[Callable[[], Findings]]:
        """Yield what is to be read, each its own part of the findings."""
        asked, model = self.environment.gates, self.topology.model(self.model)
        if asked.ask_for_summary:
            yield partial(self._evaluation, version)
        if asked.labels is not None and model.labels_in is not None:
            for target in self.topology.targets(self.model, self.environment):
                yield partial(self._declaration, target)
        elif asked.labels is not None and model.labels:
            yield partial(self._declaration, None)
        if asked.alarms:
            yield self._alarms

    def alarms(self) -> Mapping[Alarm, str | None]:
        """Return the state of every alarm that is asked about; None is one that does not exist.

        Raises:
            AccessError: A reader role may not be assumed, or may not describe alarms.
        """
        readers = self.topology.alarms(self.model, self.environment)
        by_role: dict[str | None, list[Alarm]] = {}
        for alarm, role in readers.items():
            by_role.setdefault(role, []).append(alarm)

        def look(role: str | None) -> Mapping[str, str]:
            return self.world.alarms.states([each.name for each in by_role[role]], role=role)

        states = dict(zip(by_role, side_by_side(look, tuple(by_role)), strict=True))
        return {alarm: states[role].get(alarm.name) for alarm, role in readers.items()}

    def published(self, target: Target) -> Declaration:
        """Read what the applications of a target publish of the labels that they understand.

        The model's labels must be published; what cannot be read is a declaration that says why.
        """
        address = self.topology.model(self.model).labels_in
        assert address is not None  # noqa: S101 (for the type; the caller has looked)
        name = self.topology.fill(
            address.name, model=self.model, environment=target.environment, account=target.account
        )
        place = replace(target, pointer=replace(address, name=name))
        source = f"{name} in {target.account}"
        try:
            found = self.world.pointers[address.kind].published(place, role=target.reader_role)
        except CredentialsError:
            raise
        except (AccessError, RefusedError) as error:
            return Declaration(source=source, labels=None, why=_why(error))
        if found is None:
            return Declaration(source=source, labels=None, why="does not exist")
        return declared(source, found)

    def _declaration(self, target: Target | None) -> Findings:
        """Return what a target's applications publish, or for None what promote.yaml says."""
        if target is not None:
            return Findings(declarations=(self.published(target),))
        labels = self.topology.model(self.model).labels
        return Findings(declarations=(Declaration(source="promote.yaml", labels=labels),))

    def _evaluation(self, version: ModelVersion) -> Findings:
        service = self.world.services[self.topology.model(self.model).service]
        role = self.topology.ml_reader(self.environment)
        try:
            found = service.evaluation(version, role=role)
        except CredentialsError:
            raise
        except (AccessError, InputError, NotFoundError) as error:
            return Findings(no_evaluation=_why(error))
        # A copy's summary is that of the original, however often it was copied.
        if version.copied_from is None and found.version not in {None, version.arn}:
            why = f"{version.summary} is the summary of {found.version}, not of {version.arn}"
            return Findings(no_evaluation=why)
        return Findings(evaluation=found)

    def _alarms(self) -> Findings:
        try:
            return Findings(alarms=self.alarms())
        except CredentialsError:
            raise
        except AccessError as error:
            return Findings(no_alarms=_why(error))


def _why(error: PromoteError) -> str:
    """Tell an error in one line that goes on after it."""
    return " ".join(f"{error.summary}: {error.detail}".split()).removesuffix(".")
