"""Every view as JSON, for programs: one document a line, with its format and its kind in front.

Keys keep the order of the values that they are made of; times are RFC 3339 in UTC. Everything is
ASCII, so that no reader takes a character inside a text for the end of the line. A plan is not
here: its one spelling is its file, `promote.core.planfile.encode`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import cast

from promote.core.codec import to_json
from promote.core.dossier import Dossier
from promote.core.events import Event
from promote.core.record import Record, VerificationDone
from promote.core.result import Result, Retirement
from promote.core.reviews import Standing
from promote.core.seal import Verified
from promote.core.status import Finding, ModelStatus
from promote.core.version import ModelVersion
from promote.errors import InterruptedBySignalError, PromoteError

FORMAT = 1


def document(kind: str, **body: object) -> str:
    """Write a document of a kind on one line; `body` may hold values of the core."""
    return json.dumps({"format": FORMAT, "kind": kind, **_object(body)})


def event(value: Event) -> str:
    """Write an event."""
    return document("event", **_object(value))


def result(value: Result) -> str:
    """Write how a promotion ended."""
    return document("result", **_object(value))


def retirement(values: Iterable[Retirement]) -> str:
    """Write what was retired, under ``models``."""
    return document("retirement", models=tuple(values))


def error(value: PromoteError) -> str:
    """Write an error; its code is the name of its class in kebab case."""
    return document(
        "error",
        code=re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(value).__name__).lower(),
        summary=value.summary,
        detail=value.detail,
        remedy=value.remedy,
        exit=_exit(value),
    )


def status(values: Iterable[ModelStatus]) -> str:
    """Write where models stand, under ``models``."""
    return document("status", models=tuple(values))


def history(records: Iterable[Record]) -> str:
    """Write the records of a model, oldest first, under ``records``."""
    return document("history", records=tuple(records))


def dossier(value: Dossier) -> str:
    """Write all that is on record of one promotion, under ``dossier``."""
    return document("promotion", dossier=value)


def chain(value: Verified) -> str:
    """Write whether the records of a model are whole."""
    return document("chain", ok=value.ok, **_object(value))


def standing(value: Standing) -> str:
    """Write where the approval of a plan stands."""
    return document("standing", **_object(value))


def versions(values: Iterable[ModelVersion]) -> str:
    """Write a model's versions, in the order given, under ``versions``."""
    return document("versions", versions=tuple(values))


def version(value: ModelVersion) -> str:
    """Write one version."""
    return document("version", **_object(value))


def findings(values: Iterable[Finding]) -> str:
    """Write what was checked, under ``findings``; ``ok`` says whether all of it is well."""
    values = tuple(values)
    return document("findings", ok=all(value.ok for value in values), findings=values)


def verification(value: VerificationDone) -> str:
    """Write whether a version passed in an environment."""
    body = {key: each for key, each in _object(value).items() if key != "kind"}
    return document("verification", **body)


def _exit(value: PromoteError) -> int:
    if isinstance(value, InterruptedBySignalError):
        return 128 + value.signal_number
    return value.exit_code


def _object(value: object) -> dict[str, object]:
    return cast("dict[str, object]", to_json(value))
