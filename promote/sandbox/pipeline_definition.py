"""Check the structure of a pipeline: what CodePipeline refuses, and what is not carried out here.

Reference: CodePipeline API reference, CreatePipeline; user guide, "Pipeline structure reference",
"Action structure reference", "Rule structure reference" and "Configure conditions for a stage".
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from promote.sandbox.exchange import ServiceError
from promote.sandbox.pipeline_records import Declaration

_LONGEST_VALUE: Final = 1000
_MOST_ACTIONS: Final = 50
_OPERATORS: Final = ("EQ", "NE", "CONTAINS", "MATCHES")
_RULE: Final = frozenset({"Operator", "Value", "Variable"})
# Of each action: category and provider; its configuration; how many artifacts it takes and gives.
_KINDS: Final[Mapping[tuple[str, str], tuple[frozenset[str], frozenset[str], range, range]]] = {
    ("Source", "S3"): (
        frozenset({"S3Bucket", "S3ObjectKey"}),
        frozenset({"AllowOverrideForS3ObjectKey", "PollForSourceChanges"}),
        range(1),
        range(1, 2),
    ),
    ("Build", "CodeBuild"): (
        frozenset({"ProjectName"}),
        frozenset({"BatchEnabled", "EnvironmentVariables", "PrimarySource"}),
        range(1, 6),
        range(6),
    ),
    ("Test", "CodeBuild"): (
        frozenset({"ProjectName"}),
        frozenset({"BatchEnabled", "EnvironmentVariables", "PrimarySource"}),
        range(1, 6),
        range(6),
    ),
    ("Approval", "Manual"): (
        frozenset(),
        frozenset({"CustomData", "ExternalEntityLink", "NotificationArn"}),
        range(1),
        range(1),
    ),
}


def check_structure(structure: Declaration, region: str) -> None:
    """Return if a pipeline can be as it is described.

    Raises:
        ServiceError: It cannot; in CodePipeline's words where those are known.
    """
    for what, refused in _REFUSED.items():
        if refused(structure):
            raise _unserved(what)
    stages = structure["stages"]
    if len(stages) < _LEAST_STAGES:
        text = f"Pipeline has {len(stages)} stage(s). There should be a minimum of {_LEAST_STAGES}"
        raise ServiceError("InvalidStructureException", text)
    if twice := _twice(each["name"] for each in stages):
        text = f"Stage names must be unique. Duplicates: {twice}"
        raise ServiceError("InvalidStageDeclarationException", text)
    _check_sources(stages)
    for stage in stages:
        _check_stage(stage, region)
    _check_namespaces(stages)
    _check_artifacts(stages)


def _check_sources(stages: list[Declaration]) -> None:
    kinds = [{a["actionTypeId"]["category"] == "Source" for a in s["actions"]} for s in stages]
    if kinds[0] != {True}:
        text = "Pipeline should start with a stage that only contains source actions"
        raise ServiceError("InvalidStructureException", text)
    if any(True in each for each in kinds[1:]):
        text = "Source actions may only occur in the first stage"
        raise ServiceError("InvalidStructureException", text)


def _check_stage(stage: Declaration, region: str) -> None:
    actions = stage["actions"]
    if not 0 < len(actions) <= _MOST_ACTIONS:
        text = f"Stage {stage['name']} has {len(actions)} actions; it has 1 to {_MOST_ACTIONS}"
        raise ServiceError("InvalidStageDeclarationException", text)
    if twice := _twice(each["name"] for each in actions):
        text = f"Action names must be unique within a stage. Duplicates: {twice}"
        raise ServiceError("InvalidActionDeclarationException", text)
    if stage.get("blockers"):
        raise _unserved("blockers")
    for action in actions:
        _check_action(action, region)
    for kind, results in _RESULTS.items():
        for condition in stage.get(kind, {}).get("conditions", []):
            _check_condition(stage, kind, condition, results)
    if stage.get("onFailure", {}).get("result", "FAIL") not in {"FAIL", "ROLLBACK"}:
        raise _unserved("onFailure with another result than FAIL and ROLLBACK")


def _check_action(action: Declaration, region: str) -> None:
    name, kind = action["name"], action["actionTypeId"]
    known = _KINDS.get((kind["category"], kind["provider"]))
    if known is None or kind["owner"] != "AWS" or kind["version"] != "1":
        words = "/".join(kind[each] for each in ("category", "owner", "provider", "version"))
        raise _unserved(f"the action type {words} of {name}")
    for other in ("commands", "environmentVariables", "outputVariables", "roleArn"):
        if action.get(other):
            raise _unserved(f"{other} of the action {name}")
    if action.get("region", region) != region:
        raise _unserved(f"another region, as of the action {name}")
    if any(each.get("files") for each in action.get("outputArtifacts", [])):
        raise _unserved(f"files of the artifacts of the action {name}")
    if "timeoutInMinutes" in action and kind["category"] != "Approval":
        text = f"Action {name} has timeoutInMinutes, which is for manual approvals"
        raise ServiceError("InvalidActionDeclarationException", text)
    _check_configuration(action, known[0], known[1])
    for what, counts in (("input", known[2]), ("output", known[3])):
        count = len(action.get(f"{what}Artifacts", []))
        if count not in counts:
            bound = ("less than the minimum", counts[0]) if count < counts[0] else ("", 0)
            bound = bound if bound[0] else ("more than the maximum", counts[-1])
            text = (
                f"Action {name} declares {count} {what} artifacts which is "
                f"{bound[0]} count ({bound[1]})"
            )
            raise ServiceError("InvalidActionDeclarationException", text)


def _check_configuration(
    action: Declaration, required: frozenset[str], optional: frozenset[str]
) -> None:
    """Check the configuration of an action."""
    name, given = action["name"], action.get("configuration", {})
    problems = [f"is missing required configuration {each}" for each in sorted(required - {*given})]
    unknown = sorted({*given} - required - optional)
    problems += [f"contains unknown configuration {each}" for each in unknown]
    problems += [
        f"has {len(value)} characters in {key}, more than {_LONGEST_VALUE}"
        for key, value in given.items()
        if len(value) > _LONGEST_VALUE
    ]
    problems += _build_problems(action)
    if problems:
        text = f"Action configuration for action '{name}' {'; '.join(problems)}"
        raise ServiceError("InvalidActionDeclarationException", text)
    if given.get("BatchEnabled", "false").lower() != "false":
        raise _unserved(f"BatchEnabled, as of the action {name}")
    polled = given.get("PollForSourceChanges", "true").lower() != "false"
    if action["actionTypeId"]["provider"] == "S3" and polled:
        raise _unserved(f"PollForSourceChanges, as of the action {name}; set it to false")


def _build_problems(action: Declaration) -> Iterator[str]:
    """Yield what is wrong with the configuration of a build."""
    given = action.get("configuration", {})
    inputs = [each["name"] for each in action.get("inputArtifacts", [])]
    if action["actionTypeId"]["provider"] != "CodeBuild":
        return
    if len(inputs) > 1 and given.get("PrimarySource") not in inputs:
        yield "needs PrimarySource to name one of its input artifacts"
    if "EnvironmentVariables" in given:
        try:
            listed_variables(given["EnvironmentVariables"])
        except ValueError as error:
            yield f"has no valid JSON in EnvironmentVariables: {error}"


def listed_variables(text: str) -> list[dict[str, str]]:
    """Read the variables that an action sets for its build.

    Raises:
        ValueError: The text is no JSON list of them.
    """
    found = json.loads(text)
    keys = {"name", "value", "type"}
    if not isinstance(found, list) or not all(
        isinstance(each, dict)
        and {"name", "value"} <= each.keys() <= keys
        and all(isinstance(value, str) for value in each.values())
        for each in found
    ):
        msg = "expected a list of objects with name, value and perhaps type, all texts"
        raise ValueError(msg)
    return found


def _check_condition(
    stage: Declaration, kind: str, condition: Declaration, results: frozenset[str]
) -> None:
    """Check a condition of a stage and its rules."""
    where = f"{kind} of the stage {stage['name']}"
    if condition.get("result") not in results:
        text = f"Result {condition.get('result')} is not valid for {where}"
        raise ServiceError("InvalidStageDeclarationException", text)
    rules = condition.get("rules", [])
    if not rules:
        text = f"The condition {where} has no rules"
        raise ServiceError("InvalidStageDeclarationException", text)
    for rule in rules:
        if rule["ruleTypeId"]["provider"] != "VariableCheck":
            provider = rule["ruleTypeId"]["provider"]
            raise _unserved(f"the rule {provider}, as in {where}; it carries out VariableCheck")
        given = rule.get("configuration", {})
        if given.keys() != _RULE or given["Operator"] not in _OPERATORS:
            text = f"The rule {rule['name']} needs Operator ({', '.join(_OPERATORS)}), Value and "
            raise ServiceError("InvalidStageDeclarationException", f"{text}Variable")


def _check_namespaces(stages: list[Declaration]) -> None:
    named = [
        (stage["name"], action["name"], action["namespace"])
        for stage in stages
        for action in stage["actions"]
        if "namespace" in action
    ]
    counted = Counter(each[2] for each in named)
    twice = [each for each in named if counted[each[2]] > 1]
    if twice:
        listed = "; ".join(
            f"StageName=[{s}], ActionName=[{a}], Namespace=[{n}]" for s, a, n in twice
        )
        text = (
            "Namespaces must be unique across the pipeline definition. "
            f"The following occur more than once in the pipeline. {listed}"
        )
        raise ServiceError("InvalidActionDeclarationException", text)
    if reserved := {"codepipeline", "variables"} & counted.keys():
        text = f"The namespace {min(reserved)} is reserved"
        raise ServiceError("InvalidActionDeclarationException", text)


def _check_artifacts(stages: list[Declaration]) -> None:
    """Each artifact is given once, and taken by later actions alone."""
    given: set[str] = set()
    for stage in stages:
        for order in sorted({run_order(each) for each in stage["actions"]}):
            now = [each for each in stage["actions"] if run_order(each) == order]
            for action in now:
                for taken in action.get("inputArtifacts", []):
                    if taken["name"] not in given:
                        text = (
                            f"Input Artifact Bundle {taken['name']} in action {action['name']} "
                            "is not declared as Output Artifact Bundle in any of the preceding "
                            "actions"
                        )
                        raise ServiceError("InvalidActionDeclarationException", text)
            names = [each["name"] for action in now for each in action.get("outputArtifacts", [])]
            if twice := _twice([*given, *names]):
                text = f"Output Artifact Bundle name must be unique within the pipeline: {twice}"
                raise ServiceError("InvalidActionDeclarationException", text)
            given.update(names)


def run_order(action: Declaration) -> int:
    """Return when an action runs within its stage: those of one number run side by side."""
    return int(action.get("runOrder", 1))


def _twice(names: Any) -> str:
    """Return the names that are there more than once."""
    return ", ".join(sorted(name for name, count in Counter(names).items() if count > 1))


def _unserved(what: str) -> ServiceError:
    text = f"The sandbox's pipelines do not carry out {what}."
    return ServiceError("NotImplementedException", text, 501)


_LEAST_STAGES: Final = 2
_RESULTS: Final[Mapping[str, frozenset[str]]] = {
    "beforeEntry": frozenset({"FAIL", "SKIP"}),
    "onSuccess": frozenset({"FAIL", "ROLLBACK"}),
}
_REFUSED: Final[Mapping[str, Callable[[Declaration], bool]]] = {
    "pipelines of another type than V2": lambda s: s.get("pipelineType", "V1") != "V2",
    "another executionMode than QUEUED": lambda s: s.get("executionMode") != "QUEUED",
    "artifactStores by Region": lambda s: "artifactStores" in s or "artifactStore" not in s,
    "triggers": lambda s: bool(s.get("triggers")),
    "onFailure with conditions": lambda s: any(
        each.get("onFailure", {}).get("conditions") for each in s["stages"]
    ),
    "onFailure with retryConfiguration": lambda s: any(
        each.get("onFailure", {}).get("retryConfiguration") for each in s["stages"]
    ),
}
