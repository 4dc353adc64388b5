"""The ledger in S3: the contract of every store, and what a service far away adds to it."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.httpsession import URLLib3Session

from promote.aws.sessions import Sessions
from promote.errors import AccessDeniedError, InputError, LostResponseError, NotFoundError
from promote.ledger import store as open_store
from promote.sandbox import admin
from promote.sandbox.seed import CICD, LEDGER_BUCKET
from tests.fake_organization import QuickClock
from tests.functional.store_contract import Opener, StoreContract

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest

    from promote.ports import Store
    from promote.sandbox.server import Sandbox


def _sessions(endpoint: str, key: str, secret: str) -> Sessions:
    return Sessions(
        boto3.Session(key, secret, region_name="us-east-1"),
        "us-east-1",
        session_name="promote-test",
        endpoint_url=endpoint,
        clock=QuickClock(),
    )


def _open(location: str, endpoint: str, key: str, secret: str) -> Store:
    return open_store(location, _sessions(endpoint, key, secret))


def _secrets(sandbox: Sandbox, login: str) -> tuple[str, str]:
    keys = sandbox.describe()["logins"][login]
    return keys["access_key_id"], keys["secret_access_key"]


def _opener(sandbox: Sandbox, location: str, login: str = "promoter") -> Opener:
    return functools.partial(_open, location, sandbox.endpoint, *_secrets(sandbox, login))


class TestS3Store(StoreContract):
    # A process costs a second of importing boto3, and the sandbox answers one request at a time.
    processes = 3
    rounds = 8

    @pytest.fixture(autouse=True)
    def _sandbox(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    @pytest.fixture
    def place(self, request: pytest.FixtureRequest) -> str:
        name = "".join(c for c in request.node.name if c.isalnum())
        return f"s3://{LEDGER_BUCKET}/{name}/team"

    def opener(self, place: str) -> Opener:
        return _opener(self.sandbox, place)


PLACE = f"s3://{LEDGER_BUCKET}/faults"


@pytest.fixture
def ledger(sandbox: Sandbox) -> Iterator[Store]:
    """Return a store whose pauses take no time, and none of whose faults remains."""
    admin.clear_faults(sandbox.endpoint)
    yield _opener(sandbox, PLACE)()
    admin.clear_faults(sandbox.endpoint)


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """Return a key of the test's own."""
    return "".join(c for c in request.node.name if c.isalnum())


def _spoil(sandbox: Sandbox, operation: str, fault: str, count: int = 1) -> None:
    admin.inject(sandbox.endpoint, f"s3:{operation}", fault, count=count)


class TestALostAnswer:
    """A connection that drops after the write, before it, or while somebody else writes."""

    @pytest.mark.parametrize("fault", ["drop_after", "drop_before", "error5xx", "conflict"])
    def test_hides_no_write_and_repeats_none_that_was_carried_out(
        self, sandbox: Sandbox, ledger: Store, key: str, fault: str
    ) -> None:
        _spoil(sandbox, "PutObject", fault)
        first = ledger.create(key, b"first")
        assert _held(ledger, key) == (b"first", first)
        _spoil(sandbox, "PutObject", fault)
        second = ledger.replace(key, b"second", first or "")
        assert _held(ledger, key) == (b"second", second)
        _spoil(sandbox, "DeleteObject", fault)
        assert ledger.delete(key, second or "") is True
        assert ledger.read(key) is None

    def test_is_not_taken_for_a_success_when_somebody_else_wrote_the_same(
        self, sandbox: Sandbox, ledger: Store, key: str
    ) -> None:
        first = ledger.create(key, b"1") or ""
        assert ledger.replace(key, b"2", first) is not None
        _spoil(sandbox, "PutObject", "drop_before")
        assert ledger.replace(key, b"2", first) is None
        _spoil(sandbox, "PutObject", "drop_before")
        assert ledger.create(key, b"2") is None

    def test_is_no_loss_to_itself_when_something_on_the_way_sends_it_twice(
        self, sandbox: Sandbox, key: str
    ) -> None:
        sessions = _sessions(sandbox.endpoint, *_secrets(sandbox, "promoter"))
        doubled = sessions.client("s3", role=None, writing=True)

        def send_twice(request: AWSPreparedRequest, **_: object) -> None:
            URLLib3Session().send(request)
            request.reset_stream()

        doubled.meta.events.register("before-send.s3.PutObject", send_twice)
        ledger = open_store(PLACE, sessions)
        first = ledger.create(key, b"first")
        assert _held(ledger, key) == (b"first", first)
        second = ledger.replace(key, b"second", first or "")
        assert _held(ledger, key) == (b"second", second)

    def test_is_said_when_nothing_tells_the_outcome(
        self, sandbox: Sandbox, ledger: Store, key: str
    ) -> None:
        _spoil(sandbox, "PutObject", "drop_before", count=3)
        with pytest.raises(LostResponseError) as raised:
            ledger.create(key, b"1")
        assert f"s3://promote-ledger/faults/{key}" in raised.value.detail


