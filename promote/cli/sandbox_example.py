"""Write a working example for the sandbox's organisation: promote.yaml and golden images."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = """\
# An example for the local AWS that `promote sandbox up` runs. Nothing in it costs money.
version: 1
region: us-east-1
organization: o-a1b2c3d4e5

ml:
  account: "222222222222"            # trains, runs and pays for the versions
  quotas: {running: 2, units: 5}
  # What training measured of the versions; gates on quality and labels read it.
  evaluations: s3://custom-labels-console-us-east-1-222222222222/evaluation/

models:
  tools:
    project: tools-detector
    labels: [hammer, screwdriver, wrench]    # what the applications understand

defaults:                            # merged under every environment
  reader_role: promote-reader
  operator_role: promote-operator-{environment}
  deployer_role: promote-deployer
  smoke_role: promote-smoke
  access_role: "{model}-{environment}"
  external_id: tools
  consumers: ["arn:aws:iam::{account}:role/storefront"]
  pointer: {ssm: "/models/{model}/version-arn"}
  propagation: {consecutive: 3, deadline: 1m}
  deadlines: {start: 1m, stop: 1m}
  smoke: {images: golden/, min_accuracy: 0.9}

environments:                        # in the order of promotion
  - name: qa
    accounts: ["333333333333"]
    drain: 5s                        # how long applications cache the pointer
  - name: prod
    after: qa                        # only what was verified in qa
    accounts: ["444444444444", "555555555555"]
    drain: 5s
    # Try these: v3 is worse than the version that runs, v5 has a label that nobody knows.
    # gates: {f1: 0.8, labels: known, golden: {}}
"""


def write_example(directory: Path) -> bool:
    """Write promote.yaml and the images that it names, unless there is a promote.yaml already."""
    path = directory / "promote.yaml"
    if path.exists():
        return False
    from promote.sandbox.images import write_golden

    directory.mkdir(parents=True, exist_ok=True)
    write_golden(directory / "golden")
    path.write_text(EXAMPLE, encoding="utf-8")
    return True
