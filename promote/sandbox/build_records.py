"""What CodeBuild keeps: projects, builds, and what a build takes and gives."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from promote.sandbox.artifact_store import Place


class PhaseError(Exception):
    """A phase of a build failed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


@dataclass(slots=True)
class Project:
    """A project; `fields` is as its API shows it, but for its dates."""

    account: str
    region: str
    fields: dict[str, Any]
    created: float
    modified: float
    builds: int = 0
    """How many builds it has had."""

    @property
    def name(self) -> str:
        """Return its name."""
        return str(self.fields["name"])

    @property
    def arn(self) -> str:
        """Return its ARN."""
        return project_arn(self.region, self.account, self.name)

    @property
    def role(self) -> str:
        """Return the ARN of its service role."""
        return str(self.fields["serviceRole"])

    @property
    def key(self) -> str:
        """Return the key that encrypts what its builds give."""
        return str(self.fields["encryptionKey"])

    def shown(self) -> dict[str, Any]:
        """Return it as the API does."""
        dates = {"created": self.created, "lastModified": self.modified}
        return {**self.fields, "arn": self.arn, **dates}


def project_arn(region: str, account: str, name: str) -> str:
    """Return the ARN of a project."""
    return f"arn:aws:codebuild:{region}:{account}:project/{name}"


@dataclass(frozen=True, slots=True)
class Input:
    """An artifact that a build takes, or its source in S3."""

    name: str
    place: Place
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """An artifact that a build is to give."""

    name: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a build is started with, beside its project; the first input is the primary source."""

    initiator: str
    variables: tuple[Mapping[str, str], ...] = ()
    """Over those of the project: ``name``, ``value`` and perhaps ``type``."""
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    buildspec: str | None = None
    minutes: int | None = None
    source_version: str | None = None


@dataclass(slots=True)
class BuildRecord:
    """One build and what has come of it."""

    id: str
    number: int
    project: Project
    """As it was when the build began."""
    order: Order
    started: float
    stream: str
    log: list[str] = field(default_factory=list)
    phases: list[dict[str, Any]] = field(default_factory=list)
    status: str = "IN_PROGRESS"
    ended: float | None = None
    exported: dict[str, str] = field(default_factory=dict)
    given: list[dict[str, Any]] = field(default_factory=list)
    """The artifacts that were uploaded, as the API shows them."""
    reports: list[str] = field(default_factory=list)
    resolved_version: str | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def arn(self) -> str:
        """Return its ARN."""
        return f"arn:aws:codebuild:{self.project.region}:{self.project.account}:build/{self.id}"

    @property
    def minutes(self) -> int:
        """Return how long it may take."""
        return self.order.minutes or int(self.project.fields["timeoutInMinutes"])

    @property
    def variables(self) -> list[dict[str, str]]:
        """Return the variables of the project and, instead of those of one name, of its start."""
        own = self.project.fields["environment"].get("environmentVariables", [])
        merged = {each["name"]: each for each in (*own, *self.order.variables)}
        return [{"type": "PLAINTEXT", **each} for each in merged.values()]

    @property
    def failure(self) -> tuple[str, str, str] | None:
        """Return the first phase that did not succeed, with its code and message."""
        for phase in self.phases:
            if phase.get("phaseStatus", "SUCCEEDED") not in {"SUCCEEDED", "IN_PROGRESS"}:
                context = phase["contexts"][0] if phase.get("contexts") else {}
                return (
                    phase["phaseType"],
                    context.get("statusCode", ""),
                    context.get("message", ""),
                )
        return None

    @property
    def log_group(self) -> str | None:
        """Return the log group that it writes to, or None where that is switched off."""
        logs = self.project.fields.get("logsConfig", {}).get("cloudWatchLogs", {})
        if logs.get("status", "ENABLED") == "DISABLED":
            return None
        return str(logs.get("groupName") or f"/aws/codebuild/{self.project.name}")

    def shown(self) -> dict[str, Any]:
        """Return it as the API does."""
        fields = self.project.fields
        kept = ("source", "serviceRole", "encryptionKey", "vpcConfig")
        shown: dict[str, Any] = {name: fields[name] for name in kept if name in fields}
        shown |= {
            "id": self.id,
            "arn": self.arn,
            "buildNumber": self.number,
            "startTime": self.started,
            "currentPhase": self.phases[-1]["phaseType"] if self.phases else "SUBMITTED",
            "buildStatus": self.status,
            "projectName": self.project.name,
            "phases": [dict(each) for each in self.phases],
            "environment": {**fields["environment"], "environmentVariables": self.variables},
            "logs": self._logs(),
            "timeoutInMinutes": self.minutes,
            "queuedTimeoutInMinutes": fields["queuedTimeoutInMinutes"],
            "buildComplete": self.ended is not None,
            "initiator": self.order.initiator,
            "exportedEnvironmentVariables": _listed(self.exported),
            "reportArns": list(self.reports),
            **self._files(),
        }
        return shown if self.ended is None else {**shown, "endTime": self.ended}

    def _files(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"artifacts": self.given[0] if self.given else {"location": ""}}
        if len(self.given) > 1:
            shown["secondaryArtifacts"] = self.given[1:]
        if self.order.source_version:
            shown["sourceVersion"] = self.order.source_version
        if self.resolved_version:
            shown["resolvedSourceVersion"] = self.resolved_version
        return shown

    def _logs(self) -> dict[str, Any]:
        group = self.log_group
        if group is None:
            return {"cloudWatchLogs": {"status": "DISABLED"}}
        stem = f"arn:aws:logs:{self.project.region}:{self.project.account}"
        return {
            "groupName": group,
            "streamName": self.stream,
            "cloudWatchLogsArn": f"{stem}:log-group:{group}:log-stream:{self.stream}",
            "cloudWatchLogs": {"status": "ENABLED", "groupName": group},
        }


def _listed(variables: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in variables.items()]
