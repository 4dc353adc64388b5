"""The table of mutants: what is broken, and the test that notices it."""

from __future__ import annotations

from tests.reliability.mutants import (
    KILLERS,
    LOCK,
    PROMOTION,
    PROVE,
    RETIRE,
    SINGLE,
    START,
    SWITCH,
    Mutant,
)

PLANNER = "promote.core.planner"
STRAIGHT = f"{PROMOTION}::TestAStraightPromotion"
FAILING = f"{SWITCH}::TestAVerificationThatFails"
ORDER = "*start, *grant, *prove, *switch, *wait, *revoke, *stop"

OF_THE_ORDER = (
    Mutant(
        name="switch before the proof",
        function=f"{PLANNER}:make_plan",
        before=ORDER,
        after="*start, *grant, *switch, *prove, *wait, *revoke, *stop",
        killer=f"{STRAIGHT}::test_proves_before_it_switches_and_verifies_after",
    ),
    Mutant(
        name="switch first of all",
        function=f"{PLANNER}:make_plan",
        before=ORDER,
        after="*switch, *start, *grant, *prove, *wait, *revoke, *stop",
        killer=f"{STRAIGHT}::test_writes_in_the_forced_order",
    ),
    Mutant(
        name="grant before the start",
        function=f"{PLANNER}:make_plan",
        before=ORDER,
        after="*grant, *start, *prove, *switch, *wait, *revoke, *stop",
        killer=f"{STRAIGHT}::test_writes_in_the_forced_order",
    ),
    Mutant(
        name="revoke before the drain",
        function=f"{PLANNER}:make_plan",
        before=ORDER,
        after="*start, *grant, *prove, *switch, *revoke, *wait, *stop",
        killer=f"{STRAIGHT}::test_reads_the_drain_by_the_pointers_own_time",
    ),
    Mutant(
        name="stop before the revocation",
        function=f"{PLANNER}:make_plan",
        before=ORDER,
        after="*start, *grant, *prove, *switch, *wait, *stop, *revoke",
        killer=f"{STRAIGHT}::test_ends_with_the_new_version_alone",
    ),
    Mutant(
        name="prove nothing",
        function=f"{PLANNER}:make_plan",
        before=ORDER,
        after="*start, *grant, *switch, *wait, *revoke, *stop",
        killer=f"{STRAIGHT}::test_creates_a_pointer_that_does_not_exist",
    ),
    Mutant(
        name="no drain at all",
        function=f"{PLANNER}:make_plan",
        before="drain(wish) if revoke or stop else ()",
        after="()",
        killer=f"{STRAIGHT}::test_ends_with_the_new_version_alone",
    ),
    Mutant(
        name="grant the new version alone",
        function=f"{PLANNER}:_grant",
        before="wish.document(named | {new})",
        after="wish.document(frozenset({new}))",
        killer=f"{STRAIGHT}::test_ends_with_the_new_version_alone",
    ),
    Mutant(
        name="drain from now instead of the pointer's own time",
        function="promote.workflow.retire:_drained_at",
        before="max(known, default=run.world.clock.now())",
        after="run.world.clock.now()",
        killer=f"{KILLERS}::TestADrainThatBeganBefore::"
        "test_is_waited_for_no_longer_than_what_is_left_of_it",
    ),
    Mutant(
        name="wait for the drain however long it is",
        function="promote.workflow.retire:retire",
        before="if end - run.world.clock.now() > run.wait_at_most:",
        after="if False:",
        killer=f"{RETIRE}::TestADrainLongerThanTheWait::test_is_left_and_said",
    ),
    Mutant(
        name="revoke although a pointer went back",
        function="promote.workflow.retire:_check_pointers",
        before="if now is None or now.value != step.version:",
        after="if False:",
        killer=f"{RETIRE}::TestSomebodyElseDuringTheDrain::"
        "test_moves_a_pointer_and_nothing_is_revoked",
    ),
)

