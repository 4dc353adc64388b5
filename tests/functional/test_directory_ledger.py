"""The ledger in a directory: the contract of every store, and what a disk adds to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from promote.errors import AccessError, InputError, TryAgainError
from promote.ledger import store as open_store
from promote.ledger.directory import DirectoryStore
from tests.functional.store_contract import Opener, StoreContract


class TestDirectoryStore(StoreContract):
    def opener(self, place: str) -> Opener:
        return partial(open_store, place)


class TestOnDisk:
    def test_an_object_is_a_file_that_a_person_can_read(self, tmp_path: Path) -> None:
        DirectoryStore(tmp_path / "ledger").create("tools/records/1.json", b"{}")
        assert (tmp_path / "ledger" / "tools" / "records" / "1.json").read_bytes() == b"{}"

    def test_reading_makes_no_directory(self, tmp_path: Path) -> None:
        store = DirectoryStore(tmp_path / "ledger")
        assert store.read("a") is None
        assert store.keys("a/") == []
        assert not (tmp_path / "ledger").exists()

    def test_what_a_dead_process_left_partial_is_no_object_and_is_removed(
        self, tmp_path: Path
    ) -> None:
        store = DirectoryStore(tmp_path)
        store.create("a", b"x")
        torn = tmp_path / ".partial" / "torn"
        torn.write_bytes(b"half an obj")
        assert store.keys("") == ["a"]
        store.create("b", b"x")
        assert not torn.exists()
        assert list((tmp_path / ".partial").iterdir()) == []

    def test_a_killed_process_leaves_no_lock_behind(self, tmp_path: Path) -> None:
        script = (
            "import sys; from promote.ledger.directory import DirectoryStore\n"
            "store = DirectoryStore(sys.argv[1])\n"
            "with store._locked():\n"
            "    print('held', flush=True); sys.stdin.read()\n"
        )
        command = [sys.executable, "-c", script, str(tmp_path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            holder.send_signal(signal.SIGKILL)
            holder.wait(timeout=10)
        assert DirectoryStore(tmp_path).create("a", b"x") is not None

    def test_a_file_in_the_place_of_the_directory_is_named(self, tmp_path: Path) -> None:
        place = tmp_path / "ledger"
        place.write_text("not a directory")
        with pytest.raises(InputError) as raised:
            DirectoryStore(place).create("a", b"x")
        assert raised.value.summary == "The ledger is not a directory"
        assert str(place) in raised.value.detail
        with pytest.raises(InputError):
            DirectoryStore(place).keys("")

    def test_a_key_cannot_be_the_folder_of_another(self, tmp_path: Path) -> None:
        store = DirectoryStore(tmp_path)
        store.create("a", b"x")
        with pytest.raises(InputError):
            store.create("a/b", b"x")

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_a_directory_that_may_not_be_written_is_named(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o500)
        with pytest.raises(AccessError) as raised:
            DirectoryStore(tmp_path / "ledger").create("a", b"x")
        assert str(tmp_path) in raised.value.detail

    @pytest.mark.skipif(not Path("/proc/1/comm").exists(), reason="needs a Linux procfs")
    def test_a_file_system_that_refuses_is_an_error_of_ours(self) -> None:
        with pytest.raises((AccessError, InputError, TryAgainError)):
            DirectoryStore("/proc/1/ledger").create("a", b"x")
