"""The table of mutants: what is broken, and the test that notices it."""

from __future__ import annotations

from tests.reliability.mutants import (
    GIVING_WAY,
    KILLERS,
    LOCK,
    PROMOTION,
    PROVE,
    RETIRE,
    RETIRING,
    ROLLBACK,
    ROOM,
    SINGLE,
    START,
    SWITCH,
    WAVES,
    Mutant,
)
from tests.reliability.seeds_of_bakes import OF_THE_BAKE
from tests.reliability.seeds_of_records import OF_APPROVALS, OF_THE_CHAIN, OF_THE_TIME

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
        before="drain(later) if revoke or stop else ()",
        after="()",
        killer=f"{STRAIGHT}::test_ends_with_the_new_version_alone",
    ),
    Mutant(
        name="grant the new version alone",
        function=f"{PLANNER}:_grant",
        before="wish.document(named | _way_back(wish, role, undo) | {new})",
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
        function="promote.workflow.waves:_Waves._fail",
        before="if not tried:",
        after="if True:",
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
        before="site.record(opened)",
        after="del opened",
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
        function="promote.workflow.pointing:switch_back",
        before="if now.revision != 1:",
        after="if False:",
        killer=f"{FAILING}::test_leaves_a_pointer_alone_that_others_have_written_since",
    ),
    Mutant(
        name="turn back although nothing is left to go back to",
        function="promote.core.progress:can_turn_back",
        before="return not names_new or (running and not revoked and not gone)",
        after="return True",
        killer=f"{SWITCH}::TestAborting::test_comes_too_late_once_access_is_revoked",
    ),
    Mutant(
        name="turn back to what another plan has revoked",
        function="promote.core.progress:can_turn_back",
        before="not revoked and not gone",
        after="not revoked",
        killer="tests.workflow.test_crashes::TestAVersionThatFailsOnceTheOldOneIsBeingRevoked"
        "::test_stays_when_it_is_planned_anew",
    ),
    Mutant(
        name="turn back although it is being retired",
        function="promote.workflow.apply:_carry_out",
        before="if not can_turn_back(run.plan, observation):",
        after="if False:",
        killer="tests.workflow.test_crashes::TestAVersionThatFailsOnceTheOldOneIsBeingRevoked"
        "::test_stays_when_it_is_planned_anew",
    ),
    Mutant(
        name="take the way back away when it is planned anew",
        function=f"{PLANNER}:_way_back",
        before="if wish.begun else",
        after="if False else",
        killer="tests.workflow.test_crashes::TestAPromotionThatIsPlannedAnewAfterTheDrain"
        "::test_still_has_its_way_back",
    ),
    Mutant(
        name="say nothing of an edited role",
        function="promote.workflow.undo:_refuse_kept",
        before="if kept:",
        after="if False:",
        killer=f"{FAILING}::test_says_when_an_edited_role_keeps_the_version_allowed",
    ),
)

