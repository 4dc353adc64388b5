"""What programs are given by every command, and what nobody is ever given: a secret."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from promote.sandbox import admin
from promote.sandbox.seed import QA
from tests.functional.promotion_stage import AFTER_QA, Done, Stage

COMMANDS: tuple[tuple[str, int, str], ...] = (
    ("doctor", 0, "findings"),
    ("plan tools v2 --to qa --out plan.json --reason because", 0, "plan"),
    ("show plan.json", 0, "plan"),
    ("plan tools v2 --to prod --out early.json", 4, "error"),
    ("release tools v3 --to qa --yes", 9, "error"),
    ("plan tools v2 --to qa --out plan.json", 0, "plan"),
    ("apply plan.json", 0, "result"),
    ("apply plan.json", 0, "result"),
    ("verify tools --environment qa", 0, "verification"),
    ("release tools v9 --to qa --yes", 7, "error"),
    ("access grant tools v1 --environment qa", 0, "access"),
    ("access revoke tools v1 --environment qa --yes", 0, "access"),
    ("version stop tools v1 --yes", 4, "error"),
    ("status", 0, "status"),
    ("history tools", 0, "history"),
)
"""Each command with its exit code and the kind of its last document; "" is any or none."""


@pytest.fixture(scope="module")
def played(stage: Stage) -> dict[int, Done]:
    """Run every command for programs, in this order, and each failure for people as well."""
    stage.set_up(AFTER_QA)
    admin.inject(stage.endpoint, "ssm:PutParameter", "drop_after", count=1)
    return {
        number: stage.promote(*command.split(), "-o", "json", "-v")
        for number, (command, _, _) in enumerate(COMMANDS)
    }


def documents(done: Done) -> list[Any]:
    """Parse what a command wrote: one document, or one a line."""
    try:
        return [json.loads(done.stdout)]
    except ValueError:
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("number", "command", "code", "kind"),
    [(number, *each) for number, each in enumerate(COMMANDS)],
    ids=[f"{number} {each[0]}" for number, each in enumerate(COMMANDS)],
)
def test_every_command_ends_with_a_document_of_its_kind(
    played: dict[int, Done], number: int, command: str, code: int, kind: str
) -> None:
    done = played[number]
    assert done.returncode == code, (command, done.stdout, done.stderr)
    found = documents(done)
    assert found
    if kind:
        assert found[-1]["kind"] == kind
        assert {each["format"] for each in found} == {1}
    if kind == "error":
        assert found[-1]["exit"] == code
        assert set(found[-1]) >= {"code", "summary", "detail", "remedy"}


class TestAPlan:
    def test_for_programs_is_byte_for_byte_its_file(
        self, stage: Stage, played: dict[int, Done]
    ) -> None:
        plans = [n for n, each in enumerate(COMMANDS) if each[0].startswith("plan ")]
        assert played[plans[-1]].stdout == (stage.directory / "plan.json").read_text()
        assert played[_number("show plan.json")].stdout == played[plans[0]].stdout

    def test_that_a_gate_refuses_is_shown_before_the_error(self, played: dict[int, Done]) -> None:
        done = played[_number("plan tools v2 --to prod --out early.json")]
        kinds = [each["kind"] for each in documents(done)]
        assert kinds == ["plan", "error"]


class TestAnApplication:
    def test_tells_its_events_and_the_result_last(self, played: dict[int, Done]) -> None:
        told = documents(played[_number("apply plan.json")])
        assert {each["kind"] for each in told[:-1]} == {"event"}
        assert [each["event"] for each in told[:2]] == ["identity", "promotion"]
        assert "warning" in [each["event"] for each in told[:-1] if each["kind"] == "event"]
        assert told[-1]["result"] == "promoted"
        assert set(told[-1]) >= {
            "promotion",
            "environment",
            "version",
            "previous",
            "left",
            "seconds",
        }

    def test_again_is_unchanged(self, played: dict[int, Done]) -> None:
        last = max(n for n, each in enumerate(COMMANDS) if each[0] == "apply plan.json")
        assert documents(played[last])[-1]["result"] == "unchanged"

    def test_that_fails_tells_why_in_the_error(self, played: dict[int, Done]) -> None:
        told = documents(played[_number("release tools v3 --to qa --yes")])
        assert "rolling-back" in [each.get("event") for each in told]
        assert "0.900 required" in told[-1]["detail"]


class TestSecrets:
    def test_are_in_no_output_and_in_no_file(self, stage: Stage, played: dict[int, Done]) -> None:
        logins = stage.sandbox.describe()["logins"].values()
        names = ("secret_access_key", "session_token")
        secrets = [login[name] for login in logins for name in names if name in login]
        texts = [text for done in played.values() for text in (done.stdout, done.stderr)]
        texts += [path.read_text() for path in stage.directory.glob(".promote/ledger/**/*.json")]
        assert len(texts) > 2 * len(COMMANDS)
        assert _found(secrets, texts) == []

    def test_of_sessions_are_not_even_in_the_log_of_debugging(self, stage: Stage) -> None:
        done = stage.promote("verify", "tools", "--environment", "qa", "-vvv")
        assert done.returncode == 0, done.stderr
        keys = stage.environment()
        assert _found([keys["AWS_SECRET_ACCESS_KEY"]], [done.stdout, done.stderr]) == []
        assert "SecretAccessKey" not in done.stderr
        assert "SessionToken" not in done.stderr

    def test_are_not_told_when_aws_refuses_them(self, stage: Stage) -> None:
        login = stage.environment(f"consumer/{QA}")
        wrong = {**login, "AWS_SECRET_ACCESS_KEY": "a-very-secret-secret"}
        done = stage.promote("status", "-v", environment=wrong)
        assert done.returncode == 6, done.stderr
        secrets = [wrong["AWS_SECRET_ACCESS_KEY"], wrong["AWS_SESSION_TOKEN"]]
        assert _found(secrets, [done.stdout, done.stderr]) == []


def _number(command: str) -> int:
    return next(number for number, each in enumerate(COMMANDS) if each[0] == command)


def _found(secrets: Sequence[str], texts: Sequence[str]) -> list[str]:
    return [secret for secret in secrets for text in texts if secret in text]
