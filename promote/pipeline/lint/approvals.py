"""Rules about manual approvals: who is asked, for how long, and what they are shown."""

from __future__ import annotations

from collections.abc import Iterator

from promote.iam.lint import Severity
from promote.pipeline.lint.rules import Hit, Rule, hit
from promote.pipeline.lint.steps import Action, Pipeline, actions, pipelines, references
from promote.pipeline.lint.view import Bundle

_SHORTEST_WAIT, _LONGEST_WAIT = 5, 86_400


def _is_approval(action: Action) -> bool:
    return action.category == "Approval"


def _timeouts(bundle: Bundle) -> Iterator[Hit]:
    for _, each in actions(bundle):
        limit = each.node.at("TimeoutInMinutes")
        if limit.missing and not _is_approval(each):
            continue
        if limit.number is None or not _SHORTEST_WAIT <= limit.number <= _LONGEST_WAIT:
            yield hit(limit, value=limit.value)


def _accompanied(bundle: Bundle) -> Iterator[Hit]:
    for pipeline in pipelines(bundle):
        found = list(pipeline.actions())
        stages = {each.stage for each in found if _is_approval(each)}
        for each in found:
            if each.stage in stages and not _is_approval(each):
                yield hit(each.node, name=each.node.at("Name").text)


def _one_after_another(bundle: Bundle) -> Iterator[Hit]:
    for _, each in actions(bundle):
        if _is_approval(each) and each.order != 1:
            yield hit(each.node.at("RunOrder"), name=each.node.at("Name").text)


def _uninformed(bundle: Bundle) -> Iterator[Hit]:
    """Find approvals whose text leaves out what is approved, or names another plan's digest."""
    for pipeline, each in actions(bundle):
        if not _is_approval(each):
            continue
        text = each.configuration.at("CustomData")
        told = {one for one in references(text.text or "") if one.endswith(".PLAN_DIGEST")}
        if told != _applied_next(pipeline, each):
            yield hit(text, told=", ".join(sorted(told)) or "none")


def _applied_next(pipeline: Pipeline, approval: Action) -> set[str]:
    """Return the digests that builds between an approval and the next one are given."""
    after = [each for each in pipeline.actions() if each.stage > approval.stage]
    ends = [each.stage for each in after if _is_approval(each)]
    given = [each.passed.get("PLAN_DIGEST") for each in after if each.stage < min([*ends, 10**6])]
    digests = [name for each in given if each for name in references(each)]
    # Environments behind it that nobody approves have plans of their own.
    return set(digests[:1]) or {"a digest that a build is given"}


def _silent(bundle: Bundle) -> Iterator[Hit]:
    for _, each in actions(bundle):
        for key in ("NotificationArn", "ExternalEntityLink") if _is_approval(each) else ():
            if each.configuration.at(key).missing:
                yield hit(each.configuration, key=key)


RULES = (
    Rule(
        id="PL205",
        holds="An approval waits 5 minutes to 60 days, and says how long.",
        source="CodePipeline API reference, ActionDeclaration, timeoutInMinutes: 5 to 86400",
        message="The timeout is {value}; expected 5 to 86400 minutes.",
        remedy="Set pipeline.approval_timeout in promote.yaml.",
        check=_timeouts,
    ),
    Rule(
        id="PL206",
        holds="Approvals are alone in their stage, so that one that waits holds up nothing else.",
        source="github.com/aws/aws-cdk/issues/13806: an open approval blocks all of its stage",
        message="{name} is in the stage of an approval.",
        remedy="Give the approval a stage of its own, before it.",
        check=_accompanied,
    ),
    Rule(
        id="PL207",
        holds="All who shall approve are asked at once.",
        source="CodePipeline user guide, Action requirements: runOrder",
        message="{name} is asked for only after others approved, and its time begins then.",
        remedy="Set RunOrder to 1.",
        check=_one_after_another,
    ),
    Rule(
        id="PL208",
        holds="An approval shows the digest of the plan that is applied once it is given.",
        source="CodePipeline user guide, Manual approval action: CustomData may have variables",
        message="The text shows {told} of the digests; the next builds apply another, or none.",
        remedy="Put #{{Plan-ENVIRONMENT.PLAN_DIGEST}} into CustomData.",
        check=_uninformed,
    ),
    Rule(
        id="PL209",
        severity=Severity.WARNING,
        holds="Who shall approve is told of it, with a link to what is approved.",
        source="CodePipeline user guide, Manual approval action",
        message="The approval has no {key}.",
        remedy="Name the topic of notifications, and link to the plan.",
        check=_silent,
    ),
)
