from __future__ import annotations

from dataclasses import replace
from textwrap import dedent

from promote.core import planfile
from promote.core.analysis import Analysis
from promote.core.gates import Moment, Verdict
from promote.core.plan import Cost, Made
from promote.report import text
from tests.builders import (
    NOW,
    PROD,
    PROMOTER,
    QA,
    a_drain,
    a_gate,
    a_grant,
    a_grant_step,
    a_plan,
    a_planned_target,
    a_prove,
    a_request,
    a_revoke,
    a_start,
    a_stop,
    a_switch,
    version_arn,
)

DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
V1, V2 = version_arn("v1"), version_arn("v2")
FOREIGN = version_arn("v7", project="hammers")


def expected(output: str) -> str:
    """Fill in the names that are too long for the lines of a test."""
    filled = dedent(output).replace("DIGEST", DIGEST).replace("PROMOTER", PROMOTER)
    return filled.replace("ARN-OF-V1", V1).replace("ARN-OF-V2", V2)


def test_renders_a_plan_with_every_kind_of_step() -> None:
    assert text.plan(a_plan(), DIGEST) == expected(
        """\
        Plan: tools v2 to prod
          version   ARN-OF-V2
          asked by  PROMOTER
          reason    two new labels
          digest    DIGEST

        Targets
          ACCOUNT       POINTER                    ACCESS ROLE  NAMES NOW
          444444444444  /models/tools/version-arn  tools-prod   v1
          555555555555  /models/tools/version-arn  tools-prod   v1

        Gates
          GATE      VERDICT  MEASURED                        REQUIRED
          verified  pass     verification passed at          a passed verification in qa
                             2026-03-02T13:00:00+00:00

        Steps
           1  start   start v2 with 1 inference unit and wait until it runs (at most
                      30m)
           2  grant   let tools-prod use v2 beside what is in use (policy promote-tools)
                      + ARN-OF-V2
                      proved: v2 is added, nothing else changes
           3  prove   from 444444444444 through tools-prod, call v2 until it answers 3
                      times in a row (at most 5m); then at least 90% of the images in
                      golden/ must be recognised
           4  prove   from 555555555555 through tools-prod, call v2 until it answers 3
                      times in a row (at most 5m); then at least 90% of the images in
                      golden/ must be recognised
           5  switch  in 444444444444, let /models/tools/version-arn name v2 instead of
                      v1
           6  switch  in 555555555555, let /models/tools/version-arn name v2 instead of
                      v1
           7  drain   wait until 5m have passed since the last switch of 444444444444
                      and 555555555555, so that no application still holds an old
                      version
           8  revoke  let tools-prod use v2 alone (policy promote-tools) and prove that
                      v1 is denied
                      - ARN-OF-V1
                      proved: v1 is taken away, nothing else changes
           9  stop    stop v1 (at most 30m)

        Cost per hour: $4.00 before, $8.00 during, $4.00 after

        If verification fails: every pointer that was switched is put back at once, to
        v1 in 444444444444 and 555555555555. Once the drain of 5m has passed for what
        was switched, tools-prod loses the access to v2 again and v2 is stopped, if this
        promotion started it.
        """
    )


def test_renders_the_first_promotion_ever() -> None:
    plan = a_plan(
        request=a_request(environment="qa", reason=None),
        targets=(a_planned_target(QA, before=None),),
        gates=(),
        steps=(
            a_start(max_units=3),
            a_grant_step(accounts=(QA,), before=None, after=a_grant("v2"), undo=None),
            a_prove(account=QA, images=None),
            a_switch(account=QA, revision=0, before=None, undo=None),
        ),
        cost=Cost(before=0.0, during=4.0, after=4.0),
    )
    assert text.plan(plan, DIGEST) == expected(
        """\
        Plan: tools v2 to qa
          version   ARN-OF-V2
          asked by  PROMOTER
          reason    none given
          digest    DIGEST

        Targets
          ACCOUNT       POINTER                    ACCESS ROLE  NAMES NOW
          333333333333  /models/tools/version-arn  tools-prod   nothing

        Steps
           1  start   start v2 with 1 to 3 inference units and wait until it runs (at
                      most 30m)
           2  grant   let tools-prod use v2 beside what is in use (policy promote-tools)
                      + ARN-OF-V2
                      proved: v2 is added, nothing else changes
           3  prove   from 333333333333 through tools-prod, call v2 until it answers 3
                      times in a row (at most 5m)
           4  switch  in 333333333333, create /models/tools/version-arn with v2

        Cost per hour: $0.00 before, $4.00 during, $4.00 after

        If verification fails: the pointer that the promotion creates in 333333333333 is
        deleted, unless somebody else wrote to it. Once the drain has passed for what
        was switched, the policy promote-tools of tools-prod is deleted and v2 is
        stopped, if this promotion started it.
        """
    )


