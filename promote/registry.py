"""Find an adapter by its name: built in, or brought by another distribution's entry point.

An extension point names its built-in adapters as ``module:attribute`` and imports none of them, so
that a command pays only for what it uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from promote.errors import InputError


def adapter(group: str, what: str, name: str, built_in: Mapping[str, str]) -> Callable[..., Any]:
    """Return the factory of the adapter called `name`.

    Args:
        group: The group of entry points that extends the built-in ones: ``promote.services``.
        what: What the adapters are, for people: ``model service``.
        name: The name in promote.yaml.
        built_in: ``module:attribute`` by name. A built-in name cannot be taken over.

    Raises:
        InputError: There is none of that name.
    """
    if name in built_in:
        module, _, attribute = built_in[name].partition(":")
        factory: Callable[..., Any] = getattr(import_module(module), attribute)
        return factory
    brought = entry_points(group=group)
    if name in brought.names:
        loaded: Callable[..., Any] = brought[name].load()
        return loaded
    known = ", ".join(sorted({*built_in, *brought.names}))
    raise InputError(
        f"No such {what}",
        f"There is no {what} called {name!r}. There is: {known}.",
        f"Correct promote.yaml, or install the distribution that brings an entry point {name!r} "
        f"of the group {group}.",
    )
