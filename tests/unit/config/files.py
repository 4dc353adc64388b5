"""A good promote.yaml to spoil: each test changes one line and reads what comes of it."""

from __future__ import annotations

from textwrap import dedent

from promote.config import parse
from promote.errors import ConfigError

GOOD = dedent(
    """\
    version: 1
    region: us-east-1
    organization: o-a1b2c3d4e5
    ledger: .promote
    templates: ./policies
    ml:
      account: "222222222222"
      quotas: {running: 2, units: 5}
    models:
      tools:
        service: rekognition
        project: tools-detector
        capacity: {min: 1, max: 2}
        price: 4.5
    defaults:
      reader_role: promote-reader
      operator_role: promote-operator-{environment}
      deployer_role: promote-deployer
      smoke_role: promote-smoke
      access_role: "{model}-{environment}"
      external_id: tools
      consumers: ["arn:aws:iam::{account}:role/storefront"]
      pointer: {ssm: "/models/{model}/version-arn"}
      granularity: version
      propagation: {consecutive: 3, deadline: 5m}
      deadlines: {start: 30m, stop: 30m}
      smoke: {images: golden/, min_accuracy: 0.9}
    environments:
      - name: qa
        accounts: ["333333333333"]
        drain: 30s
      - name: prod
        after: qa
        accounts: ["444444444444", "555555555555"]
        drain: 5m
        waves: [100%]
        vpc_endpoints: [vpce-0a1b2c3d4e5f60718]
        smoke: {endpoint_url: "https://vpce-0a1b.rekognition.{region}.vpce.amazonaws.com"}
    """
)
"""The design's example without the keys that are not built yet."""

SMALL = dedent(
    """\
    version: 1
    region: us-east-1
    ml: {account: "222222222222"}
    models:
      tools: {project: tools-detector}
    environments:
      - name: qa
        accounts: ["333333333333"]
    """
)
"""The least that can be said."""

QUALITY = dedent(
    """\
    version: 1
    region: us-east-1
    ml: {account: "222222222222", evaluations: "s3://tools-evaluations/results/"}
    models:
      tools:
        project: tools-detector
        labels: [hammer, claw hammer]
    defaults:
      smoke: {images: golden/}
      gates:
        f1: 0.8
        golden: {min_recall: 0.9}
    environments:
      - name: qa
        accounts: ["333333333333"]
        gates: {f1: null, golden: null}
      - name: prod
        accounts: ["444444444444", "555555555555"]
        gates:
          precision: 0.7
          recall: 0.75
          label_f1: 0.5
          labels: known
          golden: {max_regression: 0.02, confidence: 0.99}
          alarm: ["{model}-errors", "arn:aws:cloudwatch:us-east-1:222222222222:alarm:cost"]
    """
)
"""Every gate on the quality of a version and on alarms."""

PUBLISHED = QUALITY.replace("[hammer, claw hammer]", '{ssm: "/{model}/{environment}/labels"}')
"""The same, where the applications publish their labels."""


def changed(old: str, new: str, *, text: str = GOOD) -> str:
    """Replace a piece of `text` that occurs exactly once."""
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
    return text.replace(old, new)


def problems(text: str, **options: str) -> list[str]:
    """Return what is wrong with a text, without the name of the file."""
    try:
        parse(text, **options)
    except ConfigError as error:
        return [problem.removeprefix("promote.yaml:") for problem in error.problems]
    return []


def spoiled(old: str, new: str, *, text: str = GOOD) -> list[str]:
    """Return what is wrong after a change."""
    return problems(changed(old, new, text=text))
