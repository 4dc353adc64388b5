"""Reviews of plans in S3 under our policy: people speak for themselves, whatever else they may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from promote.aws.sessions import Sessions
from promote.core import reviews
from promote.core.gates.result import Verdict
from promote.core.plan import Plan
from promote.core.planfile import digest
from promote.ledger import store as open_store
from promote.promoter import Promoter
from promote.sandbox.seed import CICD, LEDGER_BUCKET, QA, SIGNED_IN
from promote.sandbox.world import RoleSeed, SessionSeed, World
from tests.functional.promotion_stage import CONFIG, Stage

LEDGER = f"s3://{LEDGER_BUCKET}/a"
ASKING = CONFIG.replace("version: 1\n", f"version: 1\nledger: {LEDGER}\n").replace(
    "name: qa\n", "name: qa\n    gates: {approval: 2}\n"
)
DENIED = "AccessDenied.* with an explicit deny in a resource-based policy"
EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "codebuild.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def with_more_people(world: World) -> World:
    """Add a pipeline whose session calls itself carol, and let everybody do anything in S3."""
    pipeline = RoleSeed(account=CICD, name="release", trust=TRUST, inline={"all": EVERYTHING})
    session = SessionSeed(
        account=CICD,
        role="release",
        name=SIGNED_IN,
        login="pipeline",
        access_key_id="ASIASANDBOXPIPELINE0",
        secret_access_key="sandbox/pipeline",
        session_token="sandbox-session-of-pipeline",
    )
    return replace(
        world,
        roles=(*(_mighty(each) for each in world.roles), pipeline),
        users=tuple(_mighty(each) for each in world.users),
        sessions=(*world.sessions, session),
    )


def _mighty(one: Any) -> Any:
    inline = {**one.inline, "all": EVERYTHING}
    return replace(one, inline=inline) if "review" in one.inline else one


@pytest.fixture(scope="module")
def logins(stage: Stage) -> Callable[[str], boto3.Session]:
    """Set the stage, and return a function that opens the session of somebody."""
    stage.set_up(ASKING, change=with_more_people)
    made: dict[str, boto3.Session] = {}

    def login(name: str) -> boto3.Session:
        if name not in made:
            keys = stage.sandbox.describe()["logins"][name]
            made[name] = boto3.Session(
                keys["access_key_id"],
                keys["secret_access_key"],
                keys.get("session_token"),
                region_name="us-east-1",
            )
        return made[name]

    return login


@pytest.fixture(scope="module")
def plan(stage: Stage, logins: Callable[[str], boto3.Session]) -> Plan:
    """Plan as the promoter, and have bob reject it."""
    made = stage.promoter().plan("tools", "v2", to="qa")
    Promoter(stage.topology, session=logins("bob")).reject(made, reason="Not before Monday")
    return made


@pytest.fixture(scope="module")
def name_of(stage: Stage, plan: Plan) -> Callable[[str], str]:
    """Return what the object of a login about the plan is called in the bucket."""

    def name(login: str) -> str:
        who = stage.client(login, "sts").get_caller_identity()
        own = reviews.author(who["Arn"], who["UserId"])
        return f"a/{reviews.key('tools', digest(plan), own)}"

    return name


@pytest.fixture
def admin(stage: Stage) -> Any:
    """Return the client of an administrator of the bucket's account."""
    return stage.client(f"admin/{CICD}", "s3")


