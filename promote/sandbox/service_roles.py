"""Let AWS services act as the roles that they are given: trusted, allowed and logged as they are.

A service that becomes a role tells for which of its resources (``aws:SourceArn``) and of which
account (``aws:SourceAccount``): IAM user guide, "The confused deputy problem". What it then does is
decided by the policies of the role like every other call, and is in the log of calls.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from promote.arn import assumed_role_arn, parse_arn
from promote.sandbox.authorisation import Authoriser
from promote.sandbox.calllog import CallLog
from promote.sandbox.clock import Clock, iso
from promote.sandbox.context import ContextKeys
from promote.sandbox.credentials import Caller, CredentialStore
from promote.sandbox.exchange import Call, Need, Protocol, Request, ServiceError
from promote.sandbox.principals import Directory

_SECONDS: Final = 3600
_OWN: Final = Request("POST", "/", "", {}, b"")


@dataclass(frozen=True, slots=True)
class Assignment:
    """A role that a service shall use, and the resource of the service that it is for."""

    service: str
    """Such as ``codebuild.amazonaws.com``."""
    role: str
    source: str
    """The ARN of the resource."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A session of a role, which a service uses in a Region."""

    session: Caller
    region: str


class ServiceRoles:
    """Makes sessions of roles for services, and decides what they may do."""

    def __init__(
        self,
        authoriser: Authoriser,
        credentials: CredentialStore,
        directory: Directory,
        context: ContextKeys,
        *,
        log: CallLog,
        clock: Clock,
    ) -> None:
        self._authoriser = authoriser
        self._credentials = credentials
        self._directory = directory
        self._context = context
        self._log = log
        self._clock = clock

    def trusts(self, assignment: Assignment) -> bool:
        """Say whether a role is there and lets the service become it."""
        source = parse_arn(assignment.source)
        role = parse_arn(assignment.role)
        if role.account != source.account or self._directory.role(role.account, role.name) is None:
            return False
        keys = {
            "aws:SourceArn": assignment.source,
            "aws:SourceAccount": source.account,
            "aws:PrincipalIsAWSService": "true",
            "aws:PrincipalServiceName": assignment.service,
        }
        need = Need("sts:AssumeRole", assignment.role, keys)
        return self._authoriser.allows(_service(assignment.service), need, {})

    def assume(self, assignment: Assignment, name: str) -> Actor | None:
        """Open a session of an hour, or return None if the service may not."""
        if not self.trusts(assignment):
            return None
        arn = parse_arn(assignment.role)
        role = self._directory.role(arn.account, arn.name)
        key, secret, token = self._credentials.new_key()
        now = self._clock.now()
        session = Caller(
            account=arn.account,
            arn=assumed_role_arn(assignment.role, name),
            entity=assignment.role,
            unique_id=f"{role.id if role else 'AROA'}:{name}",
            access_key_id=key,
            secret=secret,
            token=token,
            issued=now,
            expires=now + _SECONDS,
        )
        self._credentials.add_session(session)
        return Actor(session, parse_arn(assignment.source).region)

    def check(
        self,
        actor: Actor,
        needs: Iterable[Need],
        protocol: Protocol = Protocol.JSON,
    ) -> None:
        """Return if an actor may do all that is needed; each need is logged as a call.

        Raises:
            ServiceError: It may not do one of them; in the words of the service.
        """
        for need in needs:
            service, _, operation = need.action.partition(":")
            call = Call(service, operation, actor.region, protocol, {})
            began = time.monotonic()
            outcome = "ok"
            try:
                context = self._context.of(_OWN, call, actor.session)
                self._authoriser.check(actor.session, call, [need], context)
            except ServiceError as error:
                outcome = error.code
                raise
            finally:
                self._note(actor.session, need, outcome, time.monotonic() - began)

    def _note(self, session: Caller, need: Need, outcome: str, seconds: float) -> None:
        self._log.add(
            time=iso(self._clock.now()),
            account=session.account,
            principal=session.arn,
            operation=need.action,
            resource=need.resource,
            outcome=outcome,
            request_id=str(uuid.uuid4()),
            endpoint=None,
            seconds=round(seconds, 4),
        )


def _service(name: str) -> Caller:
    """Return a service as the principal of a request; it has no account."""
    return Caller(account="", arn=name, entity=name, unique_id="", access_key_id="", secret="")
