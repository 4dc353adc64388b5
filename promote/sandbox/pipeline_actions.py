"""Carry out the actions of a pipeline as its service role: sources in S3, builds, approvals.

Reference: CodePipeline user guide, "Amazon S3 source action reference", "AWS CodeBuild build and
test action reference" and "Add a manual approval action".
"""

from __future__ import annotations

import random
import string
import uuid
from typing import Any, Final

from promote.sandbox.artifact_store import ArtifactStore, Place
from promote.sandbox.build_records import Input, Order, Output, Project, project_arn
from promote.sandbox.builds import Builds
from promote.sandbox.clock import Clock
from promote.sandbox.exchange import Need, ServiceError
from promote.sandbox.pipeline_definition import listed_variables
from promote.sandbox.pipeline_records import ActionRun, Artifact, Execution, Pipeline
from promote.sandbox.pipeline_variables import UnresolvedError, resolved
from promote.sandbox.service_roles import Actor, Assignment, ServiceRoles

SERVICE: Final = "codepipeline.amazonaws.com"
_FOLDER, _NAME, _DRAWN = 20, 10, 7  # how much of the names is in the key of an artifact
_APPROVAL_MINUTES: Final = 7 * 24 * 60


class ActionError(Exception):
    """An action failed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Actions:
    """Starts actions, and looks how they are."""

    def __init__(
        self, roles: ServiceRoles, artifacts: ArtifactStore, builds: Builds, clock: Clock
    ) -> None:
        self._roles = roles
        self._artifacts = artifacts
        self._builds = builds
        self._clock = clock

    def start(self, pipeline: Pipeline, execution: Execution, run: ActionRun) -> None:
        """Begin an action; one that cannot begin has failed."""
        try:
            self._start(pipeline, execution, run)
        except ActionError as error:
            run.end("Failed", self._clock.now(), (error.code, error.message))

    def look(self, run: ActionRun) -> None:
        """Note what has become of an action in progress."""
        if run.provider == "CodeBuild":
            self._look_at_build(run)
        elif run.until is not None and self._clock.now() >= run.until:
            run.token = ""
            text = "The approval action timed out before somebody approved or rejected it."
            run.end("Failed", self._clock.now(), ("ActionTimedOut", text))

    def _start(self, pipeline: Pipeline, execution: Execution, run: ActionRun) -> None:
        declared = run.declaration
        try:
            run.resolved = resolved(declared.get("configuration", {}), execution.values)
        except UnresolvedError as error:
            text = (
                "An action in this pipeline failed because one or more variables could not be "
                f"resolved: Action name={run.name}. This can result when a variable is referenced "
                f"that does not exist. Validate the configuration for this action. ({error})"
            )
            raise ActionError("VariableResolution", text) from error
        run.inputs = tuple(
            execution.artifacts[each["name"]] for each in declared.get("inputArtifacts", [])
        )
        run.outputs = tuple(
            Artifact(each["name"], _place(execution, each["name"]))
            for each in declared.get("outputArtifacts", [])
        )
        actor = self._actor(pipeline, execution)
        match run.provider:
            case "S3":
                self._fetch(execution, run, actor)
            case "CodeBuild":
                self._build(pipeline, run, actor)
            case _:
                self._ask(run, actor)

    def _actor(self, pipeline: Pipeline, execution: Execution) -> Actor:
        role = str(execution.structure["roleArn"])
        name = str(int(self._clock.now() * 1000))
        actor = self._roles.assume(Assignment(SERVICE, role, pipeline.arn), name)
        if actor is None:
            text = f"CodePipeline is not authorized to perform AssumeRole on role {role}"
            raise ActionError("PermissionError", text)
        return actor

    def _fetch(self, execution: Execution, run: ActionRun, actor: Actor) -> None:
        """Copy an object of S3 to the store of artifacts."""
        given = run.resolved or {}
        wanted = {
            each["revisionType"]: each["revisionValue"]
            for each in execution.overrides
            if each["actionName"] == run.name
        }
        place = Place(given["S3Bucket"], wanted.get("S3_OBJECT_KEY", given["S3ObjectKey"]))
        try:
            if not self._artifacts.is_versioned(actor, place.bucket):
                text = f"The S3 bucket {place.bucket} has no versions; enable versioning"
                raise ActionError("ConfigurationError", text)
            version = wanted.get("S3_OBJECT_VERSION_ID")
            if version is None:
                version = self._artifacts.read(actor, place).version
            found = self._artifacts.read(actor, place, version)
        except ServiceError as error:
            raise ActionError("PermissionError", _unreadable(place, error)) from error
        output = run.outputs[0]
        try:
            key = _key(execution)
            self._artifacts.write(actor, output.place, found.content, key)
        except ServiceError as error:
            text = (
                "The provided role does not have permissions to perform this action. "
                f"Underlying error: {error.message} (Service: Amazon S3; "
                f"Status Code: {error.status}; Error Code: {error.code})"
            )
            raise ActionError("PermissionError", text) from error
        run.outputs = (Artifact(output.name, output.place, found.version),)
        run.external_id = run.summary = found.version
        run.variables = {
            "BucketName": place.bucket,
            "ETag": found.etag,
            "ObjectKey": place.key,
            "VersionId": found.version,
        }
        run.end("Succeeded", self._clock.now())

    def _build(self, pipeline: Pipeline, run: ActionRun, actor: Actor) -> None:
        """Start a build of a project in the pipeline's own account and Region."""
        given = run.resolved or {}
        name = given["ProjectName"]
        arn = project_arn(pipeline.region, pipeline.account, name.rpartition("/")[2])
        try:
            variables = listed_variables(given.get("EnvironmentVariables", "[]"))
            self._roles.check(actor, [Need("codebuild:StartBuild", arn)])
            project = self._builds.projects.get(pipeline.account, pipeline.region, name)
            _expect_for_pipelines(project)
            record = self._builds.start(project, _order(pipeline, run, tuple(variables)))
            run.external_id = record.id
            self._roles.check(actor, [Need("codebuild:BatchGetBuilds", arn)])
        except ValueError as error:
            text = f"EnvironmentVariables is no valid JSON once its variables have values: {error}"
            raise ActionError("ConfigurationError", text) from error
        except ServiceError as error:
            what = "batchGetBuilds" if run.external_id else "startBuild"
            text = (
                f"Error calling {what}: {error.message} (Service: AWSCodeBuild; "
                f"Status Code: {error.status}; Error Code: {error.code})"
            )
            code = "PermissionError" if "AccessDenied" in error.code else "ConfigurationError"
            raise ActionError(code, text) from error

    def _look_at_build(self, run: ActionRun) -> None:
        record = self._builds.get(run.external_id)
        if not record.done.is_set():
            return
        if record.status == "SUCCEEDED":
            run.variables = dict(record.exported)
            run.end("Succeeded", self._clock.now())
            return
        text = f"Build terminated with state: {record.status}"
        if record.failure is not None:
            phase, code, message = record.failure
            text += f". Phase: {phase}, Code: {code}, Message: {message}"
        run.end("Failed", self._clock.now(), ("JobFailed", text))

    def _ask(self, run: ActionRun, actor: Actor) -> None:
        """Wait for somebody's approval, and tell the topic that one is wanted."""
        topic = (run.resolved or {}).get("NotificationArn")
        if topic:
            try:
                self._roles.check(actor, [Need("sns:Publish", topic)])
            except ServiceError as error:
                text = f"The provided role does not have permissions to publish: {error.message}"
                raise ActionError("PermissionError", text) from error
        minutes = int(run.declaration.get("timeoutInMinutes", _APPROVAL_MINUTES))
        run.until = run.started + minutes * 60.0
        run.token = str(uuid.uuid4())


