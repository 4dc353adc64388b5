"""Rules between values: each refused with its reason, at the place where it can be mended."""

from __future__ import annotations

import pytest

from promote.config import parse
from tests.unit.config.files import GOOD, SMALL, changed, problems, spoiled

TWO_MODELS = changed(
    "  tools: {project: tools-detector}\n",
    "  tools: {project: tools-detector}\n  parts: {project: parts-detector}\n",
    text=SMALL,
)
TWO_ENVIRONMENTS = SMALL + '  - name: prod\n    accounts: ["444444444444"]\n'


class TestNamesOfEnvironments:
    def test_two_of_one_name_are_refused(self) -> None:
        found = spoiled("name: prod", "name: qa", text=TWO_ENVIRONMENTS)
        assert found == ["9:11: the environment 'qa' is already given in line 7"]

    def test_an_account_twice_in_one_is_refused(self) -> None:
        found = spoiled('"555555555555"', '"444444444444"')
        assert found == ["34:32: the account 444444444444 is listed twice in prod"]


class TestAfter:
    def test_an_unknown_environment_is_refused_with_a_guess(self) -> None:
        found = spoiled("after: qa", "after: [qa, qaa]")
        assert found == ["33:17: after: there is no environment 'qaa'; did you mean 'qa'?"]

    @pytest.mark.parametrize(
        ("order", "found"),
        [
            ({"a": "a"}, {1: "a -> a"}),
            ({"a": "b", "b": "a"}, {1: "a -> b -> a"}),
            (
                {"a": "[]", "b": "[a, d]", "c": "b", "d": "c", "e": "d"},
                {2: "b -> d -> c -> b"},
            ),
            (
                {"a": "b", "b": "a", "c": "d", "d": "[c, a]"},
                {1: "a -> b -> a", 3: "c -> d -> c"},
            ),
        ],
    )
    def test_every_circle_is_shown_once(self, order: dict[str, str], found: dict[int, str]) -> None:
        head = SMALL[: SMALL.index("  - name")]
        entries = [
            f"  - name: {name}\n"
            f"    after: {after}\n"
            '    accounts: ["333333333333"]\n'
            '    pointer: {ssm: "/{environment}/arn"}\n'
            for name, after in order.items()
        ]
        assert problems(head + "".join(entries)) == [
            f"{4 + 4 * place}:12: after: {circle} is a circle, so none of them can be first"
            for place, circle in found.items()
        ]


class TestModels:
    def test_two_of_one_project_are_refused(self) -> None:
        found = spoiled("parts-detector", "tools-detector", text=TWO_MODELS)
        assert found == [
            (
                "6:20: the models tools and parts have the same project tools-detector: each would "
                "stop and revoke the other's versions"
            )
        ]

    @pytest.mark.parametrize(
        ("capacity", "found"),
        [
            ("{min: 1, max: null}", []),
            ("{min: 5, max: 5}", []),
            ("{min: 3, max: 2}", ["13:29: models.tools.capacity.max: 2 is less than min, 3"]),
            (
                "{max: 6}",
                ["13:21: models.tools.capacity.max: 6 units are more than ml.quotas.units, 5"],
            ),
            (
                "{min: 6}",
                ["13:21: models.tools.capacity.min: 6 units are more than ml.quotas.units, 5"],
            ),
        ],
    )
    def test_capacity_fits_into_itself_and_the_quota(self, capacity: str, found: list[str]) -> None:
        assert spoiled("{min: 1, max: 2}", capacity) == found


