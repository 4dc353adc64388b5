from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promote.core.codec import canonical, digest_besides, to_json
from promote.core.condense import RULE
from promote.core.events import Warned
from promote.core.fold import fold
from promote.core.record import (
    AccessChanged,
    ClaimClosed,
    ClaimOpened,
    PromotionEnded,
    Record,
)
from promote.core.result import Outcome, Result
from promote.errors import NeedsAttentionError, TryAgainError
from promote.ports import Stored
from promote.workflow.journal import Journal
from promote.workflow.side_by_side import side_by_side
from tests.builders import NOW, a_topology
from tests.fake_world import FakeWorld
from tests.workflow.promoting import Promoting

OPENED = ClaimOpened(at=NOW, promotion="p1", version="v1")
CLOSED = ClaimClosed(at=NOW, promotion="p1", version="v1")

ENDED = PromotionEnded(
    at=NOW,
    promotion="p1",
    digest="0" * 64,
    result=Result(
        result=Outcome.PROMOTED, promotion="p1", environment="qa", version="v1", previous=None
    ),
)


def key(number: int) -> str:
    return f"tools/records/{number:08d}.json"


def put(fake: FakeWorld, number: int, content: bytes) -> None:
    """Write an object past every condition, as a hand or a broken disk would."""
    fake.objects[key(number)] = Stored(content=content, tag=hashlib.sha256(content).hexdigest())


def journal(fake: FakeWorld, said: list[str] | None = None) -> Journal:
    return Journal(fake.ports().store, "tools", (said if said is not None else []).append)


def a_world(*records: Record) -> FakeWorld:
    fake = FakeWorld(a_topology())
    for record in records:
        journal(fake).append(record)
    return fake


class TestTheChain:
    def test_names_the_digest_of_the_object_before(self) -> None:
        fake = a_world(OPENED, CLOSED)
        first, second = (fake.objects[key(number)].content for number in (1, 2))
        assert json.loads(first)["previous"] == ""
        assert json.loads(second)["previous"] == hashlib.sha256(first).hexdigest()
        assert journal(fake).records() == (OPENED, CLOSED)

    @given(broken=st.integers(1, 4), data=st.data())
    def test_shows_every_change_of_a_record_that_has_a_successor(
        self, broken: int, data: st.DataObject
    ) -> None:
        fake = a_world(OPENED, CLOSED, OPENED, CLOSED, OPENED)
        content = bytearray(fake.objects[key(broken)].content)
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1
        put(fake, broken, bytes(content))
        with pytest.raises(NeedsAttentionError) as caught:
            journal(fake).records()
        assert any(key(number) in caught.value.detail for number in (broken, broken + 1))

    @pytest.mark.parametrize("gone", [1, 2, 3])
    def test_shows_a_record_that_is_gone(self, gone: int) -> None:
        fake = a_world(OPENED, CLOSED, OPENED, CLOSED)
        del fake.objects[key(gone)]
        with pytest.raises(NeedsAttentionError, match="chain of the ledger's records is broken"):
            journal(fake).records()

    def test_shows_a_record_that_was_copied_to_another_number(self) -> None:
        fake = a_world(OPENED, CLOSED)
        put(fake, 3, fake.objects[key(2)].content)
        with pytest.raises(NeedsAttentionError, match="broken") as caught:
            journal(fake).records()
        assert f"{key(3)} was written as number 2" in caught.value.detail

    def test_lets_what_is_left_of_it_be_looked_at(self) -> None:
        fake = a_world(OPENED, CLOSED, OPENED, CLOSED)
        put(fake, 2, b"[]")
        del fake.objects[key(3)]
        assert journal(fake).legible() == (OPENED, CLOSED)

    def test_is_not_continued_after_a_break(self) -> None:
        fake = a_world(OPENED, CLOSED)
        put(fake, 1, fake.objects[key(1)].content.replace(b"p1", b"p2"))
        with pytest.raises(NeedsAttentionError, match="broken"):
            journal(fake).append(OPENED)
        assert key(3) not in fake.objects

    def test_begins_after_the_records_of_before_the_chain(self) -> None:
        fake = FakeWorld(a_topology())
        for number, record in enumerate((OPENED, CLOSED), start=1):
            put(fake, number, canonical(to_json(record)))
        assert journal(fake).records() == (OPENED, CLOSED)
        journal(fake).append(OPENED)
        assert journal(fake).records() == (OPENED, CLOSED, OPENED)
        put(fake, 2, canonical(to_json(OPENED)))
        with pytest.raises(NeedsAttentionError, match="broken"):
            journal(fake).records()

    def test_takes_no_unchained_record_any_more(self) -> None:
        fake = a_world(OPENED)
        put(fake, 2, canonical(to_json(CLOSED)))
        with pytest.raises(NeedsAttentionError, match="broken") as caught:
            journal(fake).records()
        assert key(2) in caught.value.detail


