"""What promote.yaml says around the models: where they are trained from, and what protects them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DataLake:
    """The bucket, in another account than the ML account, that holds the training images."""

    account: str
    bucket: str
    kms_key: str | None = None
    """The ARN of the KMS key that the bucket is encrypted with, if it is one of the account's."""
    trainers: tuple[str, ...] = ()
    """ARNs of the roles in the ML account that train."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardrails:
    """The policies of the organisation that protect the models, and who manages them."""

    account: str
    """The management account, or the one that Organizations has delegated policies to."""
    role: str | None = None
    """The ARN of the role there; None is the promoter's own credentials."""
    targets: tuple[str, ...]
    """What they are attached to: account ids, ids of organisational units, the root's id."""
    exempt: tuple[str, ...] = ()
    """ARNs of roles, beside the operators, that may create, delete, start and stop."""