class TestAccessRoles:
    REASON = "a promotion of one would change what the other may call"

    def test_one_shared_by_two_environments_is_refused(self) -> None:
        found = spoiled('"{model}-{environment}"', '"{model}"')
        assert found == [
            (
                "20:16: access_role: qa and prod share the role "
                f"arn:aws:iam::222222222222:role/tools: {self.REASON}; put {{environment}} into it"
            )
        ]

    def test_one_shared_by_two_models_is_refused(self) -> None:
        found = problems(f"{TWO_MODELS}    access_role: models-{{environment}}\n")
        assert found == [
            (
                "10:18: access_role: tools and parts share the role "
                f"arn:aws:iam::222222222222:role/models-qa: {self.REASON}; put {{model}} into it"
            )
        ]

    def test_names_that_differ_by_case_or_path_are_one_role(self) -> None:
        text = f"{TWO_ENVIRONMENTS}    access_role: teams/ml/Tools-QA\n"
        assert problems(text) == [
            (
                "11:18: access_role: qa and prod share the role "
                f"arn:aws:iam::222222222222:role/teams/ml/Tools-QA: {self.REASON}; "
                "put {environment} into it"
            )
        ]

    def test_names_that_run_together_are_refused_at_the_second_environment(self) -> None:
        text = TWO_MODELS.replace("  parts:", "  tools-a:").replace("name: qa", "name: a-b")
        text += '  - name: b\n    accounts: ["444444444444"]\n'
        assert problems(text) == [
            (
                "10:5: access_role: tools in a-b and tools-a in b share the role "
                f"arn:aws:iam::222222222222:role/tools-a-b: {self.REASON}; "
                "put {model} and {environment} into it"
            )
        ]

    def test_one_for_each_account_is_read(self) -> None:
        topology = parse(changed('"{model}-{environment}"', '"{model}-{environment}-{account}"'))
        roles = [target.access_role for target in topology.all_targets("tools")]
        assert roles[1:] == [
            "arn:aws:iam::222222222222:role/tools-prod-444444444444",
            "arn:aws:iam::222222222222:role/tools-prod-555555555555",
        ]


class TestPointers:
    def test_one_shared_by_two_models_is_refused(self) -> None:
        found = problems(f"{TWO_MODELS}    pointer: {{ssm: /models/arn}}\n")
        assert found == [
            (
                "10:14: pointer: tools and parts share the pointer /models/arn in account "
                "333333333333: they would fight over what it names; put {model} into it"
            )
        ]

    def test_one_shared_by_two_environments_of_one_account_is_refused(self) -> None:
        found = spoiled("444444444444", "333333333333", text=TWO_ENVIRONMENTS)
        assert found == [
            (
                "9:5: pointer: qa and prod share the pointer /models/tools/version-arn in account "
                "333333333333: they would fight over what it names; put {environment} into it"
            )
        ]

    def test_one_account_in_two_environments_is_read_when_the_pointers_differ(self) -> None:
        text = changed("444444444444", "333333333333", text=TWO_ENVIRONMENTS)
        topology = parse(f"{text}    pointer: {{ssm: '/{{environment}}/{{model}}'}}\n")
        assert [target.pointer.name for target in topology.all_targets("tools")] == [
            "/models/tools/version-arn",
            "/prod/tools",
        ]


class TestVpcEndpoints:
    def test_one_without_a_way_to_prove_it_is_refused(self) -> None:
        url = '{endpoint_url: "https://vpce-0a1b.rekognition.{region}.vpce.amazonaws.com"}'
        assert spoiled(url, "{min_accuracy: 0.8}") == [
            (
                "37:20: vpc_endpoints: the access role would work through these endpoints only, so "
                "it cannot be proved for prod from elsewhere; give the URL of one of them as "
                "smoke.endpoint_url"
            )
        ]


class TestOneMistakeIsOneProblem:
    def test_a_misspelled_environment_can_still_be_named_by_after(self) -> None:
        found = problems(GOOD.replace("name: qa", "name: Qa").replace("after: qa", "after: Qa"))
        assert [line.split(":")[0] for line in found] == ["29"]

    def test_a_bad_account_is_told_once_though_two_roles_would_name_it(self) -> None:
        assert len(spoiled('"333333333333"', '"33"')) == 1
        assert len(spoiled('"222222222222"', '"22"')) == 1
