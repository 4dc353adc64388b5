from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from promote.cli.grammar import LazyGroup
from promote.cli.help import EXIT_CODES
from promote.cli.main import execute
from promote.cli.root import cli
from tests.unit.cli.fakes import FakeRun
from tests.unit.cli.parsing import parse


def _paths(group: LazyGroup, *above: str) -> Iterator[tuple[str, ...]]:
    """Walk through every command by its path."""
    context = click.Context(group)
    for name in group.list_commands(context):
        path = (*above, name)
        yield path
        command = group.get_command(context, name)
        if isinstance(command, LazyGroup):
            yield from _paths(command, *path)


def _command(path: tuple[str, ...]) -> click.Command:
    found: click.Command = cli
    for name in path:
        assert isinstance(found, LazyGroup)
        inner = found.get_command(click.Context(found), name)
        assert inner is not None
        found = inner
    return found


def _examples(text: str) -> Iterator[list[str]]:
    """Find the command lines in a help text, without what a shell or a reader does with them."""
    for line in re.sub(r" *\\\n\s*", " ", text).splitlines():
        words = line.strip().removeprefix('eval "$(')
        if words.startswith("promote "):
            own = re.split(r'\)"| \| | > | {2,}', words)[0]
            yield shlex.split(own.replace("…", "0"))[1:]


PATHS = list(_paths(cli))


class TestTheHelpOfEveryCommand:
    @pytest.mark.parametrize("path", PATHS, ids=" ".join)
    def test_begins_with_a_sentence_and_worked_examples(
        self, path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert execute(FakeRun(*path, "--help")) == 0
        out, err = capsys.readouterr()
        usage, first, *rest = [block for block in out.split("\n\n") if block.strip()]
        assert err == ""
        assert usage.startswith(f"Usage: promote {' '.join(path)}")
        assert first.strip().endswith(".")
        assert rest[0].startswith("      ")
        assert "promote " + path[0] in rest[0]

    @pytest.mark.parametrize("path", PATHS, ids=" ".join)
    def test_is_what_help_shows(
        self, path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
    ) -> None:
        execute(FakeRun(*path, "--help"))
        shown = capsys.readouterr().out
        assert execute(FakeRun("help", *path)) == 0
        assert capsys.readouterr().out == shown

    @pytest.mark.parametrize("path", PATHS, ids=" ".join)
    def test_names_the_options_of_every_command(
        self, path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
    ) -> None:
        execute(FakeRun(*path, "--help"))
        common = capsys.readouterr().out.partition("Options of every command:")[2]
        for option in ("--file", "--output", "--profile", "--region", "--color", "--no-input"):
            assert option in common

    @pytest.mark.parametrize("path", PATHS, ids=" ".join)
    def test_takes_every_example_that_it_shows(self, path: tuple[str, ...]) -> None:
        for words in _examples(_command(path).help or ""):
            parse(words)


class TestHelp:
    def test_of_the_exit_codes_lists_each(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert execute(FakeRun("help", "exit-codes")) == 0
        listed = [int(line.split()[0]) for line in capsys.readouterr().out.splitlines()]
        assert listed == list(EXIT_CODES)

    def test_of_the_environment_names_the_variables(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert execute(FakeRun("help", "environment")) == 0
        out = capsys.readouterr().out
        for name in ("PROMOTE_FILE", "PROMOTE_YES", "NO_COLOR"):
            assert name in out

    def test_without_a_topic_is_the_help_of_all(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert execute(FakeRun("help")) == 0
        assert capsys.readouterr().out.startswith("Usage: promote ")

    def test_of_something_unknown_asks_what_was_meant(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert execute(FakeRun("help", "exit-code")) == 2
        assert "Did you mean exit-codes?" in capsys.readouterr().err

    def test_version_is_told(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert execute(FakeRun("--version")) == 0
        assert capsys.readouterr().out.startswith("promote ")


class TestCompletion:
    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_prints_the_script_of_a_shell(
        self, shell: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert execute(FakeRun("completion", shell)) == 0
        out = capsys.readouterr().out
        assert f"_PROMOTE_COMPLETE={shell}_complete" in out
        assert "promote" in out

    def test_an_unknown_shell_is_a_usage_error(self) -> None:
        assert execute(FakeRun("completion", "tcsh")) == 2
