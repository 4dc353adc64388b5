"""What promotions ask of CodePipeline, over HTTP: starts, who started, who approved."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from promote.core.planfile import digest, encode
from promote.core.record import PromotionStarted
from promote.errors import InputError, NotFoundError
from promote.pipeline.bundle import bundle
from promote.sandbox.seed import CICD, LEDGER_BUCKET
from promote.sandbox.world import BucketSeed, World
from tests.functional import pipeline_world
from tests.functional.pipeline_world import BUCKET, PIPELINE_ARN, REQUEST, Line, approval
from tests.functional.promotion_stage import CONFIG, Stage
from tests.functional.sandbox_worlds import allow, document

if TYPE_CHECKING:
    from promote.workflow.starting import Started

ASKING = CONFIG.replace("name: qa\n", "name: qa\n    gates: {approval: 1}\n").replace(
    "models:\n",
    f"ledger: s3://{LEDGER_BUCKET}/pipelines\n"
    f'pipeline: {{account: "{CICD}", name: line}}\nmodels:\n',
)
MAY = document(
    allow(
        [
            "codepipeline:GetPipeline",
            "codepipeline:GetPipelineExecution",
            "codepipeline:ListActionExecutions",
            "codepipeline:StartPipelineExecution",
        ],
        PIPELINE_ARN,
    ),
    allow("s3:PutObject", f"arn:aws:s3:::{BUCKET}/{REQUEST}"),
)


def with_pipelines(world: World) -> World:
    """Add the roles and the bucket of a pipeline, who approves, and what a promoter needs."""
    approver = next(each for each in pipeline_world.a_world().users if each.login == "approver")
    users = (
        replace(each, inline={**each.inline, "pipelines": MAY})
        if each.login == "promoter"
        else each
        for each in world.users
    )
    return replace(
        world,
        users=(*users, approver),
        roles=(*world.roles, pipeline_world.pipeline_role(), pipeline_world.build_role()),
        buckets=(*world.buckets, BucketSeed(account=CICD, name=BUCKET)),
    )


@pytest.fixture
def line(stage: Stage) -> Line:
    """Give a pipeline whose approval shows the reason that it was started with."""
    stage.set_up(ASKING, change=with_pipelines)
    found = Line(stage.client)
    text = "Promote #{variables.VERSION}? #{variables.REASON}"
    approve = {"name": "Approve", "actions": [approval(text)]}
    found.set_up(projects={"none": pipeline_world.APPLY}, stages=[approve])
    return found


def start(stage: Stage, reason: str) -> Started:
    promoter, asked = stage.promoter(), {"model": "tools", "version": "v2", "reason": reason}
    configuration = stage.directory / "promote.yaml"

    def pack() -> bytes:
        return bundle(stage.topology, configuration, promoter.world.images, asked)

    return promoter.start_pipeline("tools", "v2", reason=reason, pack=pack)


class TestAnApprovalInCodePipeline:
    def test_lets_the_plan_be_applied_whose_digest_it_shows(self, stage: Stage, line: Line) -> None:
        plan = stage.promoter().plan("tools", "v2", to="qa")
        (stage.directory / "plan.json").write_bytes(encode(plan))
        started = start(stage, f"Digest {digest(plan)}")
        told = ("--digest", digest(plan), "--pipeline-execution", started.execution)
        refused = stage.promote("apply", "plan.json", *told)
        assert refused.returncode == 4, refused.stderr
        assert "nobody has approved it" in " ".join(refused.stderr.split())
        line.answer(started.execution)
        done = stage.promote("apply", "plan.json", *told, "--wave", "1", "-o", "json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout.splitlines()[-1])["result"] == "promoted"
        begun = stage.promoter().history("tools")[0]
        assert isinstance(begun, PromotionStarted)
        assert begun.execution == started.execution
        assert begun.heard is not None
        assert begun.heard.started_by == f"arn:aws:iam::{CICD}:user/promoter"
        (review,) = begun.heard.reviews
        assert review.by == f"arn:aws:iam::{CICD}:user/approver"
        assert review.reason == "Approved by a test"
        where = f"{PIPELINE_ARN}/Approve/Approve in execution {started.execution}"
        assert review.source == where

    def test_that_is_a_rejection_refuses_it(self, stage: Stage, line: Line) -> None:
        plan = stage.promoter().plan("tools", "v2", to="qa")
        started = start(stage, f"Digest {digest(plan)}")
        line.answer(started.execution, "Rejected")
        line.ended(started.execution)
        found = stage.promoter().world.pipelines.responses("line", started.execution)
        assert [(each.approved, each.summary) for each in found] == [(False, "Rejected by a test")]

    def test_is_not_asked_about_an_execution_that_does_not_exist(
        self, stage: Stage, line: Line
    ) -> None:
        del line
        missing = "00000000-0000-4000-8000-000000000000"
        with pytest.raises(NotFoundError):
            stage.promoter().world.pipelines.execution("line", missing)


class TestAStart:
    def test_sends_what_the_builds_need_and_this_version_of_it(
        self, stage: Stage, line: Line
    ) -> None:
        started = start(stage, "Because")
        assert started.request == f"s3://{BUCKET}/{REQUEST}"
        sent = line.s3.get_object(Bucket=BUCKET, Key=REQUEST, VersionId=started.object_version)
        archive = zipfile.ZipFile(io.BytesIO(sent["Body"].read()))
        assert {"promote.yaml", "request.json"} < set(archive.namelist())
        assert sum(name.startswith("golden/hammer/") for name in archive.namelist()) > 1
        assert archive.read("promote.yaml").decode() == ASKING
        asked = {"format": 1, "kind": "request", "model": "tools", "reason": "Because"}
        assert json.loads(archive.read("request.json")) == {**asked, "version": "v2"}
        found = line.execution(started.execution)
        assert {e["name"]: e["resolvedValue"] for e in found["variables"]} == {
            "VERSION": "v2",
            "REASON": "Because",
        }
        begun = line.until(lambda: line.actions(started.execution).get("Source"))
        assert begun["output"]["outputVariables"]["VersionId"] == started.object_version

    def test_is_told_with_the_page_that_shows_it(self, stage: Stage, line: Line) -> None:
        del line
        done = stage.promote("pipeline", "start", "tools", "v2")
        assert done.returncode == 0, done.stderr
        execution = done.stdout.splitlines()[0]
        assert f"/pipelines/line/executions/{execution}/timeline" in done.stdout

    def test_is_refused_for_a_version_or_a_pipeline_that_does_not_exist(
        self, stage: Stage, line: Line
    ) -> None:
        done = stage.promote("pipeline", "start", "tools", "v99")
        assert done.returncode == 7
        line.api.delete_pipeline(name="line")
        done = stage.promote("pipeline", "start", "tools", "v2")
        assert done.returncode == 7
        assert "promote bootstrap" in done.stderr
        assert len(line.s3.list_object_versions(Bucket=BUCKET, Prefix=REQUEST)["Versions"]) == 1


class TestAStageThatIsRolledBack:
    def test_is_an_execution_of_its_own_that_says_so(self, stage: Stage, line: Line) -> None:
        say = "version: 0.2\nphases:\n  build:\n    commands: ['true']\n"
        line.builds.create_project(**pipeline_world.project("say", say))
        said = {"name": "Say", "actions": [pipeline_world.build_action("Say")]}
        line.api.update_pipeline(pipeline=pipeline_world.structure(stages=[said]))
        first, second = line.start(), line.start()
        assert (line.ended(first), line.ended(second)) == ("Succeeded", "Succeeded")
        back = line.api.rollback_stage(
            pipelineName="line", stageName="Say", targetPipelineExecutionId=first
        )["pipelineExecutionId"]
        pipelines = stage.promoter().world.pipelines
        found = pipelines.execution("line", back)
        assert (found.rollback, found.trigger) == (True, "ManualRollback")
        assert not pipelines.execution("line", first).rollback
        assert not pipelines.responses("line", back)
        line.ended(back)


class TestABundle:
    def test_is_the_same_for_the_same_files(self, stage: Stage, line: Line) -> None:
        del line
        images = stage.promoter().world.images
        configuration = stage.directory / "promote.yaml"
        packed = [bundle(stage.topology, configuration, images, {}) for _ in range(2)]
        configuration.touch()
        packed.append(bundle(stage.topology, configuration, images, {}))
        assert len(set(packed)) == 1

    def test_is_refused_when_something_lies_elsewhere(self, stage: Stage, line: Line) -> None:
        del line
        images = stage.promoter().world.images
        topology = replace(stage.topology, templates="../policies")
        with pytest.raises(InputError, match="below it"):
            bundle(topology, stage.directory / "promote.yaml", images, {})
        with pytest.raises(InputError, match="No such file"):
            bundle(stage.topology, Path("nowhere.yaml"), images, {})