CHECKPOINT = "tools/checkpoint.json"


def reads(fake: FakeWorld) -> list[str]:
    """Return what `state` reads of the records."""
    fake.calls.clear()
    journal(fake).state()
    read = [each.resource for each in fake.calls if each.operation == "store.read"]
    return [name for name in read if "/records/" in name]


class TestACheckpoint:
    def promoted(self, fake: FakeWorld) -> int:
        """Promote once, and return how many records that left."""
        assert Promoting(fake).release().result is Outcome.PROMOTED
        return len(fake.records())

    def test_lets_the_state_be_read_from_the_last_end_on(self, fake: FakeWorld) -> None:
        last = self.promoted(fake)
        whole = fold(fake.records())
        assert reads(fake) == [key(last)]
        assert journal(fake).state() == whole
        journal(fake).append(OPENED)
        assert reads(fake) == [key(last), key(last + 1)]
        assert journal(fake).state() == fold(fake.records())
        assert len(journal(fake).records()) == last + 1

    def test_shows_that_the_newest_records_are_gone(self, fake: FakeWorld) -> None:
        last = self.promoted(fake)
        del fake.objects[key(last)]
        for use in (journal(fake).state, journal(fake).records):
            with pytest.raises(NeedsAttentionError, match="is broken") as caught:
                use()
            assert f"number {last} was the last record" in caught.value.detail
        with pytest.raises(NeedsAttentionError):
            journal(fake).append(OPENED)
        assert key(last) not in fake.objects

    def test_shows_that_the_newest_record_was_changed(self, fake: FakeWorld) -> None:
        last = self.promoted(fake)
        put(fake, last, fake.objects[key(last)].content.replace(b"promoted", b"refused"))
        with pytest.raises(NeedsAttentionError, match="chain of the ledger's records"):
            journal(fake).state()
        put(fake, last, b"{")
        with pytest.raises(NeedsAttentionError, match="chain of the ledger's records"):
            journal(fake).state()

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"rule":1}'])
    def test_that_cannot_be_read_is_as_none(self, fake: FakeWorld, content: bytes) -> None:
        self.promoted(fake)
        whole = fake.ledger()
        fake.objects[CHECKPOINT] = Stored(content=content, tag="tag")
        assert journal(fake).state() == whole
        assert Promoting(fake).release("v1").result is Outcome.PROMOTED
        assert len(reads(fake)) == 1

    def test_of_another_rule_is_as_none(self, fake: FakeWorld) -> None:
        self.promoted(fake)
        other = json.loads(fake.objects[CHECKPOINT].content)
        other.update(rule=RULE + 1, records=[])
        whole = fake.ledger()
        fake.objects[CHECKPOINT] = Stored(content=canonical(other), tag="tag")
        assert journal(fake).state() == whole

    def test_that_cannot_be_written_changes_nothing(self, fake: FakeWorld) -> None:
        fake.fail("store.create", TryAgainError("No answer"), on=CHECKPOINT)
        assert Promoting(fake).release().result is Outcome.PROMOTED
        assert CHECKPOINT not in fake.objects
        assert fake.ledger() == fold(fake.records())

    def test_of_somebody_who_was_faster_stays(self, fake: FakeWorld) -> None:
        ours, theirs = journal(fake), journal(fake)
        ours.state()
        theirs.append(ENDED)
        ours.append(replace(ENDED, promotion="p2"))
        assert journal(fake).state() == fold(fake.records())
        assert len(fake.records()) == 2


class TestAppending:
    def test_costs_one_call_once_the_records_were_read(self) -> None:
        fake = a_world(OPENED, CLOSED)
        ours = journal(fake)
        ours.state()
        fake.calls.clear()
        ours.append(OPENED)
        ours.append(CLOSED)
        assert fake.operations() == ["store.create", "store.create"]
        assert journal(fake).records() == (OPENED, CLOSED, OPENED, CLOSED)

    def test_finds_what_others_have_appended_meanwhile(self) -> None:
        fake = a_world(OPENED)
        ours = journal(fake)
        ours.state()
        journal(fake).append(CLOSED)
        journal(fake).append(ENDED)
        ours.append(OPENED)
        assert journal(fake).records() == (OPENED, CLOSED, ENDED, OPENED)

    def test_side_by_side_loses_nothing(self) -> None:
        fake = a_world()
        ours = journal(fake)
        records: list[Record] = [OPENED, CLOSED] * 8
        side_by_side(ours.append, records)
        assert len(journal(fake).records()) == 16


