from __future__ import annotations

from promote.sandbox.clock import HandClock
from promote.sandbox.propagation import REPLICAS, Part, PolicyHistory
from promote.sandbox.settings import Settings, SettingsBox

ROLE = "arn:aws:iam::222222222222:role/tools-qa"
GRANT = Part(ROLE, "inline", "grant")


class World:
    """A history of one account whose clock is moved by hand."""

    def __init__(self, propagation_seconds: float = 10.0) -> None:
        self.clock = HandClock()
        settings = SettingsBox(Settings(propagation_seconds=propagation_seconds))
        self.history = PolicyHistory(self.clock, settings)

    def write(self, value: str | None, *, at_once: bool = False) -> None:
        parts = {} if value is None else {GRANT: value}
        self.history.observe("222222222222", parts, at_once=at_once)

    def seen(self) -> list[str | None]:
        return [self.history.visible(ROLE, replica).get(GRANT) for replica in range(REPLICAS)]


class TestPolicyHistory:
    def test_what_is_seeded_is_known_everywhere_at_once(self) -> None:
        world = World()
        world.write("old", at_once=True)
        assert world.seen() == ["old"] * REPLICAS

    def test_a_change_reaches_each_replica_at_a_time_of_its_own(self) -> None:
        world = World()
        world.write("old", at_once=True)
        world.write("new")
        states = [world.seen()]
        for _ in range(160):
            world.clock.advance(0.1)
            states.append(world.seen())
        assert states[0] == ["old"] * REPLICAS
        assert states[-1] == ["new"] * REPLICAS
        assert any(len(set(state)) > 1 for state in states)

    def test_the_delay_is_about_the_one_that_is_set(self) -> None:
        world = World()
        world.write("new")
        assert 5.0 <= world.history.settled_in() <= 15.0

    def test_a_removal_spreads_as_well(self) -> None:
        world = World()
        world.write("old", at_once=True)
        world.write(None)
        assert world.seen() == ["old"] * REPLICAS
        world.clock.advance(15.0)
        assert world.seen() == [None] * REPLICAS

    def test_a_later_change_wins_even_where_it_arrives_first(self) -> None:
        world = World()
        for number in range(50):
            world.write(str(number))
            world.clock.advance(0.1)
        world.clock.advance(15.0)
        assert world.seen() == ["49"] * REPLICAS

    def test_what_one_write_changes_arrives_together(self) -> None:
        world, parts = World(), [Part(ROLE, "inline", str(number)) for number in range(20)]
        world.history.observe("222222222222", dict.fromkeys(parts, "new"))
        for _ in range(160):
            world.clock.advance(0.1)
            assert all(
                len(world.history.visible(ROLE, replica)) in {0, 20} for replica in range(REPLICAS)
            )

    def test_a_view_is_the_same_until_something_changes(self) -> None:
        world = World()
        world.write("old", at_once=True)
        before = world.history.visible(ROLE, 0)
        world.write("new")
        world.clock.advance(4.9)
        assert world.history.visible(ROLE, 0) == before
        world.clock.advance(15.0)
        after = world.history.visible(ROLE, 0)
        assert after == {GRANT: "new"}
        assert world.history.visible(ROLE, 0) is after
        assert before == {GRANT: "old"}

    def test_no_delay_means_at_once(self) -> None:
        world = World(propagation_seconds=0.0)
        world.write("new")
        assert world.seen() == ["new"] * REPLICAS

    def test_replicas_are_chosen_at_random_and_repeatably(self) -> None:
        first, second = World().history, World().history
        chosen = [first.pick_replica() for _ in range(50)]
        assert chosen == [second.pick_replica() for _ in range(50)]
        assert set(chosen) == set(range(REPLICAS))
