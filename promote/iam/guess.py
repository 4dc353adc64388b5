"""Guessing what kind a policy document is from what it says, where nobody has said it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from promote.iam.elements import Kind

_BY_SERVICE = {"s3": Kind.BUCKET, "kms": Kind.KEY, "rekognition": Kind.PROJECT, "sts": Kind.TRUST}
_COPY = "rekognition:copyprojectversion"


def guess_kind(document: object) -> Kind:
    """Return the kind that a document most probably is; any JSON value at all has one.

    With principals: a trust, bucket, key or project policy by the service of its actions, an RCP
    if it only denies, else an endpoint policy. Without: an SCP if it only denies, else an identity
    policy, which a permissions boundary and a session policy look like, too.
    """
    statements = list(_statements(document))
    denies = bool(statements) and all(each.get("Effect") == "Deny" for each in statements)
    if not any("Principal" in each or "NotPrincipal" in each for each in statements):
        return Kind.SCP if denies else Kind.IDENTITY
    if denies and all(each.get("Principal") == "*" for each in statements):
        return Kind.RCP
    actions = {action.lower() for each in statements for action in _actions(each)}
    services = {action.partition(":")[0] for action in actions}
    if len(services) != 1 or (services == {"rekognition"} and actions != {_COPY}):
        return Kind.ENDPOINT
    if services == {"sts"} and any("Resource" in each for each in statements):
        return Kind.ENDPOINT
    return _BY_SERVICE.get(services.pop(), Kind.ENDPOINT)


def _statements(document: object) -> Iterator[Mapping[str, object]]:
    found = document.get("Statement") if isinstance(document, Mapping) else None
    for each in found if isinstance(found, list | tuple) else [found]:
        if isinstance(each, Mapping):
            yield each


def _actions(statement: Mapping[str, object]) -> Iterator[str]:
    for name in ("Action", "NotAction"):
        found = statement.get(name, ())
        for each in found if isinstance(found, list | tuple) else [found]:
            if isinstance(each, str):
                yield each
