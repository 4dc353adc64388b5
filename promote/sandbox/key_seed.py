"""Describe a KMS key as data, a part of a world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Document: TypeAlias = Mapping[str, Any]

DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySeed:
    """A KMS key that signs; `statements` are in its policy beside its account's own."""

    account: str
    id: str
    statements: tuple[Document, ...] = ()
    region: str = DEFAULT_REGION

    @property
    def arn(self) -> str:
        """The key's ARN."""
        return f"arn:aws:kms:{self.region}:{self.account}:key/{self.id}"
