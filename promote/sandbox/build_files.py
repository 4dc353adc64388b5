"""Pack and unpack what builds take and give: artifacts as zip files, and files of reports.

Reference: "Build specification reference", artifacts and reports. Links and the owners of files are
not kept; that a file may be executed is.
"""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from promote.sandbox.buildspec import ArtifactSpec, ReportSpec

_MODE = 16  # where a zip file keeps the mode of a file on POSIX systems


def unpack(content: bytes, directory: Path) -> None:
    """Unpack a zip file into a directory.

    Raises:
        zipfile.BadZipFile: It is none.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for item in archive.infolist():
            path = Path(archive.extract(item, directory))
            mode = item.external_attr >> _MODE
            if mode & stat.S_IXUSR and path.is_file():
                path.chmod(path.stat().st_mode | stat.S_IXUSR)


def pack(files: Mapping[str, Path]) -> bytes:
    """Return a zip file of some files by their names in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files.items():
            archive.write(path, name)
    return buffer.getvalue()


def collect(spec: ArtifactSpec, source: Path) -> tuple[dict[str, Path], list[str]]:
    """Return the files of an artifact by their names in it, and the patterns that match none."""
    base = source / spec.base_directory
    files: dict[str, Path] = {}
    missing: list[str] = []
    for pattern in spec.files:
        matched = list(_matching(base, pattern))
        missing += [] if matched else [pattern]
        for each in matched:
            files[each.name if spec.discard_paths else str(each.relative_to(base))] = each
    return files, missing


def report_files(spec: ReportSpec, source: Path) -> list[Path]:
    """Return the files of a report."""
    base = source / spec.base_directory
    return [each for pattern in spec.files for each in _matching(base, pattern)]


def _matching(base: Path, pattern: str) -> Iterator[Path]:
    """Yield the files that a pattern names below a directory; ``**/*`` is everything."""
    if base.is_dir():
        yield from (each for each in sorted(base.glob(pattern)) if each.is_file())
