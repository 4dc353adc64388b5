"""`promote policy lint` on rendered documents and on files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promote.cli.main import main
from promote.cli.sandbox_example import EXAMPLE
from promote.iam.lint import RULES

Capture = pytest.CaptureFixture[str]

OPEN = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::tools-images/*",
        }
    ],
}


@pytest.fixture
def example(tmp_path: Path) -> str:
    path = tmp_path / "promote.yaml"
    path.write_text(EXAMPLE)
    return str(path)


@pytest.fixture
def open_bucket(tmp_path: Path) -> str:
    path = tmp_path / "bucket.json"
    path.write_text(json.dumps(OPEN))
    return str(path)


def lint(*arguments: str) -> int:
    return main(["policy", "lint", *arguments])


def rules_found(capsys: Capture) -> set[str]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["kind"] == "findings"
    return {each["rule"] for each in found["findings"]}


class TestRenderedDocuments:
    def test_are_clean(self, example: str, capsys: Capture) -> None:
        assert lint("-f", example) == 0
        out, err = capsys.readouterr()
        assert out.endswith(" documents, 0 findings\n")
        assert "example-1" in err

    def test_of_a_kind_that_there_is_not_are_refused(self, example: str, capsys: Capture) -> None:
        assert lint("-f", example, "--kind", "acess-role") == 2
        assert "Did you mean access-role?" in " ".join(capsys.readouterr().err.split())


class TestAFile:
    def test_is_taken_for_the_kind_that_it_looks_like(
        self, open_bucket: str, capsys: Capture
    ) -> None:
        assert lint(open_bucket) == 4
        out, err = capsys.readouterr()
        assert "Statement[0].Principal" in out
        assert err == f"# {open_bucket}: taken for a policy of kind bucket; --kind says another\n"

    @pytest.mark.parametrize("kind", ["bucket", "data-lake-bucket"])
    def test_is_what_it_is_said_to_be(self, kind: str, open_bucket: str, capsys: Capture) -> None:
        assert lint(open_bucket, "--kind", kind, "-o", "json") == 4
        guessed = rules_found(capsys)
        assert lint(open_bucket, "--kind", "identity", "-o", "json") == 4
        assert guessed
        assert rules_found(capsys) != guessed

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"{", "is not JSON"),
            (b"", "is not JSON"),
            (b"[]", "Expected an object."),
            (b'{"Statement": NaN}', "NaN is not a JSON number"),
            (b'{"Statement": {"Effect": "Allow", "Effect": "Deny"}}', "'Effect' appears twice"),
            (b"\xef\xbb\xbf{}", "begins with a byte order mark"),
            (b'{"Id": "\xe9"}', "is not UTF-8: invalid continuation byte at byte 8."),
            (None, "Is a directory."),
        ],
    )
    def test_that_is_no_policy_is_refused(
        self, content: bytes | None, says: str, tmp_path: Path, capsys: Capture
    ) -> None:
        path = tmp_path if content is None else tmp_path / "p.json"
        if content is not None:
            path.write_bytes(content)
        assert lint(str(path)) == 2
        err = "".join(capsys.readouterr().err.split())
        assert "".join(str(path).split()) in err
        assert "".join(says.split()) in err


class TestTheRules:
    def test_are_listed_with_a_bad_and_a_good_example(self, capsys: Capture) -> None:
        assert lint("--rules") == 0
        out = capsys.readouterr().out
        assert all(f"\n{rule}  " in f"\n{out}" for rule in RULES)
        assert out.count("\n    bad ") == out.count("\n    good ") == len(RULES)

    def test_are_explained_one_by_one(self, capsys: Capture) -> None:
        rule = next(iter(RULES))
        assert lint("--explain", rule, "-o", "json") == 0
        (found,) = json.loads(capsys.readouterr().out)["rules"]
        assert found["id"] == rule
        assert found["bad"]["document"] != found["good"]["document"]

    def test_that_there_are_not_are_refused(self, capsys: Capture) -> None:
        assert lint("--explain", "PR000") == 2
        assert "There is no rule 'PR000'" in capsys.readouterr().err
