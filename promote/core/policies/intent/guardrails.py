"""What the policies of the organisation must say, and those of the role that manages them."""

from __future__ import annotations

from promote.core.policies.intent.building import Context, allow, aws, condition, deny, texts
from promote.core.policies.intent.roles import ASSUME, Statements

RUN = ("rekognition:StartProjectVersion", "rekognition:StopProjectVersion")
"""What is left to operators."""
MAKE = (
    "rekognition:CreateProject",
    "rekognition:CreateProjectVersion",
    "rekognition:CopyProjectVersion",
    "rekognition:DeleteProject",
    "rekognition:DeleteProjectVersion",
    "rekognition:PutProjectPolicy",
    "rekognition:DeleteProjectPolicy",
)
"""What is left to operators and those who train."""


def scp(context: Context) -> Statements:
    """Deny running versions to all but operators, and making them to all but those who train.

    Raises:
        PolicyError: Nobody is left who may; without the condition everybody would be denied.
    """
    return tuple(
        deny(
            actions,
            on=["*"],
            when=condition("ArnNotLike", "aws:PrincipalArn", texts(context, but)),
        )
        for actions, but in ((RUN, "operators"), (MAKE, "trainers"))
    )


def rcp(context: Context) -> Statements:
    """Deny becoming an access role to everybody outside the organisation but AWS services."""
    outside = condition(
        "StringNotEquals",
        "aws:PrincipalOrgID",
        texts(context, "organization"),
        if_exists=True,
    )
    nobodys = condition("Bool", "aws:PrincipalIsAWSService", ["false"], if_exists=True)
    ways = [ASSUME, f"{ASSUME}WithSAML", f"{ASSUME}WithWebIdentity"]
    roles = texts(context, "access_roles")
    return (deny(ways, on=roles, by=aws(["*"]), when=(*outside, *nobodys)),)


def guardrails(context: Context) -> Statements:
    """Read the organisation; write, attach, detach its control policies; enable their types."""
    policies, members = texts(context, "policies"), texts(context, "members")
    roots = texts(context, "roots")
    types = ["SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"]
    of_type = condition("StringEquals", "organizations:PolicyType", types)
    writes = ("CreatePolicy", "DeletePolicy", "UpdatePolicy")
    moves = ("AttachPolicy", "DetachPolicy")
    return (
        allow(_named("DescribeOrganization", "ListPolicies", "ListRoots"), on=["*"]),
        allow(_named("ListParents"), on=members),
        allow(_named("ListPoliciesForTarget"), on=(*members, *roots)),
        allow(_named("DescribePolicy", "ListTargetsForPolicy"), on=policies),
        allow(_named(*writes), on=policies, when=of_type),
        allow(_named(*moves), on=(*policies, *members, *roots), when=of_type),
        allow(_named("EnablePolicyType"), on=roots, when=of_type),
    )


def _named(*operations: str) -> tuple[str, ...]:
    return tuple(f"organizations:{operation}" for operation in operations)
