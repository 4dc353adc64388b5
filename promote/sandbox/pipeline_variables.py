"""Put values for variables into the configuration of actions and rules.

Reference: CodePipeline user guide, "Variables reference": ``#{namespace.name}``; the namespaces
``variables`` and ``codepipeline`` are CodePipeline's own. The value takes the place as it is, in
a JSON text, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

_REFERENCE: Final = re.compile(r"#\{([^{}]*)\}")

Namespaces = Mapping[str, Mapping[str, str]]


class UnresolvedError(Exception):
    """A variable has no value."""


def references(text: str) -> Iterator[tuple[str, str]]:
    """Yield the namespace and the name of each variable in a text."""
    for found in _REFERENCE.finditer(text):
        namespace, _, name = found[1].strip().partition(".")
        yield namespace, name


def resolved(configuration: Mapping[str, str], namespaces: Namespaces) -> dict[str, str]:
    """Return a configuration with the values of its variables.

    Raises:
        UnresolvedError: One has none.
    """
    return {key: _resolved(value, namespaces) for key, value in configuration.items()}


def _resolved(text: str, namespaces: Namespaces) -> str:
    def value(found: re.Match[str]) -> str:
        namespace, _, name = found[1].strip().partition(".")
        try:
            return namespaces[namespace][name]
        except KeyError:
            raise UnresolvedError(found[0]) from None

    return _REFERENCE.sub(value, text)
