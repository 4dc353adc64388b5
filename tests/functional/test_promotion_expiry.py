"""Promotions that outlast the credentials they began with; the clocks of both sides run fast."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import UnauthorizedSSOTokenError
from botocore.session import Session

from promote.aws.clock import SystemClock
from promote.core.result import Outcome
from promote.errors import CredentialsError
from promote.promoter import Promoter
from promote.sandbox.clock import WallClock
from promote.sandbox.settings import Settings
from tests.functional.promotion_stage import CONFIG, Stage

SLOW = Settings(start_seconds=4000, stop_seconds=0, propagation_seconds=0)
LONG = (
    CONFIG.replace("drain: 0s", "drain: 70m")
    .replace("start: 20s", "start: 2h")
    .replace("version: 1\n", "version: 1\nlease: 30m\n")
)
WAIT = timedelta(hours=4)
FASTER = 400
"""A pause of half a second, the longest slice, is 200 s long: less than the lease allows."""


class FastClock(SystemClock):
    """Lets time pass where somebody would sleep, for the product and for the sandbox."""

    def __init__(self) -> None:
        self.later = 0.0
        self._guard = threading.Lock()

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.later)

    def monotonic(self) -> float:
        return super().monotonic() + self.later

    def sleep(self, seconds: float) -> None:
        with self._guard:
            self.later += seconds * FASTER


@pytest.fixture
def clock(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> FastClock:
    shutil.rmtree(stage.directory / ".promote", ignore_errors=True)
    stage.set_up(LONG, SLOW)
    fast = FastClock()
    monkeypatch.setattr(WallClock, "now", lambda _self: time.time() + fast.later)
    return fast


def assumed_roles(stage: Stage) -> dict[str, int]:
    """Count the roles that were assumed by the promoter itself, by their names."""
    found: dict[str, int] = {}
    for call in stage.calls("sts:AssumeRole"):
        name = call["resource"].rpartition("/")[2]
        found[name] = found.get(name, 0) + 1
    return found


def lasting_an_hour(
    stage: Stage, clock: FastClock, renew: Callable[[], None] = lambda: None
) -> boto3.Session:
    """Make a session whose credentials live for an hour and are fetched anew with `renew`."""
    keys = stage.sandbox.describe()["logins"]["promoter"]

    def fetch() -> dict[str, str]:
        renew()
        return {
            "access_key": keys["access_key_id"],
            "secret_key": keys["secret_access_key"],
            "token": "",
            "expiry_time": (clock.now() + timedelta(hours=1)).isoformat(),
        }

    first = fetch()
    session = Session()
    session._credentials = RefreshableCredentials(  # type: ignore[attr-defined]  # noqa: SLF001
        first["access_key"],
        first["secret_key"],
        first["token"],
        clock.now() + timedelta(hours=1),
        fetch,
        "test",
        time_fetcher=clock.now,
    )
    return boto3.Session(botocore_session=session, region_name="us-east-1")


class TestAPromotionLongerThanItsCredentials:
    def test_renews_every_session_without_a_failed_call(
        self, stage: Stage, clock: FastClock
    ) -> None:
        renewed: list[datetime] = []
        session = lasting_an_hour(stage, clock, lambda: renewed.append(clock.now()))
        began = clock.now()
        promoter = Promoter(stage.topology, session=session, clock=clock)
        result = promoter.apply(promoter.plan("tools", "v2", to="qa"), wait=WAIT)
        assert (result.result, result.left) == (Outcome.PROMOTED, ())
        assert clock.now() - began > timedelta(seconds=4000, minutes=70)
        outcomes = {call["outcome"] for call in stage.calls()}
        assert not any("Expired" in each for each in outcomes), outcomes
        assumed = assumed_roles(stage)
        for role in ("promote-reader", "promote-operator-qa", "promote-deployer"):
            assert assumed[role] >= 2, assumed
        assert len(renewed) >= 3
        assert stage.snapshot().granted("tools-qa") == {"v2"}

    def test_ends_with_6_where_the_promoters_own_do_not_renew_themselves(
        self, stage: Stage, clock: FastClock
    ) -> None:
        fetched: list[int] = []

        def once() -> None:
            fetched.append(1)
            if len(fetched) > 1:
                raise UnauthorizedSSOTokenError

        session = lasting_an_hour(stage, clock, once)
        promoter = Promoter(stage.topology, session=session, clock=clock)
        plan = promoter.plan("tools", "v2", to="qa")
        with pytest.raises(CredentialsError) as raised:
            promoter.apply(plan, wait=WAIT)
        assert raised.value.exit_code == 6
        assert raised.value.remedy.endswith("    promote resume tools")
        assert stage.snapshot().pointers["333333333333"] == "v1"
        again = Promoter(stage.topology, session=stage.session, clock=clock)
        assert again.resume("tools", wait=WAIT).result is Outcome.PROMOTED
        assert stage.is_finished
