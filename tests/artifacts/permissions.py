"""Which command needs which permission: the tables of what the templates grant or deny, and why.

A template speaks of exactly the actions of its row (`test_policies.py`). In `PERMISSIONS` each is
there for the command beside it, which fails in the sandbox when the action is taken away, and only
then (`test_minimal_permissions.py`). What is in `PROTECTIONS` no promotion needs, or only one with
its ledger in S3: each action has its reason, and requests that show it in `test_protections.py`
(those of the ledger in `tests/functional/test_promotion_s3_ledger.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Given(StrEnum):
    """The world in which a command is run, as the end of "needed where …"."""

    SEEDED = ""
    """As `promote sandbox up` makes it: v1 is live, v2 is trained."""
    ATTACHED = "a managed policy is attached to the access role"
    FOREIGN_MANAGED = "a managed policy on the access role allows every version"
    FOREIGN_INLINE = "another inline policy on the access role allows every version"
    ORPHAN = "v2 runs for nobody"
    INTERRUPTED = "the first promotion ever was interrupted after its switch"
    GUARDED = "the guardrails are applied"
    GUARDED_LESS = "the guardrails applied exempt a role too many"
    WITHOUT_RCPS = "RCPs are not enabled"
    ASKED = "gates ask about the evaluation, labels and alarms"


@dataclass(frozen=True, slots=True)
class Need:
    """The command that an action is there for."""

    command: str
    given: Given = Given.SEEDED


PLAN = Need("promote plan tools v2 --to qa")
RELEASE = Need("promote release tools v2 --to qa --yes")
VERIFY = Need("promote verify tools --environment qa")
ADOPT = f"{RELEASE.command} --adopt"
GUARD = "promote guardrail apply --yes"
CHECK = Need("promote guardrail check", Given.GUARDED)
DETACH = Need("promote guardrail detach --delete --yes", Given.GUARDED)

PERMISSIONS: dict[str, dict[str, Need]] = {
    "access-role": {"rekognition:DetectCustomLabels": RELEASE},
    "access-role-trust": {"sts:AssumeRole": RELEASE},
    # Run as the application's role in the target account.
    "consumer": {
        "ssm:GetParameter": Need("aws ssm get-parameter --name /models/tools/version-arn"),
        "sts:AssumeRole": Need(
            "aws sts assume-role --role-arn arn:aws:iam::222222222222:role/tools-qa"
            " --external-id tools --role-session-name storefront"
        ),
    },
    "deployer": {
        # There was no pointer before: to put it back is to delete it.
        "ssm:DeleteParameter": Need("promote abort tools --yes", Given.INTERRUPTED),
        "ssm:PutParameter": RELEASE,
    },
    "guardrails": {
        "organizations:AttachPolicy": Need(GUARD),
        "organizations:CreatePolicy": Need(GUARD),
        "organizations:DeletePolicy": DETACH,
        "organizations:DescribeOrganization": CHECK,
        "organizations:DescribePolicy": CHECK,
        "organizations:DetachPolicy": DETACH,
        "organizations:EnablePolicyType": Need(GUARD, Given.WITHOUT_RCPS),
        "organizations:ListParents": CHECK,
        "organizations:ListPolicies": CHECK,
        "organizations:ListPoliciesForTarget": CHECK,
        "organizations:ListRoots": CHECK,
        "organizations:ListTargetsForPolicy": CHECK,
        "organizations:UpdatePolicy": Need(GUARD, Given.GUARDED_LESS),
    },
    "operator": {
        "iam:DeleteRolePolicy": Need(ADOPT, Given.FOREIGN_INLINE),
        "iam:DetachRolePolicy": Need(ADOPT, Given.FOREIGN_MANAGED),
        "iam:PutRolePolicy": RELEASE,
        "rekognition:StartProjectVersion": RELEASE,
        "rekognition:StopProjectVersion": Need(
            "promote version stop tools v2 --yes --force", Given.ORPHAN
        ),
    },
    "reader-ml": {
        "cloudwatch:DescribeAlarms": Need(RELEASE.command, Given.ASKED),
        "iam:GetPolicy": Need(PLAN.command, Given.ATTACHED),
        "iam:GetPolicyVersion": Need(PLAN.command, Given.ATTACHED),
        "iam:GetRole": PLAN,
        "iam:GetRolePolicy": PLAN,
        "iam:ListAttachedRolePolicies": PLAN,
        "iam:ListRolePolicies": PLAN,
        "rekognition:DescribeProjectVersions": PLAN,
        "rekognition:DescribeProjects": PLAN,
        "s3:GetObject": Need(PLAN.command, Given.ASKED),
    },
    "reader-target": {
        "cloudwatch:DescribeAlarms": Need(RELEASE.command, Given.ASKED),
        "ssm:GetParameter": RELEASE,
        "ssm:GetParameterHistory": PLAN,
    },
    "role-trust": {"sts:AssumeRole": PLAN},
    "smoke": {
        "ssm:GetParameter": VERIFY,
        "sts:AssumeRole": VERIFY,
    },
}
"""By kind of template and by action: a command that fails without the action."""

_TRAINING = "training reads images and manifests with the trainer's permissions"
_READING = "Custom Labels read images and manifests by itself before"
_MAKING = "models are made by those who train"

PROTECTIONS: dict[str, dict[str, str]] = {
    "boundary": {"rekognition:DetectCustomLabels": "it is what an access role is there for"},
    "data-lake-bucket": {
        "s3:GetBucketAcl": _READING,
        "s3:GetBucketLocation": _READING,
        "s3:GetObject": _READING,
        "s3:GetObjectAcl": _READING,
        "s3:GetObjectTagging": _READING,
        "s3:GetObjectVersion": _READING,
        "s3:ListBucket": _TRAINING,
        "s3:PutObject": "training writes its results and manifests",
    },
    "data-lake-key": {
        "kms:Decrypt": _TRAINING,
        "kms:GenerateDataKey": "training writes its results and manifests",
    },
    "ledger": {
        "s3:*": "nothing passes in the clear",
        "s3:DeleteObject": "the lock is given back",
        "s3:DeleteObject*": "nobody takes away what another said of a plan",
        "s3:GetObject": "the lock and the records are read, and compared when they are written",
        "s3:ListBucket": "the records are listed",
        "s3:PutObject": "the lock and the records are written",
        "s3:PutObject*": "nobody says something of a plan, or changes it, in another's name",
        "s3:Replicate*": "replication writes and deletes objects by actions of its own",
        "s3:UpdateObject*": "what another said stays readable",
    },
    "records-key": {"kms:Sign": "the end of each promotion is signed"},
    "project-policy": {"rekognition:CopyProjectVersion": "the one action that AWS supports there"},
    "rcp": {
        "sts:AssumeRole": "applications become access roles by it",
        "sts:AssumeRoleWithSAML": "nobody becomes an access role by it",
        "sts:AssumeRoleWithWebIdentity": "nobody becomes an access role by it",
    },
    "rekognition-endpoint": {"rekognition:DetectCustomLabels": "applications call it"},
    "scp": {
        "rekognition:CopyProjectVersion": _MAKING,
        "rekognition:CreateProject": _MAKING,
        "rekognition:CreateProjectVersion": _MAKING,
        "rekognition:DeleteProject": _MAKING,
        "rekognition:DeleteProjectPolicy": "who may copy versions is for those who train to say",
        "rekognition:DeleteProjectVersion": _MAKING,
        "rekognition:PutProjectPolicy": "who may copy versions is for those who train to say",
        "rekognition:StartProjectVersion": "what runs is paid for by the hour",
        "rekognition:StopProjectVersion": "what is stopped answers no application",
    },
    "sts-endpoint": {"sts:AssumeRole": "applications become access roles by it"},
}
"""By kind of template and by action: why it is allowed, or denied (``scp``, ``rcp``, and with an
asterisk in ``ledger``)."""


_LOGGING = "builds write their logs"
_REPORTING = "builds hand in their JUnit reports"
_ARTIFACTS = "the request and plans are handed on from stage to stage"
_LOOKED_UP = "CodeBuild and CodePipeline look the bucket up, as in the policies that AWS makes"
_ENCRYPTED = "artifacts are encrypted"
_BECOMING = "the roles of its stage are assumed"
_BUILD = {
    "kms:Decrypt": _ENCRYPTED,
    "kms:GenerateDataKey": _ENCRYPTED,
    "logs:CreateLogStream": _LOGGING,
    "logs:PutLogEvents": _LOGGING,
    "s3:GetBucketAcl": _LOOKED_UP,
    "s3:GetBucketLocation": _LOOKED_UP,
    "s3:GetObject": _ARTIFACTS,
    "s3:GetObjectVersion": _ARTIFACTS,
}
_REPORTED = {
    "codebuild:BatchPutTestCases": _REPORTING,
    "codebuild:CreateReport": _REPORTING,
    "codebuild:UpdateReport": _REPORTING,
}
_KEPT = {
    "s3:DeleteObject": "the lock is given back",
    "s3:ListBucket": "the records of the ledger are listed",
    "s3:PutObject": "the lock and the records are written",
}
_NETWORK = "CodeBuild makes a network interface in the VPC, and deletes it"
_LOOKING = "who approves sees what is asked for"
_TLS = "nothing passes in the clear, nobody of another account comes in"
_LOGS_ENCRYPTED = "CloudWatch Logs encrypts what builds write"

PIPELINE: dict[str, dict[str, str]] = {
    "approver": {
        "codepipeline:GetPipeline": _LOOKING,
        "codepipeline:GetPipelineExecution": _LOOKING,
        "codepipeline:GetPipelineState": "the token of an open approval is part of it",
        "codepipeline:ListActionExecutions": _LOOKING,
        "codepipeline:ListPipelineExecutions": _LOOKING,
        "codepipeline:PutApprovalResult": "approvals are answered",
    },
    "artifact-bucket": {
        "s3:*": _TLS,
        "s3:PutObject": "nothing lies there but encrypted with the key",
    },
    "build-plan": {
        **_BUILD,
        "s3:ListBucket": "the records of the ledger are listed",
        "s3:PutObject": "the plan is handed on",
        "sts:AssumeRole": _BECOMING,
    },
    "build-promote": {
        **_BUILD,
        **_REPORTED,
        **_KEPT,
        "codepipeline:GetPipelineExecution": "who started the execution did not approve it",
        "codepipeline:ListActionExecutions": "who approved is read where CodePipeline keeps it",
        "kms:Sign": "the end of each promotion is signed",
        "sts:AssumeRole": _BECOMING,
    },
    "build-retire": {**_BUILD, **_KEPT, "sts:AssumeRole": _BECOMING},
    "build-validate": _BUILD,
    "build-verify": {
        **_BUILD,
        **_REPORTED,
        **_KEPT,
        "ec2:CreateNetworkInterface": _NETWORK,
        "ec2:CreateNetworkInterfacePermission": _NETWORK,
        "ec2:DeleteNetworkInterface": _NETWORK,
        "ec2:DescribeDhcpOptions": _NETWORK,
        "ec2:DescribeNetworkInterfaces": _NETWORK,
        "ec2:DescribeSecurityGroups": _NETWORK,
        "ec2:DescribeSubnets": _NETWORK,
        "ec2:DescribeVpcs": _NETWORK,
        "sts:AssumeRole": _BECOMING,
    },
    "events": {"codebuild:StartBuild": "what is due is retired on a schedule"},
    "log-bucket": {"s3:*": _TLS, "s3:PutObject": "S3 writes who used the other buckets"},
    "pipeline": {
        "codebuild:BatchGetBuilds": "a stage ends when its build has",
        "codebuild:StartBuild": "stages are builds",
        "kms:Decrypt": _ENCRYPTED,
        "kms:GenerateDataKey": _ENCRYPTED,
        "s3:GetBucketAcl": _LOOKED_UP,
        "s3:GetBucketLocation": _LOOKED_UP,
        "s3:GetBucketVersioning": "a source must be versioned",
        "s3:GetObject": _ARTIFACTS,
        "s3:GetObjectVersion": _ARTIFACTS,
        "s3:PutObject": _ARTIFACTS,
        "sns:Publish": "an approval that waits is told",
    },
    "pipeline-key": {
        "kms:*": "the policies of the account's roles decide who uses and administers it",
        "kms:Decrypt": _LOGS_ENCRYPTED,
        "kms:Encrypt": _LOGS_ENCRYPTED,
        "kms:GenerateDataKey": "EventBridge encrypts what it tells the topic",
        "kms:GenerateDataKeyWithoutPlaintext": _LOGS_ENCRYPTED,
        "kms:ReEncryptFrom": _LOGS_ENCRYPTED,
        "kms:ReEncryptTo": _LOGS_ENCRYPTED,
    },
    "service-trust": {"sts:AssumeRole": "CodePipeline, CodeBuild and EventBridge take their roles"},
}
"""By kind of template and by action: why it is there, of what is in the CI/CD account alone."""


def needs() -> tuple[Need, ...]:
    """List every command of the table once."""
    return tuple(dict.fromkeys(need for row in PERMISSIONS.values() for need in row.values()))


def markdown() -> str:
    """Write the table as the README shows it."""
    lines = ["| template | action | a command that fails without it |", "|---|---|---|"]
    for kind, row in PERMISSIONS.items():
        for action, need in row.items():
            where = f", where {need.given}" if need.given else ""
            lines.append(f"| `{kind}` | `{action}` | `{need.command}`{where} |")
    return "\n".join(lines) + "\n"
