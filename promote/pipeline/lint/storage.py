"""Rules about what keeps things: buckets, keys, logs, topics and queues."""

from __future__ import annotations

from collections.abc import Iterator

from promote.iam.lint import Severity
from promote.pipeline.lint.rules import Hit, Rule, hit
from promote.pipeline.lint.view import Bundle, Node, Resource

_BUCKET = "AWS::S3::Bucket"
_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_ENCRYPTION = ("aws:kms", "aws:kms:dsse")
_POLICIES = {
    _BUCKET: ("AWS::S3::BucketPolicy", "Bucket", "s3:*"),
    "AWS::SNS::Topic": ("AWS::SNS::TopicPolicy", "Topics", "sns:Publish"),
    "AWS::SQS::Queue": ("AWS::SQS::QueuePolicy", "Queues", "sqs:*"),
}
_KEEPING = (_BUCKET, "AWS::KMS::Key")


def _unversioned(bundle: Bundle) -> Iterator[Hit]:
    for each in bundle.of(_BUCKET):
        status = each.properties.at("VersioningConfiguration", "Status")
        if status.text != "Enabled":
            yield hit(status, bucket=each.id)


def _public(bundle: Bundle) -> Iterator[Hit]:
    for each in bundle.of(_BUCKET):
        for key in _BLOCKS:
            block = each.properties.at("PublicAccessBlockConfiguration", key)
            if not block.is_true:
                yield hit(block, key=key)


def _encryption(bucket: Resource) -> Node:
    rules = bucket.properties.at("BucketEncryption", "ServerSideEncryptionConfiguration")
    return rules.at(0, "ServerSideEncryptionByDefault")


def _unencrypted(bundle: Bundle) -> Iterator[Hit]:
    logs = _of_logs(bundle)
    for each in bundle.of(_BUCKET):
        default = _encryption(each)
        by_key = default.at("SSEAlgorithm").text in _ENCRYPTION
        # S3 delivers access logs only to a bucket that is encrypted with its own keys.
        fits = default.at("SSEAlgorithm").text == "AES256" if each.id in logs else by_key
        if not fits or (by_key and default.at("KMSMasterKeyID").missing):
            yield hit(default, bucket=each.id)


def _of_logs(bundle: Bundle) -> set[str]:
    """Return the buckets that others log their use to."""
    configured = [each.properties.at("LoggingConfiguration") for each in bundle.of(_BUCKET)]
    return {each.at("DestinationBucketName", "Ref").text or "" for each in configured} - {""}


def _unlogged(bundle: Bundle) -> Iterator[Hit]:
    logs = _of_logs(bundle)
    for each in bundle.of(_BUCKET):
        target = each.properties.at("LoggingConfiguration", "DestinationBucketName")
        if target.missing and each.id not in logs:
            yield hit(each.properties.at("LoggingConfiguration"), bucket=each.id)


def _owned(bundle: Bundle) -> Iterator[Hit]:
    for each in bundle.of(_BUCKET):
        owner = each.properties.at("OwnershipControls", "Rules", 0, "ObjectOwnership")
        if owner.text != "BucketOwnerEnforced":
            yield hit(owner, bucket=each.id)


def _policies(bundle: Bundle, resource: Resource) -> Iterator[Node]:
    """Yield the policies that are attached to a bucket, topic or queue."""
    type_, key, _ = _POLICIES[resource.type]
    for each in bundle.of(type_):
        attached = each.properties.at(key)
        for one in attached.each() or (attached,):
            if each.template is resource.template and one.at("Ref").text == resource.id:
                yield each.properties.at("PolicyDocument")


def _unattached(bundle: Bundle) -> Iterator[Hit]:
    for each in bundle.of(*_POLICIES):
        if not list(_policies(bundle, each)):
            yield hit(each.node, type=each.type, policy=_POLICIES[each.type][0])


def _in_the_clear(bundle: Bundle) -> Iterator[Hit]:
    for each in bundle.of(*_POLICIES):
        documents = list(_policies(bundle, each))
        statements = [one for document in documents for one in document.at("Statement").each()]
        wanted = 2 if each.type == _BUCKET else 1
        if documents and not any(_denies_plain(each, one, wanted) for one in statements):
            yield hit(documents[0], name=each.id)


def _denies_plain(resource: Resource, statement: Node, resources: int) -> bool:
    """Say whether a statement denies all that is not sent over TLS, and nothing besides."""
    action = _POLICIES[resource.type][2]
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    listed = statement.at("Resource")
    return (
        statement.at("Effect").text == "Deny"
        and statement.at("Principal").value in ("*", {"AWS": "*"})
        and bool({action, "*"} & set(statement.at("Action").texts()))
        and statement.at("Condition").value in (condition, {"Bool": {"aws:SecureTransport": False}})
        and (len(listed.each()) or 1) >= resources
    )


def _everybody(bundle: Bundle) -> Iterator[Hit]:
    for each in bundle.of("AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"):
        for statement in each.properties.at("PolicyDocument", "Statement").each():
            who = statement.at("Principal")
            is_open = who.value == "*" or "*" in who.at("AWS").texts()
            if statement.at("Effect").text == "Allow" and is_open:
                yield hit(who, type=each.type)


