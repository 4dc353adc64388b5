"""The rules of rendered stacks: what we render keeps them, and each seeded fault is found."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promote.cli.main import main
from promote.core.perimeter import Verifier
from promote.core.policies.proof import proving
from promote.pipeline.lint import RULES, lint
from promote.pipeline.lint.specs import EXPORTS
from promote.pipeline.render import stacks as render_stacks
from promote.report.exports import exports
from promote.templates import render
from tests.artifacts.pipeline_fault_list import FAULTS
from tests.artifacts.pipeline_fault_surroundings import SURROUNDINGS
from tests.artifacts.pipeline_faults import PIPELINE, TOPOLOGY, Fault, stacks
from tests.artifacts.readme import README
from tests.builders import a_plan

EVERY = (*FAULTS, *SURROUNDINGS)
Capture = pytest.CaptureFixture[str]
# JSON of every kind that may stand where something else is expected.
ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0.5,
    "",
    "x\ny",
    "#{",
    "[",
    "[1]",
    "7",
    [],
    {},
    [[]],
    [None],
    {"a": [{}]},
)


Way = tuple[str | int, ...]


@cache
def everywhere() -> list[tuple[str, Way]]:
    """Return the path of everything in every stack."""
    return [(name, path) for name, content in stacks().items() for path in places(content)]


def places(value: object, path: Way = ()) -> list[Way]:
    """Return the path of everything in a document."""
    below = value.items() if isinstance(value, dict) else ()
    listed = enumerate(value) if isinstance(value, list) else ()
    found = [each for key, one in (*below, *listed) for each in places(one, (*path, key))]
    return [path, *found] if path else found


class TestWhatWeRender:
    def test_keeps_every_rule(self) -> None:
        assert lint(stacks(), TOPOLOGY) == ()

    def test_keeps_every_rule_that_needs_no_configuration(self) -> None:
        assert lint(stacks()) == ()

    def test_keeps_every_rule_in_a_vpc_and_with_organisational_units(self) -> None:
        verifier = Verifier(vpc="vpc-1", subnets=("subnet-1",), security_groups=("sg-1",))
        qa, prod = TOPOLOGY.environments
        environments = (
            replace(qa, verifier=verifier),
            replace(prod, organizational_units=("ou-ab12-cdefgh12",)),
        )
        topology = replace(TOPOLOGY, environments=environments)
        files = render_stacks(topology, proving(partial(render)))
        assert lint({name: json.loads(text) for name, text in files.items()}, topology) == ()


class TestEverySeededFault:
    @pytest.mark.parametrize("fault", EVERY, ids=lambda fault: f"{fault.caught} {fault.seed}")
    def test_is_found_by_its_rule_and_by_none_that_it_does_not_break(self, fault: Fault) -> None:
        found = lint(fault.files(), TOPOLOGY)
        assert {each.rule for each in found} == {fault.caught, *fault.also}
        assert fault.file in {each.document for each in found if each.rule == fault.caught}

    def test_is_called_something_of_its_own(self) -> None:
        names = [(each.caught, each.seed) for each in EVERY]
        assert len(set(names)) == len(names)


class TestEveryRule:
    def test_is_broken_by_a_fault(self) -> None:
        assert {each.caught for each in EVERY} >= RULES.keys()

    def test_is_counted_by_the_readme(self) -> None:
        assert f"holds it to {len(RULES)} rules" in README.read_text("utf-8")

    def test_is_told_in_sentences_and_has_a_source(self) -> None:
        for rule in RULES.values():
            assert rule.holds.endswith(".")
            assert rule.source
            assert rule.message.endswith((".", "}"))

    def test_points_to_where_it_is_and_says_what_stands_there(self) -> None:
        (fault,) = [each for each in EVERY if each.seed == "a reason outside of quotes"]
        (found,) = lint(fault.files(), TOPOLOGY)
        assert found.place == (
            "Resources.PlanQaProject.Properties.Source.BuildSpec phases.build.commands[0]"
        )
        assert "$REASON stands outside of double quotes" in found.message

    @settings(max_examples=40)
    @given(data=st.data())
    def test_never_raises(self, data: st.DataObject) -> None:
        name, (*way, last) = data.draw(st.sampled_from(everywhere()))
        document: Any = copy.deepcopy(stacks()[name])
        found = document
        for key in way:
            found = found[key]
        found[last] = data.draw(st.sampled_from(ODD))
        lint({**stacks(), name: document}, TOPOLOGY)

    @pytest.mark.parametrize("content", ODD)
    def test_leaves_out_what_is_no_template(self, content: object) -> None:
        assert lint({"any.json": content}) == ()


def test_what_a_sourced_file_sets_is_what_promote_writes_into_it() -> None:
    lines = exports(a_plan(), "https://example.com").splitlines()
    assert {line.removeprefix("export ").partition("=")[0] for line in lines} == EXPORTS


class TestPipelineCheck:
    def test_of_a_directory_tells_what_is_wrong_where_and_ends_with_4(
        self, tmp_path: Path, capsys: Capture
    ) -> None:
        (fault,) = [each for each in EVERY if each.seed == "an export that nothing sets"]
        for name, content in fault.files().items():
            (tmp_path / name).write_text(json.dumps(content), "utf-8")
        (tmp_path / "manifest.json").write_text('{"kind": "pipeline-manifest"}', "utf-8")
        assert main(["pipeline", "check", "--dir", str(tmp_path), "-o", "json"]) == 4
        told = json.loads(capsys.readouterr().out)
        assert (told["ok"], told["documents"]) == (False, len(stacks()))
        (found,) = told["findings"]
        assert (found["document"], found["rule"], found["severity"]) == (PIPELINE, "PL507", "error")
        assert found["place"].endswith("Source.BuildSpec env.exported-variables[3]")
        assert found["message"] == "PLAN_PAGE is set by no command."
        assert found["remedy"]

    def test_of_a_directory_without_faults_ends_with_0(
        self, tmp_path: Path, capsys: Capture
    ) -> None:
        for name, content in stacks().items():
            (tmp_path / name).write_text(json.dumps(content), "utf-8")
        assert main(["pipeline", "check", "--dir", str(tmp_path)]) == 0
        assert capsys.readouterr().out == f"{len(stacks())} documents, 0 findings\n"

    @pytest.mark.parametrize(
        ("name", "content"), [("a.json", "{"), ("a.json", "[" * 10**5), ("a.txt", "{}")]
    )
    def test_of_a_directory_without_stacks_is_refused(
        self, tmp_path: Path, capsys: Capture, name: str, content: str
    ) -> None:
        (tmp_path / name).write_text(content, "utf-8")
        assert main(["pipeline", "check", "--dir", str(tmp_path)]) not in (0, 4)
        assert str(tmp_path) in capsys.readouterr().err

    def test_shows_rules_with_their_sources(self, capsys: Capture) -> None:
        assert main(["pipeline", "check", "--rules"]) == 0
        told = capsys.readouterr().out
        assert all(f"{each}  " in told for each in RULES)
        assert main(["pipeline", "check", "--explain", "PL305", "-o", "json"]) == 0
        (row,) = json.loads(capsys.readouterr().out)["rules"]
        assert (row["id"], row["source"]) == ("PL305", RULES["PL305"].source)
        assert row["remedy"] == "Write #{variables.{name}}."

    def test_knows_no_other_rule(self, capsys: Capture) -> None:
        assert main(["pipeline", "check", "--explain", "PL30"]) == 2
        assert "There is no rule 'PL30'. Did you mean" in capsys.readouterr().err
