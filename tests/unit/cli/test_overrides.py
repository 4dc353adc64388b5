from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import click
import pytest

from promote.cli.arguments import complete_gates
from promote.cli.main import execute
from promote.core import asked
from promote.core.gates import Moment, Override, Verdict
from promote.core.gates.grammar import parse_window
from promote.core.gates.requirements import Requirements
from promote.errors import RefusedError
from tests.builders import a_request, a_topology, prod, qa
from tests.unit.cli.fakes import NOON, PLAN, FakePromoter, FakeRun, a_gate

WINDOW = replace(a_gate(Verdict.FAIL, "window"), moment=Moment.MOMENT)
OVERRIDES = tuple(
    Override(gate=gate, reason="Don't wait", by="arn", expires=NOON) for gate in ("soak", "window")
)
CLOSED = replace(PLAN, made=replace(PLAN.made, gates=(WINDOW,)))
LIFTED = replace(PLAN, request=replace(PLAN.request, overrides=OVERRIDES))


class TestTheOptions:
    @pytest.mark.parametrize("verb", ["plan", "release"])
    def test_are_passed_to_the_library(self, verb: str) -> None:
        promoter = FakePromoter(plan=replace(PLAN, steps=(), changes=0), apply=RefusedError("x"))
        options = ["--override", "soak", "--override", "window", "--expires", "2d"]
        line = [verb, "tools", "v2", "--to", "qa", *options, "--reason", "why"]
        execute(FakeRun(*line, promoter=promoter, answer="n"))
        (_, _, given) = promoter.calls[0]
        assert given["overrides"] == ("soak", "window")
        assert given["expires"] == timedelta(days=2)

    @pytest.mark.parametrize("verb", ["plan", "release"])
    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["--override", "soak"], "--override needs --reason"),
            (["--override", "soak", "--reason", " "], "--override needs --reason"),
            (["--expires", "2h", "--reason", "why"], "--expires is for --override"),
            (["--override", "soak", "--reason", "why", "--expires", "soon"], "not a duration"),
            (["--override", "soak", "--reason", "\udcff"], r"'\udcff' is not UTF-8"),
        ],
        ids=["no reason", "blank", "nothing to expire", "no duration", "bytes that are no text"],
    )
    def test_are_for_each_other(
        self,
        verb: str,
        options: list[str],
        said: str,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        promoter = FakePromoter(plan=PLAN)
        assert execute(FakeRun(verb, "tools", "v2", "--to", "qa", *options, promoter=promoter)) == 2
        assert said in " ".join(capsys.readouterr().err.split())
        assert promoter.calls == []


class TestCompletion:
    @pytest.mark.parametrize(
        ("to", "typed", "offered"),
        [
            ("qa", "", []),
            ("prod", "", ["verified", "soak", "window"]),
            ("prod", "s", ["soak"]),
            (None, "w", ["window"]),
        ],
        ids=["none there", "all", "begun", "anywhere"],
    )
    def test_offers_what_can_be_lifted_there(
        self, to: str | None, typed: str, offered: list[str]
    ) -> None:
        gates = Requirements(
            soak=timedelta(hours=1), windows=(parse_window("mon UTC"),), approval=1
        )
        run = FakeRun()
        run.topology = lambda: a_topology(qa(), prod(gates=gates))  # type: ignore[method-assign]
        context = click.Context(click.Command("release"), obj=run)
        context.params = {"to": to}
        found = complete_gates(context, click.Option(["--override"]), typed)
        assert [each.value for each in found] == offered


class TestRelease:
    def test_asks_about_what_is_lifted(self) -> None:
        run = FakeRun(
            "release", "tools", "v2", "--to", "qa", promoter=FakePromoter(plan=LIFTED), answer="n"
        )
        assert execute(run) == 3
        assert run.fake_screen.asked == ["Promote tools v2 to qa, lifting soak and window? [y/N] "]

    def test_asks_nobody_while_the_window_is_closed(self) -> None:
        promoter = FakePromoter(plan=CLOSED, refuse_closed=RefusedError("Promotion refused"))
        run = FakeRun("release", "tools", "v2", "--to", "qa", promoter=promoter, answer="y")
        assert execute(run) == 4
        assert run.fake_screen.asked == []

    def test_asks_when_what_is_closed_is_lifted(self) -> None:
        gates = (replace(WINDOW, override=OVERRIDES[1]),)
        plan = replace(LIFTED, made=replace(PLAN.made, gates=gates))
        run = FakeRun(
            "release", "tools", "v2", "--to", "qa", promoter=FakePromoter(plan=plan), answer="n"
        )
        assert execute(run) == 3


class TestTheCommandThatAsksAgain:
    @pytest.mark.parametrize(
        ("write", "verb"), [(asked.plan, "plan"), (asked.once_more, "release")], ids=["p", "r"]
    )
    def test_lifts_the_same_for_the_same_reason(
        self, write: Callable[[object], str], verb: str
    ) -> None:
        request = a_request(reason="Don't\nwait", overrides=OVERRIDES)
        assert write(request) == (
            f"promote {verb} tools v2 --to prod --override soak --override window "
            "--reason 'Don'\"'\"'t wait'"
        )

    def test_lifts_nothing_when_nothing_was_lifted(self) -> None:
        assert asked.once_more(a_request(reason=None)) == "promote release tools v2 --to prod"

    def test_gives_the_reason_that_was_given_for_a_version_that_is_held_takes_one(self) -> None:
        again = asked.plan(a_request(reason="Mended"))
        assert again == "promote plan tools v2 --to prod --reason Mended"

    def test_says_that_a_reason_must_be_given(self) -> None:
        again = asked.once_more(a_request(reason=None), ["soak"])
        assert again == "promote release tools v2 --to prod --override soak --reason TEXT"
