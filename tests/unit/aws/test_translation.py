"""botocore's errors become ours: the class, the identity, the place, and never a secret."""

from __future__ import annotations

import pytest
from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError

from promote import errors
from promote.aws.codes import CODES
from promote.aws.translation import translated

ROLE = "arn:aws:iam::222222222222:role/promote-operator-qa"
VERSION = "arn:aws:rekognition:us-east-1:222222222222:project/tools/version/v2/1700000000000"


def answer(
    code: str, message: str = "Something.", status: int = 400, operation: str = "StopProjectVersion"
) -> ClientError:
    """Build the error that botocore raises for an answer of the service."""
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {
                "RequestId": "req-1",
                "HostId": "",
                "HTTPStatusCode": status,
                "HTTPHeaders": {},
                "RetryAttempts": 0,
            },
        },
        operation,
    )


def ours(
    error: Exception, *, mutating: bool = False, role: str | None = ROLE
) -> errors.PromoteError:
    """Translate an error and return what comes out."""
    with (
        pytest.raises(errors.PromoteError) as raised,
        translated("stopping the version", role=role, resource=VERSION, mutating=mutating),
    ):
        raise error
    assert raised.value.__cause__ is error
    return raised.value


class TestAnswers:
    @pytest.mark.parametrize(
        ("code", "status", "expected"),
        [
            ("AccessDenied", 403, errors.AccessDeniedError),
            ("AccessDeniedException", 400, errors.AccessDeniedError),
            ("ExpiredToken", 403, errors.CredentialsError),
            ("ExpiredTokenException", 400, errors.CredentialsError),
            ("InvalidClientTokenId", 403, errors.CredentialsError),
            ("Throttling", 400, errors.ThrottledError),
            ("ThrottlingException", 500, errors.ThrottledError),
            ("ProvisionedThroughputExceededException", 400, errors.ThrottledError),
            ("ResourceInUseException", 400, errors.WrongStateError),
            ("ResourceNotReadyException", 400, errors.NotReadyError),
            ("ImageTooLargeException", 400, errors.ImageError),
            ("InvalidImageFormatException", 400, errors.ImageError),
            ("LimitExceededException", 400, errors.QuotaError),
            ("LimitExceeded", 409, errors.QuotaError),
            ("ServiceQuotaExceededException", 402, errors.QuotaError),
            ("NoSuchEntity", 404, errors.NotFoundError),
            ("ResourceNotFoundException", 400, errors.NotFoundError),
            ("ParameterNotFound", 400, errors.NotFoundError),
            ("ParameterAlreadyExists", 400, errors.PointerChangedError),
            ("TooManyUpdates", 400, errors.PointerChangedError),
            ("MalformedPolicyDocument", 400, errors.PolicyError),
            ("ValidationException", 400, errors.InputError),
            ("InternalServerError", 500, errors.TryAgainError),
            ("SomethingNew", 503, errors.TryAgainError),
            ("SomethingNew", 418, errors.FailedError),
            ("AWSOrganizationsNotInUseException", 400, errors.NotFoundError),
            ("ConcurrentModificationException", 400, errors.ThrottledError),
            ("ConstraintViolationException", 400, errors.QuotaError),
            ("DuplicatePolicyException", 400, errors.StalePlanError),
            ("PolicyChangesInProgressException", 400, errors.ThrottledError),
            ("PolicyInUseException", 400, errors.RefusedError),
            ("PolicyTypeNotAvailableForOrganizationException", 400, errors.RefusedError),
            ("PolicyTypeNotEnabledException", 400, errors.TryAgainError),
            ("TargetNotFoundException", 400, errors.NotFoundError),
        ],
    )
    def test_a_code_becomes_the_class_that_says_what_to_do(
        self, code: str, status: int, expected: type[errors.PromoteError]
    ) -> None:
        assert type(ours(answer(code, status=status))) is expected

    def test_the_detail_names_who_did_what_to_what_and_the_request(self) -> None:
        error = ours(answer("AccessDeniedException", "User is not authorized."))
        assert error.summary == "Access denied"
        assert error.detail == (
            f"{ROLE} was denied StopProjectVersion while stopping the version {VERSION}. "
            "It said: User is not authorized. (AccessDeniedException, request id req-1)"
        )
        assert error.remedy.endswith("\n    promote doctor")

    @pytest.mark.parametrize(
        "why",
        [
            "with an explicit deny in a service control policy",
            "because no resource control policy allows the sts:AssumeRole action",
        ],
    )
    def test_what_the_organisation_denies_is_for_the_guardrails_to_tell(self, why: str) -> None:
        error = ours(answer("AccessDeniedException", f"User is not authorized to perform: x {why}"))
        assert why in error.detail
        assert error.remedy.endswith("\n    promote guardrail check")

    def test_a_caller_may_know_better_what_helps_when_access_is_denied(self) -> None:
        with (
            pytest.raises(errors.AccessDeniedError) as raised,
            translated("attaching", role=ROLE, resource="222222222222", denied="Ask Ann."),
        ):
            raise answer("AccessDeniedException")
        assert raised.value.remedy == "Ask Ann."

    def test_what_helps_when_access_is_denied_is_no_remedy_for_anything_else(self) -> None:
        for code in ("ConstraintViolationException", "TargetNotFoundException", "SomethingNew"):
            with (
                pytest.raises(errors.PromoteError) as raised,
                translated(
                    "attaching", role=ROLE, resource="r-1", denied="Ask Ann.", otherwise="Look."
                ),
            ):
                raise answer(code, status=418)
            assert raised.value.remedy == "Look."

    def test_a_caller_may_say_what_to_do_without_the_answer(self) -> None:
        for error in (
            answer("AccessDeniedException"),
            answer("InternalFailure", status=500),
            boto.EndpointConnectionError(endpoint_url="https://example.com"),
        ):
            with (
                pytest.raises(errors.PromoteError) as raised,
                translated("asking", role=None, resource="it", without="Or do not ask."),
            ):
                raise error
            assert raised.value.remedy.endswith("\nOr do not ask.")

    def test_what_an_endpoint_does_not_serve_is_not_tried_again(self) -> None:
        error = ours(answer("NotImplementedException", status=501))
        assert type(error) is errors.InputError
        assert error.summary == "The endpoint does not serve this"
        assert "AWS_ENDPOINT_URL" in error.remedy
        assert type(ours(answer("InternalFailure", status=501), mutating=True)) is type(error)

    def test_the_promoter_itself_is_named_when_no_role_acts(self) -> None:
        detail = ours(answer("AccessDenied"), role=None).detail
        assert detail.startswith("The promoter's own identity was denied")

    def test_an_explicit_deny_is_final(self) -> None:
        message = "User is not authorized with an explicit deny in an identity-based policy"
        assert type(ours(answer("AccessDenied", message))) is errors.ExplicitDenyError

    def test_a_server_error_leaves_the_outcome_of_a_write_unknown(self) -> None:
        error = ours(answer("InternalServerError", status=500), mutating=True)
        assert type(error) is errors.LostResponseError

    def test_a_throttled_write_was_certainly_not_carried_out(self) -> None:
        error = ours(answer("ThrottlingException", status=500), mutating=True)
        assert type(error) is errors.ThrottledError

    def test_every_code_has_a_fixed_summary_without_a_full_stop(self) -> None:
        for code, form in CODES.items():
            error = ours(answer(code))
            assert error.summary == form.summary
            assert not error.summary.endswith(".")
            assert error.remedy


