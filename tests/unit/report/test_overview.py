from __future__ import annotations

from textwrap import dedent

from promote.core.plan import Plan
from promote.core.record import (
    AccessChanged,
    ClaimClosed,
    ClaimOpened,
    LedgerState,
    PromotionEnded,
    PromotionStarted,
    Record,
    RollbackStarted,
    Unfinished,
    VerificationDone,
)
from promote.core.result import Outcome, Result
from promote.core.status import LockHolder, ModelLock, summarise
from promote.core.version import Status
from promote.report import text
from tests.builders import (
    HOUR,
    ML,
    NOW,
    PROD,
    PROMOTER,
    QA,
    REGION,
    a_plan,
    a_planned_target,
    a_pointer,
    a_topology,
    a_trained_version,
    a_version,
    an_access_role,
    an_observation,
    version_arn,
)

TOPOLOGY = a_topology()
V2 = version_arn("v2")


def ended(outcome: Outcome, *, promotion: str = "p-1") -> PromotionEnded:
    result = Result(
        result=outcome,
        promotion=promotion,
        environment="prod",
        version=V2,
        previous=version_arn("v1"),
        seconds=365.0,
    )
    return PromotionEnded(at=NOW + HOUR, promotion=promotion, digest="d", result=result)


def started(promotion: str = "p-1", plan: Plan | None = None) -> PromotionStarted:
    return PromotionStarted(at=NOW, promotion=promotion, by=PROMOTER, plan=plan or a_plan())


class TestStatus:
    def test_shows_a_world_as_it_should_be(self) -> None:
        assert text.status([summarise(TOPOLOGY, an_observation())]) == dedent(
            """\
            tools

              ENVIRONMENT  ACCOUNT       POINTER                    NAMES  GRANTED
              qa           333333333333  /models/tools/version-arn  v1     v1
              prod         444444444444  /models/tools/version-arn  v1     v1
              prod         555555555555  /models/tools/version-arn  v1     v1

              VERSION  STATUS              UNITS  PER HOUR  NAMED BY
              v2       TRAINING_COMPLETED  -      -         -
              v1       RUNNING             1      $4.00     qa/333333333333,
                                                            prod/444444444444,
                                                            prod/555555555555
            """
        )

    def test_shows_everything_that_is_wrong_unfinished_left_or_held(self) -> None:
        pointers = {
            QA: a_pointer("rubbish"),
            PROD[0]: a_pointer("v1", "v2", changed_at=NOW - HOUR),
            PROD[1]: a_pointer(version_arn("v7", project="hammers")),
        }
        observation = an_observation(
            pointers=pointers,
            versions=(a_version("v3"), a_version("v2"), a_version("v1")),
            ledger=LedgerState(
                open=(
                    Unfinished(
                        promotion="p-1",
                        plan=a_plan(),
                        since=NOW,
                        by=PROMOTER,
                        turned=RollbackStarted(
                            at=NOW, promotion="p-1", reason="it failed", switched=()
                        ),
                    ),
                )
            ),
        )
        holder = LockHolder(
            owner=PROMOTER,
            host="build-7",
            pid=12,
            operation="release tools v2 to prod",
            since=NOW,
            expires=NOW + HOUR,
            fence=3,
        )
        lock = ModelLock(model="tools", holder=holder, live=False, lease=120)
        output = text.status([summarise(TOPOLOGY, observation, lock)])
        assert output == dedent(
            f"""\
            tools

              ENVIRONMENT  ACCOUNT       POINTER                    NAMES          GRANTED
              qa           333333333333  /models/tools/version-arn  rubbish        v1
              prod         444444444444  /models/tools/version-arn  v2             v1
              prod         555555555555  /models/tools/version-arn  v7 of hammers  v1

              VERSION  STATUS   UNITS  PER HOUR  NAMED BY
              v3       RUNNING  1      $4.00     nobody: ORPHAN
              v2       RUNNING  1      $4.00     prod/444444444444
              v1       RUNNING  1      $4.00     -

              Drift
              - qa/333333333333: the pointer /models/tools/version-arn holds 'rubbish',
                which is not the ARN of a model version.
              - tools-qa allows v1, which no pointer of its targets names or named within
                the drain.
                  adopt:  promote resume tools
                          promote release tools v1 --to qa
                  repair: promote access revoke tools v1 --environment qa
              - prod/555555555555: the pointer /models/tools/version-arn names a version of
                another project, hammers in account 222222222222 (us-east-1):
                {version_arn("v7", project="hammers")}.
                  repair: promote resume tools
                          promote rollback tools v2 --environment prod
              - tools-prod does not allow rekognition:DetectCustomLabels on v2, which the
                pointer of 444444444444 names.
                  repair: promote access grant tools v2 --environment prod
              - tools-prod does not allow rekognition:DetectCustomLabels on
                {version_arn("v7", project="hammers")},
                which the pointer of 555555555555 names.
                  repair: promote resume tools
                          promote rollback tools v2 --environment prod

              Orphan: v3 runs for nobody and costs $4.00 per hour. To stop it:
                  promote version stop tools v3 --force

              Unfinished: promotion p-1 of v2 to prod, since 2026-03-02 14:00 UTC, by
              arn:aws:sts::111111111111:assumed-role/release/alice; it is rolling back: it
              failed

              Left to do: revoke v1, not before 2026-03-02 13:05 UTC.

              Left to do: stop v1, not before 2026-03-02 13:05 UTC.

              Locked by arn:aws:sts::111111111111:assumed-role/release/alice on build-7
              (process 12) for release tools v2 to prod, since 2026-03-02 14:00 UTC, expires
              2026-03-02 15:00 UTC. It is gone, so that the next command takes the lock
              over.

              To finish what is unfinished:
                  promote resume tools
            """
        )

    def test_shortens_patterns_and_rubbish(self) -> None:
        pattern = f"arn:aws:rekognition:{REGION}:{ML}:project/tools-detector/version/*"
        target = TOPOLOGY.all_targets("tools")[0]
        observation = an_observation(
            pointers={QA: a_pointer("x" * 500)},
            roles={"tools-qa": an_access_role(target, versions=(pattern,))},
        )
        output = text.status([summarise(TOPOLOGY, observation)])
        assert "project/tools-detector/version/*\n" in output
        assert f"{'x' * 39}…" in output

    def test_separates_models_and_says_when_there_are_none(self) -> None:
        status = summarise(TOPOLOGY, an_observation())
        assert text.status([status, status]).count("\n\ntools\n\n") == 1
        assert text.status([]) == "No models.\n"


