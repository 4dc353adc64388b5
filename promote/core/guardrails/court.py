"""Deciding requests by the organisation's policies alone.

Whoever asks is taken to be allowed everything by its own policies, and whoever assumes a role to be
trusted by it, so that what is denied is denied by an SCP or an RCP.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from promote.core.guardrails.errands import ASSUME_ROLE, Errand
from promote.core.guardrails.organization import ControlPolicy, ControlType, OrganizationState
from promote.core.guardrails.wanted import KIND_OF
from promote.core.policies.governing import everything, is_under_rcps
from promote.errors import PolicyError
from promote.iam.authorise import Authorisation, Governing, authorise
from promote.iam.document import parse
from promote.iam.elements import Effect, Kind, Policy, Principal, Statement
from promote.iam.evaluate import Request

_ALLOWED = everything(Kind.IDENTITY)
_TRUSTED = Policy(
    Kind.TRUST,
    (Statement(None, Effect.ALLOW, ("sts:*",), (), (Principal("AWS", "*"),), ()),),
    "what is assumed",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What the organisation's policies say of one request.

    Attributes:
        request: As it was decided, with the condition keys that the organisation adds.
        by: Where it was decided: the statements that deny, or the level that allows nothing.
    """

    allowed: bool
    request: Request
    by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Court:
    """Decides by the policies of one state of the organisation."""

    state: OrganizationState
    _read: dict[tuple[str, str], Policy] = field(default_factory=dict)

    def rule(self, errand: Errand) -> Ruling:
        """Decide one request.

        Raises:
            PolicyError: A policy that governs it is outside what can be decided; names its place.
        """
        request = self._complete(errand)
        scps = self._levels(errand.account, ControlType.SCP)
        rcps = self._levels(errand.owner, ControlType.RCP) if is_under_rcps(request) else {}
        decided = self._authorise(errand, request, scps, rcps)
        if decided.allowed:
            return Ruling(allowed=True, request=request)
        by = tuple(each.place for each in decided.deciding)
        by = by or tuple(self._silent(errand, request, scps, rcps))[:1]
        return Ruling(allowed=False, request=request, by=by)

    @cached_property
    def unreadable(self) -> Mapping[str, PolicyError]:
        """Every policy in force that is outside what can be decided, by its place."""
        found = {}
        for holder in self.state.attached:
            for kind in self.state.enabled:
                for policy in self.state.on(holder, kind):
                    try:
                        self._policy(policy, holder)
                    except PolicyError as error:
                        found[_place(policy, holder)] = error
        return found

    def _complete(self, errand: Errand) -> Request:
        keys = self.state.keys(errand.account, errand.owner)
        context = {**errand.request.context, "aws:ResourceAccount": errand.owner, **keys}
        return replace(errand.request, context=context)

    def _levels(self, account: str, kind: ControlType) -> dict[str, tuple[Policy, ...]]:
        """Return what governs an account, by its holder, from the root down."""
        return {
            holder: tuple(self._policy(policy, holder) for policy in policies)
            for holder, policies in self.state.levels(account, kind)
        }

    def _policy(self, policy: ControlPolicy, holder: str) -> Policy:
        key = (policy.id, holder)
        if key not in self._read:
            kind = KIND_OF[policy.type]
            self._read[key] = parse(policy.content, kind=kind, name=_place(policy, holder))
        return self._read[key]

    def _silent(
        self,
        errand: Errand,
        request: Request,
        scps: Mapping[str, tuple[Policy, ...]],
        rcps: Mapping[str, tuple[Policy, ...]],
    ) -> Iterator[str]:
        """Name the levels whose policies allow a request nothing."""
        for holder, level in scps.items():
            if not self._authorise(errand, request, {holder: level}, {}).allowed:
                yield f"no SCP on {holder} allows it"
        for holder, level in rcps.items():
            if not self._authorise(errand, request, {}, {holder: level}).allowed:
                yield f"no RCP on {holder} allows it"

    def _authorise(
        self,
        errand: Errand,
        request: Request,
        scps: Mapping[str, tuple[Policy, ...]],
        rcps: Mapping[str, tuple[Policy, ...]],
    ) -> Authorisation:
        governing = Governing(
            identity=(_ALLOWED,),
            resource=_TRUSTED if request.action == ASSUME_ROLE else None,
            scp=tuple(scps.values()),
            rcp=tuple(rcps.values()),
        )
        return authorise(request, governing, owner=errand.owner)


def _place(policy: ControlPolicy, holder: str) -> str:
    return f"{policy.type.short} {policy.name} ({policy.id}) on {holder}"
