"""The calls of a promotion: in the forced order, and nothing asked twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from promote.arn import short_version
from promote.sandbox.settings import Settings
from tests.functional.promotion_stage import AFTER_QA, POLICY, Stage

Call = dict[str, Any]

WRITES = {
    "iam:PutRolePolicy",
    "rekognition:StartProjectVersion",
    "rekognition:StopProjectVersion",
    "ssm:PutParameter",
}
OBSERVED = {
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "rekognition:DescribeProjects",
    "rekognition:DescribeProjectVersions",
    "ssm:GetParameterHistory",
}
AGAIN: dict[str, str] = {
    "probe": "a proof and a smoke test take fresh sessions and send an image each",
    "poll": "a version that starts or stops is looked at until it has",
    "projects": "first the project by its name, then the others that hold slots of the quota",
    "before a write": "what is about to be written is read once more",
    "before the stop": "the whole world is read once more before a version is stopped (P6)",
    "two documents": "an access role's policy is written to grant, and later to revoke",
    "drain": "the pointer's own change time, once the last of them has switched",
}
"""Why something may be asked twice; every repeated call must find its reason here."""


def role_of(call: Call) -> str:
    """Return the role or user that made a call, without its session."""
    account, name = call["principal"].split(":")[4], call["principal"].split("/")[1]
    return f"{account}/{name}"


def is_probe(call: Call) -> bool:
    """Say whether a call is one of a proof or a smoke test."""
    into_access_role = call["resource"].rpartition("/")[2].startswith("tools-")
    detects = call["operation"] == "rekognition:DetectCustomLabels"
    return bool(detects or (call["operation"] == "sts:AssumeRole" and into_access_role))


def repeats(calls: Sequence[Call]) -> Iterator[tuple[str, Call]]:
    """Yield every call that was made before by the same role, with the reason it may have."""
    seen: dict[tuple[str, str, str], list[int]] = {}
    for index, call in enumerate(calls):
        key = (role_of(call), call["operation"], call["resource"])
        if before := seen.get(key):
            yield _reason(calls, index, before), call
        seen.setdefault(key, []).append(index)


def _reason(calls: Sequence[Call], index: int, before: list[int]) -> str:
    """Return the key of `AGAIN` that explains a repeated call, or nothing."""
    call, operation = calls[index], calls[index]["operation"]
    written = [i for i, each in enumerate(calls) if each["operation"] in WRITES]
    last = max((i for i in written if i < index), default=-1)
    following = next((calls[i] for i in written if i > index), None)
    coming = following["operation"] if following else ""
    fresh = before[-1] < last or last == -1
    if is_probe(call):
        return "probe"
    if operation == "rekognition:DescribeProjects" and len(before) == 1 and last == -1:
        return "projects"
    if operation == "rekognition:DescribeProjectVersions":
        polled = last >= 0 and calls[last]["operation"].startswith("rekognition:")
        return "poll" if polled else "before a write" if coming.startswith("rekog") else ""
    if operation == "iam:PutRolePolicy":
        return "two documents" if len(before) == 1 else ""
    if operation == "iam:GetRolePolicy" and coming == "iam:PutRolePolicy":
        its_own = following is not None and following["resource"] == call["resource"]
        return "before a write" if its_own and _times(before, last) <= (last == -1) else ""
    if operation == "ssm:GetParameter" and coming == "ssm:PutParameter":
        return "before a write" if fresh else ""
    if operation == "ssm:GetParameter" and coming == "iam:PutRolePolicy":
        return "drain" if fresh else "before a write" if _times(before, last) == 1 else ""
    if operation in OBSERVED and coming == "rekognition:StopProjectVersion":
        return "before the stop" if _times(before, last) <= 1 else ""
    return ""


def _times(before: list[int], last: int) -> int:
    """Count the times since the last write."""
    return sum(index > last for index in before)


def first(calls: Sequence[Call], operation: str, **fields: str) -> int:
    """Return the number of the first call of an operation that went well."""
    wanted = {"operation": operation, "outcome": "ok", **fields}
    number: int = next(c["n"] for c in calls if wanted.items() <= c.items())
    return number


def story(calls: Sequence[Call], version: str) -> list[str]:
    """Return the writes, and the first detection of a version that was allowed."""
    told: list[str] = []
    for call in calls:
        name = call["operation"].partition(":")[2]
        detected = name == "DetectCustomLabels" and short_version(call["resource"]) == version
        if call["outcome"] != "ok":
            continue
        if call["operation"] in WRITES or (detected and name not in told):
            told.append(name)
    return told


@pytest.fixture(scope="module")
def promoted(stage: Stage) -> dict[str, list[Call]]:
    """Promote v2 to QA and then to production with IAM in no hurry; return the calls of each."""
    quick = Settings(start_seconds=0.3, stop_seconds=0.1, propagation_seconds=0.2)
    stage.set_up(AFTER_QA, quick)
    stage.released("v2", "qa")
    qa = stage.calls()
    stage.released("v2", "prod")
    return {"qa": qa, "prod": stage.calls()[len(qa) :]}


class TestTheOrder:
    def test_to_qa_is_the_forced_one_and_stops_nothing_that_production_uses(
        self, promoted: dict[str, list[Call]]
    ) -> None:
        assert story(promoted["qa"], "v2") == [
            "StartProjectVersion",
            "PutRolePolicy",
            "DetectCustomLabels",
            "PutParameter",
            "PutRolePolicy",
        ]

    def test_to_production_starts_nothing_and_stops_the_old_version_last(
        self, promoted: dict[str, list[Call]]
    ) -> None:
        assert story(promoted["prod"], "v2") == [
            "PutRolePolicy",
            "DetectCustomLabels",
            "PutParameter",
            "PutParameter",
            "PutRolePolicy",
            "StopProjectVersion",
        ]

    def test_every_write_is_of_the_role_that_it_belongs_to(
        self, promoted: dict[str, list[Call]]
    ) -> None:
        writes = [c for c in promoted["prod"] if c["operation"] in WRITES]
        assert {(c["operation"], role_of(c)) for c in writes} == {
            ("iam:PutRolePolicy", "222222222222/promote-operator-prod"),
            ("rekognition:StopProjectVersion", "222222222222/promote-operator-prod"),
            ("ssm:PutParameter", "444444444444/promote-deployer"),
            ("ssm:PutParameter", "555555555555/promote-deployer"),
        }

    def test_every_session_is_named_after_its_promotion(
        self, promoted: dict[str, list[Call]]
    ) -> None:
        for calls in promoted.values():
            names = {c["principal"].split("/")[-1] for c in calls if ":assumed-" in c["principal"]}
            assert len(names) == 1
            assert names.pop().startswith("promote-")

    def test_no_target_is_switched_before_every_target_was_proven(
        self, promoted: dict[str, list[Call]]
    ) -> None:
        calls = promoted["prod"]
        switched = first(calls, "ssm:PutParameter")
        detections = [c for c in calls if c["operation"] == "rekognition:DetectCustomLabels"]
        before = [c["n"] for c in detections if c["n"] < switched and c["outcome"] == "ok"]
        assert len(before) == 2 * (1 + 6)


class TestNothingIsAskedTwice:
    @pytest.mark.parametrize("environment", ["qa", "prod"])
    def test_without_a_reason(self, promoted: dict[str, list[Call]], environment: str) -> None:
        unexplained = [
            (role_of(call), call["operation"], call["resource"], call["n"])
            for reason, call in repeats(promoted[environment])
            if reason not in AGAIN
        ]
        assert unexplained == []

    def test_and_what_is_polled_is_not_polled_in_haste(
        self, promoted: dict[str, list[Call]]
    ) -> None:
        described = [
            c for c in promoted["qa"] if c["operation"] == "rekognition:DescribeProjectVersions"
        ]
        assert len(described) <= 7


def test_the_policy_is_named_after_the_model(stage: Stage, promoted: object) -> None:
    assert promoted
    assert set(stage.snapshot().policies["tools-prod"]) == {POLICY}
    assert stage.snapshot().granted("tools-prod") == {"v2"}
    assert stage.snapshot().running == {"v2"}
    assert stage.is_finished
