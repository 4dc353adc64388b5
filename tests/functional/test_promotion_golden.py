"""The gate `golden` on images that the sandbox's versions really tell apart, better or worse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promote import Promoter, RefusedError, load
from promote.core.gates.golden import GoldenRule
from promote.core.gates.requirements import Requirements
from promote.core.gates.result import Verdict
from promote.core.judged import GateJudged
from promote.core.record import PromotionEnded
from promote.core.result import Outcome
from promote.sandbox.images import write_golden
from promote.sandbox.seed import QA
from tests.functional.promotion_stage import V1, V2, V3, Stage


@pytest.fixture
def promoter(stage: Stage) -> Promoter:
    """Give a promoter to a qa with the gate, whose smoke test asks only for an answer."""
    stage.set_up()
    write_golden(stage.directory / "labelled", per_label=12)
    topology = load(stage.directory / "promote.yaml")
    qa, prod = topology.environments
    gated = replace(
        qa,
        smoke=replace(qa.smoke, images=None),
        gates=Requirements(golden=GoldenRule(images="labelled/")),
    )
    return Promoter(replace(topology, environments=(gated, prod)), session=stage.session)


def test_stops_the_worse_version_with_its_numbers_and_lets_the_better_one_pass(
    stage: Stage, promoter: Promoter
) -> None:
    before = stage.snapshot()
    with pytest.raises(RefusedError) as caught:
        promoter.apply(promoter.plan("tools", V3, to="qa"))
    assert "golden fail  36 images: accuracy 0.639" in caught.value.detail
    assert "v1 has accuracy 1.000 on the same images: 13 lost" in caught.value.detail
    assert "Everything is as before" in caught.value.detail
    assert stage.snapshot() == before
    assert stage.pointer(QA) == V1

    assert promoter.apply(promoter.plan("tools", V2, to="qa")).result is Outcome.PROMOTED
    records = promoter.history("tools")
    judged = [each for each in records if isinstance(each, GateJudged)]
    assert [each.gate.verdict for each in judged] == [Verdict.FAIL, Verdict.PASS]
    assert {each.against for each in judged} == {V1}
    ends = [each.result.result for each in records if isinstance(each, PromotionEnded)]
    assert ends == [Outcome.FAILED, Outcome.PROMOTED]
    assert stage.pointer(QA) == V2
