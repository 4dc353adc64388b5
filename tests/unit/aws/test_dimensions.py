"""Width and height come from the header of the file, and rubbish is no image."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promote.aws.dimensions import dimensions


def png(width: int, height: int) -> bytes:
    """Write the beginning of a PNG file."""
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + bytes(9)


def jpeg(width: int, height: int, *, frame: int = 0xC0, before: bytes = b"") -> bytes:
    """Write the beginning of a JPEG file, with segments before its frame header."""
    header = struct.pack(">BBHBHH", 0xFF, frame, 17, 8, height, width)
    return b"\xff\xd8" + before + header + bytes(10)


EXIF = b"\xff\xe1" + struct.pack(">H", 2 + 6) + b"Exif\0\0"


class TestDimensions:
    def test_reads_a_png(self) -> None:
        assert dimensions(png(640, 480)) == (640, 480)

    @pytest.mark.parametrize("frame", [0xC0, 0xC1, 0xC2])
    def test_reads_baseline_and_progressive_jpegs(self, frame: int) -> None:
        assert dimensions(jpeg(640, 480, frame=frame)) == (640, 480)

    def test_walks_over_other_segments_and_fill_bytes(self) -> None:
        huffman = b"\xff\xc4" + struct.pack(">H", 4) + b"\0\0"
        assert dimensions(jpeg(640, 480, before=EXIF + b"\xff\xff" + huffman)) == (640, 480)

    @pytest.mark.parametrize(
        "content",
        [b"", b"GIF89a" + bytes(20), png(64, 64)[:20], jpeg(64, 64)[:6], b"\xff\xd8\xff\xda\0\0"],
    )
    def test_anything_else_is_no_image(self, content: bytes) -> None:
        assert dimensions(content) is None

    @given(st.binary(max_size=200), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]))
    def test_no_content_makes_it_fail(self, content: bytes, start: bytes) -> None:
        size = dimensions(start + content)
        assert size is None or len(size) == 2
