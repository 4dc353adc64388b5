"""The file that a new project begins with: readable at once, by us and by people."""

from __future__ import annotations

import re

import pytest
import yaml

from promote.config import parse, starter
from promote.config.keys import ROOT
from promote.config.shapes import Key, Section
from promote.core.gates.golden import GoldenRule
from promote.core.gates.labels import LabelRule
from tests.unit.config.files import problems

ENVIRONMENTS = [("qa", ["333333333333"]), ("prod", ["444444444444", "555555555555"])]


def a_starter(**options: object) -> str:
    """Write a starter, changed by `options`."""
    values: dict[str, object] = {
        "region": "us-east-1",
        "ml_account": "222222222222",
        "project": "tools-detector",
        "model": "tools",
        "environments": ENVIRONMENTS,
    }
    return starter(**{**values, **options})  # type: ignore[arg-type]  # as the caller says


class TestStarter:
    def test_it_is_read_without_a_problem(self) -> None:
        topology = parse(a_starter())
        assert topology.ledger is None
        assert [each.name for each in topology.environments] == ["qa", "prod"]
        assert topology.environment("prod").after == ("qa",)
        assert topology.environment("prod").accounts == ("444444444444", "555555555555")

    def test_every_option_ends_up_where_it_belongs(self) -> None:
        topology = parse(
            a_starter(
                organization="o-a1b2c3d4e5",
                external_id="tools: #1",
                ledger="./our ledger",
                consumers=["arn:aws:iam::{account}:role/storefront"],
                images="golden/\N{PARTY POPPER}",
            ).replace("tools: #1", "tools/1")
        )
        assert topology.organization == "o-a1b2c3d4e5"
        assert topology.ledger == "./our ledger"
        assert topology.environments[0].external_id == "tools/1"
        assert topology.environments[0].smoke.images == "golden/\N{PARTY POPPER}"
        assert topology.environments[0].consumers == ("arn:aws:iam::{account}:role/storefront",)

    def test_it_mentions_no_key_that_is_refused(self) -> None:
        later = {
            key.name
            for section in ("models", "defaults", "environments")
            for key in _keys(section)
            if key.later
        }
        text = a_starter()
        assert later
        assert not [name for name in later if f"{name}:" in text]

    def test_its_gates_only_need_to_be_uncommented(self) -> None:
        text = a_starter(images="golden/").replace("# labels: [", "labels: [")
        gates = re.sub(r"^    # (gates:|  \w+: )", r"    \1", text, flags=re.MULTILINE)
        asked = parse(gates).environment("prod").gates
        assert asked.labels is LabelRule.KNOWN
        assert asked.golden == GoldenRule(min_accuracy=0.9)
        assert asked.alarms == ("{model}-errors",)
        assert asked.approval == 1

    def test_no_line_is_too_long_to_read(self) -> None:
        assert max(len(line) for line in a_starter(external_id="tools").splitlines()) <= 100

    @pytest.mark.parametrize(
        "hostile", ["x\nversion: 2", 'a"b', "{model}", "no", "null", "a: b", "x\x85y"]
    )
    def test_a_hostile_value_stays_one_value(self, hostile: str) -> None:
        text = a_starter(project=hostile, images=hostile)
        assert yaml.safe_load(text)["models"]["tools"]["project"] == hostile
        assert yaml.safe_load(text)["version"] == 1

    def test_a_value_that_will_not_do_is_told_by_the_reader(self) -> None:
        found = problems(a_starter(region="mars-1", environments=[("QA", ["1"])]))
        assert len(found) == 3


def _keys(name: str) -> tuple[Key, ...]:
    (key,) = (key for key in ROOT.keys if key.name == name)
    shape = key.shape
    section = getattr(shape, "section", None) or getattr(shape, "item", None) or shape
    assert isinstance(section, Section)
    return section.keys
