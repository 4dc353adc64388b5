"""Small CloudFormation templates, written by hand."""

from __future__ import annotations

import json
from typing import Any


def role(name: str | None = None, *, service: str = "scheduler", **more: Any) -> dict[str, Any]:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    properties = {"AssumeRolePolicyDocument": _document(trust), **more}
    if name is not None:
        properties["RoleName"] = name
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def inline(name: str, action: str, resource: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {"PolicyName": name, "PolicyDocument": _document(statement)}


def group(name: str, **more: Any) -> dict[str, Any]:
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name, **more}}


def template(**resources: Any) -> dict[str, Any]:
    return {"Resources": resources}


def body(document: dict[str, Any]) -> str:
    return json.dumps(document)


def estate() -> dict[str, Any]:
    """Return a template with one of nearly every type that pipelines need."""
    topic, dead = {"Ref": "Topic"}, {"Fn::GetAtt": ["Dead", "Arn"]}
    return {
        "Parameters": {"Days": {"Type": "Number", "Default": "30"}},
        "Conditions": {"Watched": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}},
        "Resources": {
            **_storage(),
            "Topic": {
                "Type": "AWS::SNS::Topic",
                "Properties": {"TopicName": "stuck", "KmsMasterKeyId": {"Ref": "Key"}},
            },
            "TopicPolicy": {
                "Type": "AWS::SNS::TopicPolicy",
                "Properties": {
                    "Topics": [topic],
                    "PolicyDocument": _by_service("events", "sns:Publish", topic),
                },
            },
            "Mail": {
                "Type": "AWS::SNS::Subscription",
                "Properties": {"TopicArn": topic, "Protocol": "email", "Endpoint": "a@b.example"},
            },
            "Dead": {"Type": "AWS::SQS::Queue", "Properties": {"MessageRetentionPeriod": 1209600}},
            "DeadPolicy": {
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {
                    "Queues": [{"Ref": "Dead"}],
                    "PolicyDocument": _by_service("events", "sqs:SendMessage", dead),
                },
            },
            "Role": role("sweeper", Policies=[inline("send", "sqs:SendMessage", dead)]),
            "Group": group("/promote/tools", RetentionInDays={"Ref": "Days"}),
            "Rule": {
                "Type": "AWS::Events::Rule",
                "Condition": "Watched",
                "Properties": {
                    "Name": "failed",
                    "EventPattern": {"source": ["aws.codepipeline"]},
                    "Targets": [{"Id": "t", "Arn": topic, "DeadLetterConfig": {"Arn": dead}}],
                },
            },
            "Hourly": {
                "Type": "AWS::Scheduler::Schedule",
                "Properties": {
                    "Name": "hourly",
                    "ScheduleExpression": "rate(1 hour)",
                    "FlexibleTimeWindow": {"Mode": "OFF"},
                    "Target": {
                        "Arn": "arn:aws:scheduler:::aws-sdk:codebuild:startBuild",
                        "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                        "Input": {"Fn::Sub": '{"ProjectName": "${AWS::StackName}-retire"}'},
                    },
                },
            },
            "Notice": {
                "Type": "AWS::CodeStarNotifications::NotificationRule",
                "Properties": {"Name": "notice"},
            },
        },
        "Outputs": {"Bucket": {"Value": {"Ref": "Bucket"}, "Export": {"Name": "artifacts"}}},
    }


def _storage() -> dict[str, Any]:
    everything = [{"Fn::GetAtt": ["Bucket", "Arn"]}, {"Fn::Sub": "${Bucket.Arn}/*"}]
    tls = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": everything,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    administered = {
        "Effect": "Allow",
        "Principal": {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}},
        "Action": "kms:*",
        "Resource": "*",
    }
    encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Fn::GetAtt": ["Key", "Arn"]}}
    block = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    return {
        "Key": {
            "Type": "AWS::KMS::Key",
            "Properties": {"EnableKeyRotation": True, "KeyPolicy": _document(administered)},
        },
        "Alias": {
            "Type": "AWS::KMS::Alias",
            "Properties": {"AliasName": "alias/promote", "TargetKeyId": {"Ref": "Key"}},
        },
        "Logs": {"Type": "AWS::S3::Bucket", "Properties": {}},
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "Retain",
            "Properties": {
                "BucketName": "promote-artifacts",
                "VersioningConfiguration": {"Status": "Enabled"},
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [
                        {"ServerSideEncryptionByDefault": encryption, "BucketKeyEnabled": True}
                    ]
                },
                "PublicAccessBlockConfiguration": dict.fromkeys(block, True),
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                "LifecycleConfiguration": {
                    "Rules": [{"Id": "old", "Status": "Enabled", "ExpirationInDays": 90}]
                },
                "NotificationConfiguration": {"EventBridgeConfiguration": {}},
                "LoggingConfiguration": {"DestinationBucketName": {"Ref": "Logs"}},
            },
        },
        "Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": _document(tls)},
        },
    }


def _by_service(service: str, action: str, resource: Any) -> dict[str, Any]:
    return _document(
        {
            "Effect": "Allow",
            "Principal": {"Service": f"{service}.amazonaws.com"},
            "Action": action,
            "Resource": resource,
        }
    )


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}
