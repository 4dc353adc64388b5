"""The rendered stacks are what CloudFormation, CodePipeline and CodeBuild say that they take."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from tests.artifacts.pipeline_faults import PIPELINE, stacks

# Rules of cfn-lint that are not kept, each with its reason.
IGNORED: dict[str, str] = {}
# What CloudFormation knows by itself when it deploys the stack.
_INTRINSIC = {"Ref", "Fn::GetAtt", "Fn::ImportValue", "Fn::Sub"}
_SPELT = {"BuildSpec": "buildspec"}
# Keys below these are names, not members.
_MAPS = {"Configuration"}


def as_api(value: object) -> Any:
    """Return a property as the API of its service spells it."""
    match value:
        case dict() if value.keys() <= _INTRINSIC:
            return "arn:aws:iam::111111111111:role/anything"
        case dict():
            return {
                _SPELT.get(key, key[:1].lower() + key[1:]): one if key in _MAPS else as_api(one)
                for key, one in value.items()
            }
        case list():
            return [as_api(each) for each in value]
    return value


def properties(kind: str) -> list[Any]:
    """Return what the pipeline's stack says of its resources of a type, as the API spells it."""
    found = stacks()[PIPELINE]["Resources"].values()
    return [as_api(each["Properties"]) for each in found if each["Type"] == kind]


def problems(service: str, operation: str, parameters: dict[str, Any]) -> str:
    """Return what botocore says against a call."""
    model = botocore.session.get_session().get_service_model(service)
    shape = model.operation_model(operation).input_shape
    assert shape is not None
    return str(ParamValidator().validate(parameters, shape).generate_report())


class TestTheApis:
    def test_take_the_pipeline(self) -> None:
        (pipeline,) = properties("AWS::CodePipeline::Pipeline")
        assert problems("codepipeline", "CreatePipeline", {"pipeline": pipeline}) == ""

    def test_take_every_project(self) -> None:
        projects = properties("AWS::CodeBuild::Project")
        assert len(projects) > 1
        for project in projects:
            assert problems("codebuild", "CreateProject", project) == ""

    def test_would_refuse_a_member_misspelt(self) -> None:
        (pipeline,) = properties("AWS::CodePipeline::Pipeline")
        wrong = {**pipeline, "executionmode": pipeline.pop("executionMode")}
        assert "executionmode" in problems("codepipeline", "CreatePipeline", {"pipeline": wrong})


@pytest.fixture(scope="module")
def cfn_lint(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Let cfn-lint look at every stack, and at one with a resource that is none; once for all."""
    directory: Path = tmp_path_factory.mktemp("stacks")
    wrong = {"Resources": {"Wrong": {"Type": "AWS::CodePipeline::Pipeline", "Properties": {}}}}
    for name, content in {**stacks(), "wrong.json": wrong}.items():
        (directory / name).write_text(json.dumps(content), "utf-8")
    files = sorted(map(str, directory.iterdir()))
    ignored = ["--ignore-checks", *IGNORED] if IGNORED else []
    start = "from cfnlint.runner import main; main()"
    command = [sys.executable, "-c", start, "--format", "json", "--regions", "us-east-1"]
    done = subprocess.run(
        [*command, *ignored, "--template", *files],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert isinstance(found, list), done.stderr
    return found


class TestCfnLint:
    def test_finds_nothing_in_any_stack(self, cfn_lint: list[dict[str, Any]]) -> None:
        ours = [each for each in cfn_lint if not each["Filename"].endswith("/wrong.json")]
        assert [(each["Filename"], each["Rule"]["Id"], each["Message"]) for each in ours] == []

    def test_would_find_something(self, cfn_lint: list[dict[str, Any]]) -> None:
        assert any(each["Filename"].endswith("/wrong.json") for each in cfn_lint)
