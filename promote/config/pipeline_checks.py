"""The rules about pipelines that single values cannot show."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from promote.arn import parse_arn
from promote.config.draft import Draft
from promote.config.problems import Position, Problem
from promote.core.pipeline.names import Names, ledger_bucket
from promote.core.pipeline.shape import MOST_ACTIONS, MOST_STAGES, stages
from promote.core.topology import Environment

# CodePipeline API reference, PipelineName, narrowed by CodeBuild's ProjectName.
_PIPELINE = re.compile("[A-Za-z0-9][A-Za-z0-9_-]{1,99}")
_ROLE_LENGTH = 64  # IAM API reference, RoleName; as of the rules of EventBridge.
_STAGE_LENGTH = 100  # CodePipeline API reference, StageName and ActionName.
_OWN_ROLES = ("reader_role", "operator_role", "deployer_role", "smoke_role")
_ML = "the ML account"
_IN_TARGETS = ("reader_role", "deployer_role", "smoke_role")


def _only_with_a_pipeline(draft: Draft) -> Iterator[Problem]:
    """Require a pipeline for what only pipelines use."""
    for environment, settings in draft.environments if draft.topology.pipeline is None else ():
        for key, given in (
            ("verifier", environment.verifier),
            ("organizational_units", environment.organizational_units),
        ):
            if given:
                text = f"{key}: nothing uses it without the key pipeline"
                yield Problem(settings.where(key), text)


def _common_ledger(draft: Draft) -> Iterator[Problem]:
    """Require a ledger that every build reaches."""
    if draft.topology.pipeline is not None and ledger_bucket(draft.topology) is None:
        text = (
            "pipeline: builds have no directory in common; name a ledger like s3://BUCKET/promote"
        )
        yield Problem(_place(draft), text)


def _roles_to_become(draft: Draft) -> Iterator[Problem]:
    """Require every role: a build is in the CI/CD account, where there is nothing to change."""
    pipeline = draft.topology.pipeline
    for environment, settings in draft.environments if pipeline is not None else ():
        for key in _OWN_ROLES:
            if getattr(environment, key) is None:
                reason = "with a pipeline the promoter is a build, which can do nothing by itself"
                yield Problem(settings.where(key), f"{key}: is null, but {reason}; name a role")


def _names(draft: Draft) -> Iterator[Problem]:
    """Require names that CodePipeline, CodeBuild, IAM and EventBridge take, one for each model."""
    owners: dict[str, str] = {}
    for model, _ in draft.models if draft.topology.pipeline is not None else ():
        names = Names(draft.topology, model.name)
        owner = owners.setdefault(names.pipeline, model.name)
        if owner != model.name:
            text = f"pipeline.name: {owner} and {model.name} share {names.pipeline}; put {{model}}"
            yield Problem(_place(draft, "name"), f"{text} into it")
        elif _PIPELINE.fullmatch(names.pipeline) is None:
            expected = "2 to 100 letters, digits, - and _"
            text = f"pipeline.name: {names.pipeline!r} is not the name of a pipeline: {expected}"
            yield Problem(_place(draft, "name"), text)
        else:
            yield from _too_long(draft, names)


def _too_long(draft: Draft, names: Names) -> Iterator[Problem]:
    """Find the first name that is too long; it is the environment's that makes it so."""
    places = {environment.name: settings for environment, settings in draft.environments}
    rules = [names.rule(each) for each in ("approvals", "ends", "sweeps", "pipeline", "events")]
    for what in (*rules, names.sweep):
        if len(what) > _ROLE_LENGTH:
            yield Problem(_place(draft, "name"), f"pipeline.name: {_length(what, _ROLE_LENGTH)}")
            return
    for build in names.builds():
        if len(build.name) > _ROLE_LENGTH:
            where = places[build.environment].where("name") if build.environment else None
            text = f"pipeline: the role {_length(build.name, _ROLE_LENGTH)}"
            yield Problem(where or _place(draft, "name"), text)
    for stage in stages(draft.topology, names.model):
        for action in stage.actions:
            if len(action) > _STAGE_LENGTH:
                text = f"pipeline: the stage {_length(action, _STAGE_LENGTH)}"
                yield Problem(places[stage.environment or ""].where("name"), text)


def _length(name: str, most: int) -> str:
    return f"{name} would have {len(name)} characters, at most {most} are possible"


def _stages(draft: Draft) -> Iterator[Problem]:
    """Require no more stages and approvals than a pipeline can have."""
    if draft.topology.pipeline is None or not draft.models:
        return
    found = stages(draft.topology, draft.models[0][0].name)
    if len(found) > MOST_STAGES:
        text = (
            f"pipeline: there would be {len(found)} stages, at most {MOST_STAGES} are possible; "
            "an environment has two for each of its waves, and two or three more"
        )
        yield Problem(_place(draft), text)
    for environment, settings in draft.environments:
        people = environment.gates.approval or 0
        if people > MOST_ACTIONS:
            text = f"gates.approval: a stage can ask {MOST_ACTIONS} people at most, not {people}"
            yield Problem(settings.section("gates").where("approval"), text)


def _own_stacks(draft: Draft) -> Iterator[Problem]:
    """Require that a role is made by one stack: each environment has its own in its accounts."""
    if draft.topology.pipeline is None:
        return
    owners: dict[str, str] = {}
    for environment, _ in draft.environments:
        reader = draft.topology.ml_reader(environment)
        owners |= {_identity(reader): _ML} if reader is not None else {}
    told = set()
    for use in draft.uses():
        for key in _IN_TARGETS:
            role = getattr(use.target, key)
            if role is None:
                continue
            owner = owners.setdefault(_identity(role), use.environment.name)
            if owner != use.environment.name and (owner, use.environment.name, key) not in told:
                told.add((owner, use.environment.name, key))
                yield Problem(use.settings.where(key), _shared(key, owner, use.environment, role))


def _shared(key: str, owner: str, environment: Environment, role: str) -> str:
    mend = "give the models one of their own" if owner == _ML else "put {environment} into it"
    return (
        f"{key}: {owner} and {environment.name} share the role {role}, which the stack of each "
        f"would make; {mend}"
    )


def _identity(role: str) -> str:
    """Return the account and name of a role: names are unique whatever the path and case."""
    try:
        arn = parse_arn(role)
    except ValueError:
        return role
    return f"{arn.account} {arn.name.lower()}"


def _unique(draft: Draft) -> Iterator[Problem]:
    """Require that lists name each thing once."""
    for _, settings in draft.environments:
        verifier = settings.section("verifier")
        for name, items in (
            ("organizational_units", settings.each("organizational_units")),
            ("verifier.subnets", verifier.each("subnets")),
            ("verifier.security_groups", verifier.each("security_groups")),
        ):
            seen: set[object] = set()
            for item in items:
                if item.value in seen:
                    yield Problem(item.position, f"{name}: {item.value} is listed twice")
                seen.add(item.value)


def _place(draft: Draft, key: str = "") -> Position:
    section = draft.root.section("pipeline")
    return section.where(key) if key else section.position


PIPELINE_RULES: tuple[Callable[[Draft], Iterator[Problem]], ...] = (
    _only_with_a_pipeline,
    _common_ledger,
    _roles_to_become,
    _names,
    _stages,
    _own_stacks,
    _unique,
)
