"""Topics and queues: AWS::SNS::* and AWS::SQS::*.

Reference: CloudFormation template reference, pages of each type.
"""

from __future__ import annotations

import json
from typing import Any, Final

from promote.sandbox.formation.kinds import (
    Made,
    Properties,
    ResourceError,
    ResourceKind,
    Site,
    tag_list,
    tag_map,
    texts,
)

_TOPIC: Final = ("DisplayName", "KmsMasterKeyId", "SignatureVersion", "TracingConfig")
_QUEUE: Final = (
    "DelaySeconds",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
)
_SUBSCRIPTION: Final = ("FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy")


def _text(value: Any) -> str:
    """Write an attribute as its service keeps it."""
    if isinstance(value, dict | list):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _attributes(properties: Properties, names: tuple[str, ...]) -> dict[str, str]:
    return {name: _text(properties[name]) for name in names if name in properties}


def _create_topic(site: Site, name: str, properties: Properties) -> Made:
    if f"arn:aws:sns:{site.region}:{site.account}:{name}" in _topics(site):
        raise ResourceError(f"{name} already exists")
    arn = site.client("sns").create_topic(
        Name=name, Attributes=_attributes(properties, _TOPIC), Tags=tag_list(properties)
    )["TopicArn"]
    return Made(arn, {"TopicArn": arn, "TopicName": name})


def _topics(site: Site) -> set[str]:
    pages = site.client("sns").get_paginator("list_topics").paginate()
    return {each["TopicArn"] for page in pages for each in page["Topics"]}


def _complete_topic(site: Site, made: Made, properties: Properties) -> Made:
    for each in properties.get("Subscription", []):
        site.client("sns").subscribe(
            TopicArn=made.physical, Protocol=each["Protocol"], Endpoint=each["Endpoint"]
        )
    return made


def _update_topic(site: Site, made: Made, before: Properties, after: Properties) -> Made:
    sns = site.client("sns")
    if before.get("Subscription") != after.get("Subscription"):
        raise ResourceError("#/Subscription: the sandbox does not change it; use a Subscription")
    old = _attributes(before, _TOPIC)
    for name, value in {**dict.fromkeys(old, ""), **_attributes(after, _TOPIC)}.items():
        sns.set_topic_attributes(TopicArn=made.physical, AttributeName=name, AttributeValue=value)
    gone = sorted(tag_map(before).keys() - tag_map(after).keys())
    if gone:
        sns.untag_resource(ResourceArn=made.physical, TagKeys=gone)
    if tag_list(after):
        sns.tag_resource(ResourceArn=made.physical, Tags=tag_list(after))
    return made


def _delete_topic(site: Site, made: Made, _: Properties) -> None:
    site.client("sns").delete_topic(TopicArn=made.physical)


def _put_topic_policy(site: Site, name: str, properties: Properties) -> Made:
    for topic in texts(properties["Topics"]):
        _set_policy(site, topic, _text(properties["PolicyDocument"]))
    return Made(name)


def _set_policy(site: Site, topic: str, text: str) -> None:
    site.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=text
    )


def _update_topic_policy(site: Site, made: Made, before: Properties, after: Properties) -> Made:
    kept = texts(after["Topics"])
    gone = [topic for topic in texts(before["Topics"]) if topic not in kept]
    _reset_topics(site, gone)
    return _put_topic_policy(site, made.physical, after)


def _delete_topic_policy(site: Site, _: Made, properties: Properties) -> None:
    _reset_topics(site, texts(properties["Topics"]))


def _reset_topics(site: Site, topics: list[str]) -> None:
    """Give topics the policy back that a new topic has: its owner's."""
    sns = site.client("sns")
    for topic in topics:
        statement = {
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": ["SNS:Publish", "SNS:Subscribe", "SNS:GetTopicAttributes"],
            "Resource": topic,
            "Condition": {"StringEquals": {"AWS:SourceOwner": site.account}},
        }
        try:
            _set_policy(
                site, topic, json.dumps({"Version": "2008-10-17", "Statement": [statement]})
            )
        except sns.exceptions.NotFoundException:
            continue


