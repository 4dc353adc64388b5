from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from promote.cli.main import execute
from promote.core.observation import Json
from promote.core.policies.difference import Comparison
from promote.core.policies.documents import wanted_documents
from promote.core.topology import Topology
from promote.promoter import Promoter
from promote.templates import render
from promote.workflow.compare import Comparer
from tests.builders import POLICY, QA, a_grant, a_topology, an_environment, version_arn
from tests.fake_world import CrashError, FakeWorld
from tests.unit.cli.fakes import FakeRun
from tests.workflow.promoting import Promoting

QA_ROLE = "arn:aws:iam::222222222222:role/tools-qa"
PROD_ROLE = "arn:aws:iam::222222222222:role/tools-prod"

Key = tuple[str, str]


@pytest.fixture
def fake(fake: FakeWorld) -> FakeWorld:
    """Let every access role have the trust policy that is wanted."""
    for arn, trust in trusts(fake.topology).items():
        fake.roles[arn].trust = trust
    return fake


def trusts(topology: Topology) -> Mapping[str, Json]:
    return {
        each.attached_to: render(each.kind, each.context)
        for each in wanted_documents(topology)
        if each.kind == "access-role-trust"
    }


def compared(fake: FakeWorld, **only: str) -> dict[Key, Comparison]:
    found = Comparer(fake.ports(), fake.topology, render).compare(**only)
    assert not fake.operations(writes=True)
    return {(each.kind, each.attached_to.rpartition("/")[2]): each for each in found}


def said(comparison: Comparison) -> list[str]:
    return [each.says for each in comparison.differences]


class TestStatusAndDoctor:
    def test_trust_the_promoter_where_it_tries_the_role_itself(self) -> None:
        fake = FakeWorld(a_topology(an_environment("qa", smoke_role=None)))
        promoter = fake.ports().identities.caller().arn
        for wanted in wanted_documents(fake.topology, trusted=[promoter]):
            if wanted.kind == "access-role-trust":
                fake.roles[wanted.attached_to].trust = render(wanted.kind, wanted.context)
        asked = Promoter(fake.topology)
        asked.world = fake.ports()
        (status,) = asked.status()
        assert "trust" not in repr(status).lower()
        assert not [each for each in asked.doctor() if "trust policy" in each.detail]


class TestComparing:
    def test_finds_nothing_where_everything_is_as_wanted(self, fake: FakeWorld) -> None:
        found = compared(fake)
        assert set(found) == {
            (kind, role)
            for kind in ("access-role", "access-role-trust")
            for role in ("tools-qa", "tools-prod")
        }
        # The world's grants have no Sid, which nothing is decided by.
        assert all(each.same_access for each in found.values())

    def test_names_a_version_that_no_pointer_names(self, fake: FakeWorld) -> None:
        fake.write_policy(QA_ROLE, a_grant("v1", "v9"))
        found = compared(fake)["access-role", "tools-qa"]
        assert "allows also version v9 of tools-detector" in said(found)
        assert found.witness is not None
        assert found.witness.request.resource == version_arn("v9")

    def test_wants_what_a_pointer_named_within_the_drain(self, fake: FakeWorld) -> None:
        (target,) = (target for target in fake.targets if target.account == QA)
        fake.point(target, version_arn("v2"))
        fake.write_policy(QA_ROLE, a_grant("v1", "v2"))
        assert compared(fake)["access-role", "tools-qa"].same_access
        fake.pass_time(fake.topology.environment("qa").drain.total_seconds() + 1)
        found = compared(fake)["access-role", "tools-qa"]
        assert "allows also version v1 of tools-detector" in said(found)
        fake.breaches.clear()  # A pointer was moved to a version that nobody had started.

    def test_takes_what_an_unfinished_promotion_granted_for_wanted(self, fake: FakeWorld) -> None:
        fake.crash("pointer.write")
        with pytest.raises(CrashError):
            Promoting(fake).release(to="qa")
        fake.revive()
        fake.calls.clear()
        assert compared(fake)["access-role", "tools-qa"].same_access

    def test_tells_a_foreign_policy_by_what_it_lets_detect(self, fake: FakeWorld) -> None:
        fake.write_policy(QA_ROLE, a_grant("*"), "debug")
        found = compared(fake)["foreign", "tools-qa"]
        assert (found.name, found.same_access) == ("debug", False)
        assert said(found)[0] == "is not managed by promote"
        fake.write_policy(QA_ROLE, a_grant("*", action="logs:PutLogEvents"), "debug")
        assert compared(fake)["foreign", "tools-qa"].same_access

    def test_is_about_one_environment_when_asked(self, fake: FakeWorld) -> None:
        fake.write_policy(PROD_ROLE, a_grant("v1", "v9"))
        assert {role for _, role in compared(fake, environment="qa")} == {"tools-qa"}
        found = compared(fake, model="tools", environment="prod")
        assert not found["access-role", "tools-prod"].same_access

    def test_names_a_policy_that_does_not_exist(self, fake: FakeWorld) -> None:
        fake.write_policy(QA_ROLE, None)
        assert said(compared(fake)["access-role", "tools-qa"])[0] == "does not exist"
        fake.breaches.clear()  # The applications have lost their access.

    def test_names_a_role_that_does_not_exist(self, fresh: FakeWorld) -> None:
        del fresh.roles[PROD_ROLE]
        found = compared(fresh)
        assert said(found["access-role-trust", "tools-prod"])[0] == "does not exist"
        assert found["access-role", "tools-prod"].same_access  # Nothing is wanted yet.

    def test_trusts_the_promoter_where_it_tries_the_roles_itself(self) -> None:
        fake = FakeWorld(a_topology(an_environment("qa", smoke_role=None)))
        found = compared(fake)["access-role-trust", "tools-qa"]
        wanted = json.dumps([each.wanted for each in found.differences])
        assert not found.same_access
        assert "cannot be judged" in said(found)[0] or "role/release" in wanted


