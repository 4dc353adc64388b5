"""A small world for the tests of the adapters: the promoter's roles in the ML account and in QA."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import boto3

from promote.aws.sessions import Sessions
from promote.core.parts import PointerAddress
from promote.core.topology import Target
from promote.ports import Clock
from promote.sandbox import seed
from promote.sandbox.seed import CICD, ML, POINTER, PROJECT, QA, default_world
from promote.sandbox.server import Sandbox
from promote.sandbox.world import RoleSeed, World

REGION = "us-east-1"
V1, V2, V4 = (PROJECT.version_arn(name) for name in ("v1", "v2", "v4"))
OPERATOR = f"arn:aws:iam::{ML}:role/promote-operator-qa"
DEPLOYER = f"arn:aws:iam::{QA}:role/promote-deployer"
SMOKE = f"arn:aws:iam::{QA}:role/promote-smoke"
ACCESS = f"arn:aws:iam::{ML}:role/apps/tools-qa"
EXTERNAL_ID = "tools"
EVALUATIONS = seed.EVALUATIONS.removeprefix("s3://")
POLICY = "promote-tools"

TARGET = Target(
    model="tools",
    environment="qa",
    account=QA,
    pointer=PointerAddress(name=POINTER),
    access_role=ACCESS,
    policy_name=POLICY,
    reader_role=DEPLOYER,
    deployer_role=DEPLOYER,
    smoke_role=SMOKE,
    consumers=(),
    external_id=EXTERNAL_ID,
    endpoint_url=None,
)


def allow(action: Any, resource: Any = "*") -> dict[str, Any]:
    """Write a policy document of one statement."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def trust(principal: str, **condition: Any) -> dict[str, Any]:
    """Write a trust policy for one principal."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": principal},
        "Action": "sts:AssumeRole",
    }
    if condition:
        statement["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": [statement]}


def adapter_world() -> World:
    """Return the default organisation with the roles above."""
    promoter = f"arn:aws:iam::{CICD}:root"
    world = default_world(
        [
            RoleSeed(
                account=ML,
                name="promote-operator-qa",
                trust=trust(promoter),
                inline={
                    "all": allow(["rekognition:*", "iam:*"]),
                    "evaluations": allow("s3:GetObject", f"arn:aws:s3:::{EVALUATIONS}*"),
                },
            ),
            RoleSeed(
                account=QA,
                name="promote-deployer",
                trust=trust(promoter),
                inline={"all": allow("ssm:*")},
            ),
            RoleSeed(
                account=QA,
                name="promote-smoke",
                trust=trust(promoter),
                inline={"enter": allow("sts:AssumeRole", ACCESS)},
            ),
            RoleSeed(
                account=ML,
                name="tools-qa",
                path="/apps/",
                trust=trust(
                    f"arn:aws:iam::{QA}:root", StringEquals={"sts:ExternalId": EXTERNAL_ID}
                ),
                inline={POLICY: allow("rekognition:DetectCustomLabels", [V1, V4])},
                attached={"extra": allow("s3:GetObject", "arn:aws:s3:::none/*")},
            ),
        ]
    )
    return replace(world, parameters=world.parameters[:1])


def sessions_of(sandbox: Sandbox, login: str = "promoter", clock: Clock | None = None) -> Sessions:
    """Return sessions that begin with a login of the sandbox."""
    keys = sandbox.describe()["logins"][login]
    session = boto3.Session(
        aws_access_key_id=keys["access_key_id"],
        aws_secret_access_key=keys["secret_access_key"],
        aws_session_token=keys.get("session_token"),
        region_name=REGION,
    )
    return Sessions(
        session,
        REGION,
        session_name="promote-test",
        endpoint_url=sandbox.endpoint,
        clock=clock,
    )
