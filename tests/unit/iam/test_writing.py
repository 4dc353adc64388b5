"""A policy written as a document is read back as the same policy."""

from __future__ import annotations

import pytest

from promote.iam.document import Json, Kind, parse
from promote.iam.writing import document_of

IDENTITY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "One",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"],
            "Condition": {
                "StringEquals": {"aws:SourceVpce": ["vpce-1", "vpce-2"], "aws:PrincipalOrgID": "o"},
                "StringLikeIfExists": {"aws:SourceVpc": "vpc-*"},
                "ForAnyValue:StringEquals": {"aws:TagKeys": "a"},
            },
        },
        {"Effect": "Deny", "NotAction": "s3:*", "NotResource": "arn:aws:s3:::a/*"},
    ],
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {
                "AWS": ["111111111111", "arn:aws:iam::222222222222:role/r"],
                "Service": "codebuild.amazonaws.com",
            },
            "Action": "sts:AssumeRole",
        }
    ],
}


@pytest.mark.parametrize(("kind", "document"), [(Kind.IDENTITY, IDENTITY), (Kind.TRUST, TRUST)])
def test_is_the_reverse_of_reading(kind: Kind, document: Json) -> None:
    policy = parse(document, kind=kind)
    assert parse(document_of(policy), kind=kind) == policy
