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
            ("StringNotEqualsIgnoreCase", "aB", "Ab", False),
            ("StringNotEqualsIgnoreCase", "aB", "Abc", True),
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


class TestNumbers:
    @pytest.mark.parametrize(
        ("operator", "below", "same", "above"),
        [
            ("NumericEquals", False, True, False),
            ("NumericNotEquals", True, False, True),
            ("NumericLessThan", True, False, False),
            ("NumericLessThanEquals", True, True, False),
            ("NumericGreaterThan", False, False, True),
            ("NumericGreaterThanEquals", False, True, True),
        ],
    )
    def test_compare_by_their_value(
        self, operator: str, *, below: bool, same: bool, above: bool
    ) -> None:
        found = [decided(operator, "10", given) for given in ("9.99", "10.0", "1000")]

        assert found == [below, same, above]

    def test_are_alternatives_when_there_are_several(self) -> None:
        assert decided("NumericEquals", ["1", "2"], "2")
        assert not decided("NumericNotEquals", ["1", "2"], "2")

    def test_may_lack_their_quotation_marks(self) -> None:
        assert decided("NumericLessThanEquals", 10, "10")
        assert decided("NumericLessThanEquals", [10, 0.5], "-1")

    @pytest.mark.parametrize("value", ["", "ten", "1e3", "0x1", "1.", ".5", "+1", " 1", "NaN", "*"])
    def test_are_checked_when_they_are_read(self, value: str) -> None:
        with pytest.raises(PolicyError, match="Expected a number such as 3600"):
            decided("NumericEquals", value, "1")

    def test_are_no_booleans(self) -> None:
        with pytest.raises(PolicyError, match="Expected a string"):
            decided("NumericEquals", values=True)


class TestDates:
    DAY = "2026-01-31T08:00:00Z"

    @pytest.mark.parametrize(
        ("operator", "before", "same", "after"),
        [
            ("DateEquals", False, True, False),
            ("DateNotEquals", True, False, True),
            ("DateLessThan", True, False, False),
            ("DateLessThanEquals", True, True, False),
            ("DateGreaterThan", False, False, True),
            ("DateGreaterThanEquals", False, True, True),
        ],
    )
    def test_compare_as_moments(
        self, operator: str, *, before: bool, same: bool, after: bool
    ) -> None:
        given = ("2026-01-31T08:59+01:00", "2026-01-31T09:00:00.0+01:00", "1769846401")

        assert [decided(operator, self.DAY, one) for one in given] == [before, same, after]

    def test_may_be_seconds_since_1970(self) -> None:
        assert decided("DateEquals", "1769846400", self.DAY)
        assert decided("DateEquals", 1769846400, self.DAY)

    @pytest.mark.parametrize(
        "value", ["2026", "2026-01", "2026-01-31", "2026-01-31T08:00:00", "2026-13-01T00:00Z", "*"]
    )
    def test_are_checked_when_they_are_read(self, value: str) -> None:
        with pytest.raises(PolicyError, match="Expected a date such as"):
            decided("DateLessThan", value, self.DAY)


class TestNetworks:
    @pytest.mark.parametrize(
        ("network", "address", "expected"),
        [
            ("203.0.113.0/24", "203.0.113.255", True),
            ("203.0.113.0/24", "203.0.114.0", False),
            ("203.0.113.7", "203.0.113.7", True),
            ("203.0.113.7", "203.0.113.8", False),
            ("0.0.0.0/0", "1.2.3.4", True),
            ("2001:db8:1234:5678::/64", "2001:DB8:1234:5678::1", True),
            ("2001:db8::/32", "2001:db9::1", False),
            ("::/0", "1.2.3.4", False),
            ("0.0.0.0/0", "::1", False),
        ],
    )
    def test_contain_addresses(self, network: str, address: str, *, expected: bool) -> None:
        assert decided("IpAddress", network, address) is expected
        assert decided("NotIpAddress", network, address) is not expected

    @pytest.mark.parametrize(
        "value", ["", "203.0.113", "203.0.113.9/24", "203.0.113.0/33", "2001:db8::", "ten", "*"]
    )
    def test_are_checked_when_they_are_read(self, value: str) -> None:
        with pytest.raises(PolicyError, match="Expected a network such as"):
            decided("IpAddress", value, "1.2.3.4")


UNREADABLE = [
    ("NumericEquals", "1", "one"),
    ("NumericLessThan", "1", ""),
    ("DateLessThan", TestDates.DAY, "yesterday"),
    ("IpAddress", "10.0.0.0/8", "10.0.0.0/8"),
    ("Bool", "false", "no"),
]


class TestValuesThatCannotBeRead:
    @pytest.mark.parametrize(("operator", "value", "given"), UNREADABLE)
    def test_are_no_match_in_an_allow(self, operator: str, value: str, given: str) -> None:
        assert not decided(operator, value, given)

    @pytest.mark.parametrize(("operator", "value", "given"), UNREADABLE)
    def test_must_not_disarm_a_deny(self, operator: str, value: str, given: str) -> None:
        (condition,) = read_conditions({operator: {"aws:Key": value}}, Place("inline"))

        with pytest.raises(PolicyError, match=f"{operator} compares; what IAM does"):
            holds(condition, {"aws:key": (given,)}, of_deny=True)

    @pytest.mark.parametrize(
        ("operator", "value"),
        [
            ("NumericNotEquals", "1"),
            ("DateNotEquals", TestDates.DAY),
            ("NotIpAddress", "10.0.0.0/8"),
        ],
    )
    def test_are_not_simply_different(self, operator: str, value: str) -> None:
        with pytest.raises(PolicyError, match="Its value 'x' for aws:Key is none that"):
            decided(operator, value, "x")


