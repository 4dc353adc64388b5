"""Whatever somebody does to the records of a model, the check of its chain names it."""

from __future__ import annotations

import functools
import hashlib
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from promote.core.chain import Chain, LedgerObject, checked, encoded
from promote.core.codec import canonical, digest_besides
from promote.core.dossier import dossier
from promote.core.record import ClaimClosed, PromotionEnded, Record
from promote.workflow.chains import read_chain
from tests.builders import NOW, a_topology, version_arn
from tests.fake_world import FakeWorld
from tests.workflow.promoting import Promoting


@functools.cache
def ledger() -> tuple[LedgerObject, ...]:
    """Return the objects of two promotions and a rollback, made once."""
    fake = FakeWorld(a_topology())
    promoter = Promoting(fake)
    promoter.release(to="qa")
    promoter.release(to="prod")
    promoter.rollback(of="prod")
    store = promoter.world.store
    keys = store.keys("tools/records/")
    return tuple(LedgerObject(key, store.read(key).content) for key in keys)  # type: ignore[union-attr]


def real() -> list[Record]:
    return [each.record for each in checked(ledger()).links]


def rewritten(records: list[Record]) -> Chain:
    """Return what the check says of records that somebody chained anew."""
    objects, link = [], ""
    for number, record in enumerate(records, 1):
        content = encoded(number, link, record)
        link = hashlib.sha256(content).hexdigest()
        objects.append(LedgerObject(f"tools/records/{number:08d}.json", content))
    return checked(objects)


class TestAChain:
    def test_of_real_promotions_is_whole(self) -> None:
        found = checked(ledger())
        assert found.broken is None
        assert len(found.links) == len(ledger())

    @settings(max_examples=150, deadline=None)
    @given(st.data())
    def test_with_one_changed_byte_is_broken_there(self, data: st.DataObject) -> None:
        objects = list(ledger())
        index = data.draw(st.integers(0, len(objects) - 1))
        content = bytearray(objects[index].content)
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= data.draw(st.integers(1, 255))
        objects[index] = LedgerObject(objects[index].key, bytes(content))
        broken = checked(objects).broken
        assert broken is not None
        assert broken.record in {objects[index].key, objects[min(index + 1, len(objects) - 1)].key}

    @settings(max_examples=20, deadline=None)
    @given(st.data())
    def test_without_one_of_its_records_is_broken(self, data: st.DataObject) -> None:
        objects = list(ledger())
        del objects[data.draw(st.integers(0, len(objects) - 2))]
        assert checked(objects).broken is not None

    def test_of_nothing_is_whole(self) -> None:
        assert checked(()).broken is None

    def test_names_what_was_expected_and_what_was_found(self) -> None:
        first, *rest = ledger()
        broken = checked(rest).broken
        assert broken is not None
        assert broken.record == rest[0].key
        assert (broken.expected, broken.found) == ("number 1", "number 2")
        assert first.number == 1


class TestRecordsThatWereChainedAnew:
    """Whoever rewrites the whole chain has the links right, but not what the records say."""

    def test_pass_when_they_say_the_same(self) -> None:
        assert rewritten(real()).broken is None

    def test_are_unlawful_when_a_beginning_is_left_out(self) -> None:
        broken = rewritten(list(real()[1:])).broken
        assert broken is not None
        assert "was begun" in broken.expected

    def test_are_unlawful_when_one_ends_twice(self) -> None:
        (end, *_) = [e for e in real() if isinstance(e, PromotionEnded)]
        index = real().index(end) + 1
        broken = rewritten([*real()[:index], end, *real()[index:]]).broken
        assert broken is not None
        assert end.promotion in broken.found

    def test_are_unlawful_when_a_claim_ends_that_was_never_opened(self) -> None:
        stray = ClaimClosed(at=NOW, promotion="p", version=version_arn("v9"))
        broken = rewritten([stray]).broken
        assert broken is not None
        assert "v9" in broken.found

    def test_are_broken_when_the_plan_is_another_than_the_end_says(self) -> None:
        objects = list(ledger())
        data = json.loads(objects[0].content)
        data["record"]["plan"]["request"]["reason"] = "forged"
        del data["digest"]
        own = hashlib.sha256(canonical(data)).hexdigest()
        content = canonical({**data, "digest": own})
        chained: list[LedgerObject] = []
        for item in objects:
            if chained:
                data = json.loads(item.content)
                data["previous"] = hashlib.sha256(chained[-1].content).hexdigest()
                del data["digest"]
                own = hashlib.sha256(canonical(data)).hexdigest()
                content = canonical({**data, "digest": own})
            chained.append(LedgerObject(item.key, content))
        broken = checked(chained).broken
        assert broken is not None
        assert "plan" in broken.expected

    def test_are_whole_when_a_newer_version_ended_what_an_older_one_had_begun(self) -> None:
        entries = [json.loads(item.content) for item in ledger()]
        del entries[0]["record"]["plan"]["request"]["overrides"]  # a key that it did not know
        previous, chained = "", []
        for item, data in zip(ledger(), entries, strict=True):
            body = {key: data[key] for key in data if key != "digest"} | {"previous": previous}
            content = canonical({**body, "digest": hashlib.sha256(canonical(body)).hexdigest()})
            previous = hashlib.sha256(content).hexdigest()
            chained.append(LedgerObject(item.key, content))
        assert checked(chained).broken is None


class TestTheCheckpoint:
    def test_pins_the_last_record(self, fake: FakeWorld) -> None:
        store = Promoting(fake).world.store
        Promoting(fake).release()
        last = store.keys("tools/records/")[-1]
        found = store.read(last)
        assert found is not None
        assert read_chain(store, "tools").broken is None
        store.delete(last, found.tag)
        broken = read_chain(store, "tools").broken
        assert broken is not None
        assert broken.record == "tools/checkpoint.json"

    def test_may_say_nothing_that_the_records_do_not(self, fake: FakeWorld) -> None:
        store = Promoting(fake).world.store
        Promoting(fake).release()
        found = store.read("tools/checkpoint.json")
        assert found is not None
        data = json.loads(found.content)
        data["records"] = []
        data["own"] = digest_besides("own", data)
        store.replace("tools/checkpoint.json", canonical(data), found.tag)
        broken = read_chain(store, "tools").broken
        assert broken is not None
        assert "add up to" in broken.expected


class TestAChainByAnOlderVersion:
    """It had no digests of its own in its entries, and fewer fields in its records."""

    @staticmethod
    def aged() -> list[LedgerObject]:
        objects: list[LedgerObject] = []
        for item in ledger():
            data = json.loads(item.content)
            del data["digest"]
            for name in ("gates", "policies", "person", "execution", "steps"):
                data["record"].pop(name, None)
            last = objects[-1].content if objects else None
            data["previous"] = "" if last is None else hashlib.sha256(last).hexdigest()
            objects.append(LedgerObject(item.key, canonical(data)))
        return objects

    def test_is_whole(self) -> None:
        found = checked(self.aged())
        assert found.broken is None
        assert dossier(found.links[-1].record.promotion, found.links, "tools").steps == ()  # type: ignore[union-attr, arg-type]

    def test_is_broken_where_a_record_was_changed_all_the_same(self) -> None:
        objects = self.aged()
        objects[1] = LedgerObject(objects[1].key, objects[1].content.replace(b"v2", b"v3", 1))
        broken = checked(objects).broken
        assert broken is not None
        assert broken.record == objects[2].key
