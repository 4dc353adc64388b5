"""The resolved configuration: plain data, defaults applied, names filled."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from promote.config import parse, show
from promote.config.resolved import duration
from tests.unit.config.files import GOOD


class TestShow:
    def test_it_is_json_and_says_everything_resolved(self) -> None:
        shown = json.loads(json.dumps(show(parse(GOOD, directory="/srv/team"))))
        assert (shown["format"], shown["kind"]) == (1, "config")
        assert shown["directory"] == "/srv/team"
        assert shown["models"] == {
            "tools": {
                "project": "tools-detector",
                "service": "rekognition",
                "capacity": {"min": 1, "max": 2},
                "price": 4.5,
                "labels": None,
            }
        }
        prod = shown["environments"][1]
        assert prod["drain"] == "5m"
        assert prod["granularity"] == "version"
        assert prod["pointer"] == {"ssm": "/models/{model}/version-arn"}
        assert prod["resolved"]["operator_role"].endswith(":role/promote-operator-prod")
        assert prod["resolved"]["targets"][1] == {
            "model": "tools",
            "account": "555555555555",
            "pointer": {"ssm": "/models/tools/version-arn"},
            "access_role": "arn:aws:iam::222222222222:role/tools-prod",
            "policy_name": "promote-tools",
            "reader_role": "arn:aws:iam::555555555555:role/promote-reader",
            "deployer_role": "arn:aws:iam::555555555555:role/promote-deployer",
            "smoke_role": "arn:aws:iam::555555555555:role/promote-smoke",
            "consumers": ["arn:aws:iam::555555555555:role/storefront"],
            "external_id": "tools",
            "endpoint_url": "https://vpce-0a1b.rekognition.us-east-1.vpce.amazonaws.com",
        }


class TestDuration:
    @pytest.mark.parametrize("text", ["0s", "30s", "90s", "5m", "90m", "23h", "7d"])
    def test_it_is_written_as_it_would_be_read(self, text: str) -> None:
        seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400}[text[-1]] * int(text[:-1])
        assert duration(timedelta(seconds=seconds)) == text
