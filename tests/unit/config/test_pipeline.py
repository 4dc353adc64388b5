"""The pipeline: read, resolved, and refused where CodePipeline could not carry it out."""

from __future__ import annotations

from datetime import timedelta

import pytest
import yaml

from promote.config import parse, schema, show
from promote.core.perimeter import Pipeline, Verifier
from tests.unit.config.files import GOOD, changed, problems
from tests.unit.config.test_schema import accepts

VERIFIER = "{vpc: vpc-0a1b2c3d, subnets: [subnet-0a1b2c3d], security_groups: [sg-0a1b2c3d]}"
WITH = (
    GOOD.replace("ledger: .promote", "ledger: s3://team-ledger/promote")
    + f"""\
    verifier: {VERIFIER}
    organizational_units: [ou-ab12-cdefgh12]
pipeline:
  account: "111111111111"
  approval_timeout: 24h
  notify: [mlops@example.com]
  boundary: teams/promote-boundary
"""
)
LONG = "a-name-of-an-environment-that-is-far-too-long"


class TestRead:
    def test_has_defaults_for_all_but_its_account(self) -> None:
        topology = parse(WITH)
        assert topology.pipeline == Pipeline(
            account="111111111111",
            approval_timeout=timedelta(hours=24),
            notify=("mlops@example.com",),
            boundary="teams/promote-boundary",
        )
        assert parse(GOOD).pipeline is None

    def test_an_environment_says_where_it_is_verified_from_and_which_units_it_is(self) -> None:
        prod = parse(WITH).environment("prod")
        assert prod.verifier == Verifier(
            vpc="vpc-0a1b2c3d", subnets=("subnet-0a1b2c3d",), security_groups=("sg-0a1b2c3d",)
        )
        assert prod.organizational_units == ("ou-ab12-cdefgh12",)

    def test_a_verifier_of_all_is_unset_by_null(self) -> None:
        text = WITH.replace("defaults:\n", f"defaults:\n  verifier: {VERIFIER}\n")
        text = text.replace("    drain: 30s\n", "    drain: 30s\n    verifier: null\n")
        assert parse(text).environment("qa").verifier is None

    def test_is_shown_and_fits_its_schema(self) -> None:
        shown = show(parse(WITH))["pipeline"]
        assert isinstance(shown, dict)
        assert (shown["approval_timeout"], shown["retire"]) == ("1d", "1h")
        assert accepts(schema(), yaml.safe_load(WITH))


class TestRefused:
    @pytest.mark.parametrize(
        ("line", "problem"),
        [
            ("account: 111111111111", "the account id 111111111111 must be quoted"),
            ('account: "1234"', "pipeline.account: '1234' is not an account id"),
            ('account: "111111111111"\n  retire: 59m', "pipeline.retire: expected at least 1h"),
            ('account: "111111111111"\n  approval_timeout: 4m', "expected at least 5m"),
            ('account: "111111111111"\n  approval_timeout: 61d', "expected at most 60d"),
            ('account: "111111111111"\n  image: "a b"', "pipeline.image: 'a b' is not the name"),
            ('account: "111111111111"\n  install: "--evil"', "pipeline.install: '--evil' is not"),
            ('account: "111111111111"\n  watch: true', "true is not supported yet"),
            ('account: "111111111111"\n  name: "x{model}."', "'xtools.' is not the name of a"),
            ('account: "111111111111"\n  name: "{environment}"', "{environment} has no meaning"),
        ],
    )
    def test_with_its_reason(self, line: str, problem: str) -> None:
        text = WITH.replace("  approval_timeout: 24h\n", "")
        (found,) = problems(changed('account: "111111111111"', line, text=text))
        assert problem in found

    def test_without_a_ledger_that_builds_share(self) -> None:
        (found,) = problems(changed("s3://team-ledger/promote", ".promote", text=WITH))
        assert "builds have no directory in common; name a ledger like s3://" in found

    @pytest.mark.parametrize("role", ["reader", "operator", "deployer", "smoke"])
    def test_without_a_role_to_become(self, role: str) -> None:
        lines = [
            f"  {role}_role: null" if line.startswith(f"  {role}_role:") else line
            for line in WITH.splitlines()
        ]
        found = problems("\n".join(lines))
        assert len(found) >= 1
        assert f"{role}_role: is null, but with a pipeline the promoter is a build" in found[0]

    def test_with_more_than_fifty_stages_names_how_many(self) -> None:
        waves = ", ".join(f"{n}%" for n in range(4, 101, 4))
        (found,) = problems(changed("waves: [100%]", f"waves: [{waves}]", text=WITH))
        assert "pipeline: there would be 58 stages, at most 50 are possible" in found

    def test_with_names_that_are_too_long(self) -> None:
        text = WITH.replace("operator-{environment}", "operator").replace(
            "name: qa", f"name: {LONG}"
        )
        found = problems(text.replace("after: qa", f"after: {LONG}"))
        name = f"promote-tools-promote-{LONG}"
        said = f"the role {name} would have {len(name)} characters, at most 64 are possible"
        assert any(said in each for each in found)

    def test_where_two_models_share_a_name(self) -> None:
        text = WITH.replace("models:\n", "models:\n  parts: {project: spares}\n")
        text = text.replace('"111111111111"', '"111111111111"\n  name: promote')
        (found,) = problems(text)
        assert "pipeline.name: parts and tools share promote; put {model} into it" in found

    def test_where_two_stacks_would_make_one_role(self) -> None:
        text = WITH.replace('"444444444444"', '"333333333333"').replace(
            "/models/{model}/", "/models/{model}/{environment}/"
        )
        found = problems(text)
        assert len(found) == 3
        assert all("which the stack of each would make; put {environment}" in e for e in found)

    def test_where_a_target_is_the_ml_account(self) -> None:
        found = problems(changed('"444444444444"', '"222222222222"', text=WITH))
        assert "give the models one of their own" in found[0]

    def test_nothing_that_only_a_pipeline_uses_stands_alone(self) -> None:
        text = WITH[: WITH.index("pipeline:\n")]
        found = problems(text)
        assert [each.rpartition(": ")[2] for each in found] == [
            "nothing uses it without the key pipeline"
        ] * 2

    def test_what_is_listed_twice(self) -> None:
        text = WITH.replace("[sg-0a1b2c3d]", "[sg-0a1b2c3d, sg-0a1b2c3d]")
        (found,) = problems(text)
        assert "verifier.security_groups: sg-0a1b2c3d is listed twice" in found
