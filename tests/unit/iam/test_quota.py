from __future__ import annotations

import json

import pytest

from promote.iam.document import Kind, canonical
from promote.iam.quota import (
    QUOTAS,
    TRUST_RAISED,
    Usage,
    room,
    size,
    trust_usage,
)
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

        assert QUOTAS[Kind.IDENTITY].usage([found, found]) == Usage(2 * size(found), 10_240)

    def test_is_nothing_without_policies(self) -> None:
        assert QUOTAS[Kind.IDENTITY].usage([]) == Usage(0, 10_240)


class TestTrustUsage:
    def test_measures_against_the_default_quota(self) -> None:
        found = document(trusting({"AWS": ML}))

        assert trust_usage(found) == Usage(size(found), 2_048)

    def test_measures_against_a_raised_quota(self) -> None:
        roles = [f"arn:aws:iam::{ML}:role/consumer-{number:03}" for number in range(60)]
        found = document(trusting({"AWS": roles}))

        assert not trust_usage(found).fits
        assert trust_usage(found, TRUST_RAISED).fits


class TestQuotas:
    def test_there_is_one_for_every_place_of_a_document(self) -> None:
        assert set(QUOTAS) == set(Kind)

    @pytest.mark.parametrize("kind", [Kind.IDENTITY, Kind.BOUNDARY, Kind.TRUST])
    def test_iam_counts_no_white_space(self, kind: Kind) -> None:
        found = document(allow())
        spaced = json.dumps(found, indent=4)
        assert QUOTAS[kind].size(spaced) == len(json.dumps(found, separators=(",", ":")))

    @pytest.mark.parametrize("kind", [Kind.SCP, Kind.RCP, Kind.PROJECT, Kind.ENDPOINT, Kind.BUCKET])
    def test_elsewhere_every_character_counts(self, kind: Kind) -> None:
        spaced = json.dumps(document(allow()), indent=4)
        assert QUOTAS[kind].size(spaced) == len(spaced)
        assert QUOTAS[kind].size({"Sid": "a b"}) == len('{"Sid":"a b"}')

    def test_s3_and_kms_count_bytes(self) -> None:
        assert QUOTAS[Kind.BUCKET].size({"a": "ü"}) == len('{"a":"ü"}') + 1
        assert QUOTAS[Kind.SCP].size({"a": "ü"}) == len('{"a":"ü"}')

    def test_a_limit_that_was_raised_takes_its_place(self) -> None:
        assert QUOTAS[Kind.TRUST].usage([], limit=TRUST_RAISED) == Usage(0, TRUST_RAISED)
        assert QUOTAS[Kind.SCP].usage(["{}"]) == Usage(2, 10_240)


class TestRoom:
    @pytest.mark.parametrize("kind", [Kind.IDENTITY, Kind.TRUST, Kind.SCP, Kind.KEY])
    def test_predicts_exactly_how_many_more_fit(self, kind: Kind) -> None:
        quota = QUOTAS[kind]
        arns = [f"{V1}{number:05}" for number in range(1_000)]
        more = room(quota.usage([document(allow(resource=arns[:1]))]), arns[0])
        assert quota.usage([document(allow(resource=arns[: 1 + more]))]).fits
        assert not quota.usage([document(allow(resource=arns[: 2 + more]))]).fits

    def test_is_none_where_it_is_too_large_already(self) -> None:
        assert Usage(12, 10).left == -2
        assert room(Usage(12, 10), "x") == 0
