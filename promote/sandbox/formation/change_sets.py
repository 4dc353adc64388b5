"""Create, describe, execute and delete change sets.

Reference: CloudFormation user guide, "Update CloudFormation stacks using change sets".
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from promote.sandbox.credentials import Caller
from promote.sandbox.exchange import Call, ServiceError
from promote.sandbox.formation import shown
from promote.sandbox.formation.planning import planned
from promote.sandbox.formation.requests import Requested
from promote.sandbox.formation.stacks import ChangeSet, Stack, Wanted
from promote.sandbox.formation.works import REVIEW, Works, expect_idle, expect_settled

_SAME: Final = (
    "The submitted information didn't contain changes. Submit different information to create a "
    "change set."
)


class ChangeSets:
    """Answers the operations on change sets."""

    def __init__(self, works: Works) -> None:
        self._works = works

    def create(self, call: Call, caller: Caller, asked: Requested) -> Mapping[str, Any]:
        """Work out changes and keep them; a stack that is not there yet begins in review."""
        now = self._works.clock.now()
        stack = self._works.stacks.find(caller.account, call.region, asked.stack)
        create = asked.kind == "CREATE"
        if create and stack is not None and stack.status != REVIEW:
            text = f"Stack [{asked.stack}] already exists and cannot be created again with the "
            raise ServiceError("ValidationError", f"{text}changeSet [{asked.change_set}].")
        if not create:
            stack = self._works.get(call, caller, asked)
            expect_settled(stack)
        if stack is not None and asked.change_set in stack.change_sets:
            text = f"ChangeSet {asked.change_set} cannot be created due to a mismatch with existing"
            raise ServiceError("AlreadyExistsException", f"{text} attributes. It already exists.")
        probe = stack or Stack(
            name=asked.stack, id="", account=caller.account, region=call.region, created=now
        )
        wanted = self._works.wanted(probe, asked, create=create)
        if stack is None:
            stack = self._works.stacks.open(caller.account, call.region, asked.stack, now)
            stack.become(REVIEW, now, "User Initiated")
        found = self._change_set(stack, asked, wanted, now)
        stack.change_sets[found.name] = found
        return {"Id": found.id, "StackId": stack.id}

    def _change_set(self, stack: Stack, asked: Requested, wanted: Wanted, now: float) -> ChangeSet:
        """Work out the changes; without any the change set fails, as AWS's does."""
        same = stack.wanted is not None and self._works.is_same(stack, wanted)
        stem = stack.id.partition(":stack/")[0]
        return ChangeSet(
            id=f"{stem}:changeSet/{asked.change_set}/{uuid.uuid4()}",
            name=asked.change_set,
            kind=asked.kind,
            at=now,
            wanted=wanted,
            changes=[] if same else planned(stack, wanted, self._works.exports(stack)),
            status="FAILED" if same else "CREATE_COMPLETE",
            reason=_SAME if same else "",
            execution="UNAVAILABLE" if same else "AVAILABLE",
            description=asked.description,
        )

    def found(self, call: Call, caller: Caller, asked: Requested) -> tuple[Stack, ChangeSet]:
        """Return a change set and its stack.

        Raises:
            ServiceError: ChangeSetNotFound.
        """
        for stack in self._works.stacks.of(caller.account, call.region):
            named = asked.stack in {stack.id, stack.name} and stack.deleted is None
            for each in stack.change_sets.values():
                if each.id == asked.change_set or (named and each.name == asked.change_set):
                    return stack, each
        text = f"ChangeSet [{asked.change_set}] does not exist"
        raise ServiceError("ChangeSetNotFound", text, 404)

    def describe(self, call: Call, caller: Caller, asked: Requested) -> Mapping[str, Any]:
        """Show a change set."""
        stack, found = self.found(call, caller, asked)
        return shown.change_set(stack, found, values=asked.values)

    def delete(self, call: Call, caller: Caller, asked: Requested) -> Mapping[str, Any]:
        """Forget a change set; one that is gone stays so."""
        try:
            stack, found = self.found(call, caller, asked)
        except ServiceError:
            return {}
        if found.execution == "EXECUTE_IN_PROGRESS":
            text = f"ChangeSet [{found.id}] cannot be deleted in its current status"
            raise ServiceError("InvalidChangeSetStatus", text)
        del stack.change_sets[found.name]
        return {}

    def execute(self, call: Call, caller: Caller, asked: Requested) -> Mapping[str, Any]:
        """Start to carry out a change set; the others of the stack are obsolete and gone."""
        known = self._works.stacks.find(caller.account, call.region, asked.stack)
        if known is not None and asked.token and asked.token in known.tokens:
            return {}
        stack, found = self.found(call, caller, asked)
        if found.execution != "AVAILABLE":
            text = f"ChangeSet [{found.id}] cannot be executed in its current status of "
            raise ServiceError("InvalidChangeSetStatus", f"{text}[{found.status}]")
        expect_idle(stack)
        stack.tokens.add(asked.token)
        stack.change_sets = {}  # executed or obsolete: both are gone for new stacks and old ones
        wanted = found.wanted
        if stack.status == REVIEW:
            stack.wanted = wanted
            stack.become("CREATE_IN_PROGRESS", self._works.clock.now(), "User Initiated")
            self._works.start(
                stack, caller, lambda work: work.create(wanted, rollback=asked.rollback)
            )
        else:
            expect_settled(stack)
            self._works.begin_update(stack, caller, wanted, rollback=asked.rollback)
        return {}

    def list(self, call: Call, caller: Caller, asked: Requested) -> Mapping[str, Any]:
        """Show the change sets of a stack."""
        stack = self._works.get(call, caller, asked)
        sets = stack.change_sets.values()
        return {"Summaries": [shown.change_set_summary(stack, each) for each in sets]}
