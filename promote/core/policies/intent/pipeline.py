"""What the policies of the pipelines' roles in the CI/CD account must say."""

from __future__ import annotations

from promote.core.policies.intent.building import (
    Context,
    allow,
    condition,
    service,
    texts,
)
from promote.core.policies.intent.roles import ASSUME, Statements
from promote.iam.elements import Statement

_READ = ("s3:GetObject", "s3:GetObjectVersion")
# What AWS's own policy for builds of a pipeline has (CodeBuild user guide, "Create a CodeBuild
# service role"): the service looks up the bucket before it uses it.
_FIND = ("s3:GetBucketAcl", "s3:GetBucketLocation")
_REPORT = ("codebuild:BatchPutTestCases", "codebuild:CreateReport", "codebuild:UpdateReport")
_KEEP = ("s3:DeleteObject", "s3:GetObject", "s3:PutObject")


def pipeline(context: Context) -> Statements:
    """Fetch the request, hand on artifacts, start its own projects, tell that it waits."""
    artifacts = texts(context, "artifacts")
    return (
        allow(_READ, on=texts(context, "request")),
        allow([*_READ, "s3:PutObject"], on=artifacts),
        allow([*_FIND, "s3:GetBucketVersioning"], on=texts(context, "bucket")),
        _key(context),
        allow(["codebuild:BatchGetBuilds", "codebuild:StartBuild"], on=texts(context, "projects")),
        allow(["sns:Publish"], on=texts(context, "topic")),
    )


def validate(context: Context) -> Statements:
    """Write its log and read the request, nothing else: it works offline."""
    return (_log(context), *_artifacts(context))


def plan(context: Context) -> Statements:
    """Become readers, read the model's part of the ledger, leave the plan as an artifact."""
    return (
        _log(context),
        *_artifacts(context, "s3:PutObject"),
        *_readers(context),
        *_ledger(context, ("s3:GetObject",)),
    )


def promote(context: Context) -> Statements:
    """Become all that changes one environment, keep the ledger, read who approved."""
    signing = texts(context, "signing_key")
    raw = (
        *condition("StringEquals", "kms:MessageType", ["RAW"]),
        *condition("StringEquals", "kms:SigningAlgorithm", texts(context, "algorithm")),
    )
    execution = ("codepipeline:GetPipelineExecution", "codepipeline:ListActionExecutions")
    return (
        _log(context),
        allow(_REPORT, on=texts(context, "report_group")),
        *_artifacts(context),
        *_readers(context),
        allow([ASSUME], on=texts(context, "operators")),
        _hands(context),
        *_ledger(context, _KEEP),
        *((allow(["kms:Sign"], on=signing, when=raw),) if signing else ()),
        *_images(context),
        allow(execution, on=texts(context, "pipeline")),
    )


def verify(context: Context) -> Statements:
    """Read, stand where the applications stand, note how it went; from a VPC if there is one."""
    return (
        _log(context),
        allow(_REPORT, on=texts(context, "report_group")),
        *_artifacts(context),
        *_readers(context),
        _hands(context),
        *_ledger(context, _KEEP),
        *_images(context),
        *_network(context),
    )


def retire(context: Context) -> Statements:
    """Become what revokes and stops, in every environment, and what proves the denial."""
    return (
        _log(context),
        *_artifacts(context, request=True),
        *_readers(context),
        allow([ASSUME], on=texts(context, "operators")),
        _hands(context),
        *_ledger(context, _KEEP),
    )


def events(context: Context) -> Statements:
    """Start the one project."""
    return (allow(["codebuild:StartBuild"], on=texts(context, "project")),)


def approver(context: Context) -> Statements:
    """Answer these approvals, and see what is asked for."""
    looks = (
        "GetPipeline",
        "GetPipelineExecution",
        "GetPipelineState",
        "ListActionExecutions",
        "ListPipelineExecutions",
    )
    return (
        allow(["codepipeline:PutApprovalResult"], on=texts(context, "approvals")),
        allow([f"codepipeline:{each}" for each in looks], on=texts(context, "pipeline")),
    )


def service_trust(context: Context) -> Statements:
    """Be assumed by the service, on behalf of these resources of this account alone."""
    (name,) = texts(context, "service")
    ours = (
        *condition("StringEquals", "aws:SourceAccount", texts(context, "account")),
        *condition("ArnEquals", "aws:SourceArn", texts(context, "sources")),
    )
    return (allow([ASSUME], by=service(name), when=ours),)


def _log(context: Context) -> Statement:
    return allow(["logs:CreateLogStream", "logs:PutLogEvents"], on=texts(context, "logs"))


def _artifacts(context: Context, *more: str, request: bool = False) -> Statements:
    fetched = (allow(_READ, on=texts(context, "request")),) if request else ()
    return (
        *fetched,
        allow([*_READ, *more], on=texts(context, "artifacts")),
        allow(_FIND, on=texts(context, "bucket")),
        _key(context),
    )


def _key(context: Context) -> Statement:
    through = condition("StringEquals", "kms:ViaService", texts(context, "storage"))
    return allow(["kms:Decrypt", "kms:GenerateDataKey"], on=texts(context, "key"), when=through)


def _readers(context: Context) -> Statements:
    return (
        allow([ASSUME], on=texts(context, "ml_readers")),
        _become(context, "readers", "accounts"),
    )


def _hands(context: Context) -> Statement:
    return _become(context, "target_roles", "target_accounts")


def _become(context: Context, roles: str, accounts: str) -> Statement:
    """Become roles by name: of the listed accounts, or where none are of the organisation's."""
    listed = texts(context, accounts)
    within = (
        condition("StringEquals", "aws:ResourceAccount", listed)
        if listed
        else condition("StringEquals", "aws:ResourceOrgID", texts(context, "organization"))
    )
    return allow([ASSUME], on=texts(context, roles), when=within)


def _ledger(context: Context, actions: tuple[str, ...]) -> Statements:
    there = condition("StringLike", "s3:prefix", texts(context, "ledger_prefix"))
    return (
        allow(actions, on=texts(context, "ledger_objects")),
        allow(["s3:ListBucket"], on=texts(context, "ledger"), when=there),
    )


def _images(context: Context) -> Statements:
    images = texts(context, "images")
    if not images:
        return ()
    there = condition("StringLike", "s3:prefix", texts(context, "image_prefixes"))
    return (
        allow(["s3:GetObject"], on=images),
        allow(["s3:ListBucket"], on=texts(context, "image_buckets"), when=there),
    )


def _network(context: Context) -> Statements:
    """Make and delete a network interface, for builds, in these subnets.

    CodeBuild user guide, "Allow CodeBuild access to AWS services required to create a VPC network
    interface".
    """
    subnets = texts(context, "subnets")
    if not subnets:
        return ()
    actions = (
        "CreateNetworkInterface",
        "DeleteNetworkInterface",
        "DescribeDhcpOptions",
        "DescribeNetworkInterfaces",
        "DescribeSecurityGroups",
        "DescribeSubnets",
        "DescribeVpcs",
    )
    for_builds = (
        *condition("StringEquals", "ec2:AuthorizedService", ["codebuild.amazonaws.com"]),
        *condition("ArnEquals", "ec2:Subnet", subnets),
    )
    return (
        allow([f"ec2:{each}" for each in actions], on=["*"]),
        allow(
            ["ec2:CreateNetworkInterfacePermission"],
            on=texts(context, "interfaces"),
            when=for_builds,
        ),
    )
