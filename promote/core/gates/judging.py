"""Judge every gate of an environment for a version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promote.core.gates.held import held
from promote.core.gates.verified import verified

if TYPE_CHECKING:
    from promote.core.gates.result import GateResult
    from promote.core.record import LedgerState
    from promote.core.topology import Environment


def judge(
    version_arn: str, environment: Environment, ledger: LedgerState, *, reason: str | None = None
) -> tuple[GateResult, ...]:
    """Judge every evidence gate of `environment` for a version, in the order of the file.

    `reason` is why it is to be promoted, as the one who asks for it says; see `held`.
    """
    return (
        *(verified(version_arn, before, ledger) for before in environment.after),
        *held(version_arn, environment, ledger, reason=reason),
    )
