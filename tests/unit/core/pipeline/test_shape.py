"""The stages of a pipeline follow from environments, waves and approvals, and from nothing else."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from promote.core.gates.requirements import Requirements
from promote.core.pipeline.shape import Stage, StageKind, stages, waves
from promote.core.topology import Environment
from promote.core.waves import WaveSize
from tests.builders import a_topology, an_environment, prod, qa

ALL = WaveSize(100, is_percentage=True)
WAVES = {
    0: (),
    1: (ALL,),
    2: (WaveSize(1), ALL),
    3: (WaveSize(1), WaveSize(25, is_percentage=True), ALL),
}


def names(*environments: Environment) -> list[str]:
    """Return the names of the stages of a pipeline for some environments."""
    return [each.name for each in stages(a_topology(*environments), "tools")]


class TestStages:
    def test_of_an_environment_without_waves_and_approval(self) -> None:
        assert names(qa()) == [
            "Source", "Validate", "Plan-qa", "Promote-qa-1", "Verify-qa-1", "Retire-qa",
        ]  # fmt: skip

    def test_repeat_for_each_wave_and_ask_where_an_approval_is_asked_for(self) -> None:
        asked = prod(gates=Requirements(approval=1), waves=WAVES[2])
        assert names(qa(), asked)[6:] == [
            "Plan-prod", "Approve-prod", "Promote-prod-1", "Verify-prod-1",
            "Promote-prod-2", "Verify-prod-2", "Retire-prod",
        ]  # fmt: skip

    def test_of_an_approval_have_an_action_for_each_person(self) -> None:
        topology = a_topology(prod(gates=Requirements(approval=2)))
        (asking,) = [e for e in stages(topology, "tools") if e.kind is StageKind.APPROVE]
        assert asking.actions == ("Approve-prod", "Approve-prod-2")

    def test_of_every_other_kind_have_one_action_called_as_the_stage(self) -> None:
        for stage in stages(a_topology(), "tools"):
            assert stage.actions == (stage.name,)


@st.composite
def environments(draw: st.DrawFn) -> tuple[Environment, ...]:
    """Draw environments with any number of accounts, waves and approvals."""
    found = []
    for number in range(draw(st.integers(1, 4))):
        people = draw(st.one_of(st.none(), st.integers(1, 3)))
        accounts = draw(st.integers(1, 300))
        found.append(
            an_environment(
                f"e{number}",
                accounts=tuple(f"{n:012d}" for n in range(accounts)),
                waves=WAVES[draw(st.integers(0, 3))],
                gates=Requirements(approval=people),
            )
        )
    return tuple(found)


class TestWhatTheyDependOn:
    @given(environments(), st.integers(1, 300))
    @settings(max_examples=40)
    def test_is_not_the_number_of_accounts(
        self, drawn: tuple[Environment, ...], other: int
    ) -> None:
        accounts = tuple(f"{n:012d}" for n in range(other))
        others = [replace(each, accounts=accounts) for each in drawn]
        assert stages(a_topology(*drawn), "tools") == stages(a_topology(*others), "tools")

    @given(environments())
    @settings(max_examples=40)
    def test_is_every_environment_with_its_waves_in_order(
        self, drawn: tuple[Environment, ...]
    ) -> None:
        found = stages(a_topology(*drawn), "tools")
        assert [each.kind for each in found[:2]] == [StageKind.SOURCE, StageKind.VALIDATE]
        rest = list(found[2:])
        for environment in drawn:
            mine = [each for each in rest if each.environment == environment.name]
            assert rest[: len(mine)] == mine, "environments are not interleaved"
            del rest[: len(mine)]
            assert _kinds(mine) == _expected(environment)
            assert [e.wave for e in mine if e.kind is StageKind.PROMOTE] == [
                *range(1, waves(environment) + 1)
            ]
        assert not rest
        assert len({each.name for each in found}) == len(found)


def _kinds(found: list[Stage]) -> list[StageKind]:
    return [each.kind for each in found]


def _expected(environment: Environment) -> list[StageKind]:
    asked = [StageKind.APPROVE] if environment.gates.approval is not None else []
    each = [StageKind.PROMOTE, StageKind.VERIFY] * max(1, len(environment.waves))
    return [StageKind.PLAN, *asked, *each, StageKind.RETIRE]
