"""What is looked at before the first write, so that what must fail fails with nothing changed."""

from __future__ import annotations

from promote.core.fitting import misfits
from promote.core.plan import Grant, Prove, Revoke, Step, Switch
from promote.workflow.endings import unfitting
from promote.workflow.run import Run
from promote.workflow.side_by_side import side_by_side
from promote.workflow.undo import earlier_plans, prove_undo


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
            run.meaning.prove_step(step, step.before)
        if isinstance(step, Grant):
            prove_undo(run, step)
    _refuse_misfits(run)
    identities = run.world.identities
    switching = {step.account for step in steps if isinstance(step, Switch)}
    deployers = [t.deployer_role for t in run.targets if t.account in switching]
    roles = dict.fromkeys(role for role in (run.operator, *deployers) if role is not None)
    side_by_side(identities.reach, roles)
    if any(isinstance(step, Prove) for step in steps):
        len(run.images)
    side_by_side(lambda target: identities.enter(target, run.promotion), run.targets)


def _refuse_misfits(run: Run) -> None:
    found = misfits(run.plan, run.topology)
    if found:  # an earlier run may have seen more: seldom needed, and a whole ledger to read
        found = misfits(run.plan, run.topology, earlier_plans(run))
    if found:
        raise unfitting(run.plan, found)
