"""Every type of value: what it reads, and what it says to anything else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from promote.config import parse
from promote.core.topology import Granularity
from tests.unit.config.files import GOOD, SMALL, changed, problems, spoiled


class TestGood:
    def test_the_design_example_without_later_keys_is_read(self) -> None:
        topology = parse(GOOD, directory="/srv/team")
        prod = topology.environment("prod")
        assert topology.directory == "/srv/team"
        assert (topology.ledger, topology.templates) == (".promote", "./policies")
        assert (topology.ml.quotas.running, topology.ml.quotas.units) == (2, 5)
        assert (topology.models[0].capacity.max, topology.models[0].price) == (2, 4.5)
        assert prod.after == ("qa",)
        assert prod.granularity is Granularity.VERSION
        assert prod.drain == timedelta(minutes=5)
        assert topology.environment("qa").drain == timedelta(seconds=30)
        assert prod.smoke.images == "golden/"
        target = topology.targets("tools", prod)[1]
        assert target.access_role == "arn:aws:iam::222222222222:role/tools-prod"
        assert target.consumers == ("arn:aws:iam::555555555555:role/storefront",)
        url = "https://vpce-0a1b.rekognition.us-east-1.vpce.amazonaws.com"
        assert target.endpoint_url == url

    @pytest.mark.parametrize(
        ("text", "length"),
        [
            ("0s", timedelta(0)),
            ("30s", timedelta(seconds=30)),
            ("5m", timedelta(minutes=5)),
            ("24h", timedelta(hours=24)),
            ("'7d'", timedelta(days=7)),
        ],
    )
    def test_durations_are_read(self, text: str, length: timedelta) -> None:
        topology = parse(changed("drain: 30s", f"drain: {text}"))
        assert topology.environment("qa").drain == length

    def test_a_lease_is_two_minutes_unless_it_is_longer(self) -> None:
        assert parse(GOOD).lease == timedelta(minutes=2)
        assert parse(changed("ledger: .promote", "lease: 120s")).lease == timedelta(minutes=2)
        assert parse(changed("ledger: .promote", "lease: 5m")).lease == timedelta(minutes=5)

    def test_texts_that_look_like_something_else_stay_texts(self) -> None:
        topology = parse(changed("project: tools-detector", "project: 1.10"))
        assert topology.models[0].project == "1.10"
        topology = parse(changed("name: qa", "name: no", text=SMALL))
        assert topology.environments[0].name == "no"

    def test_after_takes_a_name_or_a_list(self) -> None:
        assert parse(changed("after: qa", "after: [qa]")) == parse(GOOD)

    def test_smoke_images_may_be_in_s3(self) -> None:
        topology = parse(changed("images: golden/", "images: s3://bucket/golden/"))
        assert topology.environments[0].smoke.images == "s3://bucket/golden/"


BAD = [
    ("version: 1", "version: 2", "1:10: version: expected 1, found '2'"),
    ("version: 1", 'version: "1"', "1:10: version: expected 1, without quotes, found '1'"),
    (
        "o-a1b2c3d4e5",
        "o-short",
        "3:15: organization: 'o-short' is not the id of an AWS organization (o-…)",
    ),
    (
        "ledger: .promote",
        "ledger: s3://",
        "4:9: ledger: is empty",
    ),
    (
        "ledger: .promote",
        "ledger: https://example.com",
        "4:9: ledger: expected a path or s3://, found 'https://example.com'",
    ),
    (
        "./policies",
        "s3://bucket/policies",
        "5:12: templates: expected a directory, found 's3://bucket/policies'",
    ),
    (
        "./policies",
        '"./a\\0b"',
        "5:12: templates: expected a directory, found './a\\x00b'",
    ),
    (
        "./policies",
        "'./{model}'",
        "5:12: templates: '{model}' is not filled here: write the path as it is",
    ),
    (
        '"222222222222"',
        "222222222222",
        (
            '7:12: ml.account: the account id 222222222222 must be quoted ("222222222222"): without'
            " quotes YAML would turn 012345670123 into another number"
        ),
    ),
    (
        '"222222222222"',
        '"2222"',
        "7:12: ml.account: '2222' is not an account id: twelve digits in quotes",
    ),
    (
        "running: 2",
        "running: 0",
        "8:21: ml.quotas.running: expected a whole number of at least 1, found '0'",
    ),
    (
        "service: rekognition",
        "service: rekogniton",
        (
            "11:14: models.tools.service: expected rekognition, found 'rekogniton'; "
            "did you mean 'rekognition'?"
        ),
    ),
    (
        "service: rekognition",
        "service: transcribe",
        (
            "11:14: models.tools.service: 'transcribe' is not supported yet: it comes with the "
            "service Amazon Transcribe"
        ),
    ),
    (
        "project: tools-detector",
        "project: tools/detector",
        "12:14: models.tools.project: 'tools/detector' is not the name of a Custom Labels project",
    ),
    (
        "min: 1",
        "min: 1.5",
        "13:21: models.tools.capacity.min: expected a whole number of at least 1, found '1.5'",
    ),
    ("4.5", "-4.5", "14:12: models.tools.price: expected a number of at least 0, found '-4.5'"),
    (
        "4.5",
        "'4.5'",
        "14:12: models.tools.price: expected a number of at least 0, without quotes, found '4.5'",
    ),
    (
        "granularity: version",
        "granularity: versions",
        (
            "24:16: defaults.granularity: expected version or project or account, found "
            "'versions'; did you mean 'version'?"
        ),
    ),
    (
        "consecutive: 3",
        "consecutive: none",
        (
            "25:30: defaults.propagation.consecutive: expected a whole number of at least 1, "
            "found 'none'"
        ),
    ),
    (
        "start: 30m",
        "start: 0m",
        "26:22: defaults.deadlines.start: '0m' leaves no time at all",
    ),
    (
        "ledger: .promote",
        "lease: 119s",
        "4:8: lease: expected at least 2m, found '119s'",
    ),
    (
        "min_accuracy: 0.9",
        "min_accuracy: 1.1",
        "27:42: defaults.smoke.min_accuracy: expected a number from 0 to 1, found '1.1'",
    ),
    (
        "images: golden/",
        "images: ftp://golden",
        "27:19: defaults.smoke.images: expected a path or s3://, found 'ftp://golden'",
    ),
    (
        "drain: 30s",
        "drain: 1h30m",
        "31:12: environments[0].drain: '1h30m' is not a duration; write it like 30s, 5m, 24h or 7d",
    ),
    (
        "[vpce-0a1b2c3d4e5f60718]",
        "[vpce-xyz]",
        (
            "37:21: environments[1].vpc_endpoints[0]: 'vpce-xyz' is not the id of a VPC endpoint "
            "(vpce-…)"
        ),
    ),
    ("drain: 30s", "drain:", "31:11: environments[0].drain: expected a value, found nothing"),
    ("drain: 30s", "drain: [30s]", "31:12: environments[0].drain: expected a value, found a list"),
    (
        'access_role: "{model}-{environment}"',
        "access_role: {model: x}",
        (
            "20:16: defaults.access_role: expected a value, found a mapping (quote a text that "
            "begins with a brace)"
        ),
    ),
    (
        "quotas: {running: 2, units: 5}",
        "quotas: 2",
        "8:11: ml.quotas: expected a mapping of keys, found '2'",
    ),
    (
        'accounts: ["333333333333"]',
        'accounts: "333333333333"',
        "30:15: environments[0].accounts: expected a list, found '333333333333'",
    ),
    (
        'accounts: ["333333333333"]',
        "accounts: []",
        "30:15: environments[0].accounts: the list is empty",
    ),
    (
        "after: qa",
        "after: {qa: 1}",
        "33:12: environments[1].after: expected a name or a list of names, found a mapping",
    ),
    (
        "name: qa",
        "name: QA",
        (
            "29:11: environments[0].name: 'QA' is not a name: lower-case letters, digits and "
            "hyphens (it becomes part of role names)"
        ),
    ),
]


class TestBad:
    @pytest.mark.parametrize(("old", "new", "problem"), BAD)
    def test_an_unusable_value_is_refused_with_its_place(
        self, old: str, new: str, problem: str
    ) -> None:
        text = GOOD.replace("after: qa", "after: QA") if new == "name: QA" else GOOD
        assert spoiled(old, new, text=text) == [problem]

    @pytest.mark.parametrize(
        ("old", "new", "problem"),
        [
            (
                "{project: tools-detector}",
                "tools-detector",
                "5:10: models.tools: expected a mapping of keys, found 'tools-detector'",
            ),
            (
                "\n  tools: {project: tools-detector}",
                " {}",
                "4:9: models: expected at least one name with its keys, found an empty mapping",
            ),
            (
                '- name: qa\n    accounts: ["333333333333"]',
                "- qa",
                "7:5: environments[0]: expected a mapping of keys, found 'qa'",
            ),
            (
                '\n  - name: qa\n    accounts: ["333333333333"]',
                " []",
                "6:15: environments: the list is empty",
            ),
            (
                "- name: qa\n    accounts",
                "- accounts",
                "7:5: environments[0].name is missing: the environment's name",
            ),
            (
                '    accounts: ["333333333333"]',
                '    accounts: ["333333333333"]\n    smoke: {images: "s3://"}',
                "9:21: environments[0].smoke.images: is empty",
            ),
            (
                '    accounts: ["333333333333"]',
                '    accounts: ["333333333333"]\n    smoke: !x {images: golden}',
                "9:12: tags (!name) are not read: promote knows the type of every key",
            ),
            (
                '["333333333333"]',
                '["333333333333", 4, [5]]',
                (
                    "8:32: environments[0].accounts[1]: '4' is not an account id: twelve digits in "
                    "quotes\n8:35: environments[0].accounts[2]: expected a value, found a list"
                ),
            ),
        ],
    )
    def test_something_of_another_shape_is_refused_with_its_place(
        self, old: str, new: str, problem: str
    ) -> None:
        assert spoiled(old, new, text=SMALL) == problem.split("\n")

    def test_digits_of_other_alphabets_are_no_account_id(self) -> None:
        arabic = "".join(chr(0x660 + digit) for digit in range(10)) + "12"
        assert spoiled("222222222222", arabic) == [
            f"7:12: ml.account: {arabic!r} is not an account id: twelve digits in quotes"
        ]

    def test_a_region_without_custom_labels_is_refused_with_where_it_exists(self) -> None:
        found = spoiled("region: us-east-1", "region: eu-north-1")
        assert len(found) == 1
        assert found[0].startswith("2:9: region: 'eu-north-1' will not do: Amazon Rekognition")
        assert "eu-central-1" in found[0]

    def test_a_region_given_from_outside_is_checked_as_well(self) -> None:
        assert parse(SMALL, region="eu-west-1").region == "eu-west-1"
        found = problems(SMALL, region="mars-1")
        assert len(found) == 1
        assert found[0].startswith("2:9: the Region 'mars-1', given instead of the file's,")


class TestPlaceholders:
    ALL = "{model} {environment} {account} {region} are filled"

    @pytest.mark.parametrize(
        ("template", "problem"),
        [
            ("{modle}-x", "unknown placeholder '{modle}'; did you mean '{model}'?"),
            ("{}", f"unknown placeholder '{{}}'; {ALL}"),
            ("{{model}}", f"stray '{{' in '{{{{model}}}}'; {ALL}"),
            ("role}", f"stray '}}' in 'role}}'; {ALL}"),
            ("", "is empty"),
        ],
    )
    def test_unknown_ones_and_stray_braces_are_refused(self, template: str, problem: str) -> None:
        found = spoiled('"{model}-{environment}"', f'"{template}"')
        assert found == [f"20:16: defaults.access_role: {problem}"]

    def test_one_without_a_meaning_here_is_refused(self) -> None:
        found = spoiled("promote-operator-{environment}", "promote-operator-{model}")
        assert found == [
            (
                "17:18: defaults.operator_role: {model} has no meaning here; "
                "{environment} {account} {region} are filled"
            )
        ]


class TestKeys:
    @pytest.mark.parametrize(
        ("old", "new", "problem"),
        [
            ("models:", "modles:", "9:1: unknown key 'modles'; did you mean 'models'?"),
            (
                "    price:",
                "    prize:",
                "14:5: unknown key 'prize' in models.tools; did you mean 'price'?",
            ),
            (
                "    after:",
                "    aftr:",
                "33:5: unknown key 'aftr' in environments[1]; did you mean 'after'?",
            ),
            (
                "granularity:",
                "wholly:",
                "24:3: unknown key 'wholly' in defaults",
            ),
        ],
    )
    def test_an_unknown_key_is_refused_with_a_guess(self, old: str, new: str, problem: str) -> None:
        assert problem in spoiled(old, new)

    @pytest.mark.parametrize(
        ("old", "problem"),
        [
            ("version: 1\n", "1:1: version is missing: the version of this file's format"),
            (
                "region: us-east-1\n",
                "1:1: region is missing: the Region of the models and pointers",
            ),
            (
                '{account: "222222222222"}',
                "3:5: ml.account is missing: the central account that trains and runs",
            ),
            (
                "project: tools-detector",
                (
                    "5:10: models.tools.project is missing: the Custom Labels project that the "
                    "versions are trained in"
                ),
            ),
            (
                '    accounts: ["333333333333"]\n',
                "7:5: environments[0].accounts is missing: the target accounts",
            ),
        ],
    )
    def test_a_missing_key_is_named_with_its_meaning(self, old: str, problem: str) -> None:
        new = "{}" if old.startswith("{") else ""
        assert spoiled(old, new, text=SMALL) == [problem]

    @pytest.mark.parametrize(
        ("old", "new", "problem"),
        [
            (
                'pointer: {ssm: "/models/{model}/version-arn"}',
                "pointer: {appconfig: x}",
                (
                    "23:13: defaults.pointer.appconfig is not supported yet: it comes with "
                    "AppConfig pointers"
                ),
            ),
            (
                "smoke: {endpoint_url",
                "smoke: {through: 'lambda:x', endpoint_url",
                (
                    "38:13: environments[1].smoke.through is not supported yet: it comes with "
                    "smoke tests inside a VPC"
                ),
            ),
            *(
                (
                    "    drain: 30s",
                    f"    {key}: {value}",
                    f"31:5: environments[0].{key} is not supported yet: it comes with {later}",
                )
                for key, value, later in (("manage_trust", "true", "managed trust policies"),)
            ),
        ],
    )
    def test_a_key_that_is_not_built_yet_is_refused_by_name(
        self, old: str, new: str, problem: str
    ) -> None:
        assert spoiled(old, new) == [problem]
