"""Take every request through the sandbox: what, who, faults, permission, answer, log."""

from __future__ import annotations

import sys
import time
import traceback
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from promote.sandbox.calls import guess_protocol, identify
from promote.sandbox.clock import iso
from promote.sandbox.credentials import Caller
from promote.sandbox.dialect import common_error, render_error
from promote.sandbox.dispatch import Dispatcher, error_code
from promote.sandbox.exchange import (
    DROPPED,
    Call,
    Need,
    Protocol,
    Request,
    Response,
    ServiceError,
)
from promote.sandbox.faults import Fault, FaultKind
from promote.sandbox.parts import Parts
from promote.sandbox.signature import read_scope

_ERROR: Final = 400


@dataclass(slots=True)
class _Passage:
    """What is known so far of one request on its way."""

    request_id: str
    protocol: Protocol
    call: Call | None = None
    caller: Caller | None = None
    resource: str = "*"
    outcome: str = "ok"


class Front:
    """Serves requests to AWS services."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._dispatcher = Dispatcher(parts, self.handle)

    def handle(self, request: Request) -> Response:
        """Answer one request, whatever happens, and log it."""
        began = time.monotonic()
        passage = _Passage(str(uuid.uuid4()), guess_protocol(request))
        try:
            response = self._pass(request, passage)
        except ServiceError as error:
            passage.outcome = error.code
            response = self._render(request, error, passage)
        except Exception as error:  # noqa: BLE001 - a bug of ours must not hang or retry the client
            traceback.print_exc(file=sys.stderr)
            passage.outcome = "InternalFailure"
            text = f"The sandbox failed: {type(error).__name__}: {error}"
            response = self._render(request, ServiceError("InternalFailure", text, 501), passage)
        self._log(request, passage, time.monotonic() - began)
        if response.dropped:
            return response
        names = {name.lower() for name, _ in response.headers}
        extra = () if "x-amzn-requestid" in names else (("x-amzn-RequestId", passage.request_id),)
        return Response(response.status, (*response.headers, *extra), response.body)

    def _pass(self, request: Request, passage: _Passage) -> Response:
        """Take a request through every check to its answer."""
        scope = read_scope(request)
        if scope is None:
            raise common_error("unsigned", passage.protocol, "Missing Authentication Token")
        call = passage.call = identify(request, scope)
        passage.protocol = call.protocol
        self._check_endpoint(request, call)
        caller = self._parts.credentials.authenticate(request, scope, call.protocol)
        passage.caller = caller
        needs = self._parts.operations.needs(call, caller)
        passage.resource = needs[0].resource if needs else str(call.params.get("RoleArn", "*"))
        if latency := self._parts.settings.current.latency_seconds:
            self._parts.clock.sleep(latency)
        fault = self._parts.faults.take(call.name, caller.account, caller.arn, passage.resource)
        if fault is not None and fault.fault is not FaultKind.DROP_AFTER:
            dropped = self._spoil(fault, call, caller, passage)
            if dropped:
                return DROPPED
        try:
            response = self._carry_out(request, call, caller, needs, passage)
        except ServiceError:
            if fault is None or fault.fault is not FaultKind.DROP_AFTER:
                raise
            response = DROPPED
        if fault is not None and fault.fault is FaultKind.DROP_AFTER:
            passage.outcome = fault.fault.value
            return DROPPED
        return response

    def _carry_out(
        self,
        request: Request,
        call: Call,
        caller: Caller,
        needs: Sequence[Need],
        passage: _Passage,
    ) -> Response:
        """Throttle, authorise and answer a call."""
        if not self._parts.throttle.admits(call.name, caller.account):
            raise _too_fast(call)
        context = self._parts.context.of(request, call, caller)
        self._parts.authoriser.check(caller, call, needs, context)
        response = self._dispatcher.answer(request, call, caller, context, passage.request_id)
        if response.status >= _ERROR:
            passage.outcome = error_code(response)
        return response

    def _check_endpoint(self, request: Request, call: Call) -> None:
        """Refuse a service that the VPC endpoint of this port is not for."""
        if request.endpoint is None:
            return
        endpoint = self._parts.world.endpoints.get(request.endpoint)
        services = () if endpoint is None else endpoint.services
        if "*" not in services and call.service not in services:
            text = f"{request.endpoint} is an endpoint of {', '.join(services) or 'nothing'}"
            raise ServiceError("UnknownOperationException", text, 404)

    def _spoil(self, fault: Fault, call: Call, caller: Caller, passage: _Passage) -> bool:
        """Do what a fault says before the call is carried out; True drops the connection.

        Raises:
            ServiceError: The fault is an error.
        """
        match fault.fault:
            case FaultKind.DELAY:
                self._parts.clock.sleep(fault.seconds)
            case FaultKind.DROP_BEFORE:
                passage.outcome = fault.fault.value
                return True
            case FaultKind.ACCESS_DENIED:
                text = (
                    f"User: {caller.arn} is not authorized to perform: {call.name} on resource: "
                    f"{passage.resource} because no identity-based policy allows the "
                    f"{call.name} action"
                )
                raise common_error("access_denied", call.protocol, text)
            case FaultKind.THROTTLE:
                raise _throttled(call)
            case FaultKind.CONFLICT:
                text = "The target is being modified by a different request. Try again later."
                raise common_error("conflict", call.protocol, text)
            case FaultKind.LIMIT_EXCEEDED:
                raise common_error("limit_exceeded", call.protocol, "The limit is exceeded.")
            case _:
                text = "The service failed, because it was told to."
                raise common_error("error5xx", call.protocol, text)
        return False

    def _render(self, request: Request, error: ServiceError, passage: _Passage) -> Response:
        head = request.method == "HEAD"
        return render_error(error, passage.protocol, passage.request_id, head=head)

    def _log(self, request: Request, passage: _Passage, seconds: float) -> None:
        """Add the request to the log."""
        caller, call = passage.caller, passage.call
        self._parts.log.add(
            time=iso(self._parts.clock.now()),
            account=caller.account if caller else "",
            principal=caller.arn if caller else "",
            operation=call.name if call else "",
            resource=passage.resource,
            outcome=passage.outcome,
            request_id=passage.request_id,
            endpoint=request.endpoint,
            seconds=round(seconds, 4),
        )


def _too_fast(call: Call) -> ServiceError:
    """Return the error for a call beyond the rate; detection has one of its own."""
    if call.operation == "DetectCustomLabels":
        text = "Provisioned rate exceeded"
        return ServiceError("ProvisionedThroughputExceededException", text)
    return _throttled(call)


def _throttled(call: Call) -> ServiceError:
    """Return the error for throttling, as the service calls it."""
    if call.service == "organizations":
        return ServiceError("TooManyRequestsException", "Rate exceeded")
    return common_error("throttle", call.protocol, "Rate exceeded")