class TestTwoWriters:
    def test_take_two_numbers_of_one_chain(self) -> None:
        fake = a_world(OPENED)
        fake.at("store.create", lambda: journal(fake).append(CLOSED), on="00000002")
        journal(fake).append(OPENED)
        assert journal(fake).records() == (OPENED, CLOSED, OPENED)

    def test_that_are_one_whose_answer_was_lost_write_one_record(self) -> None:
        fake = a_world(OPENED)
        twin = a_world(OPENED, CLOSED).objects[key(2)].content
        fake.at("store.create", lambda: put(fake, 2, twin), on="00000002")
        journal(fake).append(CLOSED)
        assert journal(fake).records() == (OPENED, CLOSED)


class TestATornRecord:
    @pytest.mark.parametrize("cut", [0, 1, 20, -1])
    def test_is_said_and_skipped_when_it_is_the_last(self, cut: int) -> None:
        fake, said = a_world(OPENED, CLOSED), list[str]()
        put(fake, 2, fake.objects[key(2)].content[:cut])
        assert journal(fake, said).records() == (OPENED,)
        assert len(said) == 1
        assert key(2) in said[0]

    def test_stays_skipped_once_the_next_one_is_written(self) -> None:
        fake, said = a_world(OPENED, CLOSED), list[str]()
        put(fake, 2, b"{")
        journal(fake).append(CLOSED)
        assert fake.objects[key(2)].content == b"{"
        assert journal(fake, said).records() == (OPENED, CLOSED)
        assert said == []

    @pytest.mark.parametrize("torn", [1, 2])
    def test_in_the_middle_is_an_error_that_names_it(self, torn: int) -> None:
        fake = a_world(OPENED, CLOSED, OPENED)
        put(fake, torn, b"")
        with pytest.raises(NeedsAttentionError) as caught:
            journal(fake).records()
        assert key(torn) in caught.value.detail

    def test_does_not_stop_a_promotion_but_is_said(self, fake: FakeWorld) -> None:
        put(fake, 1, b"")
        promoter = Promoting(fake)
        assert promoter.release().result is Outcome.PROMOTED
        said = [each.message for each in promoter.events if isinstance(each, Warned)]
        assert any(key(1) in message for message in said)


class TestARecordOfAnotherVersionOfPromote:
    def test_that_is_older_has_the_defaults_of_what_it_did_not_know(self) -> None:
        fake = FakeWorld(a_topology())
        granted = AccessChanged(at=NOW, by="me", environment="qa", version="v1", granted=True)
        journal(fake).append(granted)
        older = json.loads(fake.objects[key(1)].content)
        del older["record"]["reason"]
        older["digest"] = digest_besides("digest", older)
        put(fake, 1, canonical(older))
        assert journal(fake).records() == (granted,)

    @pytest.mark.parametrize("change", [{"kind": "of-tomorrow"}, {"wave": 3}])
    def test_that_is_newer_is_never_guessed_at(self, change: dict[str, object]) -> None:
        fake = a_world(OPENED)
        newer = json.loads(fake.objects[key(1)].content)
        newer["record"].update(change)
        put(fake, 1, canonical(newer))
        with pytest.raises(NeedsAttentionError, match="cannot be read") as caught:
            journal(fake).records()
        assert key(1) in caught.value.detail
        assert "newer version of promote" in caught.value.remedy
        with pytest.raises(NeedsAttentionError):
            journal(fake).append(CLOSED)
        assert key(2) not in fake.objects


class TestARecordThatCannotBeRead:
    @pytest.mark.parametrize(
        ("name", "content"),
        [("00000001", b'{"kind": "of tomorrow"}'), ("00000001", b"[]"), ("notes", b"{}")],
    )
    def test_stops_everything(self, fake: FakeWorld, name: str, content: bytes) -> None:
        fake.objects[f"tools/records/{name}.json"] = Stored(content=content, tag="tag")
        fake.calls.clear()
        with pytest.raises(NeedsAttentionError, match="cannot be read"):
            Promoting(fake).release()
        assert not fake.operations(writes=True)
