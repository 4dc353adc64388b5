"""The data lake and the guardrails: read, resolved, and refused where they cannot work."""

from __future__ import annotations

import pytest
import yaml

from promote.config import parse, schema, show
from promote.core.perimeter import DataLake, Guardrails
from tests.unit.config.files import SMALL, changed, problems, spoiled
from tests.unit.config.test_schema import accepts

KEY = "arn:aws:kms:us-east-1:666666666666:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
BOTH = (
    SMALL
    + f"""\
data_lake:
  account: "666666666666"
  bucket: tools-images
  kms_key: {KEY}
  trainers: [trainer, "ml/trainer-{{region}}"]
guardrails:
  account: "999999999999"
  targets: ["222222222222", ou-ab12-cdefgh34, r-ab12]
  exempt: ["arn:aws:iam::222222222222:role/break-glass"]
"""
)
PREFIX = "arn:aws:iam::222222222222:role"


class TestRead:
    def test_roles_are_resolved_to_their_arns(self) -> None:
        topology = parse(BOTH)
        assert topology.data_lake == DataLake(
            account="666666666666",
            bucket="tools-images",
            kms_key=KEY,
            trainers=(f"{PREFIX}/trainer", f"{PREFIX}/ml/trainer-us-east-1"),
        )
        assert topology.guardrails == Guardrails(
            account="999999999999",
            role="arn:aws:iam::999999999999:role/promote-guardrails",
            targets=("222222222222", "ou-ab12-cdefgh34", "r-ab12"),
            exempt=(f"{PREFIX}/break-glass",),
        )

    def test_both_may_be_left_out(self) -> None:
        topology = parse(SMALL)
        assert (topology.data_lake, topology.guardrails) == (None, None)
        shown = show(topology)
        assert (shown["data_lake"], shown["guardrails"]) == (None, None)

    def test_little_needs_to_be_said(self) -> None:
        text = SMALL + 'guardrails: {account: "999999999999", role: null, targets: [r-ab12]}\n'
        assert parse(text).guardrails == Guardrails(account="999999999999", targets=("r-ab12",))

    def test_they_are_shown_resolved(self) -> None:
        shown = show(parse(BOTH))
        assert shown["data_lake"] == {
            "account": "666666666666",
            "bucket": "tools-images",
            "kms_key": KEY,
            "trainers": [f"{PREFIX}/trainer", f"{PREFIX}/ml/trainer-us-east-1"],
        }
        assert isinstance(shown["guardrails"], dict)
        assert shown["guardrails"]["targets"] == ["222222222222", "ou-ab12-cdefgh34", "r-ab12"]

    def test_a_plan_does_not_rest_on_them(self) -> None:
        assert parse(BOTH).fingerprint("tools", "qa") == parse(SMALL).fingerprint("tools", "qa")


class TestSchema:
    def test_it_accepts_what_the_reader_accepts(self) -> None:
        assert accepts(schema(), yaml.safe_load(BOTH))

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ('["222222222222", ou', "[222222222222, ou"),
            ("ou-ab12-cdefgh34", "ou-ab12"),
            ('account: "666666666666"', "account: 666666666666"),
            ("bucket: tools-images", "bukket: tools-images"),
            (KEY, "alias/tools"),
            ("arn:aws:iam::222222222222:role/break-glass", "break-glass"),
        ],
    )
    def test_it_refuses_what_the_reader_refuses_by_shape(self, old: str, new: str) -> None:
        assert not accepts(schema(), yaml.safe_load(changed(old, new, text=BOTH)))


