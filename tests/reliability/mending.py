"""What somebody may run who finds that `promote` was killed, and where the world must be then."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from tests.functional.cli_world import Done
from tests.functional.lanes import Ending, Lane


class Stage(StrEnum):
    """How far a promotion is, as the ledger tells."""

    NOT_BEGUN = "not begun"
    OPEN = "open"
    TURNED = "turned back"
    PROMOTED = "promoted"
    PUT_BACK = "put back"


UNFINISHED = frozenset({Stage.OPEN, Stage.TURNED})


class Way(StrEnum):
    """Where a promotion ends."""

    FORWARD = "forward"
    BACK = "back"
    ROLLED_BACK = "forward, and all the way back"


@dataclass(frozen=True, slots=True)
class Journey:
    """What is killed: a command that leads from one version to another."""

    name: str
    command: tuple[str, ...]
    old: str
    new: str
    more: str = ""
    """Lines of promote.yaml for the environment."""
    first: tuple[tuple[str, ...], ...] = ()
    """Commands that are run before it, undisturbed."""


RELEASE = ("release", "tools", "v2", "--to", "prod", "--yes")
ROLLBACK = ("rollback", "tools", "--environment", "prod", "--yes")
AT_ONCE = Journey("release", RELEASE, "v1", "v2")
IN_WAVES = Journey("waves", RELEASE, "v1", "v2", more="    waves: [1, 100%]\n    bake: 1s\n")
WAY_BACK = Journey("rollback", ROLLBACK, "v2", "v1", first=(RELEASE,))


@dataclass(frozen=True, slots=True)
class Ends:
    """What a journey may end in."""

    journey: Journey
    before: Ending
    after: Ending
    """Of the one that nobody disturbed."""


class WrongError(Exception):
    """Something is not as P3 and P7 say."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A journey that was killed, in its lane."""

    lane: Lane
    journey: Journey
    since: int
    """How many records there were before it."""

    @property
    def is_rollback(self) -> bool:
        """Whether the last promotion is one, by the journey or by who mends it."""
        begun = [each for each in self.lane.records() if each["kind"] == "promotion-started"]
        return bool(begun) and bool(begun[-1]["plan"]["request"].get("rollback"))

    @property
    def stage(self) -> Stage:
        """Read how far the last promotion is."""
        stage = Stage.NOT_BEGUN
        for each in self.lane.records()[self.since :]:
            match each["kind"]:
                case "promotion-started" if stage is not Stage.TURNED:
                    stage = Stage.OPEN
                case "rollback-started":
                    stage = Stage.TURNED
                case "promotion-ended":
                    promoted = each["result"]["result"] == "promoted"
                    stage = Stage.PROMOTED if promoted else Stage.PUT_BACK
        return stage

    def command(self, then: str) -> tuple[str, ...]:
        """Return what is run under one of the names of `THEN`."""
        return self.journey.command if then == "again" else COMMANDS[then]

    def mend(self, then: str) -> Way:
        """Run what somebody runs, hold how it ends, and return where the world must be."""
        return THEN[then](self)

    def ends(self, code: int, then: str) -> Done:
        """Run a command and hold its exit code."""
        return run(self.lane, code, *self.command(then))

    def look(self) -> None:
        """Hold that `status` and `lock show` tell what a dead process left."""
        is_unfinished = self.stage in UNFINISHED
        status = run(self.lane, 0, "status", "tools", "-o", "json")
        model = json.loads(status.stdout)["models"][0]
        expect((model["unfinished"] is not None) == is_unfinished, f"{model['unfinished']}")
        shown = run(self.lane, 0, "lock", "show", "tools", "-o", "json")
        lock = json.loads(shown.stdout)["lock"]
        expect((lock is not None) == self.lane.is_locked, f"locked: {lock}")
        expect(lock is None or not lock["live"], f"the lock of a dead process counts: {lock}")
        expect(model["lock"] == lock, f"{model['lock']} and {lock}")

    def hold(self, way: Way, ends: Ends) -> None:
        """Hold the world to that of the journey that was not disturbed, or to that before it."""
        found, stage = self.lane.ending(), self.stage
        problem = difference(found, way, ends)
        expect(problem is None, f"{problem}, {way}: {found}")
        expect(stage not in UNFINISHED, stage)
        # What never began has left its lock, which nobody had to take over.
        expect(not self.lane.is_locked or stage is Stage.NOT_BEGUN, "the lock is left")


def begin(lane: Lane, journey: Journey) -> Scene:
    """Bring a lane to where a journey begins."""
    for arguments in journey.first:
        run(lane, 0, *arguments)
    return Scene(lane, journey, len(lane.records()))


