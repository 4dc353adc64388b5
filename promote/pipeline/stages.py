"""What the stages and projects of a pipeline are filled with."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from promote.config.resolved import duration
from promote.core.perimeter import Verifier
from promote.core.pipeline.names import Build, Names, settings
from promote.core.pipeline.shape import Stage, StageKind, stages
from promote.core.topology import Environment
from promote.templates.pipelines import buildspec

Value = object
REQUEST = "Request"
"""The artifact that the request is."""
UNSEALED = "the digest of this template"
"""Stands in a template for the digest of all of it, until that is known."""
_REPORT_GROUP = "REPORT_GROUP"
_REPORTED = frozenset({StageKind.PROMOTE, StageKind.VERIFY})
_MINUTE = timedelta(minutes=1)
# CodeBuild API reference, CreateProject: timeoutInMinutes, 5 to 480 in Regions that have no more.
_LONGEST_BUILD = 480
_SHORT = 30
# Waiting inside a build is paid for: what is due later is left to the sweep.
_LONGEST_WAIT = timedelta(minutes=30)
# Written so that it is the same to a service that finds and to one that matches as a whole.
_VERSION = "^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,299}$"
# Nothing that would end the JSON text which the variable is put into, or that is put in once more.
_REASON = r'^(?!.*#\{)[^"\\\x00-\x1f]{1,200}$'
_DIGEST = "^[0-9a-f]{64}$"
_ABOUT = {
    StageKind.VALIDATE: "Says whether a request is fit to be planned",
    StageKind.PLAN: "Plans a promotion to {environment}; changes nothing",
    StageKind.PROMOTE: "Applies one wave of the approved plan to {environment}",
    StageKind.VERIFY: "Tries what the pointers of {environment} name",
    StageKind.RETIRE: "Revokes and stops what is due",
}


def logical_id(*words: str) -> str:
    """Return the logical id that some words give; a hyphen begins a new word."""
    text = re.sub("-([a-z])", lambda found: found[1].upper(), "-".join(words))
    return f"{text[:1].upper()}{text[1:]}".replace("-", "Dash")


@dataclass(frozen=True, slots=True)
class Shapes:
    """The values of one model's pipeline."""

    names: Names

    def stages(self) -> list[dict[str, Value]]:
        """Return every stage, in order."""
        return [self._stage(each) for each in stages(self.names.topology, self.names.model)]

    def builds(self) -> list[dict[str, Value]]:
        """Return every project, in order, the sweep last."""
        found = [self._build(each) for each in self.names.builds()]
        return [*found, self._sweep()]

    def _stage(self, stage: Stage) -> dict[str, Value]:
        plan = f"Plan-{stage.environment}"
        return {
            "name": stage.name,
            "kind": stage.kind.value,
            "actions": stage.actions,
            "condition": self._condition(stage, plan),
            "configuration": self._configuration(stage, plan),
            "input": _input(stage),
            "output": {StageKind.SOURCE: REQUEST, StageKind.PLAN: _planned(stage)}.get(stage.kind),
            "minutes": settings(self.names.topology).approval_timeout // _MINUTE,
        }

    def _condition(self, stage: Stage, plan: str) -> list[Value] | None:
        """Return when a stage is entered.

        A stage has one condition with one result (CodePipeline API reference,
        BeforeEntryConditions), so a skipped approval cannot be one that fails as well.
        """
        match stage.kind:
            case StageKind.VALIDATE:
                return _unless(
                    "FAIL",
                    _rule("Version", "#{variables.VERSION}", "MATCHES", _VERSION),
                    _rule("Reason", "#{variables.REASON}", "MATCHES", _REASON),
                )
            case StageKind.APPROVE:
                return _unless("SKIP", _rule("Changes", f"#{{{plan}.CHANGES}}", "NE", "0"))
            case StageKind.PROMOTE:
                digest = f"#{{{plan}.PLAN_DIGEST}}"
                return _unless("FAIL", _rule("Digest", digest, "MATCHES", _DIGEST))
            case _:
                return None

    def _configuration(self, stage: Stage, plan: str) -> dict[str, Value]:
        names = self.names
        match stage.kind:
            case StageKind.SOURCE:
                return {
                    "S3Bucket": names.foundation.artifacts,
                    "S3ObjectKey": names.request,
                    "PollForSourceChanges": "false",
                }
            case StageKind.APPROVE:
                return {
                    "NotificationArn": names.foundation.topic,
                    "CustomData": f"#{{{plan}.PLAN_SUMMARY}}. "
                    f"Plan #{{{plan}.PLAN_DIGEST}}, changes: #{{{plan}.CHANGES}}.",
                    "ExternalEntityLink": f"#{{{plan}.PLAN_URL}}",
                }
            case _:
                build = names.build(stage.kind, stage.environment)
                found: dict[str, Value] = {"ProjectName": build.name}
                variables = self._passed(stage, plan)
                if variables:
                    found["EnvironmentVariables"] = _passed_on(variables)
                return found

    def _passed(self, stage: Stage, plan: str) -> dict[str, str]:
        """Return what the pipeline passes to a build, beside what its project has."""
        execution = "#{codepipeline.PipelineExecutionId}"
        match stage.kind:
            case StageKind.PLAN:
                return {
                    "VERSION": "#{variables.VERSION}",
                    "REASON": "#{variables.REASON}",
                    "EXECUTION": execution,
                }
            case StageKind.PROMOTE:
                return {
                    "WAVE": f"{stage.wave}",
                    "PLAN_DIGEST": f"#{{{plan}.PLAN_DIGEST}}",
                    "EXECUTION": execution,
                }
            case StageKind.RETIRE:
                return {"WAIT": _wait(self._environment(stage.environment)), "EXECUTION": execution}
            case _:
                return {}

    def _environment(self, name: str | None) -> Environment:
        return self.names.topology.environment(name or "")

    def _build(self, build: Build) -> dict[str, Value]:
        found = self._project(build)
        if build.kind is StageKind.VERIFY:
            found["network"] = _network(self._environment(build.environment).verifier)
        return found

    def _project(self, build: Build) -> dict[str, Value]:
        names, reported = self.names, build.kind in _REPORTED
        text = buildspec(build.kind.value)
        if reported:
            group = names.foundation.arn("codebuild", f"report-group/{build.name}")
            text = text.replace(_REPORT_GROUP, group)
        own = names.build(build.kind, build.environment).name
        return {
            "id": logical_id(build.suffix),
            "name": build.name,
            "about": _ABOUT[build.kind].format(environment=build.environment),
            "buildspec": text,
            "log": f"/aws/codebuild/{build.name}",
            "report": reported,
            "role": logical_id(build.suffix, "role"),
            "limit": self._limits()[own],
            "minutes": self._minutes(build),
            "variables": _variables(self._own(build)),
            "source": None,
            "network": None,
        }

    def _sweep(self) -> dict[str, Value]:
        """Return the project that retires on a schedule: as in a stage, but from the last request.

        A project whose source is CODEPIPELINE cannot be started otherwise than by a pipeline.
        """
        names, retire = self.names, self.names.build(StageKind.RETIRE)
        return {
            **self._project(retire),
            "id": "Sweep",
            "name": names.sweep,
            "about": "Revokes and stops what is due, beside the executions",
            "log": f"/aws/codebuild/{names.sweep}",
            "limit": 1,
            "variables": _variables({**self._own(retire), "EXECUTION": "sweep", "WAIT": "0s"}),
            "source": f"{names.foundation.artifacts}/{names.request}",
        }

    def _own(self, build: Build) -> dict[str, str]:
        names = self.names
        found = {
            "INSTALL": settings(names.topology).install,
            "MODEL": names.model,
            "PIPELINE": names.pipeline,
        }
        if build.kind is StageKind.VALIDATE:
            found["RENDERED"] = UNSEALED
        return found | ({"ENVIRONMENT": build.environment} if build.environment else {})

    def _limits(self) -> Mapping[str, int]:
        """Return how many builds of each project may run side by side: one for each stage of it.

        A build beyond the limit is not run but fails. A stage holds one execution at a time, so
        the pipeline never meets this limit, and whoever starts builds by hand does.
        """
        found = (
            self.names.build(each.kind, each.environment).name
            for each in stages(self.names.topology, self.names.model)
        )
        return Counter(found)

    def _minutes(self, build: Build) -> int:
        """Return how long a build may take: what promote.yaml lets it wait for, and some more."""
        if build.environment is None or build.kind is not StageKind.PROMOTE:
            longest = timedelta(minutes=_SHORT)
            if build.kind is StageKind.RETIRE:
                stops = [each.deadlines.stop for each in self.names.topology.environments]
                longest += _LONGEST_WAIT + max(stops)
        else:
            environment = self._environment(build.environment)
            limits = environment.deadlines
            waited = limits.start + limits.stop + environment.propagation.deadline * 2
            longest = timedelta(hours=1) + waited + environment.bake
        return min(_LONGEST_BUILD, longest // _MINUTE)


def _input(stage: Stage) -> str | None:
    match stage.kind:
        case StageKind.SOURCE | StageKind.APPROVE:
            return None
        case StageKind.VALIDATE | StageKind.PLAN:
            return REQUEST
        case _:
            return _planned(stage)


def _planned(stage: Stage) -> str:
    """Return the artifact with an environment's plan.

    No namespace of variables may be called as an artifact is (CodePipeline user guide, "Variables
    reference"), and the stage that plans is one.
    """
    return f"Planned-{stage.environment}"


def _rule(name: str, variable: str, operator: str, value: str) -> dict[str, Value]:
    return {
        "Name": name,
        "RuleTypeId": {
            "Category": "Rule",
            "Owner": "AWS",
            "Provider": "VariableCheck",
            "Version": "1",
        },
        "Configuration": {"Variable": variable, "Operator": operator, "Value": value},
    }


def _unless(result: str, *rules: dict[str, Value]) -> list[Value]:
    """Return the condition that has this result unless every rule passes."""
    return [{"Result": result, "Rules": list(rules)}]


def _passed_on(values: Mapping[str, str]) -> str:
    """Write variables as the configuration of an action has them: a text of JSON."""
    listed = [{"name": name, "value": value, "type": "PLAINTEXT"} for name, value in values.items()]
    return json.dumps(listed, separators=(",", ":"))


def _variables(values: Mapping[str, str]) -> list[Value]:
    return [
        {"Name": name, "Value": value, "Type": "PLAINTEXT"}
        for name, value in sorted(values.items())
    ]


def _wait(environment: Environment) -> str:
    """Return how long a build waits for what falls due; no time at all where it would be long."""
    due = max(environment.drain, environment.keep_warm)
    return duration(due) if due <= _LONGEST_WAIT else "0s"


def _network(verifier: Verifier | None) -> dict[str, Value] | None:
    if verifier is None:
        return None
    return {
        "VpcId": verifier.vpc,
        "Subnets": list(verifier.subnets),
        "SecurityGroupIds": list(verifier.security_groups),
    }
