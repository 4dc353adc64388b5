"""Provide a build with its log and its network, as far as its role allows it to have them.

What a build in a VPC needs of EC2 is an interface of its own, and to look around. Reference:
CodeBuild user guide, "Allow CodeBuild access to AWS services required to create a VPC network
interface"; Service Authorization Reference for EC2 and CloudWatch Logs. The log group is there.
"""

from __future__ import annotations

from typing import Final

from promote.sandbox.build_projects import SERVICE
from promote.sandbox.build_records import BuildRecord, PhaseError, Project
from promote.sandbox.exchange import Need, ServiceError
from promote.sandbox.service_roles import Actor, ServiceRoles

_LOG_WRITES: Final = ("CreateLogStream", "PutLogEvents")
_LOOKS: Final = (
    "DescribeDhcpOptions",
    "DescribeNetworkInterfaces",
    "DescribeSecurityGroups",
    "DescribeSubnets",
    "DescribeVpcs",
)
_INTERFACE: Final = "network-interface/eni-0a1b2c3d4e5f60718"


def provision(record: BuildRecord, actor: Actor, roles: ServiceRoles) -> None:
    """Ask for the log and the network of a build, as its role.

    Raises:
        PhaseError: The role may not have one of them.
    """
    try:
        roles.check(actor, _log_needs(record))
    except ServiceError as error:
        text = (
            f"Service role {record.project.role} does not allow AWS CodeBuild to create Amazon "
            f"CloudWatch Logs log streams for build {record.arn}. Error message: {error.message}"
        )
        raise PhaseError("ACCESS_DENIED", text) from error
    try:
        roles.check(actor, network_needs(record.project))
    except ServiceError as error:
        text = f"Unexpected EC2 error: UnauthorizedOperation: {error.message}"
        raise PhaseError("VPC_CLIENT_ERROR", text) from error


def network_needs(project: Project) -> list[Need]:
    """Return the permissions that the role of a build needs for its network; none outside a VPC."""
    config = project.fields.get("vpcConfig") or {}
    if not config.get("vpcId"):
        return []
    stem = f"arn:aws:ec2:{project.region}:{project.account}"
    subnets = [f"{stem}:subnet/{each}" for each in config.get("subnets", [])]
    groups = [f"{stem}:security-group/{each}" for each in config.get("securityGroupIds", [])]
    interface = f"{stem}:{_INTERFACE}"
    lent = {"ec2:AuthorizedService": SERVICE, "ec2:Subnet": subnets[0] if subnets else ""}
    create = "ec2:CreateNetworkInterface"
    return [
        *(Need(f"ec2:{each}", "*") for each in _LOOKS),
        *(Need(create, each) for each in (*subnets[:1], *groups, interface)),
        Need("ec2:CreateNetworkInterfacePermission", interface, lent),
        Need("ec2:DeleteNetworkInterface", interface),
    ]


def _log_needs(record: BuildRecord) -> list[Need]:
    group, project = record.log_group, record.project
    if group is None:
        return []
    stem = f"arn:aws:logs:{project.region}:{project.account}:log-group:{group}"
    return [Need(f"logs:{each}", f"{stem}:log-stream:{record.stream}") for each in _LOG_WRITES]
