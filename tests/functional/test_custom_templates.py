"""The user's own templates are held to the same plan: wider or narrower, nothing is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from promote.cli.main import execute
from promote.core.policies.proof import Render
from promote.core.result import Outcome
from promote.core.topology import Topology
from promote.errors import ProofError
from promote.templates.location import policies_directory
from tests.builders import POLICY, a_topology, prod, qa
from tests.fake_world import FakeWorld
from tests.unit.cli.fakes import FakeRun
from tests.workflow.promoting import Promoting
from tests.workflow.test_promotion import QA_ROLE

OURS = (policies_directory() / "access-role.json.j2").read_text("utf-8")
ENDPOINT = "vpce-0a1b2c3d4e5f60718"
CONDITION = OURS[OURS.index("{% if vpc_endpoints %}") : OURS.index("{% endif %}")] + "{% endif %}"
ACTION = '"Action": "rekognition:DetectCustomLabels"'
MORE_ACTIONS = '"Action": ["rekognition:DetectCustomLabels", "rekognition:StopProjectVersion"]'


class Templating(Promoting):
    """A promoter on the world in memory with the templates of its topology."""

    @property
    def _render(self) -> Render:
        return super(Promoting, self)._render


def with_template(directory: Path, template: str) -> Topology:
    """Write an own access-role template and return a topology that has it."""
    (directory / "policies").mkdir()
    (directory / "policies/access-role.json.j2").write_text(template, "utf-8")
    topology = a_topology(qa(vpc_endpoints=(ENDPOINT,)), prod())
    return replace(topology, templates="policies", directory=str(directory))


@pytest.mark.parametrize(
    ("there", "instead", "summary"),
    [
        ("{{ resources }}", '{{ resources | map("replace", "/v2/", "/v2*/") | list }}', "more"),
        ("{{ resources }}", '{{ resources + [resources[0] ~ "0"] }}', "more"),
        (CONDITION, "", "more"),
        (ACTION, MORE_ACTIONS, "more"),
        ("{{ resources }}", "{{ resources[:1] }}", "less"),
    ],
    ids=["v2*", "one more", "no endpoint", "one more action", "one version missing"],
)
def test_one_that_differs_is_refused_with_a_witness_before_anything_is_written(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    there: str,
    instead: str,
    summary: str,
) -> None:
    assert OURS.count(there) == 1
    fake = FakeWorld(with_template(tmp_path, OURS.replace(there, instead)))
    before = fake.end_state()

    for command in ("plan", "release"):
        arguments = (command, "tools", "v2", "--to", "qa", *(["--yes"][: command == "release"]))
        run = FakeRun(*arguments)
        run.fake = Templating(fake)  # type: ignore[assignment]
        assert execute(run) == 4
        error = capsys.readouterr().err
        assert f"Error: A policy allows {summary} than planned" in error
        assert "action:    rekognition:" in error
        assert "resource:  arn:aws:rekognition:us-east-1:222222222222:project/tools-" in error
    assert fake.end_state() == before
    assert fake.operations(writes=True) == []


def test_one_that_says_the_same_in_other_words_is_used(tmp_path: Path) -> None:
    other = OURS.replace("DetectWithAllowedVersions", "OurOwnWords").replace(ACTION, f"{ACTION}\n")
    fake = FakeWorld(with_template(tmp_path, other))
    plan = Templating(fake).make(to="qa")

    assert "OurOwnWords" in str(plan.steps)
    granted = [step for step in plan.steps if step.step == "grant"]
    assert len(granted) == 1


def test_without_a_template_of_ones_own_ours_is_used(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    fake = FakeWorld(replace(a_topology(), templates="policies", directory=str(tmp_path)))

    assert Templating(fake).release(to="qa").result is Outcome.PROMOTED
    assert "DetectWithAllowedVersions" in str(fake.document(QA_ROLE))


def test_a_proof_error_names_its_witness(tmp_path: Path) -> None:
    fake = FakeWorld(with_template(tmp_path, OURS.replace("{{ resources }}", '"*"')))
    with pytest.raises(ProofError) as caught:
        Templating(fake).make(to="qa")
    witness = vars(caught.value)["witness"]
    assert witness.request.action == "rekognition:DetectCustomLabels"


def test_a_proof_error_names_the_role_and_the_file(tmp_path: Path) -> None:
    fake = FakeWorld(with_template(tmp_path, OURS.replace("{{ resources }}", '"*"')))
    with pytest.raises(ProofError) as caught:
        Templating(fake).make(to="qa")
    assert f"For the policy {POLICY} of {QA_ROLE}:\n" in caught.value.detail
    assert f"template:  {tmp_path / 'policies/access-role.json.j2'}" in caught.value.detail
