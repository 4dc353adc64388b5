"""No document is written that is not what the plan says of it: proved again before every write."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from promote.core.analysis import Analysis, Answer
from promote.core.observation import Json
from promote.core.plan import Drain, Grant, Plan, Revoke, Start, Step, Switch
from promote.core.planfile import decode, encode
from promote.core.result import Outcome
from promote.core.version import Status
from promote.errors import (
    AccessDeniedError,
    FailedError,
    NeedsAttentionError,
    PlanFileError,
    ProofError,
    StalePlanError,
)
from promote.promoter import Promoter
from tests.builders import POLICY, a_grant, a_topology, prod, qa
from tests.fake_analyzer import FakeAnalyzer
from tests.fake_world import CrashError, FakeWorld
from tests.workflow.promoting import Promoting
from tests.workflow.test_promotion import QA_ROLE, V1, V2

PROD_ROLE = QA_ROLE.replace("-qa", "-prod")
ENDPOINT = "vpce-0a1b2c3d4e5f60718"


def tampered(plan: Plan, kind: type[Step], **changes: Any) -> Plan:
    """Return a plan whose steps of a kind say something else than what was planned."""
    steps = [replace(s, **changes) if isinstance(s, kind) else s for s in plan.steps]
    return replace(plan, steps=tuple(steps))


def and_more(document: Json, **statement: object) -> Json:
    """Put a statement into a document by hand."""
    statements: Any = document["Statement"]
    return {**document, "Statement": [*statements, {"Effect": "Allow", **statement}]}


def step_of(plan: Plan, kind: type[Grant | Revoke]) -> Any:
    return next(step for step in plan.steps if isinstance(step, kind))


class TestATamperedPlan:
    @pytest.mark.parametrize(
        ("kind", "changes"),
        [
            (Grant, {"after": a_grant("v1", "v2", "v3")}),
            (Grant, {"after": a_grant("v1", f"{V2[:-14]}*"), "adds": (f"{V2[:-14]}*",)}),
            (Grant, {"after": a_grant("v1", "v2", action="rekognition:*")}),
            (Grant, {"after": and_more(a_grant("v1", "v2"), Action="s3:*", Resource="*")}),
            (Grant, {"after": a_grant("v2")}),
            (Grant, {"after": a_grant("v1"), "adds": ()}),
            (Grant, {"adds": ()}),
            (Grant, {"removes": (V1,)}),
            (Grant, {"undo": a_grant("v1", "v2", f"{V1[:-14]}*")}),
            (Revoke, {"after": a_grant("v1", "v2"), "removes": ()}),
            (Revoke, {"removes": ()}),
        ],
        ids=[
            "one version more",
            "a wildcard",
            "every action",
            "another action",
            "what is in use is missing",
            "the new version is missing",
            "adds it silently",
            "says that it removes",
            "a wider undo",
            "revokes nothing",
            "revokes silently",
        ],
    )
    def test_is_refused_before_anything_is_written(
        self, fake: FakeWorld, kind: type[Grant | Revoke], changes: Mapping[str, Any]
    ) -> None:
        plan = tampered(Promoting(fake).make(to="qa"), kind, **changes)
        before = fake.end_state()

        with pytest.raises(ProofError) as caught:
            Promoting(fake).apply(plan)

        assert fake.end_state() == before
        assert set(fake.operations(writes=True)) == {"store.create", "store.delete"}
        assert f"{POLICY} of {QA_ROLE}" in caught.value.detail
        assert "promote plan" in caught.value.remedy

    @pytest.mark.parametrize(
        ("kind", "changes", "said"),
        [
            (Start, {"min_units": 100}, r"step 1 \(start\): its min_units is 100, expected 1"),
            (Grant, {"undo": None}, r"step 2 \(grant\): its undo would not allow"),
            (Grant, {"role": PROD_ROLE}, r"step 2 \(grant\): its role is .*tools-prod, expected"),
            (Switch, {"pointer": "/admin"}, r"its pointer is /admin, expected /models/tools/"),
            (Switch, {"undo": V2}, r"its undo is .*, expected .*"),
            (Drain, {"seconds": 0.0}, r"its seconds is 0.0, expected 30.0"),
        ],
        ids=["capacity", "undo", "role", "pointer", "pointer's undo", "drain"],
    )
    def test_that_promote_yaml_does_not_lead_to_is_refused_before_anything_is_written(
        self, fake: FakeWorld, kind: type[Step], changes: Mapping[str, Any], said: str
    ) -> None:
        plan = decode(encode(tampered(Promoting(fake).make(to="qa"), kind, **changes)))
        before = fake.end_state()

        with pytest.raises(PlanFileError, match=r"does not fit promote\.yaml") as caught:
            Promoting(fake).apply(plan)

        assert fake.end_state() == before
        assert set(fake.operations(writes=True)) == {"store.create", "store.delete"}
        assert re.search(said, caught.value.detail)

    def test_cannot_leave_the_endpoint_out(self) -> None:
        fake = FakeWorld(a_topology(qa(vpc_endpoints=(ENDPOINT,)), prod()))
        fake.calls.clear()
        plan = Promoting(fake).make(to="qa")

        with pytest.raises(ProofError, match="allows more than planned") as caught:
            Promoting(fake).apply(plan)
        assert f"In the plan, for the policy {POLICY} of {QA_ROLE}" in caught.value.detail
        assert "resource:" in caught.value.detail

    def test_is_refused_although_only_its_application_finds_out(self, fake: FakeWorld) -> None:
        """A plan that was changed under way: nothing half done is left."""
        plan = Promoting(fake).make(to="qa")
        grant = step_of(plan, Grant)

        def spoil() -> None:
            object.__setattr__(grant, "adds", ())

        fake.at("iam.policy", spoil)
        with pytest.raises(ProofError, match="does not say what a write changes"):
            Promoting(fake).apply(plan)
        assert fake.document(QA_ROLE) == a_grant("v1")
        assert fake.status("v2") is Status.STOPPED
        assert fake.ledger().unfinished is None


class TestAPolicyEditedByHand:
    edited = and_more(a_grant("v1"), Action="s3:GetObject", Resource="arn:aws:s3:::b/*")

    @pytest.fixture
    def by_hand(self, fake: FakeWorld) -> FakeWorld:
        fake.write_policy(QA_ROLE, self.edited)
        fake.pass_time(60)
        fake.calls.clear()
        return fake

    @pytest.mark.parametrize(
        "command",
        [
            lambda promoter: promoter.release(to="qa"),
            lambda promoter: promoter.grant("tools", "v2", environment="qa"),
        ],
        ids=["release", "access grant"],
    )
    def test_is_never_overwritten_silently(
        self, by_hand: FakeWorld, command: Callable[[Promoting], object]
    ) -> None:
        with pytest.raises(ProofError, match="allows s3:GetObject on arn:aws:s3:::b/"):
            command(Promoting(by_hand))
        assert by_hand.document(QA_ROLE) == self.edited
        assert "iam.put" not in by_hand.operations()

    def test_is_replaced_when_that_is_adopted(self, by_hand: FakeWorld) -> None:
        plan = Promoting(by_hand).plan("tools", "v2", to="qa", adopt=True)

        assert step_of(plan, Grant).adopts
        assert Promoting(by_hand).apply(plan).result is Outcome.PROMOTED
        assert by_hand.document(QA_ROLE) == a_grant("v2")

    def test_comes_back_when_the_promotion_is_put_back(self, by_hand: FakeWorld) -> None:
        by_hand.poor.add(V2)
        plan = Promoting(by_hand).plan("tools", "v2", to="qa", adopt=True)
        with pytest.raises(FailedError, match="Everything is as before"):
            Promoting(by_hand).apply(plan)
        assert by_hand.document(QA_ROLE) == self.edited

    def test_is_not_revoked_from_either(self, fake: FakeWorld) -> None:
        edited = and_more(a_grant("v1", "v2"), Action="s3:*", Resource="*")
        fake.write_policy(QA_ROLE, edited)
        fake.pass_time(60)
        with pytest.raises(ProofError, match="allows s3:"):
            Promoting(fake).revoke("tools", "v2", environment="qa")
        assert fake.document(QA_ROLE) == edited


class TestAPolicyThatChangesRightBeforeTheWrite:
    def test_is_left_alone_by_a_single_step(self, fake: FakeWorld) -> None:
        other = a_grant("v1", "v3")
        fake.at("iam.policy", lambda: fake.write_policy(QA_ROLE, other))
        with pytest.raises(StalePlanError, match="role was changed meanwhile"):
            Promoting(fake).grant("tools", "v2", environment="qa")
        assert fake.document(QA_ROLE) == other

    def test_is_left_alone_by_an_undo(self, fake: FakeWorld) -> None:
        other = a_grant("v1", "v2", "v3")
        fake.poor.add(V2)
        fake.at("iam.policy", lambda: fake.write_policy(QA_ROLE, other), nth=2)
        with pytest.raises(NeedsAttentionError, match="role was changed meanwhile"):
            Promoting(fake).release(to="qa")
        assert fake.document(QA_ROLE) == other


class TestAnUndoThatIsNotWhatWasThere:
    def test_is_kept_from_the_promotion_that_was_taken_over(self, fake: FakeWorld) -> None:
        """The first one alone had seen the policy, which was of another granularity then."""
        pattern = f"{V1.partition('/version/')[0]}/version/*"
        fake.write_policy(QA_ROLE, a_grant(pattern))
        fake.pass_time(60)
        fake.crash("iam.put", after=True)
        with pytest.raises(CrashError):
            Promoting(fake).release(to="qa")
        fake.revive(seconds=200)
        fake.point(fake.targets[0], V1)  # somebody writes the pointer, so that it is planned anew
        plan = Promoting(fake).make(to="qa")
        assert step_of(plan, Grant).undo == a_grant(pattern)
        assert step_of(plan, Grant).before == a_grant("v1", "v2")
        fake.poor.add(V2)
        with pytest.raises(FailedError, match="Everything is as before"):
            Promoting(fake).apply(plan)
        assert fake.document(QA_ROLE) == a_grant(pattern)


class TestAccessAnalyzer:
    def asked(self, fake: FakeWorld, analyzer: FakeAnalyzer) -> Analysis:
        promoter = Promoting(fake)
        promoter.world = replace(promoter.world, analyzer=analyzer)
        return promoter.analyse(promoter.make(to="qa"))

    def test_is_asked_about_every_document_both_ways_and_about_the_old_version(
        self, fake: FakeWorld
    ) -> None:
        analyzer = FakeAnalyzer()

        assert self.asked(fake, analyzer) == Analysis(documents=2, checks=5)
        kinds = sorted(str(question[0]) for question in analyzer.asked)
        assert kinds == [*["no_new_access"] * 4, "not_granted", *["validate"] * 2]
        denied = next(q for q in analyzer.asked if q[0] == "not_granted")
        assert denied[1:4] == (a_grant("v2"), "rekognition:DetectCustomLabels", (V1,))

    def test_stops_the_promotion_when_it_disagrees(self, fake: FakeWorld) -> None:
        analyzer = FakeAnalyzer(granted=Answer(passed=False, message="It might."))
        with pytest.raises(ProofError, match="might") as caught:
            self.asked(fake, analyzer)
        assert f"CheckAccessNotGranted, rekognition:DetectCustomLabels on {V1}: FAIL" in str(
            caught.value
        )

    def test_is_not_done_without(self, fake: FakeWorld) -> None:
        analyzer = FakeAnalyzer(error=AccessDeniedError("Access denied"))
        with pytest.raises(AccessDeniedError):
            self.asked(fake, analyzer)

    def test_is_the_one_that_the_library_was_given(self) -> None:
        analyzer = FakeAnalyzer()
        store = FakeWorld(a_topology()).ports().store
        promoter = Promoter(a_topology(), analyzer=analyzer, ledger=store)
        assert promoter.world.analyzer is analyzer
