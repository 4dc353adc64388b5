"""Read the width and height of a PNG or JPEG file from its header, with the standard library."""

from __future__ import annotations

import struct

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER = struct.Struct(">8x4x4sII")
_JPEG = b"\xff\xd8\xff"
_MARKER = 0xFF
_SEGMENT = struct.Struct(">H")
_FRAME = struct.Struct(">HBHH")  # length, precision, height, width
# Start-of-frame markers: C0 to CF without the three that mean something else (ITU T.81, B.1.1.3).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Markers that stand alone, without a length: TEM, RST0 to RST7.
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
# Start of scan and end of image: no frame header can follow.
_PIXELS = frozenset({0xDA, 0xD9})


def dimensions(content: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels, or None if `content` is no PNG and no JPEG."""
    try:
        if content.startswith(_PNG):
            return _of_png(content)
        if content.startswith(_JPEG):
            return _of_jpeg(content)
    except (struct.error, IndexError):
        return None
    return None


def _of_png(content: bytes) -> tuple[int, int] | None:
    kind, width, height = _PNG_HEADER.unpack_from(content)
    return (width, height) if kind == b"IHDR" else None


def _of_jpeg(content: bytes) -> tuple[int, int] | None:
    """Walk the segments to the first frame header."""
    at = 2
    while content[at] == _MARKER:
        while content[at] == _MARKER:  # any number of fill bytes may come before a marker
            at += 1
        marker = content[at]
        at += 1
        if marker in _FRAMES:
            _, _, height, width = _FRAME.unpack_from(content, at)
            return width, height
        if marker in _PIXELS:
            return None
        if marker not in _ALONE:
            at += _SEGMENT.unpack_from(content, at)[0]
    return None