def test_says_plainly_that_there_is_nothing_to_do() -> None:
    target = a_planned_target(before=V2)
    plan = a_plan(targets=(target,), gates=(), steps=())
    assert text.plan(plan, DIGEST) == expected(
        """\
        Plan: tools v2 to prod
          version   ARN-OF-V2
          asked by  PROMOTER
          reason    two new labels
          digest    DIGEST

        Targets
          ACCOUNT       POINTER                    ACCESS ROLE  NAMES NOW
          444444444444  /models/tools/version-arn  tools-prod   v2

        Nothing to do: every target of prod already names v2, its access is exactly as
        it should be, and nothing is left to stop.
        """
    )


def test_shows_every_gate_measured_beside_required_and_that_the_plan_is_refused() -> None:
    gates = (
        a_gate(),
        a_gate(gate="f1", verdict=Verdict.FAIL, measured="0.871", required="0.900"),
        a_gate(
            gate="soak",
            verdict=Verdict.INCONCLUSIVE,
            measured="unknown since when qa names v2",
            required="24h in qa",
        ),
        a_gate(
            gate="approval",
            moment=Moment.MOMENT,
            verdict=Verdict.PENDING,
            measured="0 approvals",
            required="1 approval",
        ),
    )
    output = text.plan(a_plan(gates=gates, steps=(a_stop(),)), DIGEST)
    assert output.partition("Gates\n")[2] == dedent(
        """\
          GATE      VERDICT       MEASURED                    REQUIRED
          verified  pass          verification passed at      a passed verification in
                                  2026-03-02T13:00:00+00:00   qa
          f1        fail          0.871                       0.900
          soak      inconclusive  unknown since when qa       24h in qa
                                  names v2
          approval  pending       0 approvals                 1 approval

        This plan cannot be applied: 2 of 4 gates refuse it.

        Steps
           1  stop    stop v1 (at most 30m)

        Cost per hour: $4.00 before, $8.00 during, $4.00 after

        If verification fails: there is nothing to put back.
        """
    )


def test_shows_conditions_and_whole_policies_that_a_step_changes() -> None:
    statement = {
        "Effect": "Allow",
        "Action": "rekognition:DetectCustomLabels",
        "Resource": V2,
        "Condition": {"StringEquals": {"aws:SourceVpce": ["vpce-1", "vpce-2"]}},
    }
    after = {"Version": "2012-10-17", "Statement": [statement]}
    revoke = a_revoke(revoked=(V1, FOREIGN), remove=("legacy", "arn:aws:iam::aws:policy/ReadAll"))
    plan = a_plan(gates=(), steps=(a_grant_step(before=a_grant("v2"), after=after), revoke))
    output = text.plan(plan, DIGEST)
    assert output[output.index("Steps") : output.index("Cost")] == expected(
        """\
        Steps
           1  grant   let tools-prod use v2 beside what is in use (policy promote-tools)
                      - ARN-OF-V2
                      + Allow rekognition:DetectCustomLabels with Condition StringEquals \
aws:SourceVpce vpce-1 or vpce-2 on ARN-OF-V2
                      proved: v2 is allowed in fewer cases, nothing else changes
           2  revoke  let tools-prod use v2 alone (policy promote-tools) and prove that
                      v1 and v7 of hammers are denied
                      - ARN-OF-V1
                      - the whole policy legacy
                      - the whole policy arn:aws:iam::aws:policy/ReadAll
                      proved: v1 is taken away, nothing else in promote-tools changes

        """
    )


def test_says_when_a_grant_changes_nothing_but_can_be_undone() -> None:
    grant = a_grant_step(before=a_grant("v1", "v2"))
    output = text.plan(a_plan(steps=(grant,), changes=0), DIGEST)
    assert "Steps (none of them changes anything)" in output
    assert "(policy promote-tools); it allows it already" in " ".join(output.split())
    assert output.endswith("fails: At once, tools-prod loses the access to v2 again.\n")


def test_shows_what_a_foreign_document_says_even_where_it_is_none() -> None:
    foreign = {"Statement": ["rubbish", {"Effect": "Allow", "NotAction": "iam:*"}]}
    revoke = a_revoke(before=foreign, revoked=())
    output = text.plan(a_plan(steps=(revoke,)), DIGEST)
    assert "let tools-prod use v2 alone (policy promote-tools)\n" in output
    assert "- a statement that is none: 'rubbish'\n" in output
    assert "- Allow with NotAction iam:* on no resource\n" in output


def test_names_the_project_of_a_foreign_version_and_what_is_no_version() -> None:
    targets = (a_planned_target(before=FOREIGN), a_planned_target(PROD[1], before="rubbish"))
    steps = (a_switch(before=FOREIGN, undo=FOREIGN), a_switch(account=PROD[1], undo="rubbish"))
    output = " ".join(text.plan(a_plan(targets=targets, steps=steps), DIGEST).split())
    assert "444444444444 /models/tools/version-arn tools-prod v7 of hammers" in output
    assert "name v2 instead of v7 of hammers" in output
    assert "to v7 of hammers in 444444444444 and rubbish in 555555555555." in output


