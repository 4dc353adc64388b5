"""The request that an execution begins with: promote.yaml and whatever lies beside it, as a zip.

The same files give the same bytes: sorted, uncompressed, and every one of the same time, the first
that a zip can tell ("APPNOTE", 4.4.6).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from promote.core.codec import canonical
from promote.core.topology import Topology
from promote.errors import InputError
from promote.pipeline.manifest import DIRECTORY
from promote.ports import ImageSource

CONFIGURATION = "promote.yaml"
REQUEST = "request.json"
MOST_BYTES = 256 * 1024 * 1024
_FIRST_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX, _READABLE = 3, 0o100644 << 16


def bundle(
    topology: Topology, configuration: Path, images: ImageSource, request: Mapping[str, object]
) -> bytes:
    """Return the zip of a request.

    Args:
        topology: What promote.yaml says.
        configuration: The file itself, whatever it is called; in the zip it is promote.yaml.
        images: Reads what the smoke test and the gate `golden` look at, if that lies here.
        request: What is asked for, for whoever looks into the object later.

    Raises:
        InputError: Something lies outside of its folder, cannot be read, or all is too much.
    """
    home = Path(topology.directory)
    found = {CONFIGURATION: _read(configuration)}
    for folder in (topology.templates, DIRECTORY if (home / DIRECTORY).is_dir() else None):
        found |= dict(_folder(home, folder) if folder is not None else ())
    for location in _locations(topology):
        found |= dict(_images(home, location, images))
    found[REQUEST] = canonical({"format": 1, "kind": "request", **request}) + b"\n"
    size = sum(map(len, found.values()))
    if size > MOST_BYTES:
        raise InputError(
            "The request is too large",
            f"{len(found)} files of {size:,} bytes; at most {MOST_BYTES:,} are sent.",
            "Put the images into S3 and name them in promote.yaml:\n"
            "    smoke: {images: s3://bucket/prefix/}",
        )
    return zipped(found)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return a zip of files by their names, the same bytes for the same files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=_FIRST_TIME)
            entry.create_system, entry.external_attr = _UNIX, _READABLE
            archive.writestr(entry, files[name])
    return out.getvalue()


def _locations(topology: Topology) -> list[str]:
    """Return where images lie in this folder, each once."""
    found: dict[str, None] = {}
    for model in topology.models:
        for environment in topology.environments:
            golden = environment.gates.golden
            for place in (environment.smoke.images, golden.images if golden else None):
                if place is not None and "://" not in place:
                    found[topology.fill(place, model=model.name, environment=environment.name)] = (
                        None
                    )
    return list(found)


def _folder(home: Path, folder: str) -> Iterator[tuple[str, bytes]]:
    """Yield every file below a folder, without those whose names begin with a dot."""
    start = home / _inside(folder)
    for file in sorted(start.rglob("*")):
        parts = file.relative_to(home).parts
        if file.is_file() and not any(part.startswith(".") for part in parts):
            yield "/".join(parts), _read(file)


def _images(home: Path, location: str, images: ImageSource) -> Iterator[tuple[str, bytes]]:
    """Yield the images of a folder, or a manifest and those that it names."""
    place = PurePosixPath(_inside(location))
    folder = place
    if (home / place).is_file():
        yield str(place), _read(home / place)
        folder = place.parent
    for image in images.load(location):
        yield _inside(str(folder / image.name)), image.content


def _inside(name: str) -> str:
    """Return the name of a file as the zip holds it.

    Raises:
        InputError: It is not below the folder of promote.yaml, so that a build does not have it.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise InputError(
            "A file lies outside of the folder of promote.yaml",
            f"{name} is not below it, and a build of the pipeline gets what lies there alone.",
            "Move it there, and name it from there in promote.yaml.",
        )
    return str(path)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError("A file cannot be read", f"{file}: {error.strerror}.") from error
