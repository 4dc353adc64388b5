"""The signatures over a chain: what is signed, and whether every end of a promotion is covered."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from promote.core.chain import Broken, Chain
from promote.core.codec import canonical
from promote.core.record import PromotionEnded, PromotionStarted, Sealed

ALGORITHM: Final = "ECDSA_SHA_256"
"""As KMS spells it: the key is on an elliptic curve, and never leaves KMS."""

Check = Callable[[bytes, bytes], bool]
"""Says whether the second is a signature of the first by one public key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What came of checking the records of a model."""

    model: str
    records: int
    """How many are whole, counted from the first."""
    promotions: int
    ended: int
    torn: int
    """How many a writer did not finish."""
    signatures: int
    checked: bool
    """Whether the signatures were held against a public key; else they were counted alone."""
    broken: Broken | None

    @property
    def ok(self) -> bool:
        """Whether nothing is broken."""
        return self.broken is None


def statement(model: str, number: int, link: str) -> bytes:
    """Return what is signed: which record of which model was the last, and its digest."""
    body = {"format": 1, "kind": "promote-records", "link": link, "model": model, "number": number}
    return canonical(body)


def verified(model: str, chain: Chain, checks: Sequence[Check], *, wanted: bool) -> Verified:
    """Judge the signatures of a chain that was checked.

    Args:
        model: The model's name.
        chain: Its records.
        checks: One for each public key; a signature by any of them will do.
        wanted: Whether an end that no signature covers is an error.
    """
    records = chain.records
    broken = chain.broken or _forged(model, chain, checks)
    if broken is None and wanted:
        broken = _uncovered(model, chain)
    return Verified(
        model=model,
        records=len(records),
        promotions=len({e.promotion for e in records if isinstance(e, PromotionStarted)}),
        ended=sum(isinstance(each, PromotionEnded) for each in records),
        torn=chain.torn,
        signatures=sum(isinstance(each, Sealed) for each in records),
        checked=bool(checks),
        broken=broken,
    )


def _forged(model: str, chain: Chain, checks: Sequence[Check]) -> Broken | None:
    for each in chain.links:
        seal = each.record
        if checks and isinstance(seal, Sealed) and not _is_genuine(model, seal, checks):
            return Broken(
                record=key_of(model, each.number),
                expected=f"a signature of number {seal.number} by the public key that was given",
                found=f"a signature that is not, said to be by {seal.key}",
            )
    return None


def _is_genuine(model: str, seal: Sealed, checks: Sequence[Check]) -> bool:
    try:
        signature = base64.b64decode(seal.signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    signed = statement(model, seal.number, seal.link)
    return seal.algorithm == ALGORITHM and any(check(signed, signature) for check in checks)


def _uncovered(model: str, chain: Chain) -> Broken | None:
    """Name the first end of a promotion that no signature covers; one covers all before it."""
    covered = max((e.record.number for e in chain.links if isinstance(e.record, Sealed)), default=0)
    for each in chain.links:
        if isinstance(each.record, PromotionEnded) and each.number > covered:
            return Broken(
                record=key_of(model, each.number),
                expected="a signature of this record, or of a later one",
                found="none",
            )
    return None


def key_of(model: str, number: int) -> str:
    """Return the key of the object that a record lies in."""
    return f"{model}/records/{number:08d}.json"
