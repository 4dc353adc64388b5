"""The table of mutants of what an auditor relies on: gates about people and time, and records."""

from __future__ import annotations

from tests.reliability.mutants import Mutant

APPROVAL = "tests.unit.core.gates.test_approval::TestApproval"
SOAK = "tests.unit.core.gates.test_soak::TestSoak"
OVERRIDE = "tests.unit.core.gates.test_override::TestLifted"
CHAINS = "tests.workflow.test_chains"
SEALING = "tests.workflow.test_sealing"
TAMPERING = "tests.workflow.test_tampering"
WHO = "tests.workflow.test_who"

OF_APPROVALS = (
    Mutant(
        name="count who asked",
        function="promote.core.gates.approval:approval",
        before=" and name not in asked}",
        after="}",
        killer=f"{APPROVAL}::test_does_not_count_who_asked",
    ),
    Mutant(
        name="count approvals of any plan",
        function="promote.core.gates.approval:approval",
        before="for review in reviews if review.digest == digest)",
        after="for review in reviews)",
        killer=f"{APPROVAL}::test_counts_only_what_was_said_of_this_plan",
    ),
    Mutant(
        name="outvote a rejection",
        function="promote.core.gates.approval:approval",
        before="verdict=Verdict.FAIL if rejected else verdict",
        after="verdict=verdict",
        killer=f"{APPROVAL}::test_fails_when_anybody_rejected_it",
        given={"author": "arn:aws:iam::111111111111:user/dora"},
    ),
    Mutant(
        name="count without knowing who asked",
        function="promote.core.gates.approval:approval",
        before="verdict = Verdict.INCONCLUSIVE",
        after="pass",
        killer=f"{APPROVAL}::test_cannot_tell_when_nobody_knows_who_asked",
    ),
    Mutant(
        name="count a person for each role",
        function="promote.core.gates.approval:_last_words",
        before="person(review.by) or review.by",
        after="review.by",
        killer=f"{APPROVAL}::test_counts_the_last_word_of_a_person_in_two_roles",
    ),
    Mutant(
        name="count the first word of each",
        function="promote.core.gates.approval:_last_words",
        before="sorted(reviews, key=",
        after="sorted(reviews, reverse=True, key=",
        killer=f"{APPROVAL}::test_counts_the_last_word_of_each",
    ),
    Mutant(
        name="tell people apart by the case of their names",
        function="promote.core.gates.approval:person",
        before="session[1].casefold()",
        after="session[1]",
        killer="tests.unit.core.gates.test_approval::TestPerson::"
        "test_is_whoever_signed_in_under_any_permission_set_in_any_account",
    ),
    Mutant(
        name="take a review for what its author wrote",
        function="promote.core.reviews:decode",
        before='if data["own"] != digest_besides("own", data):',
        after="if False:",
        killer=f"{TAMPERING}::TestAReview::test_counts_for_nothing_and_is_named",
        given={"what": b'"at":"2'},
    ),
    Mutant(
        name="take a review for one of another plan",
        function="promote.core.reviews:decode",
        before="if found.review.digest != plan:",
        after="if False:",
        killer=f"{TAMPERING}::TestAReview::test_is_of_the_plan_that_it_lies_with",
    ),
)

OF_THE_TIME = (
    Mutant(
        name="soak a second less",
        function="promote.core.gates.soak:_one",
        before="if at - first < length:",
        after="if at - first < length - timedelta(seconds=1):",
        killer=f"{SOAK}::test_fails_a_moment_earlier_and_says_when_it_will_do",
    ),
    Mutant(
        name="soak on although it failed",
        function="promote.core.gates.soak:_one",
        before="if not last.passed:",
        after="if False:",
        killer=f"{SOAK}::test_is_withdrawn_at_once_by_a_later_failure",
    ),
    Mutant(
        name="soak from the last verification",
        function="promote.core.gates.soak:_one",
        before="ledger.passing[version_arn, environment].at",
        after="last.at",
        killer=f"{SOAK}::test_goes_on_when_it_is_verified_again_meanwhile",
    ),
    Mutant(
        name="soak nowhere",
        function="promote.core.gates.soak:soak",
        before="verdict=verdict if found else Verdict.INCONCLUSIVE",
        after="verdict=verdict",
        killer=f"{SOAK}::test_cannot_tell_without_an_earlier_environment",
    ),
    Mutant(
        name="lift for ever",
        function="promote.core.gates.override:lifted",
        before="for each in overrides if at < each.expires)",
        after="for each in overrides)",
        killer=f"{OVERRIDE}::test_is_nothing_from_the_second_on_in_which_it_expires",
    ),
    Mutant(
        name="lift an approval",
        function="promote.core.gates.override:_by_gate",
        before=" if each.gate not in STANDING}",
        after="}",
        killer=f"{OVERRIDE}::test_is_never_what_nobody_lifts",
        given={"gate": "approval"},
    ),
)