class TestDataLake:
    @pytest.mark.parametrize(
        "name",
        ["Tools", "ab", "a" * 64, "-tools", "to..ols", "10.0.0.1", "xn--tools", "tools--x-s3"],
    )
    def test_a_name_that_s3_refuses_is_refused(self, name: str) -> None:
        (found,) = spoiled("bucket: tools-images", f"bucket: {name}", text=BOTH)
        assert found.startswith(f"11:11: data_lake.bucket: {name[:60]!r}"[:-1])
        assert "is not the name of a bucket: 3 to 63 lower-case" in found

    def test_a_dotted_name_is_read(self) -> None:
        assert not spoiled("bucket: tools-images", "bucket: tools.images.2026", text=BOTH)

    @pytest.mark.parametrize(
        ("key", "found"),
        [
            ("alias/tools", "'alias/tools' is not the ARN of a KMS key"),
            (KEY.replace("kms", "s3"), "is not the ARN of a KMS key: arn:aws:kms"),
            (KEY.replace("key/0a", "alias/0a"), "is not the ARN of a KMS key: arn:aws:kms"),
            (KEY.replace("6666", ""), "is in no account: "),
            (KEY.replace("us-east-1", "us-west-2"), "but the models and the bucket are in us-east"),
        ],
    )
    def test_a_key_must_be_one_of_the_region(self, key: str, found: str) -> None:
        (problem,) = spoiled(f"kms_key: {KEY}", f'kms_key: "{key}"', text=BOTH)
        assert problem.startswith("12:12: data_lake.kms_key: ")
        assert found in problem

    def test_a_key_of_several_regions_is_read(self) -> None:
        several = f"{KEY.partition('key/')[0]}key/mrk-{'0a1b2c3d' * 4}"
        assert not spoiled(KEY, several, text=BOTH)

    def test_a_key_needs_somebody_who_trains(self) -> None:
        (found,) = spoiled('  trainers: [trainer, "ml/trainer-{region}"]\n', "", text=BOTH)
        assert found.startswith("12:12: data_lake.kms_key: training decrypts with the permissions")

    def test_who_trains_is_in_the_ml_account(self) -> None:
        other = "arn:aws:iam::333333333333:role/trainer"
        (found,) = spoiled("[trainer,", f'["{other}",', text=BOTH)
        assert found == (
            f"13:14: data_lake.trainers: {other} is in account '333333333333', but must be in "
            "222222222222"
        )

    def test_a_role_twice_is_refused(self) -> None:
        (found,) = spoiled("[trainer,", "[trainer, trainer,", text=BOTH)
        assert found == "13:23: data_lake.trainers: trainer is listed twice"

    def test_what_is_missing_is_told_at_once(self) -> None:
        found = problems(SMALL + "data_lake: {kms_key: null}\n")
        assert [each.partition(": ")[2] for each in found] == [
            "data_lake.account is missing: the account that owns the bucket",
            "data_lake.bucket is missing: holds the images",
        ]


class TestGuardrails:
    @pytest.mark.parametrize(
        ("target", "found"),
        [
            ("222222222222", "the account id 222222222222 must be quoted"),
            ("ou-ab12", "'ou-ab12' is not an account id in quotes, the id of a unit"),
            ('"22222222222"', "'22222222222' is not an account id in quotes"),
            ("r-AB12", "'r-AB12' is not an account id in quotes"),
            ("root", "'root' is not an account id in quotes"),
        ],
    )
    def test_a_target_is_an_account_a_unit_or_the_root(self, target: str, found: str) -> None:
        (problem,) = spoiled('["222222222222", ou', f"[{target}, ou", text=BOTH)
        assert problem.startswith("16:13: guardrails.targets[0]: ")
        assert found in problem

    def test_without_targets_there_is_nothing_to_guard(self) -> None:
        line = '["222222222222", ou-ab12-cdefgh34, r-ab12]'
        assert spoiled(line, "[]", text=BOTH) == ["16:12: guardrails.targets: the list is empty"]

    def test_a_target_twice_is_refused(self) -> None:
        (found,) = spoiled("r-ab12]", "r-ab12, r-ab12]", text=BOTH)
        assert found.endswith("guardrails.targets: r-ab12 is listed twice")

    def test_its_role_is_in_its_account(self) -> None:
        line = '  role: "arn:aws:iam::222222222222:role/guard"\n  targets'
        (found,) = spoiled("  targets", line, text=BOTH)
        assert found.endswith("account '222222222222', but must be in 999999999999")

    @pytest.mark.parametrize("role", ["break-glass", "arn:aws:iam::222222222222:role/*"])
    def test_who_is_exempt_is_one_role_by_its_arn(self, role: str) -> None:
        (found,) = spoiled("arn:aws:iam::222222222222:role/break-glass", role, text=BOTH)
        assert "guardrails.exempt" in found

    def test_promote_itself_must_not_be_shut_out(self) -> None:
        alone = changed(
            '    accounts: ["333333333333"]\n',
            '    accounts: ["333333333333"]\n    operator_role: null\n',
            text=BOTH,
        )
        assert not problems(alone)
        exempt = '  exempt: ["arn:aws:iam::222222222222:role/break-glass"]\n'
        (found,) = spoiled(exempt, "", text=alone)
        assert "in qa operator_role is null" in found
        assert "guardrails.exempt" in found
