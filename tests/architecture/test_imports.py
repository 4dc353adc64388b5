"""Run the import contracts of setup.cfg, and show that each of them can be broken."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture import tree

# One import that each contract exists to refuse: the module it is added to, the line, the contract.
BAD_IMPORTS = [
    ("core/__init__.py", "import promote.aws", "Imports point one way"),
    ("services/__init__.py", "import promote.pointers", "Imports point one way"),
    ("core/__init__.py", "import tenacity", "The core decides with the standard library alone"),
    ("sandbox/__init__.py", "import promote.core", "The sandbox is the world, not the product"),
    ("workflow/__init__.py", "import boto3", "boto3 is imported where AWS is spoken"),
    ("cli/__init__.py", "import botocore.session", "boto3 is imported where AWS is spoken"),
    ("report/__init__.py", "import click", "click is imported in cli"),
    ("report/__init__.py", "import jinja2", "jinja2 is imported in templates"),
    ("workflow/__init__.py", "import tenacity", "tenacity is imported in workflow.wait"),
    ("cli/__init__.py", "import yaml", "yaml is imported in config"),
    ("cli/__init__.py", "import moto", "moto and PIL are imported in sandbox"),
    ("novelty.py", "", "Imports point one way"),
]

_VERDICT = re.compile(r"^(.+) (KEPT|BROKEN)\b", re.MULTILINE)


def _check(root: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of the tree at `root`, as a developer would."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def _verdicts(output: str) -> dict[str, str]:
    """Read the verdict on each contract."""
    return dict(_VERDICT.findall(output))


def test_every_contract_is_kept() -> None:
    result = _check(tree.ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(("module", "line", "contract"), BAD_IMPORTS)
def test_a_bad_import_breaks_its_contract(
    tmp_path: Path, module: str, line: str, contract: str
) -> None:
    shutil.copy(tree.ROOT / "setup.cfg", tmp_path)
    shutil.copytree(tree.ROOT / "promote", tmp_path / "promote")
    with (tmp_path / "promote" / module).open("a", encoding="utf-8") as opened:
        opened.write(f"\n{line}\n")
    result = _check(tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    assert _verdicts(result.stdout)[contract] == "BROKEN"
