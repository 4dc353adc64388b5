"""The gates on a version's quality and on alarms, and what they are judged on."""

from __future__ import annotations

import pytest

from promote.config import parse
from promote.config.resolved import show
from promote.core.gates.alarm import Alarm
from promote.core.gates.golden import GoldenRule
from promote.core.gates.labels import LabelRule
from promote.core.gates.requirements import Requirements
from promote.core.parts import PointerAddress
from tests.unit.config.files import PUBLISHED, QUALITY, changed, problems, spoiled

ALARMS = '["{model}-errors", "arn:aws:cloudwatch:us-east-1:222222222222:alarm:cost"]'
ARN = "arn:aws:cloudwatch:us-east-1:222222222222:alarm"
LABELS = "[hammer, claw hammer]"


class TestGates:
    def test_are_read_and_laid_over_the_defaults(self) -> None:
        topology = parse(QUALITY)
        assert topology.environment("qa").gates == Requirements()
        assert topology.environment("prod").gates == Requirements(
            f1=0.8,
            precision=0.7,
            recall=0.75,
            label_f1=0.5,
            labels=LabelRule.KNOWN,
            golden=GoldenRule(min_recall=0.9, max_regression=0.02, confidence=0.99),
            alarms=("{model}-errors", f"{ARN}:cost"),
        )

    @pytest.mark.parametrize("rule", LabelRule)
    def test_of_labels_have_three_rules(self, rule: LabelRule) -> None:
        topology = parse(changed("labels: known", f"labels: {rule.value}", text=QUALITY))
        assert topology.environment("prod").gates.labels is rule

    @pytest.mark.parametrize(
        ("gate", "name"),
        [("f1: 0.8", "f1"), ("recall: 0.75", "recall"), ("labels: known", "labels")],
    )
    def test_are_unset_by_null(self, gate: str, name: str) -> None:
        key = gate.partition(":")[0]
        text = changed(gate, f"{key}: null", text=QUALITY)
        assert getattr(parse(text).environment("prod").gates, name) is None

    def test_may_ask_for_one_alarm_alone(self) -> None:
        text = changed(ALARMS, "errors", text=QUALITY)
        assert parse(text).environment("prod").gates.alarms == ("errors",)

    def test_are_shown_as_they_are_written(self) -> None:
        environments = show(parse(QUALITY))["environments"]
        assert isinstance(environments, list)
        assert [each["gates"] for each in environments] == [
            {},
            {
                "f1": 0.8,
                "precision": 0.7,
                "recall": 0.75,
                "label_f1": 0.5,
                "labels": "known",
                "golden": {"min_recall": 0.9, "max_regression": 0.02, "confidence": 0.99},
                "alarm": ["{model}-errors", f"{ARN}:cost"],
            },
        ]

    @pytest.mark.parametrize(
        ("old", "new", "problem"),
        [
            ("f1: 0.8", "f1: 80%", "defaults.gates.f1: expected a number from 0 to 1, found '80%'"),
            (
                "recall: 0.75",
                "recall: 1.1",
                "environments[1].gates.recall: expected a number from 0 to 1, found '1.1'",
            ),
            (
                "label_f1: 0.5",
                "label_f1: -1",
                "environments[1].gates.label_f1: expected a number from 0 to 1, found '-1'",
            ),
            (
                "label_f1: 0.5",
                "labels_f1: 0.5",
                "unknown key 'labels_f1' in environments[1].gates; did you mean 'label_f1'?",
            ),
            (
                "labels: known",
                "labels: knwon",
                (
                    "environments[1].gates.labels: expected known or superset or exact, found "
                    "'knwon'; did you mean 'known'?"
                ),
            ),
            (
                "confidence: 0.99",
                "confidence: 1",
                (
                    "environments[1].gates.golden.confidence: expected a number above 0.5 and "
                    "below 1, found '1'"
                ),
            ),
            (
                "confidence: 0.99",
                "confidence: 0.5",
                (
                    "environments[1].gates.golden.confidence: expected a number above 0.5 and "
                    "below 1, found '0.5'"
                ),
            ),
            (
                "max_regression: 0.02",
                "max_regression: 2",
                (
                    "environments[1].gates.golden.max_regression: expected a number from 0 to 1, "
                    "found '2'"
                ),
            ),
            (
                "min_recall: 0.9",
                "min_recal: 0.9",
                "unknown key 'min_recal' in defaults.gates.golden; did you mean 'min_recall'?",
            ),
            (
                "min_recall: 0.9",
                'images: "golden/{account}"',
                (
                    "defaults.gates.golden.images: '{account}' is not filled here, only {model} "
                    "and {environment}"
                ),
            ),
            (ALARMS, "[]", "environments[1].gates.alarm: the list is empty"),
            (
                ALARMS,
                '"{modle}-errors"',
                (
                    "environments[1].gates.alarm[0]: unknown placeholder '{modle}'; did you mean "
                    "'{model}'?"
                ),
            ),
        ],
    )
    def test_that_cannot_be_used_are_refused_at_their_place(
        self, old: str, new: str, problem: str
    ) -> None:
        (found,) = spoiled(old, new, text=QUALITY)
        place, _, message = found.partition(": ")
        assert place.count(":") == 1
        assert message == problem

    def test_that_are_all_wrong_are_all_told(self) -> None:
        text = QUALITY.replace("0.", "7.").replace("known", "all").replace("-errors", "\\n")
        assert len(problems(text)) == 9


