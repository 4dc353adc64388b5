"""Promote machine-learning model versions across AWS accounts.

::

    from promote import Promoter, load

    promoter = Promoter(load())
    plan = promoter.plan("tools", "v2", to="qa")
    result = promoter.apply(plan)

Names are imported when they are first asked for (PEP 562), so that ``import promote`` costs a
command line or a Lambda function nothing: neither boto3 nor any other third party is loaded. This
module holds names and no logic; applications that only read the pointer use `promote.client`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

__all__ = [
    "AccessError",
    "DeclinedError",
    "FailedError",
    "Guardrails",
    "InputError",
    "Inspector",
    "InterruptedBySignalError",
    "LockedError",
    "NeedsAttentionError",
    "NotFoundError",
    "PromoteError",
    "Promoter",
    "RefusedError",
    "StalePlanError",
    "TryAgainError",
    "__version__",
    "load",
]

if TYPE_CHECKING:
    from promote.config import load
    from promote.errors import (
        AccessError,
        DeclinedError,
        FailedError,
        InputError,
        InterruptedBySignalError,
        LockedError,
        NeedsAttentionError,
        NotFoundError,
        PromoteError,
        RefusedError,
        StalePlanError,
        TryAgainError,
    )
    from promote.guardrails import Guardrails
    from promote.inspector import Inspector
    from promote.promoter import Promoter
else:
    _HOMES = {
        "Guardrails": "promote.guardrails",
        "Inspector": "promote.inspector",
        "Promoter": "promote.promoter",
        "load": "promote.config",
    }

    def __getattr__(name: str) -> object:
        """Import an exported name from its home, once."""
        if name not in __all__:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message)
        value = getattr(import_module(_HOMES.get(name, "promote.errors")), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """List the exported names, whether they were imported already or not."""
    return sorted({*globals(), *__all__})
