"""The sandbox's world holds the documents that a configuration wants, where they are attached."""

from __future__ import annotations

from typing import Any

from promote.cli.sandbox_world import documents_only, sts_endpoint_id, world_of
from promote.sandbox.seed import ENDPOINT_ID, LEDGER_BUCKET, PROD_1
from promote.sandbox.world import EndpointSeed, World
from tests.builders import DATA_LAKE, LAKE, PROD, QA, a_topology, prod, qa

OTHER = "vpce-0f9e8d7c6b5a49382"


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
