"""Read what CloudFormation is asked for; what is not carried out is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from promote.sandbox.exchange import ServiceError
from promote.sandbox.formation.template import Template, read_template

_BODY_LIMIT: Final = 51_200  # "CloudFormation quotas" in the user guide
_URL_LIMIT: Final = 1_048_576

_SERVED: Final = frozenset(
    {
        "Capabilities",
        "ChangeSetName",
        "ChangeSetType",
        "ClientRequestToken",
        "ClientToken",
        "Description",
        "DisableRollback",
        "IncludePropertyValues",
        "LogicalResourceId",
        "NextToken",
        "Parameters",
        "StackName",
        "StackStatusFilter",
        "Tags",
        "TemplateBody",
        "TemplateStage",
        "TemplateURL",
        "UsePreviousTemplate",
    }
)
_PLAIN: Final[Mapping[str, frozenset[Any]]] = {
    "EnableTerminationProtection": frozenset({False}),
    "IncludeNestedStacks": frozenset({False}),
    "OnFailure": frozenset({"ROLLBACK"}),
    "OnStackFailure": frozenset({"ROLLBACK"}),
    "RetainExceptOnCreate": frozenset({False}),
    "DeletionMode": frozenset({"STANDARD"}),
    "DeploymentMode": frozenset({"STANDARD"}),
}
"""Parameters that are taken with the value that they have by default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """The parameters of an operation."""

    stack: str
    change_set: str
    kind: str
    template: Template | None
    previous_template: bool
    parameters: Mapping[str, str]
    previous_parameters: tuple[str, ...]
    tags: Mapping[str, str] | None
    capabilities: tuple[str, ...]
    description: str
    rollback: bool
    values: bool
    logical: str
    token: str
    """By which a request that is sent again is known; "" if it is to be taken for a new one."""
    statuses: frozenset[str]


def requested(
    operation: str, params: Mapping[str, Any], read: Callable[[str, str], str]
) -> Requested:
    """Return what an operation is asked for; `read` gets a template from a bucket.

    Raises:
        ServiceError: A parameter is not carried out here, or the template cannot be read.
    """
    for name, value in params.items():
        if name not in _SERVED and value not in _PLAIN.get(name, ()) and value not in ([], ""):
            text = f"The sandbox does not carry out {operation} with {name}={value!r}."
            raise ServiceError("NotImplemented", text, 501)
    given, previous = {}, []
    for each in params.get("Parameters", []):
        if each.get("UsePreviousValue"):
            previous.append(each["ParameterKey"])
        else:
            given[each["ParameterKey"]] = each.get("ParameterValue", "")
    tags = params.get("Tags")
    body = _body(params, read)
    return Requested(
        stack=params.get("StackName", ""),
        change_set=params.get("ChangeSetName", ""),
        kind=params.get("ChangeSetType", "UPDATE"),
        template=None if body is None else read_template(body),
        previous_template=params.get("UsePreviousTemplate", False),
        parameters=given,
        previous_parameters=tuple(previous),
        tags=None if tags is None else {each["Key"]: each["Value"] for each in tags},
        capabilities=tuple(params.get("Capabilities", [])),
        description=params.get("Description", ""),
        rollback=not params.get("DisableRollback", False),
        values=params.get("IncludePropertyValues", False),
        logical=params.get("LogicalResourceId", ""),
        token=params.get("ClientRequestToken", ""),
        statuses=frozenset(params.get("StackStatusFilter", [])),
    )


def _body(params: Mapping[str, Any], read: Callable[[str, str], str]) -> str | None:
    """Return the text of the template, if one is given."""
    url: str | None = params.get("TemplateURL")
    body: str | None = params.get("TemplateBody")
    if url is None:
        if body is not None and len(body.encode()) > _BODY_LIMIT:
            text = (
                f"1 validation error detected: Value '{body[:20]}…' at 'templateBody' failed to "
                f"satisfy constraint: Member must have length less than or equal to {_BODY_LIMIT}"
            )
            raise ServiceError("ValidationError", text)
        return body
    if body is not None:
        text = "Only one of Template URL or Template Body may be specified."
        raise ServiceError("ValidationError", text)
    text = _fetched(url, read)
    if len(text.encode()) > _URL_LIMIT:
        raise ServiceError("ValidationError", "Template may not exceed 1000000 bytes in size.")
    return text


def _fetched(url: str, read: Callable[[str, str], str]) -> str:
    """Read a template in S3 with the caller's permissions, by either form of URL."""
    from botocore.exceptions import ClientError

    parts = urlsplit(url)
    host, path = parts.hostname or "", unquote(parts.path).lstrip("/")
    if parts.scheme != "https" or not host.endswith(".amazonaws.com") or "s3" not in host:
        text = "TemplateURL must be a supported URL."
        raise ServiceError("ValidationError", text)
    if host.startswith(("s3.", "s3-")):
        bucket, _, key = path.partition("/")
    else:
        bucket, key = host.partition(".s3")[0], path
    try:
        return read(bucket, key)
    except ClientError as error:
        text = f"S3 error: {error.response['Error'].get('Message', 'Access Denied')}"
        raise ServiceError("ValidationError", text) from error
