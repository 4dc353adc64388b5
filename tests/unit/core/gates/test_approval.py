"""The gate `approval`: who is a person, whose word counts, and for which plan."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promote.core.gates import GateResult, Moment, Verdict
from promote.core.gates.approval import Review, approval, person
from tests.builders import NOW
from tests.unit.core.gates.laws import quick

DIGEST = "5f3a" * 16
ROLE = "arn:aws:sts::{account}:assumed-role/{role}/{session}"


def user(name: str, account: str = "111111111111") -> str:
    return f"arn:aws:iam::{account}:user/{name}"


def signed_in(
    name: str, permission_set: str = "Release", account: str = "111111111111", suffix: str = "01"
) -> str:
    role = f"AWSReservedSSO_{permission_set}_{suffix * 8}"
    return ROLE.format(account=account, role=role, session=name)


ALICE, BOB, CAROL = (signed_in(f"{name}@example.com") for name in ("alice", "bob", "carol"))
PIPELINE = ROLE.format(account="111111111111", role="release", session="build-17")


class TestPerson:
    def test_is_whoever_signed_in_under_any_permission_set_in_any_account(self) -> None:
        found = {
            person(signed_in("alice@example.com")),
            person(signed_in("alice@example.com", "Read_Only")),
            person(signed_in("alice@example.com", account="222222222222", suffix="af")),
            person(signed_in("Alice@Example.com")),
            person(signed_in("alice@example.com").replace("arn:aws:", "arn:aws-cn:")),
        }
        assert found == {"alice@example.com"}

    @pytest.mark.parametrize("name", ["alice", "teams/ml/alice", "alice+ml@example.com"])
    def test_is_an_iam_user_whatever_the_path(self, name: str) -> None:
        assert person(user(name)) == user(name.rpartition("/")[2])
        assert person(user(name, "222222222222")) != person(user(name))

    @pytest.mark.parametrize(
        "arn",
        [
            PIPELINE,
            ROLE.format(account="111111111111", role="alice", session="alice@example.com"),
            # Nearly the name of a role of Identity Center.
            ROLE.format(account="111111111111", role="AWSReservedSSO_Release", session="alice"),
            signed_in("alice", suffix="0g"),
            signed_in("alice", suffix="AF"),
            signed_in("alice").replace("AWSReservedSSO", "MyAWSReservedSSO"),
            signed_in("alice") + "/bob",
            signed_in(""),
            signed_in("alice").replace(":sts:", ":iam:"),
            signed_in("alice\n"),
            "arn:aws:iam::111111111111:root",
            "arn:aws:iam::111111111111:role/alice",
            "arn:aws:iam::111111111111:user/",
            "arn:aws:iam::aws:user/alice",
            "arn:aws:s3::111111111111:user/alice",
            "arn:aws:sts::111111111111:federated-user/alice",
            "alice",
            "",
        ],
    )
    def test_is_nobody_else(self, arn: str) -> None:
        assert person(arn) is None


def review(
    by: str, *, approved: bool = True, digest: str = DIGEST, minutes: int = 0, reason: str = ""
) -> Review:
    return Review(
        at=NOW + timedelta(minutes=minutes),
        by=by,
        digest=digest,
        approved=approved,
        reason=reason or None,
    )


def judged(*reviews: Review, people: int = 1, asked: tuple[str, ...] = (ALICE,)) -> GateResult:
    return approval(people, DIGEST, reviews, asked)


class TestApproval:
    def test_passes_when_somebody_else_approved(self) -> None:
        result = judged(review(BOB))

        assert (result.gate, result.moment, result.verdict) == (
            "approval",
            Moment.MOMENT,
            Verdict.PASS,
        )
        assert result.measured == "1 of 1; approved by bob@example.com"
        assert result.required == "approved by 1 person who did not ask for it"

    def test_fails_when_nobody_has(self) -> None:
        result = judged(people=2)

        assert result.verdict is Verdict.FAIL
        assert result.measured == "0 of 2; nobody has approved it"
        assert result.required == "approved by 2 people who did not ask for it"

    def test_does_not_count_who_asked(self) -> None:
        result = judged(review(ALICE))

        assert result.verdict is Verdict.FAIL
        assert result.measured == (
            "0 of 1; the approval of alice@example.com does not count: asked for it"
        )

    def test_does_not_count_who_asked_in_another_role(self) -> None:
        elsewhere = signed_in("Alice@example.com", "Approver", "222222222222", "af")
        assert judged(review(elsewhere)).verdict is Verdict.FAIL

    def test_does_not_count_anybody_who_asked(self) -> None:
        result = judged(review(BOB), asked=(PIPELINE, BOB))
        assert result.verdict is Verdict.FAIL

    def test_does_not_count_who_cannot_be_told_apart_from_who_asked(self) -> None:
        result = judged(review(PIPELINE))

        assert result.verdict is Verdict.FAIL
        assert result.measured == (
            f"0 of 1; the approval of {PIPELINE} does not count: neither an IAM user nor signed "
            "in through Identity Center, so it may be who asked"
        )

    def test_cannot_tell_when_nobody_knows_who_asked(self) -> None:
        result = judged(review(BOB), asked=())

        assert result.verdict is Verdict.INCONCLUSIVE
        assert result.measured.endswith(
            "who asked for it is not known, so nobody's approval counts"
        )
        assert judged(review(BOB, approved=False), asked=()).verdict is Verdict.FAIL

    def test_counts_people_when_a_pipeline_asked(self) -> None:
        assert judged(review(BOB), asked=(PIPELINE,)).verdict is Verdict.PASS
        assert judged(review(PIPELINE), asked=(PIPELINE,)).verdict is Verdict.FAIL

    def test_counts_a_person_once(self) -> None:
        again = signed_in("bob@example.com", "Another")
        assert judged(review(BOB), review(again), review(BOB), people=2).verdict is Verdict.FAIL
        assert judged(review(BOB), review(CAROL), people=2).verdict is Verdict.PASS

    def test_counts_only_what_was_said_of_this_plan(self) -> None:
        other = DIGEST[:-1] + "b"
        assert judged(review(BOB, digest=other)).verdict is Verdict.FAIL
        assert judged(review(BOB, digest=DIGEST[:8])).verdict is Verdict.FAIL
        rejected_other = review(CAROL, digest=other, approved=False)
        assert judged(review(BOB), rejected_other).verdict is Verdict.PASS

    @pytest.mark.parametrize("author", [CAROL, ALICE, PIPELINE])
    def test_fails_when_anybody_rejected_it(self, author: str) -> None:
        result = judged(review(BOB), review(author, approved=False, reason="it is Friday"))

        assert result.verdict is Verdict.FAIL
        assert result.measured == (
            f"1 of 1; rejected by {author} at 2026-03-02 14:00 UTC (it is Friday); "
            "approved by bob@example.com"
        )

    def test_counts_the_last_word_of_each(self) -> None:
        yes, no = review(BOB, minutes=1), review(BOB, approved=False, minutes=2)
        assert judged(yes, no).verdict is Verdict.FAIL
        assert judged(no, yes).verdict is Verdict.FAIL  # in whatever order they are read
        assert judged(no, review(BOB, minutes=3)).verdict is Verdict.PASS
        assert judged(no, review(CAROL, minutes=3)).verdict is Verdict.FAIL

    def test_counts_the_last_word_of_a_person_in_two_roles(self) -> None:
        bob = signed_in("bob@example.com", "Read_Only")
        no, yes = review(BOB, approved=False, minutes=1), review(bob, minutes=2)
        assert judged(no, yes).verdict is Verdict.PASS

    def test_takes_a_rejection_for_the_last_word_of_one_moment(self) -> None:
        assert judged(review(BOB, approved=False), review(BOB)).verdict is Verdict.FAIL

    @quick
    @given(
        st.lists(
            st.tuples(st.sampled_from([ALICE, BOB, CAROL, PIPELINE, user("dave")]), st.booleans()),
            max_size=8,
        ),
        st.integers(1, 3),
        st.randoms(use_true_random=False),
    )
    def test_is_what_a_count_by_hand_says(
        self, words: list[tuple[str, bool]], people: int, chance: object
    ) -> None:
        reviews = [
            review(by, approved=approved, minutes=minute)
            for minute, (by, approved) in enumerate(words)
        ]
        chance.shuffle(reviews)  # type: ignore[attr-defined]
        last = dict(words)
        yes = {by for by, approved in last.items() if approved} - {ALICE, PIPELINE}
        expected = all(last.values()) and len(yes) >= people
        assert (judged(*reviews, people=people).verdict is Verdict.PASS) == expected