def _unrotated(bundle: Bundle) -> Iterator[Hit]:
    for each in bundle.of("AWS::KMS::Key"):
        rotation = each.properties.at("EnableKeyRotation")
        if not rotation.is_true:
            yield hit(rotation)


def _deleted(bundle: Bundle) -> Iterator[Hit]:
    for each in bundle.of(*_KEEPING):
        for key in ("DeletionPolicy", "UpdateReplacePolicy"):
            policy = each.node.at(key)
            if policy.text not in ("Retain", "RetainExceptOnCreate"):
                yield hit(policy, name=each.id, key=key)


def _forgotten(bundle: Bundle) -> Iterator[Hit]:
    for each in bundle.of("AWS::Logs::LogGroup"):
        days = each.properties.at("RetentionInDays")
        if days.missing:
            yield hit(days, name=each.id)


def _readable(bundle: Bundle) -> Iterator[Hit]:
    keys = {
        "AWS::Logs::LogGroup": ["KmsKeyId"],
        "AWS::SNS::Topic": ["KmsMasterKeyId"],
        "AWS::SQS::Queue": ["SqsManagedSseEnabled", "KmsMasterKeyId"],
    }
    for each in bundle.of(*keys):
        given = [each.properties.at(key) for key in keys[each.type]]
        if all(one.missing or one.value in (False, "false", "") for one in given):
            yield hit(given[0], name=each.id, key=" or ".join(keys[each.type]))


RULES = (
    Rule(
        id="PL801",
        holds="Buckets keep versions: sources need them, and overwriting loses nothing.",
        source="CodePipeline user guide, Amazon S3 source action",
        message="{bucket} keeps no versions.",
        remedy='Set VersioningConfiguration to {{"Status": "Enabled"}}.',
        check=_unversioned,
    ),
    Rule(
        id="PL802",
        holds="Buckets block public access in all four ways.",
        source="S3 user guide, Blocking public access to your Amazon S3 storage",
        message="{key} is not true.",
        remedy="Set all four to true.",
        check=_public,
    ),
    Rule(
        id="PL803",
        holds="Buckets are encrypted with the customer's key; that of access logs with S3's.",
        source="S3 user guide, Using server-side encryption; Enabling server access logging",
        message="{bucket} is not encrypted that way.",
        remedy="Set SSEAlgorithm to aws:kms with a KMSMasterKeyID, or to AES256 for access logs.",
        check=_unencrypted,
    ),
    Rule(
        id="PL804",
        severity=Severity.WARNING,
        holds="Who used a bucket is logged to another one.",
        source="S3 user guide, Logging requests with server access logging",
        message="Nobody can tell who used {bucket}.",
        remedy="Name the bucket of access logs in LoggingConfiguration.",
        check=_unlogged,
    ),
    Rule(
        id="PL805",
        holds="Policies alone decide about buckets, not lists of objects' owners.",
        source="S3 user guide, Controlling ownership of objects and disabling ACLs",
        message="{bucket} takes access control lists.",
        remedy="Set ObjectOwnership to BucketOwnerEnforced.",
        check=_owned,
    ),
    Rule(
        id="PL806",
        holds="Buckets, topics and queues have a policy in their template.",
        source="EventBridge user guide, Resource-based policies for EventBridge",
        message="This {type} has no {policy}.",
        remedy="Attach one, by Ref.",
        check=_unattached,
    ),
    Rule(
        id="PL807",
        holds="What is not sent over TLS is denied, to everybody and for everything.",
        source="S3 user guide, Security best practices: enforce encryption of data in transit",
        message="No statement denies everybody just what is not sent over TLS on {name}.",
        remedy='Deny with Condition {{"Bool": {{"aws:SecureTransport": "false"}}}}, and no other.',
        check=_in_the_clear,
    ),
    Rule(
        id="PL808",
        holds="Topics and queues allow nothing to everybody: mails of approvals hold a token.",
        source="CodePipeline user guide, JSON data format for manual approval notifications",
        message="This {type} allows something to everybody.",
        remedy="Name the service or the account.",
        check=_everybody,
    ),
    Rule(
        id="PL809",
        holds="Keys are rotated.",
        source="KMS developer guide, Rotate AWS KMS keys",
        message="The key is never rotated.",
        remedy="Set EnableKeyRotation to true.",
        check=_unrotated,
    ),
    Rule(
        id="PL810",
        holds="Keys and buckets outlive their stack.",
        source="CloudFormation user guide, DeletionPolicy and UpdateReplacePolicy attributes",
        message="{key} of {name} is not Retain: what it keeps would go with the stack.",
        remedy='Set it to "Retain".',
        check=_deleted,
    ),
    Rule(
        id="PL811",
        holds="It is said how long logs are kept.",
        source="CloudWatch Logs user guide: without a retention, logs are kept for ever",
        message="{name} keeps logs for ever.",
        remedy="Set RetentionInDays.",
        check=_forgotten,
    ),
    Rule(
        id="PL812",
        holds="Logs, topics and queues are encrypted.",
        source="SNS developer guide, Encryption at rest; CloudWatch Logs user guide, KMS",
        message="{name} has no {key}.",
        remedy="Name the foundation's key.",
        check=_readable,
    ),
)
