"""Prove that a changed policy is in force: IAM is eventually consistent, and its replicas differ.

One success proves nothing. What counts is `consecutive` successes in a row, each over a fresh
session and a second apart; an implicit deny starts the count again until the deadline, an explicit
one is final. A denial is proved by rounds in which the same path is *allowed* on another version,
so that a broken path never looks like a revoked grant. Never a fixed sleep.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from promote.arn import short_version
from promote.core.topology import Target
from promote.errors import AccessDeniedError, ExplicitDenyError, ImageError, NotReadyError
from promote.ports import Credentials
from promote.workflow.site import Site
from promote.workflow.wait import pause, poll

_APART = 1.0  # seconds between successes, so that a streak outlasts the spread between replicas
_SIDE = 64  # pixels: the smallest image that Custom Labels accepts ("Guidelines and quotas")


@dataclass(slots=True)
class _Streak:
    length: int = 0
    last: str = "no answer yet"
    why: str | None = None
    """Why the last round did not count; not told while waiting, since every answer differs."""

    def __str__(self) -> str:
        return f"{self.last}. {self.why}" if self.why else self.last


def prove_allowed(
    site: Site, target: Target, version: str, consecutive: int, deadline: float
) -> None:
    """Wait until the target's access role may use a version.

    Raises:
        ExplicitDenyError: A policy forbids it; no waiting helps.
        DeadlineError: It was not allowed `consecutive` times in a row in time.
    """
    what = f"{target} to be allowed on {short_version(version)}"
    _prove(
        site,
        target,
        what,
        consecutive=consecutive,
        deadline=deadline,
        lacking=lambda credentials: _denial(site, credentials, version),
    )


def prove_denied(
    site: Site, target: Target, versions: tuple[str, ...], allowed: str, deadline: float
) -> None:
    """Wait until the target's access role may no longer use any of `versions`.

    Args:
        site: Where.
        target: From where.
        versions: Which must be denied.
        allowed: A version that the same session must be allowed to use in the same round.
        deadline: Seconds.

    Raises:
        DeadlineError: They were not all denied often enough in a row in time.
    """
    what = f"{target} to be denied {', '.join(short_version(each) for each in versions)}"
    consecutive = site.environment.propagation.consecutive

    def lacking(credentials: Credentials) -> str | None:
        closed = _denial(site, credentials, allowed)
        if closed is not None:
            return closed
        still = (each for each in versions if _denial(site, credentials, each) is None)
        return next((f"{short_version(each)} is still allowed." for each in still), None)

    _prove(site, target, what, consecutive=consecutive, deadline=deadline, lacking=lacking)


def _prove(
    site: Site,
    target: Target,
    what: str,
    *,
    consecutive: int,
    deadline: float,
    lacking: Callable[[Credentials], str | None],
) -> None:
    streak, pace = _Streak(), site.pace(deadline, longest=8.0)

    def look() -> _Streak:
        while streak.length < consecutive:
            if streak.length:
                pause(pace, _APART)
            if not _round(site, target, streak, lacking):
                break
        return streak

    def tell(_seen: _Streak | None, elapsed: float) -> None:
        site.waiting(what, streak.last, elapsed, deadline)

    poll(look, lambda seen: seen.length >= consecutive, pace=pace, what=what, notify=tell)


def _round(
    site: Site, target: Target, streak: _Streak, lacking: Callable[[Credentials], str | None]
) -> bool:
    """Try once over a fresh session."""
    streak.why = lacking(site.world.identities.enter(target, site.promotion))
    fine = streak.why is None
    streak.length = streak.length + 1 if fine else 0
    streak.last = f"{streak.length} in a row" if fine else "not yet in force"
    return fine


def _denial(site: Site, credentials: Credentials, version: str) -> str | None:
    """Say why authorisation stops a request; None if it lets it through, whatever comes after."""
    image = site.images[0].content if site.images else blank_image()
    try:
        site.service.invoke(credentials, version, image)
    except ExplicitDenyError:
        raise
    except AccessDeniedError as error:
        return error.detail
    except (NotReadyError, ImageError):
        return None
    return None


def blank_image() -> bytes:
    """Return the smallest PNG that Custom Labels accepts, for environments without images."""
    rows = (b"\x00" + b"\xff" * _SIDE) * _SIDE
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body
