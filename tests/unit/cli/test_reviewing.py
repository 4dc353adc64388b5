from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from promote.cli.main import execute
from promote.core import planfile
from promote.core.gates.approval import Review
from promote.core.gates.result import GateResult, Moment, Verdict
from promote.core.reviews import standing
from promote.errors import RefusedError
from tests.unit.cli.fakes import NOON, PLAN, FakePromoter, FakeRun

BOB = "arn:aws:iam::111111111111:user/bob"
ASKED = replace(
    PLAN, request=replace(PLAN.request, requested_by="arn:aws:iam::111111111111:user/alice")
)
REVIEW = Review(at=NOON, by=BOB, digest=planfile.digest(ASKED), approved=True, reason="Fine")
APPROVED = standing(ASKED, 1, [REVIEW])


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "plan.json"
    path.write_bytes(planfile.encode(ASKED))
    return str(path)


def a_promoter(**answers: object) -> FakePromoter:
    given = {"expect_reviewable": None, "approve": APPROVED, "reject": APPROVED}
    return FakePromoter(**{**given, **answers})


class TestApprove:
    def test_shows_the_plan_asks_and_says_where_it_stands(
        self, file: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        promoter = a_promoter()
        run = FakeRun("approve", file, "--reason", "Fine", promoter=promoter, answer="y")
        assert execute(run) == 0
        assert run.fake_screen.asked == ["Approve tools v2 to qa? [y/N] "]
        assert promoter.calls[-1] == ("approve", (ASKED,), {"reason": "Fine"})
        out, err = capsys.readouterr()
        assert "Plan: tools v2 to qa" in err
        assert f"approved by {BOB} at" in out
        assert "tools v2 to qa: approved" in out

    def test_records_nothing_after_a_no(self, file: str) -> None:
        promoter = a_promoter()
        assert execute(FakeRun("approve", file, promoter=promoter, answer="n")) == 3
        assert [name for name, _, _ in promoter.calls] == ["expect_reviewable"]

    def test_asks_nobody_about_what_would_be_refused(self, file: str) -> None:
        promoter = a_promoter(expect_reviewable=RefusedError("Nobody approves their own plan"))
        run = FakeRun("approve", file, promoter=promoter, answer="y")
        assert execute(run) == 4
        assert run.fake_screen.asked == []

    def test_needs_a_terminal_or_an_answer_beforehand(self, file: str) -> None:
        promoter = a_promoter()
        assert execute(FakeRun("approve", file, promoter=promoter)) == 2
        assert execute(FakeRun("approve", file, "--yes", promoter=promoter)) == 0

    def test_refuses_another_digest_and_a_changed_byte(self, file: str) -> None:
        promoter = a_promoter()
        assert execute(FakeRun("approve", file, "--yes", "--digest", "0" * 64)) == 2
        Path(file).write_bytes(Path(file).read_bytes().replace(b"alice", b"carol"))
        assert execute(FakeRun("approve", file, "--yes", promoter=promoter)) == 2
        assert promoter.calls == []


class TestReject:
    def test_must_say_why(self, file: str) -> None:
        promoter = a_promoter()
        assert execute(FakeRun("reject", file, "--yes", promoter=promoter)) == 2
        given = FakeRun("reject", file, "--yes", "--reason", "No", promoter=promoter)
        assert execute(given) == 0
        assert promoter.calls[-1] == ("reject", (ASKED,), {"reason": "No"})


class TestShow:
    def test_tells_what_people_said_as_a_document(
        self, file: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        promoter = a_promoter(standing=APPROVED)
        run = FakeRun("show", file, "--reviews", "-o", "json", promoter=promoter)
        assert execute(run) == 0
        document = json.loads(capsys.readouterr().out)
        assert document["kind"] == "standing"
        assert document["gate"]["verdict"] == "pass"
        assert [each["by"] for each in document["reviews"]] == [BOB]


class TestRelease:
    def test_of_what_must_be_approved_is_refused_before_anybody_is_asked(self) -> None:
        gate = GateResult(
            gate="approval",
            moment=Moment.MOMENT,
            verdict=Verdict.PENDING,
            measured="judged when the plan is applied",
            required="approved by 1 person who did not ask for it",
        )
        refused = RefusedError("The plan must be approved first")
        promoter = FakePromoter(plan=replace(PLAN, gates=(gate,)), refuse_unapproved=refused)
        run = FakeRun("release", "tools", "v2", "--to", "qa", promoter=promoter, answer="y")
        assert execute(run) == 4
        assert run.fake_screen.asked == []
