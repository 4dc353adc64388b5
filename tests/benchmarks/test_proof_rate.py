"""How long a proof takes: as many versions as an access role can hold, and how it grows."""

from __future__ import annotations

import time

from promote.iam.document import Kind, Policy, parse
from promote.iam.prove import equal

PROMISED = 3.0  # seconds for 150 versions, on two cores


def granting(count: int) -> Policy:
    """Return a policy that allows as many versions through one endpoint."""
    stem = "arn:aws:rekognition:us-east-1:222222222222:project/tools-detector/version"
    document = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Action": "rekognition:DetectCustomLabels",
            "Resource": [f"{stem}/v{n}/{1_761_100_000_000 + n}" for n in range(count)],
            "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-0a1b2c3d4e5f60718"}},
        },
    }
    return parse(document, kind=Kind.IDENTITY, name=f"{count} versions")


def seconds(one: Policy, two: Policy) -> float:
    """Return how long it takes to compare two policies, undisturbed: the best of three."""

    def once() -> float:
        began = time.process_time()
        equal([one], [two])
        return time.process_time() - began

    return min(once() for _ in range(3))


class TestProof:
    def test_150_versions_are_proved_in_time_and_growth_is_near_linear(self) -> None:
        few, many = (seconds(granting(n), granting(n)) for n in (30, 150))
        wider = seconds(granting(150), granting(149))
        print(f"\nproof of 150 versions: {many:.3f} s, refused: {wider:.3f} s")
        print(f"150 versions take {many / few:.1f} times as long as 30")

        assert max(many, wider) < PROMISED
        assert many < few * 25
