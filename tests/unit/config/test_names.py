"""Names as AWS will see them, with the placeholders filled."""

from __future__ import annotations

import pytest

from tests.unit.config.files import GOOD, problems, spoiled

ACCESS = '"{model}-{environment}"'
POINTER = '"/models/{model}/version-arn"'
CONSUMER = '"arn:aws:iam::{account}:role/storefront"'
URL = '"https://vpce-0a1b.rekognition.{region}.vpce.amazonaws.com"'
ROLE_RULE = "letters, digits and _+=,.@- with an optional path/"
PARAMETER_RULE = "'/' and then letters, digits, _ . - in levels separated by '/'"


class TestRoles:
    @pytest.mark.parametrize(
        ("name", "fault"),
        [
            (
                "{model}-{environment}-" + "x" * 60,
                f"the role name 'tools-qa-{'x' * 60}' has 69 characters; IAM allows 64",
            ),
            (
                "{model}-{environment} role",
                f"'arn:aws:iam::222222222222:role/tools-qa role' is not a role: {ROLE_RULE}",
            ),
            (
                "a*/{model}-{environment}",
                f"'arn:aws:iam::222222222222:role/a*/tools-qa' is not a role: {ROLE_RULE}",
            ),
            (
                "arn:aws:iam::{account}:role/{model}-{environment}",
                (
                    "arn:aws:iam::333333333333:role/tools-qa is in account '333333333333', "
                    "but must be in 222222222222"
                ),
            ),
            (
                "arn:aws:sns:us-east-1:222222222222:{model}-{environment}",
                "'arn:aws:sns:us-east-1:222222222222:tools-qa' is not the ARN of an IAM role",
            ),
            (
                "arn:{model}-{environment}",
                "'arn:tools-qa' is not an ARN (arn:partition:service:region:account:resource)",
            ),
        ],
    )
    def test_one_that_iam_refuses_is_told_once_for_all_targets(self, name: str, fault: str) -> None:
        assert spoiled(ACCESS, f'"{name}"') == [f"20:16: access_role: {fault}"]

    @pytest.mark.parametrize(
        ("old", "key", "place", "account", "home"),
        [
            ("promote-deployer", "deployer_role", "18:18", "222222222222", "333333333333"),
            ("promote-smoke", "smoke_role", "19:15", "222222222222", "333333333333"),
            (
                "promote-operator-{environment}",
                "operator_role",
                "17:18",
                "444444444444",
                "222222222222",
            ),
        ],
    )
    def test_one_in_the_wrong_account_is_refused(
        self, old: str, key: str, place: str, account: str, home: str
    ) -> None:
        arn = f"arn:aws:iam::{account}:role/x"
        assert spoiled(old, arn) == [
            f"{place}: {key}: {arn} is in account '{account}', but must be in {home}"
        ]

    @pytest.mark.parametrize(
        "name", ["null", "teams/ml/reader", "arn:aws:iam::111111111111:role/r"]
    )
    def test_the_reader_may_be_a_name_an_arn_or_nobody(self, name: str) -> None:
        assert spoiled("reader_role: promote-reader", f"reader_role: {name}") == []

    def test_a_consumer_must_be_in_a_target_account(self) -> None:
        assert spoiled(CONSUMER, "storefront, batch/nightly") == []
        arn = "arn:aws:iam::999999999999:role/storefront"
        assert spoiled(CONSUMER, arn) == [
            f"22:15: consumers: {arn} is in account '999999999999', but must be in 333333333333"
        ]

    def test_a_path_that_is_too_long_is_refused(self) -> None:
        found = spoiled(ACCESS, f"{'x' * 511}/{{model}}-{{environment}}")
        assert len(found) == 1
        assert found[0].startswith(
            "20:16: access_role: the path of 'arn:aws:iam::222222222222:role/x"
        )
        assert found[0].endswith("is longer than the 512 characters that IAM allows")


class TestOtherNames:
    def test_a_policy_name_follows_iam(self) -> None:
        text = GOOD.replace("  external_id:", "  policy_name: 'a policy'\n  external_id:")
        assert problems(text) == [
            (
                "21:16: policy_name: 'a policy' is not a policy name: up to 128 letters, digits "
                "and _+=,.@-"
            )
        ]

    @pytest.mark.parametrize("text", ["x", "a b", "a" * 1225])
    def test_an_external_id_follows_sts(self, text: str) -> None:
        found = spoiled("external_id: tools", f"external_id: {text}")
        assert len(found) == 1
        assert found[0].startswith("21:16: external_id: '")
        assert found[0].endswith("is not an external id: 2 to 1224 letters, digits and _+=,.@:/-")

    @pytest.mark.parametrize(
        ("name", "fault"),
        [
            ("models", f"'models' is not a parameter name: {PARAMETER_RULE}"),
            ("/a/", f"'/a/' is not a parameter name: {PARAMETER_RULE}"),
            ("/a b", f"'/a b' is not a parameter name: {PARAMETER_RULE}"),
            ("/AWS/{model}", "'/AWS/tools' begins with 'aws' or 'ssm', which SSM keeps for itself"),
            ("/a" * 16, f"'{'/a' * 16}' has 16 levels; SSM allows 15"),
            (
                "/" + "a" * 967,
                f"'/{'a' * 59}…' is too long: its ARN may have 1011 characters",
            ),
        ],
    )
    def test_a_parameter_name_follows_ssm(self, name: str, fault: str) -> None:
        assert spoiled(POINTER, f'"{name}"') == [f"23:18: pointer.ssm: {fault}"]

    @pytest.mark.parametrize(
        "url",
        [
            "vpce-0a1b.rekognition.us-east-1.vpce.amazonaws.com",
            "ftp://example.com",
            "https://",
            "https://a b",
            "https://example.com:port",
            "https://[",
            "https://example.com/?x=1",
        ],
    )
    def test_an_endpoint_is_an_http_url(self, url: str) -> None:
        assert spoiled(URL, f'"{url}"') == [
            f"38:27: smoke.endpoint_url: '{url}' is not the URL of an endpoint: https://host"
        ]

    def test_a_password_in_a_url_is_refused_and_not_repeated(self) -> None:
        assert spoiled(URL, '"https://ann:hunter2@example.com"') == [
            (
                "38:27: smoke.endpoint_url: a URL with a user or password in it is refused, since "
                "it would appear in logs"
            )
        ]

    def test_an_endpoint_on_loopback_may_be_http(self) -> None:
        assert spoiled(URL, '"http://127.0.0.1:4567"') == []
