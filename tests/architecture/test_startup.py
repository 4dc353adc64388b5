"""Hold the start-up budget: what is not needed yet is not imported yet."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from pathlib import Path

import promote

PROMOTE = str(Path(sys.executable).with_name("promote"))
HEAVY = ("boto3", "botocore", "jinja2", "moto", "yaml")
ROUNDS = 9
MOST_TIMES_AS_MUCH = 5


def _imported_by(*arguments: str) -> set[str]:
    """Run Python with these arguments and list the top-level packages it imported.

    ``-X importtime`` reports on stderr from inside the interpreter, so nothing is missed.
    """
    command = [sys.executable, "-X", "importtime", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    lines = [line for line in result.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def _seconds_of_cpu(command: list[str]) -> float:
    """Measure what a command costs: its own user and system time, whatever else runs beside it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def test_importing_the_library_imports_none_of_its_dependencies() -> None:
    imported = _imported_by("-c", "import promote")
    assert "promote" in imported
    assert not imported & {*HEAVY, "click", "tenacity"}


def test_help_imports_no_dependency_but_click() -> None:
    imported = _imported_by(PROMOTE, "--help")
    assert "click" in imported
    assert not imported & {*HEAVY, "tenacity"}


def test_help_costs_at_most_five_times_a_bare_python() -> None:
    bare, help_ = [], []
    for _ in range(ROUNDS):
        # Interleaved, so that a machine that slows down slows both.
        bare.append(_seconds_of_cpu([sys.executable, "-c", "pass"]))
        help_.append(_seconds_of_cpu([PROMOTE, "--help"]))
    ratio = statistics.median(help_) / statistics.median(bare)
    assert ratio <= MOST_TIMES_AS_MUCH, f"promote --help costs {ratio:.1f} times a bare python"


def test_every_exported_name_exists() -> None:
    for name in promote.__all__:
        assert getattr(promote, name) is not None, name
    assert set(promote.__all__) <= set(dir(promote))


def test_a_name_that_is_not_exported_is_an_attribute_error() -> None:
    assert not hasattr(promote, "nothing_of_the_kind")
