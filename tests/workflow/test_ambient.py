"""A verification with an application's own credentials, and what it proves when it is brought."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from promote.cli.main import execute
from promote.core.brought import VerificationBrought
from promote.core.record import VerificationDone
from promote.errors import AccessDeniedError, FailedError, InputError, NotFoundError, RefusedError
from promote.ports import Caller
from promote.report import history
from promote.report import json as as_json
from tests.builders import PROD, QA, version_arn
from tests.fake_world import FakeWorld
from tests.unit.cli.fakes import FakePromoter, FakeRun, a_verification
from tests.workflow.promoting import Promoting

V1, V2 = version_arn("v1"), version_arn("v2")


def application(account: str = QA) -> Caller:
    arn = f"arn:aws:sts::{account}:assumed-role/storefront/build-1"
    return Caller(arn=arn, account=account, user_id="AROASTORE:build-1")


def tried(fake: FakeWorld, account: str = QA, place: str = "qa") -> VerificationDone:
    """Verify as an application, then be the promoter again."""
    promoter, fake.caller = fake.caller, application(account)
    try:
        return Promoting(fake).verify_ambient("tools", environment=place)
    finally:
        fake.caller = promoter


class TestAnAmbientVerification:
    def test_takes_the_pointer_and_the_role_with_the_credentials_that_it_has(
        self, fake: FakeWorld
    ) -> None:
        done = tried(fake)
        assert (done.version, done.passed, done.accuracy) == (V1, True, 1.0)
        assert (done.accounts, done.by) == ((QA,), application().arn)
        entered = {"pointer.current": None, "sts.enter": None}
        assert entered.items() <= {each.operation: each.role for each in fake.calls}.items()
        assert {each.role for each in fake.calls if each.operation != "model.invoke"} == {None}

    def test_writes_nothing(self, fake: FakeWorld) -> None:
        tried(fake)
        assert fake.operations(writes=True) == []
        assert not [each for each in fake.calls if each.operation.startswith("store")]

    def test_fails_when_the_version_answers_badly_or_not(self, fake: FakeWorld) -> None:
        fake.poor.add(V1)
        assert not tried(fake).passed
        fake.poor.clear()
        fake.fail("sts.enter", AccessDeniedError("Access denied", "The role trusts no such caller"))
        assert not tried(fake).passed

    def test_needs_a_target_and_a_version(self, fake: FakeWorld, fresh: FakeWorld) -> None:
        with pytest.raises(NotFoundError, match="No target in this account"):
            tried(fake, PROD[0])
        with pytest.raises(FailedError, match="names nothing"):
            tried(fresh)


class TestOneThatIsBrought:
    def test_opens_no_gate_when_it_passed(self, fake: FakeWorld) -> None:
        found = Promoting(fake).bring("tools", tried(fake), environment="qa")
        assert found.tried_by == application().arn
        assert fake.ledger().verification(V1, "qa") is None
        told = history.history(fake.records())
        assert "v1 brought: passed (100.0%), signed by nobody" in told
        assert application().arn in told

    def test_counts_when_it_failed(self, fake: FakeWorld) -> None:
        Promoting(fake).release(to="qa")
        assert Promoting(fake).plan("tools", "v2", to="prod").gates[0].verdict.value == "pass"
        fake.poor.add(V2)
        Promoting(fake).bring("tools", tried(fake), environment="qa")
        assert isinstance(fake.records()[-1], VerificationBrought)
        plan = Promoting(fake).plan("tools", "v2", to="prod")
        assert plan.gates[0].refuses
        with pytest.raises(RefusedError):
            Promoting(fake).apply(plan)

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"environment": "prod"}, "It is of prod"),
            ({"version": V1.replace("tools-detector", "other")}, "no version of tools"),
            ({"version": "v1"}, "no version of tools"),
            ({"accounts": ()}, "not of targets"),
            ({"accounts": (PROD[0],)}, "not of targets"),
            ({"by": application(PROD[0]).arn}, "in none of the accounts"),
            ({"by": "me"}, "no caller"),
        ],
    )
    def test_is_refused_when_it_is_of_something_else(
        self, fake: FakeWorld, changes: dict[str, Any], why: str
    ) -> None:
        with pytest.raises(InputError, match=why):
            Promoting(fake).bring("tools", replace(tried(fake), **changes), environment="qa")

    def test_is_refused_when_it_is_of_another_day(self, fake: FakeWorld) -> None:
        done = tried(fake)
        for days in (-2, 2):
            with pytest.raises(InputError, match="within the last day"):
                Promoting(fake).bring(
                    "tools", replace(done, at=done.at + timedelta(days=days)), environment="qa"
                )


class TestTheCommand:
    def test_prints_the_record_that_another_takes(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        done = a_verification(passed=False)
        promoter = FakePromoter(verify_ambient=done, bring=None)
        asked = ("verify", "tools", "--environment", "qa")
        assert execute(FakeRun(*asked, "--ambient", promoter=promoter)) == 4
        printed = capsys.readouterr()
        assert "Failed" in printed.err
        file = tmp_path / "done.json"
        file.write_text(printed.out)
        assert execute(FakeRun(*asked, "--record", str(file), promoter=promoter)) == 4
        (_, (name, brought), options) = promoter.calls[-1]
        assert (name, brought, options) == ("tools", done, {"environment": "qa"})

    @pytest.mark.parametrize(
        "text", ["", "[]", "{}", '{"format": 1, "kind": "verification"}', '{"format": 2}']
    )
    def test_takes_nothing_else(self, tmp_path: Path, text: str) -> None:
        file = tmp_path / "done.json"
        file.write_text(text)
        asked = ("verify", "tools", "--environment", "qa", "--record", str(file))
        assert execute(FakeRun(*asked)) == 2
        assert execute(FakeRun(*asked, "--ambient")) == 2
        assert json.loads(as_json.verification(a_verification(passed=True)))["passed"]
