"""What a write changes: stated from two documents, and proved over all requests."""

from __future__ import annotations

from typing import Any

import pytest

from promote.core.change import Change, change, takes_more, unstated
from promote.core.observation import Json
from promote.errors import PolicyError
from promote.iam.evaluate import Verdict
from tests.builders import a_grant, version_arn

V1, V2, V3 = (version_arn(name) for name in ("v1", "v2", "v3"))
PROJECT = V1.partition("/version/")[0] + "/version/*"
ACCOUNT = V1.partition("/")[0] + "/*/version/*"
LATER_IN_V1 = f"{V1}*"


def through(*endpoints: str, versions: tuple[str, ...] = ("v1",)) -> Json:
    """Grant versions through VPC endpoints only."""
    return with_condition({"StringEquals": {"aws:SourceVpce": list(endpoints)}}, *versions)


def with_condition(condition: Json, *versions: str) -> Json:
    document: Any = a_grant(*versions)
    return {**document, "Statement": [{**document["Statement"][0], "Condition": condition}]}


def and_more(document: Any, **statement: object) -> Json:
    """Put a statement beside those of a document, as somebody does by hand."""
    return {**document, "Statement": [*document["Statement"], statement]}


OTHER_ACTION = and_more(
    a_grant("v1"), Effect="Allow", Action="s3:GetObject", Resource="arn:aws:s3:::b/*"
)
DENIAL = and_more(
    a_grant("v1"), Effect="Deny", Action="rekognition:DetectCustomLabels", Resource=V3
)
WIDER_ACTION = a_grant("v1", action="rekognition:*")
UNREADABLE = and_more(a_grant("v1"), Effect="Allow", Action="s3:*", NotResource="arn:aws:s3:::b")
OURS = a_grant("v1", "v2")


class TestWhatIsStated:
    @pytest.mark.parametrize(
        ("before", "after", "adds", "removes"),
        [
            (None, a_grant("v2"), (V2,), ()),
            (a_grant("v1"), None, (), (V1,)),
            (a_grant("v1"), OURS, (V2,), ()),
            (OURS, a_grant("v2"), (), (V1,)),
            (a_grant("v2", "v1"), OURS, (), ()),
            (OURS, a_grant(PROJECT), (PROJECT,), ()),
            (a_grant(PROJECT), OURS, (), (PROJECT,)),
            (a_grant(PROJECT), a_grant(ACCOUNT), (ACCOUNT,), ()),
            (a_grant(PROJECT), a_grant("v2", LATER_IN_V1), (), (PROJECT,)),
            (a_grant(V1[:-1] + "?"), a_grant(LATER_IN_V1[:-2] + "*"), (V1[:-1] + "*",), ()),
            (a_grant("v1"), through("vpce-1"), (), (V1,)),
            (through("vpce-1"), a_grant("v1"), (V1,), ()),
            (through("vpce-1"), through("vpce-1", "vpce-2"), (V1,), ()),
            (through("vpce-1"), through("vpce-2"), (V1,), (V1,)),
            (WIDER_ACTION, a_grant("v1"), (), ()),
            (OTHER_ACTION, OURS, (V2,), ()),
        ],
    )
    def test_are_the_patterns_that_gain_and_lose(
        self, before: Json | None, after: Json | None, adds: tuple[str, ...], removes: object
    ) -> None:
        found = change(before, after)

        assert (found.adds, found.removes) == (adds, removes)
        assert unstated(before, after, found, adopts=True) is None

    def test_leave_nothing_out_where_the_old_document_denies_or_cannot_be_read(self) -> None:
        assert change(DENIAL, OURS).adds == (V1, V2)
        assert change(UNREADABLE, OURS) == Change(adds=(V1, V2), removes=("*",))
        elsewhere = {"Statement": {"Effect": "Allow", "Action": "s3:*", "NotResource": "*"}}
        assert change(elsewhere, OURS) == Change(adds=(V1, V2), removes=())

    def test_need_a_new_document_that_can_be_read(self) -> None:
        with pytest.raises(PolicyError):
            change(None, UNREADABLE)


class TestWhatIsNotStated:
    @pytest.mark.parametrize(
        ("before", "action", "verdict"),
        [
            (OTHER_ACTION, "s3:GetObject", Verdict.ALLOWED),
            (DENIAL, "rekognition:DetectCustomLabels", Verdict.EXPLICIT_DENY),
        ],
    )
    def test_is_found_with_a_request(self, before: Json, action: str, verdict: Verdict) -> None:
        found = unstated(before, OURS, change(before, OURS))

        assert found is not None
        assert found.request.action == action
        assert found.verdicts[:2] == (verdict, Verdict.IMPLICIT_DENY)
        assert takes_more(before, OURS, change(before, OURS))
        assert unstated(before, OURS, change(before, OURS), adopts=True) is None

    def test_is_every_other_action_of_a_wider_grant(self) -> None:
        found = unstated(WIDER_ACTION, OURS, change(WIDER_ACTION, OURS))

        assert found is not None
        assert found.request.action.startswith("rekognition:")
        assert found.request.resource == V1

    def test_may_be_lost_when_the_document_is_deleted(self) -> None:
        assert takes_more(OTHER_ACTION, None, change(OTHER_ACTION, None))
        assert not takes_more(OURS, None, change(OURS, None))

    def test_cannot_be_told_of_a_document_that_cannot_be_read(self) -> None:
        stated = change(UNREADABLE, OURS)
        with pytest.raises(PolicyError):
            unstated(UNREADABLE, OURS, stated)
        assert takes_more(UNREADABLE, OURS, stated)
        assert unstated(UNREADABLE, OURS, stated, adopts=True) is None

    def test_is_not_what_was_denied_before_and_is_not_allowed_now(self) -> None:
        before = and_more(a_grant(PROJECT), Effect="Deny", Action="rekognition:*", Resource=V3)

        stated = change(before, OURS)

        assert PROJECT in stated.removes
        assert unstated(before, OURS, stated, adopts=True) is None

    @pytest.mark.parametrize(
        ("after", "stated"),
        [
            (a_grant("v1", "v2", "v3"), Change(adds=(V2,), removes=())),
            (a_grant("v2"), Change(adds=(V2,), removes=())),
            (WIDER_ACTION, Change(adds=(), removes=())),
            (a_grant("v1", LATER_IN_V1), Change(adds=(), removes=())),
        ],
        ids=["one more", "one less", "another action", "a wildcard"],
    )
    @pytest.mark.parametrize("adopts", [False, True])
    def test_is_found_where_a_statement_is_wrong(
        self, after: Json, stated: Change, *, adopts: bool
    ) -> None:
        assert unstated(a_grant("v1"), after, stated, adopts=adopts) is not None


def test_a_hundred_and_fifty_versions_are_proved_in_a_moment() -> None:
    before = a_grant(*(f"v{number}" for number in range(150)))
    after = through("vpce-1", versions=tuple(f"v{number}" for number in range(1, 151)))
    stated = change(before, after)

    assert (stated.adds, len(stated.removes)) == ((version_arn("v150"),), 150)
    assert unstated(before, after, stated) is None
