"""What every `promote.ports.Store` must do, whatever it is made of.

A test class inherits `StoreContract` and says where the store is; `opener` returns a function that
other processes can call to open the same store.
"""

from __future__ import annotations

import multiprocessing
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from promote.errors import InputError

if TYPE_CHECKING:
    from multiprocessing.synchronize import Barrier

    from promote.ports import Store

Opener = Callable[[], "Store"]


def _create_at_once(
    opener: Opener,
    name: str,
    rounds: int,
    barrier: Barrier,
    wins: multiprocessing.Queue[tuple[str, str]],
) -> None:
    store = opener()
    for number in range(rounds):
        barrier.wait()
        key = f"race/{number}"
        if store.create(key, name.encode()) is not None:
            wins.put((key, name))


def _count_up(opener: Opener, rounds: int, barrier: Barrier) -> None:
    """Add one, `rounds` times, by compare-and-set."""
    store = opener()
    barrier.wait()
    for _ in range(rounds):
        while True:
            now = store.read("counter")
            assert now is not None
            if store.replace("counter", b"%d" % (int(now.content) + 1), now.tag) is not None:
                break


class StoreContract(ABC):
    """The tests of a store."""

    processes = 4
    rounds = 20

    @abstractmethod
    def opener(self, place: str) -> Opener:
        """Return a picklable function that opens the store at `place`."""

    @pytest.fixture
    def place(self, tmp_path_factory: pytest.TempPathFactory) -> str:
        return str(tmp_path_factory.mktemp("store") / "ledger")

    @pytest.fixture
    def store(self, place: str) -> Store:
        return self.opener(place)()

    def test_what_was_never_written_is_none(self, store: Store) -> None:
        assert store.read("a/b") is None
        assert list(store.keys("")) == []

    def test_an_object_is_created_once(self, store: Store) -> None:
        tag = store.create("a/b", b"first")
        assert tag is not None
        assert store.create("a/b", b"second") is None
        stored = store.read("a/b")
        assert stored is not None
        assert (stored.content, stored.tag) == (b"first", tag)

    def test_an_object_is_replaced_only_from_the_tag_it_has(self, store: Store) -> None:
        first = store.create("a/b", b"first") or ""
        second = store.replace("a/b", b"second", first)
        assert second not in {None, first}
        assert store.replace("a/b", b"third", first) is None
        stored = store.read("a/b")
        assert stored is not None
        assert (stored.content, stored.tag) == (b"second", second)

    def test_what_does_not_exist_is_neither_replaced_nor_deleted(self, store: Store) -> None:
        tag = store.create("a/b", b"first") or ""
        assert store.replace("a/c", b"second", tag) is None
        assert store.delete("a/c", tag) is False

    def test_an_object_is_deleted_only_from_the_tag_it_has(self, store: Store) -> None:
        first = store.create("a/b", b"first") or ""
        second = store.replace("a/b", b"second", first) or ""
        assert store.delete("a/b", first) is False
        assert store.delete("a/b", second) is True
        assert store.delete("a/b", second) is False
        assert store.read("a/b") is None

    def test_a_deleted_object_can_be_created_again(self, store: Store) -> None:
        tag = store.create("a/b", b"first") or ""
        store.delete("a/b", tag)
        assert store.create("a/b", b"second") is not None

    def test_keys_are_sorted_and_begin_with_the_prefix(self, store: Store) -> None:
        for key in ("tools/records/10", "tools/records/09", "tools/lock", "tools2/lock", "z.json"):
            assert store.create(key, b"x") is not None
        assert list(store.keys("tools/records/")) == ["tools/records/09", "tools/records/10"]
        assert list(store.keys("tools/rec")) == ["tools/records/09", "tools/records/10"]
        assert list(store.keys("tools")) == [
            "tools/lock",
            "tools/records/09",
            "tools/records/10",
            "tools2/lock",
        ]
        assert list(store.keys("tools/", "tools/records/09")) == ["tools/records/10"]
        assert list(store.keys("tools/", "tools/records/095")) == ["tools/records/10"]
        assert list(store.keys("tools", "tools/records/10")) == ["tools2/lock"]
        assert list(store.keys("nothing/")) == []
        assert len(store.keys("")) == 5

    def test_any_bytes_are_kept_as_they_are(self, store: Store) -> None:
        author = "AROA1:first.last+x=y,z@example.com.json"
        for key, content in ((author, b""), ("bytes", bytes(range(256)) * 1000)):
            store.create(key, content)
            stored = store.read(key)
            assert stored is not None
            assert stored.content == content

    @pytest.mark.parametrize(
        "key",
        ["", "/", "/etc/passwd", "a//b", "a/", "..", "a/../b", "../a", ".", "./a", "a b", "a\\b",
         "a/b\n", "ä", "a|b", "a\0b", ".lock"],
    )  # fmt: skip
    def test_a_key_outside_the_alphabet_is_refused(self, store: Store, key: str) -> None:
        with pytest.raises(InputError):
            store.create(key, b"x")
        with pytest.raises(InputError):
            store.read(key)

    def test_of_many_processes_that_create_one_wins(self, place: str) -> None:
        context = multiprocessing.get_context("spawn")
        barrier, wins = context.Barrier(self.processes), context.Queue()
        processes = [
            context.Process(
                target=_create_at_once,
                args=(self.opener(place), f"p{number}", self.rounds, barrier, wins),
            )
            for number in range(self.processes)
        ]
        for process in processes:
            process.start()
        won = [wins.get(timeout=60) for _ in range(self.rounds)]
        for process in processes:
            process.join(timeout=60)
            assert process.exitcode == 0
        assert wins.empty()
        wins.close()
        wins.join_thread()
        assert len({key for key, _ in won}) == self.rounds
        store = self.opener(place)()
        for key, name in won:
            stored = store.read(key)
            assert stored is not None
            assert stored.content == name.encode()

    def test_no_update_of_many_processes_is_lost(self, place: str) -> None:
        context = multiprocessing.get_context("spawn")
        barrier = context.Barrier(self.processes)
        self.opener(place)().create("counter", b"0")
        processes = [
            context.Process(target=_count_up, args=(self.opener(place), self.rounds, barrier))
            for _ in range(self.processes)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join(timeout=60)
            assert process.exitcode == 0
        stored = self.opener(place)().read("counter")
        assert stored is not None
        assert int(stored.content) == self.processes * self.rounds