class WorldRun(FakeRun):
    """A run of the command line in a world in memory."""

    def __init__(self, fake: FakeWorld, *arguments: str) -> None:
        super().__init__(*arguments)
        self._world = fake

    def topology(self) -> Topology:
        return self._world.topology

    def promoter(self, on_event: Any = None) -> Any:
        del on_event
        return Promoting(self._world)


class TestTheCommand:
    def test_shows_the_differences_in_words(
        self, fake: FakeWorld, capsys: pytest.CaptureFixture[str]
    ) -> None:
        fake.write_policy(QA_ROLE, a_grant("v1", "v9"))
        run = WorldRun(fake, "policy", "diff", "tools", "--environment", "qa")
        assert execute(run) == 0
        shown = capsys.readouterr().out.splitlines()
        assert shown[0] == f"DIFFERS access-role {QA_ROLE} ({POLICY})"
        assert "        Statement[0]: allows also version v9 of tools-detector" in shown
        assert "            live       allowed" in shown
        assert shown[-1] == "2 documents, 1 differs"

    @pytest.mark.parametrize(("versions", "code"), [(("v1",), 0), (("v1", "v9"), 10)])
    def test_ends_for_a_schedule_by_whether_access_differs(
        self, versions: tuple[str, ...], code: int, fake: FakeWorld, capsys: Any
    ) -> None:
        fake.write_policy(QA_ROLE, a_grant(*versions))
        assert execute(WorldRun(fake, "policy", "diff", "--detailed-exitcode", "-ojson")) == code
        found = json.loads(capsys.readouterr().out)
        assert (found["kind"], found["same"]) == ("differences", code == 0)

    def test_explains_by_live_policies(
        self, fake: FakeWorld, capsys: pytest.CaptureFixture[str]
    ) -> None:
        asked = ["--principal", QA_ROLE, "--action", "rekognition:DetectCustomLabels"]
        asked += ["--resource", version_arn("v9"), "--live", "-o", "json"]
        assert execute(WorldRun(fake, "policy", "explain", *asked)) == 4
        fake.write_policy(QA_ROLE, a_grant("*"), "debug")
        capsys.readouterr()
        assert execute(WorldRun(fake, "policy", "explain", *asked)) == 0
        out, err = capsys.readouterr()
        found = json.loads(out)
        assert {each["source"] for each in found["documents"]} == {"live"}
        assert found["statements"] == ["debug of tools-qa Statement[0]"]
        assert any(note.startswith("Not looked at: ") for note in found["notes"])
        assert err == ""  # No example stands for anything.
