"""Adapters are found by their names, and a wrong name is answered with the right ones."""

from __future__ import annotations

import pytest

from promote import ledger, pointers, services
from promote.errors import InputError
from promote.registry import adapter


class TestAdapter:
    @pytest.mark.parametrize("built_in", [services.BUILT_IN, pointers.BUILT_IN, ledger.BUILT_IN])
    def test_every_built_in_adapter_exists(self, built_in: dict[str, str]) -> None:
        for name in built_in:
            assert callable(adapter("promote.none", "thing", name, built_in))

    def test_an_unknown_name_is_answered_with_the_known_ones(self) -> None:
        with pytest.raises(InputError) as raised:
            adapter("promote.none", "model service", "recognition", {"rekognition": "a:b"})
        assert raised.value.summary == "No such model service"
        assert "'recognition'. There is: rekognition." in raised.value.detail

    def test_an_unknown_kind_of_ledger_is_refused(self) -> None:
        with pytest.raises(InputError):
            ledger.store("ftp://records/tools")
