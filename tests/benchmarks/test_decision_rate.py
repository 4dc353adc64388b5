"""How many requests a second are decided; run with ``pytest -s`` to see the rates.

What is asserted is a ratio to the time that reading the same documents as JSON takes in the same
run, so that a slow or busy machine does not fail it.
"""

from __future__ import annotations

import json
import timeit
from typing import TYPE_CHECKING

from promote.iam.authorise import Governing, authorise
from promote.iam.document import Kind
from promote.iam.evaluate import Request, evaluate
from tests.unit.iam.documents import (
    DETECT,
    ML,
    ROLE,
    SESSION,
    Document,
    allow,
    deny,
    document,
    granting,
    policy,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS, CALLS = 5, 300
VERSIONS = [
    f"arn:aws:rekognition:us-east-1:{ML}:project/tools/version/v{number}/170000000000{number}"
    for number in range(5)
]
DENIED = ["rekognition:CreateProject", "rekognition:DeleteProject", "rekognition:Stop*"]
IDENTITY: tuple[tuple[Document, ...], ...] = (
    (
        allow(
            DETECT,
            VERSIONS,
            Condition={"StringEquals": {"aws:SourceVpce": ["vpce-1", "vpce-2"]}},
        ),
    ),
    (
        allow(
            ["rekognition:Describe*", DETECT],
            "*",
            Condition={
                "StringLike": {"aws:PrincipalTag/team": "ml-*"},
                "Bool": {"aws:SecureTransport": "true"},
            },
        ),
        deny(
            "*",
            "*",
            Condition={
                "NotIpAddressIfExists": {"aws:SourceIp": "10.0.0.0/8"},
                "DateLessThan": {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"},
            },
        ),
    ),
    (allow("s3:*", ["arn:aws:s3:::b", "arn:aws:s3:::b/${aws:PrincipalTag/team}/*"]),),
    (
        {
            "Effect": "Deny",
            "NotAction": ["rekognition:*", "sts:*"],
            "Resource": "*",
            "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin-*"}},
        },
    ),
)
GUARD = deny(DENIED, "*", Condition={"ArnNotLike": {"aws:PrincipalArn": f"{ROLE}-operator"}})
CONTEXT = {
    "aws:PrincipalArn": ROLE,
    "aws:PrincipalOrgID": "o-1",
    "aws:PrincipalTag/team": "ml-a",
    "aws:SecureTransport": "true",
    "aws:SourceIp": "10.1.2.3",
    "aws:SourceVpce": "vpce-2",
    "aws:TokenIssueTime": "2026-01-01T00:00:00Z",
}
REQUESTS = [Request(SESSION, DETECT, version, CONTEXT) for version in VERSIONS]


def seconds(decide: Callable[[Request], object]) -> float:
    """Return the least time that deciding all the requests took in any of some rounds."""
    return min(
        timeit.repeat(lambda: [decide(one) for one in REQUESTS], number=CALLS // 5, repeat=ROUNDS)
    )


def seconds_to_load(documents: list[Document]) -> float:
    texts = [json.dumps(one) for one in documents]
    return min(
        timeit.repeat(lambda: [json.loads(one) for one in texts], number=CALLS, repeat=ROUNDS)
    )


def report(what: str, decide: float, load: float) -> None:
    rate = CALLS / decide
    print(f"\n{what}: {rate:,.0f} a second, {decide / load:.2f} of reading the JSON")


class TestDecisionRate:
    def test_of_four_policies_with_conditions(self) -> None:
        policies = [policy(Kind.IDENTITY, *statements) for statements in IDENTITY]
        load = seconds_to_load([document(*statements) for statements in IDENTITY])

        decide = seconds(lambda asked: evaluate(asked, policies))

        report("evaluate, four policies", decide, load)
        assert decide < 6 * load

    def test_of_all_layers(self) -> None:
        full, guard = policy(Kind.SCP, allow("*", "*")), policy(Kind.SCP, GUARD)
        governing = Governing(
            identity=tuple(policy(Kind.IDENTITY, *statements) for statements in IDENTITY),
            boundary=(policy(Kind.BOUNDARY, allow("rekognition:*", "*")),),
            resource=policy(Kind.BUCKET, granting({"AWS": ROLE}, "rekognition:*", VERSIONS)),
            scp=((full,), (full, guard), (full,)),
        )
        load = seconds_to_load([document(*statements) for statements in IDENTITY])

        decide = seconds(lambda asked: authorise(asked, governing, owner=ML))

        report("authorise, ten policies in four layers", decide, load)
        assert decide < 20 * load