class TestVersions:
    def test_shows_them_as_a_table_with_the_words_of_the_service_below(self) -> None:
        failed = a_version("v3", status=Status.FAILED, message="Amazon says\nno.", f1=None)
        scaled = a_version("v1", max_units=3)
        assert text.versions([failed, a_trained_version("v2"), scaled]) == dedent(
            """\
            VERSION  STATUS              UNITS  F1     CREATED
            v3       FAILED              1      -      2026-01-04 00:00 UTC
            v2       TRAINING_COMPLETED  -      0.900  2026-01-03 00:00 UTC
            v1       RUNNING             1-3    0.900  2026-01-02 00:00 UTC

            v3: Amazon says no.
            """
        )

    def test_says_when_there_are_none(self) -> None:
        assert text.versions([]) == "No versions.\n"


class TestHistory:
    def test_tells_each_promotion_with_its_end_and_its_reason(self) -> None:
        records: list[Record] = [
            started(),
            ClaimOpened(at=NOW, promotion="p-1", version=V2),
            ClaimClosed(at=NOW, promotion="p-1", version=V2),
            ended(Outcome.PROMOTED),
            VerificationDone(
                at=NOW + HOUR,
                by=PROMOTER,
                version=V2,
                environment="prod",
                passed=True,
                accounts=PROD,
                accuracy=0.95,
            ),
            AccessChanged(
                at=NOW + HOUR,
                by=PROMOTER,
                environment="qa",
                version=V2,
                granted=False,
                reason="cleaning up",
            ),
        ]
        assert text.history(records) == dedent(
            """\
            2026-03-02 14:00 UTC  prod  v1 -> v2  promoted in 6m 5s
                promotion p-1
                by arn:aws:sts::111111111111:assumed-role/release/alice
                reason: two new labels
            2026-03-02 15:00 UTC  prod  verification of v2 passed (95.0%)
                by arn:aws:sts::111111111111:assumed-role/release/alice
            2026-03-02 15:00 UTC  qa  access to v2 revoked
                by arn:aws:sts::111111111111:assumed-role/release/alice
                reason: cleaning up
            """
        )

    def test_tells_why_a_promotion_turned_back(self) -> None:
        back = RollbackStarted(at=NOW, promotion="p-1", reason="the smoke test failed", switched=())
        assert text.history([started(), back, ended(Outcome.ROLLED_BACK)]) == dedent(
            """\
            2026-03-02 14:00 UTC  prod  v1 -> v2  rolled-back in 6m 5s
                promotion p-1
                by arn:aws:sts::111111111111:assumed-role/release/alice
                reason: two new labels
                turned back: the smoke test failed
            """
        )

    def test_tells_an_unfinished_first_promotion_and_targets_that_disagreed(self) -> None:
        targets = (
            a_planned_target(before=None),
            a_planned_target(PROD[1], before=version_arn("v7", project="hammers")),
        )
        output = text.history([started(plan=a_plan(targets=targets))])
        assert output.startswith(
            "2026-03-02 14:00 UTC  prod  nothing or v7 of hammers -> v2  unfinished\n"
        )

    def test_does_not_mix_two_promotions_up(self) -> None:
        output = text.history([started("p-1"), ended(Outcome.FAILED), started("p-2")])
        heads = [line for line in output.splitlines() if line.startswith("2026")]
        assert [head.rpartition("  ")[2] for head in heads] == ["failed in 6m 5s", "unfinished"]

    def test_says_when_nothing_was_done(self) -> None:
        assert text.history([]) == "Nothing was done yet.\n"
