"""Every wait ends: by what is waited for, or with an error that names it and what was seen last."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from promote.cli import sandbox_process
from promote.core.events import Event, Waiting
from promote.core.version import Status
from promote.errors import DeadlineError, FailedError, TryAgainError
from promote.ports import Stored
from promote.workflow.asking import ask
from promote.workflow.journal import Journal
from promote.workflow.lease import acquire
from tests.builders import PROMOTER, a_topology, prod, qa
from tests.fake_ports import Ports
from tests.fake_world import FakeWorld
from tests.workflow.promoting import Promoting

FOR_GOOD = 10**9
LATE = timedelta(hours=5)


class Contended:
    """A store in which somebody else is always a moment earlier: nothing is found or written."""

    def __init__(self) -> None:
        self.found: dict[str, Stored] = {}
        self.tags: dict[str, str] = {}

    def read(self, key: str) -> Stored | None:
        return self.found.get(key)

    def create(self, key: str, content: bytes) -> str | None:
        del content
        return self.tags.get(key)

    def replace(self, key: str, content: bytes, tag: str) -> str | None:
        del content, tag
        return self.tags.get(key)

    def delete(self, key: str, tag: str) -> bool:
        return self.tags.get(key) == tag

    def keys(self, prefix: str, after: str = "") -> Sequence[str]:
        return [key for key in self.found if key.startswith(prefix) and key > after]


class TestAWaitForAState:
    def test_tells_what_it_waited_for_and_the_last_status_and_the_command(
        self, fake: FakeWorld
    ) -> None:
        fake.at("model.start", fake.becoming.clear, after=True)
        fake.at("model.describe", fake.becoming.clear, times=FOR_GOOD)
        with pytest.raises(DeadlineError) as raised:
            Promoting(fake).release(to="qa")
        assert raised.value.detail.startswith("Waited 1800 s for v2 to run. Seen last: STARTING")
        assert raised.value.remedy.endswith("    promote resume tools")

    def test_for_a_stop_has_a_deadline_too(self, fake: FakeWorld) -> None:
        Promoting(fake).start_version("tools", "v2")
        fake.at("model.describe", fake.becoming.clear, times=FOR_GOOD)
        with pytest.raises(DeadlineError, match=r"for v2 to stop\. Seen last: STOPPING"):
            Promoting(fake).stop_version("tools", "v2")
        assert fake.status("v2") is Status.STOPPING


class TestADrain:
    def test_is_not_prolonged_by_a_wall_clock_that_is_turned_back(
        self, fake: FakeWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        turned: list[bool] = []

        def now(_clock: object) -> datetime:
            return fake.time - LATE if turned else fake.time

        monkeypatch.setattr(type(fake.ports().clock), "now", now)

        def hear(event: Event) -> None:
            if isinstance(event, Waiting) and "to drain" in event.what:
                turned.append(True)

        began = fake.seconds
        Promoting(fake, on_event=hear).release(to="qa")
        assert turned
        assert fake.seconds - began < LATE.total_seconds()


class TestASessionOfAnAccessRole:
    def test_is_opened_anew_before_it_expires_among_many_images(self) -> None:
        fake = FakeWorld(a_topology(qa(), prod()))
        fake.images = ("hammer",) * 12  # type: ignore[assignment]
        fake.at("model.invoke", lambda: fake.pass_time(200), times=FOR_GOOD)
        entered: list[float] = []
        fake.at("sts.enter", lambda: entered.append(fake.seconds), times=FOR_GOOD, after=True)
        oldest: list[float] = []
        fake.at("model.invoke", lambda: oldest.append(fake.seconds - entered[-1]), times=FOR_GOOD)
        Promoting(fake).verify("tools", environment="qa")
        assert max(oldest) < 900
        assert len(entered) >= 3


class TestAWriteThatOthersAlwaysWin:
    """A broken store, since each lost turn is one that somebody else has won."""

    def test_of_a_record_ends(self, in_qa: FakeWorld) -> None:
        record = in_qa.records()[-1]
        with pytest.raises(TryAgainError, match="ledger is busy"):
            Journal(Contended(), "tools").append(record)

    def test_of_the_lock_ends(self, fake: FakeWorld) -> None:
        world = Ports(fake).world()
        with pytest.raises(TryAgainError, match=r"tools/lock\.json was written by somebody else"):
            acquire(Contended(), world.clock, model="tools", owner=PROMOTER, operation="x")

    def test_of_a_request_for_it_ends(self, fake: FakeWorld) -> None:
        world = Ports(fake).world()
        holder = acquire(
            world.store, world.clock, model="tools", owner=PROMOTER, operation="x"
        ).holder
        with pytest.raises(TryAgainError, match=r"yield\.json"):
            ask(Contended(), "tools", holder, by=PROMOTER, operation="y")


class TestTheSandbox:
    def test_that_never_serves_is_ended(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sandbox_process, "_SECONDS_TO_START", 0.05)
        log = tmp_path / "log"
        log.write_text("")
        with subprocess.Popen(["sleep", "30"], stdout=subprocess.PIPE, text=True) as process:
            with pytest.raises(FailedError, match=r"did not serve within 0\.05 s"):
                sandbox_process._wait_until_it_serves(process, log)  # noqa: SLF001
            assert process.poll() is not None
