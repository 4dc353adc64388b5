"""The library: a topology and credentials in, promotions out.

::

    from promote import Promoter, load

    promoter = Promoter(load(), on_event=print)
    result = promoter.apply(promoter.plan("tools", "v2", to="prod"))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from promote import __version__
from promote.core.analysis import Analysis, of_plan
from promote.core.events import Warned
from promote.core.executions import Execution
from promote.core.gates.override import NOTHING, USUAL, Lifting, lifting
from promote.core.hands import set_by_hand_in
from promote.core.observation import Observation
from promote.core.plan import Plan
from promote.core.planfile import digest
from promote.core.result import Result, Retirement
from promote.errors import NotFoundError, RefusedError
from promote.stepper import Stepping
from promote.wiring import new_promotion_id
from promote.workflow import analysis
from promote.workflow import apply as applying
from promote.workflow.application import Application
from promote.workflow.converging import is_back, went_through
from promote.workflow.endings import no_way_back
from promote.workflow.journal import Journal
from promote.workflow.planning import Asked, plan_promotion, plan_rollback
from promote.workflow.preflight import refuse_closed
from promote.workflow.retiring import Retiring, retire_all
from promote.workflow.unfinished import unfinished_promotion

TOOL = f"promote {__version__}"
WAIT = timedelta(minutes=10)
_RECENT = 10.0  # seconds for which a plan's own look at the world serves its application, too


class Promoter(Stepping):
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

    _seen: tuple[str, float, Observation] | None = None

    def plan(
        self,
        model: str,
        version: str,
        *,
        to: str,
        reason: str | None = None,
        adopt: bool = False,
        overrides: Iterable[str] = (),
        expires: timedelta = USUAL,
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
            overrides: The gates that are lifted for this once; takes a reason.
            expires: How long from now on they are; at most a week.

        Raises:
            InputError: The environment has no such gate, or it cannot be lifted so.
            NotFoundError: No such model, environment, project, version or access role.
            RefusedError: A safety rule forbids it.
            UnfinishedError: A promotion of another version has not ended.
        """
        place = self._topology.environment(to)
        lifts = lifting(place, overrides, reason=reason, length=expires)
        asked = self._asked(model, to, reason, adopt=adopt, lifts=lifts)
        return self._remembered(*plan_promotion(asked, version))

    def refuse_closed(self, plan: Plan) -> None:
        """Raise `RefusedError` for a plan that is not begun and that the moment refused."""
        refuse_closed(self.world.store, self._topology, plan)

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

    def apply(self, plan: Plan, *, wait: timedelta = WAIT, wave: int | None = None) -> Result:
        """Do what a plan says, and nothing else; see `promote.workflow.apply.apply`.

        A pipeline that rolls a stage back brings the plan of an earlier execution. If that went
        through, its environment goes back to its version, as by `plan_rollback`.

        Args:
            plan: A plan of `plan`, or one read from its file.
            wait: What falls due within this time is finished; the rest is in the result's `left`.
            wave: Stop once this wave of the plan, from 1, was switched, verified and baked, with
                the promotion unfinished; None and the last one go to the end.
        """
        execution = self._looked_up()
        if execution is not None and execution.rollback and went_through(self.world.store, plan):
            return self._go_back(plan, wait, execution)
        return applying.apply(self._application(plan, wait, wave, execution))

    def resume(
        self,
        model: str,
        *,
        environment: str | None = None,
        wait: timedelta = WAIT,
        wave: int | None = None,
    ) -> Result:
        """Go on with a model's unfinished promotion, in the direction that it has.

        Args:
            model: A model of the topology.
            environment: To which environment; None is the promotion that was begun last.
            wait: As that of `apply`.
            wave: As that of `apply`.

        Raises:
            NotFoundError: Nothing is unfinished.
        """
        return self.apply(self._unfinished(model, environment), wait=wait, wave=wave)

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

    def _asked(
        self,
        model: str,
        environment: str,
        reason: str | None,
        *,
        adopt: bool,
        lifts: Lifting = NOTHING,
    ) -> Asked:
        site = self._site(model, self._topology.environment(environment))
        return Asked(
            observer=self._observer(model, site.environment),
            requested_by=site.caller.arn,
            reason=reason,
            adopt=adopt,
            render=self._render,
            tool=TOOL,
            warn=site.warn,
            lifts=lifts,
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

    def _looked_up(self) -> Execution | None:
        """Ask the pipeline about the execution that this is a part of."""
        if self.pipeline is None or self.execution is None:
            return None
        return self.world.pipelines.execution(self.pipeline, self.execution)

    def _go_back(self, plan: Plan, wait: timedelta, execution: Execution) -> Result:
        """Take an environment back to the version of a plan; again, that changes nothing.

        Raises:
            RefusedError: There is no way back to it; says why.
        """
        request, model = plan.request, plan.request.model
        reason = f"{execution.id} of {execution.pipeline} rolled a stage back"
        where, version = request.environment, request.version
        if self.abort_instead(model, version, environment=where) is not None:
            result = self.abort(model, environment=where, reason=reason, wait=wait)
            return is_back(plan, result)
        try:
            back = self.plan_rollback(model, version, environment=where, reason=reason)
        except (NotFoundError, RefusedError) as error:
            raise no_way_back(plan, error) from error
        return applying.apply(self._application(back, wait, execution=execution))

    def _application(
        self,
        plan: Plan,
        wait: timedelta,
        wave: int | None = None,
        execution: Execution | None = None,
    ) -> Application:
        self.world.cancelled.clear()
        seen, self._seen = self._seen, None
        if seen and (seen[0] != digest(plan) or self._clock.monotonic() - seen[1] > _RECENT):
            seen = None
        given = Application(
            world=self.world,
            topology=self._topology,
            plan=plan,
            promotion=self._promotion,
            announce=self._announce,
            wait_at_most=wait,
            observation=seen[2] if seen else None,
            execution=self.execution,
            wave=wave,
            pipeline=execution,
        )
        self._promotion = new_promotion_id(self._clock)
        return given
