from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promote.core.waves import WaveSize, split, wave_numbers

counts = st.integers(1, 300).map(WaveSize)
shares = st.integers(1, 100).map(lambda number: WaveSize(number, is_percentage=True))
sizes = counts | shares
many = st.lists(st.integers(0, 10**12 - 1).map("{:012}".format), unique=True, max_size=250)


def parts(*texts: str, total: int) -> list[int]:
    found = tuple(
        WaveSize(int(each.rstrip("%")), is_percentage=each.endswith("%")) for each in texts
    )
    return [len(wave) for wave in split([f"{n}" for n in range(total)], found)]


class TestSplit:
    @pytest.mark.parametrize(
        ("texts", "total", "expected"),
        [
            ((), 3, [3]),
            (("100%",), 3, [3]),
            (("1", "25%", "100%"), 10, [1, 2, 7]),
            (("1", "25%", "100%"), 200, [1, 49, 150]),
            (("1", "25%", "100%"), 4, [1, 3]),
            (("1", "25%", "100%"), 1, [1]),
            (("50%", "100%"), 5, [3, 2]),
            (("1%", "100%"), 3, [1, 2]),
            (("9",), 3, [3]),
            (("2", "1", "3"), 3, [2, 1]),
            (("1",), 3, [1, 2]),
            (("100%",), 0, []),
        ],
    )
    def test_is_cumulative_rounds_up_and_leaves_out_what_is_empty(
        self, texts: tuple[str, ...], total: int, expected: list[int]
    ) -> None:
        assert parts(*texts, total=total) == expected

    @given(many, st.lists(sizes, max_size=6))
    def test_has_every_account_once_in_the_order_of_the_file(
        self, accounts: list[str], wanted: list[WaveSize]
    ) -> None:
        waves = split(accounts, wanted)

        assert [account for wave in waves for account in wave] == accounts
        assert all(waves)
        assert len(waves) <= len(wanted) + 1

    @given(many, st.lists(sizes, max_size=6))
    def test_never_lets_a_wave_end_before_its_size(
        self, accounts: list[str], wanted: list[WaveSize]
    ) -> None:
        ends = {size.of(len(accounts)) for size in wanted} | {len(accounts)}
        done = 0
        for wave in split(accounts, wanted):
            done += len(wave)
            assert done in ends

    @given(many, st.lists(sizes, max_size=6))
    def test_numbers_the_waves_from_one_without_a_gap(
        self, accounts: list[str], wanted: list[WaveSize]
    ) -> None:
        numbers = list(wave_numbers(accounts, wanted).values())

        assert numbers == sorted(numbers)
        assert set(numbers) == set(range(1, max(numbers, default=0) + 1))

    @given(st.integers(1, 100), st.integers(0, 10_000))
    def test_of_a_percentage_is_never_less_than_the_share(self, share: int, total: int) -> None:
        count = WaveSize(share, is_percentage=True).of(total)

        assert total * share <= count * 100 < total * share + 100


def test_a_size_is_written_as_in_the_file() -> None:
    assert (str(WaveSize(7)), str(WaveSize(25, is_percentage=True))) == ("7", "25%")