OF_THE_CHAIN = (
    Mutant(
        name="follow on any record",
        function="promote.core.chain:_Walk._read",
        before="if entry.previous != self.digest:",
        after="if False:",
        killer=f"{TAMPERING}::TestARecord::test_of_another_history_does_not_follow",
    ),
    Mutant(
        name="take a record at any number",
        function="promote.core.chain:_Walk._read",
        before="if entry.number != item.number:",
        after="if False:",
        killer=f"{TAMPERING}::TestARecord::test_of_another_number_is_named",
    ),
    Mutant(
        name="believe the newest record",
        function="promote.core.chain:_Walk._read",
        before="if own != entry.digest:",
        after="if False:",
        killer=f"{TAMPERING}::TestARecord::test_that_is_the_newest_is_held_against_its_own_digest",
    ),
    Mutant(
        name="go on from a record that was changed",
        function="promote.workflow.links:_decoded",
        before='if said and said != digest_besides("digest", data):',
        after="if False:",
        killer=f"{TAMPERING}::TestARecord::test_that_is_the_newest_is_held_against_its_own_digest",
    ),
    Mutant(
        name="let a promotion end twice",
        function="promote.core.chain:_Walk.wrong",
        before="unlawful(record, self.state, self.ended) or self._sealed_otherwise(record)",
        after="self._sealed_otherwise(record)",
        killer=f"{CHAINS}::TestRecordsThatWereChainedAnew::test_are_unlawful_when_one_ends_twice",
    ),
    Mutant(
        name="end another plan than the one that was begun",
        function="promote.core.chain:_Walk._planned_otherwise",
        before="if begun != record.digest and spelled_so:",
        after="if False:",
        killer=f"{CHAINS}::TestRecordsThatWereChainedAnew::"
        "test_are_broken_when_the_plan_is_another_than_the_end_says",
    ),
    Mutant(
        name="believe a checkpoint that was changed",
        function="promote.workflow.checkpoint:damage",
        before='data["own"] == digest_besides("own", data)',
        after="True",
        killer=f"{TAMPERING}::TestTheCheckpoint::test_is_named_by_the_check_and_believed_by_nobody",
        given={"what": b"v2"},
    ),
    Mutant(
        name="hold no checkpoint against the records",
        function="promote.workflow.chains:_pinned_otherwise",
        before="if fold(pinned.records) != fold(each.record for each in before):",
        after="if False:",
        killer=f"{CHAINS}::TestTheCheckpoint::test_may_say_nothing_that_the_records_do_not",
    ),
    Mutant(
        name="pin nothing that is unfinished",
        function="promote.workflow.journal:Journal.pin",
        before="if fold(view.records).open and not view.torn:",
        after="if False:",
        killer=f"{TAMPERING}::TestTheNewestRecords::test_are_missed_where_they_were_removed",
        given={"how": "resume"},
    ),
    Mutant(
        name="take any signature",
        function="promote.core.seal:_is_genuine",
        before="return seal.algorithm == ALGORITHM and any(",
        after="return True or any(",
        killer=f"{SEALING}::TestASignedHistory::test_with_a_forged_signature_names_it",
    ),
    Mutant(
        name="want no signature of the last end",
        function="promote.core.seal:_uncovered",
        before="each.number > covered",
        after="False",
        killer=f"{SEALING}::TestASignedHistory::test_whose_last_end_is_not_signed_names_that",
    ),
    Mutant(
        name="resume without a record",
        function="promote.workflow.apply:_apply",
        before="if resumed:\n        resume(run)",
        after="if resumed:\n        pass",
        killer=f"{WHO}::TestAResumedRun::test_says_who_it_is_before_its_first_write",
    ),
    Mutant(
        name="turn back without saying who",
        function="promote.workflow.undo:_turn",
        before="by=run.caller.arn,",
        after="",
        killer=f"{WHO}::TestAPromotionThatTurnsBack::test_says_who_aborted_it",
    ),
)
