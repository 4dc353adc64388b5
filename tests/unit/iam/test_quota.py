from __future__ import annotations

from promote.iam.document import canonical
from promote.iam.quota import TRUST_RAISED, Usage, inline_usage, size, trust_usage
from tests.unit.iam.documents import ML, V1, allow, document, trusting


class TestSize:
    def test_counts_no_white_space_even_inside_text(self) -> None:
        assert size({"Sid": "a b\tc\nd"}) == len('{"Sid":"abcd"}') + len(r"\t\n")

    def test_counts_letters_not_bytes(self) -> None:
        assert size({"a": "ü"}) == len('{"a":"ü"}')

    def test_is_that_of_the_canonical_text(self) -> None:
        found = document(allow())

        assert size(found) == len(canonical(found))

    def test_is_never_smaller_than_the_document_as_it_is(self) -> None:
        assert size(document(allow(resource=[V1] * 3))) > size(document(allow())) + 2 * len(V1)


class TestUsage:
    def test_fits_up_to_the_limit(self) -> None:
        assert Usage(10, 10).fits
        assert not Usage(11, 10).fits


class TestInlineUsage:
    def test_adds_all_policies_of_the_role(self) -> None:
        found = document(allow())

        assert inline_usage([found, found]) == Usage(2 * size(found), 10_240)

    def test_is_nothing_without_policies(self) -> None:
        assert inline_usage([]) == Usage(0, 10_240)


class TestTrustUsage:
    def test_measures_against_the_default_quota(self) -> None:
        found = document(trusting({"AWS": ML}))

        assert trust_usage(found) == Usage(size(found), 2_048)

    def test_measures_against_a_raised_quota(self) -> None:
        roles = [f"arn:aws:iam::{ML}:role/consumer-{number:03}" for number in range(60)]
        found = document(trusting({"AWS": roles}))

        assert not trust_usage(found).fits
        assert trust_usage(found, TRUST_RAISED).fits
