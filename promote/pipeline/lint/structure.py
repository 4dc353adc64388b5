"""Rules about pipelines as a whole."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

from promote.core.pipeline.names import Names, settings
from promote.core.pipeline.shape import MOST_ACTIONS, MOST_STAGES, SOURCE, Stage, stages
from promote.pipeline.lint.rules import Hit, Rule, hit
from promote.pipeline.lint.steps import PROJECT, Pipeline, pipelines
from promote.pipeline.lint.view import Bundle, Node

_FEWEST_STAGES = 2
_NAME = re.compile(r"[A-Za-z0-9.@_-]{1,100}")
_ACCOUNT = re.compile(r"(?<![0-9A-Za-z])[0-9]{12}(?![0-9A-Za-z])")
_OF_V2 = ("QUEUED", "PARALLEL")


def _of_each(check: Callable[[Pipeline], Iterator[Hit]]) -> Callable[[Bundle], Iterator[Hit]]:
    return lambda bundle: (found for each in pipelines(bundle) for found in check(each))


def _mode_without_v2(pipeline: Pipeline) -> Iterator[Hit]:
    mode, type_ = pipeline.properties.at("ExecutionMode"), pipeline.properties.at("PipelineType")
    if mode.text in _OF_V2 and type_.text != "V2":
        yield hit(type_, mode=mode.text, type=type_.text or "none, which is V1")


def _not_v2(pipeline: Pipeline) -> Iterator[Hit]:
    type_ = pipeline.properties.at("PipelineType")
    mode = pipeline.properties.at("ExecutionMode").text
    if type_.text != "V2" and mode not in _OF_V2:
        yield hit(type_, type=type_.text or "none, which is V1")


def _not_queued(pipeline: Pipeline) -> Iterator[Hit]:
    mode = pipeline.properties.at("ExecutionMode")
    if mode.text != "QUEUED":
        yield hit(mode, mode=mode.text or "none, which is SUPERSEDED")


def _number_of_stages(pipeline: Pipeline) -> Iterator[Hit]:
    if not _FEWEST_STAGES <= len(pipeline.stages) <= MOST_STAGES:
        yield hit(pipeline.properties.at("Stages"), count=len(pipeline.stages))


def _number_of_actions(pipeline: Pipeline) -> Iterator[Hit]:
    for each in pipeline.stages:
        actions = each.at("Actions")
        if not 1 <= len(actions.each()) <= MOST_ACTIONS:
            yield hit(actions, count=len(actions.each()), stage=each.at("Name").text)


def _names(pipeline: Pipeline) -> Iterator[Hit]:
    lists = [pipeline.stages, *(each.at("Actions").each() for each in pipeline.stages)]
    for names in ([each.at("Name") for each in one] for one in lists):
        counts = Counter(each.text for each in names)
        for each in names:
            if counts[each.text] > 1 or not _NAME.fullmatch(each.text or ""):
                yield hit(each, name=each.text)


def _restarts(pipeline: Pipeline) -> Iterator[Hit]:
    restart = pipeline.properties.at("RestartExecutionOnUpdate")
    if not restart.missing and restart.value is not False and restart.text != "false":
        yield hit(restart)


def _sources(pipeline: Pipeline) -> Iterator[Hit]:
    for each in pipeline.actions():
        if (each.category == "Source") != (each.stage == 0):
            yield hit(each.node, name=each.node.at("Name").text)


def _no_key(pipeline: Pipeline) -> Iterator[Hit]:
    key = pipeline.properties.at("ArtifactStore", "EncryptionKey")
    if key.at("Type").text != "KMS" or key.at("Id").missing:
        yield hit(key)


def _out_of_order(bundle: Bundle) -> Iterator[Hit]:
    """Compare the stages with those that promote.yaml gives."""
    topology = bundle.topology
    if topology is None or topology.pipeline is None:
        return
    wanted = {Names(topology, each.name).pipeline: each.name for each in topology.models}
    for each in pipelines(bundle):
        model = wanted.get(each.properties.at("Name").text or "")
        if model is not None:
            yield from _compared(each, stages(topology, model))


def _compared(pipeline: Pipeline, wanted: tuple[Stage, ...]) -> Iterator[Hit]:
    found = [_names_in(each) for each in pipeline.stages]
    expected = [(each.name, each.actions) for each in wanted]
    if found == expected:
        return
    index = next(
        (n for n, pair in enumerate(zip(found, expected, strict=False)) if pair[0] != pair[1]),
        min(len(found), len(expected)),
    )
    told = [each[index][0] if index < len(each) else "nothing" for each in (found, expected)]
    yield hit(pipeline.properties.at("Stages"), number=index + 1, found=told[0], wanted=told[1])


def _names_in(stage: Node) -> tuple[str | None, tuple[str | None, ...]]:
    actions = stage.at("Actions").each()
    return stage.at("Name").text, tuple(each.at("Name").text for each in actions)


def _unpiped(bundle: Bundle) -> Iterator[Hit]:
    topology = bundle.topology
    if topology is None or topology.pipeline is None or not bundle.templates:
        return
    found = [each.properties.at("Name") for each in pipelines(bundle)]
    for model in topology.models:
        name = Names(topology, model.name).pipeline
        if name not in {each.text for each in found}:
            yield hit((*found, bundle.templates[0])[0], name=name, model=model.name)


def _accounts(bundle: Bundle) -> Iterator[Hit]:
    """Find accounts of targets in what must not depend on them: stages and projects."""
    for pipeline in pipelines(bundle):
        own = _own(bundle, pipeline)
        nodes = [pipeline.properties.at("Stages")]
        nodes += [
            part
            for each in bundle.of(PROJECT)
            if each.template is pipeline.resource.template
            for key, part in each.properties.fields()
            if key != "ServiceRole"
        ]
        for text in (one for each in nodes for one in each.walk() if one.text is not None):
            for account in set(_ACCOUNT.findall(text.text or "")) - own:
                if not text.place.endswith(".Image"):
                    yield hit(text, account=account)


def _own(bundle: Bundle, pipeline: Pipeline) -> set[str]:
    """Return the account of a pipeline: the one that its role's trust names, or promote.yaml."""
    if bundle.topology is not None and bundle.topology.pipeline is not None:
        return {settings(bundle.topology).account}
    role = bundle.pointed_at(pipeline.resource, pipeline.properties.at("RoleArn"))
    trust = role.properties.at("AssumeRolePolicyDocument") if role else None
    found = {text for each in trust.walk() for text in each.texts()} if trust else set()
    return {each for each in found if _ACCOUNT.fullmatch(each)}


