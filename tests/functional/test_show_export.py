"""A build takes the variables of a plan from `promote show --export`, through a real shell."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from promote.cli.main import main
from promote.core.planfile import digest, encode
from promote.report.exports import summary
from tests.unit.report.test_exports import HOSTILE, plan_because

BUILD = "arn:aws:codebuild:us-east-1:111111111111:build/promote-tools-plan-qa:0dc7c3fc"


def read_by_sh(text: str) -> dict[str, str]:
    """Let a POSIX shell read the lines, and return what it then has in those variables."""
    names = re.findall(r"^export ([A-Z_]+)=", text, flags=re.MULTILINE)
    shown = "".join(f"printf '%s\\0' \"${name}\"\n" for name in names)
    run = subprocess.run(
        ["/bin/sh", "-euc", f"{text}\n{shown}"],
        capture_output=True,
        check=True,
        env={"LC_ALL": "C.UTF-8"},
    )
    return dict(zip(names, run.stdout.decode().split("\0"), strict=False))


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_shell_reads_the_variables_whatever_the_reason_is(
    number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEBUILD_BUILD_ARN", BUILD)
    plan = plan_because(HOSTILE[number])
    file = tmp_path / "plan.json"
    file.write_bytes(encode(plan))
    assert main(["show", str(file), "--export"]) == 0
    found = read_by_sh(capsys.readouterr().out)
    assert found.pop("PLAN_URL").endswith("promote-tools-plan-qa%3A0dc7c3fc/log?region=us-east-1")
    assert found == {
        "PLAN_DIGEST": digest(plan),
        "CHANGES": str(plan.changes),
        "PLAN_SUMMARY": summary(plan),
    }


def test_it_wants_a_link_outside_of_a_build(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CODEBUILD_BUILD_ARN", raising=False)
    file = tmp_path / "plan.json"
    file.write_bytes(encode(plan_because(None)))
    assert main(["show", str(file), "--export"]) == 2
    assert main(["show", str(file), "--export", "--url", "https://x/#{y}"]) == 2
    assert main(["show", str(file), "--export", "--url", "https://x/y?z=1"]) == 0
    assert "export PLAN_URL='https://x/y?z=1'" in capsys.readouterr().out


def test_it_gives_one_variable_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEBUILD_BUILD_ARN", BUILD)
    file = tmp_path / "plan.json"
    plan = plan_because("it's urgent")
    file.write_bytes(encode(plan))
    assert main(["show", str(file), "--export", "--only", "PLAN_SUMMARY"]) == 0
    assert capsys.readouterr().out == f"{summary(plan)}\n"
    assert main(["show", str(file), "--export", "--only", "PLAN_SUMARY"]) == 2
    assert "Did you mean PLAN_SUMMARY?" in " ".join(capsys.readouterr().err.split())
    assert main(["show", str(file), "--only", "CHANGES"]) == 2
