"""The seeded faults of what is around pipelines: roles, buckets, keys, topics and rules."""

from __future__ import annotations

from promote.pipeline.render import target_file
from tests.artifacts.pipeline_faults import FOUNDATION, add, drop, of, put, repeat, some, text

ANY_ROLE = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/*"}


def trust(role: str, *path: str | int) -> tuple[str | int, ...]:
    """Return a path into the only statement of a role's trust."""
    return of(role, "AssumeRolePolicyDocument", "Statement", 0, *path)


def policy(role: str, *path: str | int) -> tuple[str | int, ...]:
    """Return a path into the policy of a role."""
    return of(role, "Policies", 0, "PolicyDocument", *path)


def may(action: str, resource: object, **condition: object) -> dict[str, object]:
    """Return a statement that allows something."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **condition}


ROLES = some(
    ("PL701", "a trust without a source's ARN", trust("PlanQaRole", "Condition", "ArnEquals"),
     drop),
    ("PL701", "a trust without the account",
     trust("PlanQaRole", "Condition", "StringEquals", "aws:SourceAccount"), drop),
    ("PL701", "a trust without conditions", trust("PlanQaRole", "Condition"), drop, "PR509"),
    ("PL702", "no boundary", of("PromoteProdRole", "PermissionsBoundary"), drop),
    ("PL703", "any role of any account", policy("PlanQaRole", "Statement"),
     add(may("sts:AssumeRole", "*")), "PR112", "PR702"),
    ("PL703", "a role of any account", policy("PlanQaRole", "Statement"),
     add(may("sts:AssumeRole", "arn:aws:iam::*:role/promote-reader")), "PR112", "PR305"),
    ("PL703", "any role of an account", policy("PlanQaRole", "Statement"),
     add(may("sts:AssumeRole", "arn:aws:iam::222222222222:role/*")), "PR112", "PR702"),
    ("PL704", "roles passed", policy("PipelineRole", "Statement"),
     add(may("iam:PassRole", "arn:aws:iam::111111111111:role/promote/*")), "PR703"),
    ("PL705", "a policy of AWS", of("PlanQaRole"),
     add({"ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]})),
    ("PR701", "everything", policy("PlanQaRole", "Statement"), add(may("*", "*")),
     "PL703", "PL704", "PR112"),
    ("PR203", "an action misspelt", policy("PipelineRole", "Statement"),
     add(may("codebuild:StartBuilds", "arn:aws:codebuild:us-east-1:111111111111:project/p"))),
)  # fmt: skip

TARGETS = some(
    ("PL702", "no boundary in target accounts", of("RolePromoteReader", "PermissionsBoundary"),
     drop),
    ("PL703", "any role of a target account",
     of("RolePromoteSmoke", "Policies", 0, "PolicyDocument", "Statement"),
     add(may("sts:AssumeRole", ANY_ROLE)), "PR702"),
    file=target_file("qa"),
)  # fmt: skip

CARRIED = some(
    ("PL702", "no boundary in a StackSet", of("QaRoles", "TemplateBody"),
     text('"PermissionsBoundary"', '"Description"')),
    file="organization.json",
)  # fmt: skip

STORAGE = some(
    ("PL801", "no versions", of("Artifacts", "VersioningConfiguration"), drop),
    ("PL801", "versions suspended", of("Ledger", "VersioningConfiguration", "Status"),
     put("Suspended")),
    ("PL802", "public policies", of("Artifacts", "PublicAccessBlockConfiguration",
                                    "BlockPublicPolicy"), put("false")),
    ("PL802", "no public access block", of("Ledger", "PublicAccessBlockConfiguration"), drop),
    ("PL803", "S3's own key", of("Artifacts", "BucketEncryption",
                                 "ServerSideEncryptionConfiguration", 0,
                                 "ServerSideEncryptionByDefault"),
     put({"SSEAlgorithm": "AES256"})),
    ("PL803", "logs that S3 cannot write", of("AccessLogs", "BucketEncryption",
                                              "ServerSideEncryptionConfiguration", 0,
                                              "ServerSideEncryptionByDefault", "SSEAlgorithm"),
     put("aws:kms")),
    ("PL804", "no access log", of("Artifacts", "LoggingConfiguration"), drop),
    ("PL805", "access control lists", of("Artifacts", "OwnershipControls"), drop),
    ("PL806", "no bucket policy", ("ArtifactsPolicy",), drop),
    ("PL806", "a topic without a policy", ("NotificationsPolicy",), drop),
    ("PL807", "the TLS denial inverted",
     of("ArtifactsPolicy", "PolicyDocument", "Statement", 0, "Condition", "Bool",
        "aws:SecureTransport"), put("true")),
    ("PL807", "the TLS denial of objects alone",
     of("LedgerPolicy", "PolicyDocument", "Statement", 2, "Resource", 1), drop),
    ("PL807", "the TLS denial made an allowance",
     of("ArtifactsPolicy", "PolicyDocument", "Statement", 0, "Effect"), put("Allow"), "PR504",
     "PR204"),
    ("PL808", "a topic for everybody",
     of("NotificationsPolicy", "PolicyDocument", "Statement", 0, "Principal"), put("*")),
    ("PL809", "a key never rotated", of("Key", "EnableKeyRotation"), drop),
    ("PL810", "a key that goes with its stack", ("Key", "DeletionPolicy"), put("Delete")),
    ("PL812", "a topic in the clear", of("Notifications", "KmsMasterKeyId"), drop),
    file=FOUNDATION,
)  # fmt: skip

LOGS = some(
    ("PL811", "logs for ever", of("PlanQaLog", "RetentionInDays"), drop),
    ("PL812", "logs in the clear", of("PlanQaLog", "KmsKeyId"), drop),
)  # fmt: skip

EVENTS = some(
    ("PL901", "a rule without a dead-letter queue",
     of("ToldOfEnds", "Targets", 0, "DeadLetterConfig"), drop),
    ("PL902", "a topic that is not there", of("ToldOfEnds", "Targets", 0, "Arn"),
     text("notifications", "notification")),
    ("PL903", "a sweep without a role", of("Sweep", "Targets", 0, "RoleArn"), drop),
    ("PL904", "a pipeline that is not there",
     of("ToldOfApprovals", "EventPattern", "detail", "pipeline"), put(["promote-tolls"])),
    ("PL905", "failures that nobody hears of", of("ToldOfEnds", "EventPattern", "detail", "state"),
     put(["STOPPED", "SUPERSEDED"])),
    ("PL906", "a rule that is off", of("Sweep", "State"), put("DISABLED")),
    ("PL906", "six targets", of("ToldOfSweeps", "Targets"), repeat(5, Id="t{}")),
    ("PL907", "a mail with a part that nobody picks",
     of("ToldOfEnds", "Targets", 0, "InputTransformer", "InputPathsMap", "state"), drop),
)  # fmt: skip

SURROUNDINGS = (*ROLES, *TARGETS, *CARRIED, *STORAGE, *LOGS, *EVENTS)
