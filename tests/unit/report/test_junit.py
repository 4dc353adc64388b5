from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from promote.core.events import Event, GoldenJudged, SmokeTested, StepDone, StepStarted
from promote.core.gates import Verdict
from promote.core.record import VerificationDone
from promote.core.result import Outcome, Result
from promote.errors import FailedError, PromoteError
from promote.report import junit, text
from tests.builders import NOW, PROD, PROMOTER, a_gate, a_plan, a_prove, a_start, version_arn

V2 = version_arn("v2")
PROMOTED = Result(
    result=Outcome.PROMOTED,
    promotion="p-1",
    environment="prod",
    version=V2,
    previous=version_arn("v1"),
    seconds=95.0,
)
ERROR = FailedError("The smoke test failed", "2 of 10 images.", "Try:\n    promote plan")
STARTED = (
    StepStarted(at=NOW, number=1, step=a_start()),
    StepDone(at=NOW, number=1, step=a_start(), detail="v2 is RUNNING", seconds=12.25),
    StepStarted(at=NOW, number=2, step=a_prove()),
)
PROVED = StepDone(at=NOW, number=2, step=a_prove(), detail="", seconds=3.0)


def smoke_test(*wrong: str, accuracy: float) -> SmokeTested:
    return SmokeTested(
        at=NOW,
        environment="prod",
        account=PROD[0],
        version=V2,
        correct=9,
        images=10,
        accuracy=accuracy,
        required=0.9,
        wrong=wrong,
    )


def parsed(document: str) -> ET.Element:
    """Read a report and hold its structure against the schema that build servers share."""
    root = ET.fromstring(document)  # noqa: S314 (our own output)
    assert root.tag == "testsuites"
    assert {"name", "tests", "failures", "errors", "time"} <= set(root.attrib)
    (suite,) = root
    cases = list(suite)
    assert {case.tag for case in cases} == {"testcase"}
    assert all(set(case.attrib) == {"classname", "name", "time"} for case in cases)
    assert {child.tag for case in cases for child in case} <= {"failure", "system-out"}
    failures = list(suite.iter("failure"))
    assert all(set(failure.attrib) == {"message", "type"} for failure in failures)
    assert suite.attrib["tests"] == root.attrib["tests"] == str(len(cases))
    assert suite.attrib["failures"] == root.attrib["failures"] == str(len(failures))
    assert (suite.attrib["errors"], suite.attrib["skipped"]) == ("0", "0")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.attrib["timestamp"])
    return suite


def failed(suite: ET.Element) -> list[str]:
    """Return the names of the cases that failed."""
    return [case.attrib["name"] for case in suite if case.find("failure") is not None]


def promotion(*events: Event, end: Result | PromoteError = PROMOTED) -> ET.Element:
    return parsed(junit.promotion(a_plan(), events, end))


class TestPromotion:
    def test_has_a_case_for_each_step_and_for_the_end(self) -> None:
        suite = promotion(*STARTED, PROVED)
        names = [case.attrib["name"].partition(":")[0] for case in suite]
        assert names == ["step 1 start", "step 2 prove", "promotion"]
        assert [case.attrib["time"] for case in suite] == ["12.250", "3.000", "95.000"]
        assert suite.attrib["time"] == "15.250"
        assert suite.attrib["name"] == "promote tools v2 to prod"
        assert failed(suite) == []

    def test_a_step_that_did_not_end_fails_with_the_whole_error(self) -> None:
        suite = promotion(*STARTED, end=ERROR)
        assert [name.partition(":")[0] for name in failed(suite)] == ["step 2 prove", "promotion"]
        failure = suite[1].find("failure")
        assert failure is not None
        assert failure.attrib == {
            "message": "Error: The smoke test failed",
            "type": "FailedError",
        }
        assert failure.text == text.error(ERROR).strip()

    def test_an_error_before_the_first_step_is_reported_as_well(self) -> None:
        assert failed(promotion(end=ERROR)) == ["promotion"]

    def test_an_outcome_other_than_promoted_or_unchanged_fails(self) -> None:
        rolled_back = Result(
            result=Outcome.ROLLED_BACK,
            promotion="p-1",
            environment="prod",
            version=V2,
            previous=None,
        )
        assert failed(promotion(*STARTED, PROVED, end=rolled_back)) == ["promotion"]

    def test_each_wrong_image_of_a_failed_smoke_test_fails(self) -> None:
        wrong = "a.png: expected hammer, got wrench (71%)"
        suite = promotion(smoke_test(wrong, accuracy=0.8), end=ERROR)
        assert failed(suite)[:2] == [
            "smoke test prod/444444444444",
            "smoke test prod/444444444444: a.png",
        ]
        failure = suite[1].find("failure")
        assert failure is not None
        assert failure.text == wrong

    def test_a_wrong_image_within_the_accuracy_asked_for_is_told_and_no_failure(self) -> None:
        wrong = "a.png: expected hammer, got wrench (71%)"
        suite = promotion(smoke_test(wrong, accuracy=0.9))
        assert failed(suite) == []
        assert suite[1].findtext("system-out") == f"tolerated: {wrong}"

    def test_the_golden_images_are_a_case_that_fails_when_they_refuse(self) -> None:
        gate = a_gate(gate="golden", measured="12 lost", required="none")
        judged = GoldenJudged(
            at=NOW, environment="prod", account=PROD[0], version=V2, against=None, gate=gate
        )
        assert failed(promotion(*STARTED, PROVED, judged)) == []
        bad = replace(
            judged, against=version_arn("v1"), gate=replace(gate, verdict=Verdict.INCONCLUSIVE)
        )
        suite = promotion(*STARTED, PROVED, bad, end=ERROR)
        assert failed(suite) == ["gate golden beside v1", "promotion"]
        failure = suite[2].find("failure")
        assert failure is not None
        assert "inconclusive: 12 lost; required: none" in failure.attrib["message"]

    @given(st.text(), st.text(), st.text())
    def test_is_well_formed_whatever_a_service_says(
        self, summary: str, detail: str, image: str
    ) -> None:
        error = PromoteError(summary, detail)
        promotion(*STARTED, smoke_test(image, accuracy=0.5), end=error)


class TestVerification:
    def verified(self, *events: Event, **changes: Any) -> ET.Element:
        defaults: dict[str, Any] = {
            "at": NOW,
            "by": PROMOTER,
            "version": V2,
            "environment": "prod",
            "passed": True,
            "accounts": PROD,
            "accuracy": 0.95,
        }
        return parsed(junit.verification(VerificationDone(**{**defaults, **changes}), events))

    def test_has_a_case_for_each_account_and_the_verdict(self) -> None:
        suite = self.verified(smoke_test(accuracy=0.95))
        names = [case.attrib["name"] for case in suite]
        assert names == ["smoke test prod/444444444444", "verification of v2"]
        assert suite.attrib["name"] == "verify v2 in prod"
        assert failed(suite) == []

    def test_fails_when_the_version_did_not_pass(self) -> None:
        assert failed(self.verified(passed=False)) == ["verification of v2"]
