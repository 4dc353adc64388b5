"""The gate `golden`: judged on both versions' answers, after the proofs and before any switch."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from promote.core.chain import Broken
from promote.core.events import GoldenJudged, Warned
from promote.core.gates.golden import Answer, GoldenRule, evidence_of
from promote.core.gates.requirements import Requirements
from promote.core.gates.result import Verdict
from promote.core.judged import GateJudged
from promote.core.observation import Json
from promote.core.parts import Smoke
from promote.core.record import PromotionEnded, Record, RollbackStarted
from promote.core.result import Outcome
from promote.core.topology import Topology
from promote.core.version import Status
from promote.core.waves import WaveSize
from promote.errors import (
    AccessDeniedError,
    CredentialsError,
    FailedError,
    ImageError,
    InputError,
    NeedsAttentionError,
    NotFoundError,
    NotReadyError,
    PromoteError,
    RefusedError,
    ThrottledError,
)
from promote.report import text
from promote.workflow.chains import read_chain
from promote.workflow.journal import Journal
from tests.builders import (
    HOUR,
    NOW,
    PROD,
    PROMOTER,
    a_grant,
    a_pointer,
    a_topology,
    a_version,
    prod,
    qa,
    version_arn,
)
from tests.fake_world import CrashError, FakeWorld, place
from tests.workflow.promoting import Promoting as _Promoting

V0, V1, V2 = version_arn("v0"), version_arn("v1"), version_arn("v2")
IMAGES = tuple(f"{label} {number}" for number in range(20) for label in ("hammer", "screwdriver"))
SMOKE = Smoke(images="smoke/", min_accuracy=0.5)
LEASE_OVER = 200.0


class Promoting(_Promoting):
    """Compares no trust policies, for nothing renders them here."""

    def _trusts(self) -> dict[str, Json]:
        return {}

    def lifting(self, *, expires: timedelta = HOUR, version: str = "v2") -> Outcome:
        """Release with the gate lifted."""
        plan = self.plan(
            "tools", version, to="qa", reason="hotfix", overrides=("golden",), expires=expires
        )
        return self.apply(plan).result


def judging(rule: GoldenRule | None = None, *, live: str | None = "v1") -> FakeWorld:
    """Build a world whose qa has the gate, with the images of its smoke test by default."""
    environment = qa(smoke=SMOKE, gates=Requirements(golden=rule or GoldenRule()))
    return with_images(FakeWorld(a_topology(environment, prod()), live=live))


def with_images(fake: FakeWorld, images: Iterable[str] = IMAGES) -> FakeWorld:
    fake.albums = {"smoke/": tuple(images), "golden/": tuple(images)}
    if not any(fake.pointer(target).value for target in fake.targets):
        fake.become("v1", Status.STOPPED)
    return fake


def worse(fake: FakeWorld, *, lost: int = 12) -> None:
    """Let v2 take hammers for screwdrivers."""
    hammers = [image for image in IMAGES if image.startswith("hammer")]
    fake.mistaken[V2] = dict.fromkeys(hammers[:lost], "screwdriver")


def judgements(fake: FakeWorld) -> list[GateJudged]:
    return [each for each in fake.records() if isinstance(each, GateJudged)]


def ends(fake: FakeWorld) -> list[Outcome]:
    return [each.result.result for each in fake.records() if isinstance(each, PromotionEnded)]


def asked(fake: FakeWorld, version: str) -> int:
    return sum(call.operation == "model.invoke" and call.resource == version for call in fake.calls)


def refused(fake: FakeWorld, promoter: Promoting | None = None) -> RefusedError:
    """Release v2, and hold that the gate stops it and that everything is as before."""
    before = {str(target): fake.pointer(target) for target in fake.targets}
    documents = {role: fake.document(role) for role in fake.roles}
    with pytest.raises(RefusedError) as caught:
        (promoter or Promoting(fake)).release()
    assert caught.value.exit_code == 4
    assert "Everything is as before. No pointer was changed" in caught.value.detail
    assert {str(target): fake.pointer(target) for target in fake.targets} == before
    assert {role: fake.document(role) for role in fake.roles} == documents
    assert fake.ledger().unfinished is None
    assert ends(fake)[-1] is Outcome.FAILED
    assert not fake.breaches
    return caught.value


class TestAVersionThatIsAsGood:
    def test_goes_live_with_its_judgement_on_record_before_the_switch(self) -> None:
        fake = judging()
        found: list[int] = []
        fake.at("pointer.write", lambda: found.append(len(judgements(fake))))
        promoter = Promoting(fake)
        assert promoter.release().result is Outcome.PROMOTED
        assert found == [1]
        (judged,) = judgements(fake)
        assert (judged.gate.gate, judged.gate.verdict) == ("golden", Verdict.PASS)
        assert (judged.against, judged.by) == (V1, PROMOTER)
        assert "40 images: accuracy 1.000" in judged.gate.measured
        assert not fake.breaches
        (event,) = (each for each in promoter.events if isinstance(each, GoldenJudged))
        assert event.gate == judged.gate

    def test_leaves_the_digest_of_all_answers(self) -> None:
        fake = judging()
        fake.mistaken[V1] = {"hammer 3": None}
        Promoting(fake).release()
        said = [(image, image.split()[0]) for image in IMAGES]
        answers = [
            Answer(
                image=f"{image}.png",
                label=label,
                new=label,
                running=None if image == "hammer 3" else label,
            )
            for image, label in said
        ]
        assert judgements(fake)[0].evidence == evidence_of(answers, 0.95)
        assert evidence_of(answers[::-1], 0.95) == evidence_of(answers, 0.95)
        changed = [replace(answers[0], new="pliers"), *answers[1:]]
        assert evidence_of(changed, 0.95) != evidence_of(answers, 0.95)

    def test_is_not_asked_twice_about_the_images_of_the_smoke_test(self) -> None:
        plain = with_images(FakeWorld(a_topology(qa(smoke=SMOKE), prod())))
        fake = judging()
        for world in (plain, fake):
            world.replicas = (0.0, 0.0, 0.0)
            Promoting(world).release()
        assert asked(fake, V2) == asked(plain, V2)
        assert asked(fake, V1) == asked(plain, V1) + len(IMAGES)
        assert fake.operations().count("images.load") == 1

    def test_is_asked_about_other_images_than_those_of_the_smoke_test(self) -> None:
        plain, fake = judging(), judging(GoldenRule(images="golden/{model}/{environment}"))
        fake.albums["golden/tools/qa"] = IMAGES[:34]
        for world in (plain, fake):
            world.replicas = (0.0, 0.0, 0.0)
            Promoting(world).release()
        assert asked(fake, V2) == asked(plain, V2) + 34
        assert "34 images" in judgements(fake)[0].gate.measured

    def test_that_is_the_first_has_nothing_to_be_compared_with(self) -> None:
        fake = judging(GoldenRule(min_accuracy=0.9), live=None)
        assert Promoting(fake).release().result is Outcome.PROMOTED
        (judged,) = judgements(fake)
        assert judged.against is None
        assert "no running version to compare with" in judged.gate.measured

    def test_is_not_judged_on_the_way_back(self) -> None:
        fake = judging()
        Promoting(fake).release()
        fake.mistaken[V1] = dict.fromkeys(IMAGES)
        assert Promoting(fake).rollback(of="qa").result is Outcome.PROMOTED
        assert len(judgements(fake)) == 1


class TestAWorseVersion:
    def test_is_put_back_with_its_numbers(self) -> None:
        fake = judging()
        worse(fake)
        error = refused(fake)
        assert error.summary == "The gate golden refused the version"
        assert "golden fail  40 images: accuracy 0.700" in error.detail
        assert "v1 has accuracy 1.000 on the same images: 12 lost (12 'hammer'" in error.detail
        assert "hammer 0.png as screwdriver" in error.detail
        assert "required: not shown to be worse" in error.detail
        assert "promote release tools v2 --to qa --override golden --reason" in error.remedy
        assert fake.status("v2") is Status.STOPPED
        (judged,) = judgements(fake)
        assert judged.gate.verdict is Verdict.FAIL

    def test_is_put_back_for_what_is_asked_of_it_alone(self) -> None:
        fake = judging(GoldenRule(min_accuracy=0.95, min_recall=0.9, max_regression=0.5))
        worse(fake, lost=4)
        error = refused(fake)
        assert "accuracy 0.900 (36 of 40)" in error.detail
        assert "recall of 'hammer' 0.800 (16 of 20)" in error.detail

    def test_never_has_a_pointer_name_it(self) -> None:
        fake = judging()
        worse(fake)
        refused(fake)
        assert not {"pointer.write", "pointer.create"} & set(fake.operations())


class TestTheImages:
    def test_that_cannot_be_used_fail_before_anything_is_changed(self) -> None:
        fake = judging(GoldenRule(images="golden/"))
        fake.fail("images.load", InputError("No images", "golden/ is empty"), on="golden/")
        with pytest.raises(InputError) as caught:
            Promoting(fake).release()
        assert "golden/ is empty" in caught.value.detail
        assert "`gates.golden.images` of qa" in caught.value.remedy
        assert ends(fake) == []
        assert {each for each in fake.operations(writes=True) if "store" not in each} == set()

    def test_count_once_each(self) -> None:
        fake = judging()
        with_images(fake, (*IMAGES, IMAGES[0]))
        with pytest.raises(InputError, match="named twice"):
            Promoting(fake).release()
        assert fake.ledger().unfinished is None

    def test_that_are_too_few_are_told_at_once_and_decide_nothing(self) -> None:
        fake = judging()
        with_images(fake, IMAGES[:10])
        promoter = Promoting(fake)
        error = refused(fake, promoter)
        assert "golden inconclusive" in error.detail
        assert "too few images, about 30 like these would tell" in error.detail
        warned = [each.message for each in promoter.events if isinstance(each, Warned)]
        assert any(
            "10 golden images are too few" in each and "30 would do" in each for each in warned
        )

    def test_that_are_too_few_harm_nobody_who_is_the_first(self) -> None:
        fake = judging(live=None)
        with_images(fake, IMAGES[:4])
        promoter = Promoting(fake)
        assert promoter.release().result is Outcome.PROMOTED
        assert not [each for each in promoter.events if isinstance(each, Warned)]

    def test_that_the_service_refuses_are_an_input_problem(self) -> None:
        fake = judging()
        fake.fail("model.invoke", ImageError("The service refuses the image", "too big"), on=V1)
        with pytest.raises(InputError) as caught:
            Promoting(fake).release()
        assert "hammer 0.png: too big" in caught.value.detail
        assert "Everything is as before" in caught.value.detail
        assert ends(fake) == [Outcome.FAILED]


class TestARunningVersionThatCannotBeAsked:
    @pytest.mark.parametrize(
        "error",
        [
            NotReadyError("The version does not run", "v1 is STOPPED"),
            AccessDeniedError("Access denied", "tools-qa is not allowed it"),
            NotFoundError("Not found", "there is no v1"),
        ],
        ids=lambda error: type(error).__name__,
    )
    def test_leaves_the_comparison_undecided_and_says_why(self, error: PromoteError) -> None:
        fake = judging()
        fake.fail("model.invoke", error, on=V1, times=99)
        found = refused(fake)
        assert "golden inconclusive" in found.detail
        assert f"v1 could not be asked, so nothing can be compared: {error.summary}" in found.detail
        assert "--override golden" in found.remedy

    def test_does_not_hide_that_the_new_one_alone_is_too_bad(self) -> None:
        fake = judging(GoldenRule(min_accuracy=0.9))
        worse(fake)
        fake.fail("model.invoke", NotReadyError("Not ready"), on=V1, times=99)
        assert "golden fail" in refused(fake).detail

    @pytest.mark.parametrize("error", [CredentialsError("Expired"), ThrottledError("Slow down")])
    def test_because_of_us_or_the_time_is_asked_again_by_the_next_run(
        self, error: PromoteError
    ) -> None:
        fake = judging()
        fake.fail("model.invoke", error, on=V1, times=99)
        with pytest.raises(PromoteError) as caught:
            Promoting(fake).release()
        assert caught.value.exit_code == (75 if isinstance(error, ThrottledError) else 6)
        assert "promote resume tools" in caught.value.remedy
        assert judgements(fake) == []
        assert fake.ledger().unfinished is not None
        fake.revive()
        assert Promoting(fake).resume("tools").result is Outcome.PROMOTED
        assert len(judgements(fake)) == 1

    def test_is_none_when_the_pointer_named_no_version(self) -> None:
        fake = judging()
        (target,) = (each for each in fake.targets if each.environment == "qa")
        fake.pointers[place(target)] = list(a_pointer("rubbish").history)
        promoter = Promoting(fake)
        with pytest.raises(RefusedError) as caught:
            promoter.release(adopt=True)
        assert f"{target.pointer.name} in {target.account} named no version" in caught.value.detail


class TestAnOverride:
    def test_lets_it_go_live_with_the_numbers_on_record(self) -> None:
        fake = judging()
        worse(fake)
        promoter = Promoting(fake)
        assert promoter.lifting() is Outcome.PROMOTED
        (judged,) = judgements(fake)
        assert judged.gate.verdict is Verdict.FAIL
        assert judged.gate.override is not None
        assert judged.gate.override.reason == "hotfix"
        warned = [each.message for each in promoter.events if isinstance(each, Warned)]
        assert any("The gate golden is lifted by" in each for each in warned)

    def test_that_expires_on_the_way_lifts_nothing(self) -> None:
        fake = judging()
        worse(fake)
        with pytest.raises(RefusedError) as caught:
            Promoting(fake).lifting(expires=timedelta(seconds=5))
        assert "its override expired at" in caught.value.detail
        assert ends(fake) == [Outcome.FAILED]

    def test_that_expires_after_it_was_judged_has_lifted_it(self) -> None:
        fake = judging()
        worse(fake)
        fake.crash("pointer.write")
        with pytest.raises(CrashError):
            Promoting(fake).lifting()
        fake.revive(seconds=2 * HOUR.total_seconds())
        assert Promoting(fake).resume("tools").result is Outcome.PROMOTED
        assert len(judgements(fake)) == 1

    def test_of_a_version_that_passes_is_not_used(self) -> None:
        fake = judging()
        assert Promoting(fake).lifting() is Outcome.PROMOTED
        assert judgements(fake)[0].gate.override is None


class TestSeveralRunningVersions:
    def test_are_each_compared_with_through_a_target_of_their_own(self) -> None:
        fake = disagreeing()
        fake.mistaken[V0] = dict.fromkeys(IMAGES)
        assert Promoting(fake).release(to="prod").result is Outcome.PROMOTED
        found = {each.against: each.gate for each in judgements(fake)}
        assert set(found) == {V0, V1}
        assert "v0 has accuracy 0.000" in found[V0].measured
        assert "v1 has accuracy 1.000" in found[V1].measured
        assert not fake.breaches

    def test_must_all_be_no_better(self) -> None:
        fake = disagreeing()
        fake.mistaken[V0] = dict.fromkeys(IMAGES)
        worse(fake)
        with pytest.raises(RefusedError) as caught:
            Promoting(fake).release(to="prod")
        assert "v1 has accuracy 1.000" in caught.value.detail
        assert "v0 has accuracy" not in caught.value.detail
        assert {each.gate.verdict for each in judgements(fake)} == {Verdict.PASS, Verdict.FAIL}

    def test_are_not_all_asked_again_after_a_crash_between_their_records(self) -> None:
        fake = disagreeing()
        seen = len(judgements(fake))
        fake.at("store.create", lambda: crash_once_judged(fake, seen), times=99, after=True)
        with pytest.raises(CrashError):
            Promoting(fake).release(to="prod")
        assert len(judgements(fake)) == 1
        fake.revive(seconds=LEASE_OVER)
        fake.calls.clear()
        assert Promoting(fake).resume("tools").result is Outcome.PROMOTED
        assert {each.against for each in judgements(fake)} == {V0, V1}
        assert asked(fake, V0) < len(IMAGES) <= asked(fake, V1)


def crash_once_judged(fake: FakeWorld, seen: int) -> None:
    if len(judgements(fake)) > seen:
        fake.dead = True
        raise CrashError


def disagreeing() -> FakeWorld:
    """Build a world in which the targets of prod name v0 and v1, and v2 is to come."""
    environment = prod(smoke=SMOKE, after=(), gates=Requirements(golden=GoldenRule()))
    topology = a_topology(qa(), environment)
    fake = FakeWorld(
        replace(topology, ml=replace(topology.ml, quotas=replace(topology.ml.quotas, running=3)))
    )
    fake.versions[V0] = a_version("v0")
    first = next(each for each in fake.targets if each.account == PROD[0])
    fake.pointers[place(first)] = list(a_pointer("v0", changed_at=NOW - HOUR).history)
    for role in {each.access_role for each in fake.targets if each.environment == "prod"}:
        fake.write_policy(role, a_grant("v0", "v1"))
    fake.proven |= {(each, version) for each in PROD for version in (V0, V1)}
    fake.pass_time(60)
    return with_images(fake)


def with_roles_of_their_own(rule: GoldenRule) -> Topology:
    """Build a topology in which each target of prod has an access role, and prod the gate."""
    gates, role = Requirements(golden=rule), "{model}-{environment}-{account}"
    return a_topology(qa(), prod(smoke=SMOKE, after=(), gates=gates, access_role=role))


def one_ahead() -> FakeWorld:
    """Build a world in which the first target of prod names v2 since long, by a role of its own."""
    fake = with_images(FakeWorld(with_roles_of_their_own(GoldenRule())))
    first = next(each for each in fake.targets if each.account == PROD[0])
    fake.become("v2", Status.RUNNING)
    fake.write_policy(first.access_role, a_grant("v2"))
    fake.proven.add((first.account, V2))
    fake.pass_time(60)
    fake.point(first, V2)
    fake.pass_time(3600)
    return fake


class TestARunThatGoesOn:
    def test_never_asks_where_the_running_version_is_allowed_no_more(self) -> None:
        fake = one_ahead()
        fake.crash("model.invoke")
        with pytest.raises(CrashError):
            Promoting(fake).release(to="prod")
        fake.revive(seconds=LEASE_OVER)
        promoter = Promoting(fake)
        assert promoter.release(to="prod").result is Outcome.PROMOTED
        (event,) = (each for each in promoter.events if isinstance(each, GoldenJudged))
        assert (event.account, event.against) == (PROD[1], V1)

    def test_does_not_judge_once_there_is_no_way_back(self) -> None:
        fake = with_images(FakeWorld(with_roles_of_their_own(GoldenRule())))
        fake.crash("iam.put", nth=3, after=True)  # the first of two revocations
        with pytest.raises(CrashError):
            Promoting(fake).release(to="prod")
        fake.revive(seconds=LEASE_OVER)
        fake.topology = with_roles_of_their_own(GoldenRule(min_accuracy=0.9))
        assert Promoting(fake).release(to="prod").result is Outcome.PROMOTED
        assert len(judgements(fake)) == 1

    def test_does_not_ask_again_what_passed(self) -> None:
        fake = judging()
        fake.crash("pointer.write")
        with pytest.raises(CrashError):
            Promoting(fake).release()
        fake.revive(seconds=LEASE_OVER)
        worse(fake)
        fake.mistaken[V2] = {}
        fake.calls.clear()
        assert Promoting(fake).resume("tools").result is Outcome.PROMOTED
        assert asked(fake, V1) < len(IMAGES)
        assert len(judgements(fake)) == 1

    def test_asks_again_when_the_gate_asks_for_something_else_by_now(self) -> None:
        fake = judging()
        fake.crash("pointer.write")
        with pytest.raises(CrashError):
            Promoting(fake).release()
        fake.revive(seconds=LEASE_OVER)
        stricter = Requirements(golden=GoldenRule(min_accuracy=0.9))
        fake.topology = a_topology(qa(smoke=SMOKE, gates=stricter), prod())
        assert Promoting(fake).release().result is Outcome.PROMOTED
        assert [each.gate.verdict for each in judgements(fake)] == [Verdict.PASS, Verdict.PASS]
        assert judgements(fake)[1].gate.required.startswith("accuracy 0.9")

    def test_asks_again_when_the_images_are_others_by_now(self) -> None:
        fake = judging(GoldenRule(images="golden/"))
        fake.crash("pointer.write")
        with pytest.raises(CrashError):
            Promoting(fake).release()
        fake.revive(seconds=LEASE_OVER)
        others = Requirements(golden=GoldenRule(images="others/"))
        fake.topology = a_topology(qa(smoke=SMOKE, gates=others), prod())
        fake.albums["others/"] = IMAGES
        worse(fake)
        with pytest.raises(RefusedError):
            Promoting(fake).release()
        assert [each.gate.verdict for each in judgements(fake)] == [Verdict.PASS, Verdict.FAIL]

    def test_compares_with_what_ran_before_although_all_pointers_are_switched(self) -> None:
        fake = judging()
        fake.crash("pointer.write", after=True)
        with pytest.raises(CrashError):
            Promoting(fake).release()
        fake.revive(seconds=LEASE_OVER)
        stricter = Requirements(golden=GoldenRule(max_regression=0.15))
        fake.topology = a_topology(qa(smoke=SMOKE, gates=stricter), prod())
        assert Promoting(fake).release().result is Outcome.PROMOTED
        assert [each.against for each in judgements(fake)] == [V1, V1]

    @pytest.mark.parametrize("prepare", [lambda _fake: None, worse], ids=["as-good", "worse"])
    def test_after_a_crash_anywhere_ends_the_same(
        self, prepare: Callable[[FakeWorld], None]
    ) -> None:
        fake = judging()
        prepare(fake)
        left: list[FakeWorld] = []
        fake.at("!", lambda: left.append(fake.copy()), times=99, after=True)
        expected = released(fake)
        assert len(left) > 7
        for world in left:
            world.pass_time(LEASE_OVER)
            assert released(world) == expected
            assert not world.breaches
            assert not ignored(world)


class TestATargetThatFailedBefore:
    def test_is_not_asked_through(self) -> None:
        gates = Requirements(golden=GoldenRule())
        sizes = (WaveSize(1), WaveSize(100, is_percentage=True))
        environment = prod(smoke=SMOKE, after=(), gates=gates, waves=sizes, max_failures=1)
        fake = with_images(FakeWorld(a_topology(qa(), environment)))
        spoil = f"{PROD[0]}/{V2}"
        fake.at("pointer.write", lambda: fake.poor.add(spoil), after=True, on=PROD[0])
        with pytest.raises(NeedsAttentionError):
            Promoting(fake).release(to="prod")
        fake.poor.clear()
        stricter = replace(environment, gates=Requirements(golden=GoldenRule(min_accuracy=0.9)))
        fake.topology = a_topology(qa(), stricter)
        promoter = Promoting(fake)
        assert promoter.release(to="prod").result is Outcome.PROMOTED
        (event,) = (each for each in promoter.events if isinstance(each, GoldenJudged))
        assert (event.account, event.against) == (PROD[1], V1)


class TestTheRecord:
    def test_shows_the_final_judgement_in_the_place_of_the_pending_one(self) -> None:
        fake = judging()
        promoter = Promoting(fake)
        promoter.release()
        (judged,) = judgements(fake)
        found = promoter.promotion("tools", judged.promotion)
        assert found.gates == (judged.gate,)
        assert found.judged == (judged,)
        told = text.dossier(found)
        assert "golden: 40 images: accuracy 1.000" in told
        assert f"beside v1; SHA-256 of the answers: {judged.evidence}" in told
        assert not ignored(fake)

    def test_of_a_refusal_is_told_with_its_promotion(self) -> None:
        fake = judging()
        worse(fake)
        refused(fake)
        told = " ".join(text.history(fake.records()).split())
        assert told.count("golden fail 40 images: accuracy 0.700") == 1
        assert "golden (fail): 40 images" in told_of(fake)
        assert not ignored(fake)

    def test_of_a_lifted_gate_is_told_with_its_reason(self) -> None:
        fake = judging()
        worse(fake)
        Promoting(fake).lifting()
        told = " ".join(text.history(fake.records()).split())
        assert f"golden was lifted by {PROMOTER}" in told
        assert "because: hotfix (fail: 40 images: accuracy 0.700" in told
        assert not ignored(fake)

    def test_without_a_judgement_is_a_breach(self) -> None:
        fake = judging()
        Promoting(fake).release()
        rewrite(fake, lambda _judged: ())
        (found,) = ignored(fake)
        assert "switched a pointer, but no judgement of the gate golden is on record" in found

    def test_of_a_gate_that_was_not_heeded_is_a_breach(self) -> None:
        fake = judging()
        Promoting(fake).release()
        bad = replace(judgements(fake)[0].gate, verdict=Verdict.FAIL, measured="too bad")
        rewrite(fake, lambda judged: (replace(judged, gate=bad),))
        (found,) = ignored(fake)
        assert "switched a pointer although the gate golden said fail: too bad" in found

    def test_of_a_judgement_after_the_switch_is_a_breach(self) -> None:
        fake = judging()
        Promoting(fake).release()
        rewrite(fake, lambda judged: (replace(judged, at=fake.time),))
        (found,) = ignored(fake)
        assert "before every gate was judged" in found

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({"gate": "f1"}, "a judgement of golden"),
            ({"verdict": Verdict.PENDING}, "what golden says"),
        ],
    )
    def test_may_not_hold_a_judgement_of_something_else(
        self, change: dict[str, object], expected: str
    ) -> None:
        fake = judging()
        Promoting(fake).release()
        rewrite(
            fake,
            lambda judged: (replace(judged, gate=replace(judged.gate, **change)),),  # type: ignore[arg-type]
        )
        broken = whole(fake)
        assert broken is not None
        assert broken.expected == expected

    def test_may_not_hold_one_of_a_promotion_that_goes_back(self) -> None:
        fake = judging()
        worse(fake)
        refused(fake)
        (judged,) = judgements(fake)
        records = [each for each in fake.records() if each != judged]
        back = next(n for n, each in enumerate(records) if isinstance(each, RollbackStarted))
        records.insert(back + 1, judged)
        append_all(fake, records)
        broken = whole(fake)
        assert broken is not None
        assert broken.found == "golden is judged"


class TestAPromotionThatWaitedBetweenTwoJudgements:
    def paused(self, rule: GoldenRule) -> FakeWorld:
        """Stop after the first wave; then let prod ask for more."""
        fake = with_images(FakeWorld(in_two_waves(GoldenRule())))
        promoter = Promoting(fake)
        promoter.apply(promoter.make(to="prod"), wave=1)
        fake.pass_time(100)
        fake.topology = in_two_waves(rule)
        return fake

    def test_that_both_pass_is_no_breach(self) -> None:
        fake = self.paused(GoldenRule(min_accuracy=0.9))
        assert Promoting(fake).release(to="prod").result is Outcome.PROMOTED
        assert len(judgements(fake)) == 2
        assert not ignored(fake)

    def test_that_is_put_back_by_the_second_is_no_breach(self) -> None:
        fake = self.paused(GoldenRule(min_accuracy=0.99))
        worse(fake)
        with pytest.raises(RefusedError):
            Promoting(fake).release(to="prod")
        assert not ignored(fake)
        assert not fake.breaches


def in_two_waves(rule: GoldenRule) -> Topology:
    sizes = (WaveSize(1), WaveSize(100, is_percentage=True))
    gates = Requirements(golden=rule)
    return a_topology(qa(), prod(smoke=SMOKE, after=(), gates=gates, waves=sizes))


def whole(fake: FakeWorld) -> Broken | None:
    return read_chain(Promoting(fake).world.store, "tools").broken


def rewrite(fake: FakeWorld, change: Callable[[GateJudged], Iterable[GateJudged]]) -> None:
    """Let somebody write the records anew, all of them, with other judgements."""
    records: list[Record] = []
    for each in fake.records():
        records += change(each) if isinstance(each, GateJudged) else (each,)
    append_all(fake, records)


def append_all(fake: FakeWorld, records: Iterable[Record]) -> None:
    for key in [key for key in fake.objects if "/records/" in key or "checkpoint" in key]:
        del fake.objects[key]
    journal = Journal(Promoting(fake).world.store, "tools")
    for each in records:
        journal.append(each)


def told_of(fake: FakeWorld) -> str:
    (judged,) = judgements(fake)
    return text.dossier(Promoting(fake).promotion("tools", judged.promotion))


def released(fake: FakeWorld) -> dict[str, object]:
    with contextlib.suppress(RefusedError, FailedError):  # put back by this run, or one before it
        Promoting(fake).release()
    state = dict(fake.end_state())
    claims = state.pop("claims")
    assert isinstance(claims, dict)
    return {**state, "claimed": set(claims)}


def ignored(fake: FakeWorld) -> list[str]:
    """Return what the audit finds of gates."""
    found = Promoting(fake).audit("tools")
    return [each.detail for each in found if not each.ok and "P5 gates" in each.subject]
