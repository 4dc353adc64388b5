"""`promote policy render` as the way to the documents: every kind, canonical, offline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from promote.cli.main import main
from promote.cli.sandbox_example import EXAMPLE, write_example
from promote.core.codec import canonical
from promote.iam.document import parse
from promote.iam.quota import trust_usage
from promote.sandbox.seed import PROJECT
from promote.templates import KINDS
from tests.artifacts.permissions import PERMISSIONS, PIPELINE, PROTECTIONS

# What the example leaves out, so that every kind has a document.
PROTECTED = """
    vpc_endpoints: [vpce-0a1b2c3d4e5f60718]
    smoke: {endpoint_url: "https://vpce-0a1b2c3d4e5f60718.rekognition.us-east-1.vpce.amazonaws.com"}
ledger: s3://team-ledger/tools
records: {signing_key: arn:aws:kms:us-east-1:111111111111:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9}
data_lake:
  account: "666666666666"
  bucket: tools-images
  kms_key: arn:aws:kms:us-east-1:666666666666:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9
  trainers: [trainer]
guardrails:
  account: "999999999999"
  targets: ["222222222222"]
pipeline:
  account: "111111111111"
"""
ROWS = {kind: set(row) for kind, row in PERMISSIONS.items()}
ROWS |= {kind: set(row) for kind, row in (PROTECTIONS | PIPELINE).items()}
ASKING = """
  gates:
    alarm: [errors, "arn:aws:cloudwatch:us-east-1:222222222222:alarm:unhealthy"]
    golden: {images: s3://golden-images/tools}
    approval: 1
  verifier: {vpc: vpc-0a1b2c3d, subnets: [subnet-0a1b2c3d], security_groups: [sg-0a1b2c3d]}
"""
GIVEN = ("--version", PROJECT.version_arn("v2"), "--trusted", "111111111111")

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    directory: Path = tmp_path_factory.mktemp("render")
    write_example(directory)
    path = directory / "promote.yaml"
    text = path.read_text("utf-8").replace("defaults: ", f"defaults: {ASKING}")
    path.write_text(text.rstrip() + PROTECTED, "utf-8")
    return str(path)


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
            assert actions == ROWS[kind]
            assert heading.startswith(f"# {kind} ")

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
        assert "Did you mean access-role?" in " ".join(err.split())

    @pytest.mark.parametrize(
        ("kind", "option"), [("ledger", "--trusted"), ("access-role", "--version")]
    )
    def test_that_needs_to_be_told_more_says_what(
        self, kind: str, option: str, file: str, capsys: Capture
    ) -> None:
        assert rendered(file, "--kind", kind) == 0
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(f"# {kind}: no document")
        assert option in err


class TestTheSize:
    def test_is_said_beside_the_quota_of_its_place(self, file: str, capsys: Capture) -> None:
        assert rendered(file, "--kind", "access-role-trust", "--environment", "qa") == 0
        out, err = capsys.readouterr()
        used = trust_usage(json.loads(out)).used
        assert len(out.strip()) <= used < len(out.strip()) + 10  # lists where one value will do
        heading = "# access-role-trust arn:aws:iam::222222222222:role/tools-qa"
        assert err == f"{heading}: {used} of 2048 characters\n"

    def test_counts_what_shares_the_quota_together(self, tmp_path: Path, capsys: Capture) -> None:
        path = tmp_path / "promote.yaml"
        both = EXAMPLE.replace("smoke_role: promote-smoke", "smoke_role: promote-deployer")
        path.write_text(both)
        chosen = ("--environment", "qa", "--kind", "deployer", "--kind", "smoke")
        assert rendered(str(path), *chosen, "-o", "json") == 0
        rows = json.loads(capsys.readouterr().out)["documents"]
        sizes = [row["size"] for row in rows]
        assert [row["used"] for row in rows] == [sum(sizes)] * 2
        assert {row["quota"] for row in rows} == {10_240}
