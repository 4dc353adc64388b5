from __future__ import annotations

from types import MappingProxyType

import pytest

from promote.errors import PolicyError
from promote.iam.document import canonical, digest, loads, same
from tests.unit.iam.documents import DETECT, ML, V1, V2, Document, allow, document, trusting


class TestLoads:
    def test_reads_an_object(self) -> None:
        assert loads('{"Version": "2012-10-17", "Statement": []}') == document()

    @pytest.mark.parametrize(
        ("text", "part"),
        [
            ("", "is not JSON: Expecting value at line 1, column 1"),
            ('{"a": 1,}', "is not JSON"),
            ('{"a": 1} {}', "is not JSON: Extra data at line 1, column 10"),
            ('{"a": {"b": 1, "c": 2, "b": 3}}', "the key 'b' appears twice in one object"),
            ('{"a": NaN}', "NaN is not a JSON number"),
            ('["a"]', "Expected an object"),
            ("null", "Expected an object"),
            ("[" * 100_000, "is not JSON that IAM reads"),
        ],
    )
    def test_refuses_what_is_no_strict_json_object(self, text: str, part: str) -> None:
        with pytest.raises(PolicyError) as caught:
            loads(text, name="inline")

        assert caught.value.detail.startswith("In inline, the document is ")
        assert part in caught.value.detail


class TestCanonical:
    def test_sorts_keys_and_leaves_out_space(self) -> None:
        assert canonical(document(allow())) == (
            f'{{"Statement":[{{"Action":["{DETECT}"],"Effect":"Allow","Resource":["{V1}"]}}],'
            '"Version":"2012-10-17"}'
        )

    def test_writes_other_letters_as_they_are(self) -> None:
        assert '"Sid":"für"' in canonical(document(trusting("*", Sid="für")))

    def test_everyone_is_spelled_as_every_kind_of_policy_takes_it(self) -> None:
        # An RCP takes no other spelling (RCP syntax, "Principal element").
        assert '"Principal":"*"' in canonical(document(trusting({"AWS": ["*"]})))
        assert '"Principal":"*"' in canonical(document(trusting("*")))

    def test_keeps_what_it_does_not_know(self) -> None:
        found = {
            "Statement": ["x", {"NotAction": 7, "Principal": 8, "Condition": {"Bool": 9}}],
            "x": {},
        }

        assert canonical(found) == (
            '{"Statement":["x",{"Condition":{"Bool":9},"NotAction":[7],"Principal":8}],"x":{}}'
        )

    def test_reads_any_kind_of_mapping(self) -> None:
        found = document(
            allow(Condition=MappingProxyType({"Bool": MappingProxyType({"a:b": "c"})}))
        )

        assert canonical(MappingProxyType(found)) == canonical(
            document(allow(Condition={"Bool": {"a:b": "c"}}))
        )
        assert canonical({"x": MappingProxyType({"y": 1})}) == '{"x":{"y":1}}'

    def test_refuses_what_json_cannot_say(self) -> None:
        with pytest.raises(TypeError, match="set has no place in a policy document"):
            canonical({"x": {1}})


class TestConditionValues:
    def test_may_lack_their_quotation_marks(self) -> None:
        bare = {"NumericLessThan": {"a:b": [10, 0.5]}, "Bool": {"a:c": True}}
        quoted = {"NumericLessThan": {"a:b": ["0.5", "10"]}, "Bool": {"a:c": "true"}}

        assert same(document(allow(Condition=bare)), document(allow(Condition=quoted)))


class TestSame:
    @pytest.mark.parametrize(
        ("a", "b"),
        [
            (document(allow()), {"Statement": allow(), "Version": "2012-10-17"}),
            (document(allow(resource=[V1, V2])), document(allow(resource=[V2, V1, V2]))),
            (document(allow(action=[DETECT])), document(allow(action=DETECT))),
            (document(allow(Sid="")), document(allow())),
            (document(allow(Condition={})), document(allow())),
            (document(trusting("*")), document(trusting({"AWS": ["*"]}))),
            (
                document(trusting({"AWS": ML})),
                document(trusting({"AWS": [f"arn:aws:iam::{ML}:root"]})),
            ),
            (
                document(allow(Condition={"Bool": {"aws:SecureTransport": True}})),
                document(allow(Condition={"Bool": {"aws:SecureTransport": ["true"]}})),
            ),
        ],
    )
    def test_sees_through_another_spelling(self, a: Document, b: Document) -> None:
        assert same(a, b)
        assert digest(a) == digest(b)

    @pytest.mark.parametrize(
        "other",
        [
            document(allow(), allow()),
            document(allow(resource=V2)),
            document(allow(Sid="Use")),
            document(allow(Condition={"Null": {"aws:SourceVpce": "false"}})),
            document(allow()) | {"Id": "x"},
        ],
    )
    def test_tells_other_documents_apart(self, other: Document) -> None:
        assert not same(document(allow()), other)

    def test_keeps_the_order_of_statements(self) -> None:
        one, two = allow(), allow(resource=V2)

        assert not same(document(one, two), document(two, one))

    def test_takes_none_for_no_document(self) -> None:
        assert same(None, None)
        assert not same(None, document(allow()))
        assert not same(document(allow()), None)


class TestDigest:
    def test_is_the_sha256_of_the_canonical_text(self) -> None:
        assert digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

    def test_exists_for_text_that_is_no_unicode(self) -> None:
        assert len(digest(loads('{"x": "\\ud800"}'))) == 64
