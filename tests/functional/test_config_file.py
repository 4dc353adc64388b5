"""promote.yaml on disk: where it is found, and what is said when it cannot be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest

from promote.config import load
from promote.errors import ConfigError
from tests.unit.config.files import SMALL


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    """Work in a folder deep inside a project that is a repository."""
    root = tmp_path / "project"
    (root / ".git").mkdir(parents=True)
    (root / "deep" / "inside").mkdir(parents=True)
    with chdir(root / "deep" / "inside"):
        yield root


class TestFinding:
    def test_the_nearest_file_upwards_is_read(self, project: Path) -> None:
        (project / "promote.yaml").write_text(SMALL)
        (project.parent / "promote.yaml").write_text("not this one")
        assert load().directory == str(project)

    def test_search_ends_at_the_root_of_the_repository(self, project: Path) -> None:
        (project.parent / "promote.yaml").write_text(SMALL)
        with pytest.raises(ConfigError) as caught:
            load()
        here = project / "deep" / "inside"
        assert caught.value.summary == "There is no configuration"
        assert caught.value.problems == (
            f"Neither {here} nor a directory above it has a promote.yaml.",
        )
        assert caught.value.remedy.endswith("\n    promote init")

    def test_problems_name_the_file_as_seen_from_here(self, project: Path) -> None:
        (project / "promote.yaml").write_text(f"{SMALL}x: 1\n")
        with pytest.raises(ConfigError) as caught:
            load()
        assert caught.value.problems == ("../../promote.yaml:9:1: unknown key 'x'",)

    def test_an_explicit_file_may_have_any_name(self, project: Path) -> None:
        (project / "team.yml").write_text(SMALL)
        topology = load(Path("../../team.yml"), region="eu-west-1")
        assert topology.region == "eu-west-1"
        assert Path(topology.directory).resolve() == project
        assert Path(topology.directory).is_absolute()


class TestUnreadableFiles:
    def test_one_that_does_not_exist_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError) as caught:
            load(tmp_path / "other.yaml")
        assert caught.value.problems == (f"{tmp_path / 'other.yaml'} does not exist.",)
        assert caught.value.remedy.endswith("\n    promote init")

    def test_a_directory_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="cannot be read") as caught:
            load(tmp_path)
        assert caught.value.problems == (f"{tmp_path}: is a directory.",)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_one_that_may_not_be_read_is_named(self, tmp_path: Path) -> None:
        file = tmp_path / "promote.yaml"
        file.touch(mode=0o000)
        with pytest.raises(ConfigError, match="cannot be read"):
            load(file)

    @pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
    def test_a_byte_that_is_not_utf8_is_located(self, tmp_path: Path, mark: bytes) -> None:
        file = tmp_path / "promote.yaml"
        file.write_bytes(mark + "version: 1\nmodels: größe ".encode() + "\xfc".encode("latin-1"))
        with pytest.raises(ConfigError) as caught:
            load(file)
        assert caught.value.problems == (f"{file}:2:15: the byte 0xfc is not UTF-8",)

    def test_utf16_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "promote.yaml"
        file.write_bytes(SMALL.encode("utf-16"))
        with pytest.raises(ConfigError) as caught:
            load(file)
        assert caught.value.problems == (f"{file}:1:1: the byte 0xff is not UTF-8",)
