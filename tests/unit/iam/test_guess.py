from __future__ import annotations

import pytest

from promote.iam.elements import Kind
from promote.iam.guess import guess_kind

ALLOW = {"Effect": "Allow", "Resource": "*"}
EVERYBODY = {**ALLOW, "Principal": "*"}


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ({**ALLOW, "Action": "s3:GetObject"}, Kind.IDENTITY),
        ({**ALLOW, "Effect": "Deny", "Action": "rekognition:*"}, Kind.SCP),
        ({**EVERYBODY, "Effect": "Deny", "Action": "sts:AssumeRole"}, Kind.RCP),
        ({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}, Kind.TRUST),
        ({**EVERYBODY, "Action": ["s3:GetObject", "s3:PutObject"]}, Kind.BUCKET),
        ({**EVERYBODY, "Action": "kms:Decrypt"}, Kind.KEY),
        ({**EVERYBODY, "Action": "rekognition:CopyProjectVersion"}, Kind.PROJECT),
        ({**EVERYBODY, "Action": "rekognition:DetectCustomLabels"}, Kind.ENDPOINT),
        ({**EVERYBODY, "Action": "sts:AssumeRole"}, Kind.ENDPOINT),
        ({**EVERYBODY, "Action": "*"}, Kind.ENDPOINT),
    ],
    ids=str,
)
def test_takes_a_document_for_what_it_most_probably_is(statement: object, kind: Kind) -> None:
    assert guess_kind({"Statement": [statement]}) is kind
    assert guess_kind({"Statement": statement}) is kind


@pytest.mark.parametrize("value", [None, 1, "text", [], {}, {"Statement": [1]}, {"Statement": {}}])
def test_has_an_answer_for_any_json_value(value: object) -> None:
    assert guess_kind(value) is Kind.IDENTITY
