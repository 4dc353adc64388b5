"""Map every operation to the IAM actions and resources that it needs.

Reference: Service Authorization Reference, pages of each service. An operation that is not in
these tables is denied.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from promote.arn import parse_arn
from promote.sandbox.alarms import alarm_needs
from promote.sandbox.bucket_encryption import BucketEncryption
from promote.sandbox.build_operations import build_needs
from promote.sandbox.credentials import Caller
from promote.sandbox.dialect import common_error
from promote.sandbox.encryption_keys import EncryptionKeys
from promote.sandbox.exchange import Call, Need
from promote.sandbox.formation.needs import formation_needs
from promote.sandbox.formation.stacks import Stacks
from promote.sandbox.iam_operations import iam_needs
from promote.sandbox.organization import OrganizationTree
from promote.sandbox.organization_operations import organization_needs
from promote.sandbox.pipeline_operations import pipeline_needs
from promote.sandbox.principals import Directory
from promote.sandbox.s3_requests import s3_needs
from promote.sandbox.signing_keys import SigningKeys
from promote.sandbox.storage import Storage
from promote.sandbox.supporting import SERVICES, supporting_needs
from promote.sandbox.world import WorldBox

# Service Authorization Reference for Rekognition: "all listed resources required".
REKOGNITION: Final = {
    "CreateProject": None,
    "CreateProjectVersion": "ProjectArn",
    "DeleteProject": "ProjectArn",
    "DeleteProjectVersion": "ProjectVersionArn",
    "DescribeProjectVersions": "ProjectArn",
    "DescribeProjects": None,
    "DetectCustomLabels": "ProjectVersionArn",
    "ListTagsForResource": "ResourceArn",
    "StartProjectVersion": "ProjectVersionArn",
    "StopProjectVersion": "ProjectVersionArn",
    "TagResource": "ResourceArn",
    "UntagResource": "ResourceArn",
}
PARAMETERS: Final = {
    "DeleteParameter": "Name",
    "DeleteParameters": "Names",
    "DescribeParameters": None,
    "GetParameter": "Name",
    "GetParameterHistory": "Name",
    "GetParameters": "Names",
    "GetParametersByPath": "Path",
    "LabelParameterVersion": "Name",
    "PutParameter": "Name",
    "UnlabelParameterVersion": "Name",
    "AddTagsToResource": "ResourceId",
    "ListTagsForResource": "ResourceId",
    "RemoveTagsFromResource": "ResourceId",
}
# Operations of STS that need no permission, or are decided where they are carried out.
STS: Final = frozenset({"AssumeRole", "GetCallerIdentity"})


class OperationTable:
    """Says what a call needs to be allowed."""

    def __init__(
        self,
        storage: Storage,
        directory: Directory,
        tree: OrganizationTree,
        world: WorldBox,
        keys: SigningKeys,
        *,
        made_keys: EncryptionKeys,
        stacks: Stacks,
    ) -> None:
        self._storage = storage
        self._encryption = BucketEncryption(storage, made_keys)
        self._services: dict[str, Callable[[Call, Caller], list[Need] | None]] = {
            "rekognition": lambda call, _: _rekognition_needs(call),
            "ssm": _ssm_needs,
            "cloudwatch": alarm_needs,
            "organizations": lambda call, _: organization_needs(call, tree, world),
            "iam": lambda call, caller: iam_needs(call, caller, directory),
            "sts": lambda call, _: [] if call.operation in STS else None,
            "s3": lambda call, caller: [
                *self._s3_needs(call),
                *self._encryption.needs(call, caller),
            ],
            "kms": lambda call, caller: (
                keys.needs(call) if keys.holds(call) else made_keys.needs(call, caller)
            ),
            "cloudformation": lambda call, caller: formation_needs(call, caller, stacks),
            "codebuild": build_needs,
            "codepipeline": pipeline_needs,
            **dict.fromkeys(SERVICES, supporting_needs),
        }

    def needs(self, call: Call, caller: Caller) -> list[Need]:
        """Return the permissions that a call needs.

        Raises:
            ServiceError: The operation has no mapping here, so it is denied.
        """
        found = self._services[call.service](call, caller)
        if found is None:
            text = (
                f"User: {caller.arn} is not authorized to perform: {call.name}: "
                f"the sandbox has no mapping from this operation to IAM actions"
            )
            raise common_error("access_denied", call.protocol, text)
        return found

    def _s3_needs(self, call: Call) -> list[Need]:
        """Return the needs of an S3 call, each with the account that owns its bucket."""
        needs = s3_needs(call.operation, call.params)
        if call.operation == "CreateBucket":
            return needs  # a name that is taken is told as such
        return [self._of_owner(need) for need in needs]

    def _of_owner(self, need: Need) -> Need:
        """Return a need of S3 with the account that owns its bucket."""
        owner = self._bucket_owner(need.resource)
        keys = {} if owner is None else {"s3:ResourceAccount": owner}
        return Need(need.action, need.resource, {**need.context, **keys}, owner)

    def _bucket_owner(self, resource: str) -> str | None:
        """Return the owner of the bucket in an S3 ARN, if there is such a bucket."""
        if resource == "*":
            return None
        return self._storage.bucket_owner(parse_arn(resource).resource.partition("/")[0])


def text_param(call: Call, name: str) -> str:
    """Return a parameter that decides about the resource.

    Raises:
        ServiceError: It is missing or no text.
    """
    value = call.params.get(name)
    if not isinstance(value, str) or not value:
        text = (
            f"1 validation error detected: Value null at '{name[:1].lower()}{name[1:]}' failed to "
            "satisfy constraint: Member must not be null"
        )
        raise common_error("validation", call.protocol, text)
    return value


def _rekognition_needs(call: Call) -> list[Need] | None:
    """Return the needs of a Custom Labels call."""
    if call.operation not in REKOGNITION:
        return None
    name = REKOGNITION[call.operation]
    resource = "*" if name is None else text_param(call, name)
    tags = call.params.get("Tags") or {}
    context = _request_tags(tags) if isinstance(tags, dict) else {}
    return [Need(f"rekognition:{call.operation}", resource, context)]


def _ssm_needs(call: Call, caller: Caller) -> list[Need] | None:
    """Return the needs of a Parameter Store call."""
    if call.operation not in PARAMETERS:
        return None
    key = PARAMETERS[call.operation]
    if key is None:
        return [Need(f"ssm:{call.operation}", "*")]
    names = call.params.get("Names") if key == "Names" else [text_param(call, key)]
    if not isinstance(names, list) or not names:
        raise common_error("validation", call.protocol, "Names must name at least one parameter.")
    context: dict[str, str | tuple[str, ...]] = {}
    if call.operation == "PutParameter":
        context["ssm:Overwrite"] = "true" if call.params.get("Overwrite") else "false"
    arns = [_parameter_arn(str(name), call.region, caller.account) for name in names]
    needs = [Need(f"ssm:{call.operation}", arn, context) for arn in arns]
    if call.operation == "PutParameter" and call.params.get("Tags"):
        needs += [Need("ssm:AddTagsToResource", arn) for arn in arns]
    return needs


def _parameter_arn(name: str, region: str, account: str) -> str:
    """Return the ARN of a parameter given by name or ARN, without label or version."""
    stem = f"arn:aws:ssm:{region}:{account}:parameter"
    if name.startswith("arn:"):
        try:
            arn = parse_arn(name)
        except ValueError:
            return name
        stem = f"arn:{arn.partition}:ssm:{arn.region}:{arn.account}:parameter"
        name = arn.resource.removeprefix("parameter")
    plain = name.partition(":")[0]
    return f"{stem}/{plain.lstrip('/')}"


def _request_tags(tags: dict[str, str]) -> dict[str, str | tuple[str, ...]]:
    """Return the condition keys for tags that a request carries."""
    if not tags:
        return {}
    pairs = {f"aws:RequestTag/{key}": str(value) for key, value in tags.items()}
    return {**pairs, "aws:TagKeys": tuple(tags)}
