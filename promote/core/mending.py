"""The commands that mend drift: adopt what somebody did by hand, or repair it.

Each is what a person types, in order, and works as it stands; where nothing that promote can do
would help, there is none. So a release names the gates that it would have to lift now, as far as
ledger and clock can tell, and goes by way of a plan that somebody approves where that is asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from promote.arn import parse_version_arn
from promote.core.asked import rollback
from promote.core.gates.calendar import freeze, window
from promote.core.gates.result import GateResult, Verdict
from promote.core.gates.soak import soak
from promote.core.gates.verified import verified
from promote.core.granted import grants_of
from promote.core.observation import Observation
from promote.core.progress import can_turn_back
from promote.core.record import Unfinished
from promote.core.topology import Environment, Granularity, Target, Topology
from promote.core.version import ModelVersion

Commands = tuple[str, ...]


def version_name(text: str, topology: Topology, model: str) -> str:
    """Shorten the ARN of one of the model's own versions to its name; anything else stays."""
    found = parse_version_arn(text)
    own = (topology.ml.account, topology.model(model).project)
    return found.version if found and (found.account, found.project) == own else text


@dataclass(frozen=True, slots=True)
class Mending:
    """What helps in one environment, in the world as it is."""

    topology: Topology
    observation: Observation
    environment: Environment

    def release(self, version: str | None, *, adopt: bool = False) -> Commands:
        """Return how to promote a version (ARN) here; nothing when it cannot be.

        Args:
            version: The version; None is none.
            adopt: Take over what others put into pointers and roles.
        """
        found = self._usable(version)
        if found is None:
            return ()
        return (*self._cleared(found.arn), *self._stages(found, adopt=adopt))

    def put_back(self, version: str | None, *, adopt: bool = False) -> Commands:
        """Return how to let every pointer name again what it should; nothing when that cannot be.

        A version whose gates would stop it now goes by way of a rollback, which none stops.
        """
        found = self._usable(version)
        if found is not None and self._is_stopped(found.arn) and self._was_here(found.arn):
            return (
                *self._cleared(found.arn, going_back=True),
                rollback(self._model, found.name, self.environment.name)
                + (" --adopt" if adopt or self._is_refused else ""),
            )
        return self.release(version, adopt=adopt)

    def keep(self, version: str) -> Commands:
        """Return how to make use of a version that is granted, but that no pointer ever named."""
        gated = self._ungated(version) or self._was_here(version)
        return () if gated else self.release(version)

    def start(self, version: ModelVersion) -> Commands:
        """Return how to let a version run again that somebody stopped.

        A release makes room where no running slot is free; a single start does not.
        """
        if not version.status.usable:
            return ()
        if len(self.observation.occupants) >= self.topology.ml.quotas.running:
            return () if version.status.occupies_slot else self.release(version.arn)
        return (f"promote version start {self._model} {version.name}",)

    def grant(self, version: str) -> Commands:
        """Return how to let the environment use a version that its pointers name."""
        found = self._usable(version)
        if found is None or self.environment.granularity is not Granularity.VERSION:
            return self.release(version)
        name = self.environment.name
        return (f"promote access grant {self._model} {found.name} --environment {name}",)

    def revoke(self, version: str) -> Commands:
        """Return how to take a version's access away that nothing needs."""
        if self.environment.granularity is not Granularity.VERSION:
            return self.take_over()
        known = self.observation.version(version)
        what = known.name if known else version
        force = "" if known else " --force"
        command = f"promote access revoke {self._model} {what}"
        return (f"{command} --environment {self.environment.name}{force}",)

    def take_over(self) -> Commands:
        """Return how to take out of the access roles what others put there."""
        named = {self.observation.pointers[target].value for target in self.targets}
        return self.release(named.pop(), adopt=True) if len(named) == 1 else ()

    @property
    def wanted_trust(self) -> Commands:
        """What prints the trust policy of the access role as it should be."""
        place = f"--model {self._model} --environment {self.environment.name}"
        return (f"promote policy render {place} --kind access-role-trust",)

    def last_good(self, target: Target | None = None) -> str | None:
        """Return the ARN of the version that the pointers should name, if one can be told.

        That is what the last promotion left there; else what they named before, the latest first.
        """
        targets = (target,) if target else self.targets
        settled = self.observation.ledger.settled
        known = [settled.get((each.environment, each.account)) for each in targets]
        latest = sorted((each for each in known if each), key=lambda each: each.at, reverse=True)
        found = [each.version for each in latest]
        past = [e for each in self.targets for e in self.observation.pointers[each].history]
        found += [e.value for e in sorted(past, key=lambda entry: entry.changed_at, reverse=True)]
        return next((each for each in found if self._usable(each)), None)

    @property
    def targets(self) -> tuple[Target, ...]:
        """The environment's targets of the model."""
        return self.topology.targets(self.observation.model, self.environment)

    @property
    def _model(self) -> str:
        return self.observation.model

    def _stages(self, version: ModelVersion, *, adopt: bool = False) -> Commands:
        """Return the release of a version here, after those that its gates ask for first."""
        places = map(self._at, self._ungated(version.arn))
        earlier = (each._stages(version) for each in places)  # noqa: SLF001 (of this very class)
        first = dict.fromkeys(line for lines in earlier for line in lines)
        place, ledger = self.environment, self.observation.ledger
        option = " --adopt" if adopt or self._is_refused else ""
        lifted = self._closed(version.arn)
        option += "".join(f" --override {gate}" for gate in lifted)
        held = any((version.arn, each) in ledger.held for each in (place.name, *place.after))
        option += " --reason 'to mend drift'" if held or lifted else ""
        what = f"{self._model} {version.name} --to {place.name}{option}"
        if not place.gates.approval:
            return (*first, f"promote release {what}")
        save = f"promote plan {what} --out plan.json"
        return (*first, save, "promote approve plan.json", "promote apply plan.json")

    def _usable(self, version: str | None) -> ModelVersion | None:
        found = self.observation.version(version) if version else None
        return found if found is not None and found.status.usable else None

    def _at(self, name: str) -> Mending:
        return replace(self, environment=self.topology.environment(name))

    @property
    def _is_refused(self) -> bool:
        """Whether a policy of others stands in the way of every plan that does not adopt."""
        arns = {each.access_role: each.policy_name for each in self.targets}
        return any(
            name != own and patterns
            for arn, own in arns.items()
            if arn in self.observation.roles
            for name, patterns in grants_of(self.observation.roles[arn]).allowed.items()
        )

    def _ungated(self, version: str) -> Commands:
        """Return the environments that a version must pass first."""
        ledger = self.observation.ledger
        return tuple(
            name
            for name in self.environment.after
            if verified(version, name, ledger).verdict is not Verdict.PASS
        )

    def _closed(self, version: str) -> Commands:
        """Return the gates that would not let a version pass, as far as ledger and clock tell."""
        asked, at = self.environment.gates, self.observation.at
        judged: list[GateResult] = []
        if asked.soak is not None:
            after, ledger = self.environment.after, self.observation.ledger
            judged.append(soak(version, after, asked.soak, ledger, at))
        if asked.windows:
            judged.append(window(asked.windows, asked.freezes, at))
        if asked.freezes:
            judged.append(freeze(asked.windows, asked.freezes, at))
        return tuple(each.gate for each in judged if each.verdict is not Verdict.PASS)

    def _is_stopped(self, version: str) -> bool:
        asks_people = bool(self.environment.gates.approval)
        return asks_people or bool(self._ungated(version) or self._closed(version))

    def _was_here(self, version: str) -> bool:
        histories: Iterable[str] = (
            entry.value
            for target in self.targets
            for entry in self.observation.pointers[target].history
        )
        return version in histories

    def _cleared(self, version: str, *, going_back: bool = False) -> Commands:
        """Return what ends the unfinished promotions that are in the way, the last one first."""
        return tuple(
            self._way_out(begun)
            for begun in reversed(self.observation.ledger.open)
            if begun.turned is not None or not self._is_same(begun, version, going_back=going_back)
            if not going_back or begun.plan.request.environment == self.environment.name
        )

    def _is_same(self, begun: Unfinished, version: str, *, going_back: bool) -> bool:
        request = begun.plan.request
        asked = (request.environment, request.version, request.rollback)
        return asked == (self.environment.name, version, going_back)

    def _way_out(self, begun: Unfinished) -> str:
        place = begun.plan.request.environment
        here = place == self.environment.name and begun.turned is None
        verb = "abort" if here and can_turn_back(begun.plan, self.observation) else "resume"
        several = f" --environment {place}" if len(self.observation.ledger.open) > 1 else ""
        return f"promote {verb} {self._model}{several}"