class TestSecrets:
    TOKEN = "FwoGZXIvYXdzEXAMPLETOKEN"

    @pytest.mark.parametrize(
        "code", ["SignatureDoesNotMatch", "InvalidSignatureException", "ValidationException"]
    )
    def test_a_canonical_request_is_never_quoted(self, code: str) -> None:
        message = (
            "The request signature we calculated does not match. x-amz-security-token:"
            f"{self.TOKEN} and\n\nThe Canonical String should have been\n"
            f"x-amz-security-token:{self.TOKEN}"
        )
        assert self.TOKEN not in str(ours(answer(code, message)))

    def test_an_endless_message_is_cut(self) -> None:
        assert len(ours(answer("ValidationException", "x" * 10_000)).detail) < 1_000


class TestNoAnswer:
    URL = "https://rekognition.us-east-1.amazonaws.com/"

    @pytest.mark.parametrize(
        "error",
        [
            boto.ReadTimeoutError(endpoint_url=URL, error="timed out"),
            boto.ConnectionClosedError(endpoint_url=URL),
            boto.HTTPClientError(error="broken"),
            boto.SSLError(endpoint_url=URL, error=OSError("bad record")),
        ],
    )
    def test_a_write_that_was_sent_has_an_unknown_outcome(self, error: BotoCoreError) -> None:
        assert type(ours(error, mutating=True)) is errors.LostResponseError
        assert type(ours(error)) is errors.TryAgainError

    @pytest.mark.parametrize(
        "error",
        [
            boto.EndpointConnectionError(endpoint_url=URL, error="refused"),
            boto.ConnectTimeoutError(endpoint_url=URL, error="timed out"),
            boto.ProxyConnectionError(proxy_url="http://proxy", error="refused"),
        ],
    )
    def test_a_write_that_was_never_sent_can_be_tried_again(self, error: BotoCoreError) -> None:
        assert type(ours(error, mutating=True)) is errors.TryAgainError

    @pytest.mark.parametrize(
        "error",
        [
            boto.NoCredentialsError(),
            boto.PartialCredentialsError(provider="env", cred_var="aws_secret_access_key"),
            boto.ProfileNotFound(profile="ci"),
            boto.CredentialRetrievalError(provider="process", error_msg="exit 1"),
            boto.UnauthorizedSSOTokenError(),
        ],
    )
    def test_missing_credentials_are_named_as_such(self, error: BotoCoreError) -> None:
        raised = ours(error, mutating=True)
        assert type(raised) is errors.CredentialsError
        assert "aws sts get-caller-identity" in raised.remedy

    def test_a_value_of_the_wrong_form_is_the_input_s_fault(self) -> None:
        error = boto.ParamValidationError(report="Invalid length for parameter Name")
        raised = ours(error, mutating=True)
        assert type(raised) is errors.InputError
        assert "Invalid length" in raised.detail

    def test_our_own_errors_pass_untouched(self) -> None:
        mine = errors.DeadlineError("Too late")
        with (
            pytest.raises(errors.DeadlineError) as raised,
            translated("stopping", role=None, resource=VERSION),
        ):
            raise mine
        assert raised.value is mine
