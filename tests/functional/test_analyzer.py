"""The adapter of IAM Access Analyzer, on answers that botocore's own service model accepts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from promote import errors
from promote.aws.analyzer import AccessAnalyzer
from promote.aws.sessions import Sessions
from promote.core.analysis import Answer, Remark
from promote.iam.document import Kind, canonical
from tests.builders import a_grant, version_arn

V1 = version_arn("v1")
WANTED, DOCUMENT = a_grant("v2"), a_grant("v1", "v2")


def finding(severity: str, code: str) -> dict[str, Any]:
    return {
        "findingDetails": "Something about it.",
        "findingType": severity,
        "issueCode": code,
        "learnMoreLink": "https://docs.aws.amazon.com/",
        "locations": [],
    }


@pytest.fixture(scope="module")
def sessions() -> Sessions:
    session = boto3.Session(aws_access_key_id="AKIA", aws_secret_access_key="none")
    return Sessions(session, "us-east-1", session_name="promote-test")


@pytest.fixture
def aws(sessions: Sessions) -> Iterator[Stubber]:
    """Give what answers in the place of AWS; every answer has to be used."""
    with Stubber(sessions.client("accessanalyzer", role=None)) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def analyzer(sessions: Sessions) -> AccessAnalyzer:
    return AccessAnalyzer(sessions)


class TestValidation:
    def test_reads_every_page(self, aws: Stubber, analyzer: AccessAnalyzer) -> None:
        asked = {"policyDocument": canonical(DOCUMENT), "policyType": "IDENTITY_POLICY"}
        first = {"findings": [finding("ERROR", "INVALID_ACTION")], "nextToken": "more"}
        last = {"findings": [finding("SUGGESTION", "EMPTY_ARRAY")]}
        aws.add_response("validate_policy", first, asked)
        aws.add_response("validate_policy", last, {**asked, "nextToken": "more"})

        assert analyzer.validate(DOCUMENT, kind=Kind.IDENTITY) == (
            Remark(severity="ERROR", code="INVALID_ACTION", detail="Something about it."),
            Remark(severity="SUGGESTION", code="EMPTY_ARRAY", detail="Something about it."),
        )

    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            (Kind.BOUNDARY, {"policyType": "IDENTITY_POLICY"}),
            (Kind.SCP, {"policyType": "SERVICE_CONTROL_POLICY"}),
            (Kind.RCP, {"policyType": "RESOURCE_CONTROL_POLICY"}),
            (Kind.KEY, {"policyType": "RESOURCE_POLICY"}),
            (
                Kind.TRUST,
                {
                    "policyType": "RESOURCE_POLICY",
                    "validatePolicyResourceType": "AWS::IAM::AssumeRolePolicyDocument",
                },
            ),
            (
                Kind.BUCKET,
                {
                    "policyType": "RESOURCE_POLICY",
                    "validatePolicyResourceType": "AWS::S3::Bucket",
                },
            ),
        ],
    )
    def test_names_the_kind_as_aws_does(
        self, aws: Stubber, analyzer: AccessAnalyzer, kind: Kind, expected: dict[str, str]
    ) -> None:
        asked = {"policyDocument": canonical(DOCUMENT), **expected}
        aws.add_response("validate_policy", {"findings": []}, asked)

        assert analyzer.validate(DOCUMENT, kind=kind) == ()

    def test_knows_every_kind(self, aws: Stubber, analyzer: AccessAnalyzer) -> None:
        for kind in Kind:
            aws.add_response("validate_policy", {"findings": []})
            assert analyzer.validate(DOCUMENT, kind=kind) == ()


class TestCustomChecks:
    def test_compare_the_document_with_its_reference(
        self, aws: Stubber, analyzer: AccessAnalyzer
    ) -> None:
        reasons = [{"description": "New access in the statement.", "statementIndex": 0}]
        answer = {"result": "FAIL", "message": "It grants new access.", "reasons": reasons}
        asked = {
            "newPolicyDocument": canonical(DOCUMENT),
            "existingPolicyDocument": canonical(WANTED),
            "policyType": "IDENTITY_POLICY",
        }
        aws.add_response("check_no_new_access", answer, asked)

        found = analyzer.no_new_access(DOCUMENT, reference=WANTED, kind=Kind.IDENTITY)
        assert found == Answer(
            passed=False,
            message="It grants new access.",
            reasons=("New access in the statement.",),
        )

    def test_ask_whether_access_is_not_granted(
        self, aws: Stubber, analyzer: AccessAnalyzer
    ) -> None:
        access = [{"actions": ["rekognition:DetectCustomLabels"], "resources": [V1]}]
        asked = {
            "policyDocument": canonical(WANTED),
            "access": access,
            "policyType": "IDENTITY_POLICY",
        }
        aws.add_response("check_access_not_granted", {"result": "PASS", "message": "No."}, asked)

        found = analyzer.not_granted(
            WANTED, action="rekognition:DetectCustomLabels", resources=(V1,), kind=Kind.IDENTITY
        )
        assert found == Answer(passed=True, message="No.")

    def test_pass_only_by_saying_so(self, aws: Stubber, analyzer: AccessAnalyzer) -> None:
        aws.add_response("check_no_new_access", {"message": "Neither."})

        found = analyzer.no_new_access(DOCUMENT, reference=WANTED, kind=Kind.IDENTITY)
        assert not found.passed


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("AccessDeniedException", 403, errors.AccessDeniedError),
        ("UnrecognizedClientException", 403, errors.CredentialsError),
        ("UnprocessableEntityException", 422, errors.ProofError),
        ("ValidationException", 400, errors.InputError),
        ("InternalServerException", 500, errors.TryAgainError),
    ],
)
def test_every_refusal_is_an_error_of_ours(
    aws: Stubber,
    analyzer: AccessAnalyzer,
    code: str,
    status: int,
    expected: type[errors.PromoteError],
) -> None:
    aws.add_client_error("validate_policy", code, "No.", http_status_code=status)

    with pytest.raises(expected) as caught:
        analyzer.validate(DOCUMENT, kind=Kind.IDENTITY)
    assert "asking Access Analyzer about a policy document" in caught.value.detail
