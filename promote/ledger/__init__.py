"""Extension point: one module per place for records, each an adapter for the port `Store`.

The ledger holds only what the cloud cannot tell: the lock, who promoted what and why, claims,
the direction of a run, verifications, approvals. May not be here: a copy of a pointer, a role
policy or a status, which are read where they are; secrets or tokens.
A new place is a new module and its line in the registry, or an entry point of the group
``promote.ledgers`` (called with the location and the `Sessions`), and a pass of the contract tests.
Law: of any number of writers that name the same tag, one wins and the others learn it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from promote.errors import InputError
from promote.registry import adapter

if TYPE_CHECKING:
    from promote.aws.sessions import Sessions
    from promote.ports import Store

BUILT_IN = {
    "directory": "promote.ledger.directory:from_location",
    "s3": "promote.ledger.s3:from_location",
}
# Also what a session's name may hold (AssumeRole, RoleSessionName): objects are named after one.
_SEGMENT = r"(?!\.)[A-Za-z0-9_.:=+,@-]+"
_KEY = re.compile(f"{_SEGMENT}(?:/{_SEGMENT})*")


def store(location: str, sessions: Sessions | None = None) -> Store:
    """Return the store at `location`, importing its module now.

    Args:
        location: A directory, or ``KIND://…`` for the store of that kind.
        sessions: For the kinds that live in AWS.

    Raises:
        InputError: There is no store of that kind.
    """
    scheme, separator, _ = location.partition("://")
    kind = scheme if separator else "directory"
    factory = adapter("promote.ledgers", "kind of ledger", kind, BUILT_IN)
    return cast("Store", factory(location, sessions))


def is_key(text: str) -> bool:
    """Say whether a text is what an object of a ledger can be called."""
    return _KEY.fullmatch(text) is not None


def checked(key: str) -> str:
    """Return a key as it is.

    Raises:
        InputError: It is none.
    """
    if not is_key(key):
        raise InputError(
            "Not a key of the ledger",
            f"{key!r} is not of the form a/b/c, with segments of letters, digits and "
            "_ . : = + , @ - that do not begin with a dot.",
        )
    return key