def difference(found: Ending, way: Way, ends: Ends) -> str | None:
    """Name what is not as it must be at the end of a way, if anything is."""
    journey, before = ends.journey, ends.before
    expected = ends.after if way is Way.FORWARD else before
    statuses = dict(expected.statuses)
    if way is not Way.FORWARD and found.statuses[journey.new] == "STOPPED":
        statuses[journey.new] = "STOPPED"  # it had been started
    rolled_back = way is Way.ROLLED_BACK
    problems = {
        "pointers": set(found.pointers) <= _pasts(journey, before.pointers[0], way),
        "policies": found.policies == expected.policies,
        "versions": found.statuses == statuses,
        "claims": found.claimed == ((journey.old,) if rolled_back else expected.claimed),
        "held": found.held == ((journey.new,) if rolled_back else expected.held),
        "an unfinished promotion": found.is_finished,
    }
    return next((what for what, is_right in problems.items() if not is_right), None)


def _pasts(journey: Journey, begun: tuple[str, ...], way: Way) -> set[tuple[str, ...]]:
    """Return what a pointer may have named; what was put back may have been promoted again."""
    there, back = (journey.new,), (journey.new, journey.old)
    match way:
        case Way.FORWARD:
            return {begun + there, begun + back + there}
        case Way.BACK:
            return {begun, begun + back}
        case Way.ROLLED_BACK:
            return {begun + back, begun + back + back}


def expect(truth: bool, otherwise: str) -> None:  # noqa: FBT001 (as `assert`)
    """Raise WrongError unless something is true."""
    if not truth:
        raise WrongError(otherwise)


def run(lane: Lane, code: int, *arguments: str) -> Done:
    """Run a command to its end and hold its exit code."""
    done = lane.promote(*arguments)
    text = f"{' '.join(arguments)} ended {done.returncode}, not {code}: {done.stderr}"
    expect(done.returncode == code, text)
    return done


def _resume(scene: Scene) -> Way:
    stage = scene.stage
    scene.ends({Stage.OPEN: 0, Stage.TURNED: 9}.get(stage, 7), "resume")
    return _again(scene) if stage is Stage.NOT_BEGUN else _way(stage)


def _again(scene: Scene) -> Way:
    stage = scene.stage
    scene.ends(9 if stage is Stage.TURNED else 0, "again")
    return Way.BACK if stage is Stage.TURNED else Way.FORWARD


def _abort(scene: Scene) -> Way:
    stage = scene.stage
    if stage not in UNFINISHED:
        scene.ends(7, "abort")
        return _way(stage)
    return _put_back(scene, "abort")


def _put_back(scene: Scene, then: str) -> Way:
    stage = scene.stage
    done = scene.lane.promote(*scene.command(then))
    if "Error: Too late to abort" in done.stderr:
        expect(done.returncode == 4 and stage is Stage.OPEN, done.stderr)
        return _resume(scene)
    expect(done.returncode == 0, done.stderr)
    return Way.BACK


def _rollback(scene: Scene) -> Way:
    stage = scene.stage
    if scene.journey.command == ROLLBACK:
        return _again(scene)
    # A rollback is an earlier attempt to mend it, killed.
    if stage is Stage.PROMOTED or scene.is_rollback:
        scene.ends(0, "rollback")
        return Way.ROLLED_BACK
    if stage in UNFINISHED:
        return _put_back(scene, "rollback")
    scene.ends(7, "rollback")
    return Way.BACK


def _retire(scene: Scene) -> Way:
    stage, before = scene.stage, scene.lane.ending()
    done = scene.ends(0, "retire")
    if stage in UNFINISHED:
        expect("promote resume tools" in done.stdout, done.stdout)
        expect(scene.lane.ending() == before, "retire changed what is unfinished")
        return _resume(scene)
    return _way(stage)


def _way(stage: Stage) -> Way:
    """Return where a promotion leads that is at a stage and only goes on."""
    return Way.FORWARD if stage in {Stage.OPEN, Stage.PROMOTED} else Way.BACK


COMMANDS = {
    "resume": ("resume", "tools"),
    "abort": ("abort", "tools", "--yes"),
    "retire": ("retire", "tools"),
    "rollback": ROLLBACK,
}
THEN: dict[str, Callable[[Scene], Way]] = {
    "resume": _resume,
    "again": _again,
    "abort": _abort,
    "retire": _retire,
    "rollback": _rollback,
}
"""What somebody runs next, by name."""
