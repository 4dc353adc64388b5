"""The gate `golden`: labelled images, answered by the new and by the running version.

Absolute thresholds hold for the new version alone, as measured: its accuracy, and for every label
of the images precision and recall. Non-regression is paired, image by image: see `paired` for the
rule and what it guarantees. A first promotion has nothing to compare with, so that only the
thresholds count.

Averages that are shown are macro averages: the mean over the labels, each counting the same. The
micro average of recall is the accuracy. A label that is never named has the precision 0; a label
that no image carries has none, and naming it shows in the accuracy and in the recall of the others.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

from promote.core.codec import canonical
from promote.core.gates import wording
from promote.core.gates.paired import MOST_IMAGES, VISIBLE, Comparison, enough
from promote.core.gates.result import GateResult, Moment, Verdict

_NAMED = 3  # lost images and weak labels that are named


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenRule:
    """What the golden images must show."""

    images: str | None = None
    """As `smoke.images`, which None stands for."""
    min_accuracy: float | None = None
    min_precision: float | None = None
    """Of every label, from 0 to 1."""
    min_recall: float | None = None
    """Of every label, from 0 to 1."""
    max_regression: float = 0.0
    """How much worse than the running version it may be, as a difference of accuracies."""
    confidence: float = 0.95
    """Above 0.5 and below 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What both versions said of one image; None is that they recognised nothing.

    An image that one of them could not be asked about has no answer: that is a failure of the
    comparison, and must not look like a version that recognises nothing.
    """

    image: str
    """The image's name, which must be its own."""
    label: str
    """What is true of it."""
    new: str | None
    running: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelScore:
    """How one label of the images was recognised."""

    label: str
    images: int
    """Images that carry the label; at least one."""
    named: int
    """Images that were said to carry it."""
    right: int

    @property
    def precision(self) -> float:
        """Of the images said to carry the label, the share that do; 0 when it was never said."""
        return self.right / self.named if self.named else 0.0

    @property
    def recall(self) -> float:
        """Of the images that carry the label, the share of which it was said."""
        return self.right / self.images


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """How all the images were recognised."""

    images: int
    right: int
    labels: tuple[LabelScore, ...]
    """In the order of their names."""

    @property
    def accuracy(self) -> float:
        """The share of images recognised, which is also the micro average of recall."""
        return self.right / self.images if self.images else 0.0

    @property
    def precision(self) -> float:
        """The macro average of precision."""
        return sum(each.precision for each in self.labels) / max(1, len(self.labels))

    @property
    def recall(self) -> float:
        """The macro average of recall."""
        return sum(each.recall for each in self.labels) / max(1, len(self.labels))


@dataclass(frozen=True, slots=True)
class _Part:
    """One thing that the gate asks for."""

    verdict: Verdict
    measured: str
    required: str


def score(answers: Iterable[tuple[str, str | None]]) -> Scores:
    """Count what is right in pairs of the true label and the one that was given."""
    pairs = tuple(answers)
    images = Counter(label for label, _ in pairs)
    named = Counter(given for _, given in pairs)
    right = Counter(label for label, given in pairs if label == given)
    return Scores(
        images=len(pairs),
        right=right.total(),
        labels=tuple(
            LabelScore(label=label, images=images[label], named=named[label], right=right[label])
            for label in sorted(images)
        ),
    )


def compare(answers: Iterable[Answer], confidence: float) -> Comparison:
    """Count the images on which exactly one of the two versions is right."""
    verdicts = Counter((each.running == each.label, each.new == each.label) for each in answers)
    return Comparison(
        images=verdicts.total(),
        lost=verdicts[True, False],
        won=verdicts[False, True],
        confidence=confidence,
    )


def evidence_of(answers: Sequence[Answer], confidence: float) -> str:
    """Return the SHA-256, in hex, of all answers and what was counted in them.

    It is that of the canonical JSON of ``{"answers": [{image, label, new, running}, ...],
    "counts": {images, lost, right, won}}``, the answers in the order of the images' names.
    """
    seen = compare(answers, confidence)
    right = score((each.label, each.new) for each in answers).right
    counts = {"images": seen.images, "lost": seen.lost, "right": right, "won": seen.won}
    told = [asdict(each) for each in sorted(answers, key=lambda each: (each.image, each.label))]
    return hashlib.sha256(canonical({"answers": told, "counts": counts})).hexdigest()


def golden(
    answers: Sequence[Answer], rule: GoldenRule, *, running: str | None, unasked: str = ""
) -> GateResult:
    """Judge the new version by what both versions said of the golden images.

    Args:
        answers: One for each image.
        rule: What is asked for.
        running: The name of the running version; None when there is none, as when the model is
            promoted for the first time: then nothing is compared.
        unasked: Why the running version could not be asked; then nothing can be compared.
    """
    twice = sorted(name for name, times in Counter(a.image for a in answers).items() if times > 1)
    new = score((each.label, each.new) for each in answers)
    if not answers or twice:
        found = f"counted twice: {wording.quoted(twice)}" if twice else "there are no images"
        parts = [_Part(Verdict.INCONCLUSIVE, found, "labelled images, each counted once")]
    else:
        parts = [*_thresholds(new, rule)]
    parts.append(_regression(answers, rule, running, unasked))
    verdicts = {part.verdict for part in parts}
    worst = (v for v in (Verdict.FAIL, Verdict.INCONCLUSIVE) if v in verdicts)
    return GateResult(
        gate="golden",
        moment=Moment.GOLDEN,
        verdict=next(worst, Verdict.PASS),
        measured="; ".join((_overall(new), *(part.measured for part in parts if part.measured))),
        required="; ".join(part.required for part in parts if part.required),
    )


