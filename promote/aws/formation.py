"""Stacks and their change sets, through CloudFormation."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from promote.aws.sessions import Sessions, account_of
from promote.aws.translation import error_code, translated
from promote.core.bootstrap import CAPABILITIES, Change, Stack, StackState
from promote.errors import LostResponseError, ThrottledError
from promote.ports.formation import ChangeSetState, Entrance, Failure

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.type_defs import (
        ChangeTypeDef,
        CreateChangeSetInputTypeDef,
        ParameterTypeDef,
        StackEventTypeDef,
    )

_AGAIN = (ThrottledError, LostResponseError)
_DENIED = (
    "Stacks are deployed with rights to administer the account. To go another way into it:\n"
    "    promote bootstrap --role NAME"
)
_OTHERWISE = "To go on after it is mended:\n    promote bootstrap"
_translated = partial(translated, denied=_DENIED, otherwise=_OTHERWISE)
_BEGINNINGS = frozenset(
    {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "REVIEW_IN_PROGRESS"}
)
_MISSING = frozenset({"404", "NoSuchBucket"})


class AwsFormation:
    """The `promote.ports.formation.Formation` of AWS; safe for use by many threads.

    Args:
        sessions: Returns the sessions that begin with a profile, or with the caller's own
            credentials.
    """

    def __init__(self, sessions: Callable[[str | None], Sessions]) -> None:
        self._sessions = sessions

    def state(self, name: str, *, by: Entrance) -> StackState | None:
        """Return a stack by its name or id, or None when there is none.

        Raises:
            AccessDeniedError: The account cannot be entered, or CloudFormation not be asked there.
        """
        with self._reading("looking for the stack", name, by) as client:
            try:
                found = client.describe_stacks(StackName=name)["Stacks"][0]
            except ClientError as error:
                if error_code(error) == "ValidationError" and "does not exist" in str(error):
                    return None
                raise
        return StackState(
            id=found.get("StackId", name),
            status=found["StackStatus"],
            reason=found.get("StackStatusReason", ""),
            outputs={
                each["OutputKey"]: each["OutputValue"]
                for each in found.get("Outputs", [])
                if "OutputKey" in each and "OutputValue" in each
            },
            parameters={
                each["ParameterKey"]: each.get("ParameterValue", "")
                for each in found.get("Parameters", [])
                if "ParameterKey" in each
            },
        )

    def validate(self, stack: Stack, *, by: Entrance) -> None:
        """Let CloudFormation read a template that is small enough to be sent along."""
        with self._reading("checking the template of", stack.name, by) as client:
            client.validate_template(TemplateBody=stack.template)

    def propose(
        self,
        stack: Stack,
        change_set: str,
        *,
        create: bool,
        parameters: Mapping[str, str],
        previous: Collection[str],
        url: str | None,
        by: Entrance,
    ) -> None:
        """Ask for a change set to be worked out."""
        kept = sorted((stack.parameters & set(previous)) - parameters.keys())
        values: list[ParameterTypeDef] = [
            {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
        ]
        values += [{"ParameterKey": name, "UsePreviousValue": True} for name in kept]
        wanted: CreateChangeSetInputTypeDef = {
            "StackName": stack.name,
            "ChangeSetName": change_set,
            "ChangeSetType": "CREATE" if create else "UPDATE",
            "Capabilities": list(CAPABILITIES),
            "Parameters": values,
        }
        if url is None:
            wanted["TemplateBody"] = stack.template
        else:
            wanted["TemplateURL"] = url

        def send(client: CloudFormationClient) -> None:
            client.create_change_set(**wanted)

        self._write("proposing changes of", stack.name, by, send, done="AlreadyExistsException")

    def proposed(self, stack: str, change_set: str, *, by: Entrance) -> ChangeSetState:
        """Return a change set as it is."""
        with self._reading("reading the changes of", stack, by) as client:
            changes: list[Change] = []
            token: dict[str, str] = {}
            while True:
                found = client.describe_change_set(
                    StackName=stack,
                    ChangeSetName=change_set,
                    IncludePropertyValues=True,
                    **token,
                )
                changes += map(_change, found.get("Changes", []))
                if "NextToken" not in found:
                    break
                token = {"NextToken": found["NextToken"]}
        return ChangeSetState(
            status=found["Status"], reason=found.get("StatusReason", ""), changes=tuple(changes)
        )

    def execute(self, stack: str, change_set: str, *, by: Entrance) -> None:
        """Start to carry out a change set; one that was started already goes on."""

        def send(client: CloudFormationClient) -> None:
            client.execute_change_set(
                StackName=stack, ChangeSetName=change_set, ClientRequestToken=change_set
            )

        self._write("changing the stack", stack, by, send)

    def discard(self, stack: str, prefix: str, *, by: Entrance) -> None:
        """Delete the change sets of a stack whose names begin with something."""
        with self._reading("listing the change sets of", stack, by) as client:
            pages = client.get_paginator("list_change_sets").paginate(StackName=stack)
            names = [each.get("ChangeSetName", "") for p in pages for each in p["Summaries"]]
        for name in names:
            if name.startswith(prefix):
                self._write("dropping a change set of", stack, by, partial(_drop, stack, name))

    def delete(self, stack: str, *, by: Entrance) -> None:
        """Start to delete a stack; one that is gone stays so."""

        def send(client: CloudFormationClient) -> None:
            client.delete_stack(StackName=stack)

        self._write("deleting the stack", stack, by, send)

    def failures(self, stack: str, *, by: Entrance) -> tuple[Failure, ...]:
        """Return what failed since the stack was last begun to be changed, the first first."""
        found: list[StackEventTypeDef] = []
        with self._reading("reading the events of", stack, by) as client:
            pages = client.get_paginator("describe_stack_events").paginate(StackName=stack)
            for each in (event for page in pages for event in page["StackEvents"]):
                own = each.get("PhysicalResourceId") == each["StackId"]
                if own and each.get("ResourceStatus") in _BEGINNINGS:
                    break
                if not own and each.get("ResourceStatus", "").endswith("_FAILED"):
                    found.append(each)
        return tuple(
            Failure(
                logical=each.get("LogicalResourceId", ""),
                type=each.get("ResourceType", ""),
                reason=each.get("ResourceStatusReason", ""),
            )
            for each in reversed(found)
        )

    def has_bucket(self, name: str, *, by: Entrance) -> bool:
        """Say whether a bucket of a name exists, in whosever account."""
        s3 = self._sessions(by.profile).client("s3", role=by.role)
        with _translated("looking for the bucket", role=by.role, resource=name):
            try:
                s3.head_bucket(Bucket=name)
            except ClientError as error:
                code = error_code(error)
                if code in _MISSING:
                    return False
                if code != "403":
                    raise
        return True

    def upload(self, bucket: str, key: str, text: str, *, by: Entrance) -> str:
        """Put a template into a bucket and return its URL."""
        sessions = self._sessions(by.profile)

        def once(client: Any) -> None:  # noqa: ANN401 - the stubs of S3 are of no help here
            with _translated("uploading a template to", role=by.role, resource=bucket):
                client.put_object(
                    Bucket=bucket, Key=key, Body=text.encode(), ContentType="application/json"
                )

        sessions.traffic.write(
            lambda: sessions.client("s3", role=by.role, writing=True), once, again=_AGAIN
        )
        return f"https://{bucket}.s3.{sessions.region}.amazonaws.com/{key}"

    @contextmanager
    def _reading(self, what: str, stack: str, by: Entrance) -> Iterator[CloudFormationClient]:
        client = self._sessions(by.profile).client("cloudformation", role=by.role)
        with _translated(what, role=by.role, resource=stack):
            yield client

    def _write(
        self,
        what: str,
        stack: str,
        by: Entrance,
        send: Callable[[CloudFormationClient], None],
        *,
        done: str | None = None,
    ) -> None:
        """Send a write that may be sent again; `done` is the code that says it is so already."""
        sessions = self._sessions(by.profile)

        def prepare() -> CloudFormationClient:
            sessions.traffic.take(account_of(by.role), "cloudformation")
            return sessions.client("cloudformation", role=by.role, writing=True)

        def once(client: CloudFormationClient) -> None:
            with _translated(what, role=by.role, resource=stack, mutating=True):
                try:
                    send(client)
                except ClientError as error:
                    if error_code(error) != done:
                        raise

        sessions.traffic.write(prepare, once, again=_AGAIN)


def _drop(stack: str, change_set: str, client: CloudFormationClient) -> None:
    client.delete_change_set(StackName=stack, ChangeSetName=change_set)


def _change(listed: ChangeTypeDef) -> Change:
    """Read one change of a change set."""
    found = listed.get("ResourceChange", {})
    targets = (each.get("Target", {}) for each in found.get("Details", []))
    names = (each.get("Name") or each.get("Attribute", "") for each in targets)
    return Change(
        action=found.get("Action", ""),
        logical=found.get("LogicalResourceId", ""),
        type=found.get("ResourceType", ""),
        physical=found.get("PhysicalResourceId", ""),
        replacement=found.get("Replacement", "False"),
        retained=found.get("PolicyAction", "") == "Retain",
        properties=tuple(dict.fromkeys(name for name in names if name)),
        before=_properties(found.get("BeforeContext", "")),
        after=_properties(found.get("AfterContext", "")),
    )


def _properties(context: str) -> dict[str, object]:
    """Return the properties in a context of a change, which is JSON."""
    if not context:
        return {}
    found = json.loads(context).get("Properties", {})
    return found if isinstance(found, dict) else {}