OF_ROLLBACKS = (
    Mutant(
        name="let a rollback turn around by itself",
        function="promote.workflow.apply:_carry_out",
        before="run.plan.request.rollback and has_moved(run)",
        after="False",
        killer=f"{ROLLBACK}::TestARollbackThatFailsOnTheWay::test_stands_once_a_pointer_is_switched",
    ),
    Mutant(
        name="go back to where no pointer ever was",
        function="promote.workflow.preflight:judge_now",
        before="history_of(observation, request.environment).expect(request.version)",
        after="pass",
        killer=f"{ROLLBACK}::TestAPlanOfARollback::test_goes_nowhere_that_no_pointer_ever_named",
    ),
    Mutant(
        name="judge a rollback by its images",
        function="promote.core.asked:environment_of",
        before="images=None",
        after="images=environment.smoke.images",
        killer=f"{ROLLBACK}::TestAWarmRollback::"
        "test_goes_back_although_it_is_less_accurate_than_asked_for_and_warns",
    ),
    Mutant(
        name="leave it at the first target of a rollback that fails",
        function="promote.workflow.way_back:swing_back",
        before="errors.append(error)",
        after="raise",
        killer=f"{ROLLBACK}::TestARollbackThatFailsOnTheWay::"
        "test_switches_every_target_that_can_be",
    ),
    Mutant(
        name="write policies although the way back is warm",
        function="promote.core.planner:_grant",
        before="if ended or warm or",
        after="if ended or",
        killer=f"{ROLLBACK}::TestAWarmRollback::"
        "test_writes_no_policy_that_allows_more_than_it_needs",
    ),
    Mutant(
        name="hold nothing that a rollback left",
        function="promote.workflow.way_back:hold_what_was_left",
        before="run.record(",
        after="(",
        killer=f"{ROLLBACK}::TestAHeldVersion::test_is_on_record_with_who_and_why",
    ),
    Mutant(
        name="keep warm what a rollback left",
        function="promote.core.retirement:drain",
        before="not wish.request.rollback and ",
        after="",
        killer=f"{ROLLBACK}::TestAWarmRollback::"
        "test_lets_what_it_left_drain_and_then_go_however_long_others_are_kept",
    ),
    Mutant(
        name="stop what an unfinished promotion brings elsewhere",
        function="promote.core.coverage:holders",
        before="if each.promotion != promotion",
        after="if False",
        killer=f"{ROLLBACK}::TestAPromotionToAnotherEnvironmentThatIsOpen::"
        "test_forbids_to_stop_its_version",
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
        name="take a lock over without asking for it",
        function="promote.workflow.lease:acquire",
        before="ask(store, model, before, by=owner, operation=operation)",
        after="pass",
        killer=f"{LOCK}::TestALostLease::"
        "test_is_noticed_before_the_next_write_whatever_the_clocks_say",
        given={"before": "iam.policy"},
    ),
    Mutant(
        name="give way only to who asked last",
        function="promote.workflow.asking:asked_of",
        before="asked.fence > holder.fence or ",
        after="",
        killer=f"{LOCK}::TestALostLease::"
        "test_is_noticed_before_the_next_write_whatever_the_clocks_say",
        given={"before": "iam.policy"},
    ),
    Mutant(
        name="judge a process of another machine by its id",
        function="promote.workflow.machine:is_dead",
        before="if not machine or machine != this_machine():",
        after="if False:",
        killer=f"{LOCK}::TestTheLock::test_of_a_process_that_cannot_be_seen_from_here_is_respected",
        given={"machine": ""},
    ),
    Mutant(
        name="do not miss the newest records",
        function="promote.workflow.journal:Journal._look",
        before="expect_pinned(pinned, links, self._checkpoint_key)",
        after="pass",
        killer="tests.workflow.test_journal::TestACheckpoint::"
        "test_shows_that_the_newest_record_was_changed",
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
        function="promote.workflow.pointing:write_pointer",
        before="run.keep()",
        after="pass",
        killer=f"{LOCK}::TestALostLease::"
        "test_stops_a_process_that_was_frozen_before_its_next_write",
        given={"operation": "pointer.current"},
    ),
    Mutant(
        name="begin beside an unfinished promotion",
        function="promote.workflow.unfinished:unfinished_of",
        before="if not in_way:",
        after="if True:",
        killer=f"{LOCK}::TestAnUnfinishedPromotion::test_of_another_version_is_in_the_way",
    ),
    Mutant(
        name="overwrite a pointer that was moved",
        function="promote.workflow.pointing:switch",
        before="if (now.revision if now else 0) != revision:",
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

OF_THE_WAVES = (
    Mutant(
        name="switch all waves at once",
        function="promote.workflow.waves:_waves",
        before="if not any(isinstance(step, Switch) for step in plan.steps):",
        after="if True:",
        killer=f"{WAVES}::TestAPromotionInWaves::"
        "test_switches_one_wave_after_the_other_with_a_bake_between",
    ),
    Mutant(
        name="bake without looking again",
        function="promote.workflow.waves:_Waves.reach",
        before="self.watch.bake(bake, end))\n        self._verify(accounts)",
        after="self.watch.bake(bake, end))",
        killer=f"{WAVES}::TestMoreFailuresThanMaxFailures::test_are_noticed_during_the_bake",
    ),
    Mutant(
        name="begin a bake anew after a crash",
        function="promote.workflow.waves:_Waves._baked_at",
        before="latest = max(moments, default=self.run.world.clock.now())",
        after="latest = self.run.world.clock.now()",
        killer=f"{WAVES}::TestABakeThatWasKilled::test_does_not_begin_anew",
    ),
    Mutant(
        name="trust what a killed run had switched",
        function="promote.workflow.waves:_Waves.reach",
        before="if end is None or end > self.run.world.clock.now():",
        after="if moved and (end is None or end > self.run.world.clock.now()):",
        killer=f"{WAVES}::TestABakeThatWasKilled::"
        "test_never_lets_the_next_wave_go_when_the_first_was_not_verified",
    ),
    Mutant(
        name="put a failed target back without a record",
        function="promote.workflow.waves:_Waves._record_failure",
        before="self.run.record(",
        after="str(",
        killer=f"{WAVES}::TestATargetThatFailsWithinMaxFailures::"
        "test_is_on_record_before_its_pointer_goes_back",
    ),
    Mutant(
        name="retire although a target has failed",
        function="promote.workflow.apply:_carry_out",
        before="if reached.failed:",
        after="if False:",
        killer=f"{WAVES}::TestATargetThatFailsWithinMaxFailures::"
        "test_goes_back_at_once_and_the_rest_goes_on",
    ),
    Mutant(
        name="forget failures of earlier runs",
        function="promote.workflow.waves:_Waves._fail",
        before="count = {*failed_before(self.run, self.observation), *self.failed}",
        after="count = {*self.failed}",
        killer=f"{WAVES}::TestATargetThatFailsWithinMaxFailures::"
        "test_counts_for_good_so_that_another_one_is_too_many",
    ),
    Mutant(
        name="let the first wave pass for the environment",
        function="promote.workflow.waves:_Waves.conclude",
        before="if not self.failed:",
        after="if True:",
        killer=f"{WAVES}::TestATargetThatFailsWithinMaxFailures::"
        "test_is_no_pass_of_the_environment",
    ),
    Mutant(
        name="accept any change of a failed target's pointer",
        function="promote.core.facts:_pointer_now",
        before="or backs < 0",
        after="",
        killer=f"{WAVES}::TestAPointerOfAFailedTarget::"
        "test_that_somebody_wrote_since_makes_the_promotion_stale",
    ),
    Mutant(
        name="forget a target that has left promote.yaml",
        function="promote.workflow.endings:refuse_leavers",
        before="if not gone:",
        after="if True:",
        killer="tests.workflow.test_membership::TestAnAccountThatLeft::"
        "test_is_needed_until_its_promotion_has_ended",
        given={"way": "abort"},
    ),
)

OF_THE_ROOM = (
    Mutant(
        name="make room of what still drains",
        function="promote.core.room:_Trial.held_by",
        before="warm=False",
        after="warm=False, draining=False",
        killer=f"{ROOM}::TestNoRoom::test_says_until_when_a_version_drains",
    ),
    Mutant(
        name="make room of what a role goes on allowing",
        function="promote.core.room:_Trial.held_by",
        before="warm=False",
        after="warm=False, granted=False",
        killer=f"{ROOM}::TestNoRoom::test_never_rewrites_a_policy_that_is_not_ours",
    ),
    Mutant(
        name="make room without looking again",
        function="promote.workflow.room:_unused",
        before="if held:",
        after="if False:",
        killer=f"{ROOM}::TestAPromotionThatMadeRoom::"
        "test_leaves_a_version_alone_that_a_pointer_names_again",
    ),
    Mutant(
        name="make room whatever other environments do meanwhile",
        function="promote.core.facts:_pointer_facts_elsewhere",
        before="if target.access_role in roles:",
        after="if False:",
        killer=f"{ROOM}::TestAPromotionThatMadeRoom::"
        "test_is_stale_once_a_pointer_of_another_environment_moved",
    ),
    Mutant(
        name="take the next owner's work for a fault",
        function="promote.workflow.giving_way:giving_way",
        before="keep()\n",
        after="pass\n",
        killer=f"{GIVING_WAY}::TestAWait::test_finds_no_fault_with_what_the_next_owner_does",
        given={"before": "pointer.current"},
    ),
    Mutant(
        name="forget what a killed retire had revoked",
        function="promote.workflow.loose_ends:tie_up",
        before="in _unrecorded(site, seen):",
        after="in ():",
        killer=f"{RETIRING}::TestARetireThatIsKilled::test_leaves_nothing_for_a_third_one",
    ),
    Mutant(
        name="forget what a killed retire had stopped",
        function="promote.workflow.loose_ends:tie_up",
        before="in _claimed_in_vain(seen):",
        after="in []:",
        killer=f"{RETIRING}::TestARetireThatIsKilled::test_waits_for_a_stop_that_it_had_asked_for",
    ),
)

MUTANTS = (
    *OF_THE_ORDER,
    *OF_THE_PROOF,
    *OF_THE_COUNT,
    *OF_THE_WAY_BACK,
    *OF_THE_WAVES,
    *OF_ROLLBACKS,
    *OF_RIVALS,
    *OF_THE_PLAN,
    *OF_THE_ROOM,
    *OF_APPROVALS,
    *OF_THE_TIME,
    *OF_THE_CHAIN,
    *OF_THE_BAKE,
)
