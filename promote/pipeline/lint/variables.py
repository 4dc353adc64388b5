"""Rules about variables: who makes them, and who may read them when."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from promote.pipeline.lint.rules import Hit, Rule, hit
from promote.pipeline.lint.steps import (
    PROJECT,
    REFERENCE,
    Action,
    Pipeline,
    actions,
    pipelines,
    references,
)
from promote.pipeline.lint.view import Bundle, Node

_MOST = 50
_LONGEST = 1000
_NAME = re.compile(r"[A-Za-z0-9@_-]{1,128}")
_FORM = re.compile(r"([A-Za-z0-9@_-]{1,100})\.([A-Za-z0-9@_-]{1,128})")
_IMPLICIT = {"codepipeline": "PipelineExecutionId"}
_RESERVED = frozenset({"codepipeline", "variables"})
_MOMENTS = ("BeforeEntry", "OnSuccess", "OnFailure")
_AT_THE_END = 10**6


def _readings(pipeline: Pipeline) -> Iterator[tuple[Node, dict[str, Action]]]:
    """Yield what may refer to variables, with the actions that are over by then."""
    for index, stage in enumerate(pipeline.stages):
        for moment in _MOMENTS:
            order = 0 if moment == "BeforeEntry" else _AT_THE_END
            yield stage.at(moment), dict(pipeline.before(index, order))
    for action in pipeline.actions():
        yield action.configuration, dict(pipeline.before(action.stage, action.order))


def _references(pipeline: Pipeline) -> Iterator[tuple[Node, str, str, dict[str, Action]]]:
    """Yield every reference as its node, namespace, name and the actions that are over."""
    for node, known in _readings(pipeline):
        for text in node.walk():
            for each in references(text.text or ""):
                if found := _FORM.fullmatch(each):
                    yield text, found[1], found[2], known


def _malformed(bundle: Bundle) -> Iterator[Hit]:
    for pipeline in pipelines(bundle):
        for text in (each for node, _ in _readings(pipeline) for each in node.walk()):
            # A pattern may have one escaped, as \#\{ or #\{.
            for found in re.finditer(r"(?<!\\)#\{[^{}]*\}?", text.text or ""):
                if not REFERENCE.fullmatch(found[0]) or not _FORM.fullmatch(found[0][2:-1]):
                    yield hit(text, said=found[0])


def _unknown(bundle: Bundle) -> Iterator[Hit]:
    for pipeline in pipelines(bundle):
        for node, space, name, known in _references(pipeline):
            if space not in _RESERVED and space not in known:
                yield hit(node, said=f"#{{{space}.{name}}}", space=space)


def _unexported(bundle: Bundle) -> Iterator[Hit]:
    for pipeline in pipelines(bundle):
        for node, space, name, known in _references(pipeline):
            action = known.get(space)
            if space not in _RESERVED and action and name not in pipeline.exports(action):
                exported = ", ".join(sorted(pipeline.exports(action))) or "nothing"
                yield hit(node, said=f"#{{{space}.{name}}}", space=space, exported=exported)


def _declared(pipeline: Pipeline) -> tuple[str | None, ...]:
    return tuple(each.at("Name").text for each in pipeline.properties.at("Variables").each())


def _undeclared(bundle: Bundle) -> Iterator[Hit]:
    for pipeline in pipelines(bundle):
        for node, space, name, _ in _references(pipeline):
            if space == "variables" and name not in _declared(pipeline):
                yield hit(node, name=name)


def _implicit(bundle: Bundle) -> Iterator[Hit]:
    for pipeline in pipelines(bundle):
        for node, space, name, _ in _references(pipeline):
            if space in _IMPLICIT and name != _IMPLICIT[space]:
                yield hit(node, said=f"#{{{space}.{name}}}", name=name)


def _declarations(bundle: Bundle) -> Iterator[Hit]:
    for pipeline in pipelines(bundle):
        listed, names = pipeline.properties.at("Variables"), Counter(_declared(pipeline))
        if len(listed.each()) > _MOST:
            yield hit(listed, reason=f"There are {len(listed.each())} variables")
        for each in listed.each():
            name, default = each.at("Name"), each.at("DefaultValue")
            if names[name.text] > 1 or not _NAME.fullmatch(name.text or ""):
                yield hit(name, reason=f"{name.value} is no name of its own")
            if not default.missing and not 1 <= len(default.text or "") <= _LONGEST:
                yield hit(default, reason="A default is no text of 1 to 1,000 characters")


def _namespaces(bundle: Bundle) -> Iterator[Hit]:
    for pipeline in pipelines(bundle):
        spaces = [each.node.at("Namespace") for each in pipeline.actions()]
        made = [each.node.at("OutputArtifacts").each() for each in pipeline.actions()]
        artifacts = {one.at("Name").text for each in made for one in each}
        counts = Counter(each.text for each in spaces)
        for each in (one for one in spaces if not one.missing):
            if counts[each.text] > 1 or each.text in _RESERVED:
                yield hit(each, name=each.text, what="another namespace")
            elif each.text in artifacts:
                yield hit(each, name=each.text, what="an artifact")


def _never_resolved(bundle: Bundle) -> Iterator[Hit]:
    for project in bundle.of(PROJECT):
        for each in project.properties.walk():
            if references(each.text or "") and not each.place.endswith(".BuildSpec"):
                yield hit(each, said=each.text)


def _unconfigured(bundle: Bundle) -> Iterator[Hit]:
    for _, action in actions(bundle):
        space = action.node.at("Namespace")
        if action.category == "Approval" and not space.missing:
            yield hit(space, name=space.text)


RULES = (
    Rule(
        id="PL301",
        holds="A reference to a variable is #{namespace.name}.",
        source="CodePipeline user guide, Variables reference",
        message="{said} is no reference to a variable, so it stays as it is.",
        remedy="Write #{{namespace.NAME}}.",
        check=_malformed,
    ),
    Rule(
        id="PL302",
        holds="A variable is read only once the action whose namespace it is in is over.",
        source="CodePipeline user guide, Variables reference",
        message="No action that is over by then has the namespace of {said}.",
        remedy="Set Namespace on an action of an earlier stage, and read that one.",
        check=_unknown,
    ),
    Rule(
        id="PL303",
        holds="A variable that is read is exported by the buildspec of the action that makes it.",
        source="CodeBuild user guide, Build specification reference, env/exported-variables",
        message="{said} is not made: {space} exports {exported}.",
        remedy="Add the name to exported-variables, or read one that is there.",
        check=_unexported,
    ),
    Rule(
        id="PL304",
        holds="A variable of the pipeline is declared.",
        source="CodePipeline API reference, PipelineVariableDeclaration",
        message="The pipeline declares no variable {name}.",
        remedy="Declare it under Variables.",
        check=_undeclared,
    ),
    Rule(
        id="PL305",
        holds="What the pipeline declares is #{variables.X}; codepipeline has the execution's id.",
        source="github.com/hashicorp/terraform-provider-aws/issues/36409",
        message="{said} is nothing: codepipeline has PipelineExecutionId alone.",
        remedy="Write #{{variables.{name}}}.",
        check=_implicit,
    ),
    Rule(
        id="PL306",
        holds="A pipeline has at most 50 variables, each with a name and a default that fit.",
        source="CodePipeline API reference, PipelineVariableDeclaration",
        message="{reason}; CodePipeline refuses that.",
        remedy="Name each variable once, with A-Z a-z 0-9 @ - _, and leave an empty default out.",
        check=_declarations,
    ),
    Rule(
        id="PL307",
        holds="A namespace is unique in the pipeline, also among the names of artifacts.",
        source="CodePipeline user guide, Variables reference: namespaces",
        message="{name} is the name of {what} as well.",
        remedy="Give the namespace, or the artifact, a name of its own.",
        check=_namespaces,
    ),
    Rule(
        id="PL308",
        holds="Variables of a pipeline are passed by actions; projects never see references.",
        source="github.com/aws/aws-cdk/issues/9851",
        message="A project gets {said} as it is: CodePipeline resolves it in actions alone.",
        remedy="Pass it as EnvironmentVariables of the action.",
        check=_never_resolved,
    ),
    Rule(
        id="PL309",
        holds="Only what makes variables has a namespace.",
        source="CodePipeline user guide, Variables reference: variables by action",
        message="{name} is the namespace of an approval, which makes no variables.",
        remedy="Leave Namespace out.",
        check=_unconfigured,
    ),
)
