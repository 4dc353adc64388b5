"""Try a version out through a target's own roles, as its applications would."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from promote.arn import short_version
from promote.core.events import SmokeTested
from promote.core.record import VerificationDone
from promote.core.topology import Target
from promote.errors import (
    AccessDeniedError,
    DeadlineError,
    ExplicitDenyError,
    FailedError,
    ImageError,
    InterruptedBySignalError,
)
from promote.ports import Credentials, Label, LabelledImage
from promote.workflow.probe import blank_image
from promote.workflow.side_by_side import side_by_side
from promote.workflow.site import Site
from promote.workflow.wait import poll

_LAGGARD = 10.0  # seconds
_FRESH = 600.0  # seconds; a session of an access role lives for 900
_BEAT = 10.0  # seconds of classifying after which the lock is kept and the wait is told


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeResult:
    """What came of the smoke test of one target."""

    target: Target
    accuracy: float | None
    """The share of images recognised; None when the environment has none."""
    required: float
    wrong: tuple[str, ...]
    answers: tuple[str | None, ...] = ()
    """What each image was recognised as, in their order; None is nothing."""

    @property
    def passed(self) -> bool:
        """Whether enough images were recognised."""
        return self.accuracy is None or self.accuracy >= self.required


@dataclass(slots=True)
class _Visit:
    """A session of a target's access role, opened anew well before it expires."""

    site: Site
    target: Target
    _opened: float = 0.0
    _credentials: Credentials | None = None

    def credentials(self) -> Credentials:
        """Return the session's credentials."""
        now = self.site.world.clock.monotonic()
        if self._credentials is None or now - self._opened > _FRESH:
            entered = self.site.world.identities.enter(self.target, self.site.promotion)
            self._opened, self._credentials = now, entered
        return self._credentials


def smoke_test(
    site: Site, target: Target, version: str, *, patience: float | None = None
) -> SmokeResult:
    """Classify every image through the target's roles and count what is right.

    Without images, one request must be answered.

    Args:
        site: Where.
        target: From which account.
        version: The version's ARN.
        patience: Seconds in which a grant written just now may still be denied by a replica of
            IAM that lags behind the proof. None is for a version in use: there a denial is one.

    Raises:
        DeadlineError: It was denied for all of `patience`.
        NotReadyError: The version does not site.
        AccessError: The path to it is closed.
    """
    required = site.environment.smoke.min_accuracy
    if not site.images:
        _classify(site, _entered(site, target), version, blank_image(), patience)
        return SmokeResult(target=target, accuracy=None, required=required, wrong=())
    found = classify_all(site, target, version, site.images, patience=patience)
    wrong = tuple(
        f"{image.name}: expected {image.label}, got {_told(best)}"
        for image, best in zip(site.images, found, strict=True)
        if best is None or best.name != image.label
    )
    result = SmokeResult(
        target=target,
        accuracy=1 - len(wrong) / len(site.images),
        required=required,
        wrong=wrong,
        answers=tuple(None if best is None else best.name for best in found),
    )
    _announce(site, result, version)
    return result


def classify_all(
    site: Site,
    target: Target,
    version: str,
    images: Sequence[LabelledImage],
    *,
    patience: float | None = None,
) -> tuple[Label | None, ...]:
    """Return the most confident label of each image, as the applications of a target get it.

    One after the other, so that live traffic of the version keeps most of its capacity.

    Args:
        site: Where.
        target: From which account.
        version: The version's ARN.
        images: What to classify.
        patience: As that of `smoke_test`.

    Raises:
        ImageError: The service refuses an image; names it.
        PromoteError: As `smoke_test`.
    """
    visit, clock = _entered(site, target), site.world.clock
    began = beaten = clock.monotonic()
    found: list[Label | None] = []
    for image in images:
        if site.cancelled.is_set():
            raise InterruptedBySignalError("Cancelled", "Another part of the command failed.")
        if (now := clock.monotonic()) - beaten > _BEAT:
            beaten = now
            site.keep()
            what = f"{target} to classify with {short_version(version)}"
            site.waiting(what, f"{len(found)} of {len(images)} images", now - began, None)
        try:
            labels = _classify(site, visit, version, image.content, patience)
        except ImageError as error:
            error.detail = f"{image.name}: {error.detail}"
            raise
        found.append(labels[0] if labels else None)
    return tuple(found)


