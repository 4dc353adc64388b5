from __future__ import annotations

import pytest

from promote.core.record import PromotionStarted, RollbackStarted
from promote.core.result import Outcome
from promote.errors import CredentialsError
from tests.fake_world import FakeWorld
from tests.workflow.promoting import Promoting

FOR_GOOD = 10**9
EVERY = 9
"""Which calls are tried: each ninth is one of every kind; `tests/reliability` draws from all."""


def expired() -> CredentialsError:
    return CredentialsError("The credentials have expired", "At STS.", "See who you are.")


def undisturbed(world: FakeWorld) -> tuple[object, int]:
    fake = world.copy()
    Promoting(fake).release(to="prod")
    return fake.end_state(), len(fake.calls)


class TestThePromotersOwnCredentialsEnd:
    def test_at_no_call_is_anything_put_back_and_resume_finishes(self, in_qa: FakeWorld) -> None:
        wanted, calls = undisturbed(in_qa)
        resumed = 0
        for nth in range(3, calls, EVERY):
            fake = in_qa.copy()
            before = len(fake.records())
            fake.fail("*", expired(), nth=nth, times=FOR_GOOD)
            with pytest.raises(CredentialsError) as raised:
                Promoting(fake).release(to="prod")
            fake.revive(seconds=600)
            records = fake.records()[before:]
            assert not any(isinstance(each, RollbackStarted) for each in records)
            if any(isinstance(each, PromotionStarted) for each in records):
                assert raised.value.remedy.endswith("    promote resume tools")
                assert "nothing was put back" in raised.value.detail
                assert Promoting(fake).resume("tools").result is Outcome.PROMOTED
                resumed += 1
            else:
                Promoting(fake).release(to="prod")
            assert fake.end_state() == wanted
            assert not fake.breaches
        assert resumed > calls / EVERY / 2

    def test_while_it_is_put_back_is_no_reason_to_need_attention(self, in_qa: FakeWorld) -> None:
        in_qa.at("pointer.write", lambda: in_qa.poor.update(in_qa.versions), after=True)
        in_qa.fail("pointer.write", expired(), nth=3, times=FOR_GOOD)
        with pytest.raises(CredentialsError, match="have expired") as raised:
            Promoting(in_qa).release(to="prod")
        assert raised.value.exit_code == 6
        assert raised.value.remedy.endswith("    promote resume tools")
        in_qa.revive(seconds=1)
        in_qa.poor.clear()
        with pytest.raises(Exception, match="was put back"):
            Promoting(in_qa).resume("tools")
        assert in_qa.ledger().unfinished is None
