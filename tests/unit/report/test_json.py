from __future__ import annotations

import json as standard_json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from promote.core.events import StepStarted, Warned
from promote.core.record import PromotionStarted, VerificationDone
from promote.core.result import Left, Outcome, Result
from promote.core.status import Finding, summarise
from promote.errors import (
    AccessDeniedError,
    InterruptedBySignalError,
    LostResponseError,
    PromoteError,
    QuotaError,
)
from promote.report import json
from tests.builders import (
    HOUR,
    NOW,
    PROMOTER,
    QA,
    a_plan,
    a_stop,
    a_topology,
    a_version,
    an_observation,
    version_arn,
)

V1, V2 = version_arn("v1"), version_arn("v2")


def read(line: str) -> Any:
    """Read a document and show that it is one line."""
    assert "\n" not in line
    document = standard_json.loads(line)
    assert list(document)[:2] == ["format", "kind"]
    assert document["format"] == 1
    return document


def test_an_event_carries_its_step_whole() -> None:
    event = StepStarted(at=NOW, number=9, step=a_stop())
    assert read(json.event(event)) == {
        "format": 1,
        "kind": "event",
        "event": "step-started",
        "at": "2026-03-02T14:00:00Z",
        "number": 9,
        "step": {
            "step": "stop",
            "environment": "prod",
            "version": V1,
            "deadline": 1800.0,
            "makes_room": False,
            "undo": None,
        },
    }


def test_times_are_in_utc_whatever_the_zone_of_the_value() -> None:
    berlin = timezone(timedelta(hours=1))
    event = Warned(at=datetime(2026, 3, 2, 15, 0, tzinfo=berlin), message="x")
    assert read(json.event(event))["at"] == "2026-03-02T14:00:00Z"


def test_a_result_says_how_it_ended_and_what_is_left() -> None:
    result = Result(
        result=Outcome.ROLLED_BACK,
        promotion="p-1",
        environment="prod",
        version=V2,
        previous=None,
        left=(Left(step="stop", version=V2, not_before=NOW + HOUR),),
        seconds=95.5,
    )
    assert json.result(result) == (
        '{"format": 1, "kind": "result", "result": "rolled-back", "promotion": "p-1", '
        f'"environment": "prod", "version": "{V2}", "previous": null, "left": [{{"step": "stop", '
        f'"version": "{V2}", "not_before": "2026-03-02T15:00:00Z", "wave": null}}], '
        '"seconds": 95.5, "rollback": false, "wave": null, "waves": null}'
    )


@pytest.mark.parametrize(
    ("error", "code", "exit_code"),
    [
        (PromoteError("x"), "promote-error", 1),
        (QuotaError("x"), "quota-error", 4),
        (AccessDeniedError("x"), "access-denied-error", 6),
        (LostResponseError("x"), "lost-response-error", 75),
        (InterruptedBySignalError("x", signal_number=15), "interrupted-by-signal-error", 143),
    ],
)
def test_an_error_has_a_code_and_an_exit_code(
    error: PromoteError, code: str, exit_code: int
) -> None:
    document = read(json.error(error))
    assert (document["code"], document["exit"]) == (code, exit_code)


def test_an_error_has_its_three_parts() -> None:
    error = QuotaError("No room", "Two run.\n  v1", "Stop one:\n    promote version stop tools v1")
    assert read(json.error(error)) == {
        "format": 1,
        "kind": "error",
        "code": "quota-error",
        "summary": "No room",
        "detail": "Two run.\n  v1",
        "remedy": "Stop one:\n    promote version stop tools v1",
        "exit": 4,
    }


def test_a_status_has_a_document_for_each_model() -> None:
    document = read(json.status([summarise(a_topology(), an_observation())]))
    (model,) = document["models"]
    known = ["model", "environments", "versions", "unfinished", "open", "left", "lock", "reviews"]
    assert list(model) == known
    assert model["environments"][0] == {
        "name": "qa",
        "targets": [{"account": QA, "pointer": "/models/tools/version-arn", "version": "v1"}],
        "granted": ["v1"],
        "held": [],
        "drift": [],
        "overridden": [],
    }
    assert model["versions"][1] == {
        "name": "v1",
        "arn": V1,
        "status": "RUNNING",
        "units": 1,
        "max_units": None,
        "named_by": [f"qa/{QA}", "prod/444444444444", "prod/555555555555"],
        "orphan": False,
        "cost_per_hour": 4.0,
    }


def test_a_history_keeps_every_record_with_its_plan() -> None:
    record = PromotionStarted(at=NOW, promotion="p-1", by=PROMOTER, plan=a_plan())
    (found,) = read(json.history([record]))["records"]
    assert (found["kind"], found["plan"]["kind"]) == ("promotion-started", "plan")


def test_versions_and_a_version_are_told_alike() -> None:
    (listed,) = read(json.versions([a_version("v1")]))["versions"]
    alone = read(json.version(a_version("v1")))
    assert alone == {"format": 1, "kind": "version", **listed}
    assert (listed["name"], listed["created_at"]) == ("v1", "2026-01-02T00:00:00Z")


def test_findings_say_whether_all_is_well() -> None:
    good = Finding(ok=True, subject="credentials", detail="fine")
    bad = Finding(ok=False, subject="role", detail="missing", remedy="Create it.")
    assert read(json.findings([good]))["ok"] is True
    document = read(json.findings([good, bad]))
    assert document["ok"] is False
    assert document["findings"][1] == {
        "ok": False,
        "subject": "role",
        "detail": "missing",
        "remedy": "Create it.",
    }


def test_a_verification_is_a_document_of_its_own_kind() -> None:
    done = VerificationDone(
        at=NOW,
        by=PROMOTER,
        version=V2,
        environment="qa",
        passed=True,
        accounts=(QA,),
        accuracy=0.95,
    )
    document = read(json.verification(done))
    assert (document["kind"], document["passed"], document["accuracy"]) == (
        "verification",
        True,
        0.95,
    )


def test_any_other_document_takes_values_of_the_core() -> None:
    assert json.document("grant", changed=True, at=NOW) == (
        '{"format": 1, "kind": "grant", "changed": true, "at": "2026-03-02T14:00:00Z"}'
    )