def _expect_for_pipelines(project: Project) -> None:
    if project.fields["source"]["type"] != "CODEPIPELINE":
        text = "Project source type must be CODEPIPELINE"
        raise ServiceError("InvalidInputException", text)


def _order(
    pipeline: Pipeline,
    run: ActionRun,
    variables: tuple[dict[str, str], ...],
) -> Order:
    """Return what a build is started with; its primary source comes first."""
    primary = (run.resolved or {}).get("PrimarySource")
    inputs = sorted(run.inputs, key=lambda each: each.name != primary) if primary else run.inputs
    return Order(
        initiator=f"codepipeline/{pipeline.name}",
        variables=variables,
        inputs=tuple(Input(each.name, each.place) for each in inputs),
        outputs=tuple(Output(each.name, each.place) for each in run.outputs),
        source_version=inputs[0].place.arn,
    )


def _place(execution: Execution, artifact: str) -> Place:
    """Return where an artifact is kept: folders of its pipeline and of its name."""
    store: Any = execution.structure["artifactStore"]
    drawn = "".join(random.SystemRandom().choices(string.ascii_letters + string.digits, k=_DRAWN))
    folder = str(execution.structure["name"])[:_FOLDER]
    return Place(str(store["location"]), f"{folder}/{artifact[:_NAME]}/{drawn}")


def _key(execution: Execution) -> str | None:
    """Return the key that encrypts the artifacts of sources, if it is not AWS's own."""
    named = execution.structure["artifactStore"].get("encryptionKey", {}).get("id")
    return None if named is None else str(named)


def _unreadable(place: Place, error: ServiceError) -> str:
    if error.status in {403, 400}:
        return (
            "Insufficient permissions: The service role or action role doesn't have the "
            f"permissions required to access the Amazon S3 bucket named {place.bucket}. Update "
            "the IAM role permissions, and then try again. "
            f"Error: Amazon S3:{error.code}:{error.message}"
        )
    return f"The object at {place.bucket}/{place.key} cannot be read: {error.code}: {error.message}"
