"""The organisation's tree and policies, through AWS Organizations.

It is a global service with one endpoint, which botocore finds whatever the Region. Only the
management account, or one that the policies are delegated to, may call it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError

from promote.aws.sessions import Sessions, account_of
from promote.aws.translation import error_code, translated
from promote.core.guardrails.organization import AWS_OWN, ControlPolicy, ControlType
from promote.errors import LostResponseError, ThrottledError, TryAgainError
from promote.ports.organization import Root

if TYPE_CHECKING:
    from types_boto3_organizations import OrganizationsClient
    from types_boto3_organizations.type_defs import PolicySummaryTypeDef

_ENABLED = "ENABLED"
_DENIED = (
    "To see what the role that manages the guardrails must be allowed:\n"
    "    promote policy render --kind guardrails"
)

_OTHERWISE = "To compare the organisation with promote.yaml:\n    promote guardrail check"
_translated = partial(translated, denied=_DENIED, otherwise=_OTHERWISE)

_Answer = TypeVar("_Answer")


class AwsOrganization:
    """The `promote.ports.organization.Organization` of AWS; safe for use by many threads."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def root(self, *, role: str | None) -> Root:
        """Return the organisation's root."""
        with self._reading("ListRoots", "reading", "the organisation", role) as client:
            found = client.describe_organization()["Organization"]
            pages = client.get_paginator("list_roots").paginate()
            root = next(each for page in pages for each in page["Roots"])
        enabled = {each["Type"] for each in root["PolicyTypes"] if each["Status"] == _ENABLED}
        return Root(
            organization=found["Id"],
            management=found["MasterAccountId"],
            root=root["Id"],
            enabled=frozenset(kind for kind in ControlType if kind.value in enabled),
        )

    def parent(self, member: str, *, role: str | None) -> str | None:
        """Return what an account or unit lies in; None when the organisation has no such member."""
        with self._reading("ListParents", "looking for the parent of", member, role) as client:
            try:
                found = client.list_parents(ChildId=member)["Parents"]
            except ClientError as error:
                if error_code(error) == "ChildNotFoundException":
                    return None
                raise
        return found[0]["Id"] if found else None

    def attached(
        self, holder: str, kind: ControlType, *, role: str | None
    ) -> tuple[ControlPolicy, ...]:
        """Return the policies of a type that are attached to one root, unit or account."""
        what = f"listing the {kind.short}s of"
        with self._reading("ListPoliciesForTarget", what, holder, role) as client:
            pages = client.get_paginator("list_policies_for_target").paginate(
                TargetId=holder, Filter=kind.value
            )
            found = [each for page in pages for each in page["Policies"]]
        read = (self._read(each, kind, role) for each in found)
        return tuple(policy for policy in read if policy is not None)

    def named(self, kind: ControlType, name: str, *, role: str | None) -> ControlPolicy | None:
        """Return the policy of a type and a name, or None."""
        what = f"looking for the {kind.short}"
        with self._reading("ListPolicies", what, name, role) as client:
            pages = client.get_paginator("list_policies").paginate(Filter=kind.value)
            found = next(
                (each for page in pages for each in page["Policies"] if each["Name"] == name), None
            )
        return None if found is None else self._read(found, kind, role)

    def policy(self, policy: str, *, role: str | None) -> ControlPolicy | None:
        """Return a policy by its id as it is now, or None when it is gone."""
        with self._reading("DescribePolicy", "reading the policy", policy, role) as client:
            try:
                found = client.describe_policy(PolicyId=policy)["Policy"]
            except ClientError as error:
                if error_code(error) == "PolicyNotFoundException":
                    return None
                raise
        summary = found["PolicySummary"]
        return ControlPolicy(
            id=summary["Id"],
            name=summary["Name"],
            type=ControlType(summary["Type"]),
            description=summary.get("Description", ""),
            content=found["Content"],
        )

    def holders(self, policy: str, *, role: str | None) -> frozenset[str]:
        """Return the ids of everything that a policy is attached to."""
        what = "listing what is governed by"
        with self._reading("ListTargetsForPolicy", what, policy, role) as client:
            pages = client.get_paginator("list_targets_for_policy").paginate(PolicyId=policy)
            return frozenset(each["TargetId"] for page in pages for each in page["Targets"])

    def enable(self, kind: ControlType, root: str, *, role: str | None) -> None:
        """Ask for a type to be enabled; one that is enabled stays so."""

        def send(client: OrganizationsClient) -> None:
            client.enable_policy_type(RootId=root, PolicyType=kind.value)

        self._write(
            "EnablePolicyType",
            f"enabling {kind.short}s in",
            root,
            role,
            send,
            done="PolicyTypeAlreadyEnabledException",
        )

    def create(self, policy: ControlPolicy, *, role: str | None) -> str:
        """Create a policy and return its id.

        Raises:
            StalePlanError: There is one of that name by now.
            LostResponseError: The outcome is unknown; look for it by its name.
        """

        def send(client: OrganizationsClient) -> str:
            answer = client.create_policy(
                Name=policy.name,
                Type=policy.type.value,
                Description=policy.description,
                Content=policy.content,
            )
            return answer["Policy"]["PolicySummary"]["Id"]

        return self._sent(
            "CreatePolicy", "creating the policy", policy.name, role, send, again=(ThrottledError,)
        )

    def update(self, policy: str, content: str, *, role: str | None) -> None:
        """Replace what a policy says; Organizations has no compare-and-set."""

        def send(client: OrganizationsClient) -> None:
            client.update_policy(PolicyId=policy, Content=content)

        self._write("UpdatePolicy", "updating the policy", policy, role, send)

    def attach(self, policy: str, target: str, *, role: str | None) -> None:
        """Attach a policy; one that is attached stays so."""

        def send(client: OrganizationsClient) -> None:
            client.attach_policy(PolicyId=policy, TargetId=target)

        done = "DuplicatePolicyAttachmentException"
        self._write("AttachPolicy", f"attaching {policy} to", target, role, send, done=done)

    def detach(self, policy: str, target: str, *, role: str | None) -> None:
        """Detach a policy; one that is not attached stays so."""

        def send(client: OrganizationsClient) -> None:
            client.detach_policy(PolicyId=policy, TargetId=target)

        done = "PolicyNotAttachedException"
        self._write("DetachPolicy", f"detaching {policy} from", target, role, send, done=done)

    def delete(self, policy: str, *, role: str | None) -> None:
        """Delete a policy; one that is gone stays so."""

        def send(client: OrganizationsClient) -> None:
            client.delete_policy(PolicyId=policy)

        done = "PolicyNotFoundException"
        self._write("DeletePolicy", "deleting the policy", policy, role, send, done=done)

    @contextmanager
    def _reading(
        self, api: str, what: str, resource: str, role: str | None
    ) -> Iterator[OrganizationsClient]:
        """Wait for a turn, and give the client to read with."""
        client = self._sessions.client("organizations", role=role)
        self._sessions.traffic.take(account_of(role), f"organizations:{api}")
        with _translated(what, role=role, resource=resource):
            yield client

    def _read(
        self, summary: PolicySummaryTypeDef, kind: ControlType, role: str | None
    ) -> ControlPolicy | None:
        """Read a listed policy; what AWS's own say is documented, so nobody needs to ask."""
        own = AWS_OWN[kind]
        return own if summary["Id"] == own.id else self.policy(summary["Id"], role=role)

    def _write(
        self,
        api: str,
        what: str,
        resource: str,
        role: str | None,
        send: Callable[[OrganizationsClient], None],
        *,
        done: str | None = None,
    ) -> None:
        """Send a write that may be sent again; `done` is the code that says it is so already."""

        def tolerant(client: OrganizationsClient) -> None:
            try:
                send(client)
            except ClientError as error:
                if error_code(error) != done:
                    raise

        self._sent(api, what, resource, role, tolerant, again=(ThrottledError, LostResponseError))

    def _sent(
        self,
        api: str,
        what: str,
        resource: str,
        role: str | None,
        send: Callable[[OrganizationsClient], _Answer],
        *,
        again: tuple[type[TryAgainError], ...],
    ) -> _Answer:
        def prepare() -> OrganizationsClient:
            self._sessions.traffic.take(account_of(role), f"organizations:{api}")
            return self._sessions.client("organizations", role=role, writing=True)

        def once(client: OrganizationsClient) -> _Answer:
            with _translated(what, role=role, resource=resource, mutating=True):
                return send(client)

        return self._sessions.traffic.write(prepare, once, again=again)
