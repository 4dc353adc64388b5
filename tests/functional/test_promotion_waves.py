"""A promotion in waves by the command line: every call over HTTP, the bake in real time."""

from __future__ import annotations

import json
from typing import Any

from promote.sandbox.seed import PROD_1, PROD_2, QA
from tests.functional.promotion_stage import CONFIG, Stage, assert_ends

WAVES = """\
    waves: [1, 100%]
    bake: 1s
    max_failures: 1
"""
IN_WAVES = CONFIG + WAVES


def policies_of_the_smoke_role(iam: Any) -> dict[str, Any]:
    names = iam.list_role_policies(RoleName="promote-smoke")["PolicyNames"]
    return {
        name: iam.get_role_policy(RoleName="promote-smoke", PolicyName=name)["PolicyDocument"]
        for name in names
    }


def without_ssm(document: Any) -> Any:
    """Return a policy whose statements leave the pointer out."""
    kept = [each for each in document["Statement"] if "ssm:GetParameter" not in str(each)]
    return {**document, "Statement": kept}


class TestAPromotionInWaves:
    def test_goes_account_by_account_and_tells_its_bakes(self, stage: Stage) -> None:
        stage.set_up(IN_WAVES)
        done = stage.released("v2", "prod", "-o", "json")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        steps = [line["step"] for line in lines if line.get("event") == "step-done"]
        order = [(each["step"], each["wave"]) for each in steps if "wave" in each]
        assert order == [("switch", 1), ("bake", 1), ("switch", 2), ("bake", 2)]
        assert lines[-1]["result"] == "promoted"
        assert stage.snapshot().pointers == {QA: "v1", PROD_1: "v2", PROD_2: "v2"}
        written = [each["time"] for each in stage.calls("ssm:PutParameter")]
        assert len(written) == 2
        (passed,) = (each for each in stage.records() if each["kind"] == "verification-done")
        assert passed["accounts"] == [PROD_1, PROD_2]

    def test_leaves_a_failed_account_where_it_was_and_resume_finishes(self, stage: Stage) -> None:
        stage.set_up(IN_WAVES)
        iam = stage.client(f"admin/{PROD_2}", "iam")
        policies = policies_of_the_smoke_role(iam)
        for name, document in policies.items():
            iam.put_role_policy(
                RoleName="promote-smoke",
                PolicyName=name,
                PolicyDocument=json.dumps(without_ssm(document)),
            )
        done = stage.release("v2", "prod")
        remedy = "    promote resume tools\n"
        assert_ends(done, 11, "The version is not live in every target", remedy)
        assert f"prod/{PROD_2}" in done.stderr
        seen = stage.snapshot()
        assert seen.pointers == {QA: "v1", PROD_1: "v2", PROD_2: "v1"}
        assert seen.granted("tools-prod") == seen.running == {"v1", "v2"}
        for name, document in policies.items():
            iam.put_role_policy(
                RoleName="promote-smoke", PolicyName=name, PolicyDocument=json.dumps(document)
            )
        resumed = stage.promote("resume", "tools")
        assert resumed.returncode == 0, resumed.stderr
        assert stage.snapshot().pointers == {QA: "v1", PROD_1: "v2", PROD_2: "v2"}
        assert stage.is_finished
