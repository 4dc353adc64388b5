"""Answer DetectCustomLabels: check the image as the service does, classify it, filter the labels.

Limits: Custom Labels developer guide, "Guidelines and quotas": PNG or JPEG, 4 MB as bytes, 15 MB in
S3, 64 to 4096 pixels a side, an aspect ratio of at most 20 to 1.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from promote.sandbox.classifier import classifier
from promote.sandbox.exchange import ServiceError

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST_BYTES: Final = 4 * 1024 * 1024
_MOST_S3_BYTES: Final = 15 * 1024 * 1024
_SHORTEST: Final = 64
_LONGEST: Final = 4096
_ASPECT: Final = 20
_THRESHOLD: Final = 50.0
"""The confidence below which labels are left out when the call names none."""
_REMEMBERED: Final = 1000
_Seen = tuple[bytes, str, tuple[str, ...]]
_classified: Final[dict[_Seen, list[tuple[str, float]]]] = {}
"""What was seen in the images asked about last: applications and smoke tests repeat themselves."""


def detect_labels(
    params: Mapping[str, Any],
    quality: str,
    labels: tuple[str, ...],
    load: Callable[[Mapping[str, str]], bytes],
) -> list[dict[str, Any]]:
    """Return which of a version's labels an image has, the most confident first.

    Raises:
        ServiceError: The service would refuse the image.
    """
    content = _content(params["Image"], load)
    least = float(params.get("MinConfidence", _THRESHOLD))
    found = [
        {"Name": name, "Confidence": round(confidence, 3)}
        for name, confidence in _classify(content, quality, labels)
        if confidence >= least
    ]
    most = params.get("MaxResults")
    return found if most is None else found[: int(most)]


def _classify(content: bytes, quality: str, labels: tuple[str, ...]) -> list[tuple[str, float]]:
    """Return every label with its confidence, the most confident first."""
    key = (hashlib.sha256(content).digest(), quality, labels)
    found = _classified.get(key)
    if found is None:
        found = classifier(quality, labels).classify(_decoded(content))
        if len(_classified) >= _REMEMBERED:
            _classified.clear()
        _classified[key] = found
    return found


def _content(source: Mapping[str, Any], load: Callable[[Mapping[str, str]], bytes]) -> bytes:
    """Return the image's bytes from the call or from S3."""
    if ("Bytes" in source) == ("S3Object" in source):
        text = "Image must have exactly one of Bytes and S3Object."
        raise ServiceError("InvalidParameterException", text)
    if "Bytes" in source:
        content, most = bytes(source["Bytes"]), _MOST_BYTES
    else:
        content, most = load(source["S3Object"]), _MOST_S3_BYTES
    if len(content) > most:
        raise ServiceError("ImageTooLargeException", f"The image exceeds {most} bytes.")
    return content


def _decoded(content: bytes) -> Image:
    """Decode an image and check its format and size."""
    from PIL import Image as Pillow

    try:
        image = Pillow.open(io.BytesIO(content), formats=("PNG", "JPEG"))
        _check_size(*image.size)
        image.load()
    except (OSError, SyntaxError, ValueError, Pillow.DecompressionBombError):
        text = "Request has invalid image format"
        raise ServiceError("InvalidImageFormatException", text) from None
    return image


def _check_size(width: int, height: int) -> None:
    """Raise unless the image's sides are within the limits."""
    if max(width, height) > _LONGEST:
        text = f"The image is {width} x {height}; the longest side may have {_LONGEST} pixels."
        raise ServiceError("ImageTooLargeException", text)
    if min(width, height) < _SHORTEST or max(width, height) > _ASPECT * min(width, height):
        text = (
            f"The image is {width} x {height}; each side needs {_SHORTEST} pixels "
            f"and the aspect ratio may be {_ASPECT} to 1."
        )
        raise ServiceError("InvalidParameterException", text)
