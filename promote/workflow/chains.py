"""Read the records of a model as they lie in the store, and check all that they promise."""

from __future__ import annotations

from dataclasses import replace

from promote.core.chain import Broken, Chain, LedgerObject, checked
from promote.core.fold import fold
from promote.errors import RefusedError
from promote.ports import Store
from promote.workflow.checkpoint import damage, decoded
from promote.workflow.side_by_side import side_by_side


def read_chain(store: Store, model: str) -> Chain:
    """Return the records of a model up to the first that is broken, the checkpoint held to them."""

    def read(key: str) -> LedgerObject:
        stored = store.read(key)
        return LedgerObject(key, b"" if stored is None else stored.content)

    checkpoint = store.read(f"{model}/checkpoint.json")
    chain = checked(tuple(side_by_side(read, store.keys(f"{model}/records/"))))
    if chain.broken is None and checkpoint is not None:
        broken = _pinned_otherwise(
            LedgerObject(f"{model}/checkpoint.json", checkpoint.content), chain
        )
        return replace(chain, broken=broken)
    return chain


def whole_chain(store: Store, model: str) -> Chain:
    """Return the records of a model, all of them.

    Raises:
        RefusedError: One of them is broken; says which, what was expected and what was found.
    """
    chain = read_chain(store, model)
    if chain.broken is None:
        return chain
    raise RefusedError(
        "The records are not what was written",
        f"{chain.broken.record}: expected {chain.broken.expected}; found {chain.broken.found}.",
        f"To see what is still whole:\n    promote history {model} --verify",
    )


def _pinned_otherwise(item: LedgerObject, chain: Chain) -> Broken | None:
    """Say what a checkpoint says that the records do not; one by another rule says nothing."""
    wrong = damage(item.content)
    if wrong is not None:
        return Broken(record=item.key, expected="a checkpoint as it was written", found=wrong)
    pinned = decoded(item.content)
    if pinned is None:
        return None
    before = [each for each in chain.links if each.number <= pinned.number]
    last = before[-1] if before else None
    if last is None or (last.number, last.link) != (pinned.number, pinned.digest):
        found = "no such record" if last is None else f"number {last.number}, {last.link}"
        return Broken(
            record=item.key,
            expected=f"record number {pinned.number} with the digest {pinned.digest}",
            found=found,
        )
    if fold(pinned.records) != fold(each.record for each in before):
        return Broken(
            record=item.key,
            expected=f"what the records up to number {pinned.number} add up to",
            found="something else",
        )
    return None
