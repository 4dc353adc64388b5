"""What stands between QA and production, by the commands that a user types: each gate in turn.

One world, one promote.yaml, whose production asks for more from test to test. Whatever refuses
ends with 4, names all that refuses at that moment with what was measured, and changes nothing.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from promote.sandbox.images import write_golden
from promote.sandbox.world import World
from tests.functional.promotion_stage import CONFIG, Done, Stage, assert_ends

_MEASURED = """\
  account: "222222222222"
  evaluations: s3://custom-labels-console-us-east-1-222222222222/evaluation/
"""
ASKING = (
    CONFIG.replace('  account: "222222222222"\n', _MEASURED)
    .replace("{running: 2}", "{running: 4}")
    .replace("{project: tools-detector}", "{project: tools-detector, labels: [%s]}")
    .replace("smoke: {images: golden/}", "smoke: {images: golden/, min_accuracy: 0.3}")
    .replace("name: prod\n", "name: prod\n    after: qa\n    gates: {}\n")
) % "hammer, screwdriver, wrench"


@pytest.fixture(scope="module", autouse=True)
def _world(stage: Stage) -> None:
    """Give a world in which three versions were verified in qa."""
    write_golden(stage.directory / "labelled", per_label=12)
    stage.set_up(ASKING, change=_roomy)
    for version in ("v3", "v5", "v2"):
        stage.apply(version, "qa")


def test_golden_stops_the_worse_version_with_its_numbers_before_anything_is_switched(
    stage: Stage,
) -> None:
    refused = _release(stage, "v3", "{golden: {images: labelled/}}")
    assert_ends(refused, 4, "The gate golden refused the version", "--override golden")
    assert "36 images: accuracy 0.639" in refused.stderr
    assert "v1 has accuracy 1.000 on the same images: 13 lost" in refused.stderr
    assert "at 95% confidence" in refused.stderr
    assert "Everything is as before" in refused.stderr


def test_labels_stops_a_version_with_a_label_that_the_applications_do_not_know(
    stage: Stage,
) -> None:
    refused = _release(stage, "v5", "{labels: known, label_f1: 0.7}")
    assert_ends(refused, 4, "Promotion refused", "models.tools.labels")
    assert "labels" in refused.stderr
    assert "new 'pliers'" in refused.stderr
    assert "label_f1" not in _refusing(refused)


def test_soak_stops_a_version_that_was_verified_just_now_and_says_when_it_may_come(
    stage: Stage,
) -> None:
    refused = _release(stage, "v2", "{soak: 24h, precision: 1.0, recall: 0.9}")
    assert_ends(refused, 4, "Promotion refused", "Let it soak")
    assert _refusing(refused) == {"soak"}


def test_all_that_refuses_the_plan_is_told_at_once(stage: Stage) -> None:
    refused = _release(stage, "v3", "{soak: 24h, f1: 0.9, label_f1: 0.9, labels: exact}")
    assert refused.returncode == 4
    assert _refusing(refused) == {"soak", "f1", "label_f1"}


def test_a_closed_window_and_a_freeze_stop_the_plan_together_when_it_is_applied(
    stage: Stage,
) -> None:
    now = datetime.now(UTC)
    day = f"{now + timedelta(days=3):%a}".lower()
    frozen = f"{now - timedelta(days=2):%Y-%m-%d}..{now + timedelta(days=2):%Y-%m-%d}"
    gates = f'{{window: "{day} 09:00-16:00 UTC", freeze: ["{frozen} UTC"]}}'
    plan = _plan(stage, "v2", gates)
    assert plan.returncode == 0, plan.stderr
    refused = _unchanged(stage, "apply", "plan.json")
    assert_ends(refused, 4, "Promotion refused", "--override freeze --override window")
    assert _refusing(refused) == {"window", "freeze"}


def test_a_plan_passes_when_another_person_approved_it_and_by_nobody_else(stage: Stage) -> None:
    gates = "{approval: 1, golden: {images: labelled/}, labels: exact}"
    assert _plan(stage, "v2", gates).returncode == 0
    unapproved = _unchanged(stage, "apply", "plan.json")
    assert_ends(unapproved, 4, "Promotion refused", "promote approve plan.json")
    own = _approve(stage, "promoter")
    assert_ends(own, 4, "Nobody approves their own plan", "promote approve plan.json")
    file = stage.directory / "plan.json"
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b'"wave":1', b'"wave":2', 1))
    assert_ends(_unchanged(stage, "apply", "plan.json"), 2, "The plan file was changed", "")
    file.write_bytes(whole)

    assert _approve(stage, "alice").returncode == 0
    applied = stage.promote("apply", "plan.json")
    assert applied.returncode == 0, applied.stderr
    assert set(stage.snapshot().pointers.values()) == {"v2"}
    told = stage.promote("history", "tools", "--promotion", _last(stage)).stdout
    assert "golden" in told
    assert "alice" in told


def test_one_byte_changed_in_a_record_is_found(stage: Stage) -> None:
    assert stage.promote("history", "tools", "--verify").returncode == 0
    record = sorted(stage.directory.glob(".promote/ledger/tools/records/*.json"))[2]
    whole = record.read_bytes()
    assert b"/version/v3/" in whole
    record.write_bytes(whole.replace(b"/version/v3/", b"/version/v2/", 1))
    changed = stage.promote("history", "tools", "--verify")
    record.write_bytes(whole)
    assert changed.returncode == 4
    assert f"FAIL  tools/records/{record.name}" in changed.stdout
    assert "content of the digest" in changed.stdout


def _roomy(world: World) -> World:
    return replace(world, quotas=replace(world.quotas, running=4))


def _asking(stage: Stage, gates: str) -> Path:
    """Let production ask for other gates."""
    file = stage.directory / "promote.yaml"
    file.write_text(ASKING.replace("gates: {}", f"gates: {gates}"))
    return file


def _plan(stage: Stage, version: str, gates: str) -> Done:
    _asking(stage, gates)
    return stage.promote("plan", "tools", version, "--to", "prod", "--out", "plan.json")


def _release(stage: Stage, version: str, gates: str) -> Done:
    _asking(stage, gates)
    return _unchanged(stage, "release", "tools", version, "--to", "prod", "--yes")


def _unchanged(stage: Stage, *arguments: str) -> Done:
    """Run a command and hold that no pointer, no policy and no version is other than before."""
    before = stage.snapshot()
    done = stage.promote(*arguments)
    assert stage.snapshot() == before
    return done


def _approve(stage: Stage, login: str) -> Done:
    return stage.promote("approve", "plan.json", "--yes", environment=stage.environment(login))


def _refusing(done: Done) -> set[str]:
    """Return the gates that the refusal names, each at the beginning of its line."""
    refusal = done.stderr[done.stderr.index("Error: Promotion refused") :]
    known = {"soak", "labels", "label_f1", "f1", "precision", "recall", "window", "freeze"}
    return {word for line in refusal.splitlines() if (word := line.strip().split(" ")[0]) in known}


def _last(stage: Stage) -> str:
    ended = [each for each in stage.records() if each["kind"] == "promotion-ended"]
    promotion: str = json.loads(json.dumps(ended[-1]))["promotion"]
    return promotion