def test_counts_accounts_where_there_are_many() -> None:
    accounts = tuple(f"{number:012}" for number in range(200))
    switches = tuple(a_switch(account=account) for account in accounts)
    plan = a_plan(steps=(*switches, a_drain(accounts=accounts)))
    output = " ".join(text.plan(plan, DIGEST).split())
    assert "since the last switch of 200 accounts, so" in output
    assert output.endswith("is put back at once, to v1 in 200 accounts.")


def test_keeps_long_names_in_one_piece_and_everything_else_within_80_columns() -> None:
    role = "arn:aws:iam::222222222222:role/teams/vision/" + "long-" * 12 + "name"
    pointer = "/models/" + "deep/" * 15 + "version-arn"
    plan = a_plan(
        targets=(a_planned_target(pointer=pointer, role=role),),
        steps=(a_grant_step(role=role), a_switch(pointer=pointer)),
    )
    output = text.plan(plan, DIGEST)
    assert pointer in output
    assert "long-" * 12 + "name" in output
    assert f"  account      444444444444\n  pointer      {pointer}\n" in output
    for line in output.splitlines():
        assert len(line) <= 80 or any(len(word) > 40 for word in line.split()), line


def test_lets_nothing_from_outside_move_the_cursor() -> None:
    request = a_request(reason="fine\n\x1b[2J\x1b[31mred\u2028line")
    output = text.plan(a_plan(request=request), DIGEST)
    assert "\x1b" not in output
    assert "  reason    fine [2J [31mred line\n" in output


def test_computes_the_digest_when_none_is_given() -> None:
    assert f"  digest    {planfile.digest(a_plan())}\n" in text.plan(a_plan())


def test_says_the_same_with_and_without_colour() -> None:
    def marked(text: str, /, *, fg: str | None = None, bold: bool | None = None) -> str:
        return f"<{fg}{bold}>{text}</>"

    coloured = text.plan(a_plan(), DIGEST, marked)
    assert "<greenNone>+ " in coloured
    for mark in ("<NoneTrue>", "<greenNone>", "<redNone>", "</>"):
        coloured = coloured.replace(mark, "")
    assert coloured == text.plan(a_plan(), DIGEST)


def test_says_what_else_the_adopted_policy_loses() -> None:
    before = a_grant("v1")
    more = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
    before = {**before, "Statement": [*before["Statement"], more]}  # type: ignore[misc]
    output = text.plan(a_plan(steps=(a_grant_step(before=before, adopts=True),)), DIGEST)
    assert "- Allow s3:GetObject on arn:aws:s3:::b/*\n" in output
    assert "proved: v2 is added, what else the policy held goes\n" in output


def test_never_claims_a_proof_that_does_not_hold() -> None:
    wider = a_grant_step(after=a_grant("v1", "v2", "v3"), adds=(V2,), removes=())
    other = a_grant_step(after=a_grant("v1", "v2", action="rekognition:*"))
    for step in (wider, other):
        output = text.plan(a_plan(steps=(step,)), DIGEST)
        assert "NOT PROVED: " in output
        assert "proved: " not in output.replace("NOT PROVED: ", "")


def test_counts_versions_where_there_are_many() -> None:
    many = a_grant(*(f"v{number}" for number in range(1, 9)))
    output = text.plan(a_plan(steps=(a_grant_step(after=many),)), DIGEST)
    assert "proved: 7 versions are added, nothing else changes\n" in output


class TestTheComplement:
    def test_is_visibly_not_asked(self) -> None:
        said = text.complement(a_plan(), None)
        assert said == "Access Analyzer: not asked (--access-analyzer asks it)"
        output = text.plan(a_plan(), DIGEST, asked=said)
        assert f"\n\n{said}\n\nCost per hour" in output

    def test_tells_how_many_checks_it_cost(self) -> None:
        said = text.complement(a_plan(), Analysis(documents=2, checks=5))
        assert said == "Access Analyzer: agrees on 2 documents (5 checks, which AWS charges for)"

    def test_has_nothing_to_say_where_no_policy_is_written(self) -> None:
        assert text.complement(a_plan(steps=(a_stop(),)), None) == ""


def test_says_of_a_gate_that_is_still_to_be_judged_how_it_stood_when_planned() -> None:
    closed = a_gate(gate="window", moment=Moment.MOMENT, verdict=Verdict.FAIL, measured="closed")
    pending = replace(closed, verdict=Verdict.PENDING, measured="judged later")
    made = Made(at=NOW, tool="promote 0.1.0", gates=(closed,))
    output = text.plan(a_plan(made=made, gates=(a_gate(), pending)), DIGEST)
    assert "pending" in output
    assert "judged later; when planned:" in output
    assert "This plan cannot be applied" not in output
