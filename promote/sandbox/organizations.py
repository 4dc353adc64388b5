"""Answer AWS Organizations from moto, behind the checks that moto leaves out.

moto attaches a policy of a type that is not enabled, any number of policies, twice, detaches the
last one, and takes a document of any form and size. Errors and their reasons: Organizations API
reference; how many: "Quotas for AWS Organizations".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from promote.errors import PolicyError
from promote.iam.document import Kind, parse
from promote.iam.quota import QUOTAS
from promote.sandbox.credentials import Caller
from promote.sandbox.dialect import common_error
from promote.sandbox.exchange import Call, Request, Response, ServiceError
from promote.sandbox.organization import FULL_ACCESS, RCP, SCP, OrganizationTree
from promote.sandbox.storage import Storage
from promote.sandbox.validation import checked_params
from promote.sandbox.world import WorldBox

if TYPE_CHECKING:
    from moto.organizations.models import FakePolicy

_KINDS: Final = {SCP: Kind.SCP, RCP: Kind.RCP}
_ATTACHED: Final = {SCP: 10, RCP: 5}
_OK: Final = 200


class OrganizationService:
    """Serves the organisation to its management account."""

    def __init__(self, storage: Storage, tree: OrganizationTree, world: WorldBox) -> None:
        self._storage = storage
        self._tree = tree
        self._world = world
        self._checks: dict[str, Callable[[dict[str, Any]], object]] = {
            "AttachPolicy": self._check_attachment,
            "CreatePolicy": self._check_creation,
            "DeletePolicy": lambda params: self._expect_own(params["PolicyId"]),
            "DetachPolicy": self._check_detachment,
            "DisablePolicyType": self._check_type,
            "EnablePolicyType": self._check_type,
            "ListParents": self._check_child,
            "ListPoliciesForTarget": lambda params: self._expect_target(params["TargetId"]),
            "UpdatePolicy": self._check_update,
        }

    def answer(self, request: Request, call: Call, caller: Caller) -> Response:
        """Carry out a call; writes follow each other, so that checks hold.

        Raises:
            ServiceError: The caller is in another account, or Organizations would refuse.
        """
        management = self._world.current.organization.management
        if caller.account != management and call.operation != "DescribeOrganization":
            text = "You don't have permissions to access this resource."
            raise common_error("access_denied", call.protocol, text)
        params = _valid(call)
        with self._storage.alone():
            check = self._checks.get(call.operation)
            if check is not None:
                check(params)
            response = self._storage.call(request, call, caller.account)
            if response.status == _OK and not call.operation.startswith(("Describe", "List")):
                self._follow(call.operation, params)
                self._tree.refresh()
        return response

    def _follow(self, operation: str, params: dict[str, Any]) -> None:
        """Do what an operation does beside what moto does.

        Organizations user guide, "Disabling a policy type": everything of the type is detached,
        and enabled again it begins with AWS's own policy everywhere.
        """
        if operation == "EnablePolicyType":
            self._tree.attach_full_access(params["PolicyType"])
        elif operation == "DisablePolicyType":
            self._tree.detach_all(params["PolicyType"])

    def _check_type(self, params: dict[str, Any]) -> None:
        _expect_served(params["PolicyType"])

    def _check_creation(self, params: dict[str, Any]) -> None:
        _expect_served(params["Type"])
        _check_content(params["Content"], params["Type"])
        self._expect_new_name(params["Name"], None)

    def _check_update(self, params: dict[str, Any]) -> None:
        policy = self._expect_own(params["PolicyId"])
        if "Content" in params:
            _check_content(params["Content"], policy.type)
        self._expect_new_name(params.get("Name"), policy)

    def _check_attachment(self, params: dict[str, Any]) -> None:
        policy = self._policy(params["PolicyId"])
        target = self._expect_target(params["TargetId"])
        if policy.type not in self._tree.enabled():
            text = "This operation can be performed only for enabled policy types."
            raise ServiceError("PolicyTypeNotEnabledException", text)
        attached = [one for one in target.attached_policies if one.type == policy.type]
        if policy in attached:
            text = "The selected policy is already attached to the specified target."
            raise ServiceError("DuplicatePolicyAttachmentException", text)
        if len(attached) >= _ATTACHED[policy.type]:
            text = "You have attached the maximum number of policies to the specified target."
            raise _violation(text, "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")

    def _check_detachment(self, params: dict[str, Any]) -> None:
        policy = self._policy(params["PolicyId"])
        target = self._expect_target(params["TargetId"])
        attached = [one for one in target.attached_policies if one.type == policy.type]
        if policy not in attached:
            text = "The policy isn't attached to the specified target in the specified root."
            raise ServiceError("PolicyNotAttachedException", text)
        if policy.id == FULL_ACCESS[RCP]:
            text = "You can't detach this AWS Managed Policy."
            raise ServiceError("InvalidInputException", text, reason="NON_DETACHABLE_POLICY")
        if len(attached) == 1:
            text = (
                "You cannot remove the last policy attached to the specified target. "
                "You must have at least one attached at all times."
            )
            raise _violation(text, "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED")

    def _check_child(self, params: dict[str, Any]) -> None:
        if self._tree.target(params["ChildId"]) is None:
            text = "You specified an organizational unit or account that doesn't exist."
            raise ServiceError("ChildNotFoundException", text)

    def _policy(self, policy_id: str) -> FakePolicy:
        """Return a policy that must exist."""
        policy = self._tree.policy(policy_id)
        if policy is None:
            text = "We can't find a policy with the PolicyId that you specified."
            raise ServiceError("PolicyNotFoundException", text)
        return policy

    def _expect_own(self, policy_id: str) -> FakePolicy:
        """Return a policy that must exist and may be changed."""
        policy = self._policy(policy_id)
        if policy.aws_managed:
            text = "You specified a policy that is managed by AWS and can't be modified."
            raise ServiceError("InvalidInputException", text, reason="IMMUTABLE_POLICY")
        return policy

    def _expect_target(self, target_id: str) -> Any:
        """Return a root, unit or account that must exist."""
        target = self._tree.target(target_id)
        if target is None:
            text = "You specified a target that doesn't exist."
            raise ServiceError("TargetNotFoundException", text)
        return target

    def _expect_new_name(self, name: str | None, own: FakePolicy | None) -> None:
        """Raise DuplicatePolicyException if another policy has a name."""
        others = [one for one in self._tree.backend.policies if one is not own]
        if any(one.name == name for one in others):
            text = "A policy with the same name already exists."
            raise ServiceError("DuplicatePolicyException", text)


def _valid(call: Call) -> dict[str, Any]:
    """Return the parameters, checked by botocore's model of the service."""
    try:
        return checked_params("organizations", call.operation, call.params)
    except ServiceError as error:
        if error.code != "ValidationException":
            raise
        raise ServiceError("InvalidInputException", error.message) from error


def _expect_served(kind: str) -> None:
    """Raise NotImplementedException for a type of policies that decides no request."""
    if kind not in _KINDS:
        text = f"The sandbox serves policies of type {' and '.join(_KINDS)}, not {kind}."
        raise ServiceError("NotImplementedException", text, 501)


def _check_content(text: str, kind: str) -> None:
    """Refuse a document that is too large, or that the evaluator cannot decide by."""
    if not QUOTAS[_KINDS[kind]].usage([text]).fits:
        message = "You have exceeded the maximum policy size."
        raise _violation(message, "POLICY_CONTENT_LIMIT_EXCEEDED")
    try:
        parse(text, kind=_KINDS[kind], name="the document")
    except PolicyError as error:
        message = (
            "The provided policy document does not meet the requirements of the specified "
            f"policy type. {error.detail or error.summary}"
        )
        raise ServiceError("MalformedPolicyDocumentException", message) from error


def _violation(text: str, reason: str) -> ServiceError:
    return ServiceError("ConstraintViolationException", text, reason=reason)
