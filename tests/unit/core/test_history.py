"""Which version a rollback goes back to."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promote.core.held import VersionHeld
from promote.core.history import History, came_from, history_of, is_undone_by_abort
from promote.core.observation import PointerState
from promote.core.plan import Plan
from promote.core.record import LedgerState, Unfinished, VerificationDone
from promote.core.version import Status
from promote.errors import NotFoundError, PromoteError, RefusedError
from tests.builders import (
    NOW,
    PROD,
    PROMOTER,
    a_plan,
    a_planned_target,
    a_pointer,
    a_request,
    a_switch,
    a_version,
    an_observation,
    version_arn,
)

NAMES = ("v1", "v2", "v3", "v4")
VERSIONS = tuple(a_version(name) for name in NAMES)


def held(*names: str) -> dict[tuple[str, str], VersionHeld]:
    return {
        (version_arn(name), "prod"): VersionHeld(
            at=NOW, by=PROMOTER, promotion="p-1", version=version_arn(name), environment="prod"
        )
        for name in names
    }


def failed(*names: str) -> dict[tuple[str, str], VerificationDone]:
    return {
        (version_arn(name), "prod"): VerificationDone(
            at=NOW,
            by=PROMOTER,
            version=version_arn(name),
            environment="prod",
            passed=False,
            accounts=PROD,
            accuracy=0.1,
        )
        for name in names
    }


def put_back(*names: str) -> frozenset[tuple[str, str]]:
    return frozenset((version_arn(name), "prod") for name in names)


def history(*pointers: PointerState, ledger: LedgerState | None = None) -> History:
    """Build prod's history: a pointer for each account, the last one for those left over."""
    given = dict(zip(PROD, (*pointers, *(pointers[-1],) * len(PROD)), strict=False))
    seen = an_observation(pointers=given, versions=VERSIONS, ledger=ledger or LedgerState())
    return history_of(seen, "prod")


def chosen(*pointers: PointerState, ledger: LedgerState | None = None) -> str:
    arn = history(*pointers, ledger=ledger).choose().version
    return next(name for name in NAMES if version_arn(name) == arn)


class TestTheVersionBefore:
    def test_is_what_every_pointer_named_last_before_what_it_names(self) -> None:
        assert chosen(a_pointer("v1", "v2", "v3")) == "v2"

    def test_is_never_what_is_named_now(self) -> None:
        assert chosen(a_pointer("v3", "v1", "v3", "v3")) == "v1"

    def test_is_where_it_is_after_a_rollback_until_something_else_is_released(self) -> None:
        ledger = LedgerState(held=held("v3"))
        assert chosen(a_pointer("v1", "v2", "v3", "v2"), ledger=ledger) == "v2"
        assert chosen(a_pointer("v1", "v2", "v3", "v2", "v4"), ledger=ledger) == "v2"

    def test_is_where_it_is_after_a_promotion_was_put_back(self) -> None:
        ledger = LedgerState(put_back=put_back("v2"))
        found = history(a_pointer("v1", "v2", "v1"), ledger=ledger).choose()
        assert (found.version, found.is_back) == (version_arn("v1"), True)

    @pytest.mark.parametrize(
        ("ledger", "why"),
        [
            (LedgerState(held=held("v2")), "rolled back from at 2026-03-02T14:00:00Z"),
            (LedgerState(put_back=put_back("v2")), "was put back"),
            (LedgerState(verifications=failed("v2")), "verification in prod failed"),
        ],
        ids=["held", "put back", "failed"],
    )
    def test_passes_over_what_is_known_to_be_bad_and_says_why(
        self, ledger: LedgerState, why: str
    ) -> None:
        found = history(a_pointer("v1", "v2", "v1", "v3"), ledger=ledger).choose()
        assert found.version == version_arn("v1")
        assert found.passed_over == {}
        found = history(a_pointer("v1", "v2", "v4", "v3"), ledger=_with_v4_failed(ledger)).choose()
        assert found.version == version_arn("v1")
        assert why in found.passed_over[version_arn("v2")]

    def test_passes_over_what_cannot_run_any_more(self) -> None:
        gone = a_version("v2", status=Status.DELETING)
        seen = an_observation(
            pointers=dict.fromkeys(PROD, a_pointer("v1", "v4", "v2", "rubbish", "v3")),
            versions=(VERSIONS[0], gone, VERSIONS[2]),
        )
        found = history_of(seen, "prod").choose()
        assert found.version == version_arn("v1")
        assert list(found.passed_over.values()) == [
            "it is not the ARN of a version",
            "it is DELETING",
            "tools does not have it (any more)",
        ]

    def test_is_that_of_the_targets_that_have_one(self) -> None:
        assert chosen(a_pointer("v1", "v2"), a_pointer("v2")) == "v1"
        assert chosen(a_pointer("v1", "v2"), a_pointer()) == "v1"

    def test_may_be_the_same_of_targets_that_disagree_now(self) -> None:
        assert chosen(a_pointer("v1", "v2"), a_pointer("v1", "v3")) == "v1"

    def test_is_asked_for_where_the_targets_came_from_different_ones(self) -> None:
        with pytest.raises(RefusedError) as caught:
            chosen(a_pointer("v1", "v3"), a_pointer("v2", "v3"))
        assert f"prod/{PROD[0]}  v1\n  prod/{PROD[1]}  v2" in caught.value.detail

    @pytest.mark.parametrize("pointer", [a_pointer(), a_pointer("v1"), a_pointer("rubbish", "v1")])
    def test_need_not_exist(self, pointer: PointerState) -> None:
        with pytest.raises(NotFoundError, match="Nothing to go back to"):
            chosen(pointer)

    def test_that_is_no_way_back_is_named_with_its_reason(self) -> None:
        ledger = LedgerState(verifications=failed("v1"))
        with pytest.raises(NotFoundError) as caught:
            chosen(a_pointer("v1", "v2"), ledger=ledger)
        assert "v1: its last verification in prod failed" in caught.value.detail

    @settings(max_examples=150, deadline=None)
    @given(data=st.data())
    def test_obeys_its_laws(self, data: st.DataObject) -> None:
        """It was named, it works, it is not what is named now unless that is a way back itself."""
        named = st.lists(st.sampled_from(NAMES), min_size=1, max_size=6)
        pointers = [a_pointer(*data.draw(named), apart=timedelta(hours=1)) for _ in PROD]
        some = st.sets(st.sampled_from(NAMES))
        ledger = LedgerState(
            held=held(*data.draw(some)),
            put_back=put_back(*data.draw(some)),
            verifications=failed(*data.draw(some)),
        )
        asked = history(*pointers, ledger=ledger)
        try:
            found = asked.choose()
        except PromoteError as error:
            assert isinstance(error, NotFoundError | RefusedError)  # noqa: PT017 (both will do)
            return
        assert found.version in asked.values
        assert found.version not in found.passed_over
        place = (found.version, "prod")
        bad = place in ledger.held or place in ledger.put_back or place in ledger.verifications
        stays = found.version in {each.value for each in pointers}
        assert not bad or stays
        # The order of the targets says nothing, and to name the same once more changes nothing.
        assert history(*reversed(pointers), ledger=ledger).choose() == found
        again = [PointerState(history=(*each.history, each.history[-1])) for each in pointers]
        assert history(*again, ledger=ledger).choose() == found


