from __future__ import annotations

import json
from datetime import timedelta

import pytest

from promote.cli.main import execute
from promote.core.status import LockHolder, ModelLock
from tests.unit.cli.fakes import NOON, FakePromoter, FakeRun

LOCK = ModelLock(
    model="tools",
    holder=LockHolder(
        owner="arn:aws:iam::111111111111:role/build",
        host="build-7",
        pid=12,
        operation="release tools v2 to prod",
        since=NOON,
        expires=NOON + timedelta(minutes=2),
        fence=3,
    ),
    live=True,
    lease=120.0,
)
GONE = ModelLock(model="tools", holder=LOCK.holder, live=False, lease=120.0)
RELEASE = ("lock", "release", "tools")


class TestShow:
    @pytest.mark.parametrize(
        ("lock", "parts"),
        [
            (
                LOCK,
                (
                    "role/build",
                    "build-7",
                    "process 12",
                    "release tools v2 to prod",
                    "lease of 2m in",
                ),
            ),
            (GONE, ("role/build", "the next command takes the lock over")),
            (None, ("tools is not locked.",)),
        ],
    )
    def test_says_who_holds_it_and_whether_that_one_lives(
        self, lock: ModelLock | None, parts: tuple[str, ...], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert execute(FakeRun("lock", "show", "tools", promoter=FakePromoter(lock=lock))) == 0
        out = capsys.readouterr().out
        assert all(part in out for part in parts)

    def test_is_a_document_for_programs(self, capsys: pytest.CaptureFixture[str]) -> None:
        run = FakeRun("lock", "show", "tools", "-o", "json", promoter=FakePromoter(lock=LOCK))
        assert execute(run) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["kind"], found["lock"]["live"]) == ("lock", True)
        assert found["lock"]["holder"]["fence"] == 3

    def test_is_null_for_programs_when_nobody_holds_it(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        run = FakeRun("lock", "show", "tools", "-o", "json", promoter=FakePromoter(lock=None))
        assert execute(run) == 0
        assert json.loads(capsys.readouterr().out)["lock"] is None


class TestRelease:
    @pytest.mark.parametrize(("lock", "kind"), [(LOCK, "live"), (GONE, "abandoned")])
    def test_asks_and_says_whom_it_takes_it_from(
        self, lock: ModelLock, kind: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        promoter = FakePromoter(lock=lock, release_lock=True)
        run = FakeRun(*RELEASE, promoter=promoter, answer="y")
        assert execute(run) == 0
        assert run.fake_screen.asked == [f"Release the {kind} lock of tools? [y/N] "]
        assert promoter.calls[-1] == ("release_lock", (lock,), {})
        out, err = capsys.readouterr()
        assert out == "tools: released\n"
        assert "build-7" in err

    def test_does_nothing_after_a_no(self) -> None:
        promoter = FakePromoter(lock=LOCK)
        assert execute(FakeRun(*RELEASE, promoter=promoter, answer="n")) == 3
        assert [name for name, _, _ in promoter.calls] == ["lock"]

    def test_needs_yes_where_nobody_can_be_asked(self) -> None:
        promoter = FakePromoter(lock=LOCK, release_lock=True)
        assert execute(FakeRun(*RELEASE, promoter=promoter)) == 2
        assert promoter.calls == []
        assert execute(FakeRun(*RELEASE, "--yes", promoter=promoter)) == 0

    @pytest.mark.parametrize(
        ("lock", "why"), [(None, "not locked"), (LOCK, "that holder has ended by itself")]
    )
    def test_says_when_there_was_nothing_to_take(
        self, lock: ModelLock | None, why: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        promoter = FakePromoter(lock=lock, release_lock=False)
        assert execute(FakeRun(*RELEASE, "--yes", promoter=promoter)) == 0
        assert capsys.readouterr().out == f"tools: unchanged: {why}\n"

    def test_is_a_document_for_programs(self, capsys: pytest.CaptureFixture[str]) -> None:
        promoter = FakePromoter(lock=LOCK, release_lock=True)
        assert execute(FakeRun(*RELEASE, "--yes", "-o", "json", promoter=promoter)) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["kind"], found["released"]) == ("lock-release", True)
