"""Install `promote` as users do, and find its templates in each kind of installation."""

from __future__ import annotations

import configparser
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BESIDE = ("buildspecs", "pipelines", "policies")
PRODUCT = ("promote", *BESIDE, "setup.cfg", "pyproject.toml", "README.md", "LICENSE")
LOCATE = """
import json, sys, site
if len(sys.argv) > 1:
    site.addsitedir(sys.argv[1])
import promote
from promote.templates import location
places = (location.buildspecs_directory, location.pipelines_directory, location.policies_directory)
files = [path for place in places for path in place().iterdir() if path.suffix in (".j2", ".yml")]
texts = {f"{path.parent.name}/{path.name}": path.read_text("utf-8") for path in files}
print(json.dumps({"package": promote.__file__, "texts": texts}))
"""


def _run(*command: str, cwd: Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command without this checkout on its path, unless `path` says so."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment |= {"PYTHONPATH": str(path)} if path else {}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def _pip_install(*arguments: str, target: Path, cwd: Path) -> None:
    """Install into a directory of its own, asking no index."""
    options = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation")
    result = _run(
        sys.executable, "-m", "pip", "install", *options, "--target", str(target), *arguments,
        cwd=cwd,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr


def _located(
    cwd: Path, *, path: Path | None = None, site: Path | None = None
) -> tuple[Path, dict[str, str]]:
    """Ask a fresh interpreter, from elsewhere, where the package is and what its templates say.

    ``-S`` leaves out this virtualenv, whose own editable installation would answer otherwise.
    """
    arguments = [str(site)] if site else []
    result = _run(sys.executable, "-S", "-c", LOCATE, *arguments, cwd=cwd, path=path)
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout)
    return Path(answer["package"]).parent, answer["texts"]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the product, because a build leaves its traces in the tree that it builds."""
    copy = tmp_path_factory.mktemp("checkout")
    for name in PRODUCT:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, copy / name)
    return copy


@pytest.fixture(scope="module")
def wheel(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel."""
    out = tmp_path_factory.mktemp("wheel")
    options = ("--wheel", "--no-isolation", "--outdir", str(out))
    result = _run(sys.executable, "-m", "build", *options, str(checkout), cwd=out)
    assert result.returncode == 0, result.stdout + result.stderr
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def texts(checkout: Path) -> dict[str, str]:
    """Read the templates of the checkout, which every installation must have word for word."""
    files = [path for name in BESIDE for path in (checkout / name).iterdir()]
    found = {p.relative_to(checkout).as_posix(): p.read_text("utf-8") for p in files}
    assert {name.partition("/")[0] for name in found} == {*BESIDE}
    return found


def test_setup_names_every_package_of_the_tree() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    named = setup["options"]["packages"].split()
    folders = {path.parent for path in (ROOT / "promote").rglob("*.py")}
    found = {".".join(folder.relative_to(ROOT).parts) for folder in folders}
    assert set(named) == found | {f"promote.{each}" for each in BESIDE}, (
        "correct `packages` in setup.cfg"
    )
    assert named == sorted(named)


def test_the_wheel_carries_all_modules_their_data_the_templates_and_the_type_marker(
    checkout: Path, wheel: Path, texts: dict[str, str]
) -> None:
    content = set(zipfile.ZipFile(wheel).namelist())
    modules = {p.relative_to(checkout).as_posix() for p in (checkout / "promote").rglob("*.py")}
    templates = {f"promote/{name}" for name in texts}
    data = {"promote/py.typed", "promote/iam/catalogue.json"}
    assert modules | templates | data <= content
    assert not {name for name in content if name.startswith(("tests", *BESIDE))}


def test_templates_are_found_in_an_installed_wheel(
    wheel: Path, texts: dict[str, str], tmp_path: Path
) -> None:
    target = tmp_path / "installed"
    _pip_install(str(wheel), target=target, cwd=tmp_path)
    assert _located(tmp_path, path=target) == (target / "promote", texts)


def test_templates_are_found_in_an_editable_installation(
    checkout: Path, texts: dict[str, str], tmp_path: Path
) -> None:
    target = tmp_path / "installed"
    _pip_install("--editable", str(checkout), target=target, cwd=tmp_path)
    assert _located(tmp_path, site=target) == (checkout / "promote", texts)


def test_templates_are_found_in_a_plain_checkout(
    checkout: Path, texts: dict[str, str], tmp_path: Path
) -> None:
    assert _located(tmp_path, path=checkout) == (checkout / "promote", texts)


def test_an_installation_without_templates_names_both_places(
    checkout: Path, tmp_path: Path
) -> None:
    shutil.copytree(checkout / "promote", tmp_path / "promote")
    result = _run(sys.executable, "-S", "-c", LOCATE, cwd=tmp_path, path=tmp_path)
    assert result.returncode == 1
    assert "TemplateError: The buildspecs are missing" in result.stderr
    assert str(tmp_path / "promote" / "buildspecs") in result.stderr
    assert str(tmp_path / "buildspecs") in result.stderr
