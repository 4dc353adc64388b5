"""What the doctor looks at because people review plans: whether one can speak for another.

A policy that nobody may read from here can still be felt: what it forbids is tried, with an object
that no ledger reads and that is taken away again if it could be written after all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from promote.core.reviews import folder
from promote.core.topology import Topology
from promote.errors import AccessDeniedError, RefusedError
from promote.ports import Store, World

Check = Callable[[], str]

_IN_S3 = "s3://"


def review_checks(world: World, topology: Topology) -> Iterator[tuple[str, Check]]:
    """Yield the check of who may write reviews, where any are asked for and IAM can prove it."""
    asked = any(each.gates.approval for each in topology.environments)
    if asked and (topology.ledger or "").startswith(_IN_S3):
        probe = f"{folder(topology.models[0].name)}doctor.review"
        yield "reviews", lambda: _unforgeable(world.store, probe, topology.ledger or "")


def _unforgeable(store: Store, probe: str, ledger: str) -> str:
    try:
        left = store.read(probe)
        tag = left.tag if left else store.create(probe, b"{}")
        if tag is not None:
            store.delete(probe, tag)
    except AccessDeniedError:
        return "these credentials can write none in the name of others"
    raise RefusedError(
        "Reviews can be forged",
        f"{ledger}/{probe} could be written with these credentials, so that the policy of the "
        "bucket does not make everybody write reviews under their own name alone.",
        "Put this policy on the bucket:\n    promote policy render --kind ledger --trusted ARN",
    )
