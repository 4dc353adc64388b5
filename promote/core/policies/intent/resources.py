"""What the policies of buckets, keys, projects and VPC endpoints must say."""

from __future__ import annotations

from promote.core.policies.intent.building import (
    Context,
    allow,
    aws,
    condition,
    contexts,
    deny,
    deny_but,
    service,
    texts,
    where_given,
)
from promote.core.policies.intent.roles import ASSUME, DETECT, Statements
from promote.iam.elements import Condition, Principal

_REKOGNITION = service("rekognition.amazonaws.com")
_READ_OBJECTS = (
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
)
_READ_BUCKET = ("s3:GetBucketAcl", "s3:GetBucketLocation")
# The bucket's owner owns what others write into it.
_OWNED = condition("StringEquals", "s3:x-amz-acl", ["bucket-owner-full-control"])


def data_lake_bucket(context: Context) -> Statements:
    """Be read and written by the service for these projects, and by the roles that train.

    The readers of the ML account read evaluations, if they lie there.
    """
    bucket, objects = texts(context, "bucket"), texts(context, "objects")
    ours = (
        *condition("StringEquals", "aws:SourceAccount", texts(context, "ml_account")),
        *condition("ArnLike", "aws:SourceArn", texts(context, "projects")),
    )
    by_service = (
        allow(_READ_BUCKET, on=bucket, by=_REKOGNITION, when=ours),
        allow(_READ_OBJECTS, on=objects, by=_REKOGNITION, when=ours),
        allow(["s3:GetBucketAcl"], on=bucket, by=_REKOGNITION, when=ours),
        allow(["s3:PutObject"], on=objects, by=_REKOGNITION, when=(*ours, *_OWNED)),
    )
    found: Statements = by_service
    if texts(context, "trainers"):
        account, training = _only_by("trainers", context)
        found += (
            allow([*_READ_BUCKET, "s3:ListBucket"], on=bucket, by=account, when=training),
            allow(_READ_OBJECTS, on=objects, by=account, when=training),
            allow(["s3:PutObject"], on=objects, by=account, when=(*training, *_OWNED)),
        )
    if texts(context, "readers"):
        account, reading = _only_by("readers", context)
        found += (
            allow(["s3:GetObject"], on=texts(context, "evaluations"), by=account, when=reading),
        )
    return found


def data_lake_key(context: Context) -> Statements:
    """Be used by the roles that train, by way of S3."""
    account, training = _only_by("trainers", context)
    through = condition("StringEquals", "kms:ViaService", texts(context, "storage"))
    actions = ["kms:Decrypt", "kms:GenerateDataKey"]
    # In a key's policy "*" means this key.
    return (allow(actions, on=["*"], by=account, when=(*training, *through)),)


def _only_by(roles: str, context: Context) -> tuple[tuple[Principal, ...], tuple[Condition, ...]]:
    """Return the account as principal, and the conditions that narrow it to some of its roles."""
    return aws(texts(context, "root")), (
        *condition("ArnEquals", "aws:PrincipalArn", texts(context, roles)),
        *where_given("StringEquals", "aws:PrincipalOrgID", texts(context, "organization")),
    )


# Whatever changes an object or takes it away; replication has actions of its own.
_WRITE = ("s3:PutObject*", "s3:DeleteObject*", "s3:Replicate*", "s3:UpdateObject*")
_USERS = ("arn:aws:iam::*:user/*",)
# A role of Identity Center has its Region in the path, unless that is us-east-1.
_SIGNED_IN = tuple(
    f"arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/{region}AWSReservedSSO_*"
    for region in ("", "*/")
)
_ANYBODY = aws(["*"])


def ledger(context: Context) -> Statements:
    """Be read and written below the ledger's prefix by those who promote, and listed there.

    Whatever allows it: nothing without TLS, and only people write reviews, each only their own.
    """
    who = aws(texts(context, "trusted"))
    inside = where_given("StringEquals", "aws:PrincipalOrgID", texts(context, "organization"))
    there = condition("StringLike", "s3:prefix", texts(context, "prefix"))
    actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    everything = (*texts(context, "bucket"), *texts(context, "objects"))
    plain = condition("Bool", "aws:SecureTransport", ["false"])
    others = texts(context, "others")
    of_users, of_signed_in = texts(context, "of_users"), texts(context, "of_signed_in")
    nobody = _is("ArnNotLike", *_USERS, *_SIGNED_IN)
    users, signed_in = _is("ArnLike", *_USERS), _is("ArnLike", *_SIGNED_IN)
    return (
        allow(actions, on=texts(context, "objects"), by=who, when=inside),
        allow(["s3:ListBucket"], on=texts(context, "bucket"), by=who, when=(*inside, *there)),
        deny(["s3:*"], on=everything, by=_ANYBODY, when=plain),
        deny(_WRITE, on=texts(context, "reviews"), by=_ANYBODY, when=nobody),
        deny_but((*of_users, *others), _WRITE, by=_ANYBODY, when=users),
        deny_but((*of_signed_in, *others), _WRITE, by=_ANYBODY, when=signed_in),
    )


def _is(operator: str, *arns: str) -> tuple[Condition, ...]:
    return condition(operator, "aws:PrincipalArn", arns)


def records_key(context: Context) -> Statements:
    """Sign whole messages with one algorithm, for those who promote."""
    limits = (
        *where_given("StringEquals", "aws:PrincipalOrgID", texts(context, "organization")),
        *condition("StringEquals", "kms:MessageType", ("RAW",)),
        *condition("StringEquals", "kms:SigningAlgorithm", texts(context, "algorithm")),
    )
    # In a key's policy "*" means this key.
    return (allow(["kms:Sign"], on=["*"], by=aws(texts(context, "trusted")), when=limits),)


def project_policy(context: Context) -> Statements:
    """Let these versions be copied by these principals."""
    copiers = aws(texts(context, "trusted"))
    return (allow(["rekognition:CopyProjectVersion"], on=texts(context, "versions"), by=copiers),)


def rekognition_endpoint(context: Context) -> Statements:
    """Let access roles detect with versions of their models' projects, and nothing else pass."""
    return _only(DETECT, context)


def sts_endpoint(context: Context) -> Statements:
    """Let applications and the smoke role become their access roles, and nothing else pass."""
    return _only(ASSUME, context)


def _only(action: str, context: Context) -> Statements:
    return tuple(
        allow(
            [action],
            on=texts(grant, "resources"),
            by=aws(["*"]),
            when=condition("ArnEquals", "aws:PrincipalArn", texts(grant, "roles")),
        )
        for grant in contexts(context, "grants")
    )
