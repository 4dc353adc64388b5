"""Decide every call by all that governs it, as the chosen replica knows it.

IAM reference, "Policy evaluation logic"; the decision itself is `promote.iam.authorise`. Texts:
IAM user guide, "Troubleshoot access denied error messages".
"""

from __future__ import annotations

from collections.abc import Iterable

from promote.arn import is_account_id, parse_arn
from promote.errors import PolicyError
from promote.iam.authorise import Governing, Layer, authorise
from promote.iam.evaluate import Request, Verdict
from promote.sandbox.credentials import Caller
from promote.sandbox.dialect import common_error
from promote.sandbox.exchange import Call, Context, Need, Protocol, ServiceError
from promote.sandbox.governing import Governors, UnreadableError
from promote.sandbox.propagation import PolicyHistory
from promote.sandbox.world import WorldBox


class _DenialError(Exception):
    """A call is not authorised; `reason` ends AWS's sentence."""

    def __init__(self, need: Need, reason: str) -> None:
        super().__init__(reason)
        self.need = need
        self.reason = reason


class Authoriser:
    """Knows who may do what."""

    def __init__(self, history: PolicyHistory, world: WorldBox) -> None:
        self._history = history
        self._world = world
        self._governors = Governors(history, world)

    def check(self, caller: Caller, call: Call, needs: Iterable[Need], context: Context) -> None:
        """Return if every need of a call is allowed; one replica decides all of them.

        Raises:
            ServiceError: One is not; in the words and with the code that the service uses.
        """
        replica = self._history.pick_replica()
        for need in needs:
            try:
                self._check_need(caller, need, context, replica)
            except _DenialError as denial:
                raise _refusal(caller, denial, call.protocol) from None

    def allows(self, caller: Caller, need: Need, context: Context) -> bool:
        """Say whether one need is allowed, as one replica sees it."""
        try:
            self._check_need(caller, need, context, self._history.pick_replica())
        except _DenialError:
            return False
        return True

    def exists(self, entity: str, replica: int) -> bool:
        """Say whether a replica knows a user or role."""
        return any(part.kind == "exists" for part in self._history.visible(entity, replica))

    def _check_need(self, caller: Caller, need: Need, context: Context, replica: int) -> None:
        """Raise _DenialError unless one need is allowed."""
        owner = need.owner or _account_of(need.resource)
        try:
            governing = self._governors.of(caller, need, owner, context, replica)
            verdict, layer = self._decision(caller, need, owner, context, governing)
        except UnreadableError as error:
            verdict, layer = Verdict.IMPLICIT_DENY, error.layer
        except PolicyError:  # not to be decided without doubt
            verdict, layer = Verdict.IMPLICIT_DENY, Layer.IDENTITY
        if verdict is not Verdict.ALLOWED:
            raise _DenialError(need, _reason(verdict, layer, need.action))

    def _decision(
        self, caller: Caller, need: Need, owner: str | None, context: Context, governing: Governing
    ) -> tuple[Verdict, Layer]:
        """Decide one need, and name the layer that did."""
        keys = {**context, **need.context}
        if owner is not None:
            keys["aws:ResourceAccount"] = owner
            if owner in self._world.accounts:
                keys["aws:ResourceOrgID"] = self._world.current.organization.id
        request = Request(caller.arn, need.action, need.resource, keys)
        decided = authorise(request, governing, owner=owner)
        return decided.verdict, decided.layer


def _reason(verdict: Verdict, layer: Layer, action: str) -> str:
    """Return the part of AWS's sentence that says why.

    STS does not tell a role that is missing from one that does not trust the caller.
    """
    explicit = verdict is Verdict.EXPLICIT_DENY
    if layer is Layer.RESOURCE and action.startswith("sts:"):
        return "with an explicit deny in the role trust policy" if explicit else ""
    noun = layer.value if layer is Layer.BOUNDARY else f"{layer.value} policy"
    if explicit:
        article = "an" if layer is Layer.IDENTITY else "a"
        return f"with an explicit deny in {article} {noun}"
    return f"because no {noun} allows the {action} action"


def _refusal(caller: Caller, denial: _DenialError, protocol: Protocol) -> ServiceError:
    """Return the error for a denial, as AWS writes it."""
    need = denial.need
    text = (
        f"User: {caller.arn} is not authorized to perform: {need.action} "
        f"on resource: {need.resource} {denial.reason}"
    )
    return common_error("access_denied", protocol, text.rstrip())


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
