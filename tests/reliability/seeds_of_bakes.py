"""The table of mutants of the bake: the looks at alarms, and what comes of them."""

from __future__ import annotations

from tests.reliability.mutants import Mutant

WATCH = "promote.workflow.baking:Watch"
BAKING = "tests.workflow.test_baking"
RINGS = f"{BAKING}::TestAnAlarmThatRings"

OF_THE_BAKE = (
    Mutant(
        name="look at alarms only when the bake is over",
        function=f"{WATCH}._quiet_so_far",
        before="if ringing:",
        after='if ringing and when.startswith("After"):',
        killer=f"{RINGS}::test_puts_every_pointer_back_and_keeps_the_old_version_granted",
    ),
    Mutant(
        name="come back after the bake and look at nothing",
        function=f"{WATCH}.bake",
        before='self.settle(f"After the bake of {where}")',
        after='""',
        killer=f"{BAKING}::TestARunThatWasKilledInTheBake"
        "::test_and_comes_back_after_its_end_looks_before_the_next_wave",
    ),
    Mutant(
        name="record a pass without a last look at alarms",
        function="promote.workflow.waves:_Waves.conclude",
        before="if any(isinstance(step, Bake) for step in self.run.plan.steps):",
        after="if False:",
        killer=f"{RINGS}::test_after_the_last_wave_is_in_time",
    ),
    Mutant(
        name="take a verification for itself for the end of a promotion",
        function="promote.core.fold:_concluded",
        before="state.opened(record.promotion) if record.promotion and record.passed else None",
        after="state.open_in(record.environment) if record.passed else None",
        killer=f"{BAKING}::TestAnAlarmThatCannotTell"
        "::test_is_looked_at_again_although_somebody_verified_the_version_meanwhile",
    ),
    Mutant(
        name="keep what was judged on other images",
        function="promote.core.judged:_asked",
        before="return (*gates, *settings)",
        after="return tuple(gates)",
        killer="tests.workflow.test_golden::TestARunThatGoesOn"
        "::test_asks_again_when_the_images_are_others_by_now",
    ),
    Mutant(
        name="take no data for a quiet alarm",
        function=f"{WATCH}.settle",
        before="if unclear:",
        after="if False:",
        killer=f"{BAKING}::TestAnAlarmThatCannotTell::test_then_leaves_everything_where_it_is",
    ),
)
