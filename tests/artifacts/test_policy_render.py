"""`promote policy render` as the way to the documents: every kind, canonical, offline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promote.cli.main import main
from promote.cli.sandbox_example import write_example
from promote.core.codec import canonical
from promote.iam.document import parse
from promote.sandbox.seed import PROJECT
from promote.templates import KINDS
from tests.artifacts.permissions import PERMISSIONS

GIVEN = ("--version", PROJECT.version_arn("v2"), "--trusted", "111111111111")

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    directory: Path = tmp_path_factory.mktemp("render")
    write_example(directory)
    return str(directory / "promote.yaml")


def rendered(file: str, *arguments: str) -> int:
    """Render without credentials, and where no endpoint would answer."""
    return main(["policy", "render", "-f", file, *arguments])


class TestEachKind:
    @pytest.mark.parametrize("kind", KINDS)
    def test_is_printed_as_canonical_json(self, kind: str, file: str, capsys: Capture) -> None:
        assert rendered(file, "--kind", kind, *GIVEN) == 0
        lines, headings = (text.splitlines() for text in capsys.readouterr())
        assert len(lines) == len(headings) > 0
        for line, heading in zip(lines, headings, strict=True):
            document = json.loads(line)
            assert canonical(document).decode() == line
            policy = parse(document, kind=KINDS[kind])
            actions = {action for each in policy.statements for action in each.actions}
            assert actions == set(PERMISSIONS[kind])
            assert heading.startswith(f"# {kind} arn:aws:iam::")

    def test_is_among_the_documents_of_a_whole_configuration(
        self, file: str, capsys: Capture
    ) -> None:
        assert rendered(file, *GIVEN, "-o", "json") == 0
        out, err = capsys.readouterr()
        assert {each["kind"] for each in json.loads(out)["documents"]} == set(KINDS)
        assert err == ""


class TestAKind:
    def test_that_there_is_not_is_refused(self, file: str, capsys: Capture) -> None:
        assert rendered(file, "--kind", "acess-role") == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert "Did you mean access-role?" in err

    @pytest.mark.parametrize(
        ("kind", "option"), [("role-trust", "--trusted"), ("access-role", "--version")]
    )
    def test_that_needs_to_be_told_more_says_what(
        self, kind: str, option: str, file: str, capsys: Capture
    ) -> None:
        assert rendered(file, "--kind", kind) == 0
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(f"# {kind}: no document")
        assert option in err
