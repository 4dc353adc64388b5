"""The product: applications keep calling while the version changes under them, and none fails."""

from __future__ import annotations

import threading
import time
from collections import Counter
from pathlib import Path
from typing import Self

import boto3

from promote.client import Client
from promote.sandbox import admin
from promote.sandbox.seed import ML, POINTER, PROD_1, PROD_2, QA
from promote.sandbox.settings import Settings
from tests.functional.promotion_stage import CONFIG, Stage

TTL = 1.0
LIFE = Settings(start_seconds=0.3, stop_seconds=0.1, propagation_seconds=0.5)
"""An order of magnitude faster than at AWS, in about the same proportions."""


class Applications:
    """Three threads, one in each target account, that call the model until they are told to end."""

    def __init__(self, stage: Stage, image: bytes) -> None:
        self._stage = stage
        self._image = image
        self._over = threading.Event()
        self.answers: Counter[str] = Counter()
        self.failures: list[str] = []
        accounts = {QA: "tools-qa", PROD_1: "tools-prod", PROD_2: "tools-prod"}
        self._threads = [
            threading.Thread(target=self._call, args=(self._client(account, role), account))
            for account, role in accounts.items()
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _client(self, account: str, role: str) -> Client:
        keys = self._stage.environment(f"consumer/{account}")
        session = boto3.Session(
            keys["AWS_ACCESS_KEY_ID"],
            keys["AWS_SECRET_ACCESS_KEY"],
            keys["AWS_SESSION_TOKEN"],
            region_name="us-east-1",
        )
        arn = f"arn:aws:iam::{ML}:role/{role}"
        return Client(POINTER, arn, external_id="tools", ttl=TTL, session=session)

    def _call(self, client: Client, account: str) -> None:
        while not self._over.is_set():
            try:
                labels = client.detect(self._image)
            except Exception as error:  # noqa: BLE001 - whatever it is, an application failed
                self.failures.append(f"{account}: {error}")
            else:
                self.answers[account] += 1
                self.answers["empty"] += not labels
            time.sleep(0.05)


def test_no_request_fails_through_a_promotion_and_one_that_is_put_back(
    stage: Stage, golden: Path
) -> None:
    stage.set_up(CONFIG.replace("drain: 0s", "drain: 2s"), LIFE)
    image = (golden / "hammer" / "00.png").read_bytes()
    admin.inject(stage.endpoint, "ssm:PutParameter", "access_denied", account=PROD_2)
    with Applications(stage, image) as applications:
        time.sleep(0.3)
        assert "Every pointer is back" in stage.release("v2", "prod").stderr
        stage.released("v2", "prod")
        time.sleep(TTL)
    assert applications.failures == []
    assert min(applications.answers[account] for account in (QA, PROD_1, PROD_2)) > 20
    assert applications.answers["empty"] == 0
    denied = [
        call
        for call in stage.calls("rekognition:DetectCustomLabels")
        if call["outcome"] != "ok" and "/promote-client" in call["principal"]
    ]
    assert denied == []
    assert stage.snapshot().running == {"v1", "v2"}
