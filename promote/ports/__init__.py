"""What `promote` needs of the world, as Protocols: the whole boundary between deciding and AWS.

Adapters implement them under `aws/`, `services/`, `pointers/` and `ledger/`; `wiring` chooses.
No adapter lets a foreign exception through: each raises classes of `promote.errors` only. Every
method that acts takes the ARN of the role to act as, so that a reader of the workflow sees which
identity does what; None means the promoter's own credentials.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from promote.ports.alarms import Alarms
from promote.ports.clock import Clock
from promote.ports.identities import Caller, Credentials, Identities
from promote.ports.pipelines import Pipelines
from promote.ports.policies import AccessRoles, PolicyAnalyzer
from promote.ports.service import ImageSource, Label, LabelledImage, ModelService
from promote.ports.signing import Signer
from promote.ports.storage import Pointer, Store, Stored

__all__ = [
    "AccessRoles",
    "Alarms",
    "Caller",
    "Clock",
    "Credentials",
    "Identities",
    "ImageSource",
    "Label",
    "LabelledImage",
    "ModelService",
    "Pipelines",
    "Pointer",
    "PolicyAnalyzer",
    "Signer",
    "Store",
    "Stored",
    "World",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Every port that a promotion drives, chosen in `promote.wiring`."""

    clock: Clock
    identities: Identities
    services: Mapping[str, ModelService]
    """By the `service` key of a model."""
    pointers: Mapping[str, Pointer]
    """By the kind of a pointer address."""
    roles: AccessRoles
    alarms: Alarms
    pipelines: Pipelines
    analyzer: PolicyAnalyzer
    store: Store
    images: ImageSource
    signer: Signer
    cancelled: threading.Event = field(default_factory=threading.Event)
    """Set when a part of the work failed or a signal came: every wait of the others ends."""