RULES = (
    Rule(
        id="PL101",
        holds="A pipeline that is QUEUED or PARALLEL is of type V2.",
        source="CodePipeline user guide, Pipeline types",
        message="The execution mode {mode} is of pipelines of type V2; this one's is {type}.",
        remedy='Set "PipelineType": "V2".',
        check=_of_each(_mode_without_v2),
    ),
    Rule(
        id="PL102",
        holds="A pipeline is of type V2, which alone has variables, conditions and rollback.",
        source="CodePipeline user guide, Pipeline types",
        message="The type of the pipeline is {type}.",
        remedy='Set "PipelineType": "V2".',
        check=_of_each(_not_v2),
    ),
    Rule(
        id="PL103",
        holds="Executions wait for each other, so that what is approved is what is promoted.",
        source="CodePipeline user guide, Set or change the pipeline execution mode",
        message="The execution mode is {mode}: a later execution overtakes or meets this one.",
        remedy='Set "ExecutionMode": "QUEUED".',
        check=_of_each(_not_queued),
    ),
    Rule(
        id="PL104",
        holds="A pipeline has 2 to 50 stages.",
        source="CodePipeline user guide, Quotas in AWS CodePipeline",
        message="There are {count} stages; CodePipeline takes 2 to 50.",
        remedy="Have fewer environments or waves in promote.yaml.",
        check=_of_each(_number_of_stages),
    ),
    Rule(
        id="PL105",
        holds="A stage has 1 to 50 actions.",
        source="CodePipeline user guide, Quotas in AWS CodePipeline",
        message="The stage {stage} has {count} actions; CodePipeline takes 1 to 50.",
        remedy="Ask for fewer approvals.",
        check=_of_each(_number_of_actions),
    ),
    Rule(
        id="PL106",
        holds="Names of stages, and of the actions in a stage, are unique and well formed.",
        source="CodePipeline API reference, StageDeclaration and ActionDeclaration",
        message="{name} is no name of its own, or is not 1 to 100 of A-Z a-z 0-9 . @ - _.",
        remedy="Give every stage, and every action of a stage, a name of its own.",
        check=_of_each(_names),
    ),
    Rule(
        id="PL107",
        holds="An update of the stack starts no execution.",
        source="CloudFormation, AWS::CodePipeline::Pipeline, RestartExecutionOnUpdate",
        message="An update of the stack would start an execution that nobody asked for.",
        remedy="Leave RestartExecutionOnUpdate out.",
        check=_of_each(_restarts),
    ),
    Rule(
        id="PL108",
        holds="The first stage has the sources, and no other stage has one.",
        source="CodePipeline user guide, Requirements for stages and actions",
        message=f"{{name}} is a source outside of the stage {SOURCE}, or something else in it.",
        remedy="Put sources, and nothing else, into the first stage.",
        check=_of_each(_sources),
    ),
    Rule(
        id="PL109",
        holds="Artifacts are encrypted with a key of the customer, whose policy decides who reads.",
        source="CodePipeline API reference, EncryptionKey",
        message="Artifacts are encrypted with S3's key, which all of the account may use.",
        remedy="Name the foundation's key as the ArtifactStore's EncryptionKey, of type KMS.",
        check=_of_each(_no_key),
    ),
    Rule(
        id="PL110",
        holds="The stages are those of promote.yaml, in their order, with their actions.",
        source="core/pipeline/shape.py: plan, approve, promote, verify, retire",
        message="Stage {number} is {found}; promote.yaml asks for {wanted}, or for other actions.",
        remedy="Render it anew:\n    promote pipeline render --out rendered",
        check=_out_of_order,
    ),
    Rule(
        id="PL111",
        holds="Every model of promote.yaml has its pipeline.",
        source="core/pipeline/names.py",
        message="The model {model} has no pipeline {name}.",
        remedy="Render it anew:\n    promote pipeline render --out rendered",
        check=_unpiped,
    ),
    Rule(
        id="PL112",
        holds="Stages and projects name no account but the pipeline's own.",
        source="A pipeline with an action for each account meets the quota of 50 for a stage",
        message="The account {account} is named here, so a new account would need a new pipeline.",
        remedy="Leave accounts to the plan, which travels as an artifact.",
        check=_accounts,
    ),
)