OF_THE_PROOF = (
    Mutant(
        name="trust one success",
        function="promote.workflow.probe:prove_allowed",
        before="consecutive=consecutive",
        after="consecutive=1",
        killer=f"{PROVE}::TestProvingThatANewVersionIsAllowed::"
        "test_takes_a_fresh_session_for_every_try",
    ),
    Mutant(
        name="count successes that a denial interrupts",
        function="promote.workflow.probe:_round",
        before="streak.length + 1 if fine else 0",
        after="streak.length + (1 if fine else 0)",
        killer=f"{KILLERS}::TestAStreak::"
        "test_begins_again_although_the_smoke_test_would_meet_a_replica_that_knows",
    ),
    Mutant(
        name="take a broken path for a revoked grant",
        function="promote.workflow.probe:prove_denied",
        before="if closed is not None:",
        after="if False:",
        killer=f"{PROVE}::TestProvingThatAnOldVersionIsDenied::"
        "test_counts_only_rounds_in_which_the_new_one_is_allowed",
    ),
    Mutant(
        name="revoke without proving the denial",
        function="promote.workflow.retire:_revoke",
        before="if not step.revoked:",
        after="if True:",
        killer=f"{PROVE}::TestProvingThatAnOldVersionIsDenied::"
        "test_waits_until_no_replica_allows_it",
    ),
    Mutant(
        name="wait for an explicit denial to pass",
        function="promote.workflow.probe:_denial",
        before="except ExplicitDenyError:\n        raise",
        after="except ExplicitDenyError as error:\n        return error.detail",
        killer=f"{PROVE}::TestProvingThatANewVersionIsAllowed::"
        "test_gives_up_at_once_when_a_policy_forbids_it",
    ),
    Mutant(
        name="switch although the smoke test failed",
        function="promote.workflow.forward:_smoke",
        before="if not all(result.passed for result in results):",
        after="if False:",
        killer=f"{PROVE}::TestASmokeTestBelowTheThreshold::test_leaves_everything_as_before",
    ),
    Mutant(
        name="stay although the verification failed",
        function="promote.workflow.forward:_verify",
        before="if not verification.passed:",
        after="if False:",
        killer=f"{FAILING}::test_puts_every_pointer_back",
    ),
)

OF_THE_COUNT = (
    Mutant(
        name="stop without counting",
        function="promote.core.coverage:holders",
        before="return tuple(found)",
        after="return ()",
        killer=f"{STRAIGHT}::test_leaves_a_version_running_that_another_environment_names",
    ),
    Mutant(
        name="count no drain of another environment",
        function="promote.core.coverage:covered_versions",
        before="environment.drain",
        after="environment.drain * 0",
        killer=f"{RETIRE}::TestAVersionThatAnotherEnvironmentStillDrains::"
        "test_is_left_to_be_stopped_and_a_later_release_stops_it",
    ),
    Mutant(
        name="stop what is not ours",
        function="promote.core.coverage:is_ours",
        before="return named or",
        after="return True or",
        killer=f"{RETIRE}::TestACountedStop::test_never_stops_what_nobody_of_ours_ever_named",
    ),
    Mutant(
        name="forget the claim",
        function="promote.workflow.lifecycle:_ask_to_start",
        before="site.record(ClaimOpened",
        after="(ClaimOpened",
        killer=f"{START}::TestStarting::test_opens_the_claim_before_it_asks",
    ),
    Mutant(
        name="never close a claim",
        function="promote.workflow.lifecycle:close_claim",
        before="if version_arn in site.journal.state().claims:",
        after="if False:",
        killer=f"{FAILING}::test_stops_what_it_started",
    ),
    Mutant(
        name="close the claim of a start that may still come",
        function="promote.workflow.lifecycle:_ask_to_start",
        before="except ThrottledError:\n",
        after="except ThrottledError:\n        close_claim(site, step.version)\n",
        killer=f"{START}::TestStarting::test_keeps_the_claim_of_a_lost_start_when_throttled_later",
    ),
    Mutant(
        name="start again whenever nothing is heard",
        function="promote.workflow.lifecycle:_Ascent.should_ask",
        before=" and self.asks < _MOST_ASKS",
        after="",
        killer=f"{START}::TestStarting::test_asks_three_times_at_most",
    ),
    Mutant(
        name="take access away that a pointer names",
        function="promote.workflow.single:revoke",
        before="if using:",
        after="if False:",
        killer=f"{SINGLE}::TestRevokingAccess::test_is_refused_for_what_is_live",
    ),
)

