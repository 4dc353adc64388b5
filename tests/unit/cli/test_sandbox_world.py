"""The sandbox's world holds the documents that a configuration wants, where they are attached."""

from __future__ import annotations

import base64
import json
from typing import Any

from promote.cli.sandbox_example import EXAMPLE
from promote.cli.sandbox_world import documents_only, sts_endpoint_id, world_of
from promote.core.evaluation import Evaluation, parse_evaluation
from promote.core.parts import MlAccount, PointerAddress
from promote.sandbox.images import LABELS, NEW_LABEL
from promote.sandbox.seed import ENDPOINT_ID, EVALUATIONS, LEDGER_BUCKET, PROD_1, PROJECT
from promote.sandbox.world import EndpointSeed, World
from tests.builders import DATA_LAKE, LAKE, ML, PROD, QA, a_model, a_topology, prod, qa

OTHER = "vpce-0f9e8d7c6b5a49382"
OWNERS = {
    f"custom-labels-console-us-east-1-{ML}": ML,
    "tools-evaluations": ML,
    DATA_LAKE.bucket: LAKE,
}


def endpoints(world: World) -> dict[str, EndpointSeed]:
    return {endpoint.id: endpoint for endpoint in world.endpoints}


def roles(policy: Any) -> set[str]:
    """Return the names of the roles that an endpoint policy lets pass."""
    conditions = [one["Condition"]["ArnEquals"] for one in policy["Statement"]]
    texts = (one["aws:PrincipalArn"] for one in conditions)
    arns = (arn for text in texts for arn in ([text] if isinstance(text, str) else text))
    return {arn.rpartition("/")[2] for arn in arns}


class TestEndpoints:
    def test_without_any_in_the_configuration_are_the_demos_own_and_let_all_pass(self) -> None:
        found = endpoints(world_of(a_topology(), None))
        assert found == {ENDPOINT_ID: EndpointSeed(id=ENDPOINT_ID, account=PROD_1)}

    def test_that_are_named_have_their_policies(self) -> None:
        environments = (qa(vpc_endpoints=(ENDPOINT_ID,)), prod(vpc_endpoints=(OTHER,)))
        found = endpoints(world_of(a_topology(*environments), None))
        sts = {sts_endpoint_id(account): account for account in (QA, *PROD)}
        assert {each.id: each.account for each in found.values()} == {
            ENDPOINT_ID: QA,
            OTHER: PROD[0],
            **sts,
        }
        assert roles(found[ENDPOINT_ID].policy) == {"tools-qa"}
        assert roles(found[OTHER].policy) == {"tools-prod"}
        for name in sts:
            assert found[name].services == ("sts",)
            assert "storefront" in roles(found[name].policy)


class TestTheDataLake:
    TOPOLOGY = a_topology(data_lake=DATA_LAKE)

    def test_has_its_bucket_with_its_policy_in_its_account(self) -> None:
        world = world_of(self.TOPOLOGY, None)
        (bucket,) = [each for each in world.buckets if each.policy]
        assert (bucket.account, bucket.name) == (LAKE, DATA_LAKE.bucket)
        assert LAKE in {account.id for account in world.organization.accounts}

    def test_is_seeded_anew_with_the_other_documents_and_the_ledger_is_not(self) -> None:
        world = world_of(self.TOPOLOGY, None)
        assert LEDGER_BUCKET in {each.name for each in world.buckets}
        assert [each.name for each in documents_only(world).buckets] == [DATA_LAKE.bucket]


def summaries(world: World) -> dict[str, Evaluation]:
    """Read the evaluation of every version of the model's project where the world says it lies."""
    buckets = {bucket.name: bucket for bucket in world.buckets}
    (project,) = [each for each in world.projects if each.name == PROJECT.name]
    found = {}
    for version in project.versions:
        bucket, _, key = str(version.summary).removeprefix("s3://").partition("/")
        assert buckets[bucket].account == OWNERS[bucket]
        (content,) = [each.base64 for each in buckets[bucket].objects if each.key == key]
        found[version.name] = parse_evaluation(base64.b64decode(content))
        assert found[version.name].f1 == version.f1
        assert found[version.name].version == project.version_arn(version.name)
    return found


class TestEvaluations:
    def test_of_every_version_are_where_its_summary_says(self) -> None:
        found = summaries(world_of(a_topology(), None))
        assert list(found) == ["v1", "v2", "v3", "v4", "v5"]
        assert {name: tuple(each.labels) for name, each in found.items()} == {
            **dict.fromkeys(("v1", "v2", "v3", "v4"), LABELS),
            "v5": (*LABELS, NEW_LABEL),
        }

    def test_lie_where_the_configuration_expects_them(self) -> None:
        ml = MlAccount(account=ML, evaluations="s3://tools-evaluations/a/b")
        world = world_of(a_topology(ml=ml), None)
        assert summaries(world)["v2"].f1 == 1.0
        (bucket,) = [each for each in world.buckets if each.name == "tools-evaluations"]
        assert {each.key.rpartition("/")[0] for each in bucket.objects} == {"a/b"}

    def test_lie_where_the_example_looks_for_them(self) -> None:
        assert f"  evaluations: {EVALUATIONS}\n" in EXAMPLE

    def test_may_share_the_bucket_of_the_data_lake(self) -> None:
        ml = MlAccount(account=ML, evaluations=f"s3://{DATA_LAKE.bucket}/evaluation/")
        world = world_of(a_topology(ml=ml, data_lake=DATA_LAKE), None)
        assert summaries(world)["v2"].f1 == 1.0
        (bucket,) = [each for each in world.buckets if each.name == DATA_LAKE.bucket]
        assert "ReadersReadEvaluations" in json.dumps(bucket.policy)


class TestLabels:
    def test_are_published_in_every_target_where_the_configuration_looks(self) -> None:
        model = a_model(labels_in=PointerAddress(name="/{environment}/{model}/labels"))
        world = world_of(a_topology(models=(model,)), None)
        found = {(p.account, p.name): p.values for p in world.parameters if "labels" in p.name}
        assert found == {
            (account, f"/{'qa' if account == QA else 'prod'}/tools/labels"): (json.dumps(LABELS),)
            for account in (QA, *PROD)
        }
