"""The library: a topology and credentials in, promotions out.

::

    from promote import Promoter, load

    promoter = Promoter(load(), on_event=print)
    result = promoter.apply(promoter.plan("tools", "v2", to="prod"))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from promote import __version__
from promote.core.analysis import Analysis, of_plan
from promote.core.events import Event, Warned
from promote.core.hands import set_by_hand_in
from promote.core.observation import Observation
from promote.core.plan import Plan
from promote.core.planfile import digest
from promote.core.record import VerificationDone
from promote.core.result import Result, Retirement
from promote.core.status import ModelLock
from promote.core.topology import Environment, Topology
from promote.core.version import ModelVersion
from promote.ports import Clock, PolicyAnalyzer, Store
from promote.reviewer import Reviewing
from promote.wiring import new_promotion_id
from promote.workflow import analysis, single
from promote.workflow import apply as applying
from promote.workflow.journal import Journal
from promote.workflow.lease import holding, release_lock
from promote.workflow.planning import Asked, plan_promotion, plan_rollback
from promote.workflow.retiring import Retiring, retire_all
from promote.workflow.site import Announcer, Site
from promote.workflow.unfinished import unfinished_promotion

if TYPE_CHECKING:
    import boto3

TOOL = f"promote {__version__}"
WAIT = timedelta(minutes=10)
_RECENT = 10.0  # seconds for which a plan's own look at the world serves its application, too


class Promoter(Reviewing):
    """Promotes versions of the models of one topology.

    Reads no environment on import, configures no logging, raises only our errors; one a thread.

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
        self._seen: tuple[str, float, Observation] | None = None

    def plan(
        self, model: str, version: str, *, to: str, reason: str | None = None, adopt: bool = False
    ) -> Plan:
        """Decide what promoting a version would do; changes nothing.

        An unfinished promotion of the same version to the same environment gives its own plan
        again, as long as that still holds: applying it finishes it.

        Args:
            model: A model of the topology.
            version: The version's name or ARN.
            to: The environment.
            reason: Kept in the plan and the record.
            adopt: Take over pointers that hold rubbish, and remove foreign grants.

        Raises:
            NotFoundError: No such model, environment, project, version or access role.
            RefusedError: A safety rule forbids it.
            UnfinishedError: A promotion of another version has not ended.
        """
        asked = self._asked(model, to, reason, adopt=adopt)
        return self._remembered(*plan_promotion(asked, version))

    def plan_rollback(
        self,
        model: str,
        version: str | None = None,
        *,
        environment: str,
        reason: str | None = None,
        adopt: bool = False,
    ) -> Plan:
        """Decide how an environment goes back to a version that it used before; changes nothing.

        No gate and no accuracy stands in its way. See `abort_instead` for a promotion to the
        environment that has not ended.

        Args:
            model: A model of the topology.
            version: The name or ARN of a version that a pointer of the environment ever named;
                None is the one before.
            environment: The environment.
            reason: Why; shown to whoever wants to release again what is left now.
            adopt: As that of `plan`.

        Raises:
            NotFoundError: No such model, environment or version, or none to go back to.
            RefusedError: No pointer ever named it, or the targets do not agree on the one before.
            UnfinishedError: A promotion to the environment has not ended.
        """
        asked = self._asked(model, environment, reason, adopt=adopt)
        return self._remembered(*plan_rollback(asked, version))

    def analyse(self, plan: Plan) -> Analysis:
        """Ask Access Analyzer about every document of a plan; see `promote.core.analysis`.

        Raises:
            PromoteError: It disagrees with our proof, or could not be asked.
        """
        return analysis.ask(self.world.analyzer, of_plan(plan, self._topology))

    def apply(self, plan: Plan, *, wait: timedelta = WAIT) -> Result:
        """Do what a plan says, and nothing else; see `promote.workflow.apply.apply`.

        Args:
            plan: A plan of `plan`, or one read from its file.
            wait: What falls due within this time is finished; the rest is in the result's `left`.
        """
        return applying.apply(self._application(plan, wait))

    def resume(
        self, model: str, *, environment: str | None = None, wait: timedelta = WAIT
    ) -> Result:
        """Go on with a model's unfinished promotion, in the direction that it has.

        Args:
            model: A model of the topology.
            environment: To which environment; None is the promotion that was begun last.
            wait: As that of `apply`.

        Raises:
            NotFoundError: Nothing is unfinished.
        """
        return self.apply(self._unfinished(model, environment), wait=wait)

    def abort(
        self,
        model: str,
        *,
        environment: str | None = None,
        reason: str = "aborted",
        wait: timedelta = WAIT,
    ) -> Result:
        """Put a model's unfinished promotion back; `environment` and `wait` as those of `resume`.

        Raises:
            NotFoundError: Nothing is unfinished.
            RefusedError: It is too far to be put back.
        """
        unfinished = self._unfinished(model, environment)
        return applying.abort(self._application(unfinished, wait), reason)

    def retire(
        self,
        model: str | None = None,
        *,
        wait: timedelta = WAIT,
        on_retired: Callable[[Retirement], None] = lambda _one: None,
    ) -> tuple[Retirement, ...]:
        """Revoke and stop what promotions of one or every model left behind; `wait` as above.

        Args:
            model: A model of the topology; None is every one.
            wait: What falls due within this time is finished, too.
            on_retired: Handed what was done for each model, also when something went wrong.

        Raises:
            PromoteError: The worst of what went wrong, naming all; the rest was retired.
        """
        models = (self._topology.model(model),) if model else self._topology.models
        sites = [self._site(each.name, self._topology.environments[0]) for each in models]
        given = (Retiring(each, self._render, TOOL, wait) for each in sites)
        return retire_all(given, on_retired)

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

    def _asked(self, model: str, environment: str, reason: str | None, *, adopt: bool) -> Asked:
        site = self._site(model, self._topology.environment(environment))
        return Asked(
            observer=self._observer(model, site.environment),
            requested_by=site.caller.arn,
            reason=reason,
            adopt=adopt,
            render=self._render,
            tool=TOOL,
            warn=site.warn,
        )

    def _remembered(self, plan: Plan, observation: Observation) -> Plan:
        self._seen = (digest(plan), self._clock.monotonic(), observation)
        place, new = plan.request.environment, plan.request.version
        for each in set_by_hand_in(self._topology, observation, place, besides=new):
            self._announce(Warned(at=self._clock.now(), message=each))
        return plan

    def _unfinished(self, model: str, environment: str | None) -> Plan:
        name = self._topology.model(model).name
        return unfinished_promotion(Journal(self.world.store, name), environment).plan

    def _application(self, plan: Plan, wait: timedelta) -> applying.Application:
        self.world.cancelled.clear()
        seen, self._seen = self._seen, None
        if seen and (seen[0] != digest(plan) or self._clock.monotonic() - seen[1] > _RECENT):
            seen = None
        given = applying.Application(
            world=self.world,
            topology=self._topology,
            plan=plan,
            promotion=self._promotion,
            announce=self._announce,
            wait_at_most=wait,
            observation=seen[2] if seen else None,
            execution=self.execution,
        )
        self._promotion = new_promotion_id(self._clock)
        return given

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
