"""The proofs that a plan and its application share, right where a document is planned or written.

Two questions are asked of each document. Does it allow exactly what the topology means for these
versions, no more and no less? And does writing it change exactly what is said, seen from the
document that is there? Answers are kept: hundreds of roles mostly have the same document.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from promote.core.change import Change, change, unstated
from promote.core.grants import exact_versions
from promote.core.observation import Json
from promote.core.plan import Grant, Revoke, Step
from promote.core.policies.needs import access_policy_context, allowed_resources
from promote.core.policies.proof import DiffersError, prove
from promote.core.topology import Environment, Topology
from promote.errors import PolicyError, ProofError
from promote.iam.evaluate import Verdict
from promote.iam.prove import Witness
from promote.iam.spelling import same

_PLAN_AGAIN = "Make the plan again:\n    promote plan MODEL VERSION --to ENVIRONMENT"
_IMPLIED = "aws:principal"  # keys of the prover's stand-in for whoever has the role


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the access roles' policies of a model in an environment are to say."""

    topology: Topology
    model: str
    environment: Environment

    def context(self, versions: Iterable[str]) -> dict[str, object]:
        """Return the template's context for a document that allows these versions."""
        resources = allowed_resources(
            self.environment.granularity,
            region=self.topology.region,
            ml_account=self.topology.ml.account,
            project=self.topology.model(self.model).project,
            versions=tuple(sorted(versions)),
        )
        return access_policy_context(self.topology, self.environment, resources)

    def prove(self, document: Json, versions: Iterable[str]) -> None:
        """Hold that a document allows exactly these versions, as the topology means it.

        Raises:
            ProofError: It allows more or less; names a request.
        """
        prove("access-role", document, self.context(versions))

    def prove_step(self, step: Grant | Revoke, before: Json | None) -> None:
        """Hold that a step's document is as it means, and changes what it states, and nothing else.

        Args:
            step: What is written.
            before: What it is written over.

        Raises:
            ProofError: It is not; names a request.
        """
        alone = isinstance(step, Revoke) and not step.makes_room
        kept = frozenset[str]() if alone else exact_versions(step.after)
        self._prove_planned(step, step.after, kept | {step.version})
        prove_change(step, before)

    def prove_undo(self, step: Grant) -> None:
        """Hold that an undo is what was there before, or a document of ours.

        Raises:
            ProofError: It is neither; names a request.
        """
        if step.undo is not None and not same(step.undo, step.before):
            self._prove_planned(step, step.undo, exact_versions(step.undo))

    def _prove_planned(
        self, step: Grant | Revoke, document: Json, versions: frozenset[str]
    ) -> None:
        where = f"In the plan, for the policy {step.policy} of {step.role}:\n"
        try:
            self.prove(document, versions)
        except DiffersError as error:
            detail = where + error.detail
            raise DiffersError(error.summary, detail, _PLAN_AGAIN, error.witness) from error
        except (PolicyError, ProofError) as error:
            raise ProofError(error.summary, where + error.detail, _PLAN_AGAIN) from error


def prove_change(step: Grant | Revoke, before: Json | None) -> None:
    """Hold that a step that is written over `before` changes exactly what it states.

    Raises:
        ProofError: It changes something else.
    """
    stated, found = Change(adds=step.adds, removes=step.removes), change(before, step.after)
    if found != stated:
        raise ProofError(
            "The plan does not say what a write changes",
            f"For the policy {step.policy} of {step.role} it states: {_told(stated)}. Writing its "
            f"document means: {_told(found)}.",
            _PLAN_AGAIN,
        )
    if surprise := _surprise(step, before):
        raise _silent([surprise], _PLAN_AGAIN)


def check_changes(steps: Iterable[Step], again: str) -> None:
    """Refuse steps that would silently take away what somebody put into our policy by hand.

    Args:
        steps: Steps of a plan that is being made.
        again: The command that lets the plan take it away.

    Raises:
        ProofError: Names every role, with a request that the write would decide otherwise.
    """
    writing = [step for step in steps if isinstance(step, Grant | Revoke)]
    surprises = [each for step in writing if (each := _surprise(step, step.before))]
    if surprises:
        remedy = "Move it into a policy of its own, or let the plan take it away:"
        raise _silent(surprises, f"{remedy}\n    {again}")


def prove_single(role: str, policy: str, before: Json | None, after: Json | None) -> None:
    """Hold that a write changes nothing but which versions may be used.

    Raises:
        ProofError: It would silently take away what somebody put into our policy by hand.
    """
    stated = change(before, after)
    if surprise := _difference(before, after, stated, adopts=False):
        remedy = "Move it into a policy of its own, then run the same command again."
        raise _silent([f"{policy} of {role} {surprise}"], remedy)


def _surprise(step: Grant | Revoke, before: Json | None) -> str:
    stated = Change(adds=step.adds, removes=step.removes)
    found = _difference(before, step.after, stated, adopts=step.adopts)
    return found and f"{step.policy} of {step.role} {found}"


def _difference(before: Json | None, after: Json | None, stated: Change, *, adopts: bool) -> str:
    """Say what a write changes beside what is stated; empty for nothing."""
    try:
        witness = unstated(before, after, stated, adopts=adopts)
    except PolicyError as error:
        return f"cannot be read for certain: {error.detail}"
    return "" if witness is None else _shown(witness)


def _shown(witness: Witness) -> str:
    was, now = witness.verdicts[:2]
    request = witness.request
    given = [f"{k}={v}" for k, v in request.context.items() if not k.startswith(_IMPLIED)]
    text = f"{request.action} on {request.resource}"
    text += f" with {', '.join(given)}" if given else ""
    if now is Verdict.ALLOWED:
        return f"would newly allow {text}"
    return f"{'denies' if was is Verdict.EXPLICIT_DENY else 'allows'} {text}"


def _told(stated: Change) -> str:
    adds, removes = (", ".join(each) or "nothing" for each in (stated.adds, stated.removes))
    return f"adds {adds}; removes {removes}"


def _silent(surprises: Sequence[str], remedy: str) -> ProofError:
    lines = "\n".join(f"  {each}" for each in surprises)
    return ProofError(
        "A write would change more than access to versions",
        "The policy is written whole, so what somebody put into it by hand would be lost "
        f"silently. Found:\n{lines}",
        remedy,
    )
