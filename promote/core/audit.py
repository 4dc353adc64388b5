"""Hold the promises against the records and the live world: every breach with evidence and remedy.

Pure. What only the moment could tell (whether IAM let a request through a year ago) is not here;
what is: every value that a pointer held, every promotion on record, and the world as it is. The
state of the world is judged by `promote.core.status`, the chain by `promote.core.chain`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from promote.arn import short_version
from promote.core.approved import Said
from promote.core.audited import SKEW, Audited, moment_of
from promote.core.chain import Chain
from promote.core.exempted import Exemptions
from promote.core.observation import Observation
from promote.core.retrospect import Past
from promote.core.seal import Verified
from promote.core.status import Finding, ModelStatus
from promote.core.topology import Environment, Target, Topology


@dataclass(frozen=True, slots=True)
class Kept:
    """What the ledger keeps of a model, read after the world was."""

    chain: Chain
    verified: Verified
    """What came of checking it."""
    said: Said
    """What people said of plans."""


def audit(
    topology: Topology, observation: Observation, status: ModelStatus, kept: Kept
) -> tuple[Finding, ...]:
    """Return what was checked for one model, and every breach that was found.

    Args:
        topology: What promote.yaml says.
        observation: The world.
        status: What that comes to.
        kept: The records and reviews.
    """
    past = Past(topology, observation, kept.chain, kept.said)
    now = _Present(topology, observation, status)
    held = itertools.chain(now.held(), past.brought_held())
    exempt = Exemptions(topology, observation, kept.chain)
    gates = itertools.chain(past.ungated(), past.unapproved(), exempt.unlawful())
    return (
        of_records(kept.verified),
        *_or(past.by_hand(), f"{observation.model} P1 pointers", past.said_of_pointers),
        *_or(past.unproven(), f"{observation.model} P1 proof", past.said_of_promotions),
        *_or(now.drifted(), f"{observation.model} P1 P2 world", now.said_of_targets),
        *_or(now.loose(), f"{observation.model} P3 P4", now.said_of_loose),
        *_or(gates, f"{observation.model} P5 gates", past.said_of_gates),
        *exempt.shown(),
        *past.heard(),
        *_or(now.needless(), f"{observation.model} P6 P7", "nothing runs for nobody or is due"),
        *_or(
            held,
            f"{observation.model} P7 holds",
            now.said_of_holds,
        ),
    )


def of_records(verified: Verified) -> Finding:
    """Say whether the records are whole, and what they are worth."""
    subject = f"{verified.model} records"
    if verified.broken is not None:
        broken = verified.broken
        return Finding(
            ok=False,
            subject=subject,
            detail=f"{broken.record}: expected {broken.expected}; found {broken.found}. What "
            "else they say is held against nothing.",
            remedy="Find out who changed it; restore the object from a backup. Then:\n"
            f"    promote history {verified.model} --verify",
        )
    word = "verified" if verified.checked else "counted, not verified"
    said = f"{verified.records} whole and in order, {verified.promotions} promotions"
    return Finding(ok=True, subject=subject, detail=f"{said}, {verified.signatures} seals {word}")


def _or(found: Iterator[Finding], subject: str, fine: str) -> tuple[Finding, ...]:
    """Return what was found, or that all is fine."""
    return tuple(found) or (Finding(ok=True, subject=subject, detail=fine),)


@dataclass(frozen=True)
class _Present(Audited):
    status: ModelStatus

    @property
    def said_of_targets(self) -> str:
        return f"{len(self.targets)} targets: what is named runs and is allowed, and nothing else"

    @property
    def said_of_loose(self) -> str:
        waiting = (
            f"; {each.promotion} waits after wave {each.waits_after} of {each.environment}"
            for each in self.status.open
        )
        return f"nothing is cut short or left claimed{''.join(waiting)}"

    @property
    def said_of_holds(self) -> str:
        return f"{len(self.observation.ledger.held)} versions held, none of them used"

    def drifted(self) -> Iterator[Finding]:
        """Yield every way in which the world is not as it should be now (P1, P2)."""
        for environment in self.status.environments:
            for each in environment.drift:
                commands = each.repair or each.adopt or each.show
                yield self.breach("P1 P2 world", each.summary, _commands(commands))

    def loose(self) -> Iterator[Finding]:
        """Yield what nobody works on, and nobody has finished (P3)."""
        if self.status.lock is not None and self.status.lock.live:
            return
        for each in self.status.open:
            if each.waits_after is not None:
                continue  # as it was asked to; `said_of_loose` tells
            yield self._left(
                f"{each.promotion} ({short_version(each.version)} to {each.environment}, begun "
                f"{moment_of(each.since)} by {each.by}) has not ended, and nobody works on it.",
                f"promote resume {self.model} --environment {each.environment}",
            )
        if self.status.open:
            return
        for arn, promotion in self.observation.ledger.claims.items():
            version = self.observation.version(arn)
            if version is None or not version.status.occupies_slot:
                yield self._left(
                    f"{promotion} claimed {short_version(arn)} to be running by its doing, but it "
                    f"is {version.status.value if version else 'gone'}: somebody else stopped it.",
                    f"promote version list {self.model}",
                )
        for environment, arn in sorted(self.observation.ledger.revoking):
            yield self._left(
                f"The access to {short_version(arn)} in {environment} began to be taken away, but "
                "that is not on record as done.",
                f"promote retire {self.model}",
            )

    def _left(self, detail: str, command: str) -> Finding:
        return self.breach("P3 P4", detail, _commands((command,)))

    def needless(self) -> Iterator[Finding]:
        """Yield what runs for nobody, and what is due to be revoked or stopped (P6, P7)."""
        for version in self.status.versions:
            if version.orphan:
                stop = f"promote version stop {self.model} {version.name} --force"
                yield self.breach(
                    "P6 P7",
                    f"{version.name} runs for nobody, for ${version.cost_per_hour:.2f} an "
                    "hour: no pointer names it, no drain covers it and no role allows it.",
                    _commands((stop,)),
                )
        for left in self.status.left:
            if left.not_before + SKEW < self.observation.at:
                yield self.breach(
                    "P6 P7",
                    f"To {left.step} {short_version(left.version)} is due since "
                    f"{moment_of(left.not_before)}.",
                    _commands((f"promote retire {self.model}",)),
                )

    def held(self) -> Iterator[Finding]:
        """Yield every use of a version where a rollback holds it (P7)."""
        for (version, place), hold in self.observation.ledger.held.items():
            naming = [t for t in self._in(place) if self.observation.pointers[t].value == version]
            for target in naming:
                yield self.breach(
                    "P7 holds",
                    f"{target} names {short_version(version)}, which is held there since "
                    f"{moment_of(hold.at)}: {hold.reason or 'no reason was given'}.",
                    _commands((f"promote rollback {self.model} --environment {place}",)),
                )

    def _in(self, environment: str) -> tuple[Target, ...]:
        known: dict[str, Environment] = {e.name: e for e in self.topology.environments}
        found = known.get(environment)
        return () if found is None else self.topology.targets(self.model, found)


def _commands(commands: tuple[str, ...]) -> str:
    return "\n".join(f"    {each}" for each in commands) or "Somebody else must put it right."
