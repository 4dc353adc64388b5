"""Laws of the rules that hold for every document."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from promote.iam import catalogue
from promote.iam.elements import Kind
from promote.iam.lint import RULES, lint
from promote.iam.lint.shapes import is_placed, meets

NAMES = [
    "Version", "Statement", "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction",
    "Resource", "NotResource", "Condition", "StringEquals", "ForAllValues:StringLikeIfExists",
    "Null", "IpAddress", "aws:SourceIp", "aws:TagKeys", "sts:ExternalId", "AWS", "Service", "",
]  # fmt: skip
TEXTS = [
    "*", "", "Allow", "Deny", "2012-10-17", "rekognition:*", "s3:GetObject", "iam:PassRole", ":",
    "arn:aws:s3:::b/*", "arn:::::", "arn:aws:rekognition:*:*:project/x*/${aws:userid}",
    "10.0.0.0/8", "{{ x }}", "${", "None", "true", "\ud800", "é—",
]  # fmt: skip

quick = settings(deadline=None, database=None)

FORMATS = [
    shape for name in catalogue.services() for shape in catalogue.resource_formats(name).values()
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(TEXTS) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)
statements = st.dictionaries(st.sampled_from(NAMES), json_values, max_size=6)
documents = json_values | st.fixed_dictionaries({"Statement": st.lists(statements, max_size=3)})
kinds = st.sampled_from(Kind)


@settings(quick, max_examples=100)
@given(documents, kinds)
def test_no_json_value_makes_a_rule_fail(document: Any, kind: Kind) -> None:
    for finding in lint(document, kind=kind, name="any"):
        assert finding.rule in RULES
        assert finding.message


@settings(quick, max_examples=30)
@given(st.sampled_from(list(RULES.values())), st.data())
def test_the_order_of_values_changes_no_finding(rule: Any, data: st.DataObject) -> None:
    kind, document = rule.bad
    mixed = json.loads(json.dumps(document))
    for statement in mixed["Statement"]:
        for element in ("Action", "Resource"):
            if isinstance(statement.get(element), list):
                statement[element] = data.draw(st.permutations(statement[element]))
    before = {finding.rule for finding in lint(document, kind=kind, name="x")}
    assert {finding.rule for finding in lint(mixed, kind=kind, name="x")} == before


@settings(quick, max_examples=50)
@given(st.sampled_from(FORMATS), st.data())
def test_a_pattern_that_covers_a_resource_meets_its_format(shape: str, data: st.DataObject) -> None:
    def fill(found: re.Match[str]) -> str:
        letters = "0123" if found[0] == "${CreationTimestamp}" else "ab-1"
        return data.draw(st.text(letters, min_size=1, max_size=4))

    resource = re.sub(r"\$\{[^}]*\}", fill, shape)
    prefix, last = resource.rsplit(":", 1) if resource.count(":") == 5 else (resource[:-1], "")
    first, second = sorted(data.draw(st.tuples(*[st.integers(0, len(last))] * 2)))
    wild = f"{last[:first]}*{last[second:]}" if last else "*"
    pattern = f"{prefix}:{wild}" if last else f"{prefix}*"
    assert meets(resource, shape)
    assert is_placed(resource, shape)
    assert meets(pattern, shape)