class TestGolden:
    def test_without_keys_is_asked_for_with_its_defaults(self) -> None:
        text = changed("golden: {min_recall: 0.9}", "golden: {}", text=QUALITY)
        text = changed("golden: null", "recall: 1", text=text)
        assert parse(text).environment("qa").gates.golden == GoldenRule()

    def test_may_be_asked_for_where_the_defaults_say_null(self) -> None:
        text = changed("golden: {min_recall: 0.9}", "golden: null", text=QUALITY)
        prod = parse(text).environment("prod").gates.golden
        assert prod == GoldenRule(max_regression=0.02, confidence=0.99)

    @pytest.mark.parametrize("nothing", ["", " # {min_recall: 0.9}", "\n      # min_recall: 0.9"])
    def test_that_is_empty_is_no_way_to_switch_it_off(self, nothing: str) -> None:
        (found,) = spoiled("golden: {min_recall: 0.9}", f"golden:{nothing}", text=QUALITY)
        assert found.endswith("defaults.gates.golden is empty; write {} for its defaults, or null")

    def test_may_have_images_of_its_own(self) -> None:
        text = changed("{min_recall: 0.9}", "{images: 's3://golden/{model}/'}", text=QUALITY)
        text = changed("  smoke: {images: golden/}\n", "", text=text)
        golden = parse(text).environment("prod").gates.golden
        assert golden is not None
        assert golden.images == "s3://golden/{model}/"

    def test_needs_images_to_show(self) -> None:
        assert spoiled("  smoke: {images: golden/}\n", "", text=QUALITY) == [
            (
                "23:15: gates.golden: prod has no images; name them as smoke.images or as "
                "gates.golden.images, or set golden: null here"
            )
        ]


class TestLabels:
    def test_are_a_list(self) -> None:
        model = parse(QUALITY).model("tools")
        assert (model.labels, model.labels_in) == (("hammer", "claw hammer"), None)

    def test_are_published_in_a_parameter(self) -> None:
        model = parse(PUBLISHED).model("tools")
        assert model.labels == ()
        assert model.labels_in == PointerAddress(kind="ssm", name="/{model}/{environment}/labels")

    def test_are_shown_as_they_are_written(self) -> None:
        shown = [show(parse(text))["models"] for text in (QUALITY, PUBLISHED)]
        assert [each["tools"]["labels"] for each in shown] == [  # type: ignore[index]  # a document
            ["hammer", "claw hammer"],
            {"ssm": "/{model}/{environment}/labels"},
        ]

    def test_are_texts_whatever_they_look_like(self) -> None:
        text = changed(LABELS, "[no, 012, 1.5, '*', 'ä ö']", text=QUALITY)
        assert parse(text).model("tools").labels == ("no", "012", "1.5", "*", "ä ö")

    @pytest.mark.parametrize(
        ("labels", "found"),
        [
            ("[]", "7:13: models.tools.labels: the list is empty"),
            (
                "hammer",
                (
                    "7:13: models.tools.labels: expected a list, or a mapping ({ssm: …}), found "
                    "'hammer'"
                ),
            ),
            (
                "null",
                (
                    "7:13: models.tools.labels: expected a list, or a mapping ({ssm: …}), found "
                    "nothing"
                ),
            ),
            (
                "[hammer, '']",
                (
                    "7:22: models.tools.labels[1]: '' is not a label: 1 to 255 characters, not "
                    "only spaces"
                ),
            ),
            (
                "[hammer, ' ']",
                (
                    "7:22: models.tools.labels[1]: ' ' is not a label: 1 to 255 characters, not "
                    "only spaces"
                ),
            ),
            (
                '["a\\tb"]',
                (
                    "7:14: models.tools.labels[0]: 'a\\tb' is not a label: 1 to 255 characters, "
                    "not only spaces"
                ),
            ),
            (
                "[hammer, saw, hammer]",
                "7:27: models.tools.labels: 'hammer' is listed twice",
            ),
            (
                "{}",
                (
                    "7:13: models.tools.labels.ssm is missing: the SSM parameter of each target "
                    "account that lists them"
                ),
            ),
            (
                "{smm: /labels, ssm: /labels}",
                "7:14: unknown key 'smm' in models.tools.labels; did you mean 'ssm'?",
            ),
            (
                "{ssm: '/{moddel}'}",
                (
                    "7:19: models.tools.labels.ssm: unknown placeholder '{moddel}'; did you mean "
                    "'{model}'?"
                ),
            ),
            (
                "{ssm: labels}",
                (
                    "7:19: models.tools.labels.ssm: 'labels' is not a parameter name: '/' and then "
                    "letters, digits, _ . - in levels separated by '/'"
                ),
            ),
        ],
    )
    def test_that_are_none_are_refused_at_their_place(self, labels: str, found: str) -> None:
        assert found in spoiled(LABELS, labels, text=QUALITY)

    def test_are_needed_of_every_model_where_a_gate_asks(self) -> None:
        models = "  parts: {project: parts}\n  nuts: {project: nuts}\ndefaults:"
        assert spoiled("defaults:", models, text=QUALITY) == [
            (
                "25:15: gates.labels: nothing says which labels the applications of prod know; "
                "give models.parts.labels and models.nuts.labels, or set labels: null here"
            )
        ]


