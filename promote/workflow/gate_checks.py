"""What the doctor looks at because gates ask about it: evaluations, labels and alarms.

Each check asks as the gate will: as the same role and for the same things, so that a gate is not
the first to find out what is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from promote.arn import parse_arn
from promote.core.gates import wording
from promote.core.gates.alarm import Alarm
from promote.core.parts import Model
from promote.core.topology import Environment, Target, Topology
from promote.errors import NotFoundError, RefusedError
from promote.ports import World
from promote.workflow.evidence import Gathering

Check = Callable[[], str]


def gate_checks(
    world: World, topology: Topology, environment: Environment, model: Model
) -> Iterator[tuple[str, Check]]:
    """Yield what to look at for the gates of an environment, each by its subject."""
    asked, checks = environment.gates, _Checks(world, topology, environment, model)
    if asked.ask_for_summary:
        reader = topology.ml_reader(environment)
        who = f" for {parse_arn(reader).name}" if reader else ""
        yield f"evaluations of {model.project}{who}", checks.evaluation
    if asked.labels is not None and model.labels_in is not None:
        for target in topology.targets(model.name, environment):
            yield f"labels for {model.name} of {target}", partial(checks.labels, target)
    if asked.alarms:
        # Models whose alarms are the same share one check.
        for each in topology.models:
            same = topology.alarms(each.name, environment)
            if same == topology.alarms(model.name, environment):
                yield f"alarms for {each.name} in {environment.name}", checks.alarms
                return


@dataclass(frozen=True, slots=True)
class _Checks:
    world: World
    topology: Topology
    environment: Environment
    model: Model

    def evaluation(self) -> str:
        """Read the newest evaluation, which gates will be about soonest."""
        service = self.world.services[self.model.service]
        reader = self.topology.ml_reader(self.environment)
        project = service.project_arn(self.model.project, role=reader)
        versions = service.versions(project, role=reader)
        newest = next((each for each in versions if each.summary is not None), None)
        if newest is None:
            return "none to read yet: no version has been trained"
        found = service.evaluation(newest, role=reader)
        return f"{newest.name}'s can be read, {wording.counted(len(found.labels), 'label')}"

    def labels(self, target: Target) -> str:
        """Read what the applications of a target publish of the labels that they understand."""
        found = self._gathering().published(target)
        if not found.labels:
            raise RefusedError(
                "The labels are not known",
                f"{found.source}: {found.why or 'declares no labels'}.",
                "Let the application publish the labels that it understands:\n"
                f"    aws ssm put-parameter --name {found.source.split()[0]} --type StringList "
                "--value LABEL,LABEL",
            )
        return f"{found.source}: {', '.join(found.labels)}"

    def alarms(self) -> str:
        """Read the states of the alarms; only one that is not there is a mistake by now."""
        states = self._gathering().alarms()
        missing = [alarm for alarm, state in states.items() if state is None]
        if missing:
            raise _missing(missing)
        count = wording.counted(len(states), "alarm")
        found = Counter(str(state) for state in states.values())
        return f"{count}: " + ", ".join(f"{times} {state}" for state, times in found.most_common())

    def _gathering(self) -> Gathering:
        return Gathering(self.world, self.topology, self.model.name, self.environment)


def _missing(alarms: list[Alarm]) -> NotFoundError:
    return NotFoundError(
        "An alarm does not exist" if len(alarms) == 1 else "Alarms do not exist",
        f"{', '.join(map(str, alarms))}. As long as one is missing, the gate `alarm` is "
        "inconclusive and nothing is promoted.",
        "Create it, or correct `gates.alarm` in promote.yaml. To see the alarms of an account:\n"
        "    aws cloudwatch describe-alarms --query 'MetricAlarms[].AlarmName'",
    )
