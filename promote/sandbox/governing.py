"""Collect every policy that governs a request, as one replica knows them.

Which accounts' policies count: SCPs of the principal's account and RCPs of the resource's account,
in both cases never the management account (Organizations user guide, "SCPs" and "RCPs").
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from promote.errors import PolicyError
from promote.iam.authorise import Governing, Layer
from promote.iam.document import Kind, Policy, parse
from promote.sandbox.credentials import Caller
from promote.sandbox.exchange import Context, Need
from promote.sandbox.propagation import Part, PolicyHistory
from promote.sandbox.world import EndpointSeed, WorldBox

# Of the services served here, those whose resources RCPs protect: Organizations user guide, "List
# of AWS services that support RCPs".
RCP_SERVICES: Final = frozenset({"s3", "sts"})

_KINDS: Final = {
    "inline": (Kind.IDENTITY, Layer.IDENTITY),
    "attached": (Kind.IDENTITY, Layer.IDENTITY),
    "boundary": (Kind.BOUNDARY, Layer.BOUNDARY),
    "trust": (Kind.TRUST, Layer.RESOURCE),
    "bucket": (Kind.BUCKET, Layer.RESOURCE),
    "key": (Kind.KEY, Layer.RESOURCE),
    "scp": (Kind.SCP, Layer.SCP),
    "rcp": (Kind.RCP, Layer.RCP),
}
_NO_KEY: Final = Policy(Kind.KEY, (), "no key policy")
_NO_TRUST: Final = Policy(Kind.TRUST, (), "no trust policy")


class UnreadableError(Exception):
    """A stored policy cannot be decided by; nothing passes its layer."""

    def __init__(self, layer: Layer) -> None:
        super().__init__(layer.value)
        self.layer = layer


@dataclass(frozen=True, slots=True)
class _Held:
    """The parsed policies of a user, role, bucket, root, unit or account."""

    view: Mapping[Part, str]  # what they were parsed from
    policies: Mapping[Layer, tuple[Policy, ...]]
    unreadable: frozenset[Layer]
    path: tuple[str, ...]  # of an account: from the root down to itself
    enabled: frozenset[Layer]  # of a root: the types of policies that are enabled

    def of(self, layer: Layer) -> tuple[Policy, ...]:
        """Return the policies of one layer."""
        if layer in self.unreadable:
            raise UnreadableError(layer)
        return self.policies.get(layer, ())


class Governors:
    """Knows what governs whom."""

    def __init__(self, history: PolicyHistory, world: WorldBox) -> None:
        self._history = history
        self._world = world
        self._held: dict[tuple[str, int], _Held] = {}
        self._endpoints: dict[str, tuple[EndpointSeed, Policy | None]] = {}

    def of(
        self, caller: Caller, need: Need, owner: str | None, context: Context, replica: int
    ) -> Governing:
        """Return what governs one need; `owner` is the account of its resource.

        Raises:
            UnreadableError: A policy among them is outside the fragment of `promote.iam`.
        """
        own = self._of(caller.entity, replica)
        guarded = need.action.partition(":")[0] in RCP_SERVICES
        session = caller.session_policy
        return Governing(
            identity=own.of(Layer.IDENTITY),
            boundary=own.of(Layer.BOUNDARY) or None,
            session=None if session is None else (session,),
            resource=self._resource(need, replica),
            scp=self._levels(caller.account, Layer.SCP, replica),
            rcp=self._levels(owner, Layer.RCP, replica) if guarded else (),
            endpoint=self._endpoint(context),
        )

    def _resource(self, need: Need, replica: int) -> Policy | None:
        """Return the trust policy of a role, or the policy of a bucket or key.

        A role that is not there is one that trusts nobody.
        """
        if need.action.startswith("sts:"):
            return next(iter(self._of(need.resource, replica).of(Layer.RESOURCE)), _NO_TRUST)
        if need.action.startswith("s3:") and need.resource != "*":
            bucket = need.resource.partition("/")[0]
            return next(iter(self._of(bucket, replica).of(Layer.RESOURCE)), None)
        if need.action.startswith("kms:") and ":key/" in need.resource:
            return next(iter(self._of(need.resource, replica).of(Layer.RESOURCE)), _NO_KEY)
        return None

    def _levels(
        self, account: str | None, layer: Layer, replica: int
    ) -> tuple[tuple[Policy, ...], ...]:
        """Return the policies of a type from the root down to an account."""
        if account is None or not self._world.is_member(account):
            return ()
        targets = [self._of(target, replica) for target in self._of(account, replica).path]
        if not targets or layer not in targets[0].enabled:
            return ()
        return tuple(target.of(layer) for target in targets)

    def _endpoint(self, context: Context) -> Policy | None:
        """Return the policy of the VPC endpoint that a request came through."""
        found = self._world.endpoints.get(str(context.get("aws:SourceVpce", "")))
        if found is None or found.policy is None:
            return None
        known = self._endpoints.get(found.id)
        if known is None or known[0] is not found:
            text = json.dumps(found.policy)
            known = (found, _parsed(text, Kind.ENDPOINT, f"the policy of {found.id}"))
            self._endpoints[found.id] = known
        if known[1] is None:
            raise UnreadableError(Layer.ENDPOINT)
        return known[1]

    def _of(self, entity: str, replica: int) -> _Held:
        """Return the parsed policies of an entity, parsed anew only when one of them changed."""
        view = self._history.visible(entity, replica)
        held = self._held.get((entity, replica))
        if held is None or held.view is not view:
            held = _held(view)
            if view:
                self._held[entity, replica] = held
        return held


def _held(view: Mapping[Part, str]) -> _Held:
    """Parse the policies among an entity's parts."""
    policies: dict[Layer, tuple[Policy, ...]] = {}
    unreadable = set()
    for part, text in view.items():
        if part.kind in _KINDS:
            kind, layer = _KINDS[part.kind]
            policy = _parsed(text, kind, part.name or f"the {kind.value} policy")
            if policy is None:
                unreadable.add(layer)
            else:
                policies[layer] = (*policies.get(layer, ()), policy)
    path = next((text for part, text in view.items() if part.kind == "path"), "")
    enabled = {_KINDS[part.name][1] for part in view if part.kind == "enabled"}
    return _Held(
        view,
        policies,
        frozenset(unreadable),
        tuple(path.split("/")) if path else (),
        frozenset(enabled),
    )


@lru_cache(maxsize=4096)
def _parsed(text: str, kind: Kind, name: str) -> Policy | None:
    """Parse a stored document, or return None for one outside the fragment."""
    try:
        return parse(text, kind=kind, name=name)
    except PolicyError:
        return None
