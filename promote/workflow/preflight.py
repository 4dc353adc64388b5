"""What is looked at before the first write, so that what must fail fails with nothing changed."""

from __future__ import annotations

from promote.core.fitting import misfits
from promote.core.gates import Evidence, GateResult, judge
from promote.core.history import history_of
from promote.core.observation import Observation
from promote.core.overlap import overlap_of
from promote.core.plan import Grant, Prove, Revoke, Step, Switch
from promote.core.planfile import digest
from promote.core.record import LedgerState
from promote.workflow.endings import refuse_unless_passed, unfitting
from promote.workflow.reviewing import as_asked, what_was_said
from promote.workflow.run import Run
from promote.workflow.side_by_side import side_by_side
from promote.workflow.undo import earlier_plans, prove_undo


def judge_now(run: Run, state: LedgerState, observation: Observation) -> tuple[GateResult, ...]:
    """Return how every gate was judged, and refuse what one of them refuses.

    None is asked about a rollback; that is refused to where no pointer ever was.

    Raises:
        RefusedError: See above.
    """
    request = run.plan.request
    if request.rollback:
        history_of(observation, request.environment).expect(request.version)
        return ()
    price = run.topology.model(request.model).price
    evidence = Evidence(
        at=run.world.clock.now(),
        version=request.version,
        ledger=state,
        reason=request.reason,
        overlap=overlap_of(run.plan.steps, observation.versions, price=price),
        digest=digest(run.plan),
        requesters=(request.requested_by,),
        reviews=what_was_said(run.world.store, run.topology, run.plan),
    )
    gates = judge(as_asked(run.environment, run.plan), evidence)
    refuse_unless_passed(gates, run.plan, run.environment)
    return gates


def preflight(run: Run, steps: tuple[Step, ...]) -> None:
    """Prove the documents, walk every path that the steps will need, read the images.

    All of it before the first write.

    Raises:
        ProofError: A document of the plan is not what the plan says of it.
        PlanFileError: It is no plan of this promote.yaml.
        AccessError: A role cannot be assumed; nothing was changed.
        InputError: The smoke test's images are unusable.
    """
    for step in run.plan.steps:
        if isinstance(step, Grant | Revoke):
            run.at(step.environment).meaning.prove_step(step, step.before)
        if isinstance(step, Grant):
            prove_undo(run, step)
    _refuse_misfits(run)
    identities = run.world.identities
    switching = {step.account for step in steps if isinstance(step, Switch)}
    deployers = [t.deployer_role for t in run.targets if t.account in switching]
    rooms = [run.at(step.environment) for step in steps if isinstance(step, Revoke)]
    operators = [run.operator, *(each.operator for each in rooms)]
    roles = dict.fromkeys(role for role in (*operators, *deployers) if role is not None)
    side_by_side(identities.reach, roles)
    if any(isinstance(step, Prove) for step in steps):
        len(run.images)
    targets = dict.fromkeys((*run.targets, *(t for each in rooms for t in each.targets)))
    side_by_side(lambda target: identities.enter(target, run.promotion), targets)


def _refuse_misfits(run: Run) -> None:
    found = misfits(run.plan, run.topology)
    if found:  # an earlier run may have seen more: seldom needed, and a whole ledger to read
        found = misfits(run.plan, run.topology, earlier_plans(run))
    if found:
        raise unfitting(run.plan, found)
