"""What the policies of roles must say: what a role may do, and who may become it."""

from __future__ import annotations

from collections.abc import Iterable

from promote.core.policies.intent.building import (
    Context,
    allow,
    aws,
    condition,
    contexts,
    texts,
    where_given,
)
from promote.iam.elements import Statement

Statements = tuple[Statement, ...]

_GET_PARAMETER = "ssm:GetParameter"
ASSUME = "sts:AssumeRole"
DETECT = "rekognition:DetectCustomLabels"


def access_role(context: Context) -> Statements:
    """Detect with exactly these versions, through these endpoints if there are any."""
    through = where_given("StringEquals", "aws:SourceVpce", texts(context, "vpc_endpoints"))
    return (allow([DETECT], on=texts(context, "resources"), when=through),)


def access_role_trust(context: Context) -> Statements:
    """Be assumed by these roles, in this organisation and with this external id if there are any.

    The principal is the roles' account: a role that is deleted and made again stays trusted.
    """
    organization = texts(context, "organization")
    return tuple(
        allow(
            [ASSUME],
            by=aws(texts(trust, "accounts")),
            when=(
                *condition("ArnEquals", "aws:PrincipalArn", texts(trust, "roles")),
                *where_given("StringEquals", "aws:PrincipalOrgID", organization),
                *where_given("StringEquals", "sts:ExternalId", texts(trust, "external_id")),
            ),
        )
        for trust in contexts(context, "trusts")
    )


def consumer(context: Context) -> Statements:
    """Read which version is live, and become the access role that may use it."""
    return (
        allow([_GET_PARAMETER], on=texts(context, "parameters")),
        allow([ASSUME], on=texts(context, "access_roles")),
    )


def deployer(context: Context) -> Statements:
    """Write the pointers, and delete one to undo its own creation."""
    actions = ["ssm:PutParameter", "ssm:DeleteParameter"]
    return (allow(actions, on=texts(context, "parameters")),)


def operator(context: Context) -> Statements:
    """Start and stop versions, and write the inline policies of the environment's access roles."""
    lifecycle = ["rekognition:StartProjectVersion", "rekognition:StopProjectVersion"]
    policies = ["iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:DetachRolePolicy"]
    return (
        allow(lifecycle, on=texts(context, "versions")),
        allow(policies, on=texts(context, "access_roles")),
    )


def reader_ml(context: Context) -> Statements:
    """Read the projects, their versions, every policy of the access roles; and what gates ask."""
    of_roles = [
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListRolePolicies",
    ]
    return (
        # DescribeProjects has no resource type (Service Authorization Reference).
        allow(["rekognition:DescribeProjects"], on=["*"]),
        allow(["rekognition:DescribeProjectVersions"], on=texts(context, "projects")),
        allow(of_roles, on=texts(context, "access_roles")),
        allow(["iam:GetPolicy", "iam:GetPolicyVersion"], on=texts(context, "managed_policies")),
        *_where_asked("s3:GetObject", texts(context, "evaluations")),
        *_alarms(context),
    )


def reader_target(context: Context) -> Statements:
    """Read the pointers with their history, and what gates ask about: labels and alarms."""
    actions = [_GET_PARAMETER, "ssm:GetParameterHistory"]
    return (
        allow(actions, on=texts(context, "parameters")),
        *_where_asked(_GET_PARAMETER, texts(context, "labels")),
        *_alarms(context),
    )


def _where_asked(action: str, resources: Iterable[str]) -> Statements:
    """Allow an action on resources, or nothing where there are none."""
    found = tuple(resources)
    return (allow([action], on=found),) if found else ()


def _alarms(context: Context) -> Statements:
    # With a narrower scope composite alarms are not returned (CloudWatch, "DescribeAlarms").
    anything = ["*"] if texts(context, "alarms") else ()
    return _where_asked("cloudwatch:DescribeAlarms", anything)


def role_trust(context: Context) -> Statements:
    """Be assumed by the promoter and by builds, in this organisation if there is one."""
    inside = where_given("StringEquals", "aws:PrincipalOrgID", texts(context, "organization"))
    trusted, builds = texts(context, "trusted"), texts(context, "builds")
    found: Statements = ()
    if trusted or not builds:
        found += (allow([ASSUME], by=aws(trusted), when=inside),)
    if builds:
        among = condition("ArnLike", "aws:PrincipalArn", builds)
        found += (allow([ASSUME], by=aws(texts(context, "root")), when=(*inside, *among)),)
    return found
