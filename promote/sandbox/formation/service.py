"""Serve CloudFormation: stacks and change sets.

Reference: CloudFormation API reference. What an operation is asked for that the sandbox does not
carry out is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from promote.sandbox.clock import Clock
from promote.sandbox.credentials import Caller
from promote.sandbox.exchange import Call, Request, Response, ServiceError
from promote.sandbox.formation.change_sets import ChangeSets
from promote.sandbox.formation.hands import Answer, Hands
from promote.sandbox.formation.reading import Reader
from promote.sandbox.formation.requests import Requested, requested
from promote.sandbox.formation.stacks import Stack, Stacks
from promote.sandbox.formation.wire import read_params, write_answer
from promote.sandbox.formation.works import Works, expect_idle, expect_settled


class Formation:
    """Answers CloudFormation's calls.

    Args:
        stacks: Where stacks are held.
        clock: The time.
        settled: In how many seconds IAM's writes are known everywhere.
        answer: Answers the requests that are made for a stack.
    """

    def __init__(
        self, stacks: Stacks, clock: Clock, settled: Callable[[], float], answer: Answer
    ) -> None:
        self._works = Works(stacks, clock, settled, Hands(answer))
        sets = ChangeSets(self._works)
        reader = Reader(self._works, sets.found)
        self._operations: dict[str, Callable[[Call, Caller, Requested], Mapping[str, Any]]] = {
            "CreateChangeSet": sets.create,
            "CreateStack": self._create_stack,
            "DeleteChangeSet": sets.delete,
            "DeleteStack": self._delete_stack,
            "DescribeChangeSet": sets.describe,
            "DescribeStackEvents": reader.events,
            "DescribeStackResource": reader.resource,
            "DescribeStackResources": reader.resources,
            "DescribeStacks": reader.describe,
            "ExecuteChangeSet": sets.execute,
            "GetTemplate": reader.template,
            "GetTemplateSummary": reader.summary,
            "ListChangeSets": sets.list,
            "ListExports": reader.exports,
            "ListStackResources": reader.list_resources,
            "ListStacks": reader.list,
            "UpdateStack": self._update_stack,
            "ValidateTemplate": reader.validate,
        }

    def answer(self, request: Request, call: Call, caller: Caller, request_id: str) -> Response:
        """Carry out a call; a stack is made and changed after the answer.

        Raises:
            ServiceError: As CloudFormation would answer.
        """
        self._works.host = request.headers.get("host", self._works.host)
        params = read_params(call)
        asked = requested(call.operation, params, self._reader(call, caller))
        with self._works.stacks.lock:
            result = self._operations[call.operation](call, caller, asked)
        return write_answer(call, result, request_id)

    def _reader(self, call: Call, caller: Caller) -> Callable[[str, str], str]:
        """Return what reads a template from S3, as the caller."""

        def read(bucket: str, key: str) -> str:
            s3 = self._works.hands.client("s3", call.region, caller, self._works.host)
            text: str = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
            return text

        return read

    def _create_stack(self, call: Call, caller: Caller, asked: Requested) -> Mapping[str, Any]:
        now = self._works.clock.now()
        if self._works.stacks.find(caller.account, call.region, asked.stack) is not None:
            text = f"Stack [{asked.stack}] already exists"
            raise ServiceError("AlreadyExistsException", text)
        probe = Stack(
            name=asked.stack, id="", account=caller.account, region=call.region, created=now
        )
        wanted = self._works.wanted(probe, asked, create=True)
        stack = self._works.stacks.open(caller.account, call.region, asked.stack, now)
        stack.wanted = wanted
        stack.become("CREATE_IN_PROGRESS", now, "User Initiated")
        self._works.start(stack, caller, lambda work: work.create(wanted, rollback=asked.rollback))
        return {"StackId": stack.id}

    def _update_stack(self, call: Call, caller: Caller, asked: Requested) -> Mapping[str, Any]:
        stack = self._works.get(call, caller, asked)
        expect_settled(stack)
        wanted = self._works.wanted(stack, asked, create=False)
        if self._works.is_same(stack, wanted):
            raise ServiceError("ValidationError", "No updates are to be performed.")
        self._works.begin_update(stack, caller, wanted, rollback=asked.rollback)
        return {"StackId": stack.id}

    def _delete_stack(self, call: Call, caller: Caller, asked: Requested) -> Mapping[str, Any]:
        stack = self._works.stacks.find(caller.account, call.region, asked.stack)
        if stack is None or stack.deleted is not None:
            return {}
        expect_idle(stack)
        stack.become("DELETE_IN_PROGRESS", self._works.clock.now(), "User Initiated")
        self._works.start(stack, caller, lambda work: work.delete())
        return {}
