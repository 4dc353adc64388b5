"""Builds and pipelines: AWS::CodeBuild::* and AWS::CodePipeline::Pipeline.

Reference: CloudFormation template reference, pages of each type; their members are the API's.
"""

from __future__ import annotations

from typing import Any, Final

from promote.sandbox.formation.kinds import (
    Made,
    Properties,
    ResourceKind,
    Site,
    tag_map,
)
from promote.sandbox.formation.shaped import fitted, parameters
from promote.sandbox.validation import operation_model

_PROJECT: Final = (
    "Artifacts",
    "AutoRetryLimit",
    "BadgeEnabled",
    "Cache",
    "ConcurrentBuildLimit",
    "Description",
    "EncryptionKey",
    "Environment",
    "FileSystemLocations",
    "LogsConfig",
    "QueuedTimeoutInMinutes",
    "SecondaryArtifacts",
    "SecondarySources",
    "SecondarySourceVersions",
    "ServiceRole",
    "Source",
    "SourceVersion",
    "TimeoutInMinutes",
    "VpcConfig",
)
_PIPELINE: Final = (
    "ArtifactStore",
    "ArtifactStores",
    "ExecutionMode",
    "Name",
    "PipelineType",
    "RoleArn",
    "Stages",
    "Triggers",
    "Variables",
)


def _tags(properties: Properties) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tag_map(properties).items()]


def _project(operation: str, name: str, properties: Properties) -> dict[str, Any]:
    wanted = parameters("codebuild", operation, properties, _PROJECT)
    if tags := _tags(properties):
        wanted["tags"] = tags
    return {**wanted, "name": name}


def _create_project(site: Site, name: str, properties: Properties) -> Made:
    wanted = _project("CreateProject", name, properties)
    made = site.client("codebuild").create_project(**wanted)["project"]
    return Made(name, {"Arn": made["arn"]})


def _update_project(site: Site, made: Made, _: Properties, after: Properties) -> Made:
    wanted = _project("UpdateProject", made.physical, after)
    site.client("codebuild").update_project(**wanted)
    return made


def _delete_project(site: Site, made: Made, _: Properties) -> None:
    site.client("codebuild").delete_project(name=made.physical)


def _create_reports(site: Site, name: str, properties: Properties) -> Made:
    wanted = parameters("codebuild", "CreateReportGroup", properties, ("Type", "ExportConfig"))
    if tags := _tags(properties):
        wanted["tags"] = tags
    arn = site.client("codebuild").create_report_group(name=name, **wanted)["reportGroup"]["arn"]
    return Made(arn, {"Arn": arn})


def _update_reports(site: Site, made: Made, _: Properties, after: Properties) -> Made:
    wanted = parameters("codebuild", "UpdateReportGroup", after, ("ExportConfig",))
    site.client("codebuild").update_report_group(arn=made.physical, tags=_tags(after), **wanted)
    return made


def _delete_reports(site: Site, made: Made, properties: Properties) -> None:
    thorough = properties.get("DeleteReports") in (True, "true")
    site.client("codebuild").delete_report_group(arn=made.physical, deleteReports=thorough)


def _declaration(name: str, properties: Properties) -> dict[str, Any]:
    shape = operation_model("codepipeline", "CreatePipeline").input_shape
    chosen = {key: properties[key] for key in _PIPELINE if key in properties}
    members: Any = shape.members if shape is not None else {}
    found: dict[str, Any] = fitted(members["pipeline"], {**chosen, "Name": name}, "")
    return found


def _create_pipeline(site: Site, name: str, properties: Properties) -> Made:
    pipeline = _declaration(name, properties)
    site.client("codepipeline").create_pipeline(pipeline=pipeline, tags=_tags(properties))
    return Made(name, {"Version": "1"})


def _complete_pipeline(site: Site, made: Made, properties: Properties) -> Made:
    _disable(site, made.physical, {}, properties)
    return made


def _update_pipeline(site: Site, made: Made, before: Properties, after: Properties) -> Made:
    answer = site.client("codepipeline").update_pipeline(
        pipeline=_declaration(made.physical, after)
    )
    _disable(site, made.physical, before, after)
    return Made(made.physical, {"Version": str(answer["pipeline"]["version"])})


def _disable(site: Site, pipeline: str, before: Properties, after: Properties) -> None:
    """Disable the transitions that the template names, and enable those that it named."""
    client = site.client("codepipeline")
    wanted = after.get("DisableInboundStageTransitions", [])
    names = {each["StageName"] for each in wanted}
    for each in before.get("DisableInboundStageTransitions", []):
        if each["StageName"] not in names:
            client.enable_stage_transition(
                pipelineName=pipeline, stageName=each["StageName"], transitionType="Inbound"
            )
    for each in wanted:
        client.disable_stage_transition(
            pipelineName=pipeline,
            stageName=each["StageName"],
            transitionType="Inbound",
            reason=each["Reason"],
        )


def _delete_pipeline(site: Site, made: Made, _: Properties) -> None:
    site.client("codepipeline").delete_pipeline(name=made.physical)


KINDS: Final = (
    ResourceKind(
        type="AWS::CodeBuild::Project",
        fixed=frozenset({"Name"}),
        loose=frozenset(_PROJECT),
        required=frozenset({"Artifacts", "Environment", "ServiceRole", "Source"}),
        named_by="Name",
        longest=255,
        tags=True,
        attributes=frozenset({"Arn"}),
        create=_create_project,
        update=_update_project,
        delete=_delete_project,
    ),
    ResourceKind(
        type="AWS::CodeBuild::ReportGroup",
        fixed=frozenset({"Name", "Type"}),
        loose=frozenset({"DeleteReports", "ExportConfig"}),
        required=frozenset({"ExportConfig", "Type"}),
        named_by="Name",
        longest=128,
        tags=True,
        attributes=frozenset({"Arn"}),
        create=_create_reports,
        update=_update_reports,
        delete=_delete_reports,
    ),
    ResourceKind(
        type="AWS::CodePipeline::Pipeline",
        fixed=frozenset({"Name"}),
        loose=frozenset(
            {*_PIPELINE, "DisableInboundStageTransitions", "RestartExecutionOnUpdate"} - {"Name"}
        ),
        required=frozenset({"RoleArn", "Stages"}),
        named_by="Name",
        longest=100,
        tags=True,
        attributes=frozenset({"Version"}),
        create=_create_pipeline,
        complete=_complete_pipeline,
        update=_update_pipeline,
        delete=_delete_pipeline,
    ),
)
