"""What each error code of AWS means to us: a table.

Sources: the error shapes of botocore's service models, the services' pages on common errors, and
"Error handling" of the Rekognition developer guide. A code that is not here is judged by its HTTP
status; none that a service's model gives to an operation that we call is left to that.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from promote import errors


class Form(NamedTuple):
    """The error that a code becomes: its class, and the words that do not depend on the call."""

    error: type[errors.PromoteError]
    summary: str
    verb: str
    """Follows the identity and may hold ``{action}`` and ``{code}``."""
    remedy: str = ""
    """Empty for the usual one of the class."""


_DENIED = Form(errors.AccessDeniedError, "Access denied", "was denied {action}")
_BAD_CREDENTIALS = Form(
    errors.CredentialsError, "The credentials are not valid", "used credentials that AWS refused"
)
_EXPIRED = Form(
    errors.CredentialsError,
    "The credentials have expired",
    "used credentials that have expired",
    "Renew them, then run the same command again; it continues where this one ended.",
)
_THROTTLED = Form(
    errors.ThrottledError,
    "AWS asks us to slow down",
    "was throttled by {action}",
    "Wait a little and run the same command again; it continues where this one ended.",
)
_MISSING = Form(errors.NotFoundError, "Not found", "found nothing")
_QUOTA = Form(errors.QuotaError, "A service quota leaves no room", "met a quota of {action}")
_IMAGE = Form(
    errors.ImageError,
    "The service refuses the image",
    "sent an image that was refused",
    "An image is a PNG or JPEG of at most 4 MB, 64 to 4096 pixels on each side and at most "
    "20 times as long as wide.",
)
_POLICY = Form(errors.PolicyError, "IAM refuses the policy", "wrote a policy that was refused")
_INPUT = Form(errors.InputError, "A value is not what AWS accepts", "was refused {action}")
_MOVED = Form(
    errors.PointerChangedError,
    "The pointer changed meanwhile",
    "met somebody else's write of the same pointer",
    "Look at the present state, then plan again:\n    promote status",
)

_KEY = Form(errors.InputError, "The key does not sign", "was refused {action}")
_CHANGING = Form(
    errors.ThrottledError,
    "Another change of the organisation is under way",
    "was told by {action} to wait for another change",
    "Wait a little and run the same command again; it continues where this one ended.",
)

_BY_FORM: Final[dict[Form, tuple[str, ...]]] = {
    _DENIED: (
        "AccessDenied",
        "AccessDeniedException",
        "UnauthorizedOperation",
        "NotAuthorized",
        "AuthorizationError",
    ),
    _EXPIRED: (
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "TokenRefreshRequired",
    ),
    Form(
        errors.CredentialsError,
        "The clock is wrong",
        "signed {action} at a time that AWS does not accept",
        "Set the clock of this machine; a signature holds for some minutes only.",
    ): ("RequestTimeTooSkewed", "RequestInTheFuture"),
    _BAD_CREDENTIALS: (
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "InvalidAccessKeyId",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "OptInRequired",
    ),
    _THROTTLED: (
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "PriorRequestNotComplete",
        "SlowDown",
        "BandwidthLimitExceeded",
        "TransactionInProgressException",
        "EC2ThrottledException",
    ),
    Form(
        errors.TryAgainError,
        "The list changed while it was read",
        "was refused the next page by {action}",
    ): ("InvalidPaginationTokenException", "InvalidNextToken", "InvalidNextTokenException"),
    _QUOTA: (
        "LimitExceeded",
        "LimitExceededException",
        "ServiceQuotaExceededException",
        "ParameterLimitExceeded",
        "ConcurrentPipelineExecutionsLimitExceededException",
    ),
    Form(
        errors.QuotaError,
        "The parameter keeps too many labelled versions",
        "could not add a version to the parameter",
        "SSM keeps 100 versions and drops no labelled one: move or remove the label of the oldest.",
    ): ("ParameterMaxVersionLimitExceeded",),
    _MISSING: (
        "NoSuchEntity",
        "NoSuchEntityException",
        "ResourceNotFoundException",
        "ParameterNotFound",
        "ParameterVersionNotFound",
        "NoSuchBucket",
        "NoSuchKey",
        "PolicyNotFoundException",
        "TargetNotFoundException",
        "ChildNotFoundException",
        "RootNotFoundException",
        "NotFoundException",
        "PipelineNotFoundException",
        "PipelineExecutionNotFoundException",
        "PipelineVersionNotFoundException",
        "404",
    ),
    _MOVED: ("ParameterAlreadyExists", "TooManyUpdates"),
    Form(
        errors.WrongStateError,
        "The version is not in a state for this",
        "was refused {action}",
        "To see the states of the versions:\n    promote status",
    ): ("ResourceInUseException",),
    Form(
        errors.NotReadyError,
        "The version does not run",
        "was refused {action}",
        "To see the states of the versions:\n    promote status",
    ): ("ResourceNotReadyException",),
    _IMAGE: (
        "ImageTooLargeException",
        "InvalidImageFormatException",
        "InvalidS3ObjectException",
    ),
    Form(
        errors.ProofError,
        "Access Analyzer cannot decide",
        "got no decision of {action}",
        "What cannot be decided is taken for a difference. Our own proof does not need "
        "--access-analyzer.",
    ): ("UnprocessableEntityException",),
    _POLICY: (
        "MalformedPolicyDocument",
        "MalformedPolicyDocumentException",
        "PackedPolicyTooLarge",
        "PackedPolicyTooLargeException",
    ),
    _INPUT: (
        "InvalidParameterException",
        "InvalidParameterValue",
        "InvalidInput",
        "ValidationError",
        "ValidationException",
        "ParameterPatternMismatchException",
        "HierarchyTypeMismatchException",
        "InvalidInputException",
        "UnmodifiableEntity",
        "UnsupportedAPIEndpointException",
        "EncryptionTypeMismatch",
        "HierarchyLevelLimitExceededException",
        "IncompatiblePolicyException",
        "InvalidGrantTokenException",
        "InvalidAction",
        "InvalidAllowedPatternException",
        "InvalidKeyId",
        "InvalidParameterCombination",
        "InvalidPolicyAttributeException",
        "InvalidPolicyTypeException",
        "InvalidQueryParameter",
        "InvalidRequest",
        "InvalidWriteOffset",
        "MalformedQueryString",
        "MissingAction",
        "MissingParameter",
        "PoliciesLimitExceededException",
        "TooManyParts",
        "UnsupportedParameterType",
    ),
    Form(
        errors.InputError,
        "The Region does not serve this",
        "was refused {action}",
        "Activate STS in that Region, or correct `region` in promote.yaml.",
    ): ("RegionDisabledException",),
    Form(
        errors.InputError,
        "The object is archived",
        "was refused {action}",
        "Restore it, or copy it to a storage class that can be read at once.",
    ): ("InvalidObjectState",),
    _KEY: ("DisabledException", "InvalidKeyUsageException", "KMSInvalidStateException"),
    Form(errors.TryAgainError, "KMS cannot reach the key now", "was refused {action}"): (
        "KeyUnavailableException",
        "DependencyTimeoutException",
    ),
    Form(errors.TryAgainError, "AWS is busy", "was refused {action}"): ("ConflictException",),
    Form(
        errors.StalePlanError,
        "The stack changed meanwhile",
        "was told by {action} that its changes are no longer those that were worked out",
        "To work them out again:\n    promote bootstrap",
    ): ("ChangeSetNotFound", "ChangeSetNotFoundException", "InvalidChangeSetStatus"),
    Form(
        errors.InputError,
        "CloudFormation wants to be told more",
        "was refused {action}",
    ): ("InsufficientCapabilitiesException",),
    _CHANGING: ("ConcurrentModificationException", "PolicyChangesInProgressException"),
    Form(
        errors.NotFoundError,
        "The account is in no organisation",
        "was told by {action} that there is none",
        "Guardrails are policies of AWS Organizations; correct guardrails.account in promote.yaml.",
    ): ("AWSOrganizationsNotInUseException",),
    Form(
        errors.QuotaError,
        "The organisation does not allow this",
        "met a constraint of {action}",
    ): ("ConstraintViolationException",),
    Form(
        errors.StalePlanError,
        "Somebody else made the policy meanwhile",
        "was told by {action} that there is a policy of that name",
        "Look at what it says, then go on:\n    promote guardrail apply",
    ): ("DuplicatePolicyException",),
    Form(
        errors.RefusedError,
        "The policy is attached to something",
        "was refused {action}",
        "To take it off everything first:\n    promote guardrail detach --delete",
    ): ("PolicyInUseException",),
    Form(
        errors.TryAgainError,
        "The type of policy is not enabled yet",
        "was refused {action}",
        "Enabling takes a moment. To go on:\n    promote guardrail apply",
    ): ("PolicyTypeNotEnabledException",),
    Form(
        errors.RefusedError,
        "The organisation has not all features",
        "was refused {action}",
        "SCPs and RCPs need an organisation with all features enabled.",
    ): ("PolicyTypeNotAvailableForOrganizationException",),
}

CODES: Final[dict[str, Form]] = {code: form for form, codes in _BY_FORM.items() for code in codes}
