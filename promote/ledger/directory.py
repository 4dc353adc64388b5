"""A ledger in a directory of this machine, for the sandbox and for one person's own use.

An object is a file. It appears whole or not at all: it is written beside, flushed to the disk and
then linked or renamed into place. Every write holds one lock of the operating system, which the
kernel takes from a process that dies, so two processes can never both win and none waits for a
dead one. The tag of an object is the digest of its content, as S3's is.

Names beginning with a dot are the ledger's own: ``.lock``, and ``.partial`` for what is being
written. A key is never also the folder of another key.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from promote.errors import AccessError, InputError, PromoteError, TryAgainError
from promote.ledger import checked
from promote.ports import Stored

_LOCK = ".lock"
_PARTIAL = ".partial"
_NO_SYNC = {errno.EINVAL, errno.ENOTSUP}
"""What file systems say that cannot flush a folder, as some shared folders of virtual machines;
such a one keeps names durable in its own way (fsync(2), "EINVAL")."""
_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_IN_THE_WAY = {errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP}


def from_location(location: str, _sessions: object) -> DirectoryStore:
    """Return the store in the directory `location`."""
    return DirectoryStore(location)


class DirectoryStore:
    """The `promote.ports.Store` of a directory; it is made when the first object is written."""

    def __init__(self, root: str | Path) -> None:
        self._root = Path(root)

    def read(self, key: str) -> Stored | None:
        """Return an object, or None when there is none."""
        with self._explained():
            return _stored(self._path(key))

    def create(self, key: str, content: bytes) -> str | None:
        """Write a new object durably and return its tag; None when there already is one."""
        path = self._path(key)
        with self._explained(), self._locked():
            _make_folders(path.parent)
            partial = self._partial(content)
            try:
                # A link never overwrites, not even a file that ignored the lock.
                path.hardlink_to(partial)
            except FileExistsError:
                return None
            _sync_folder(path.parent)
            return _tag(content)

    def replace(self, key: str, content: bytes, tag: str) -> str | None:
        """Overwrite the object that still has `tag` and return the new tag; None if it has not."""
        path = self._path(key)
        with self._explained(), self._locked():
            if not _has(path, tag):
                return None
            self._partial(content).replace(path)
            _sync_folder(path.parent)
            return _tag(content)

    def delete(self, key: str, tag: str) -> bool:
        """Delete the object that still has `tag`; False if it has not, or is gone."""
        path = self._path(key)
        with self._explained(), self._locked():
            if not _has(path, tag):
                return False
            path.unlink()
            _sync_folder(path.parent)
            return True

    def keys(self, prefix: str, after: str = "") -> Sequence[str]:
        """Return the keys that start with `prefix` and come after `after`, sorted."""
        folder = prefix.rpartition("/")[0]
        with self._explained():
            top = self._path(folder) if folder else self._root
            found = (key for key in self._walk(top) if key.startswith(prefix) and key > after)
            return sorted(found)

    def _walk(self, top: Path) -> Iterator[str]:
        def fail(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError):
                raise error

        for folder, folders, names in os.walk(top, onerror=fail):
            folders[:] = [name for name in folders if not name.startswith(".")]
            here = Path(folder).relative_to(self._root)
            yield from ((here / name).as_posix() for name in names if not name.startswith("."))

    def _path(self, key: str) -> Path:
        """Return the file of a key, which is never outside the directory."""
        return self._root / checked(key)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock of the directory, after removing what a process that died left partial."""
        _make_folders(self._root / _PARTIAL)
        descriptor = os.open(self._root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            self._sweep()
            yield
            self._sweep()
        finally:
            os.close(descriptor)

    def _sweep(self) -> None:
        for torn in (self._root / _PARTIAL).iterdir():
            torn.unlink(missing_ok=True)

    def _partial(self, content: bytes) -> Path:
        """Write content to a file of its own, down to the disk."""
        path = self._root / _PARTIAL / uuid.uuid4().hex
        with path.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return path

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._explain(error) from error

    def _explain(self, error: OSError) -> PromoteError:
        place = error.filename or self._root
        detail = f"The ledger is the directory {self._root}. {place}: {error.strerror or error}."
        if error.errno in _FORBIDDEN:
            remedy = "Let this user write there, or name another place in `ledger` of promote.yaml."
            return AccessError("The ledger cannot be used", detail, remedy)
        if error.errno in _IN_THE_WAY:
            remedy = "Name a directory in `ledger` of promote.yaml."
            return InputError("The ledger is not a directory", detail, remedy)
        if error.errno in _FULL:
            remedy = "Free some space, then run the same command again."
            return TryAgainError("The ledger's disk is full", detail, remedy)
        remedy = "Look at the disk, then run the same command again."
        return TryAgainError("The ledger cannot be used", detail, remedy)


def _tag(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _stored(path: Path) -> Stored | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    return Stored(content=content, tag=_tag(content))


def _has(path: Path, tag: str) -> bool:
    stored = _stored(path)
    return stored is not None and stored.tag == tag


def _make_folders(folder: Path) -> None:
    """Make a folder and those above it, each down to the disk."""
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(descriptor)
