"""Draw pictures of tools, turned, shaded and noisy, and always the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

LABELS: Final = ("hammer", "screwdriver", "wrench")
NEW_LABEL: Final = "pliers"
"""A tool that only a later version knows, and that is on no golden image."""
SIDE: Final = 128
_GOLDEN_SEED: Final = 7_000
_SCALE: Final = 2


def draw_tool(label: str, seed: int) -> Image:
    """Return a picture of a tool, `SIDE` pixels square.

    Raises:
        ValueError: There is no such tool.
    """
    from PIL import Image as Pillow
    from PIL import ImageDraw

    if label not in _DRAWERS:
        msg = f"{label!r} is none of {', '.join(_DRAWERS)}"
        raise ValueError(msg)
    rng = random.Random(f"{label}/{seed}")  # noqa: S311 - the same picture each time
    big = SIDE * _SCALE
    shape = Pillow.new("L", (big, big), 0)
    _DRAWERS[label](ImageDraw.Draw(shape), rng)
    turned = shape.rotate(rng.uniform(0, 360), resample=Pillow.Resampling.BILINEAR)
    size = int(SIDE * rng.uniform(0.8, 1.0))
    small = turned.resize((size, size), Pillow.Resampling.LANCZOS)
    mask = Pillow.new("L", (SIDE, SIDE), 0)
    mask.paste(small, (rng.randint(0, SIDE - size), rng.randint(0, SIDE - size)))
    return _coloured(mask, rng)


def _coloured(mask: Image, rng: random.Random) -> Image:
    """Return the tool of a mask in some colour before some background, with noise on both."""
    from PIL import Image as Pillow

    light = rng.random() < 0.5  # noqa: PLR2004 - a fair coin
    back = [rng.randint(170, 230) if light else rng.randint(20, 70) for _ in range(3)]
    tool = [rng.randint(20, 90) if light else rng.randint(160, 235) for _ in range(3)]
    picture = Pillow.new("RGB", mask.size, tuple(back))
    picture.paste(Pillow.new("RGB", mask.size, tuple(tool)), mask=mask)
    noise = Pillow.frombytes("RGB", mask.size, rng.randbytes(3 * SIDE * SIDE))
    return Pillow.blend(picture, noise, rng.uniform(0.05, 0.3))


def _hammer(draw: ImageDraw, rng: random.Random) -> None:
    """Draw a shaft with a head across its end."""
    wide = rng.randint(16, 22)
    draw.rectangle((128 - wide // 2, 70, 128 + wide // 2, 222), fill=255)
    half, high = rng.randint(44, 58), rng.randint(30, 40)
    draw.rectangle((128 - half, 40, 128 + half, 40 + high), fill=255)


def _screwdriver(draw: ImageDraw, rng: random.Random) -> None:
    """Draw a thick handle and a thin blade."""
    thick, thin = rng.randint(20, 26), rng.randint(4, 6)
    border = rng.randint(108, 128)
    draw.rounded_rectangle((128 - thick, 32, 128 + thick, border), radius=14, fill=255)
    draw.rectangle((128 - thin, border, 128 + thin, 224), fill=255)


def _wrench(draw: ImageDraw, rng: random.Random) -> None:
    """Draw a shaft with an open jaw at either end."""
    wide, jaw = rng.randint(11, 15), rng.randint(28, 34)
    draw.rectangle((128 - wide, 56, 128 + wide, 200), fill=255)
    for centre, opening in ((58, -1), (198, 1)):
        draw.ellipse((128 - jaw, centre - jaw, 128 + jaw, centre + jaw), fill=255)
        low, high = sorted((centre, centre + opening * (jaw + 2)))
        draw.rectangle((128 - jaw // 3, low, 128 + jaw // 3, high), fill=0)


def _pliers(draw: ImageDraw, rng: random.Random) -> None:
    """Draw two handles that meet in a joint with short jaws."""
    wide, spread = rng.randint(14, 18), rng.randint(44, 54)
    for side in (-1, 1):
        draw.line((128 + side * spread, 220, 128 + side * 6, 104), fill=255, width=wide)
        draw.polygon(((128, 104), (128 + side * 20, 88), (128 + side * 6, 36)), fill=255)
    draw.ellipse((108, 84, 148, 124), fill=255)


_DRAWERS: Final = {
    "hammer": _hammer,
    "screwdriver": _screwdriver,
    "wrench": _wrench,
    NEW_LABEL: _pliers,
}


def golden_images(per_label: int = 10) -> Iterator[tuple[str, Image]]:
    """Yield the golden images with their labels; no classifier has learned from them."""
    for label in LABELS:
        for number in range(per_label):
            yield label, draw_tool(label, _GOLDEN_SEED + number)


def write_golden(directory: Path, *, per_label: int = 10) -> list[Path]:
    """Write the golden images as ``<label>/NN.png`` below a directory, and return their paths."""
    written = []
    for index, (label, image) in enumerate(golden_images(per_label)):
        path = directory / label / f"{index % per_label:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, format="PNG")
        written.append(path)
    return written
