"""The filling of JSON templates, on the text of templates alone."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promote.errors import TemplateError
from promote.templates.engine import Language, fill

NAME = "policies/own.json.j2"


def detail(source: str, /, **context: object) -> str:
    """Fill a template that is refused, and return what the error says."""
    with pytest.raises(TemplateError) as caught:
        fill(source, context, name=NAME)
    return caught.value.detail


class TestValues:
    def test_text_arrives_with_its_quotation_marks(self) -> None:
        assert fill('{"a": {{ x }}}', {"x": 'say "hi"'}, name=NAME) == {"a": 'say "hi"'}

    def test_texts_arrive_as_a_list(self) -> None:
        assert fill('{"a": {{ x }}}', {"x": ("1", "2")}, name=NAME) == {"a": ["1", "2"]}

    def test_texts_are_joined_inside_the_expression(self) -> None:
        source = '{"a": {{ "arn:aws:iam::" ~ account ~ ":root" }}}'
        filled = fill(source, {"account": "111111111111"}, name=NAME)
        assert filled == {"a": "arn:aws:iam::111111111111:root"}

    def test_a_filter_may_give_an_iterator(self) -> None:
        assert fill('{"a": {{ x | unique }}}', {"x": ["1", "1"]}, name=NAME) == {"a": ["1"]}

    def test_a_constant_is_a_value_too(self) -> None:
        assert fill('{"a": {{ "x" }}}', {}, name=NAME) == {"a": "x"}

    def test_loops_and_conditions_shape_the_document(self) -> None:
        source = """{"a": [{% for x in xs %}{"x": {{ x }}}{% if not loop.last %},{% endif %}
                     {% endfor %}]{% if y %}, "y": {{ y }}{% endif %}}"""
        filled = fill(source, {"xs": ["1", "2"], "y": None}, name=NAME)
        assert filled == {"a": [{"x": "1"}, {"x": "2"}]}

    @given(st.text(), st.lists(st.text()))
    def test_any_value_arrives_verbatim_and_adds_nothing(self, one: str, many: list[str]) -> None:
        filled = fill('{"one": {{ one }}, "many": {{ many }}}', locals(), name=NAME)
        assert filled == {"one": one, "many": many}

    @pytest.mark.parametrize("value", [None, 7, True, {"Effect": "Allow"}, [["a"]], [{}], b"a"])
    def test_only_text_and_lists_of_texts_are_values(self, value: object) -> None:
        found = detail('{\n"a": {{ x }}}', x=value)
        assert found.startswith(f"{NAME}:2: an expression gives {value!r}; expected text or a list")


class TestWhatValuesCannotDo:
    @pytest.mark.parametrize(
        "source",
        [
            '{"a": "arn:{{ x }}"}',
            '{"a": ["arn:{{ x }}"]}',
            '{"a": "{{ x }}"}',
            '{"a": {{ x }}{{ x }}}',
        ],
    )
    @pytest.mark.parametrize("value", [",", ", 1, ", "x", "", '"', ":", "\\"])
    def test_an_expression_inside_quotation_marks_is_refused_whatever_it_gives(
        self, source: str, value: str
    ) -> None:
        assert detail(source, x=value).startswith(f"{NAME}:1: what it writes is not JSON")

    def test_the_refusal_says_how_to_write_it(self) -> None:
        with pytest.raises(TemplateError) as caught:
            fill('{"a": "arn:{{ x }}"}', {"x": "y"}, name=NAME)
        assert 'near: {"a": "arn:{{ … }}"}' in caught.value.detail
        assert "Join texts inside it" in caught.value.remedy

    def test_an_expression_is_never_a_key(self) -> None:
        assert "stands where a key belongs" in detail('{"a": { {{ x }}: "b"}}', x="key")

    @pytest.mark.parametrize(
        ("statement", "what"),
        [
            ('{% filter replace("X", x) %}"X"{% endfilter %}', "FilterBlock"),
            ("{% call x.format() %}{% endcall %}", "CallBlock"),
            ("{% macro m() %}{{ x }}{% endmacro %}{{ m() }}", "Macro"),
            ("{% set y %}{{ x }}{% endset %}{{ y }}", "AssignBlock"),
            ('{% include "other" %}', "Include"),
            ('{% extends "other" %}', "Extends"),
            ('{% import "other" as o %}', "Import"),
        ],
    )
    def test_statements_that_write_past_expressions_are_refused(
        self, statement: str, what: str
    ) -> None:
        found = detail('{"a":\n' + statement + "}", x='"b", "c": "d"')
        assert found.startswith(f"{NAME}:2: the statement {what} has no place here")

    @pytest.mark.parametrize(
        ("source", "says"),
        [
            ("{{ (9 ** 9) ** (9 ** 9) }}", "the operator ** has no place here"),
            ("{{ x * 999999999 }}", "the operator * has no place here"),
            ("{% for a in x %}" * 3 + "{% endfor %}" * 3, "loops may lie 2 deep"),
            ("{% for a in x recursive %}{{ loop(x) }}{% endfor %}", "none may be recursive"),
            ("{{ " + "(" * 2_000 + ")" * 2_000 + " }}", "too deep in each other"),
        ],
    )
    def test_what_might_never_end_is_refused(self, source: str, says: str) -> None:
        assert says in detail('{"a": ' + source + "}", x="ab" * 99)

    def test_a_loop_in_a_loop_is_accepted(self) -> None:
        source = '{"a": [{% for a in x %}{% for b in x %}{{ a ~ b }},{% endfor %}{% endfor %}"c"]}'
        assert fill(source, {"x": ["1", "2"]}, name=NAME) == {"a": ["11", "12", "21", "22", "c"]}

    def test_the_reserved_character_cannot_pose_as_a_value(self) -> None:
        assert "reserved character" in detail('{"a": "\ue000zz"}')
        assert fill('{"a": {{ x }}}', {"x": "\ue00022"}, name=NAME) == {"a": "\ue00022"}

    @pytest.mark.parametrize(
        "expression",
        [
            "x.__class__.__name__",
            "[x.append('b'), 'a'] | last",
            "'{0.__class__}'.format(x)",
            "range(2) | join",
        ],
    )
    def test_python_is_out_of_reach(self, expression: str) -> None:
        values = ["a"]
        assert detail('{"a": {{ ' + expression + " }}}", x=values).startswith(f"{NAME}:1: ")
        assert values == ["a"]


class TestMessages:
    SOURCE = dedent(
        """\
        {# a comment
           of two lines #}
        {
          {% if true %}
          "a": {{ resorces }}
          {% endif %}
        }
        """
    )

    def test_an_undefined_name_is_located_with_the_names_there_are(self) -> None:
        with pytest.raises(TemplateError) as caught:
            fill(self.SOURCE, {"vpc_endpoints": [], "resources": []}, name=NAME)
        assert caught.value.detail == (
            f"{NAME}:5: 'resorces' is undefined. This template may use resources, vpc_endpoints."
        )
        assert caught.value.remedy == "Did you mean resources?"

    def test_stripped_white_space_and_comments_keep_the_lines(self) -> None:
        source = (
            '{\n\n{#- one\ntwo -#}\n\n{%- if true -%}\n\n"a": {# three #}{{\nx }}\n{%- endif %}}'
        )
        assert detail(source).startswith(f"{NAME}:9: 'x' is undefined")
        assert detail(source.replace("{{\nx }}", "{{\n'x' % }}")).startswith(f"{NAME}:9: ")
        assert fill(source, {"x": "{# x #}"}, name=NAME) == {"a": "{# x #}"}

    def test_an_undefined_item_of_a_list_is_undefined_too(self) -> None:
        assert "'y' is undefined" in detail('{"a": {{ [x, y] }}}', x="1")

    def test_an_undefined_attribute_is_located(self) -> None:
        found = detail('{\n\n"a": {{ x.rolls }}}', x={"roles": "r"})
        assert found == f"{NAME}:3: 'dict object' has no attribute 'rolls'."

    def test_a_syntax_error_is_located(self) -> None:
        assert detail('{\n"a": {{ x }\n}', x="1").startswith(f"{NAME}:2: ")
        assert detail('{\n{% if x %}"a": "b"}', x="1").startswith(f"{NAME}:2: ")

    def test_an_unknown_filter_is_located(self) -> None:
        assert detail('{\n"a": {{ x | tojson }}}', x="1") == f"{NAME}:2: No filter named 'tojson'."

    def test_an_error_of_an_expression_is_located(self) -> None:
        assert detail('{\n"a": {{ x + 1 }}}', x="1").startswith(f"{NAME}:2: ")
        assert detail('{\n"a": {{ 1 / 0 }}}') == f"{NAME}:2: division by zero."

    def test_broken_json_is_located_in_the_template_and_shown(self) -> None:
        source = self.SOURCE.replace("}\n{%", "}\n").replace('"a": {{ resorces }}', '"a" {{ x }}')
        found = detail(source, x="1")
        assert found == (
            f"{NAME}:5: what it writes is not JSON: Expecting ':' delimiter, "
            'near: "a" {{ … }}'
        )

    def test_two_documents_are_not_one(self) -> None:
        assert detail('{"a": "b"}\n{"a": "b"}').startswith(
            f"{NAME}:2: what it writes is not JSON: Extra data"
        )

    def test_nothing_is_no_document(self) -> None:
        assert detail("{# all said #}").startswith(f"{NAME}:1: what it writes is not JSON")

    def test_a_key_given_twice_is_refused(self) -> None:
        assert "'a' appears twice" in detail('{"a": "b", "a": "c"}')

    def test_a_list_is_no_document(self) -> None:
        assert "Expected an object" in detail('["a"]')


class TestCloudFormation:
    def of(self, source: str, /, **context: object) -> dict[str, object]:
        """Fill a template of CloudFormation."""
        return fill(source, context, name=NAME, language=Language.CLOUDFORMATION)

    def test_takes_any_json_value(self) -> None:
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"}]}
        filled = self.of('{"a": {{ a }}, "n": {{ n }}, "t": {{ t }}}', a=document, n=7, t=True)
        assert filled == {"a": document, "n": 7, "t": True}

    @given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
    def test_takes_it_verbatim(self, value: object) -> None:
        assert self.of('{"a": {{ value }}, "b": "b"}', value=value) == {"a": value, "b": "b"}

    def test_names_resources_by_an_expression(self) -> None:
        source = '{ {% for one in ids %}{{ one ~ "Role" }}: {"Type": "Role"},{% endfor %} "z": "z"}'
        role = {"Type": "Role"}
        assert self.of(source, ids=["A", "B"]) == {"ARole": role, "BRole": role, "z": "z"}

    @pytest.mark.parametrize("key", ['A", "B', "A-B", "", "Ä", "A\n", ["A"], 7])
    def test_names_them_by_letters_and_digits_alone(self, key: object) -> None:
        with pytest.raises(TemplateError, match="logical id"):
            self.of("{ {{ key }}: {} }", key=key)

    def test_names_none_twice(self) -> None:
        with pytest.raises(TemplateError, match="twice"):
            self.of("{ {{ one }}: {}, {{ other }}: {} }", one="A", other="A")

    def test_what_is_no_json_is_no_value(self) -> None:
        with pytest.raises(TemplateError):
            self.of('{"a": {{ value }} }', value=object())
