"""Rules about CodeBuild projects."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promote.pipeline.lint.rules import Hit, Rule, hit
from promote.pipeline.lint.specs import spec
from promote.pipeline.lint.steps import PROJECT, actions, pipelines
from promote.pipeline.lint.view import Bundle, Node

_BUILD_MINUTES = (5, 2160)
_QUEUE_MINUTES = (5, 480)
_SECRET_NAME = re.compile(
    r"(?i)(?:^|_)(?:secret|passw(?:or)?d|passphrase|token|credentials?|api_?key|private_?key"
    r"|access_?key(?:_id)?)(?:_|$)"
)
_SECRET_VALUE = re.compile(
    r"(?:AKIA|ASIA)[A-Z0-9]{16}|-----BEGIN [A-Z ]*PRIVATE KEY|gh[pousr]_\w{30,}|xox[abpr]-\w+"
    r"|eyJ[\w-]{10,}\.[\w-]{10,}"
)


def _keys(bundle: Bundle) -> Iterator[Hit]:
    for pipeline in pipelines(bundle):
        store = pipeline.properties.at("ArtifactStore", "EncryptionKey", "Id")
        for project in bundle.of(PROJECT):
            key = project.properties.at("EncryptionKey")
            if pipeline.uses(project) and key.same != store.same:
                yield hit(key, key=key.same)


def _privileged(bundle: Bundle) -> Iterator[Hit]:
    for each in bundle.of(PROJECT):
        mode = each.properties.at("Environment", "PrivilegedMode")
        if not mode.missing and mode.value is not False and mode.text != "false":
            yield hit(mode)


def _cached(bundle: Bundle) -> Iterator[Hit]:
    for each in bundle.of(PROJECT):
        kind = each.properties.at("Cache", "Type")
        if kind.text != "NO_CACHE" and not each.properties.at("Cache").missing:
            yield hit(kind, kind=kind.text)


def _triggered(bundle: Bundle) -> Iterator[Hit]:
    for each in bundle.of(PROJECT):
        triggers = each.properties.at("Triggers")
        if not triggers.missing:
            yield hit(triggers)


def _open(bundle: Bundle) -> Iterator[Hit]:
    for each in bundle.of(PROJECT):
        for key, wanted in (("Visibility", "PRIVATE"), ("BadgeEnabled", False)):
            value = each.properties.at(key)
            if not value.missing and value.value not in (wanted, str(wanted).lower()):
                yield hit(value, key=key, value=value.value)


def _environments(bundle: Bundle) -> Iterator[tuple[Node, str, str, str]]:
    """Yield every variable of an environment: where, its name, its value and its type."""
    for each in bundle.of(PROJECT):
        for one in each.properties.at("Environment", "EnvironmentVariables").each():
            name, value, kind = (one.at(key).text or "" for key in ("Name", "Value", "Type"))
            yield one, name, value, kind or "PLAINTEXT"
        for name, node in spec(each).root.at("env", "variables").fields():
            yield node, name, node.text or "", "PLAINTEXT"
    for _, action in actions(bundle):
        node = action.configuration.at("EnvironmentVariables")
        for row in action.variables:
            name, value, kind = (str(row.get(key, "")) for key in ("name", "value", "type"))
            yield node, name, value, kind or "PLAINTEXT"


def _secrets(bundle: Bundle) -> Iterator[Hit]:
    for node, name, value, kind in _environments(bundle):
        is_secret = _SECRET_NAME.search(name) or _SECRET_VALUE.search(value)
        if kind == "PLAINTEXT" and is_secret:
            yield hit(node, name=name)


def _unlogged(bundle: Bundle) -> Iterator[Hit]:
    for each in bundle.of(PROJECT):
        logs = each.properties.at("LogsConfig", "CloudWatchLogs")
        group = logs.at("GroupName")
        target = bundle.pointed_at(each, group)
        names = {one.properties.at("LogGroupName").text for one in bundle.of("AWS::Logs::LogGroup")}
        if logs.at("Status").text != "ENABLED" or (target is None and group.text not in names):
            yield hit(logs)


def _timeouts(bundle: Bundle) -> Iterator[Hit]:
    limits = {"TimeoutInMinutes": _BUILD_MINUTES, "QueuedTimeoutInMinutes": _QUEUE_MINUTES}
    for each in bundle.of(PROJECT):
        for key, (least, most) in limits.items():
            value = each.properties.at(key)
            if value.number is None or not least <= value.number <= most:
                yield hit(value, key=key, value=value.value, least=least, most=most)


def _shared_roles(bundle: Bundle) -> Iterator[Hit]:
    """Find roles that projects with different buildspecs have in common."""
    seen: dict[tuple[str, str], str] = {}
    for each in bundle.of(PROJECT):
        role = each.properties.at("ServiceRole")
        does = each.properties.at("Source", "BuildSpec").same
        variables = each.properties.at("Environment", "EnvironmentVariables").each()
        of = {one.at("Name").text: one.at("Value").text for one in variables}.get("ENVIRONMENT")
        key = (each.template.file, role.same)
        if seen.setdefault(key, f"{does} {of}") != f"{does} {of}":
            yield hit(role, project=each.id)


def _few_builds(bundle: Bundle) -> Iterator[Hit]:
    for pipeline in pipelines(bundle):
        for each in bundle.of(PROJECT):
            limit, uses = each.properties.at("ConcurrentBuildLimit"), pipeline.uses(each)
            if not limit.missing and (limit.number or 0) < len(uses):
                yield hit(limit, limit=limit.value, uses=len(uses))


def _sources(bundle: Bundle) -> Iterator[Hit]:
    for each in bundle.of(PROJECT):
        used = any(pipeline.uses(each) for pipeline in pipelines(bundle))
        for key in ("Source", "Artifacts"):
            kind = each.properties.at(key, "Type")
            if (kind.text == "CODEPIPELINE") != used:
                how = "an action runs" if used else "no action runs"
                yield hit(kind, kind=kind.text, how=how)


def _roles(bundle: Bundle) -> Iterator[Hit]:
    for each in (*bundle.of(PROJECT), *(one.resource for one in pipelines(bundle))):
        key = "ServiceRole" if each.type == PROJECT else "RoleArn"
        role = bundle.pointed_at(each, each.properties.at(key))
        if role is None or role.type != "AWS::IAM::Role":
            yield hit(each.properties.at(key), value=each.properties.at(key).same)


RULES = (
    Rule(
        id="PL601",
        holds="A project encrypts with the key of the pipeline's artifacts.",
        source="github.com/aws/aws-cdk/issues/4033: a project's artifacts get its own key",
        message="The project's key is {key}, not that of the ArtifactStore.",
        remedy="Set EncryptionKey to the key of the ArtifactStore.",
        check=_keys,
    ),
    Rule(
        id="PL602",
        holds="No build is privileged.",
        source="CodeBuild API reference, ProjectEnvironment, privilegedMode",
        message="The build may do anything on the host that it runs on.",
        remedy="Set PrivilegedMode to false; nothing here builds images.",
        check=_privileged,
    ),
    Rule(
        id="PL603",
        holds="No build finds what an earlier one left.",
        source="CodeBuild user guide, Cache builds to improve performance",
        message="The cache is {kind}: a build could leave something for those with other rights.",
        remedy="Set Cache to NO_CACHE.",
        check=_cached,
    ),
    Rule(
        id="PL604",
        holds="No build is started by a webhook.",
        source="CodeBuild API reference, CreateWebhook",
        message="Whoever pushes code could run it with the rights of this project.",
        remedy="Leave Triggers out.",
        check=_triggered,
    ),
    Rule(
        id="PL605",
        holds="Builds are not public.",
        source="CodeBuild user guide, Public build projects",
        message="{key} is {value}, which shows builds to everybody.",
        remedy="Leave it out.",
        check=_open,
    ),
    Rule(
        id="PL606",
        holds="No secret is in an environment as plain text.",
        source="CodeBuild API reference, EnvironmentVariable: plain text is shown in the console",
        message="{name} looks like a secret, and everybody who sees the project reads it.",
        remedy="Builds have their role's credentials; keep others in Secrets Manager.",
        check=_secrets,
    ),
    Rule(
        id="PL607",
        holds="Builds log to a group of the template, which says for how long.",
        source="CodeBuild API reference, CloudWatchLogsConfig: else CodeBuild makes a group itself",
        message="The log goes to no log group of the templates.",
        remedy="Name the project's own log group, with Status ENABLED.",
        check=_unlogged,
    ),
    Rule(
        id="PL608",
        holds="A build ends within 5 to 2,160 minutes, and waits 5 to 480 for its turn.",
        source="CodeBuild API reference, CreateProject",
        message="{key} is {value}; expected {least} to {most}.",
        remedy="Set it.",
        check=_timeouts,
    ),
    Rule(
        id="PL609",
        holds="A role belongs to what one kind of build does in one environment.",
        source="IAM user guide, Grant least privilege",
        message="{project} shares its role with a project that does something else.",
        remedy="Give it a role of its own.",
        check=_shared_roles,
    ),
    Rule(
        id="PL610",
        holds="As many builds of a project may run as stages run it.",
        source="CodeBuild user guide: builds beyond the limit are not run",
        message="The limit is {limit}, and {uses} stages run this project, each on its own.",
        remedy="Raise ConcurrentBuildLimit.",
        check=_few_builds,
    ),
    Rule(
        id="PL611",
        holds="A project that an action runs gets its source from CODEPIPELINE, and no other does.",
        source="CodeBuild API reference, ProjectSource: StartBuild refuses a CODEPIPELINE source",
        message="The type is {kind}, though {how} this project.",
        remedy="Use CODEPIPELINE just for projects of actions.",
        check=_sources,
    ),
    Rule(
        id="PL612",
        holds="Pipelines and projects have roles of the same template, whose policies were proved.",
        source="policies/: every document in it is proved to allow exactly what is planned",
        message="{value} is no role of this template.",
        remedy="Refer to a role of the template by Fn::GetAtt.",
        check=_roles,
    ),
)
