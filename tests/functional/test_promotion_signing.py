"""A promotion whose end is signed by a KMS key, over real HTTP and behind the key's policy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promote import Promoter
from promote.core.events import Event, Warned
from promote.core.status import Finding
from promote.sandbox.seed import CICD, SIGNING_KEY
from promote.sandbox.world import World
from tests.functional.promotion_stage import CONFIG, Stage

KEY = SIGNING_KEY.arn
SIGNED = CONFIG.replace("version: 1\n", f"version: 1\nrecords: {{signing_key: '{KEY}'}}\n")


def _without_the_statement(world: World) -> World:
    return replace(world, keys=(SIGNING_KEY,))


def _of_the_key(promoter: Promoter) -> Finding:
    return next(each for each in promoter.doctor() if each.subject == f"signing key {KEY}")


class TestTheKey:
    def test_signs_for_the_promoter_what_its_public_half_verifies(self, stage: Stage) -> None:
        stage.set_up(SIGNED)
        promoter = stage.promoter()
        promoter.apply(promoter.plan("tools", "v2", to="qa"))
        answer = stage.client(f"admin/{CICD}", "kms").get_public_key(KeyId=KEY)
        found = promoter.verify_history("tools", [answer["PublicKey"]])
        assert found.broken is None
        assert (found.signatures, found.checked) == (1, True)
        (asked,) = stage.calls("kms:Sign")
        assert asked["resource"] == KEY
        assert _of_the_key(promoter).ok

    @pytest.mark.parametrize(
        "asked",
        [
            {"MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256"},
            {"MessageType": "RAW", "SigningAlgorithm": "ECDSA_SHA_384"},
        ],
    )
    def test_signs_nothing_else_for_it(self, stage: Stage, asked: dict[str, str]) -> None:
        stage.set_up(SIGNED)
        client = stage.client("promoter", "kms")
        with pytest.raises(client.exceptions.ClientError, match="not authorized"):
            client.sign(KeyId=KEY, Message=b"0" * 32, **asked)

    def test_that_does_not_name_the_promoter_leaves_the_end_unsigned_and_said(
        self, stage: Stage
    ) -> None:
        stage.set_up(SIGNED, change=_without_the_statement)
        events: list[Event] = []
        promoter = stage.promoter(events.append)
        finding = _of_the_key(promoter)
        assert (finding.ok, "kms:Sign" in finding.remedy) == (False, True)
        promoter.apply(promoter.plan("tools", "v2", to="qa"))
        said = [each.message for each in events if isinstance(each, Warned)]
        assert any("not signed" in each and "kms:Sign" in each for each in said)
        broken = promoter.verify_history("tools").broken
        assert broken is not None
        assert broken.found == "none"
