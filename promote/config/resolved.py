"""Show a configuration as it is understood: defaults applied, placeholders filled."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta

from promote.config.kinds import UNITS
from promote.core.gates.requirements import Requirements
from promote.core.parts import Model
from promote.core.topology import Environment, Target, Topology

Json = dict[str, object]


def show(topology: Topology) -> Json:
    """Return the resolved configuration, ready for JSON; durations are texts like ``5m``."""
    shown: Json = {
        "format": 1,
        "kind": "config",
        "directory": topology.directory,
        "region": topology.region,
        "organization": topology.organization,
        "data_lake": topology.data_lake and _plain(asdict(topology.data_lake)),
        "guardrails": topology.guardrails and _plain(asdict(topology.guardrails)),
        "pipeline": topology.pipeline and _plain(asdict(topology.pipeline)),
        "ledger": topology.ledger,
        "lease": duration(topology.lease),
        "records": {"signing_key": topology.signing_key},
        "templates": topology.templates,
        "ml": _plain(asdict(topology.ml)),
        "models": {model.name: _model(model) for model in topology.models},
        "environments": [_environment(topology, each) for each in topology.environments],
    }
    return shown


def duration(length: timedelta) -> str:
    """Write a whole number of seconds in the largest unit that divides it."""
    seconds = int(length.total_seconds())
    fitting = [unit for unit, size in UNITS.items() if seconds and seconds % size == 0]
    unit = max(fitting, key=lambda each: UNITS[each], default="s")
    return f"{seconds // UNITS[unit]}{unit}"


def _model(model: Model) -> Json:
    published = model.labels_in
    return {
        **_without(asdict(model), "name", "labels_in"),
        "labels": list(model.labels) or (published and {published.kind: published.name}),
    }


def _environment(topology: Topology, environment: Environment) -> Json:
    return {
        **_without(asdict(environment), "pointer", "waves", "gates"),
        "pointer": {environment.pointer.kind: environment.pointer.name},
        "waves": [str(each) if each.is_percentage else each.number for each in environment.waves],
        "gates": _gates(environment.gates),
        "resolved": {
            "reader_role": topology.ml_reader(environment),
            "operator_role": topology.operator(environment),
            "targets": [
                _target(target)
                for model in topology.models
                for target in topology.targets(model.name, environment)
            ],
        },
    }


def _gates(gates: Requirements) -> Json:
    """Show what is asked for, as it is written in promote.yaml; nothing else."""
    golden = gates.golden and asdict(gates.golden)
    shown: Json = {
        "f1": gates.f1,
        "precision": gates.precision,
        "recall": gates.recall,
        "label_f1": gates.label_f1,
        "labels": gates.labels and gates.labels.value,
        "golden": golden and {key: each for key, each in golden.items() if each is not None},
        "soak": gates.soak and duration(gates.soak),
        "window": [str(each) for each in gates.windows],
        "freeze": [str(each) for each in gates.freezes],
        "approval": gates.approval,
        "cost": gates.cost,
        "quota": None if gates.unit_hours is None else {"unit_hours": gates.unit_hours},
        "alarm": list(gates.alarms),
    }
    return {key: value for key, value in shown.items() if value not in (None, [])}


def _target(target: Target) -> Json:
    return {
        **_without(asdict(target), "pointer", "environment"),
        "pointer": {target.pointer.kind: target.pointer.name},
    }


def _without(data: Json, *names: str) -> Json:
    return {key: _plain(value) for key, value in data.items() if key not in names}


def _plain(value: object) -> object:
    match value:
        case dict():
            return _without(value)
        case timedelta():
            return duration(value)
        case enum.Enum():
            return value.value
        case list() | tuple():
            return _each(value)
        case _:
            return value


def _each(values: Iterable[object]) -> list[object]:
    return [_plain(value) for value in values]
