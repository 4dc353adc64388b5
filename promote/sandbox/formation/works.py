"""Check what a stack is to become, and start the work on it.

What CloudFormation checks before it answers: the template, its parameters and the capabilities;
everything else fails the stack later.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from promote.sandbox.clock import Clock
from promote.sandbox.credentials import Caller
from promote.sandbox.exchange import Call, ServiceError
from promote.sandbox.formation.catalogue import expect_served, required_capabilities
from promote.sandbox.formation.deploying import CancelledError, Deployment
from promote.sandbox.formation.hands import Hands
from promote.sandbox.formation.kinds import Site
from promote.sandbox.formation.making import Surroundings
from promote.sandbox.formation.planning import active, planned, scope_of
from promote.sandbox.formation.requests import Requested
from promote.sandbox.formation.stacks import Stack, Stacks, Wanted
from promote.sandbox.formation.values import parameter_values

REVIEW: Final = "REVIEW_IN_PROGRESS"
_SETTLED: Final = frozenset(
    {
        "CREATE_COMPLETE",
        "IMPORT_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_FAILED",
        "UPDATE_ROLLBACK_COMPLETE",
    }
)


@dataclass(slots=True)
class Works:
    """Works on stacks.

    Attributes:
        stacks: Where they are held.
        clock: The time.
        settled: In how many seconds IAM's writes are known everywhere.
        hands: What makes requests for a stack.
        host: Where the sandbox listens.
    """

    stacks: Stacks
    clock: Clock
    settled: Callable[[], float]
    hands: Hands
    host: str = field(default="127.0.0.1")

    def get(self, call: Call, caller: Caller, asked: Requested) -> Stack:
        """Return the stack that a call names.

        Raises:
            ServiceError: There is none.
        """
        return self.stacks.get(caller.account, call.region, asked.stack)

    def exports(self, stack: Stack) -> dict[str, str]:
        """Return what the other stacks of a stack's account and Region export."""
        others = self.stacks.of(stack.account, stack.region)
        return {
            name: value
            for each in others
            if each is not stack and each.deleted is None
            for name, value in each.exports.items()
        }

    def wanted(self, stack: Stack, asked: Requested, *, create: bool) -> Wanted:
        """Read what a stack is to become, and check it as far as that is done at once.

        Raises:
            ServiceError: ValidationError or InsufficientCapabilitiesException.
        """
        before = stack.wanted
        template = asked.template
        if template is None:
            if before is None or not asked.previous_template:
                text = "Either Template URL or Template Body must be specified."
                raise ServiceError("ValidationError", text)
            template = before.template
        expect_served(template)
        given = dict(asked.parameters)
        for name in asked.previous_parameters:
            if before is None or name not in before.parameters:
                text = f"Invalid input for parameter key {name}. Cannot specify usePreviousValue "
                raise ServiceError("ValidationError", text + "as true for a new parameter")
            value = before.parameters[name]
            given[name] = ",".join(value) if isinstance(value, list) else value
        needed = required_capabilities(template)
        enough = {"CAPABILITY_NAMED_IAM", *needed} & set(asked.capabilities)
        if needed and not enough:
            text = f"Requires capabilities : [{', '.join(needed)}]"
            raise ServiceError("InsufficientCapabilitiesException", text)
        tags = asked.tags
        if tags is None:
            tags = {} if create or before is None else before.tags
        wanted = Wanted(
            template=template,
            parameters=parameter_values(template, given),
            tags=tags,
            capabilities=asked.capabilities,
            description=str(template.document.get("Description", "")),
        )
        scope = scope_of(stack, wanted, self.exports(stack), ahead=True)
        for declared in active(wanted, scope):
            scope.resolve(declared.properties)
        return wanted

    def begin_update(self, stack: Stack, caller: Caller, wanted: Wanted, *, rollback: bool) -> None:
        """Start to update a stack."""
        stack.updated = self.clock.now()
        stack.become("UPDATE_IN_PROGRESS", stack.updated, "User Initiated")
        self.start(stack, caller, lambda work: work.update(wanted, rollback=rollback))

    def start(self, stack: Stack, caller: Caller, act: Callable[[Deployment], None]) -> None:
        """Work on a stack in a thread of its own."""
        host = self.host
        site = Site(
            account=stack.account,
            region=stack.region,
            stack=stack.name,
            client=lambda service: self.hands.client(service, stack.region, caller, host),
        )
        around = Surroundings(site, self.clock.now, self.settled, self.exports(stack))

        def work() -> None:
            try:
                act(Deployment(stack, around))
            except CancelledError:
                return

        stack.work = threading.Thread(target=work, name=f"stack-{stack.name}", daemon=True)
        stack.work.start()

    def is_same(self, stack: Stack, wanted: Wanted) -> bool:
        """Say whether a stack is already as wanted."""
        before = stack.wanted
        if before is None or planned(stack, wanted, self.exports(stack)):
            return False
        outputs = before.template.section("Outputs") == wanted.template.section("Outputs")
        return outputs and dict(before.tags) == dict(wanted.tags)


def expect_idle(stack: Stack) -> None:
    """Refuse to touch a stack that is being worked on."""
    if stack.status.endswith("_IN_PROGRESS") and stack.status != REVIEW:
        text = f"Stack:{stack.id} is in {stack.status} state and can not be updated."
        raise ServiceError("ValidationError", text)


def expect_settled(stack: Stack) -> None:
    """Refuse to update a stack that is in another state than updates start from."""
    if stack.status not in _SETTLED:
        text = f"Stack:{stack.id} is in {stack.status} state and can not be updated."
        raise ServiceError("ValidationError", text)
