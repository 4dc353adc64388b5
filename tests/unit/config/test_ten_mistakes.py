"""One run tells everything: all problems, each with its place, in the order of the file."""

from __future__ import annotations

from textwrap import dedent

import pytest

from promote.config import parse
from promote.errors import ConfigError

TEN = dedent(
    """\
    version: 1
    region: us-east1
    organisation: o-a1b2c3d4e5
    ml: {account: 012345670123}
    models:
      tools: {project: tools-detector, capacity: {min: 2, max: 1}}
    defaults:
      access_role: "{modle}-{environment}"
      drain: 5 minutes
    environments:
      - name: qa
        accounts: ["333333333333"]
        drain: 30s
        drain: 60s
      - name: prod
        after: quality
        accounts: ["444444444444"]
        smoke: {min_accuracy: 90%}
        keep_warm: 24 h
    """
)


def test_a_file_with_ten_mistakes_prints_ten_located_messages() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(TEN, file="teams/promote.yaml")
    assert caught.value.exit_code == 2
    assert caught.value.summary == "The configuration has problems"
    assert "promote config check" in caught.value.remedy
    regions = (
        "us-east-1, us-east-2, us-west-2, eu-west-1, eu-west-2, eu-central-1, ap-south-1, "
        "ap-southeast-1, ap-southeast-2, ap-northeast-1, ap-northeast-2"
    )
    assert [line.removeprefix("teams/promote.yaml:") for line in caught.value.problems] == [
        (
            "2:9: region: 'us-east1' will not do: Amazon Rekognition Custom Labels exists in "
            f"{regions} only; did you mean 'us-east-1'?"
        ),
        "3:1: unknown key 'organisation'; did you mean 'organization'?",
        (
            '4:15: ml.account: the account id 012345670123 must be quoted ("012345670123"): '
            "without quotes YAML would turn 012345670123 into another number"
        ),
        "6:60: models.tools.capacity.max: 1 is less than min, 2",
        "8:16: defaults.access_role: unknown placeholder '{modle}'; did you mean '{model}'?",
        "9:10: defaults.drain: '5 minutes' is not a duration; write it like 30s, 5m, 24h or 7d",
        "14:5: the key 'drain' is already given in line 13",
        "16:12: after: there is no environment 'quality'; there are qa, prod",
        "18:27: environments[1].smoke.min_accuracy: expected a number from 0 to 1, found '90%'",
        (
            "19:16: environments[1].keep_warm: '24 h' is not a duration; "
            "write it like 30s, 5m, 24h or 7d"
        ),
    ]