def verify_through_pointers(
    site: Site, version: str | None = None, accounts: Collection[str] | None = None
) -> VerificationDone:
    """Do what an application does in every target: read the pointer, take the role, detect.

    The outcome is recorded, passed or failed.

    Args:
        site: Where.
        version: The version that every pointer must name; None takes the one that they all name.
        accounts: Of which targets; None is all of them.

    Raises:
        FailedError: A pointer does not name it, or the pointers do not name the same.
    """
    targets = tuple(t for t in site.targets if accounts is None or t.account in accounts)
    named = side_by_side(lambda each: read_as_consumer(site, each), targets)
    expected = version or named[0]
    for target, found in zip(targets, named, strict=True):
        if found is None or found != expected:
            raise names_another(target, found, expected)
    results = side_by_side(
        lambda target: smoke_test(site, target, str(expected)),
        targets,
        cancelled=site.cancelled,
    )
    measured = [result.accuracy for result in results if result.accuracy is not None]
    verification = VerificationDone(
        at=site.world.clock.now(),
        by=site.caller.arn,
        version=str(expected),
        environment=site.environment.name,
        passed=all(result.passed for result in results),
        accounts=tuple(target.account for target in targets),
        accuracy=min(measured, default=None),
    )
    site.record(verification)
    return verification


def below_threshold(results: tuple[SmokeResult, ...], version: str) -> FailedError:
    """Return the error that tells which targets recognised too little."""
    lines = [
        f"  {result.target}  {result.accuracy:.3f} measured, {result.required:.3f} required\n"
        + "\n".join(f"    {each}" for each in result.wrong[:5])
        for result in results
        if not result.passed and result.accuracy is not None
    ]
    return FailedError(
        "The smoke test failed",
        f"{version} recognises too few of the images:\n" + "\n".join(lines),
        "Look at the wrong answers. If the images are at fault, mend smoke.images; if the model "
        "is, train a better version.",
    )


def read_as_consumer(site: Site, target: Target) -> str | None:
    """Read what a target's pointer names with the role that stands for its applications."""
    now = site.pointer(target).current(target, role=target.smoke_role)
    return now.value if now else None


def names_another(target: Target, found: str | None, expected: str | None) -> FailedError:
    """Return the error for a pointer that names something else."""
    return FailedError(
        "The pointer does not name the version",
        f"Read as an application of {target} would, {target.pointer.name} names "
        f"{found or 'nothing'}; expected {expected or 'a version'}.",
        f"To see what every pointer names:\n    promote status {target.model}",
    )


def _entered(site: Site, target: Target) -> _Visit:
    """Open the session at once: a role that may not be assumed is no replica that lags behind."""
    visit = _Visit(site, target)
    visit.credentials()
    return visit


def _told(label: Label | None) -> str:
    return "nothing" if label is None else f"{label.name} ({label.confidence:.0f}%)"


def _classify(
    site: Site, visit: _Visit, version: str, image: bytes, patience: float | None
) -> tuple[Label, ...]:
    """Classify one image; a replica of IAM that lags behind the proof is waited for.

    Raises:
        AccessDeniedError: Without patience: still denied `_LAGGARD` seconds later.
        DeadlineError: With patience: still denied when that is at its end.
    """
    denials: list[AccessDeniedError] = []

    def look() -> tuple[Label, ...] | None:
        try:
            return site.service.invoke(visit.credentials(), version, image)
        except ExplicitDenyError:
            raise
        except AccessDeniedError as error:
            denials.append(error)
            return None

    what = "the last replica of IAM to allow the access role"
    try:
        labels = poll(
            look,
            lambda seen: seen is not None,
            pace=site.pace(_LAGGARD if patience is None else patience),
            what=what,
            tell=lambda _none: denials[-1].detail,
        )
    except DeadlineError as error:
        if denials and patience is None:
            raise denials[-1] from error
        raise
    return labels or ()


def _announce(site: Site, result: SmokeResult, version: str) -> None:
    images = len(site.images)
    site.announce(
        SmokeTested(
            at=site.world.clock.now(),
            environment=result.target.environment,
            account=result.target.account,
            version=version,
            correct=images - len(result.wrong),
            images=images,
            accuracy=result.accuracy or 0.0,
            required=result.required,
            wrong=result.wrong,
        )
    )
