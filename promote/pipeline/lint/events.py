"""Rules about EventBridge: who is told of what, and what starts by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promote.pipeline.lint.rules import Hit, Rule, hit
from promote.pipeline.lint.steps import PROJECT, pipelines
from promote.pipeline.lint.view import Bundle, Node, Resource

_RULE = "AWS::Events::Rule"
_ENDS = "CodePipeline Pipeline Execution State Change"
_TOLD = frozenset({"FAILED", "STOPPED", "SUPERSEDED"})
_ASSUMING = re.compile(r":(?:codebuild|codepipeline|states|events):")
_MOST_TARGETS = 5


def _targets(rule: Resource) -> tuple[Node, ...]:
    return rule.properties.at("Targets").each()


def _undelivered(bundle: Bundle) -> Iterator[Hit]:
    for rule in bundle.of(_RULE):
        for each in _targets(rule):
            if each.at("DeadLetterConfig", "Arn").missing:
                yield hit(each, rule=rule.id)


def _lost(bundle: Bundle) -> Iterator[Hit]:
    """Find dead letters that go to a queue which no template has."""
    queues = {each.properties.at("QueueName").text for each in bundle.of("AWS::SQS::Queue")}
    topics = {each.properties.at("TopicName").text for each in bundle.of("AWS::SNS::Topic")}
    for rule in bundle.of(_RULE):
        for each in _targets(rule):
            found = (
                (each.at("Arn"), ":sns:", topics),
                (each.at("DeadLetterConfig", "Arn"), ":sqs:", queues),
            )
            for node, service, names in found:
                text = node.text or ""
                if names and service in text and text.rpartition(":")[2] not in names:
                    yield hit(node, arn=text)


def _roleless(bundle: Bundle) -> Iterator[Hit]:
    for rule in bundle.of(_RULE):
        for each in _targets(rule):
            target = bundle.pointed_at(rule, each.at("Arn"))
            is_started = target is not None and target.type == PROJECT
            if (is_started or _ASSUMING.search(each.at("Arn").text or "")) and each.at(
                "RoleArn"
            ).missing:
                yield hit(each, rule=rule.id)


def _unheard(bundle: Bundle) -> Iterator[Hit]:
    """Find rules about pipelines and projects that no template has."""
    named = {
        "pipeline": {each.properties.at("Name").text for each in pipelines(bundle)},
        "project-name": {each.properties.at("Name").text for each in bundle.of(PROJECT)},
    }
    for rule in bundle.of(_RULE):
        for key, known in named.items():
            for each in rule.properties.at("EventPattern", "detail", key).each():
                if each.text is not None and each.text not in known:
                    yield hit(each, name=each.text)


def _untold(bundle: Bundle) -> Iterator[Hit]:
    for pipeline in pipelines(bundle):
        name, told = pipeline.properties.at("Name"), set()
        for rule in bundle.of(_RULE):
            pattern = rule.properties.at("EventPattern")
            about = pattern.at("detail", "pipeline").texts()
            if _is_on(rule) and _ENDS in pattern.at("detail-type").texts() and name.text in about:
                told |= set(pattern.at("detail", "state").texts())
        if not told >= _TOLD:
            yield hit(name, name=name.text, states=", ".join(sorted(_TOLD - told)))


def _is_on(rule: Resource) -> bool:
    return rule.properties.at("State").text in (None, "ENABLED") and bool(_targets(rule))


def _off(bundle: Bundle) -> Iterator[Hit]:
    for rule in bundle.of(_RULE):
        if not _is_on(rule) or len(_targets(rule)) > _MOST_TARGETS:
            yield hit(rule.node, rule=rule.id)


def _templates(bundle: Bundle) -> Iterator[Hit]:
    for rule in bundle.of(_RULE):
        for each in _targets(rule):
            text = each.at("InputTransformer", "InputTemplate")
            known = {key for key, _ in each.at("InputTransformer", "InputPathsMap").fields()}
            for name in re.findall(r"<([^<>]*)>", text.text or ""):
                if name not in known and not name.startswith("aws.events."):
                    yield hit(text, name=name)


RULES = (
    Rule(
        id="PL901",
        holds="What a rule cannot deliver goes to a queue.",
        source="EventBridge user guide, Using dead-letter queues to process undelivered events",
        message="What {rule} cannot deliver is lost after a day.",
        remedy="Set DeadLetterConfig to the foundation's queue.",
        check=_undelivered,
    ),
    Rule(
        id="PL902",
        holds="Topics and queues that rules deliver to are there.",
        source="EventBridge user guide, Event bus targets",
        message="No template has {arn}.",
        remedy="Name the foundation's topic and queue.",
        check=_lost,
    ),
    Rule(
        id="PL903",
        holds="A rule that starts builds or executions has a role to do so.",
        source="EventBridge user guide, Using identity-based policies: roles for targets",
        message="{rule} starts something without a role, so it never will.",
        remedy="Set RoleArn.",
        check=_roleless,
    ),
    Rule(
        id="PL904",
        holds="A rule is about a pipeline or project of the templates.",
        source="EventBridge user guide, Event patterns: a name that is not there never matches",
        message="No template has {name}, so this rule never matches.",
        remedy="Name the pipeline or project as it is called.",
        check=_unheard,
    ),
    Rule(
        id="PL905",
        holds="Somebody is told of executions that failed, were stopped or were superseded.",
        source="CodePipeline user guide, Monitoring CodePipeline events",
        message="Nobody is told of executions of {name} that are {states}.",
        remedy="Have a rule for CodePipeline Pipeline Execution State Change.",
        check=_untold,
    ),
    Rule(
        id="PL906",
        holds="Rules are enabled, and have 1 to 5 targets.",
        source="EventBridge user guide, Amazon EventBridge quotas",
        message="{rule} is disabled, has no target, or has more than 5.",
        remedy="Enable it, and give it a target.",
        check=_off,
    ),
    Rule(
        id="PL907",
        holds="A mail's text takes only parts of the event that the rule picks.",
        source="EventBridge user guide, Amazon EventBridge input transformation",
        message="<{name}> is picked by no path, so the rule delivers nothing.",
        remedy="Add it to InputPathsMap.",
        check=_templates,
    ),
)
