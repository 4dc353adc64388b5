"""The README as a product: its commands run, its outputs are true, its tables are complete.

A console block says above itself how it is tried: ``run in: PLACE``, ``demo`` (which
`tests/functional/test_demo.py` compares), or ``not run: REASON``; then its commands of ours are
parsed at least. Places are directories; ``first`` gets a sandbox that fits its promote.yaml.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from promote.config import parse
from promote.sandbox import admin
from promote.sandbox.images import write_golden
from tests.artifacts import readme
from tests.artifacts.readme import Block
from tests.functional.cli_world import PROMOTE, QUICK, bare, run
from tests.unit.cli.parsing import parse as parse_command

MARK = "---- exit code"
_RUN = re.compile(r"run in: (?P<place>\w+)(?:, as (?P<login>\S+))?")
RUNS = [block for block in readme.blocks() if block.note.startswith("run in: ")]
NUMBERED = [pytest.param(block, id=f"{n}-{block.language}") for n, block in enumerate(RUNS)]


class Place:
    """A directory, and the sandbox that is started in it once there is a configuration."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._runs = False
        self._logins: dict[str, dict[str, str]] = {}

    def environment(self, login: str) -> dict[str, str]:
        """Return the variables with which a command is run as somebody."""
        here = {**bare(), "PATH": f"{Path(PROMOTE).parent}:/usr/bin:/bin", "COLUMNS": "100"}
        if not (self.directory / "promote.yaml").exists():
            return here
        self._start()
        if login not in self._logins:
            shown = run(self.directory, {}, "sandbox", "env", "--as", login).stdout
            self._logins[login] = dict(re.findall(r"export (\w+)=(\S+)", shown))
        return here | self._logins[login]

    def hurry(self) -> None:
        """Prove with a single success, where the README shows nothing of it."""
        file = self.directory / "promote.yaml"
        file.write_text(file.read_text().replace("consecutive: 3", "consecutive: 1"))

    def end(self) -> None:
        """Stop the sandbox."""
        run(self.directory, {}, "sandbox", "down")

    def _start(self) -> None:
        """Start a sandbox in which nothing takes long, with images to test with."""
        if self._runs:
            return
        self._runs = True
        write_golden(self.directory / "golden", per_label=2)
        file = self.directory / "promote.yaml"
        file.write_text(file.read_text().replace("drain: 5m", "drain: 1s"))
        up = run(self.directory, {}, "sandbox", "up", "--detach")
        admin.settings(re.findall(r"AWS_ENDPOINT_URL=(\S+)", up.stdout)[0], **QUICK)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Place]]:
    names = {found["place"] for block in RUNS if (found := _RUN.fullmatch(block.note))}
    places = {name: Place(tmp_path_factory.mktemp(name)) for name in names}
    yield places
    for place in places.values():
        place.end()


class TestBlocks:
    @pytest.mark.parametrize("block", NUMBERED)
    def test_do_what_they_show(self, block: Block, places: dict[str, Place]) -> None:
        note = _RUN.fullmatch(block.note)
        assert note is not None, block.note
        place = places[note["place"]]
        environment = place.environment(note["login"] or "promoter")
        match block.language:
            case "console":
                check_console(block, place.directory, environment)
            case "python":
                place.hurry()
                check_python(block, place.directory, environment)
            case other:
                raise AssertionError(other)

    def test_of_a_console_all_say_how_they_are_tried(self) -> None:
        consoles = [block for block in readme.blocks() if block.language == "console"]
        assert consoles
        for block in consoles:
            assert re.match("demo$|run in: |not run: .+", block.note), block.text

    def test_that_are_not_run_are_command_lines_all_the_same(self) -> None:
        blocks = [block for block in readme.blocks() if block.note.startswith("not run: ")]
        lines = [line for block in blocks for line, _ in readme.commands(block)]
        assert [line for line in lines if line.startswith("promote ")]
        for line in lines:
            words = shlex.split(line)
            if words[0] == "promote":
                parse_command(words[1:])
            else:
                assert words[0] == "make"
                makefile = (readme.README.parent / "Makefile").read_text()
                assert re.search(rf"^{words[1]}:", makefile, re.MULTILINE)

    def test_of_yaml_are_configurations(self) -> None:
        (block,) = [block for block in readme.blocks() if block.language == "yaml"]
        topology = parse(block.text, file="README.md")
        assert [each.name for each in topology.environments] == ["qa", "prod"]

    def test_of_yaml_show_every_key(self) -> None:
        (block,) = [block for block in readme.blocks() if block.language == "yaml"]
        shown = set(re.findall(r"\b([a-z_0-9]+):", block.text))
        assert {key.rpartition(".")[2] for key in readme.configuration_keys()} <= shown

    def test_are_of_known_languages(self) -> None:
        assert {block.language for block in readme.blocks()} == {"console", "python", "yaml"}


class TestTables:
    @pytest.mark.parametrize("name", readme.tables())
    def test_are_those_of_the_product(self, name: str) -> None:
        """To write them again: ``python -m tests.artifacts.readme``."""
        assert readme.table(name) == readme.tables()[name]


class TestLinks:
    def test_lead_somewhere(self) -> None:
        text = readme.README.read_text("utf-8")
        headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        anchors = {re.sub(r"[^a-z0-9 -]", "", each.lower()).replace(" ", "-") for each in headings}
        for target in re.findall(r"\]\(([^)]+)\)", text):
            if target.startswith("#"):
                assert target[1:] in anchors, target
            else:
                assert (readme.README.parent / target).exists(), target


class TestDifference:
    SAID = "first\n\nmiddle of 12s\nmore\nlast\n"

    @pytest.mark.parametrize(
        "shown",
        [SAID, "…\n", "first\n…\nlast\n", "…\nmiddle of …s\n…\n", "first\n\nmiddle of 12s\n…\n"],
    )
    def test_is_none_when_the_lines_are_there(self, shown: str) -> None:
        assert readme.difference(shown, self.SAID) is None

    @pytest.mark.parametrize(
        "shown",
        [
            "first\n",
            "last\n…\n",
            "…\nmore\n",
            "…\nlast\n…\nmore\n",
            "first\n…\nmiddle of …m\n…\n",
            "",
        ],
    )
    def test_is_told_when_they_are_not(self, shown: str) -> None:
        assert readme.difference(shown, self.SAID) is not None


def check_console(block: Block, directory: Path, environment: dict[str, str]) -> None:
    """Run the commands of a block in one shell, and compare what each one says."""
    pairs = readme.commands(block)
    script = "".join(f'{command}\necho "{MARK} $?"\n' for command, _ in pairs)
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    said = re.findall(rf"(.*?){MARK} (\d+)\n", done.stdout, re.DOTALL)
    assert len(said) == len(pairs), done.stdout
    for (command, shown), (output, code) in zip(pairs, said, strict=True):
        assert (code == "0") is ("Error: " not in shown), f"{command}: {code}\n{output}"
        difference = readme.difference(shown, output)
        assert difference is None, f"$ {command}\n{difference}"


def check_python(block: Block, directory: Path, environment: dict[str, str]) -> None:
    """Run a program; it ends well and says something."""
    done = subprocess.run(
        [sys.executable, "-c", block.text],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] in {"hammer", "promoted"}
