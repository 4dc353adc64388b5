"""The policies of the access roles, through IAM."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from botocore.exceptions import ClientError

from promote.arn import parse_arn
from promote.aws.sessions import Sessions, account_of
from promote.aws.translation import error_code, translated
from promote.core.observation import AccessRoleState, Json
from promote.errors import FailedError, LostResponseError, NotFoundError, ThrottledError

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_iam import IAMClient

_MISSING = "NoSuchEntity"
# Documents are replaced whole, so what may have been carried out may be sent again.
_AGAIN = (ThrottledError, LostResponseError)


class IamAccessRoles:
    """The `promote.ports.AccessRoles` of IAM; safe for use by many threads."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def read(self, role_arn: str, *, role: str | None) -> AccessRoleState | None:
        """Return the access role with every policy on it, or None when it does not exist.

        Raises:
            NotFoundError: The role exists, but under another path or in another account.
        """
        iam = self._sessions.client("iam", role=role)
        name = parse_arn(role_arn).name
        with translated("reading the access role", role=role, resource=role_arn):
            try:
                found = iam.get_role(RoleName=name)["Role"]
            except ClientError as error:
                if error_code(error) == _MISSING:
                    return None
                raise
            _must_be(role_arn, found["Arn"])
            return AccessRoleState(
                arn=role_arn,
                trust=_document(found["AssumeRolePolicyDocument"]),
                inline=_inline(iam, name),
                attached=_attached(iam, name),
            )

    def policy(self, role_arn: str, name: str, *, role: str | None) -> Json | None:
        """Return one inline policy as it is now, or None."""
        iam = self._sessions.client("iam", role=role)
        with translated(f"reading the policy {name} of", role=role, resource=role_arn):
            return _inline_policy(iam, parse_arn(role_arn).name, name)

    def put(self, role_arn: str, name: str, document: Json, *, role: str | None) -> None:
        """Write one inline policy whole; IAM has no compare-and-set.

        Raises:
            QuotaError: The role's inline policies would exceed their aggregate size.
            LostResponseError: No answer came, several times; read the policy and decide.
        """
        text = json.dumps(document, separators=(",", ":"))

        def send(iam: IAMClient) -> None:
            iam.put_role_policy(
                RoleName=parse_arn(role_arn).name, PolicyName=name, PolicyDocument=text
            )

        self._write("PutRolePolicy", f"writing the policy {name} of", role_arn, role, send)

    def remove(self, role_arn: str, policy: str, *, role: str | None) -> None:
        """Delete an inline policy by its name, or detach a managed one by its ARN.

        One that is not there is gone already, which is what was asked.
        """
        name = parse_arn(role_arn).name

        def send(iam: IAMClient) -> None:
            try:
                if managed:
                    iam.detach_role_policy(RoleName=name, PolicyArn=policy)
                else:
                    iam.delete_role_policy(RoleName=name, PolicyName=policy)
            except ClientError as error:
                if error_code(error) != _MISSING:
                    raise

        managed = policy.startswith("arn:")
        api = "DetachRolePolicy" if managed else "DeleteRolePolicy"
        self._write(api, f"removing the policy {policy} of", role_arn, role, send)

    def _write(
        self,
        api: str,
        what: str,
        role_arn: str,
        role: str | None,
        send: Callable[[IAMClient], None],
    ) -> None:
        def prepare() -> IAMClient:
            self._sessions.traffic.take(account_of(role), f"iam:{api}")
            return self._sessions.client("iam", role=role, writing=True)

        def once(iam: IAMClient) -> None:
            with translated(what, role=role, resource=role_arn, mutating=True):
                send(iam)

        self._sessions.traffic.write(prepare, once, again=_AGAIN)


def _inline(iam: IAMClient, role_name: str) -> dict[str, Json]:
    pages = iam.get_paginator("list_role_policies").paginate(RoleName=role_name)
    names = [name for page in pages for name in page["PolicyNames"]]
    read = {name: _inline_policy(iam, role_name, name) for name in names}
    return {name: document for name, document in read.items() if document is not None}


def _inline_policy(iam: IAMClient, role_name: str, name: str) -> Json | None:
    try:
        answer = iam.get_role_policy(RoleName=role_name, PolicyName=name)
    except ClientError as error:
        if error_code(error) == _MISSING:
            return None
        raise
    return _document(answer["PolicyDocument"])


def _attached(iam: IAMClient, role_name: str) -> dict[str, Json]:
    pages = iam.get_paginator("list_attached_role_policies").paginate(RoleName=role_name)
    arns = [policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]]
    return {arn: _managed_policy(iam, arn) for arn in arns}


def _managed_policy(iam: IAMClient, arn: str) -> Json:
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    answer = iam.get_policy_version(PolicyArn=arn, VersionId=version)
    return _document(answer["PolicyVersion"]["Document"])


def _document(value: object) -> Json:
    """Read a document, which botocore decodes where it can and hands on as text where not."""
    try:
        decoded = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        decoded = None
    if not isinstance(decoded, Mapping):
        raise FailedError("IAM's answer is not a policy document", f"It answered {value!r}.")
    return cast("Json", decoded)


def _must_be(wanted: str, found: str) -> None:
    """Hold that the role found by its name is the one meant; GetRole knows no path."""
    if found == wanted:
        return
    raise NotFoundError(
        "The access role has another ARN",
        f"promote.yaml means {wanted}, but the role of that name is {found}.",
        "Write the path or the whole ARN into access_role, then:\n    promote doctor",
    )