class TestEvaluations:
    def test_are_below_a_place(self) -> None:
        assert parse(QUALITY).ml.evaluations == "s3://tools-evaluations/results/"

    def test_may_be_left_out(self) -> None:
        text = changed('"s3://tools-evaluations/results/"', "null", text=QUALITY)
        assert parse(text).ml.evaluations is None

    @pytest.mark.parametrize("place", ["s3://b2b", "s3://b2b/", "s3://b2b/a/b", "s3://b.b/a='1'/"])
    def test_may_be_a_bucket_or_a_prefix_in_one(self, place: str) -> None:
        text = changed("s3://tools-evaluations/results/", place, text=QUALITY)
        assert parse(text).ml.evaluations == place

    @pytest.mark.parametrize(
        "place",
        [
            "tools-evaluations",
            "s3://",
            "s3://Tools/",
            "s3://tools//results/",
            "s3://tools/*",
            "s3://tools/a?",
            "s3://tools/${aws:username}/",
            "s3://tools/{model}/",
            "https://tools.s3.amazonaws.com/",
        ],
    )
    def test_never_become_a_pattern(self, place: str) -> None:
        (found,) = spoiled("s3://tools-evaluations/results/", place, text=QUALITY)
        assert found == f"3:44: ml.evaluations: expected s3://bucket/prefix/, found {place!r}"

    def test_are_in_a_bucket_that_there_can_be(self) -> None:
        (found,) = spoiled("s3://tools-evaluations/", "s3://10.0.0.1/", text=QUALITY)
        assert found.startswith("3:44: ml.evaluations: '10.0.0.1' is not the name of a bucket")


class TestAlarms:
    def test_by_name_are_in_every_target_account_and_by_arn_in_one(self) -> None:
        topology = parse(QUALITY)
        found = topology.alarms("tools", topology.environment("prod"))
        assert found == {
            Alarm(account=account, name=name): f"arn:aws:iam::{account}:role/promote-reader"
            for account, name in (
                ("444444444444", "tools-errors"),
                ("555555555555", "tools-errors"),
                ("222222222222", "cost"),
            )
        }

    @pytest.mark.parametrize(
        ("alarm", "why"),
        [
            (
                "arn:aws:cloudwatch:us-west-2:222222222222:alarm:cost",
                "is in 'us-west-2', but the models are in us-east-1",
            ),
            (
                "arn:aws:cloudwatch:us-east-1:333333333333:alarm:cost",
                (
                    "is in account '333333333333', which is neither the ML account nor one of the "
                    "environment's"
                ),
            ),
            (
                "arn:aws:sns:us-east-1:222222222222:cost",
                "is not the ARN of an alarm: arn:aws:cloudwatch:region:account:alarm:name",
            ),
            ("arn:{region}", "is not an ARN"),
            (f"{ARN}:", "is not the name of an alarm: 1 to 255 characters"),
            ("{model}" * 60, "is not the name of an alarm: 1 to 255 characters"),
        ],
    )
    def test_that_nobody_could_look_at_are_refused_once(self, alarm: str, why: str) -> None:
        (found,) = spoiled(ALARMS, f'[errors, "{alarm}"]', text=QUALITY)
        assert found.startswith("25:23: gates.alarm: ")
        assert why in found

    def test_follow_the_region_that_is_given_instead(self) -> None:
        (found,) = problems(QUALITY, region="eu-west-1")
        assert found.endswith(f"{ARN}:cost is in 'us-east-1', but the models are in eu-west-1")

    def test_twice_are_refused(self) -> None:
        (found,) = spoiled(ALARMS, "[errors, cost, errors]", text=QUALITY)
        assert found == "25:29: gates.alarm: 'errors' is listed twice"
