"""Extension point: one module per kind of pointer, each an adapter for the port `Pointer`.

A pointer is what applications read at run time to learn which version to call. May be here: its
reading with revision and history, its writing. May not be here: a base class, an import of a
sibling, an opinion on when it should be switched.
A new kind is a new module and its line in the registry, or an entry point of the group
``promote.pointers`` (called with the `Sessions`).
Law: a pointer says with every write which revision it made, so that a lost race is seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from promote.registry import adapter

if TYPE_CHECKING:
    from promote.aws.sessions import Sessions
    from promote.ports import Pointer

BUILT_IN = {"ssm": "promote.pointers.ssm:SsmPointer"}


def pointer(kind: str, sessions: Sessions) -> Pointer:
    """Return the adapter for pointers of `kind`, importing its module now.

    Raises:
        InputError: There is none of that name.
    """
    factory = adapter("promote.pointers", "kind of pointer", kind, BUILT_IN)
    return cast("Pointer", factory(sessions))