def _with_v4_failed(ledger: LedgerState) -> LedgerState:
    return LedgerState(
        held=ledger.held,
        put_back=ledger.put_back,
        verifications={**ledger.verifications, **failed("v4")},
    )


class TestAVersionThatIsAskedFor:
    def test_is_any_that_was_named(self) -> None:
        found = history(a_pointer("v1", "v2"), a_pointer("v3"))
        for name in ("v1", "v2", "v3"):
            assert found.expect(version_arn(name)) == version_arn(name)

    def test_is_refused_where_it_never_was(self) -> None:
        with pytest.raises(RefusedError) as caught:
            history(a_pointer("v1", "v2")).expect(version_arn("v3"))
        assert "No pointer of prod ever named v3; they named v2, v1." in caught.value.detail


def begun(plan: Plan) -> Unfinished:
    return Unfinished(promotion="p-1", plan=plan, since=NOW, by=PROMOTER)


class TestAnUnfinishedPromotion:
    @pytest.mark.parametrize("version", [None, "v1", version_arn("v1")])
    def test_is_put_back_by_going_where_it_came_from(self, version: str | None) -> None:
        assert is_undone_by_abort(begun(a_plan()), version)

    def test_is_not_put_back_by_going_elsewhere(self) -> None:
        assert not is_undone_by_abort(begun(a_plan()), "v0")
        assert not is_undone_by_abort(begun(a_plan()), "v2")

    def test_that_came_from_several_is_put_back_only_to_all_of_them(self) -> None:
        targets = (a_planned_target(), a_planned_target(PROD[1], before=version_arn("v3")))
        steps = (a_switch(), a_switch(account=PROD[1], undo=version_arn("v3")))
        mixed = begun(a_plan(targets=targets, steps=steps))
        assert is_undone_by_abort(mixed, None)
        assert not is_undone_by_abort(mixed, "v1")

    def test_that_was_planned_anew_came_from_where_it_began(self) -> None:
        targets = (a_planned_target(before=version_arn("v2")), a_planned_target(PROD[1]))
        assert came_from(a_plan(targets=targets)) == {version_arn("v1")}

    def test_if_it_is_a_rollback_goes_on(self) -> None:
        back = begun(a_plan(request=a_request(rollback=True)))
        assert not is_undone_by_abort(back, None)
        assert not is_undone_by_abort(back, "v1")