class TestPeople:
    def test_review_in_their_own_name(
        self, stage: Stage, plan: Plan, logins: Callable[[str], boto3.Session], admin: Any
    ) -> None:
        for name in ("alice", SIGNED_IN):
            found = Promoter(stage.topology, session=logins(name)).approve(plan)
        assert "rejected by" in found.gate.measured
        assert found.gate.measured.startswith("2 of 2")
        found = Promoter(stage.topology, session=logins("bob")).approve(plan)
        assert found.gate.verdict is Verdict.PASS
        Promoter(stage.topology, session=logins("bob")).reject(plan, reason="Not before Monday")
        listed = admin.list_objects_v2(Bucket=LEDGER_BUCKET, Prefix="a/tools/approvals/")
        names = [each["Key"].rpartition("/")[2] for each in listed["Contents"]]
        assert {name.partition(":")[2].removesuffix(".review"): name[:4] for name in names} == {
            "alice": "AIDA",
            "bob": "AIDA",
            SIGNED_IN: "AROA",
        }

    @pytest.mark.parametrize("login", ["alice", SIGNED_IN, "pipeline", "promoter", f"admin/{CICD}"])
    def test_neither_write_nor_take_away_what_another_said(
        self, stage: Stage, name_of: Callable[[str], str], login: str
    ) -> None:
        s3, at = stage.client(login, "s3"), {"Bucket": LEDGER_BUCKET, "Key": name_of("bob")}
        attempts: list[Callable[[], object]] = [
            lambda: s3.put_object(**at, Body=b"{}"),
            lambda: s3.put_object(**at, Body=b"{}", IfNoneMatch="*"),
            lambda: s3.copy_object(**at, CopySource=f"{LEDGER_BUCKET}/a/tools/lock.json"),
            lambda: s3.create_multipart_upload(**at),
            lambda: s3.put_object_tagging(**at, Tagging={"TagSet": []}),
            lambda: s3.delete_object(**at),
            lambda: s3.delete_object(**at, VersionId="1"),
            lambda: s3.delete_objects(
                Bucket=LEDGER_BUCKET, Delete={"Objects": [{"Key": at["Key"]}]}
            ),
        ]
        for attempt in attempts:
            with pytest.raises(ClientError, match=DENIED):
                attempt()

    @pytest.mark.parametrize(
        ("login", "part", "other"),
        [
            ("alice", CICD, QA),
            ("alice", ":alice", ":bob"),
            ("alice", ":alice", ":ALICE"),
            ("alice", ":alice", ""),
            ("alice", ".review", ".review.review"),
            (SIGNED_IN, f":{SIGNED_IN}", ":bob"),
            (SIGNED_IN, f":{SIGNED_IN}", f":{SIGNED_IN}:{SIGNED_IN}"),
            (SIGNED_IN, "/AROA", "/AIDA"),
            ("pipeline", ".review", ".review"),
            ("pipeline", ".review", ".json"),
        ],
    )
    def test_have_no_other_name(
        self, stage: Stage, name_of: Callable[[str], str], login: str, part: str, other: str
    ) -> None:
        name = name_of(login)
        assert part in name
        with pytest.raises(ClientError, match=DENIED):
            stage.client(login, "s3").put_object(
                Bucket=LEDGER_BUCKET, Key=name.replace(part, other), Body=b"{}"
            )


class TestAPipeline:
    def test_keeps_the_rest_of_the_ledger(self, logins: Callable[[str], boto3.Session]) -> None:
        ledger = open_store(LEDGER, Sessions(logins("pipeline"), "us-east-1", session_name="test"))
        for name in ("tools/yield.json", "tools/records/99999999.json"):
            first = ledger.create(name, b"1") or ""
            second = ledger.replace(name, b"2", first) or ""
            assert ledger.delete(name, second)


class TestTheDoctor:
    def test_tells_whether_reviews_can_be_forged(self, stage: Stage, admin: Any) -> None:
        policy = admin.get_bucket_policy(Bucket=LEDGER_BUCKET)["Policy"]
        assert self.finding(stage).ok
        admin.delete_bucket_policy(Bucket=LEDGER_BUCKET)
        found = self.finding(stage)
        admin.put_bucket_policy(Bucket=LEDGER_BUCKET, Policy=policy)
        assert not found.ok
        assert f"{LEDGER}/tools/approvals/doctor.review" in found.detail
        assert "promote policy render --kind ledger" in found.remedy
        assert self.finding(stage).ok

    def finding(self, stage: Stage) -> Any:
        (found,) = [each for each in stage.promoter().doctor() if each.subject == "reviews"]
        return found
