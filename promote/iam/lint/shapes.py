"""Whether a pattern of resources covers any resource of a format of the catalogue.

A pattern has ``*`` and ``?``, a format has ``${Names}``; they meet if one ARN is of both. Region
and account are judged apart, because a pattern that fails by them alone has another defect.
"""

from __future__ import annotations

import re
from functools import cache

from promote.iam.patterns import text_matcher

PARTS = 6

_SHIELD = "\x00"
_NAME = re.compile(r"\$\{[^}]*\}")
_WILD = re.compile(r"(\*|\?|\$\{[^}]*\})")

# One step of a pattern: the character that it takes, or one of these three, and whether it takes
# any number of them.
_Step = tuple[str, bool]
_ANY, _SEGMENT, _DIGIT = "any", "any but / and :", "digit"


def split(arn: str) -> tuple[str, ...] | None:
    """Split an ARN or a pattern of ARNs into its six parts; None if it has not six."""
    # A policy variable has a colon of its own, which ends no part.
    shielded = _NAME.sub(lambda found: found[0].replace(":", _SHIELD), arn)
    parts = tuple(part.replace(_SHIELD, ":") for part in shielded.split(":", PARTS - 1))
    return parts if len(parts) == PARTS and parts[0] == "arn" and parts[5] else None


@cache
def meets(pattern: str, shape: str) -> bool:
    """Say whether a pattern covers some resource of a format, wherever that resource is."""
    own, its = split(pattern), split(shape)
    if pattern == "*":
        return True
    if own is None or its is None or not text_matcher(_NAME.sub("*", own[2]))(its[2]):
        return False
    return _overlap(_pattern_steps(own[5]), _format_steps(its[5], its[2]))


def is_placed(pattern: str, shape: str) -> bool:
    """Say whether Region and account of a pattern are there exactly where the format has them."""
    own, its = split(pattern), split(shape)
    if own is None or its is None:
        return True
    return all(_fits(part, of) for part, of in zip(own[3:5], its[3:5], strict=True))


def _fits(part: str, of: str) -> bool:
    if _NAME.search(of):
        return part != ""
    return bool(text_matcher(part)(of))


@cache
def _pattern_steps(text: str) -> tuple[_Step, ...]:
    steps: list[_Step] = []
    for piece in _WILD.split(text):
        if piece == "?":
            steps.append((_ANY, False))
        elif piece == "*" or piece.startswith("${"):
            steps.append((_ANY, True))
        else:
            steps += [(char, False) for char in piece]
    return tuple(steps)


@cache
def _format_steps(text: str, service: str) -> tuple[_Step, ...]:
    """Read the resource part of a format; a name takes at least one character.

    Only the last one may have slashes in it (a path, an object's key), and in Rekognition none;
    beside it the name of a log group.
    """
    pieces = [piece for piece in re.split(r"(\$\{[^}]*\})", text) if piece]
    steps: list[_Step] = []
    for index, piece in enumerate(pieces):
        if piece.startswith("${"):
            bounded = service == "rekognition" or piece == "${BucketName}"
            last = index == len(pieces) - 1
            free = (last and not bounded) or piece == "${LogGroupName}"
            kind = _ANY if free else _SEGMENT
            kind = _DIGIT if piece == "${CreationTimestamp}" else kind
            steps += [(kind, False), (kind, True)]
        else:
            steps += [(char, False) for char in piece]
    return tuple(steps)


def _overlap(one: tuple[_Step, ...], other: tuple[_Step, ...]) -> bool:
    """Say whether one text satisfies both, by walking them together."""
    seen, waiting = set(), [(0, 0)]
    while waiting:
        place = waiting.pop()
        if place in seen:
            continue
        seen.add(place)
        i, j = place
        if i == len(one) and j == len(other):
            return True
        if i < len(one) and one[i][1]:
            waiting.append((i + 1, j))
        if j < len(other) and other[j][1]:
            waiting.append((i, j + 1))
        if i < len(one) and j < len(other) and _agree(one[i][0], other[j][0]):
            waiting.append((i if one[i][1] else i + 1, j if other[j][1] else j + 1))
    return False


def _agree(one: str, other: str) -> bool:
    """Say whether two steps take a character in common."""
    if _ANY in (one, other):
        return True
    if len(one) > 1 and len(other) > 1:
        return True  # Every digit is a character of a segment.
    literal, taken = (one, other) if len(one) == 1 else (other, one)
    if taken == _DIGIT:
        return literal.isdecimal()
    return literal not in "/:" if taken == _SEGMENT else one == other
