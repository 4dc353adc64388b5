"""Judge the gate `golden`, once for each promotion, between the proofs and the first switch.

The new version and the running one classify the same images side by side, through a target whose
pointer named the running one: its access role allows both by then. Where the images are those of
the smoke test, what the new version just said there counts, so that nothing is asked twice. What
came of it is on record before the gate refuses or lets the promotion go on.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from promote.arn import parse_version_arn, short_version
from promote.core.events import GoldenJudged
from promote.core.gates.golden import Answer, GoldenRule, evidence_of, golden
from promote.core.gates.override import lifted, told
from promote.core.gates.paired import Comparison, enough
from promote.core.gates.result import Verdict
from promote.core.judged import GateJudged, carried, stands
from promote.core.observation import Observation
from promote.core.plan import PlannedTarget, Switch
from promote.errors import (
    AccessError,
    CredentialsError,
    FailedError,
    ImageError,
    InputError,
    NotFoundError,
)
from promote.ports import Label
from promote.workflow.endings import golden_refused
from promote.workflow.run import Run
from promote.workflow.side_by_side import side_by_side
from promote.workflow.smoke import SmokeResult, classify_all
from promote.workflow.waves import failed_before


@dataclass(frozen=True, slots=True)
class _Question:
    """One version to be asked through one target."""

    account: str
    version: str


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a version said of each image, in their order, or why it said nothing."""

    labels: tuple[str | None, ...] = ()
    why: str = ""


def read_golden_images(run: Run, observation: Observation) -> None:
    """Read the images before the first write, if the gate is still to be judged.

    Too few of them for any answer but a very good one are a warning: they may be meant so.

    Raises:
        InputError: They are unusable.
    """
    rule = run.environment.gates.golden
    against = _to_judge(run, observation)
    if rule is None or not against:
        return
    try:
        images = run.golden_images
    except InputError as error:
        raise InputError(
            "The golden images cannot be used", error.detail, _mend_images(run)
        ) from error
    twice = sorted(name for name, n in Counter(e.name for e in images).items() if n > 1)
    if twice:
        raise InputError(
            "Golden images are named twice",
            f"Each image counts once; {', '.join(twice[:3])} does not.",
            _mend_images(run),
        )
    alike = Comparison(images=len(images), lost=0, won=0, confidence=rule.confidence)
    if set(against) != {None} and alike.verdict(rule.max_regression) is not Verdict.PASS:
        some = enough(alike, rule.max_regression)
        run.warn(
            f"{len(images)} golden images are too few to let {short_version(_new(run))} pass by "
            f"answers as good as those of the running version; {some} would do."
        )


def judge_golden(run: Run, observation: Observation, tested: Mapping[str, SmokeResult]) -> None:
    """Judge what is still to be judged, record it, and refuse or let the promotion go on.

    Args:
        run: The promotion; the new version is proven in every target that is not failed.
        observation: The world as this run found it.
        tested: What the smoke test of this run said, by account.

    Raises:
        RefusedError: The gate refuses; everything is to be put back.
        InputError: The service refuses an image.
        TryAgainError: It cannot be told now.
    """
    rule = run.environment.gates.golden
    against = _to_judge(run, observation)
    if rule is None or not against:
        return
    heard = _ask(run, against, _said_already(run, tested))
    judged = [_judged(run, rule, each, heard) for each in against.items()]
    for each in judged:
        run.record(each)
    for each, account in zip(judged, against.values(), strict=True):
        _tell(run, each, account)
    refusing = tuple(each.gate for each in judged if each.gate.refuses)
    if refusing:
        raise golden_refused(run.plan, refusing)


def _to_judge(run: Run, observation: Observation) -> Mapping[str | None, str]:
    """Return what the version must still be compared with, and the account to ask through.

    None is nothing, as in a first promotion. What stands on record is not judged again.
    """
    begun = observation.ledger.opened(run.promotion)
    # What was observed is of the time before this run's plan was begun.
    judged = carried(begun.judged, begun.plan, run.plan) if begun else ()
    settled = {each.against for each in judged if stands(each, run.plan.request)}
    return {e: account for e, account in _opponents(run, observation).items() if e not in settled}


def _opponents(run: Run, observation: Observation) -> dict[str | None, str]:
    """Return every version that pointers named before, each with the first account of these."""
    failed = failed_before(run, observation)
    well = [each for each in run.plan.targets if each.account not in failed] or run.plan.targets
    found: dict[str | None, str] = {}
    for planned in sorted(well, key=lambda each: _switched_last(run, each, observation)):
        named = _named_before(run, planned, observation)
        if named is not None:
            found.setdefault(named, planned.account)
    if not found and any(isinstance(step, Switch) for step in run.plan.steps):
        found[None] = well[0].account
    return found


