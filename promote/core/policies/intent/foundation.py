"""What the policies of the key and the buckets of the CI/CD account must say."""

from __future__ import annotations

from promote.core.policies.intent.building import (
    Context,
    allow,
    aws,
    condition,
    deny,
    service,
    texts,
)
from promote.core.policies.intent.roles import Statements
from promote.iam.elements import Statement

_ANYBODY = aws(["*"])
_KEY_ID = "s3:x-amz-server-side-encryption-aws-kms-key-id"
_ENCRYPTION = "s3:x-amz-server-side-encryption"


def pipeline_key(context: Context) -> Statements:
    """Leave it to the account; encrypt the logs of builds, and what the topic is told."""
    (logs,) = texts(context, "logs_service")
    groups = condition(
        "StringLike", "kms:EncryptionContext:aws:logs:arn", texts(context, "log_groups")
    )
    topic = condition(
        "StringEquals", "kms:EncryptionContext:aws:sns:topicArn", texts(context, "topic")
    )
    encrypting = (
        "Decrypt",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "ReEncryptFrom",
        "ReEncryptTo",
    )
    # In a key's policy "*" means this key.
    return (
        allow(["kms:*"], on=["*"], by=aws(texts(context, "root"))),
        allow([f"kms:{each}" for each in encrypting], on=["*"], by=service(logs), when=groups),
        allow(
            ["kms:Decrypt", "kms:GenerateDataKey"],
            on=["*"],
            by=service("events.amazonaws.com"),
            when=topic,
        ),
    )


def artifact_bucket(context: Context) -> Statements:
    """Deny all that comes without TLS, from another account, or brings another encryption."""
    objects = texts(context, "objects")
    elsewhere = condition(
        "StringNotEquals", "aws:PrincipalAccount", texts(context, "account"), if_exists=True
    )
    nobodys = condition("Bool", "aws:PrincipalIsAWSService", ["false"], if_exists=True)
    other_key = (
        *condition("StringNotEquals", _KEY_ID, texts(context, "key")),
        *condition("Null", _KEY_ID, ["false"]),
    )
    no_key = (
        *condition("StringNotEquals", _ENCRYPTION, ["aws:kms"]),
        *condition("Null", _ENCRYPTION, ["false"]),
    )
    return (
        _only_tls(context),
        deny(["s3:*"], on=_all_of(context), by=_ANYBODY, when=(*elsewhere, *nobodys)),
        deny(["s3:PutObject"], on=objects, by=_ANYBODY, when=other_key),
        deny(["s3:PutObject"], on=objects, by=_ANYBODY, when=no_key),
    )


def log_bucket(context: Context) -> Statements:
    """Be written by S3's own logging, of these buckets of this account."""
    ours = (
        *condition("StringEquals", "aws:SourceAccount", texts(context, "account")),
        *condition("ArnLike", "aws:SourceArn", texts(context, "sources")),
    )
    logging = service("logging.s3.amazonaws.com")
    return (
        allow(["s3:PutObject"], on=texts(context, "objects"), by=logging, when=ours),
        _only_tls(context),
    )


def _only_tls(context: Context) -> Statement:
    plain = condition("Bool", "aws:SecureTransport", ["false"])
    return deny(["s3:*"], on=_all_of(context), by=_ANYBODY, when=plain)


def _all_of(context: Context) -> tuple[str, ...]:
    return (*texts(context, "bucket"), *texts(context, "objects"))