class TestRecords:
    def test_are_asked_for_side_by_side_once_and_again_when_they_changed(
        self, sandbox: Sandbox, ledger: Store
    ) -> None:
        keys = [f"tools/records/{number:08d}.json" for number in range(12)]
        tags = [ledger.create(key, key.encode()) or "" for key in keys]
        assert ledger.keys("tools/records/") == keys
        admin.clear_calls(sandbox.endpoint)
        assert [_held(ledger, key)[0].decode() for key in keys] == keys
        ledger.keys("tools/records/")
        assert [_held(ledger, key)[1] for key in keys] == tags
        assert _count(sandbox, "GetObject") == len(keys)
        other = _opener(sandbox, PLACE)()
        assert other.replace(keys[3], b"by hand", tags[3]) is not None
        assert other.delete(keys[4], tags[4])
        assert ledger.keys("tools/records/") == [*keys[:4], *keys[5:]]
        assert _held(ledger, keys[3])[0] == b"by hand"
        assert ledger.read(keys[4]) is None

    def test_may_lie_in_a_bucket_without_a_prefix(self, sandbox: Sandbox, key: str) -> None:
        for place in (f"s3://{LEDGER_BUCKET}", f"s3://{LEDGER_BUCKET}/"):
            ledger = _opener(sandbox, place)()
            name = f"{key}/records/0000000{place.count('/')}.json"
            tag = ledger.create(name, b"x")
            assert _held(ledger, name) == (b"x", tag)
            assert name in ledger.keys(f"{key}/records/", f"{key}/records/00000001.json")

    def test_of_a_thousand_and_more_all_are_listed(self, sandbox: Sandbox, ledger: Store) -> None:
        backend = sandbox._parts.storage.s3(CICD)  # noqa: SLF001 - a thousand requests take long
        for number in range(1001):
            backend.put_object(LEDGER_BUCKET, f"faults/many/records/{number:08d}.json", b"{}")
        assert len(ledger.keys("many/records/")) == 1001


class TestWhoMayNot:
    def test_is_told_which_bucket_and_how_to_see_what_is_needed(self, sandbox: Sandbox) -> None:
        with pytest.raises(AccessDeniedError) as raised:
            _opener(sandbox, PLACE, "stranger")().read("tools/lock.json")
        assert "s3://promote-ledger/faults" in raised.value.detail
        assert "promote policy render --kind ledger" in raised.value.remedy

    def test_is_told_that_there_is_no_such_bucket(self, sandbox: Sandbox) -> None:
        with pytest.raises(NotFoundError) as raised:
            _opener(sandbox, "s3://promote-none/x", f"admin/{CICD}")().create("a", b"x")
        assert "s3://promote-none/x/a" in raised.value.detail

    @pytest.mark.parametrize("place", ["s3://", "s3://B", "s3://bucket/a//b", "s3://bucket/*"])
    def test_a_place_that_is_none_is_refused(self, sandbox: Sandbox, place: str) -> None:
        with pytest.raises(InputError, match="Not a place for a ledger"):
            _opener(sandbox, place)()


def _held(store: Store, key: str) -> tuple[bytes, str]:
    stored = store.read(key)
    assert stored is not None
    return stored.content, stored.tag


def _count(sandbox: Sandbox, operation: str) -> int:
    made = [call["operation"] for call in admin.calls(sandbox.endpoint)]
    return made.count(f"s3:{operation}")
