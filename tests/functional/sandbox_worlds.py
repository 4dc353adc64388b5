"""Worlds with documents written by hand, so that the sandbox is judged without the product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from promote.sandbox.seed import CICD, ENDPOINT_ID, ML, PROD_1, PROJECT, QA, default_world
from promote.sandbox.world import RoleSeed, World

V1, V2, V3, V4, V5 = (PROJECT.version_arn(f"v{number}") for number in range(1, 6))
ACCESS = f"arn:aws:iam::{ML}:role/tools-qa"
OPERATOR = f"arn:aws:iam::{ML}:role/promote-operator-qa"
ADMIN_ML = f"admin/{ML}"
ADMIN_QA = f"admin/{QA}"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(
    action: str | Sequence[str], resource: str | Sequence[str], **more: Any
) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str | Sequence[str], resource: str | Sequence[str], **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def trust(principal: str | Sequence[str], **more: Any) -> dict[str, Any]:
    aws = {"AWS": principal}
    return document({"Effect": "Allow", "Principal": aws, "Action": "sts:AssumeRole", **more})


def storefront(account: str) -> RoleSeed:
    return RoleSeed(
        account=account,
        name="storefront",
        trust=trust(account),
        inline={"models": document(allow("sts:AssumeRole", f"arn:aws:iam::{ML}:role/tools-*"))},
    )


def tools_qa() -> RoleSeed:
    condition = {
        "StringEquals": {"sts:ExternalId": "tools"},
        "ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{QA}:role/storefront"},
    }
    return RoleSeed(
        account=ML,
        name="tools-qa",
        trust=trust(QA, Condition=condition),
        inline={"promote-tools": document(allow("rekognition:DetectCustomLabels", V1))},
    )


def tools_prod() -> RoleSeed:
    only_inside = {"StringEquals": {"aws:SourceVpce": ENDPOINT_ID}}
    grant = allow("rekognition:DetectCustomLabels", V1, Condition=only_inside)
    return RoleSeed(
        account=ML,
        name="tools-prod",
        trust=trust(PROD_1),
        inline={"promote-tools": document(grant)},
    )


def operator() -> RoleSeed:
    project = [
        allow("rekognition:DescribeProjectVersions", PROJECT.arn),
        allow(["rekognition:StartProjectVersion", "rekognition:StopProjectVersion"], [V1, V2, V4]),
        allow(["iam:GetRolePolicy", "iam:PutRolePolicy"], ACCESS),
    ]
    return RoleSeed(
        account=ML,
        name="promote-operator-qa",
        trust=trust(f"arn:aws:iam::{CICD}:user/promoter"),
        inline={"operate": document(*project)},
    )


def a_world(*more: RoleSeed) -> World:
    """Return the default world with the roles above and some more."""
    stores = [storefront(QA), storefront(PROD_1)]
    return default_world([*stores, tools_qa(), tools_prod(), operator(), *more])
