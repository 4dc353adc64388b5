"""Extension point: one module per model service, each an adapter for the port `ModelService`.

May be here: the operations, states and error codes of one service, in its own module. May not be
here: a base class, an import of a sibling, knowledge of environments or promotions.
A new service is a new module, its line in the registry or an ``importlib.metadata`` entry point of
the group ``promote.services`` (called with the `Sessions`), and a pass of the contract tests;
nothing else is edited.
Law: ports cannot leak. What comes back are our values, what is raised are our errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from promote.registry import adapter

if TYPE_CHECKING:
    from promote.aws.sessions import Sessions
    from promote.ports import ModelService

BUILT_IN = {"rekognition": "promote.services.rekognition:Rekognition"}


def service(name: str, sessions: Sessions) -> ModelService:
    """Return the model service called `name`, importing its module now.

    Raises:
        InputError: There is none of that name.
    """
    factory = adapter("promote.services", "model service", name, BUILT_IN)
    return cast("ModelService", factory(sessions))
