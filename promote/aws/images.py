"""The images of the smoke test: found, checked against the service's limits, and labelled.

Three kinds of location:

- a folder, one sub-folder per label: ``golden/hammer/1.png``;
- a manifest, ``*.csv`` with the columns ``image`` and ``label``, or ``*.jsonl`` with an object of
  these two keys on each line; images are relative to the manifest;
- ``s3://bucket/prefix/``, laid out like a folder and read with the promoter's own credentials.

Images are sent as bytes, so the limits are those of bytes ("Guidelines and quotas in Amazon
Rekognition Custom Labels"): 4 MB, PNG or JPEG, 64 to 4096 pixels a side, at most 20:1.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from promote.aws.dimensions import dimensions
from promote.aws.sessions import Sessions
from promote.aws.translation import translated
from promote.errors import InputError
from promote.ports import LabelledImage

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

MOST_BYTES = 4 * 1024 * 1024
SHORTEST_SIDE = 64  # pixels
LONGEST_SIDE = 4096  # pixels
MOST_ELONGATED = 20  # times as long as wide

_ENDINGS = (".png", ".jpg", ".jpeg")
_S3 = "s3://"
_REMEDY = (
    "Correct `smoke.images` in promote.yaml: a folder laid out as LABEL/NAME.png, a manifest "
    "(.csv or .jsonl with image and label), or s3://bucket/prefix/."
)


class Images:
    """The `promote.ports.ImageSource` of folders, manifests and S3.

    Args:
        directory: Where relative locations start: the folder of promote.yaml.
        sessions: For S3 only, with the promoter's own credentials.
    """

    def __init__(self, directory: str | Path, sessions: Sessions) -> None:
        self._directory = Path(directory)
        self._sessions = sessions

    def load(self, location: str) -> tuple[LabelledImage, ...]:
        """Read labelled images from a folder, a manifest or an ``s3://`` prefix.

        They come in the order of their names, or of the manifest's lines.

        Raises:
            InputError: There are none there, or some are unusable; names each and says why.
        """
        if location.startswith(_S3):
            images = tuple(self._from_s3(location))
        else:
            images = tuple(self._from_disk(location))
        if not images:
            raise InputError(
                "No images for the smoke test",
                f"{location} holds no image. Looked for PNG and JPEG files, each in a folder "
                "that is named by its label.",
                _REMEDY,
            )
        problems = [f"{image.name}: {why}" for image in images if (why := _unusable(image.content))]
        if problems:
            raise InputError("Unusable images for the smoke test", "\n".join(problems), _REMEDY)
        return images

    def _from_disk(self, location: str) -> Iterator[LabelledImage]:
        path = self._directory / location
        if path.is_dir():
            files = (file for file in sorted(path.glob("*/*")) if _is_image(file.name))
            listed = [(str(file.relative_to(path)), file.parent.name, file) for file in files]
        elif path.is_file():
            listed = [(name, label, path.parent / name) for name, label in _manifest(path)]
        else:
            raise InputError("No images for the smoke test", f"{path} does not exist.", _REMEDY)
        for name, label, file in listed:
            yield LabelledImage(name=name, label=label, content=_bytes(file))

    def _from_s3(self, location: str) -> Iterator[LabelledImage]:
        bucket, _, prefix = location.removeprefix(_S3).partition("/")
        if prefix and not prefix.endswith("/"):
            prefix += "/"
        s3 = self._sessions.client("s3", role=None)
        with translated("reading the images of", role=None, resource=location):
            for name, label in _s3_names(s3, bucket, prefix):
                body = s3.get_object(Bucket=bucket, Key=prefix + name)["Body"]
                yield LabelledImage(name=name, label=label, content=body.read())


def _is_image(name: str) -> bool:
    return name.lower().endswith(_ENDINGS)


def _s3_names(s3: S3Client, bucket: str, prefix: str) -> list[tuple[str, str]]:
    """List ``label/file`` below a prefix, each with its label, sorted."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    names = sorted(key.removeprefix(prefix) for key in keys if _is_image(key))
    parts = ((name, name.split("/")) for name in names)
    return [(name, folders[0]) for name, folders in parts if len(folders) == 2]  # noqa: PLR2004 - label/file


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(
            "Unusable images for the smoke test", f"{file}: {error.strerror}.", _REMEDY
        ) from error


def _manifest(path: Path) -> list[tuple[str, str]]:
    """Read the pairs of image and label in a manifest.

    Raises:
        InputError: Some lines are not understood; names each.
    """
    text = _bytes(path).decode("utf-8-sig", errors="replace")
    rows = _csv_rows(text) if path.suffix.lower() == ".csv" else _json_rows(text)
    pairs: list[tuple[str, str]] = []
    problems: list[str] = []
    for line, row in rows:
        image, label = row.get("image"), row.get("label")
        if isinstance(image, str) and isinstance(label, str) and image and label:
            pairs.append((image, label))
        else:
            problems.append(f"{path}:{line}: expected an image and a label")
    if problems:
        raise InputError("The manifest of images is not understood", "\n".join(problems), _REMEDY)
    return pairs


_Rows = Iterable[tuple[int, dict[str, object]]]


def _csv_rows(text: str) -> _Rows:
    reader = csv.DictReader(text.splitlines(), skipinitialspace=True)
    for row in reader:
        yield reader.line_num, dict(row)


def _json_rows(text: str) -> _Rows:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        yield number, row if isinstance(row, dict) else {}


def _unusable(content: bytes) -> str:
    """Say why the service would refuse an image; nothing when it would not."""
    if len(content) > MOST_BYTES:
        return f"{len(content):,} bytes, at most {MOST_BYTES:,} can be sent"
    size = dimensions(content)
    if size is None:
        return "neither a PNG nor a JPEG file that can be read"
    short, long = sorted(size)
    shown = f"{size[0]} x {size[1]} pixels"
    if short < SHORTEST_SIDE:
        return f"{shown}, each side must have at least {SHORTEST_SIDE}"
    if long > LONGEST_SIDE:
        return f"{shown}, each side may have at most {LONGEST_SIDE}"
    if long > MOST_ELONGATED * short:
        return f"{shown}, the long side may be at most {MOST_ELONGATED} times the short one"
    return ""
