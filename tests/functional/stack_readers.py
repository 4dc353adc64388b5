"""Ask the services themselves whether a resource of a stack exists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Client = Callable[[str], Any]


def is_there(kind: str, physical: str, client: Client) -> bool:
    """Say whether a resource can be read by the API of its own service.

    Raises:
        KeyError: No service is known that knows this type.
        ClientError: The service does not know it.
    """
    return bool(_READERS[kind](client, physical))


def _subscription(client: Client, arn: str) -> Any:
    return client("sns").get_subscription_attributes(SubscriptionArn=arn)["Attributes"]


def _queue(client: Client, url: str) -> Any:
    return client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])


def _group(client: Client, name: str) -> Any:
    found = client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return [each for each in found if each["logGroupName"] == name]


def _alias(client: Client, name: str) -> Any:
    return [e for e in client("kms").list_aliases()["Aliases"] if e["AliasName"] == name]


def _rule(client: Client, name: str) -> Any:
    return client("events").list_targets_by_rule(Rule=name)["Targets"]


_READERS: dict[str, Callable[[Client, str], Any]] = {
    "AWS::CodeBuild::Project": lambda client, name: client("codebuild").batch_get_projects(
        names=[name]
    )["projects"],
    "AWS::CodeBuild::ReportGroup": lambda client, arn: client("codebuild").batch_get_report_groups(
        reportGroupArns=[arn]
    )["reportGroups"],
    "AWS::CodePipeline::Pipeline": lambda client, name: client("codepipeline").get_pipeline(
        name=name
    ),
    "AWS::Events::Rule": _rule,
    "AWS::IAM::ManagedPolicy": lambda client, arn: client("iam").get_policy(PolicyArn=arn),
    "AWS::IAM::Role": lambda client, name: client("iam").get_role(RoleName=name),
    "AWS::KMS::Alias": _alias,
    "AWS::KMS::Key": lambda client, key: client("kms").describe_key(KeyId=key),
    "AWS::Logs::LogGroup": _group,
    "AWS::S3::Bucket": lambda client, name: client("s3").get_bucket_location(Bucket=name),
    "AWS::S3::BucketPolicy": lambda client, name: client("s3").get_bucket_policy(Bucket=name),
    "AWS::SNS::Subscription": _subscription,
    "AWS::SNS::Topic": lambda client, arn: client("sns").get_topic_attributes(TopicArn=arn),
    "AWS::SQS::Queue": _queue,
    "AWS::Scheduler::Schedule": lambda client, name: client("scheduler").get_schedule(Name=name),
}
