"""Rules about buildspecs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promote.pipeline.lint.rules import Hit, Rule, hit
from promote.pipeline.lint.specs import PHASES, Command, Spec, spec
from promote.pipeline.lint.steps import PROJECT, pipelines
from promote.pipeline.lint.view import Bundle, Node

_ANY = None
# What a buildspec of ours may have: keys by their place, `_ANY` for names of its own.
_KEYS: dict[str, frozenset[str] | None] = {
    "": frozenset({"version", "env", "phases", "reports", "artifacts"}),
    "env": frozenset(
        {"shell", "variables", "parameter-store", "secrets-manager", "exported-variables"}
    ),
    "phases": frozenset(PHASES),
    "phases.*": frozenset({"on-failure", "commands", "finally"}),
    "reports": _ANY,
    "reports.*": frozenset({"files", "file-format", "base-directory", "discard-paths"}),
    "artifacts": frozenset({"files", "name", "base-directory", "discard-paths"}),
}
_HIDING = re.compile(
    r"\|\|\s*(?:true|:|exit\s+0)(?![\w.-])|;\s*(?:true|:|exit\s+0)\s*$|\bset\s+\+\w*e"
)
_SAFE = re.compile(r"set\s+-(?=\w*e)(?=\w*u)[eux]+(?:o\s+pipefail)?\s*(?:\n|;)")
_PIPEFAIL = re.compile(r"set\s+-[eux]*o\s+pipefail")
_AGAIN = re.compile(r"(?:^|[\s;&|(])(?:eval|source|\.)\s|(?:^|[\s;&|(/])(?:ba|da|z)?sh\s+-\w*c")
_GIVEN = re.compile(r"(?:AWS|CODEBUILD)_\w+|HOME|PATH|PWD|OLDPWD|TMPDIR|USER|LANG|HOSTNAME|IFS")
_MOST_REPORTS = 5
_ARN = re.compile(r"arn:[\w-]+:codebuild:[\w-]*:\d*:report-group/(.+)")


def _specs(bundle: Bundle) -> Iterator[Spec]:
    return (spec(each) for each in bundle.of(PROJECT))


def _readable(bundle: Bundle) -> Iterator[Spec]:
    return (each for each in _specs(bundle) if each.problem is None)


def _commands(bundle: Bundle) -> Iterator[Command]:
    return (one for each in _readable(bundle) for one in each.commands())


def _unreadable(bundle: Bundle) -> Iterator[Hit]:
    for each in _specs(bundle):
        if each.problem is not None:
            yield hit(each.project.properties.at("Source", "BuildSpec"), reason=each.problem)


def _version(bundle: Bundle) -> Iterator[Hit]:
    for each in _readable(bundle):
        if each.root.at("version").text != "0.2":
            yield hit(each.root.at("version"), version=each.root.at("version").text)


def _unknown(bundle: Bundle) -> Iterator[Hit]:
    for each in _readable(bundle):
        yield from _unknown_below(each.root, "")
        if not list(each.commands()):
            yield hit(each.root.at("phases"), what="has no commands")


def _unknown_below(node: Node, kind: str) -> Iterator[Hit]:
    known = _KEYS[kind]
    for key, below in node.fields():
        if known is not None and key not in known:
            yield hit(below, what="is no key that is carried out everywhere")
            continue
        path = f"{kind}.{key}" if kind else key
        found = path if path in _KEYS else f"{kind}.*"
        if found in _KEYS and below.fields():
            yield from _unknown_below(below, found)


def _goes_on(bundle: Bundle) -> Iterator[Hit]:
    for each in _readable(bundle):
        for name, phase in each.root.at("phases").fields():
            action = phase.at("on-failure")
            if name in PHASES and action.text != "ABORT":
                yield hit(action, phase=name, value=action.text or "not set")


def _hidden(bundle: Bundle) -> Iterator[Hit]:
    for each in _commands(bundle):
        if each.cleans_up:
            continue
        found = _HIDING.search(each.seen.skeleton)
        if found is not None:
            yield hit(each.node, what=found[0].strip())
        elif each.seen.pipes and not _PIPEFAIL.match(each.text):
            yield hit(each.node, what="a pipe")


def _unsafe_blocks(bundle: Bundle) -> Iterator[Hit]:
    for each in _commands(bundle):
        if each.seen.several and not _SAFE.match(each.text):
            yield hit(each.node)


def _unset_exports(bundle: Bundle) -> Iterator[Hit]:
    for each in _readable(bundle):
        listed = each.root.at("env", "exported-variables")
        secret = {
            name
            for kind in ("parameter-store", "secrets-manager")
            for name, _ in each.root.at("env", kind).fields()
        }
        for one in listed.each():
            name = one.text or ""
            if name.startswith("AWS_") or name in secret:
                yield hit(one, name=name, what="cannot be exported")
            elif name not in each.assigned | each.given:
                yield hit(one, name=name, what="is set by no command")


def _unquoted(bundle: Bundle) -> Iterator[Hit]:
    for each in _commands(bundle):
        for bare in dict.fromkeys(each.seen.bare):
            yield hit(each.node, said=bare)


def _interpreted(bundle: Bundle) -> Iterator[Hit]:
    for found in _readable(bundle):
        for each in found.commands():
            again = _AGAIN.search(each.seen.skeleton)
            if again is not None and not found.reads_exports(each):
                yield hit(each.node, said=again[0].strip())


def _unset(bundle: Bundle) -> Iterator[Hit]:
    """Find variables that commands read though neither project, action nor command sets them."""
    for each in _readable(bundle):
        read = {name for one in each.commands() for name in one.seen.names}
        wanted = {name for name in read - each.given - each.assigned if not _GIVEN.fullmatch(name)}
        uses = [use for pipeline in pipelines(bundle) for use in pipeline.uses(each.project)]
        alone = (each.project.properties.at("Environment"), frozenset[str]())
        passed = [(use.configuration, frozenset(use.passed)) for use in uses]
        for place, given in passed or [alone]:
            for name in sorted(wanted - given):
                yield hit(place, name=name, project=each.project.id)


def _reports(bundle: Bundle) -> Iterator[Hit]:
    groups = {each.properties.at("Name").text for each in bundle.of("AWS::CodeBuild::ReportGroup")}
    for each in _readable(bundle):
        found = each.root.at("reports").fields()
        if len(found) > _MOST_REPORTS:
            yield hit(each.root.at("reports"), what=f"{len(found)} groups are more than 5")
        for name, node in found:
            arn = _ARN.fullmatch(name)
            if arn is None or arn[1] not in groups:
                yield hit(node, what=f"{name} is the ARN of no report group of the templates")


def _nothing_handed_on(bundle: Bundle) -> Iterator[Hit]:
    for pipeline in pipelines(bundle):
        for action in pipeline.actions():
            project = pipeline.project(action) if action.node.at("OutputArtifacts").each() else None
            found = spec(project) if project is not None else None
            if found and found.problem is None and not found.root.at("artifacts", "files").texts():
                yield hit(found.root.at("artifacts"), action=action.node.at("Name").text)


RULES = (
    Rule(
        id="PL501",
        holds="A project has its buildspec in the template: a request cannot bring another.",
        source="CodeBuild user guide, Build specification reference",
        message="The buildspec cannot be read: {reason}",
        remedy="Put the text of buildspecs/KIND.yml into Source.BuildSpec.",
        check=_unreadable,
    ),
    Rule(
        id="PL502",
        holds="A buildspec is of version 0.2, whose commands share one environment.",
        source="CodeBuild user guide, Build specification reference, Buildspec versions",
        message="The version is {version}.",
        remedy="Write `version: 0.2`.",
        check=_version,
    ),
    Rule(
        id="PL503",
        holds="A buildspec has commands, and only keys that we carry out here too.",
        source="CodeBuild user guide, Build specification reference, Buildspec syntax",
        message="This {what}.",
        remedy="Keep to version, env, phases, reports and artifacts.",
        check=_unknown,
    ),
    Rule(
        id="PL504",
        holds="A phase that fails ends the build: else post_build would run after a failed build.",
        source="CodeBuild user guide, Build specification reference, phases/on-failure",
        message="on-failure of the phase {phase} is {value}.",
        remedy="Write `on-failure: ABORT`.",
        check=_goes_on,
    ),
    Rule(
        id="PL505",
        holds="No command hides a failure.",
        source="CodeBuild user guide: a phase fails with the status of a command",
        message="{what} makes a success of a failure.",
        remedy="Leave it out; what must run in any case is a command of `finally`.",
        check=_hidden,
    ),
    Rule(
        id="PL506",
        holds="A command of several lines begins with `set -eu`.",
        source="github.com/aws/aws-sdk-java-v2/pull/6524: its status is that of its last line",
        message="Several commands are in one, and only the last one's status counts.",
        remedy="Begin it with `set -eu`, or make each a command of its own.",
        check=_unsafe_blocks,
    ),
    Rule(
        id="PL507",
        holds="What is exported is set, and may be exported.",
        source="CodeBuild user guide, Build specification reference, env/exported-variables",
        message="{name} {what}.",
        remedy="Set it in a command, NAME=$(…), and name it neither AWS_… nor after a secret.",
        check=_unset_exports,
    ),
    Rule(
        id="PL508",
        holds="What is expanded stands in double quotes, whoever chose its value.",
        source="POSIX shell, 2.6.5 Field splitting and 2.6.6 Pathname expansion",
        message="{said} stands outside of double quotes, so its value may become several words.",
        remedy='Write it in double quotes: "$NAME".',
        check=_unquoted,
    ),
    Rule(
        id="PL509",
        holds="No text becomes a command, but what `promote show --export` writes, quoted.",
        source="POSIX shell, eval and dot",
        message="{said} makes commands of text.",
        remedy="Call the command itself.",
        check=_interpreted,
    ),
    Rule(
        id="PL510",
        holds="A variable that a command reads is set by the project, the action or a command.",
        source="CodeBuild user guide, Environment variables in build environments",
        message="{name}, which the buildspec of {project} reads, is set by nobody here.",
        remedy="Pass it as EnvironmentVariables of the action, or set it in the project.",
        check=_unset,
    ),
    Rule(
        id="PL511",
        holds="Reports go to groups of the template, at most 5, whose ARN the role may write to.",
        source="CodeBuild user guide, Build specification reference, reports",
        message="{what}.",
        remedy="Name the report group by its ARN.",
        check=_reports,
    ),
    Rule(
        id="PL512",
        holds="A build whose action hands on an artifact says which files.",
        source="CodeBuild user guide, Build specification reference, artifacts",
        message="{action} hands on an artifact, but the buildspec names no files.",
        remedy="Name them under artifacts/files.",
        check=_nothing_handed_on,
    ),
)