def _create_subscription(site: Site, _: str, properties: Properties) -> Made:
    arn = site.client("sns").subscribe(
        TopicArn=properties["TopicArn"],
        Protocol=properties["Protocol"],
        Endpoint=properties.get("Endpoint", ""),
        Attributes=_attributes(properties, _SUBSCRIPTION),
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    return Made(arn, {"Arn": arn})


def _update_subscription(site: Site, made: Made, before: Properties, after: Properties) -> Made:
    old = _attributes(before, _SUBSCRIPTION)
    for name, value in {**dict.fromkeys(old, ""), **_attributes(after, _SUBSCRIPTION)}.items():
        site.client("sns").set_subscription_attributes(
            SubscriptionArn=made.physical, AttributeName=name, AttributeValue=value
        )
    return made


def _delete_subscription(site: Site, made: Made, _: Properties) -> None:
    site.client("sns").unsubscribe(SubscriptionArn=made.physical)


def _create_queue(site: Site, name: str, properties: Properties) -> Made:
    url = site.client("sqs").create_queue(
        QueueName=name, Attributes=_attributes(properties, _QUEUE), tags=tag_map(properties)
    )["QueueUrl"]
    return Made(url, {"Arn": site.arn("sqs", name), "QueueName": name, "QueueUrl": url})


def _update_queue(site: Site, made: Made, before: Properties, after: Properties) -> Made:
    sqs = site.client("sqs")
    old = _attributes(before, _QUEUE)
    attributes = {**dict.fromkeys(old, ""), **_attributes(after, _QUEUE)}
    if attributes:
        sqs.set_queue_attributes(QueueUrl=made.physical, Attributes=attributes)
    gone = sorted(tag_map(before).keys() - tag_map(after).keys())
    if gone:
        sqs.untag_queue(QueueUrl=made.physical, TagKeys=gone)
    if tag_map(after):
        sqs.tag_queue(QueueUrl=made.physical, Tags=tag_map(after))
    return made


def _delete_queue(site: Site, made: Made, _: Properties) -> None:
    sqs = site.client("sqs")
    try:
        sqs.delete_queue(QueueUrl=made.physical)
    except sqs.exceptions.QueueDoesNotExist:
        return


def _put_queue_policy(site: Site, name: str, properties: Properties) -> Made:
    for url in texts(properties["Queues"]):
        policy = {"Policy": _text(properties["PolicyDocument"])}
        site.client("sqs").set_queue_attributes(QueueUrl=url, Attributes=policy)
    return Made(name)


def _update_queue_policy(site: Site, made: Made, before: Properties, after: Properties) -> Made:
    kept = texts(after["Queues"])
    _reset_queues(site, [url for url in texts(before["Queues"]) if url not in kept])
    return _put_queue_policy(site, made.physical, after)


def _delete_queue_policy(site: Site, _: Made, properties: Properties) -> None:
    _reset_queues(site, texts(properties["Queues"]))


def _reset_queues(site: Site, urls: list[str]) -> None:
    sqs = site.client("sqs")
    for url in urls:
        try:
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
        except sqs.exceptions.QueueDoesNotExist:
            continue


KINDS: Final = (
    ResourceKind(
        type="AWS::SNS::Topic",
        fixed=frozenset({"TopicName"}),
        loose=frozenset({*_TOPIC, "Subscription"}),
        named_by="TopicName",
        longest=256,
        tags=True,
        attributes=frozenset({"TopicArn", "TopicName"}),
        create=_create_topic,
        complete=_complete_topic,
        update=_update_topic,
        delete=_delete_topic,
    ),
    ResourceKind(
        type="AWS::SNS::TopicPolicy",
        loose=frozenset({"Topics", "PolicyDocument"}),
        required=frozenset({"Topics", "PolicyDocument"}),
        create=_put_topic_policy,
        update=_update_topic_policy,
        delete=_delete_topic_policy,
    ),
    ResourceKind(
        type="AWS::SNS::Subscription",
        fixed=frozenset({"TopicArn", "Protocol", "Endpoint"}),
        loose=frozenset(_SUBSCRIPTION),
        required=frozenset({"TopicArn", "Protocol"}),
        attributes=frozenset({"Arn"}),
        create=_create_subscription,
        update=_update_subscription,
        delete=_delete_subscription,
    ),
    ResourceKind(
        type="AWS::SQS::Queue",
        fixed=frozenset({"QueueName"}),
        loose=frozenset(_QUEUE),
        named_by="QueueName",
        longest=80,
        tags=True,
        attributes=frozenset({"Arn", "QueueName", "QueueUrl"}),
        create=_create_queue,
        update=_update_queue,
        delete=_delete_queue,
    ),
    ResourceKind(
        type="AWS::SQS::QueuePolicy",
        loose=frozenset({"Queues", "PolicyDocument"}),
        required=frozenset({"Queues", "PolicyDocument"}),
        create=_put_queue_policy,
        update=_update_queue_policy,
        delete=_delete_queue_policy,
    ),
)
