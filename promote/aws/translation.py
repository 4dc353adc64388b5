"""The one place that turns what botocore raises into `promote.errors`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError

from promote import errors
from promote.aws.code_sets import SERVER_CODES, UNSAFE_TO_QUOTE
from promote.aws.codes import CODES, Form

_DOCTOR = "To check every role and permission:\n    promote doctor"
_CONTROLLED = (
    "A policy of the organisation stops it, which no policy of a role can undo. To see which one:\n"
    "    promote guardrail check"
)
_WHO = "To see whose credentials these are:\n    aws sts get-caller-identity"
_AGAIN = "Run the same command again; it continues where this one ended."
_LONGEST_QUOTE = 600
_SERVER_ERROR = 500
_NOT_IMPLEMENTED = 501

_NEVER_SENT = (
    boto.EndpointConnectionError,
    boto.ConnectTimeoutError,
    boto.ProxyConnectionError,
)
_TRANSPORT = (
    boto.ConnectionError,
    boto.HTTPClientError,
    boto.ReadTimeoutError,
    boto.IncompleteReadError,
    boto.ChecksumError,
)
_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.MetadataRetrievalError,
    boto.NoAuthTokenError,
    boto.TokenRetrievalError,
    boto.UnknownCredentialError,
    boto.ProfileNotFound,
    boto.ConfigNotFound,
    boto.ConfigParseError,
    boto.InvalidConfigError,
    boto.MissingDependencyException,
    boto.RefreshWithMFAUnsupportedError,
    boto.SSOError,
    # Newer than our lowest botocore.
    getattr(boto, "LoginError", boto.SSOError),
)
# IAM, "Troubleshoot access denied error messages": "with an explicit deny in a service control
# policy", "because no resource control policy allows the … action".
_CONTROL_POLICY = re.compile(r"\b(?:service|resource) control policy\b")
_SECRET = re.compile(r"(?i)(x-amz-security-token|secret|signature|credential)[:=]\s*\S+")


@dataclass(frozen=True, slots=True)
class _Call:
    """What was being done, for whom and to what."""

    what: str
    role: str | None
    resource: str
    mutating: bool
    denied: str
    otherwise: str
    without: str

    def sentence(self, verb: str) -> str:
        """Say who met what: ``ROLE was denied … while WHAT RESOURCE``."""
        who = self.role or "The promoter's own identity"
        return f"{who} {verb} while {self.what} {self.resource}."


@contextmanager
def translated(
    what: str,
    *,
    role: str | None,
    resource: str,
    mutating: bool = False,
    denied: str = _DOCTOR,
    otherwise: str = _DOCTOR,
    without: str = "",
) -> Iterator[None]:
    """Raise our errors for botocore's.

    Args:
        what: What is being done, to follow "while": ``starting the version``.
        role: The ARN of the role that acts; None is the promoter itself.
        resource: What it is done to.
        mutating: Whether the call changes something, so that a lost answer leaves its outcome
            unknown.
        denied: What helps when access is denied.
        otherwise: What helps where nothing is known that helps better.
        without: How to do without the answer, said after every remedy.

    Raises:
        PromoteError: The class that says what the caller can do about it.
    """
    call = _Call(what, role, resource, mutating, denied, otherwise, without)
    try:
        yield
    except ClientError as error:
        raise _answered(error, call) from error
    except BotoCoreError as error:
        raise _unanswered(error, call) from error


def error_code(error: ClientError) -> str:
    """Return the service's code of an error, such as ``NoSuchEntity``."""
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


def _answered(error: ClientError, call: _Call) -> errors.PromoteError:
    code = error_code(error)
    message = str(error.response.get("Error", {}).get("Message", ""))
    metadata = error.response.get("ResponseMetadata", {})
    status = int(metadata.get("HTTPStatusCode", 0))
    if code in SERVER_CODES:
        status = max(status, _SERVER_ERROR)
    form = CODES.get(code) or _by_status(status, call)
    if form.error is errors.AccessDeniedError and "explicit deny" in message:
        form = Form(errors.ExplicitDenyError, "Access forbidden by an explicit deny", form.verb)
    verb = form.verb.format(action=error.operation_name, code=code)
    said = "" if code in UNSAFE_TO_QUOTE else _quote(message)
    request = metadata.get("RequestId") or "unknown"
    detail = f"{call.sentence(verb)}{said} ({code}, request id {request})"
    if call.denied == _DOCTOR and _CONTROL_POLICY.search(message):
        call = replace(call, denied=_CONTROLLED)
    return form.error(form.summary, detail, _remedy(form, call))


def _by_status(status: int, call: _Call) -> Form:
    """Judge an answer whose code is not in the table by its HTTP status."""
    if status == _NOT_IMPLEMENTED:
        return _NOT_SERVED
    if status >= _SERVER_ERROR and call.mutating:
        return _UNKNOWN_OUTCOME
    if status >= _SERVER_ERROR:
        return Form(errors.TryAgainError, "The service had an error", "met an error of {action}")
    return Form(errors.FailedError, "AWS refused a request", "was refused {action}")


_NOT_SERVED = Form(
    errors.InputError,
    "The endpoint does not serve this",
    "got no answer to {action}",
    "AWS serves it; AWS_ENDPOINT_URL names another endpoint, which does not.",
)
_UNKNOWN_OUTCOME = Form(
    errors.LostResponseError,
    "The outcome of a request is unknown",
    "got no usable answer from AWS",
    "Whether it was carried out must be looked at. " + _AGAIN,
)
_UNREACHABLE = Form(
    errors.TryAgainError,
    "AWS cannot be reached",
    "could not reach AWS",
    "Check the network and AWS_ENDPOINT_URL. " + _AGAIN,
)


def _unanswered(error: BotoCoreError, call: _Call) -> errors.PromoteError:
    form = _form(error, call)
    detail = f"{call.sentence(form.verb)}{_quote(str(error))}"
    return form.error(form.summary, detail, _remedy(form, call))


def _form(error: BotoCoreError, call: _Call) -> Form:
    if isinstance(error, _CREDENTIALS):
        return Form(errors.CredentialsError, "No usable credentials", "found no usable credentials")
    if isinstance(error, _NEVER_SENT):
        return _UNREACHABLE
    if isinstance(error, _TRANSPORT):
        return _UNKNOWN_OUTCOME if call.mutating else _UNREACHABLE
    if isinstance(error, boto.ParamValidationError | boto.NoRegionError | boto.InvalidRegionError):
        return Form(
            errors.InputError, "A value is not what AWS accepts", "could not make a request"
        )
    if call.mutating:
        return _UNKNOWN_OUTCOME
    return Form(errors.FailedError, "A request to AWS failed", "could not finish a request")


def _quote(message: str) -> str:
    """Quote what AWS says, on one line; what looks like a secret is removed."""
    line = _SECRET.sub(r"\1 (removed)", " ".join(message.split()))
    if not line:
        return ""
    shortened = line if len(line) <= _LONGEST_QUOTE else line[:_LONGEST_QUOTE] + "…"
    return f" It said: {shortened}"


def _remedy(form: Form, call: _Call) -> str:
    remedy = form.remedy or _usual_remedy(form.error, call)
    return f"{remedy}\n{call.without}" if call.without else remedy


def _usual_remedy(kind: type[errors.PromoteError], call: _Call) -> str:
    if issubclass(kind, errors.CredentialsError):
        return _WHO
    if issubclass(kind, errors.TryAgainError):
        return _AGAIN
    return call.denied if issubclass(kind, errors.AccessError) else call.otherwise