OF_THE_WAY_BACK = (
    Mutant(
        name="forget the direction",
        function="promote.workflow.undo:_turn",
        before="run.record(turned)",
        after="pass",
        killer=f"{FAILING}::test_records_the_direction_before_the_first_compensating_write",
    ),
    Mutant(
        name="go forward again after turning back",
        function="promote.workflow.apply:_apply",
        before="if unfinished.turned is not None:",
        after="if False:",
        killer=f"{FAILING}::test_waits_no_longer_than_asked_and_never_goes_forward_again",
    ),
    Mutant(
        name="leave the pointers where they are",
        function="promote.workflow.undo:put_back",
        before="_switch_all_back(run, back)",
        after="pass",
        killer=f"{FAILING}::test_puts_every_pointer_back",
    ),
    Mutant(
        name="put back without a drain",
        function="promote.workflow.undo:put_back",
        before="if turned.switched:",
        after="if False:",
        killer=f"{SWITCH}::TestWritingAPointer::test_undoes_in_the_order_that_p1_forces",
    ),
    Mutant(
        name="drain a deleted pointer from the first turn",
        function="promote.workflow.undo:put_back",
        before="if turned is None or back else turned",
        after="if turned is None else turned",
        killer=f"{FAILING}::test_remembers_that_deletion_when_killed_right_after_it",
    ),
    Mutant(
        name="delete a pointer that others have written",
        function="promote.workflow.undo:_switch_back",
        before="if now.revision != 1:",
        after="if False:",
        killer=f"{FAILING}::test_leaves_a_pointer_alone_that_others_have_written_since",
    ),
    Mutant(
        name="turn back although nothing is left to go back to",
        function="promote.core.progress:can_turn_back",
        before="return not names_new or (running and not revoked)",
        after="return True",
        killer=f"{SWITCH}::TestAborting::test_comes_too_late_once_access_is_revoked",
    ),
    Mutant(
        name="say nothing of an edited role",
        function="promote.workflow.undo:_refuse_kept",
        before="if kept:",
        after="if False:",
        killer=f"{FAILING}::test_says_when_an_edited_role_keeps_the_version_allowed",
    ),
)

OF_RIVALS = (
    Mutant(
        name="skip the lock",
        function="promote.workflow.lease:acquire",
        before="if before is not None and",
        after="if False and",
        killer=f"{LOCK}::TestTheLock::test_of_somebody_else_is_respected",
    ),
    Mutant(
        name="take a lock over without the margin",
        function="promote.workflow.lease:_is_free",
        before="holder.expires + MARGIN",
        after="holder.expires",
        killer=f"{LOCK}::TestTheLock::test_is_not_taken_over_before_the_margin_has_passed",
    ),
    Mutant(
        name="write with a lost lease",
        function="promote.workflow.access:write_policy",
        before="site.keep()",
        after="pass",
        killer=f"{LOCK}::TestALostLease::"
        "test_stops_a_process_that_was_frozen_before_its_next_write",
        given={"operation": "iam.policy"},
    ),
    Mutant(
        name="write a pointer with a lost lease",
        function="promote.workflow.forward:write_pointer",
        before="run.keep()",
        after="pass",
        killer=f"{LOCK}::TestALostLease::"
        "test_stops_a_process_that_was_frozen_before_its_next_write",
        given={"operation": "pointer.current"},
    ),
    Mutant(
        name="begin beside an unfinished promotion",
        function="promote.workflow.endings:unfinished_of",
        before="if (theirs.version, theirs.environment) == (version, environment):",
        after="if True:",
        killer=f"{LOCK}::TestAnUnfinishedPromotion::test_of_another_version_is_in_the_way",
    ),
    Mutant(
        name="overwrite a pointer that was moved",
        function="promote.workflow.forward:_switch",
        before="if (now.revision if now else 0) != step.revision:",
        after="if False:",
        killer=f"{SWITCH}::TestWritingAPointer::"
        "test_never_overwrites_what_was_written_since_the_plan",
    ),
    Mutant(
        name="overwrite a policy that was edited",
        function="promote.workflow.access:write_policy",
        before="if not same(live, before):",
        after="if False:",
        killer=f"{RETIRE}::TestSomebodyElseDuringTheDrain::"
        "test_edits_the_role_and_nothing_is_revoked",
    ),
)

OF_THE_PLAN = (
    Mutant(
        name="apply a stale plan",
        function="promote.core.facts:changed_facts",
        before="if now not in fact.accepts:",
        after="if False:",
        killer=f"{PROMOTION}::TestAStalePlan::test_names_the_pointer_that_moved",
    ),
    Mutant(
        name="apply a plan that has ended",
        function="promote.workflow.apply:_settled",
        before="ended is not None and",
        after="False and",
        killer=f"{PROMOTION}::TestAPlanAppliedAgain::test_is_stale_once_the_world_moved_on",
    ),
    Mutant(
        name="judge no gate at the start",
        function="promote.workflow.endings:refuse_unless_passed",
        before="if not failing:",
        after="if True:",
        killer=f"{PROMOTION}::TestAStalePlan::"
        "test_is_refused_by_the_gate_that_passed_when_it_was_made",
    ),
    Mutant(
        name="write before every path was walked",
        function="promote.workflow.preflight:preflight",
        before="side_by_side(identities.reach, roles)",
        after="pass",
        killer=f"{STRAIGHT}::test_walks_every_path_before_the_first_write",
    ),
)

MUTANTS = (
    *OF_THE_ORDER,
    *OF_THE_PROOF,
    *OF_THE_COUNT,
    *OF_THE_WAY_BACK,
    *OF_RIVALS,
    *OF_THE_PLAN,
)
