"""The product: applications keep calling while the version changes under them, and none fails."""

from __future__ import annotations

import time
from pathlib import Path

import boto3

from promote.client import Client
from promote.sandbox import admin
from promote.sandbox.seed import ML, POINTER, PROD_1, PROD_2, QA
from promote.sandbox.settings import Settings
from tests.functional.applications import Applications
from tests.functional.promotion_stage import CONFIG, Stage

TTL = 1.0
LIFE = Settings(start_seconds=0.3, stop_seconds=0.1, propagation_seconds=0.5)
"""An order of magnitude faster than at AWS, in about the same proportions."""
ROLES = {QA: "tools-qa", PROD_1: "tools-prod", PROD_2: "tools-prod"}


def test_no_request_fails_through_failures_a_promotion_and_a_rollback(
    stage: Stage, golden: Path
) -> None:
    stage.set_up(CONFIG.replace("drain: 0s", "drain: 2s"), LIFE)
    image = (golden / "hammer" / "00.png").read_bytes()
    clients = {account: client(stage, account, role) for account, role in ROLES.items()}
    with Applications(clients, image, pause=0.08) as applications:
        time.sleep(0.3)
        admin.inject(stage.endpoint, "ssm:PutParameter", "access_denied", account=PROD_2)
        assert "Every pointer is back" in stage.release("v2", "prod").stderr
        fail_the_verification(stage)
        assert "Every pointer is back" in stage.release("v2", "prod").stderr
        stage.released("v2", "prod")
        back = stage.promote("rollback", "tools", "--environment", "prod", "--yes")
        assert back.returncode == 0, back.stderr
        time.sleep(TTL)
    assert applications.failures == []
    assert min(applications.answers[account] for account in ROLES) > 20
    assert applications.answers["empty"] == 0
    denied = [
        call
        for call in stage.calls("rekognition:DetectCustomLabels")
        if call["outcome"] != "ok" and "/promote-client" in call["principal"]
    ]
    assert denied == []
    assert stage.snapshot().running == {"v1"}
    assert [record["version"] for record in stage.records() if record["kind"] == "version-held"]


def fail_the_verification(stage: Stage) -> None:
    """Let who stands for an application not read the pointer, which it does after the switch."""
    smoke = "*:assumed-role/promote-smoke/*"
    admin.inject(stage.endpoint, "ssm:GetParameter", "access_denied", principal=smoke)


def client(stage: Stage, account: str, role: str) -> Client:
    """Return an application of an account."""
    keys = stage.environment(f"consumer/{account}")
    session = boto3.Session(
        keys["AWS_ACCESS_KEY_ID"],
        keys["AWS_SECRET_ACCESS_KEY"],
        keys["AWS_SESSION_TOKEN"],
        region_name="us-east-1",
    )
    arn = f"arn:aws:iam::{ML}:role/{role}"
    return Client(POINTER, arn, external_id="tools", ttl=TTL, session=session)
