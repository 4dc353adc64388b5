"""Every error that botocore knows of for a call that we make has a class, and none by default.

The calls are found in our own source, their errors in the service models of botocore; what each
error is to us is the table `_CLASSES`. A newer botocore that brings an error fails here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker
from botocore.session import Session

import promote
from promote import errors
from promote.aws.code_sets import SERVER_CODES
from promote.aws.codes import CODES
from promote.aws.translation import translated

if TYPE_CHECKING:
    from botocore.model import ServiceModel

_SERVICES = (
    "accessanalyzer",
    "cloudwatch",
    "codepipeline",
    "iam",
    "kms",
    "organizations",
    "rekognition",
    "s3",
    "ssm",
    "sts",
)
_NOT_OURS = frozenset({"iam:CreatePolicy", "iam:DeletePolicy", "iam:ListPolicies", "kms:Verify"})
"""Operations of another service than the one that our method of that name belongs to."""

_DONE = {
    "kms:Sign": "DryRunOperationException",
    "organizations:AttachPolicy": "DuplicatePolicyAttachmentException",
    "organizations:DetachPolicy": "PolicyNotAttachedException",
    "organizations:EnablePolicyType": "PolicyTypeAlreadyEnabledException",
}
"""Answers that our adapters take for success: it is so already, or would have been done."""

_RETRY, _OBSERVE, _WAIT, _FINAL = "retry", "observe, then decide", "wait", "final"
_CLASSES: dict[type[errors.PromoteError], str] = {
    errors.ThrottledError: _RETRY,
    errors.TryAgainError: _RETRY,
    errors.LostResponseError: _OBSERVE,
    errors.WrongStateError: _OBSERVE,
    errors.PointerChangedError: _OBSERVE,
    errors.StalePlanError: _OBSERVE,
    errors.AccessDeniedError: _WAIT,
    errors.NotReadyError: _WAIT,
    errors.ExplicitDenyError: _FINAL,
    errors.CredentialsError: _FINAL,
    errors.ImageError: _FINAL,
    errors.InputError: _FINAL,
    errors.NotFoundError: _FINAL,
    errors.PolicyError: _FINAL,
    errors.ProofError: _FINAL,
    errors.QuotaError: _FINAL,
    errors.RefusedError: _FINAL,
}


def _models() -> dict[str, ServiceModel]:
    session = Session()
    return {name: session.get_service_model(name) for name in _SERVICES}


def _named() -> frozenset[str]:
    """Return every attribute and every text of our modules that may call AWS."""
    found: set[str] = set()
    package = Path(promote.__file__).parent
    for path in sorted(package.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if path.is_relative_to(package / "sandbox") or "boto" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return frozenset(found)


def _operations() -> Iterator[tuple[str, ServiceModel, str]]:
    named = _named()
    for service, model in _models().items():
        for operation in model.operation_names:
            called = f"{service}:{operation}"
            if xform_name(operation) in named and called not in _NOT_OURS:
                yield called, model, operation


def _errors() -> Iterator[tuple[str, str]]:
    """Return each operation that we call with each error code of its model."""
    for called, model, operation in _operations():
        for shape in model.operation_model(operation).error_shapes:
            yield called, str(shape.metadata.get("error", {}).get("code", shape.name))


ERRORS = tuple(_errors())
_CHANGING = ("Start", "Stop", "Put", "Delete", "Create", "Update", "Attach", "Detach", "Enable")


def _changes(called: str) -> bool:
    return called.partition(":")[2].startswith(_CHANGING)


def _ours(called: str, code: str) -> type[errors.PromoteError]:
    """Return what an answer becomes whose HTTP status tells nothing."""
    answer = ClientError({"Error": {"Code": code, "Message": ""}}, called.partition(":")[2])
    with (
        pytest.raises(errors.PromoteError) as raised,
        translated("calling", role=None, resource=called, mutating=_changes(called)),
    ):
        raise answer
    return type(raised.value)


def _expected(called: str, code: str) -> str:
    """Return the class by what the code says; independent of our own table of codes."""
    if code in {"ServiceException", "ServiceFailure", "InternalServerError"}:
        return _OBSERVE if _changes(called) else _RETRY
    return _BY_WORD.get(code, _FINAL)


_BY_WORD = {
    "AccessDenied": _WAIT,
    "AccessDeniedException": _WAIT,
    "ConcurrentModificationException": _RETRY,
    "ConflictException": _RETRY,
    "DependencyTimeoutException": _RETRY,
    "DuplicatePolicyException": _OBSERVE,
    "InvalidNextToken": _RETRY,
    "InvalidNextTokenException": _RETRY,
    "InvalidPaginationTokenException": _RETRY,
    "KMSInternalException": _RETRY,
    "KeyUnavailableException": _RETRY,
    "ParameterAlreadyExists": _OBSERVE,
    "PolicyChangesInProgressException": _RETRY,
    "PolicyTypeNotEnabledException": _RETRY,
    "ProvisionedThroughputExceededException": _RETRY,
    "ResourceInUseException": _OBSERVE,
    "ResourceNotReadyException": _WAIT,
    "ThrottlingException": _RETRY,
    "TooManyRequestsException": _RETRY,
    "TooManyUpdates": _OBSERVE,
}
"""What is not final; everything else is, because the same request would fail again."""


class TestEveryErrorOfEveryCall:
    def test_the_calls_are_found_in_the_source(self) -> None:
        called = {each for each, _, _ in _operations()}
        assert {
            "iam:PutRolePolicy",
            "organizations:AttachPolicy",
            "rekognition:StartProjectVersion",
            "rekognition:DetectCustomLabels",
            "ssm:PutParameter",
            "sts:AssumeRole",
        } <= called
        assert len(called) >= 30, sorted(called)

    def test_every_error_is_in_the_table_and_none_is_left_to_its_status(self) -> None:
        known = CODES.keys() | SERVER_CODES
        left = {(called, code) for called, code in ERRORS if code not in known}
        assert left == set(_DONE.items())
        assert len(ERRORS) >= 150, len(ERRORS)

    def test_every_error_has_the_class_that_its_meaning_asks_for(self) -> None:
        judged = {
            (called, code): _CLASSES[_ours(called, code)]
            for called, code in ERRORS
            if (called, code) not in _DONE.items()
        }
        assert judged == {key: _expected(*key) for key in judged}

    def test_what_botocore_sends_again_is_retried_or_observed_by_us_too(self) -> None:
        throttles = set(vars(ThrottledRetryableChecker)["_THROTTLED_ERROR_CODES"])
        transient = set(vars(TransientRetryableChecker)["_TRANSIENT_ERROR_CODES"])
        quotas = {"LimitExceededException"}  # Rekognition: of running versions, not of calls
        for code in (throttles | transient) - quotas:
            assert _CLASSES[_ours("rekognition:DescribeProjects", code)] == _RETRY, code
            assert _CLASSES[_ours("rekognition:StartProjectVersion", code)] in {_RETRY, _OBSERVE}

    @pytest.mark.parametrize("code", sorted(SERVER_CODES))
    def test_a_failure_of_the_service_leaves_the_outcome_of_a_write_unknown(
        self, code: str
    ) -> None:
        assert _ours("ssm:PutParameter", code) is errors.LostResponseError
        assert _ours("ssm:GetParameter", code) is errors.TryAgainError
