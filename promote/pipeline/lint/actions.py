"""Rules about actions: what their providers are told, and what they hand on."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

from promote.pipeline.lint.rules import Hit, Rule, hit
from promote.pipeline.lint.steps import Action, actions, pipelines
from promote.pipeline.lint.view import Bundle, Node

_LONGEST_VALUE = 1000
_LONGEST_KEY = 50
_MOST_INPUTS = 5
_KINDS = frozenset(
    {
        ("Source", "AWS", "S3", "1"),
        ("Build", "AWS", "CodeBuild", "1"),
        ("Approval", "AWS", "Manual", "1"),
    }
)
_NEEDED = {"S3": ("S3Bucket", "S3ObjectKey"), "CodeBuild": ("ProjectName",)}
_KEYS = {
    "S3": {"S3Bucket", "S3ObjectKey", "PollForSourceChanges", "AllowOverrideForS3ObjectKey"},
    "CodeBuild": {
        "ProjectName",
        "PrimarySource",
        "BatchEnabled",
        "CombineArtifacts",
        "EnvironmentVariables",
        "BuildComputeTypeOverride",
    },
    "Manual": {"NotificationArn", "CustomData", "ExternalEntityLink"},
}
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_TYPES = ("PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER")
_ENTRY = {"name", "value", "type"}


def _kind(action: Action) -> tuple[str | None, ...]:
    keys = ("Category", "Owner", "Provider", "Version")
    return tuple(action.node.at("ActionTypeId", key).text for key in keys)


def _unknown_kinds(bundle: Bundle) -> Iterator[Hit]:
    for _, each in actions(bundle):
        if _kind(each) not in _KINDS:
            yield hit(each.node.at("ActionTypeId"), kind=" ".join(map(str, _kind(each))))


def _too_long(bundle: Bundle) -> Iterator[Hit]:
    for _, each in actions(bundle):
        for key, value in each.configuration.fields():
            length = len(value.text or "")
            if length > _LONGEST_VALUE or len(key) > _LONGEST_KEY:
                yield hit(value, key=key, length=length)


def _keys(bundle: Bundle) -> Iterator[Hit]:
    for _, each in actions(bundle):
        given = dict(each.configuration.fields())
        for key in given.keys() - _KEYS.get(each.provider, given.keys()):
            yield hit(given[key], key=key, provider=each.provider, what="does not take")
        for key in _NEEDED.get(each.provider, ()):
            value = each.configuration.at(key)
            if value.value in (None, ""):
                yield hit(value, key=key, provider=each.provider, what="needs")


def _polls(bundle: Bundle) -> Iterator[Hit]:
    for _, each in actions(bundle):
        poll = each.configuration.at("PollForSourceChanges")
        if each.provider == "S3" and poll.value not in ("false", False):
            yield hit(poll, value=poll.value)


def _environment(bundle: Bundle) -> Iterator[Hit]:
    for _, each in actions(bundle):
        value = each.configuration.at("EnvironmentVariables")
        if not value.missing:
            reason = _wrong_with(value)
            if reason is not None:
                yield hit(value, reason=reason)


def _wrong_with(value: Node) -> str | None:
    """Say what is wrong with a text that should list environment variables."""
    try:
        listed = json.loads(value.text or "")
    except (ValueError, RecursionError) as error:
        return f"is no JSON ({error})"
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        return "is no list of objects"
    names = Counter(each.get("name") for each in listed if isinstance(each.get("name"), str))
    for entry in listed:
        name = entry.get("name")
        if set(entry) - _ENTRY or not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            return f"has an entry that is not {{name, value, type}}: {entry}"
        if name.startswith("CODEBUILD_"):
            return f"sets {name}, a name that CodeBuild keeps for itself"
        if names[name] > 1:
            return f"sets {name} twice"
        if not isinstance(entry.get("value"), str):
            return f"gives {name} no text"
        if entry.get("type", "PLAINTEXT") not in _TYPES:
            return f"gives {name} the unknown type {entry['type']}"
    return None


def _no_project(bundle: Bundle) -> Iterator[Hit]:
    for pipeline, each in actions(bundle):
        name = each.configuration.at("ProjectName")
        if each.provider == "CodeBuild" and not name.missing and pipeline.project(each) is None:
            yield hit(name, name=name.text or name.same)


def _artifacts(bundle: Bundle) -> Iterator[Hit]:
    for pipeline in pipelines(bundle):
        made: dict[str | None, Action] = {}
        for each in pipeline.actions():
            inputs = each.node.at("InputArtifacts").each()
            for one in (one.at("Name") for one in inputs):
                by = made.get(one.text)
                if by is None or (by.stage, by.order) >= (each.stage, each.order):
                    yield hit(one, name=one.text, what="is made by no earlier action")
            for one in (one.at("Name") for one in each.node.at("OutputArtifacts").each()):
                if one.text in made:
                    yield hit(one, name=one.text, what="is made by another action already")
                made[one.text] = each


def _inputs(bundle: Bundle) -> Iterator[Hit]:
    for _, each in actions(bundle):
        inputs = each.node.at("InputArtifacts")
        most, least = (_MOST_INPUTS, 1) if each.provider == "CodeBuild" else (0, 0)
        if not least <= len(inputs.each()) <= most:
            yield hit(inputs, count=len(inputs.each()), provider=each.provider)


RULES = (
    Rule(
        id="PL201",
        holds="Actions are S3 sources, CodeBuild builds and manual approvals, each of version 1.",
        source="CodePipeline user guide, Action structure reference",
        message="{kind} is no action that pipelines of ours have.",
        remedy="Write category, owner, provider and version as the reference does.",
        check=_unknown_kinds,
    ),
    Rule(
        id="PL202",
        holds="A value of a configuration has at most 1,000 characters, its key at most 50.",
        source="CodePipeline user guide, Quotas in AWS CodePipeline",
        message="The value of {key} has {length} characters; 1,000 are the most, and 50 of a key.",
        remedy="Put into the project what no execution changes.",
        check=_too_long,
    ),
    Rule(
        id="PL203",
        holds="A configuration has the keys that its provider needs, and no other.",
        source="CodePipeline user guide, Action structure reference",
        message="{key} is a key that {provider} {what}.",
        remedy="Spell keys as the reference of the action does.",
        check=_keys,
    ),
    Rule(
        id="PL204",
        holds="A source is not polled: executions are started, with what they shall promote.",
        source="CodePipeline user guide, Amazon S3 source action: it polls unless told not to",
        message="PollForSourceChanges is {value}, so every new object starts an execution.",
        remedy='Set "PollForSourceChanges": "false".',
        check=_polls,
    ),
    Rule(
        id="PL210",
        holds="EnvironmentVariables is a text of JSON: a list of {name, value, type}.",
        source="CodePipeline user guide, CodeBuild action: EnvironmentVariables",
        message="EnvironmentVariables {reason}.",
        remedy='Write it as [{{"name": "N", "value": "V", "type": "PLAINTEXT"}}], as a text.',
        check=_environment,
    ),
    Rule(
        id="PL211",
        holds="The project of an action is in one of the templates.",
        source="CodePipeline user guide, CodeBuild action: ProjectName",
        message="No template has a project called {name}.",
        remedy="Name a project of this stack.",
        check=_no_project,
    ),
    Rule(
        id="PL212",
        holds="An artifact is made once, by an action that is over when it is taken.",
        source="CodePipeline user guide, Input and output artifacts",
        message="The artifact {name} {what}.",
        remedy="Give each artifact a name of its own, and take it in a later stage.",
        check=_artifacts,
    ),
    Rule(
        id="PL213",
        holds="A build takes 1 to 5 artifacts; sources and approvals take none.",
        source="CodePipeline user guide, Number of input and output artifacts by action type",
        message="{count} artifacts are taken, which {provider} does not allow.",
        remedy="Give a build the artifact of the plan, and an approval none.",
        check=_inputs,
    ),
)
