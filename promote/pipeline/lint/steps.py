"""Pipelines with their actions and what these hand on, as the rules look at them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from promote.pipeline.lint.specs import spec
from promote.pipeline.lint.view import Bundle, Node, Resource

PIPELINE = "AWS::CodePipeline::Pipeline"
PROJECT = "AWS::CodeBuild::Project"
REFERENCE = re.compile(r"#\{([^{}]*)\}")
# CodePipeline user guide, "Variables available for pipeline actions".
_OF_S3 = frozenset({"ETag", "VersionId"})


@dataclass(frozen=True, slots=True)
class Action:
    """One action."""

    node: Node
    stage: int
    """Which stage of the pipeline, from 0."""

    @property
    def provider(self) -> str:
        """Who carries it out: ``S3``, ``CodeBuild`` or ``Manual``."""
        return self.node.at("ActionTypeId", "Provider").text or ""

    @property
    def category(self) -> str:
        """What it is for: ``Source``, ``Build`` or ``Approval``."""
        return self.node.at("ActionTypeId", "Category").text or ""

    @property
    def configuration(self) -> Node:
        """What its provider is told."""
        return self.node.at("Configuration")

    @property
    def order(self) -> int:
        """Its place in its stage; actions with the same run side by side."""
        return self.node.at("RunOrder").number or 1

    @property
    def passed(self) -> Mapping[str, str]:
        """The environment variables that it passes to a build, as far as they can be read."""
        return {str(each.get("name")): str(each.get("value")) for each in self.variables}

    @property
    def variables(self) -> tuple[Mapping[str, object], ...]:
        """The entries of its EnvironmentVariables, as far as they can be read."""
        try:
            listed = json.loads(self.configuration.at("EnvironmentVariables").text or "[]")
        except (ValueError, RecursionError):
            return ()
        rows = listed if isinstance(listed, list) else []
        return tuple(each for each in rows if isinstance(each, dict))


@dataclass(frozen=True)
class Pipeline:
    """One pipeline."""

    bundle: Bundle
    resource: Resource

    @property
    def properties(self) -> Node:
        """What its template says of it."""
        return self.resource.properties

    @property
    def stages(self) -> tuple[Node, ...]:
        """Its stages, in order."""
        return self.properties.at("Stages").each()

    @cached_property
    def _actions(self) -> tuple[Action, ...]:
        stages = enumerate(self.stages)
        return tuple(Action(each, n) for n, stage in stages for each in stage.at("Actions").each())

    def actions(self) -> Iterator[Action]:
        """Yield every action, in the order of the stages."""
        return iter(self._actions)

    def project(self, action: Action) -> Resource | None:
        """Return the project that an action runs, if a template has it."""
        name = action.configuration.at("ProjectName")
        if name.text is not None:
            return self._projects.get(name.text)
        return self.bundle.pointed_at(self.resource, name)

    @cached_property
    def _projects(self) -> Mapping[str | None, Resource]:
        return {each.properties.at("Name").text: each for each in self.bundle.of(PROJECT)}

    def uses(self, project: Resource) -> tuple[Action, ...]:
        """Return the actions that run a project."""
        return tuple(each for each in self.actions() if self.project(each) == project)

    def exports(self, action: Action) -> frozenset[str]:
        """Return the names of the variables that later actions can read of one."""
        if action.provider == "S3":
            return _OF_S3
        project = self.project(action) if action.provider == "CodeBuild" else None
        return frozenset(() if project is None else spec(project).exported)

    def before(self, stage: int, order: int) -> Mapping[str, Action]:
        """Return the actions, by namespace, that are over when another one begins."""
        over = [each for each in self.actions() if (each.stage, each.order) < (stage, order)]
        named = [(each.node.at("Namespace").text, each) for each in over]
        return {name: each for name, each in named if name is not None}


def pipelines(bundle: Bundle) -> tuple[Pipeline, ...]:
    """Return every pipeline."""
    return tuple(Pipeline(bundle, each) for each in bundle.of(PIPELINE))


def references(text: str) -> tuple[str, ...]:
    """Return what stands between the braces of every reference to a variable."""
    return tuple(REFERENCE.findall(text))


def actions(bundle: Bundle) -> Iterator[tuple[Pipeline, Action]]:
    """Yield every action with its pipeline."""
    for pipeline in pipelines(bundle):
        for action in pipeline.actions():
            yield pipeline, action
