"""The key that signs records: named by its ARN, by no alias; no plan rests on it."""

from __future__ import annotations

import pytest

from promote.config import parse, show
from tests.unit.config.files import SMALL, problems

KEY = "arn:aws:kms:us-east-1:111111111111:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
SIGNED = f"{SMALL}records:\n  signing_key: {KEY}\n"


class TestTheSigningKey:
    def test_is_read_and_shown(self) -> None:
        assert parse(SIGNED).signing_key == KEY
        assert show(parse(SIGNED))["records"] == {"signing_key": KEY}

    def test_is_none_when_it_is_left_out(self) -> None:
        assert parse(SMALL).signing_key is None
        assert parse(f"{SMALL}records: {{signing_key: null}}\n").signing_key is None

    @pytest.mark.parametrize("wrong", [KEY.replace("key/", "alias/"), "0a1b2c3d", "alias/records"])
    def test_is_the_arn_of_a_key(self, wrong: str) -> None:
        (problem,) = problems(SIGNED.replace(KEY, wrong))
        assert "records.signing_key" in problem
        assert "not of an alias" in problem

    def test_is_nothing_that_a_plan_rests_on(self) -> None:
        assert parse(SIGNED).fingerprint("tools", "qa") == parse(SMALL).fingerprint("tools", "qa")
