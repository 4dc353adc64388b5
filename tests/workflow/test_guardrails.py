"""Rolling out guardrails on an organisation in memory: killed, twice at once, interfered with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from promote.core.events import Event, GuardrailChanged, IdentityShown
from promote.core.guardrails.organization import AWS_OWN, ControlPolicy, ControlType
from promote.core.guardrails.wanted import DESCRIPTION
from promote.core.topology import Topology
from promote.errors import DeadlineError, RefusedError, StalePlanError
from promote.guardrails import Guardrails
from promote.ports import Caller
from promote.ports.organization import Oversight
from tests.builders import GUARDRAILS, MANAGEMENT, ML, a_topology
from tests.fake_organization import (
    CICD,
    ID,
    ROOT,
    WORKLOADS,
    FakeOrganization,
    KilledError,
    QuickClock,
)

SCP, RCP = (f"promote-guardrail-{each}-{ML}" for each in ("scp", "rcp"))
TOPOLOGY = a_topology(guardrails=replace(GUARDRAILS, targets=(WORKLOADS, ML)), organization=ID)
PROMOTER = Caller(arn=f"arn:aws:iam::{CICD}:user/promoter", account=CICD)


class _Identities:
    def caller(self) -> Caller:
        return PROMOTER


class Rolling(Guardrails):
    """The library of guardrails on a `FakeOrganization`; `events` keeps what it announced."""

    def __init__(self, fake: FakeOrganization, topology: Topology = TOPOLOGY) -> None:
        self.events: list[Event] = []
        super().__init__(topology, on_event=self.events.append)
        self.oversight = Oversight(
            clock=QuickClock(),
            identities=_Identities(),  # type: ignore[arg-type]  # guardrails ask nothing else
            organization=fake,
        )

    def roll(self, *, target: str | None = None, untried: bool = False) -> None:
        """Plan and apply, as `promote guardrail apply` does."""
        self.apply(self.plan(target=target, untried=untried))

    def remove(self) -> None:
        """Plan and apply, as `promote guardrail detach --delete` does."""
        self.apply(self.plan_removal(delete=True))


@pytest.fixture
def fake() -> FakeOrganization:
    return FakeOrganization()


def holders(fake: FakeOrganization, name: str = SCP) -> set[str]:
    policy = next(each.id for each in fake.policies.values() if each.name == name)
    return set(fake.holders(policy, role=None))


def kill_before(number: int) -> Callable[[int], None]:
    def kill(done: int) -> None:
        if done == number:
            raise KilledError

    return kill


def with_leftovers() -> FakeOrganization:
    """Return an organisation without RCPs whose SCP is of before, and on another account too."""
    fake = FakeOrganization(enabled={ControlType.SCP})
    before = replace(TOPOLOGY.guardrails or GUARDRAILS, targets=(WORKLOADS, CICD), exempt=())
    rolling = Rolling(fake, replace(TOPOLOGY, organization=None, guardrails=before))
    rolling.roll()
    fake.writes.clear()
    return fake


class TestARollout:
    def test_goes_to_one_target_first_and_then_to_the_rest(self, fake: FakeOrganization) -> None:
        Rolling(fake).roll(target=WORKLOADS)
        assert fake.writes == [
            f"create {SCP}",
            f"attach {SCP} to {WORKLOADS}",
            f"create {RCP}",
            f"attach {RCP} to {WORKLOADS}",
        ]
        Rolling(fake).roll()
        assert fake.writes[4:] == [f"attach {SCP} to {ML}", f"attach {RCP} to {ML}"]

    def test_does_nothing_the_second_time(self, fake: FakeOrganization) -> None:
        Rolling(fake).roll()
        fake.writes.clear()
        again = Rolling(fake)
        again.roll()
        assert (fake.writes, again.events) == ([], [])

    def test_tells_who_acts_before_it_tells_each_step(self, fake: FakeOrganization) -> None:
        rolling = Rolling(fake)
        rolling.roll(target=ML)
        first, *steps = rolling.events
        assert isinstance(first, IdentityShown)
        assert (first.caller, first.account) == (GUARDRAILS.role, MANAGEMENT)
        assert [
            (each.number, each.steps, each.step.step)
            for each in steps
            if isinstance(each, GuardrailChanged)
        ] == [(1, 4, "create"), (2, 4, "attach"), (3, 4, "create"), (4, 4, "attach")]

    def test_waits_until_a_type_is_enabled(self) -> None:
        fake = FakeOrganization(enabled={ControlType.SCP})
        Rolling(fake).roll(target=ML)
        assert f"enable RCP in {ROOT}" in fake.writes
        assert AWS_OWN[ControlType.RCP].id in fake.attachments[ML]

    def test_of_a_type_that_is_never_enabled_ends_at_a_deadline(self) -> None:
        class Slow(FakeOrganization):
            def enable(self, kind: ControlType, root: str, *, role: str | None) -> None:
                del kind, root, role

        with pytest.raises(DeadlineError, match="RCPs to be enabled"):
            Rolling(Slow(enabled={ControlType.SCP})).roll(target=ML)

    def test_that_would_stop_promotions_is_refused_before_any_write(
        self, fake: FakeOrganization
    ) -> None:
        environments = tuple(replace(each, operator_role=None) for each in TOPOLOGY.environments)
        topology = replace(TOPOLOGY, environments=environments)
        build = Caller(arn=f"arn:aws:sts::{ML}:assumed-role/build/1", account=ML)

        class Builds(_Identities):
            def caller(self) -> Caller:
                return build

        rolling = Rolling(fake, topology)
        rolling.oversight = replace(rolling.oversight, identities=Builds())  # type: ignore[arg-type]
        with pytest.raises(RefusedError) as raised:
            rolling.plan()
        assert raised.value.summary == "The guardrails would stop promotions"
        assert "rekognition:StartProjectVersion by build (operator)" in raised.value.detail
        assert fake.writes == []

    def test_is_not_refused_for_what_somebody_else_stops_already(
        self, fake: FakeOrganization
    ) -> None:
        content = (
            '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":'
            '"rekognition:StopProjectVersion","Resource":"*"}]}'
        )
        theirs = ControlPolicy(
            id="p-foreign0", name="theirs", type=ControlType.SCP, content=content
        )
        fake.add(theirs, ROOT)
        Rolling(fake).roll()
        assert holders(fake) == {WORKLOADS, ML}


class TestKilled:
    @pytest.mark.parametrize("number", range(7))
    def test_anywhere_and_run_again_ends_the_same(self, number: int) -> None:
        whole, fake = FakeOrganization(), FakeOrganization(before_write=kill_before(number))
        Rolling(whole).roll()
        try:
            Rolling(fake).roll()
        except KilledError:
            fake.before_write = lambda _done: None
            Rolling(fake).roll()
        assert (fake.policies, fake.attachments) == (whole.policies, whole.attachments)
        assert len(fake.writes) == len(set(fake.writes)) == 6

    @pytest.mark.parametrize("number", range(1, 7))
    def test_in_a_rollout_that_enables_and_updates_too(self, number: int) -> None:
        whole, fake = with_leftovers(), with_leftovers()
        Rolling(whole).roll()
        assert [each.split()[0] for each in whole.writes] == [
            "update", "attach", "enable", "create", "attach", "attach", "detach",
        ]  # fmt: skip
        fake.before_write = kill_before(number)
        with pytest.raises(KilledError):
            Rolling(fake).roll()
        fake.before_write = lambda _done: None
        Rolling(fake).roll()
        assert (fake.policies, fake.attachments) == (whole.policies, whole.attachments)
        assert sorted(fake.writes) == sorted(whole.writes)

    @pytest.mark.parametrize("number", range(1, 6))
    def test_in_a_removal_ends_the_same(self, number: int) -> None:
        untouched, fake = FakeOrganization(), FakeOrganization()
        Rolling(fake).roll()
        fake.writes.clear()
        fake.before_write = kill_before(number)
        with pytest.raises(KilledError):
            Rolling(fake).remove()
        fake.before_write = lambda _done: None
        Rolling(fake).remove()
        assert (fake.policies, fake.attachments) == (untouched.policies, untouched.attachments)
        assert len(fake.writes) == len(set(fake.writes)) == 6

    def test_after_a_create_whose_answer_was_lost(self, fake: FakeOrganization) -> None:
        fake.loses_answers = True
        Rolling(fake).roll(target=ML)
        assert holders(fake) == {ML}


class TestTwoAtOnce:
    def test_make_each_policy_once(self, fake: FakeOrganization) -> None:
        mine, yours = Rolling(fake), Rolling(fake)
        plans = mine.plan(), yours.plan()
        mine.apply(plans[0])
        yours.apply(plans[1])
        assert [each for each in fake.writes if each.startswith("create")] == [
            f"create {SCP}",
            f"create {RCP}",
        ]
        assert holders(fake) == {WORKLOADS, ML}

    @pytest.mark.parametrize("number", range(7))
    def test_of_which_one_overtakes_the_other_at_any_write_end_as_one_does(
        self, number: int
    ) -> None:
        whole, fake = with_leftovers(), with_leftovers()
        Rolling(whole).roll()
        yours = Rolling(fake)
        plan = yours.plan()

        def overtake(done: int) -> None:
            if done == number:
                fake.before_write = lambda _done: None
                yours.apply(plan)

        fake.before_write = overtake
        Rolling(fake).roll()
        assert (fake.policies, fake.attachments) == (whole.policies, whole.attachments)

    def test_that_create_in_the_same_instant_go_on_with_the_one_there(
        self, fake: FakeOrganization
    ) -> None:
        rolling = Rolling(fake)
        plan = rolling.plan(target=ML)
        content = plan.steps[0].content  # type: ignore[union-attr]
        made = ControlPolicy(
            id="p-elsewhere",
            name=SCP,
            type=ControlType.SCP,
            description=DESCRIPTION,
            content=content,
        )
        fake.before_write = lambda done: fake.add(made) if done == 0 else None
        rolling.apply(plan)
        assert holders(fake) == {ML}
        assert fake.attachments[ML] >= {"p-elsewhere"}


class TestSomebodyElse:
    def _changed(self, fake: FakeOrganization) -> ControlPolicy:
        policy = next(each for each in fake.policies.values() if each.name == SCP)
        other = policy.content.replace("rekognition:StopProjectVersion", "rekognition:Stop*")
        changed = replace(policy, content=other)
        fake.policies[policy.id] = changed
        return changed

    def test_who_changed_a_policy_is_overruled_by_a_new_plan(self, fake: FakeOrganization) -> None:
        Rolling(fake).roll()
        before = dict(fake.policies)
        self._changed(fake)
        fake.writes.clear()
        Rolling(fake).roll()
        assert fake.writes == [f"update {SCP}"]
        assert fake.policies == before

    def test_who_changes_it_after_the_plan_is_left_alone(self, fake: FakeOrganization) -> None:
        Rolling(fake).roll()
        self._changed(fake)
        rolling = Rolling(fake)
        plan = rolling.plan()
        changed = self._changed(fake)
        changed = replace(changed, content=changed.content.replace("Stop*", "S*"))
        fake.policies[changed.id] = changed
        fake.writes.clear()
        with pytest.raises(StalePlanError, match="was changed meanwhile"):
            rolling.apply(plan)
        assert fake.writes == []
        assert fake.policies[changed.id] is changed

    def test_who_has_put_it_right_meanwhile_leaves_nothing_to_do(
        self, fake: FakeOrganization
    ) -> None:
        Rolling(fake).roll()
        right = dict(fake.policies)
        self._changed(fake)
        rolling = Rolling(fake)
        plan = rolling.plan()
        fake.policies = right
        fake.writes.clear()
        rolling.apply(plan)
        assert fake.writes == []

    def test_who_takes_a_policy_for_their_own_keeps_it(self, fake: FakeOrganization) -> None:
        Rolling(fake).roll(target=ML)
        rolling = Rolling(fake)
        plan = rolling.plan()
        policy = next(each for each in fake.policies.values() if each.name == SCP)
        fake.policies[policy.id] = replace(policy, description="Mine now")
        with pytest.raises(StalePlanError, match="is not ours any more"):
            rolling.apply(plan)

    def test_who_deletes_a_policy_is_told_of(self, fake: FakeOrganization) -> None:
        Rolling(fake).roll(target=ML)
        rolling = Rolling(fake)
        plan = rolling.plan()
        policy = next(each for each in fake.policies.values() if each.name == SCP)
        del fake.policies[policy.id]
        with pytest.raises(StalePlanError, match="There is no policy"):
            rolling.apply(plan)


class TestRemoval:
    def test_takes_off_and_deletes(self, fake: FakeOrganization) -> None:
        untouched = FakeOrganization()
        rolling = Rolling(fake)
        rolling.roll()
        rolling.apply(rolling.plan_removal(target=ML))
        assert holders(fake) == {WORKLOADS}
        rolling.apply(rolling.plan_removal(delete=True))
        assert (fake.policies, fake.attachments) == (untouched.policies, untouched.attachments)

    def test_of_what_is_gone_meanwhile_is_done(self, fake: FakeOrganization) -> None:
        rolling = Rolling(fake)
        rolling.roll()
        plan = rolling.plan_removal(delete=True)
        Rolling(fake).apply(plan)
        fake.writes.clear()
        rolling.apply(plan)
        assert fake.writes == []


class TestACheck:
    def test_is_well_after_a_rollout(self, fake: FakeOrganization) -> None:
        rolling = Rolling(fake)
        assert not all(each.ok for each in rolling.check())
        rolling.roll()
        assert all(each.ok for each in rolling.check())

    def test_says_what_the_consumers_unit_alone_does_not_protect(
        self, fake: FakeOrganization
    ) -> None:
        rolling = Rolling(fake)
        rolling.roll(target=WORKLOADS)
        found = [each for each in rolling.check() if each.check == "protection"]
        assert [each.ok for each in found] == [False, False]
        assert "an SCP governs the principal's account" in found[0].detail