POSITIVE = {
    "StringEquals": "a",
    "StringLike": "*",
    "StringEqualsIgnoreCase": "a",
    "ArnEquals": "arn:*:*:*:*:*",
    "ArnLike": "arn:*:*:*:*:*",
    "NumericEquals": "1",
    "NumericLessThan": "1",
    "NumericLessThanEquals": "1",
    "NumericGreaterThan": "1",
    "NumericGreaterThanEquals": "1",
    "DateEquals": TestDates.DAY,
    "DateLessThan": TestDates.DAY,
    "DateLessThanEquals": TestDates.DAY,
    "DateGreaterThan": TestDates.DAY,
    "DateGreaterThanEquals": TestDates.DAY,
    "IpAddress": "0.0.0.0/0",
    "Bool": "true",
}
NEGATIVE = {
    "StringNotEquals": "a",
    "StringNotLike": "*",
    "StringNotEqualsIgnoreCase": "a",
    "ArnNotEquals": ROLE,
    "ArnNotLike": ROLE,
    "NumericNotEquals": "1",
    "DateNotEquals": TestDates.DAY,
    "NotIpAddress": "0.0.0.0/0",
}
SETS = [name for name in (*POSITIVE, *NEGATIVE) if name.startswith(("String", "Arn"))]


class TestAbsentKeys:
    @pytest.mark.parametrize("operator", POSITIVE)
    def test_fail_a_positive_operator(self, operator: str) -> None:
        assert not decided(operator, POSITIVE[operator])

    @pytest.mark.parametrize("operator", NEGATIVE)
    def test_fulfil_a_negated_operator(self, operator: str) -> None:
        assert decided(operator, NEGATIVE[operator])

    @pytest.mark.parametrize("operator", [*POSITIVE, *NEGATIVE])
    def test_fulfil_every_operator_with_if_exists(self, operator: str) -> None:
        assert decided(f"{operator}IfExists", (POSITIVE | NEGATIVE)[operator])

    @pytest.mark.parametrize("given", [(), ("",), ("", "")])
    @pytest.mark.parametrize("operator", SETS)
    def test_and_empty_ones_fail_for_any_value_and_fulfil_for_all_values(
        self, operator: str, given: tuple[str, ...]
    ) -> None:
        value = (POSITIVE | NEGATIVE)[operator]

        assert not decided(f"ForAnyValue:{operator}", value, *given)
        assert decided(f"ForAllValues:{operator}", value, *given)


class TestSeveralValues:
    @pytest.mark.parametrize("operator", [*POSITIVE, *NEGATIVE])
    def test_are_not_guessed_about(self, operator: str) -> None:
        with pytest.raises(PolicyError, match="It has 2 values for aws:Key"):
            decided(operator, (POSITIVE | NEGATIVE)[operator], "a", "b")

    def test_have_no_set_operators_beside_texts_and_arns(self) -> None:
        for operator in {*POSITIVE, *NEGATIVE} - set(SETS):
            with pytest.raises(PolicyError, match=f"ForAnyValue:{operator} is not known here"):
                decided(f"ForAnyValue:{operator}", (POSITIVE | NEGATIVE)[operator], "x")

    @pytest.mark.parametrize(
        ("operator", "given", "expected"),
        [
            ("ForAnyValue:ArnLike", (ROLE, V1), True),
            ("ForAnyValue:ArnLike", (V1,), False),
            ("ForAllValues:ArnLike", (ROLE, V1), False),
            ("ForAllValues:ArnLike", (ROLE, OTHER), True),
            ("ForAnyValue:ArnNotLike", (ROLE, V1), True),
            ("ForAllValues:ArnNotLike", (ROLE, V1), False),
        ],
    )
    def test_of_arns_are_compared_as_a_set(
        self, operator: str, given: tuple[str, ...], *, expected: bool
    ) -> None:
        assert decided(operator, "arn:aws:iam::*:role/*", *given) is expected


class TestReadConditions:
    def test_orders_conditions_whatever_the_order_of_the_document(self) -> None:
        one = {"Null": {"a:b": "true"}, "Bool": {"a:d": "true", "a:c": "true"}}
        two = {"Bool": {"a:c": "true", "a:d": "true"}, "Null": {"a:b": "true"}}

        assert read_conditions(one, Place("x")) == read_conditions(two, Place("x"))

    def test_accepts_a_multivalued_key_under_null_and_the_set_operators(self) -> None:
        tests = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}}

        found = read_conditions(tests | {"Null": {"aws:PrincipalOrgPaths": "false"}}, Place("x"))

        assert [one.operator for one in found] == ["ForAnyValue:StringLike", "Null"]

    def test_suggests_no_set_operator_where_there_is_none(self) -> None:
        with pytest.raises(PolicyError, match="has several values in one request") as caught:
            read_conditions({"Bool": {"aws:TagKeys": "true"}}, Place("x"))

        assert caught.value.remedy == ""

    @pytest.mark.parametrize("name", ["BinaryEquals", "BinaryEqualsIfExists"])
    def test_refuses_binary_values_by_name(self, name: str) -> None:
        with pytest.raises(PolicyError, match=f"x, {name} is not accepted"):
            read_conditions({name: {"aws:Key": "eA=="}}, Place("x"))
