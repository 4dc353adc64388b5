"""What is looked at before the first write, so that what must fail fails with nothing changed."""

from __future__ import annotations

from promote.core.executions import requesters_in, unheard_in
from promote.core.fitting import misfits
from promote.core.gates import Evidence, Findings, GateResult, judge
from promote.core.gates.override import told
from promote.core.history import history_of
from promote.core.observation import Observation
from promote.core.overlap import overlap_of
from promote.core.override_fitting import wrong_overrides
from promote.core.plan import Grant, Plan, Prove, Revoke, Step, Switch
from promote.core.planfile import digest
from promote.core.record import LedgerState
from promote.core.topology import Topology
from promote.ports import Store
from promote.workflow.endings import refuse_unless_passed, unfitting
from promote.workflow.evidence import Gathering
from promote.workflow.golden import read_golden_images
from promote.workflow.journal import Journal
from promote.workflow.reviewing import as_asked, what_was_said
from promote.workflow.run import Run
from promote.workflow.side_by_side import side_by_side
from promote.workflow.undo import earlier_plans, prove_undo


def judge_now(run: Run, state: LedgerState, observation: Observation) -> tuple[GateResult, ...]:
    """Return how every gate was judged, and refuse what one of them refuses.

    None is asked about a rollback; that is refused to where no pointer ever was.

    Raises:
        PlanFileError: It lifts what no planner lifts.
        RefusedError: See above.
    """
    request = run.plan.request
    if request.rollback:
        history_of(observation, request.environment).expect(request.version)
        return ()
    _refuse_wrong_overrides(run)
    price = run.topology.model(request.model).price
    found = observation.version(request.version)
    heard = run.heard
    looked = Gathering(run.world, run.topology, request.model, run.environment)
    evidence = Evidence(
        at=run.world.clock.now(),
        version=request.version,
        ledger=state,
        f1=found.f1 if found else None,
        findings=looked.findings(found) if found else Findings(),
        reason=request.reason,
        overlap=overlap_of(run.plan.steps, observation.versions, price=price),
        digest=digest(run.plan),
        requesters=requesters_in(request, heard),
        reviews=(
            *what_was_said(run.world.store, run.topology, run.plan),
            *(heard.reviews if heard else ()),
        ),
        remarks=tuple(unheard_in(run.responses, digest(run.plan))),
        overrides=request.overrides,
    )
    gates = judge(as_asked(run.environment, run.plan), evidence)
    refuse_unless_passed(gates, run.plan, run.environment)
    _tell_lifted(run, gates)
    return gates


def refuse_closed(store: Store, topology: Topology, plan: Plan) -> None:
    """Refuse what a gate of the moment refused when it was planned, in the words of `judge_now`.

    So nobody is asked in vain; what was begun goes on, and approvals are another matter.

    Raises:
        RefusedError: See above.
    """
    request = plan.request
    begun = {digest(each.plan) for each in Journal(store, request.model).state().open}
    if not plan.steps or digest(plan) in begun:
        return
    said = {each.gate: each for each in plan.made.gates if each.gate != "approval"}
    gates = tuple(said.get(each.gate, each) for each in plan.gates)
    refuse_unless_passed(gates, plan, topology.environment(request.environment))


def preflight(run: Run, steps: tuple[Step, ...], observation: Observation) -> None:
    """Prove the documents, walk every path that the steps will need, read the images.

    All of it before the first write.

    Raises:
        ProofError: A document of the plan is not what the plan says of it.
        PlanFileError: It is no plan of this promote.yaml.
        AccessError: A role cannot be assumed; nothing was changed.
        InputError: The images of the smoke test or of the gate `golden` are unusable.
    """
    for step in run.plan.steps:
        if isinstance(step, Grant | Revoke):
            run.at(step.environment).meaning.prove_step(step, step.before)
        if isinstance(step, Grant):
            prove_undo(run, step)
    refuse_misfits(run)
    identities = run.world.identities
    switching = {step.account for step in steps if isinstance(step, Switch)}
    deployers = [t.deployer_role for t in run.targets if t.account in switching]
    rooms = [run.at(step.environment) for step in steps if isinstance(step, Revoke)]
    operators = [run.operator, *(each.operator for each in rooms)]
    roles = dict.fromkeys(role for role in (*operators, *deployers) if role is not None)
    side_by_side(identities.reach, roles)
    if any(isinstance(step, Prove) for step in steps):
        len(run.images)
    read_golden_images(run, observation)
    targets = dict.fromkeys((*run.targets, *(t for each in rooms for t in each.targets)))
    side_by_side(lambda target: identities.enter(target, run.promotion), targets)


def _tell_lifted(run: Run, gates: tuple[GateResult, ...]) -> None:
    """Say which gates do not pass and are lifted: who applies a plan may not have read it."""
    for gate in gates:
        if gate.lifted and gate.override is not None:
            measured = f"{gate.measured}; required: {gate.required}"
            run.warn(f"The gate {gate.gate} is {told(gate.override)} ({measured})")


def _refuse_wrong_overrides(run: Run) -> None:
    """Refuse what a plan file may not lift, before it lifts anything."""
    found = tuple(wrong_overrides(run.plan, run.environment, run.world.clock.now()))
    if found:
        raise unfitting(run.plan, found)


def refuse_misfits(run: Run) -> None:
    """Refuse a plan that no planner makes from this promote.yaml.

    Raises:
        PlanFileError: See above; names everything that shows it.
    """
    found = misfits(run.plan, run.topology)
    if found:  # an earlier run may have seen more: seldom needed, and a whole ledger to read
        found = misfits(run.plan, run.topology, earlier_plans(run))
    if found:
        raise unfitting(run.plan, found)
