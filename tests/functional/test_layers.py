"""Every layer of policies at once: what we render lets releases pass, and holds others back.

Guardrails on the ML account and the consumers' unit, boundaries on the access roles, policies of
VPC endpoints, trust and identity policies: all as rendered, all enforced by the sandbox.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from promote.arn import parse_arn
from promote.cli.sandbox_world import PROMOTER, sts_endpoint_id
from promote.config import load
from promote.core.policies.documents import wanted_documents
from promote.core.result import Outcome
from promote.guardrails import Guardrails
from promote.sandbox import admin
from promote.sandbox.seed import DATA_LAKE, ENDPOINT_ID, MANAGEMENT, ML, ORGANIZATION, PROD_1, QA
from promote.sandbox.world import World
from promote.templates import render
from tests.fake_organization import QuickClock
from tests.functional.promotion_stage import CONFIG, V1, V2, Stage

ACCESS = f"arn:aws:iam::{ML}:role/tools-prod"
BOTH = 'accounts: ["444444444444", "555555555555"]\n'
LAYERED = f"""\
organization: {ORGANIZATION.id}
guardrails: {{account: "{MANAGEMENT}", targets: [{ORGANIZATION.unit_id("Workloads")}, "{ML}"]}}
data_lake: {{account: "{DATA_LAKE}", bucket: tools-images}}
"""
IMAGE = {"Bytes": b"no image"}


def bounded(stage: Stage) -> Callable[[World], World]:
    """Return a change that puts the boundaries of promote.yaml on its access roles."""

    def change(world: World) -> World:
        wanted = wanted_documents(load(stage.directory / "promote.yaml"), trusted=[PROMOTER])
        found = {
            parse_arn(each.attached_to).name: render(each.kind, each.context)
            for each in wanted
            if each.kind == "boundary"
        }
        assert set(found) == {"tools-qa", "tools-prod"}
        roles = (replace(role, boundary=found.get(role.name)) for role in world.roles)
        return replace(world, roles=tuple(roles))

    return change


@pytest.fixture(scope="module", autouse=True)
def url(stage: Stage) -> str:
    """Set the layers up, production behind a VPC endpoint, and return where that is."""
    stage.set_up()
    url = stage.sandbox.vpc_endpoints[ENDPOINT_ID]
    inside = f"    vpc_endpoints: [{ENDPOINT_ID}]\n    smoke: {{endpoint_url: '{url}'}}\n"
    behind = CONFIG.replace(BOTH, f'accounts: ["{PROD_1}"]\n{inside}')
    stage.set_up(behind + LAYERED, change=bounded(stage))
    topology = load(stage.directory / "promote.yaml")
    guardrails = Guardrails(topology, session=stage.session, clock=QuickClock())
    guardrails.apply(guardrails.plan())
    assert all(each.ok for each in guardrails.check())
    return url


def refusal(call: Callable[..., object], **arguments: Any) -> str:
    """Return how a call ended."""
    try:
        call(**arguments)
    except ClientError as error:
        return str(error)
    return "allowed"


class TestARelease:
    def test_to_each_environment_passes_and_only_the_revoked_is_denied(self, stage: Stage) -> None:
        admin.clear_calls(stage.endpoint)
        for environment in ("qa", "prod"):
            assert stage.apply(to=environment).result is Outcome.PROMOTED
        denied = [call for call in stage.calls() if call["outcome"].startswith("AccessDenied")]
        # Proving a revocation means to be denied.
        assert {(each["operation"], each["resource"]) for each in denied} == {
            ("rekognition:DetectCustomLabels", V1)
        }
        assert {each["principal"].split("/")[1] for each in denied} == {"tools-qa", "tools-prod"}
        assert stage.snapshot().running == {"v2"}


class TestWhatPassesAnEndpoint:
    def _session(self, stage: Stage, url: str | None = None) -> dict[str, Any]:
        sts = stage.client(f"consumer/{PROD_1}", "sts", url=url)
        found: dict[str, Any] = sts.assume_role(
            RoleArn=ACCESS, RoleSessionName="shop", ExternalId="tools"
        )["Credentials"]
        return found

    def test_of_rekognition_is_what_access_roles_detect(self, stage: Stage, url: str) -> None:
        inside = stage.client(self._session(stage), "rekognition", url=url)
        detect = {"ProjectVersionArn": V2, "Image": IMAGE}
        assert "InvalidImageFormat" in refusal(inside.detect_custom_labels, **detect)
        other = stage.client(f"admin/{ML}", "rekognition", url=url)
        assert "no VPC endpoint policy allows" in refusal(other.describe_projects)

    def test_of_sts_is_who_becomes_an_access_role(self, stage: Stage) -> None:
        sts = stage.sandbox.vpc_endpoints[sts_endpoint_id(PROD_1)]
        assert self._session(stage, sts)["AccessKeyId"]
        other = stage.client(f"admin/{PROD_1}", "sts", url=sts)
        own = {"RoleArn": f"arn:aws:iam::{PROD_1}:role/storefront", "RoleSessionName": "shop"}
        assert "no VPC endpoint policy allows" in refusal(other.assume_role, **own)


class TestTheDataLake:
    def test_has_its_policy(self, stage: Stage) -> None:
        s3 = stage.client(f"admin/{DATA_LAKE}", "s3")
        policy = s3.get_bucket_policy(Bucket="tools-images")["Policy"]
        assert "rekognition.amazonaws.com" in policy
        theirs = stage.client(f"admin/{QA}", "s3")
        assert "AccessDenied" in refusal(theirs.get_object, Bucket="tools-images", Key="a.png")
