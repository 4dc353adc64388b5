"""Decide every call by the policies that the chosen IAM replica knows.

IAM reference, "Policy evaluation logic": an explicit deny anywhere wins; otherwise the identity
policies, the session policy and the permissions boundary must each allow. A resource of another
account needs a resource policy, which only sts:AssumeRole has here: everything else is denied.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from promote.arn import is_account_id, parse_arn
from promote.errors import PolicyError
from promote.iam.document import Kind, Policy, parse
from promote.iam.evaluate import Decision, Request, Verdict, evaluate, evaluate_trust
from promote.sandbox.credentials import Caller
from promote.sandbox.dialect import common_error
from promote.sandbox.exchange import Call, Need, Protocol, ServiceError
from promote.sandbox.propagation import PolicyHistory

IDENTITY: Final = "identity-based"


class DenialError(Exception):
    """A call is not authorised; `reason` ends AWS's sentence."""

    def __init__(self, need: Need, reason: str) -> None:
        super().__init__(reason)
        self.need = need
        self.reason = reason


class Authoriser:
    """Knows who may do what."""

    def __init__(self, history: PolicyHistory) -> None:
        self._history = history

    def check(
        self, caller: Caller, call: Call, needs: Iterable[Need], context: Mapping[str, str]
    ) -> None:
        """Return if every need of a call is allowed.

        Raises:
            ServiceError: One is not; in the words and with the code that the service uses.
        """
        replica = self._history.pick_replica()
        for need in needs:
            try:
                self._check_need(caller, need, context, replica)
            except DenialError as denial:
                raise refusal(caller, denial, call.protocol) from None

    def allows(self, caller: Caller, need: Need, context: Mapping[str, str]) -> bool:
        """Say whether one need is allowed, as one replica sees it."""
        try:
            self._check_need(caller, need, context, self._history.pick_replica())
        except DenialError:
            return False
        return True

    def identity_decision(
        self, caller: Caller, need: Need, context: Mapping[str, str], replica: int
    ) -> tuple[Decision, str]:
        """Decide by the caller's own policies, and name the kind of policy that decided.

        What limits comes first, so that an implicit deny of kind `IDENTITY` means that only the
        identity policies do not allow it.
        """
        parts = self._history.visible(caller.entity, replica)
        limits: dict[str, list[Policy | None]] = {}
        boundary = [_identity(v, p.name) for p, v in parts.items() if p.kind == "boundary"]
        if boundary:
            limits["permissions boundary"] = boundary
        if caller.session_policy is not None:
            limits["session"] = [caller.session_policy]
        kinds = {"inline", "attached"}
        limits[IDENTITY] = [_identity(v, p.name) for p, v in parts.items() if p.kind in kinds]
        request = Request(caller.arn, need.action, need.resource, {**context, **need.context})
        decisions = [(_decide(request, policies), kind) for kind, policies in limits.items()]
        for verdict in (Verdict.EXPLICIT_DENY, Verdict.IMPLICIT_DENY):
            for decision, kind in decisions:
                if decision.verdict is verdict:
                    return decision, kind
        return decisions[-1]

    def trust_decision(
        self, caller: Caller, role: str, need: Need, context: Mapping[str, str], replica: int
    ) -> Decision | None:
        """Decide by a role's trust policy; None if the replica knows no such role."""
        parts = self._history.visible(role, replica)
        text = next((value for part, value in parts.items() if part.kind == "trust"), None)
        if text is None:
            return None
        request = Request(caller.arn, need.action, need.resource, {**context, **need.context})
        trust = _parsed(text, Kind.TRUST, "the trust policy")
        if trust is None:
            return Decision(Verdict.IMPLICIT_DENY, ())
        try:
            return evaluate_trust(request, trust)
        except PolicyError:
            return Decision(Verdict.IMPLICIT_DENY, ())

    def exists(self, entity: str, replica: int) -> bool:
        """Say whether a replica knows a user or role."""
        return any(part.kind == "exists" for part in self._history.visible(entity, replica))

    def _check_need(
        self, caller: Caller, need: Need, context: Mapping[str, str], replica: int
    ) -> None:
        """Raise DenialError unless one need is allowed."""
        decision, kind = self.identity_decision(caller, need, context, replica)
        if decision.verdict is not Verdict.ALLOWED:
            raise DenialError(need, reason_of(decision, kind, need.action))
        owner = need.owner or _account_of(need.resource)
        if owner not in {None, caller.account}:
            reason = f"because no resource-based policy allows the {need.action} action"
            raise DenialError(need, reason)


def reason_of(decision: Decision, kind: str, action: str) -> str:
    """Return the part of AWS's sentence that says why."""
    article = "an" if kind == IDENTITY else "a"
    noun = kind if kind.endswith("boundary") else f"{kind} policy"
    if decision.verdict is Verdict.EXPLICIT_DENY:
        return f"with an explicit deny in {article} {noun}"
    return f"because no {noun} allows the {action} action"


def refusal(caller: Caller, denial: DenialError, protocol: Protocol) -> ServiceError:
    """Return the error for a denial, as AWS writes it."""
    need = denial.need
    text = (
        f"User: {caller.arn} is not authorized to perform: {need.action} "
        f"on resource: {need.resource} {denial.reason}"
    )
    return common_error("access_denied", protocol, text.rstrip())


def _decide(request: Request, policies: list[Policy | None]) -> Decision:
    """Evaluate policies; one that cannot be read denies everything."""
    if None in policies:
        return Decision(Verdict.IMPLICIT_DENY, ())
    try:
        return evaluate(request, [policy for policy in policies if policy is not None])
    except PolicyError:
        return Decision(Verdict.IMPLICIT_DENY, ())


def _identity(text: str, name: str) -> Policy | None:
    return _parsed(text, Kind.IDENTITY, name)


@lru_cache(maxsize=4096)
def _parsed(text: str, kind: Kind, name: str) -> Policy | None:
    """Parse a stored document, or return None for one outside the fragment."""
    try:
        return parse(text, kind=kind, name=name)
    except PolicyError:
        return None


def _account_of(resource: str) -> str | None:
    """Return the account in a resource's ARN; of S3 and AWS's own resources, None."""
    if resource == "*":
        return None
    try:
        arn = parse_arn(resource)
    except ValueError:
        return None
    if arn.service == "organizations" or not is_account_id(arn.account):
        return None
    return arn.account
