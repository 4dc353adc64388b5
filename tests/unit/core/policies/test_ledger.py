"""The policy of the ledger's bucket: what people and others may do with the objects of a ledger."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from promote.core import reviews
from promote.core.policies.documents import wanted_documents
from promote.core.policies.proof import DiffersError, prove
from promote.errors import ProofError
from promote.iam import catalogue
from promote.iam.document import Kind, parse
from promote.iam.evaluate import Request, Verdict, evaluate_resource
from promote.templates import render
from tests.builders import PROMOTER, a_model, a_topology

OURS, THEIRS = "111111111111", "222222222222"
PLAN = "5f3a" * 16
SSO = f"arn:aws:iam::{OURS}:role/aws-reserved/sso.amazonaws.com"
TOPOLOGY = a_topology(
    models=(a_model(), a_model(name="parts", project="spares")), ledger="s3://team-ledger/a"
)
(WANTED,) = [
    each for each in wanted_documents(TOPOLOGY, trusted=[PROMOTER]) if each.kind == "ledger"
]
DOCUMENT = render("ledger", WANTED.context)
POLICY = parse(DOCUMENT, kind=Kind.BUCKET)


class Who:
    """Somebody, as STS and IAM know them."""

    def __init__(self, arn: str, entity: str, user_id: str) -> None:
        self.arn, self.entity, self.user_id = arn, entity, user_id

    @property
    def own(self) -> str:
        """What their reviews of the plan are called in the bucket."""
        return f"a/{reviews.key('tools', PLAN, reviews.author(self.arn, self.user_id))}"

    def says(self, name: str, action: str = "s3:PutObject") -> Verdict:
        """Say what the policy alone says of their request."""
        account = self.entity.split(":")[4]
        context = {
            "aws:PrincipalArn": self.entity,
            "aws:PrincipalAccount": account,
            "aws:userid": self.user_id,
        }
        if ":user/" in self.entity:
            context["aws:username"] = self.entity.rpartition("/")[2]
        request = Request(self.arn, action, f"arn:aws:s3:::team-ledger/{name}", context)
        return evaluate_resource(request, POLICY).verdict


def user(name: str, account: str = OURS, path: str = "") -> Who:
    """Return an IAM user."""
    arn = f"arn:aws:iam::{account}:user/{path}{name}"
    return Who(arn, arn, f"AIDA{name.upper()}")


def session(role: str, name: str) -> Who:
    """Return a session of a role."""
    arn = f"arn:aws:sts::{OURS}:assumed-role/{role.rpartition('/')[2]}/{name}"
    return Who(arn, role, f"AROA{len(role)}:{name}")


ALICE, BOB, NAMESAKE = user("alice"), user("bob", path="team/"), user("alice", THEIRS)
CAROL = session(f"{SSO}/AWSReservedSSO_Review_0123456789abcdef", "carol")
DAVE = session(f"{SSO}/eu-west-1/AWSReservedSSO_Review_0123456789abcdef", "dave@example.com")
PEOPLE = [ALICE, BOB, NAMESAKE, CAROL, DAVE]
PIPELINE = session(f"arn:aws:iam::{OURS}:role/release", "carol")
LOOKALIKE = session(f"arn:aws:iam::{OURS}:role/AWSReservedSSO_Review_0123456789abcdef", "carol")
INTRUDER = session(
    f"arn:aws:iam::{OURS}:role/x/aws-reserved/sso.amazonaws.com/AWSReservedSSO_a", "a"
)
ROOT = Who(f"arn:aws:iam::{OURS}:root", f"arn:aws:iam::{OURS}:root", OURS)
OTHERS = [PIPELINE, LOOKALIKE, INTRUDER, ROOT]
EVERYBODY = [*PEOPLE, *OTHERS]

HARMLESS = {
    "s3:AbortMultipartUpload": "it ends an upload that is none yet",
    "s3:BypassGovernanceRetention": "it does nothing without one of those that are denied",
    "s3:InitiateReplication": "it copies what is there to somewhere else",
    "s3:ObjectOwnerOverrideToBucketOwner": "it goes with the replication that is denied",
    "s3:RestoreObject": "it brings back what was archived",
}


def writes() -> Iterable[str]:
    """List what changes an object in some way."""
    for action in catalogue.actions("s3").values():
        reads = action.level in ("Read", "List")
        if "object" in action.resource_types and not reads and action.name not in HARMLESS:
            yield action.name


class TestReviews:
    @pytest.mark.parametrize("who", PEOPLE, ids=lambda one: one.entity)
    def test_people_write_their_own(self, who: Who) -> None:
        assert who.says(who.own) is Verdict.IMPLICIT_DENY  # Their own policies decide.
        assert who.says(who.own.replace("/tools/", "/parts/")) is Verdict.IMPLICIT_DENY
        assert who.says(who.own.replace("/tools/", "/model-of-tomorrow/")) is Verdict.IMPLICIT_DENY
        assert who.says(who.own, "s3:DeleteObject") is Verdict.IMPLICIT_DENY

    @pytest.mark.parametrize("who", EVERYBODY, ids=lambda one: one.entity)
    def test_nobody_writes_those_of_others(self, who: Who) -> None:
        for another in PEOPLE:
            if another is not who:
                assert another.own != who.own
                assert who.says(another.own) is Verdict.EXPLICIT_DENY

    @pytest.mark.parametrize("action", [*writes()])
    def test_nobody_changes_those_of_others_in_any_way(self, action: str) -> None:
        for who in (ALICE, CAROL, PIPELINE):
            assert who.says(BOB.own, action) is Verdict.EXPLICIT_DENY

    @pytest.mark.parametrize("who", OTHERS, ids=lambda one: one.entity)
    def test_who_is_no_person_writes_none_at_all(self, who: Who) -> None:
        assert who.says(who.own) is Verdict.EXPLICIT_DENY

    def test_the_names_that_people_may_write_are_no_others_reviews(self) -> None:
        for name in ("x.json", f"a/tools/approvals/{PLAN}/x/{ALICE.own[2:]}"):
            assert ALICE.says(name) is not Verdict.EXPLICIT_DENY
            assert not reviews.is_review(name.removeprefix("a/"))

    @pytest.mark.parametrize("who", EVERYBODY, ids=lambda one: one.entity)
    def test_everybody_may_be_let_do_the_rest(self, who: Who) -> None:
        for name in ("lock.json", "checkpoint.json", "yield.json", "records/00000001.json"):
            assert who.says(f"a/tools/{name}") is not Verdict.EXPLICIT_DENY
        assert who.says(BOB.own, "s3:GetObject") is not Verdict.EXPLICIT_DENY


class TestProof:
    @pytest.mark.parametrize(
        ("part", "other", "shown"),
        [
            ("${aws:userid}:${aws:username}", "AIDABOB:bob", "AIDAEXAMPLEALICE:alice"),
            ("${aws:userid}:${aws:username}", "${aws:userid}${aws:username}", "ALICEalice"),
            ("${aws:userid}:", "${aws:username}:", "AIDAEXAMPLEALICE:alice"),
            ("/${aws:userid}.review", "/AROABOB:bob.review", "AROAEXAMPLE"),
            ("/${aws:userid}.review", "/*.review", ".review"),
            ("${aws:PrincipalAccount}/", "", "AIDAEXAMPLEALICE:alice"),
            ("*.json", "*", "AIDAEXAMPLEALICE"),
            ("arn:aws:iam::*:user/*", "arn:aws:iam::*:user/team/*", "approvals"),
            ("AWSReservedSSO_*", "*", "approvals"),
            ("s3:Replicate*", "s3:ReplicateObject", "approvals"),
        ],
    )
    def test_finds_a_slip_and_shows_it_in_words_of_aws(
        self, part: str, other: str, shown: str
    ) -> None:
        slip = json.loads(json.dumps(DOCUMENT).replace(part, other))
        with pytest.raises(DiffersError) as caught:
            prove("ledger", slip, WANTED.context)
        assert shown in caught.value.detail
        assert "matches:" not in caught.value.detail

    def test_refuses_the_name_of_a_user_for_who_has_none(self) -> None:
        slip = json.dumps(DOCUMENT).replace("/${aws:userid}.review", "/${aws:username}.review")
        with pytest.raises(ProofError, match=r"\$\{aws:username\}, for which .*AWSReservedSSO_"):
            prove("ledger", json.loads(slip), WANTED.context)

    def test_does_not_grow_with_the_models(self) -> None:
        many = tuple(a_model(name=f"m{each}", project=f"p{each}") for each in range(50))
        found = wanted_documents(
            a_topology(models=many, ledger="s3://team-ledger/a"), trusted=[PROMOTER]
        )
        (document,) = [each for each in found if each.kind == "ledger"]
        assert render("ledger", document.context) == DOCUMENT
