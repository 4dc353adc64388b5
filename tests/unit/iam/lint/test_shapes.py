from __future__ import annotations

import pytest

from promote.iam.catalogue import resource_formats
from promote.iam.lint.shapes import is_placed, meets, split

PROJECT = "arn:aws:rekognition:us-east-1:111111111111:project"


class TestMeets:
    @pytest.mark.parametrize(
        ("pattern", "service", "kinds"),
        [
            ("*", "access-analyzer", {"Analyzer", "ArchiveRule"}),
            (f"{PROJECT}/churn/17", "rekognition", {"project"}),
            (f"{PROJECT}/churn/version/v7/17", "rekognition", {"projectversion"}),
            (f"{PROJECT}/churn/version/*", "rekognition", {"projectversion"}),
            (f"{PROJECT}/churn/*", "rekognition", {"dataset", "project", "projectversion"}),
            (f"{PROJECT}/churn/?", "rekognition", {"project"}),
            (f"{PROJECT}/churn", "rekognition", set()),
            (f"{PROJECT}/churn/version/v7", "rekognition", set()),
            (f"{PROJECT}/${{aws:PrincipalTag/x}}/version/v7/17", "rekognition", {"projectversion"}),
            ("arn:aws:s3:::images", "s3", {"bucket"}),
            ("arn:aws:s3:::images/in/a.png", "s3", {"object"}),
            ("arn:aws:s3:::images*", "s3", {"bucket", "object"}),
            ("arn:aws:iam::111111111111:role/teams/ml/reader", "sts", {"role"}),
            ("arn:aws:ssm:us-east-1:111111111111:parameter/models/churn", "ssm", {"parameter"}),
        ],
    )  # fmt: skip
    def test_knows_the_types_that_a_pattern_covers(
        self, pattern: str, service: str, kinds: set[str]
    ) -> None:
        formats = resource_formats(service)
        found = {kind for kind, shape in formats.items() if meets(pattern, shape)}
        assert found - {"accesspoint", "accesspointobject"} == kinds

    def test_asks_whether_one_arn_is_of_both_not_whether_all_are(self) -> None:
        shape = resource_formats("rekognition")["projectversion"]
        assert meets("arn:aws:rekognition:*:*:*version*", shape)
        assert not meets("arn:aws:rekognition:*:*:*dataset", shape)


class TestIsPlaced:
    def test_wants_region_and_account_exactly_where_the_format_has_them(self) -> None:
        version = resource_formats("rekognition")["projectversion"]
        bucket = resource_formats("s3")["bucket"]
        assert is_placed(f"{PROJECT}/x/version/v1/17", version)
        assert not is_placed("arn:aws:rekognition::111111111111:project/x/version/v1/17", version)
        assert is_placed("arn:aws:s3:::images", bucket)
        assert is_placed("arn:aws:s3:*:*:images", bucket)
        assert not is_placed("arn:aws:s3:us-east-1::images", bucket)


class TestSplit:
    def test_takes_the_colon_of_a_variable_for_no_end_of_a_part(self) -> None:
        parts = split("arn:aws:s3:${aws:RequestedRegion}::images")
        assert parts == ("arn", "aws", "s3", "${aws:RequestedRegion}", "", "images")

    @pytest.mark.parametrize("text", ["", "*", "arn:aws:s3", "role/x", "arn:aws:s3:::"])
    def test_knows_what_is_no_arn(self, text: str) -> None:
        assert split(text) is None
