from __future__ import annotations

import pytest

from promote.errors import PolicyError
from promote.iam.operators import holds, read_conditions
from promote.iam.reading import Place
from tests.unit.iam.documents import ROLE, V1

OTHER = "arn:aws:iam::222222222222:role/other"


def decided(operator: str, values: object, *given: str) -> bool:
    (condition,) = read_conditions({operator: {"aws:Key": values}}, Place("inline"))
    return holds(condition, {"aws:key": given} if given else {})


class TestHolds:
    @pytest.mark.parametrize(
        ("operator", "values", "given", "expected"),
        [
            ("StringEquals", ["a", "b"], "b", True),
            ("StringEquals", "a", "A", False),
            ("StringEquals", "a*", "ab", False),
            ("StringNotEquals", ["a", "b"], "b", False),
            ("StringNotEquals", ["a", "b"], "c", True),
            ("StringLike", ["x", "a*c?"], "abcd", True),
            ("StringLike", "a*", "Ab", False),
            ("StringNotLike", ["x", "a*c?"], "abcd", False),
            ("StringNotLike", "a*", "b", True),
            ("StringEqualsIgnoreCase", "aB", "Ab", True),
            ("StringEqualsIgnoreCase", "aB", "Abc", False),
            ("ArnEquals", "arn:aws:iam::*:role/*", ROLE, True),
            ("ArnLike", "arn:aws:iam::*:role/*", ROLE, True),
            ("ArnLike", "arn:aws:iam::*:role/*", "role", False),
            ("ArnNotEquals", ROLE, OTHER, True),
            ("ArnNotEquals", ROLE, ROLE, False),
            ("ArnNotLike", "arn:aws:iam::*:role/*", ROLE, False),
            ("ArnNotLike", "arn:aws:iam::*:role/*", V1, True),
            ("Bool", "true", "True", True),
            ("Bool", "true", "false", False),
            ("Bool", ["true", "false"], "false", True),
            ("Null", "true", "x", False),
            ("Null", "false", "x", True),
        ],
    )
    def test_compares_one_value(
        self, operator: str, values: object, given: str, *, expected: bool
    ) -> None:
        assert decided(operator, values, given) is expected

    @pytest.mark.parametrize(
        ("operator", "value", "expected"),
        [
            ("StringEquals", "a", False),
            ("StringLike", "*", False),
            ("StringEqualsIgnoreCase", "a", False),
            ("StringNotEquals", "a", True),
            ("StringNotLike", "*", True),
            ("ArnEquals", "arn:*:*:*:*:*", False),
            ("ArnLike", "arn:*:*:*:*:*", False),
            ("ArnNotEquals", ROLE, True),
            ("ArnNotLike", ROLE, True),
            ("Bool", "false", False),
            ("StringEqualsIfExists", "a", True),
            ("StringNotEqualsIfExists", "a", True),
            ("ArnLikeIfExists", ROLE, True),
            ("BoolIfExists", "true", True),
            ("Null", "true", True),
            ("Null", "false", False),
            ("ForAnyValue:StringEquals", "a", False),
            ("ForAnyValue:StringNotEquals", "a", False),
            ("ForAllValues:StringEquals", "a", True),
            ("ForAllValues:StringNotEquals", "a", True),
        ],
    )
    def test_treats_an_absent_key_as_aws_does(
        self, operator: str, value: str, *, expected: bool
    ) -> None:
        assert decided(operator, value) is expected

    @pytest.mark.parametrize(
        ("operator", "given", "expected"),
        [
            ("ForAnyValue:StringEquals", ("a", "x"), True),
            ("ForAnyValue:StringEquals", ("x", "y"), False),
            ("ForAnyValue:StringNotEquals", ("a", "x"), True),
            ("ForAnyValue:StringNotEquals", ("a", "b"), False),
            ("ForAllValues:StringEquals", ("a", "b"), True),
            ("ForAllValues:StringEquals", ("a", "x"), False),
            ("ForAllValues:StringNotEquals", ("x", "y"), True),
            ("ForAllValues:StringNotEquals", ("a", "x"), False),
            ("ForAllValues:StringEquals", ("",), True),
            ("ForAllValues:StringLike", ("a",), True),
            ("ForAnyValue:StringEqualsIgnoreCase", ("x", "B"), True),
        ],
    )
    def test_compares_a_set(self, operator: str, given: tuple[str, ...], *, expected: bool) -> None:
        assert decided(operator, ["a", "b"], *given) is expected

    @pytest.mark.parametrize("operator", ["StringEquals", "StringNotEquals", "StringLikeIfExists"])
    def test_refuses_to_guess_about_several_values(self, operator: str) -> None:
        with pytest.raises(PolicyError, match="It has 2 values for aws:Key") as caught:
            decided(operator, "a", "a", "b")

        plain = operator.removesuffix("IfExists")
        assert caught.value.remedy == f"Choose ForAnyValue:{plain} or ForAllValues:{plain}."

    def test_if_exists_still_compares_what_exists(self) -> None:
        assert not decided("StringEqualsIfExists", "a", "b")
        assert decided("StringEqualsIfExists", "a", "a")


class TestReadConditions:
    def test_orders_conditions_whatever_the_order_of_the_document(self) -> None:
        one = {"Null": {"a:b": "true"}, "Bool": {"a:d": "true", "a:c": "true"}}
        two = {"Bool": {"a:c": "true", "a:d": "true"}, "Null": {"a:b": "true"}}

        assert read_conditions(one, Place("x")) == read_conditions(two, Place("x"))

    def test_accepts_a_multivalued_key_under_null_and_the_set_operators(self) -> None:
        tests = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}}

        found = read_conditions(tests | {"Null": {"aws:PrincipalOrgPaths": "false"}}, Place("x"))

        assert [one.operator for one in found] == ["ForAnyValue:StringLike", "Null"]