def to_come(rule: GoldenRule) -> GateResult:
    """Return the gate as it stands before the images were shown to anybody."""
    asked = {"accuracy": rule.min_accuracy}
    asked |= {"precision of every label": rule.min_precision}
    asked |= {"recall of every label": rule.min_recall}
    demands = [f"{what} {least:g}" for what, least in asked.items() if least is not None]
    return GateResult(
        gate="golden",
        moment=Moment.GOLDEN,
        verdict=Verdict.PENDING,
        measured="judged before the switch, through the environment's own role",
        required="; ".join((*demands, _demand(rule))),
    )


def _overall(new: Scores) -> str:
    means = f"precision {wording.score(new.precision)} and recall {wording.score(new.recall)}"
    return (
        f"{wording.counted(new.images, 'image')}: accuracy {wording.score(new.accuracy)}, {means} "
        f"(means of {wording.counted(len(new.labels), 'label')})"
    )


def _thresholds(new: Scores, rule: GoldenRule) -> Iterator[_Part]:
    if rule.min_accuracy is not None:
        short = new.accuracy < rule.min_accuracy
        found = wording.score(new.accuracy, rule.min_accuracy)
        yield _Part(
            Verdict.FAIL if short else Verdict.PASS,
            f"accuracy {found} ({new.right} of {new.images})" if short else "",
            f"accuracy {rule.min_accuracy:g}",
        )
    if rule.min_precision is not None:
        precisions = [(each.precision, each.label, each.right, each.named) for each in new.labels]
        yield _every_label("precision", precisions, rule.min_precision)
    if rule.min_recall is not None:
        recalls = [(each.recall, each.label, each.right, each.images) for each in new.labels]
        yield _every_label("recall", recalls, rule.min_recall)


def _every_label(what: str, found: list[tuple[float, str, int, int]], least: float) -> _Part:
    """Hold every label to a threshold; the weakest that fall short are named."""
    short = sorted(each for each in found if each[0] < least)
    shown = ", ".join(
        f"{label!r} {wording.score(value, least)} ({right} of {of})"
        for value, label, right, of in short[:_NAMED]
    )
    more = f" and {len(short) - _NAMED} more" if len(short) > _NAMED else ""
    return _Part(
        Verdict.FAIL if short else Verdict.PASS,
        f"{what} of {shown}{more}" if short else "",
        f"{what} of every label {least:g}",
    )


def _regression(
    answers: Sequence[Answer], rule: GoldenRule, running: str | None, unasked: str
) -> _Part:
    if running is None:
        return _Part(Verdict.PASS, "no running version to compare with", "")
    if unasked:
        cannot = f"{running} could not be asked, so nothing can be compared: {unasked}"
        return _Part(Verdict.INCONCLUSIVE, cannot, _demand(rule))
    seen = compare(answers, rule.confidence)
    verdict = seen.verdict(rule.max_regression)
    old = score((each.label, each.running) for each in answers)
    measured = (
        f"{running} has accuracy {wording.score(old.accuracy)} on the same images: "
        f"{seen.lost} lost{_names(answers)}, {seen.won} won, {_measured(seen)} "
        f"(p = {float(seen.chance):.3g}), at most {wording.points(seen.bound)} points worse"
    )
    if verdict is Verdict.INCONCLUSIVE:
        measured += f"; {_advice(seen, rule)}"
    return _Part(verdict, measured, _demand(rule))


def _measured(seen: Comparison) -> str:
    if seen.lost == seen.won:
        return "as good as measured"
    word = "worse" if seen.lost > seen.won else "better"
    return f"{wording.points(abs(seen.regression))} points {word} as measured"


def _names(answers: Sequence[Answer]) -> str:
    lost = [each for each in answers if each.running == each.label != each.new]
    if not lost:
        return ""
    by_label = Counter(each.label for each in lost).most_common(_NAMED)
    labels = ", ".join(f"{count} {label!r}" for label, count in by_label)
    shown = ", ".join(f"{a.image} as {a.new or 'nothing'}" for a in lost[:_NAMED])
    return f" ({labels}: {shown}{', …' if len(lost) > _NAMED else ''})"


def _advice(seen: Comparison, rule: GoldenRule) -> str:
    images = enough(seen, rule.max_regression)
    if images is None:
        return f"not even {MOST_IMAGES} images like these would tell"
    return f"too few images, about {images} like these would tell"


def _demand(rule: GoldenRule) -> str:
    sure = f"at {100 * rule.confidence:g}% confidence"
    if rule.max_regression:
        return f"at most {wording.points(rule.max_regression)} points worse {sure}"
    return (
        f"not shown to be worse, and more than {wording.points(VISIBLE)} points ruled out, {sure}"
    )
