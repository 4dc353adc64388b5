"""Everything that an auditor asks of one promotion is on record, whichever way it went."""

from __future__ import annotations

import pytest

from promote.core.dossier import promotions_in
from promote.core.gates.result import Verdict
from promote.core.result import Outcome
from promote.core.trace import document_digest
from promote.errors import NotFoundError, PromoteError
from promote.report import json, text
from promote.workflow.chains import whole_chain
from tests.builders import PROMOTER, version_arn
from tests.fake_world import FakeWorld
from tests.workflow.promoting import Promoting


def last(promoter: Promoting) -> str:
    return promotions_in(whole_chain(promoter.world.store, "tools").links)[-1]


class TestTheDocumentOfAPromotion:
    def test_says_who_what_why_and_on_what_evidence(self, in_qa: FakeWorld) -> None:
        promoter = Promoting(in_qa)
        promoter.execution = "4f6e0a"
        plan = promoter.plan("tools", "v2", to="prod", reason="PROJ-7")
        promoter.apply(plan)
        found = promoter.promotion("tools", last(promoter))
        assert (found.who.caller, found.who.person) == (PROMOTER, None)
        assert found.who.execution == "4f6e0a"
        assert (found.version, found.environment) == (version_arn("v2"), "prod")
        assert (found.reason, found.result) == ("PROJ-7", Outcome.PROMOTED)
        assert {each.before for each in found.targets} == {version_arn("v1")}
        assert [(each.gate, each.verdict) for each in found.gates] == [("verified", Verdict.PASS)]
        assert found.verifications[0].passed

    def test_times_every_step_and_counts_the_cost(self, fake: FakeWorld) -> None:
        promoter = Promoting(fake)
        promoter.release()
        found = promoter.promotion("tools", last(promoter))
        steps = [each.step for each in found.steps]
        assert steps == ["start", "grant", "prove", "switch", "drain", "revoke"]
        assert all(each.seconds is not None for each in found.steps)
        assert found.cost.hours is not None
        assert found.cost.overlap == pytest.approx(4.0 * found.cost.hours, abs=1e-3)

    def test_has_the_digests_of_the_policies_before_and_after(self, fake: FakeWorld) -> None:
        (role,) = {each.access_role for each in fake.targets if each.environment == "qa"}
        before = document_digest(fake.document(role))
        promoter = Promoting(fake)
        promoter.release()
        (change,) = promoter.promotion("tools", last(promoter)).policies
        after = document_digest(fake.document(role))
        assert (change.role, change.before, change.after) == (role, before, after)
        assert before != after

    def test_of_one_that_was_put_back_says_why_and_that_the_policy_is_as_before(
        self, fake: FakeWorld
    ) -> None:
        fake.poor.add(version_arn("v2"))
        promoter = Promoting(fake)
        with pytest.raises(PromoteError):
            promoter.release()
        found = promoter.promotion("tools", last(promoter))
        assert found.turned is not None
        assert found.result in {Outcome.FAILED, Outcome.ROLLED_BACK}
        assert [each.before == each.after for each in found.policies] == [True]

    def test_is_found_by_the_end_of_its_id_and_nothing_else(self, fake: FakeWorld) -> None:
        promoter = Promoting(fake)
        promoter.release()
        found = promoter.promotion("tools", last(promoter)[-6:])
        assert found.promotion == last(promoter)
        with pytest.raises(NotFoundError, match="nowhere"):
            promoter.promotion("tools", "nowhere")

    def test_reads_well_and_is_json(self, fake: FakeWorld) -> None:
        promoter = Promoting(fake)
        promoter.release()
        found = promoter.promotion("tools", last(promoter))
        told = text.dossier(found)
        assert f"{found.promotion}: promoted" in told
        assert f"digest {found.plan}" in told
        assert f'"plan": "{found.plan}"' in json.dossier(found)
        assert found.promotion in text.history(promoter.history("tools"))
