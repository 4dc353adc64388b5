"""Rules about the names of resources."""

from __future__ import annotations

from collections.abc import Iterator

from promote.pipeline.lint.rules import Hit, Rule, hit
from promote.pipeline.lint.steps import PIPELINE, PROJECT, pipelines
from promote.pipeline.lint.view import Bundle

# What is in the CI/CD account alone has names that are unique over all files.
_NAMES = {
    "AWS::CloudFormation::StackSet": "StackSetName",
    PROJECT: "Name",
    "AWS::CodeBuild::ReportGroup": "Name",
    PIPELINE: "Name",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::KMS::Alias": "AliasName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
}
_OF_ANY_ACCOUNT = frozenset({"AWS::IAM::ManagedPolicy", "AWS::IAM::Role"})


def _names_twice(bundle: Bundle) -> Iterator[Hit]:
    here = {
        each.resource.template.place + each.resource.template.file for each in pipelines(bundle)
    }
    seen: set[tuple[str, str, str]] = set()
    for each in bundle.resources:
        name = each.properties.at(_NAMES.get(each.type, ""))
        if name.missing:
            continue
        template = each.template.place + each.template.file
        alone = each.type in _OF_ANY_ACCOUNT and template not in here
        key = (each.type, template if alone else "", name.same)
        if key in seen:
            yield hit(name, name=name.text or name.same, type=each.type)
        seen.add(key)


def _unnamed(bundle: Bundle) -> Iterator[Hit]:
    for each in bundle.of(*_NAMES):
        name = each.properties.at(_NAMES[each.type])
        if name.missing:
            yield hit(each.node, type=each.type, key=_NAMES[each.type])


RULES = (
    Rule(
        id="PL113",
        holds="No two resources have the same name.",
        source="CloudFormation user guide, Name type: a name that is taken fails the stack",
        message="Another {type} is called {name} as well.",
        remedy="Give each a name of its own.",
        check=_names_twice,
    ),
    Rule(
        id="PL114",
        holds="What policies name by its name has the name that they say.",
        source="CloudFormation user guide, Name type: without one, an id is made up",
        message="This {type} has no {key}, so no policy can name it beforehand.",
        remedy="Give it the name that policies/ say.",
        check=_unnamed,
    ),
)
