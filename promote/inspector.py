"""The library as far as it only reads: where models stand, who did what, what is amiss."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING

from promote.core.audit import Kept, audit, of_records
from promote.core.dossier import Dossier, dossier
from promote.core.history import is_undone_by_abort
from promote.core.observation import Json
from promote.core.policies.proof import Render
from promote.core.record import Record, Unfinished
from promote.core.seal import Verified, verified
from promote.core.status import Finding, ModelLock, ModelStatus, summarise
from promote.core.topology import Environment, Topology
from promote.core.version import ModelVersion
from promote.ledger.signatures import public_key
from promote.ports import Caller, Clock, PolicyAnalyzer, Store, World
from promote.wiring import new_promotion_id, open_world, proving_renderer, system_clock
from promote.workflow.chains import read_chain, whole_chain
from promote.workflow.compare import wanted_trusts
from promote.workflow.doctor import Doctor
from promote.workflow.journal import Journal
from promote.workflow.lease import model_lock
from promote.workflow.observe import Observer
from promote.workflow.reviewing import Reviews

if TYPE_CHECKING:
    import boto3


class Inspector:
    """Looks at the models of one topology, and changes nothing.

    Reads no environment on import, configures no logging, raises only our errors; one a thread.

    Args:
        topology: What promote.yaml says.
        session: Where the promoter's own credentials come from; None is boto3's usual chain.
        ledger: Where records and locks are kept; None opens what the topology names.
        clock: The time; None is the machine's.
        analyzer: Who else is asked about documents; None is IAM Access Analyzer.
    """

    execution: str | None = None
    """The id of the pipeline execution that this is a part of: kept in the records."""
    pipeline: str | None = None
    """The name of that pipeline, if it is to be asked who started the execution and approved."""

    def __init__(
        self,
        topology: Topology,
        *,
        session: boto3.Session | None = None,
        ledger: Store | None = None,
        clock: Clock | None = None,
        analyzer: PolicyAnalyzer | None = None,
    ) -> None:
        self._topology = topology
        self._session = session
        self._ledger = ledger
        self._clock = clock or system_clock()
        self._analyzer = analyzer
        self._promotion = new_promotion_id(self._clock)

    @functools.cached_property
    def world(self) -> World:
        """Every adapter, chosen for the topology."""
        return open_world(
            self._topology,
            clock=self._clock,
            session_name=self._promotion,
            session=self._session,
            ledger=self._ledger,
            analyzer=self._analyzer,
        )

    def caller(self) -> Caller:
        """Say whose credentials the promoter has."""
        return self.world.identities.caller()

    def status(self, model: str | None = None) -> tuple[ModelStatus, ...]:
        """Say where one model or every model stands, in every environment."""
        models = (self._topology.model(model),) if model else self._topology.models
        trusts = self._trusts()
        return tuple(
            summarise(
                self._topology,
                self._observer(each.name, self._topology.environments[0]).observe(),
                self.lock(each.name),
                trusts,
            )
            for each in models
        )

    def history(self, model: str) -> tuple[Record, ...]:
        """Return the records of a model, oldest first.

        Raises:
            NeedsAttentionError: One of them cannot be read, or they are not whole.
        """
        return Journal(self.world.store, self._topology.model(model).name).records()

    def promotion(self, model: str, promotion: str) -> Dossier:
        """Return everything that is on record of one promotion, by its id or the end of it.

        Raises:
            NotFoundError: There is no such promotion.
            RefusedError: The records are not what was written.
        """
        name = self._topology.model(model).name
        return dossier(promotion, whole_chain(self.world.store, name).links, name)

    def verify_history(self, model: str, public_keys: Iterable[bytes] = ()) -> Verified:
        """Check every record of a model, and its signatures, against public keys in PEM or DER.

        Raises:
            InputError: One of the keys is none.
        """
        name = self._topology.model(model).name
        checks = tuple(public_key(content) for content in public_keys)
        wanted = bool(checks) or self._topology.signing_key is not None
        return verified(name, read_chain(self.world.store, name), checks, wanted=wanted)

    def audit(
        self, model: str | None = None, public_keys: Iterable[bytes] = ()
    ) -> tuple[Finding, ...]:
        """Hold the promises against the records of one model or of every one, and the world.

        Raises:
            InputError: One of the public keys is none; see `verify_history`.
        """
        models = (self._topology.model(model),) if model else self._topology.models
        keys, trusts = tuple(public_keys), self._trusts()
        return tuple(f for each in models for f in self._audit(each.name, keys, trusts))

    def _audit(
        self, model: str, keys: tuple[bytes, ...], trusts: dict[str, Json]
    ) -> tuple[Finding, ...]:
        whole = self.verify_history(model, keys)
        if not whole.ok and read_chain(self.world.store, model).broken is not None:
            return (of_records(whole),)  # then they add up to nothing, either
        seen = self._observer(model, self._topology.environments[0]).observe()
        status = summarise(self._topology, seen, self.lock(model), trusts)
        chain = read_chain(self.world.store, model)
        said = Reviews(self.world.store, model).legible()
        return audit(self._topology, seen, status, Kept(chain, whole, said))

    def legible_history(self, model: str) -> tuple[Record, ...]:
        """Return what can be read of a history that is not whole, for a person to look at."""
        return Journal(self.world.store, self._topology.model(model).name).legible()

    def abort_instead(
        self, model: str, version: str | None = None, *, environment: str
    ) -> Unfinished | None:
        """Return the unfinished promotion that a rollback to `version` means to put back, or None.

        Without a version, to wherever it came from; see `Promoter.plan_rollback`.
        """
        name = self._topology.environment(environment).name
        ledger = Journal(self.world.store, self._topology.model(model).name).state()
        begun = ledger.open_in(name)
        return begun if begun is not None and is_undone_by_abort(begun, version) else None

    def lock(self, model: str) -> ModelLock | None:
        """Say who holds the lock of a model, or None."""
        name = self._topology.model(model).name
        return model_lock(self.world.store, self._clock, name, self._topology.lease)

    def versions(self, model: str) -> tuple[ModelVersion, ...]:
        """Return every version of a model, newest first."""
        reader = self._topology.ml_reader(self._topology.environments[0])
        found = self._topology.model(model)
        adapter = self.world.services[found.service]
        return adapter.versions(adapter.project_arn(found.project, role=reader), role=reader)

    def doctor(self) -> tuple[Finding, ...]:
        """Walk every path that a promotion takes; leaves nothing behind."""
        return Doctor(self.world, self._topology, self._trusts()).examine()

    @property
    def _render(self) -> Render:
        return proving_renderer(self._topology)

    def _trusts(self) -> dict[str, Json]:
        return wanted_trusts(self.world, self._topology, self._render)

    def _observer(self, model: str, environment: Environment) -> Observer:
        return Observer(self.world, self._topology, self._topology.model(model).name, environment)