def _switched_last(run: Run, planned: PlannedTarget, observation: Observation) -> float:
    """Order targets: who is still to be switched, then who was switched last.

    What a pointer named long ago its target's own access role need not allow any more.
    """
    history = observation.pointers[run.target(planned.account)].history
    is_new = planned.before == _new(run) and bool(history)
    return -history[-1].changed_at.timestamp() if is_new else -math.inf


def _named_before(run: Run, planned: PlannedTarget, observation: Observation) -> str | None:
    """Return what a pointer named before this promotion, an earlier run of it included."""
    if planned.before != _new(run):
        return planned.before
    begun = observation.ledger.opened(run.promotion)
    history = observation.pointers[run.target(planned.account)].history
    named = [each.value for each in history if begun and each.value in begun.named]
    return next((each for each in reversed(named) if each != _new(run)), None)


def _said_already(run: Run, tested: Mapping[str, SmokeResult]) -> Mapping[str, _Heard]:
    """Return what the smoke test heard from the new version, if it showed the same images."""
    same = run.golden_images is run.images
    return {account: _Heard(each.answers) for account, each in tested.items()} if same else {}


def _ask(
    run: Run, against: Mapping[str | None, str], said: Mapping[str, _Heard]
) -> Mapping[_Question, _Heard]:
    """Ask both versions at the same time, unless one has answered already."""
    new = [_Question(account, _new(run)) for account in dict.fromkeys(against.values())]
    old = [_Question(account, each) for each, account in against.items() if each is not None]
    known = {each: said[each.account] for each in new if each.account in said}
    asked = [each for each in (*new, *old) if each not in known]
    try:
        found = side_by_side(lambda each: _heard(run, each), asked, cancelled=run.cancelled)
    except ImageError as error:
        raise InputError(
            "The service refuses a golden image", error.detail, _mend_images(run)
        ) from error
    return {**known, **dict(zip(asked, found, strict=True))}


def _heard(run: Run, asked: _Question) -> _Heard:
    """Ask one version; that a running one does not answer is something heard, too."""
    target, images = run.target(asked.account), run.golden_images
    if asked.version == _new(run):
        patience = run.environment.propagation.deadline.total_seconds()
        return _named(classify_all(run, target, asked.version, images, patience=patience))
    if parse_version_arn(asked.version) is None:
        return _Heard(why=f"{target.pointer.name} in {target.account} named no version")
    try:
        return _named(classify_all(run, target, asked.version, images))
    except (CredentialsError, ImageError):
        raise
    except (AccessError, FailedError, InputError, NotFoundError) as error:
        return _Heard(why=" ".join(f"{error.summary}. {error.detail}".split()))


def _named(found: tuple[Label | None, ...]) -> _Heard:
    return _Heard(tuple(None if best is None else best.name for best in found))


def _judged(
    run: Run, rule: GoldenRule, against: tuple[str | None, str], heard: Mapping[_Question, _Heard]
) -> GateJudged:
    running, account = against
    new = heard[_Question(account, _new(run))].labels
    old = _Heard() if running is None else heard[_Question(account, running)]
    answers = tuple(
        Answer(image=image.name, label=image.label, new=said, running=was)
        for image, said, was in zip(
            run.golden_images, new, old.labels or (None,) * len(new), strict=True
        )
    )
    name = None if running is None else short_version(running)
    gate, now = golden(answers, rule, running=name, unasked=old.why), run.world.clock.now()
    return GateJudged(
        at=now,
        promotion=run.promotion,
        gate=next(lifted((gate,), run.plan.request.overrides, now)),
        against=running,
        evidence=evidence_of(answers, rule.confidence),
        by=run.caller.arn,
        execution=run.execution,
    )


def _tell(run: Run, judged: GateJudged, account: str) -> None:
    gate = judged.gate
    event = GoldenJudged(
        at=judged.at,
        environment=run.environment.name,
        account=account,
        version=_new(run),
        against=judged.against,
        gate=gate,
    )
    run.announce(event)
    if gate.lifted and gate.override is not None:
        run.warn(f"The gate {gate.gate} is {told(gate.override)}; the numbers are on record.")


def _new(run: Run) -> str:
    return run.plan.request.version


def _mend_images(run: Run) -> str:
    rule = run.environment.gates.golden
    key = "smoke.images" if rule is None or rule.images is None else "gates.golden.images"
    return (
        f"Correct `{key}` of {run.environment.name} in promote.yaml: a folder laid out as "
        "LABEL/NAME.png, a manifest (.csv or .jsonl with image and label), or s3://bucket/prefix/."
    )
