"""Deploy stacks: look at each, work out what changes, and carry it out, phase by phase.

CloudFormation keeps every state, so that nothing has to be remembered here: the same command after
a kill finds the stacks as they are, waits for what is still being changed, and goes on.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from promote.core.bootstrap import (
    URL_LIMIT,
    Approach,
    Phase,
    Stack,
    StackPlan,
    StackState,
    additions,
    approach,
)
from promote.core.events import IdentityShown, StackDeployed, Waiting, Warned
from promote.errors import InputError, PromoteError
from promote.ports.formation import ChangeSetState, Entrance, Yard
from promote.workflow.side_by_side import side_by_side
from promote.workflow.site import Announcer
from promote.workflow.stack_errors import (
    WELL,
    expect_done,
    expect_shown,
    stuck,
    together,
    unproposed,
)
from promote.workflow.wait import Pace, poll

OURS: Final = "promote-"
"""How the names of our change sets begin."""
_DEADLINE: Final = 3600.0  # seconds; the longest that one stack is waited for
_WORKING_OUT: Final = 300.0
_GRACE: Final = 30.0
_REVIEW: Final = "REVIEW_IN_PROGRESS"


@dataclass(frozen=True)
class Bootstrapper:
    """Deploys stacks.

    Attributes:
        yard: The ports.
        entrances: How each account is reached.
        announce: Told what happens.
        region: Of every stack.
        staging: A bucket for templates that are too large to be sent along, and the account from
            which it is written; None if there is none.
        shortest: Seconds between two looks at a stack, at first.
    """

    yard: Yard
    entrances: Mapping[str, Entrance]
    announce: Announcer
    region: str
    staging: tuple[str, str] | None = None
    shortest: float = 1.0
    cancelled: threading.Event = field(default_factory=threading.Event)

    def plan(self, stacks: Sequence[Stack]) -> tuple[StackPlan, ...]:
        """Work out what is to be done to each stack; waits for those that are being changed.

        An update is worked out by CloudFormation, in a change set that waits to be executed.

        Raises:
            RefusedError: A stack is in a state that somebody has to look at.
        """
        return side_by_side(self._plan, stacks, cancelled=self.cancelled)

    def discard(self, plans: Iterable[StackPlan]) -> None:
        """Drop the change sets of plans that are not carried out."""
        for each in plans:
            if each.change_set is not None:
                by = self.entrances[each.stack.account]
                self.yard.formation.discard(each.stack.name, OURS, by=by)

    def apply(self, plans: Sequence[StackPlan]) -> None:
        """Carry plans out, the stacks of a phase side by side.

        A stack that fails lets the others of its phase finish; the phases after it are not begun.

        Raises:
            FailedError: Some failed, and are as before.
            NeedsAttentionError: Some failed and are not as before.
        """
        caller = self.yard.identities.caller()
        now = self.yard.clock.now()
        self.announce(
            IdentityShown(at=now, caller=caller.arn, account=caller.account, region=self.region)
        )
        for phase in Phase:
            todo = [each for each in plans if each.stack.phase is phase and not each.idle]
            errors = [each for each in side_by_side(self._tried, todo) if each is not None]
            if errors:
                raise together(errors)

    def _plan(self, stack: Stack) -> StackPlan:
        """Work out what is to be done to one stack."""
        by = self.entrances[stack.account]
        state = self._settled(stack, by)
        found = approach(state)
        if found is Approach.STUCK:
            raise stuck(stack, state, self.region)
        if len(stack.template.encode()) > URL_LIMIT:
            text = f"The template of {stack} has more than {URL_LIMIT} bytes."
            raise InputError("A template is too large", text)
        if found is not Approach.UPDATE:
            return self._new(stack, found, state, by)
        if state is not None and state.digest == stack.digest:
            return StackPlan(stack=stack, approach=found, state=state)
        known = state.parameters if state is not None else {}
        name = self._propose(stack, {}, by, previous=known)
        proposed = self._worked_out(stack, name, by)
        if proposed.failed:
            self.yard.formation.discard(stack.name, OURS, by=by)
        if proposed.failed and not proposed.empty:
            raise unproposed(stack, proposed.reason)
        return StackPlan(
            stack=stack,
            approach=found,
            state=state,
            changes=proposed.changes,
            change_set=None if proposed.failed else name,
        )

    def _new(
        self, stack: Stack, found: Approach, state: StackState | None, by: Entrance
    ) -> StackPlan:
        """Plan a stack that is not there; its change set may need what an earlier phase makes."""
        if not stack.is_large:
            self.yard.formation.validate(stack, by=by)
        parameters = {}
        if stack.only_without is not None:
            parameter, bucket = stack.only_without
            there = self.yard.formation.has_bucket(bucket, by=by)
            parameters = {parameter: "false" if there else "true"}
        return StackPlan(
            stack=stack,
            approach=found,
            state=state,
            changes=additions(stack, parameters),
            parameters=parameters,
        )

    def _tried(self, plan: StackPlan) -> PromoteError | None:
        """Carry out one plan; return what went wrong, so that others go on."""
        try:
            self._carry_out(plan)
        except PromoteError as error:
            return error
        return None

    def _carry_out(self, plan: StackPlan) -> None:
        stack, by = plan.stack, self.entrances[plan.stack.account]
        began = self.yard.clock.monotonic()
        if plan.approach is Approach.RECREATE:
            self.yard.formation.delete(stack.name, by=by)
            self._deleted(stack, plan.state, by)
        name = plan.change_set
        if name is None:
            name = self._propose(stack, plan.parameters, by, previous=None)
            proposed = self._worked_out(stack, name, by)
            expect_shown(stack, plan.changes, proposed)
        self.yard.formation.execute(stack.name, name, by=by)
        self._expect_done(stack, self._executed(stack, by), by)
        self.announce(
            StackDeployed(
                at=self.yard.clock.now(),
                stack=stack.name,
                account=stack.account,
                done="updated" if plan.approach is Approach.UPDATE else "created",
                seconds=self.yard.clock.monotonic() - began,
            )
        )

    def _propose(
        self,
        stack: Stack,
        parameters: Mapping[str, str],
        by: Entrance,
        *,
        previous: Collection[str] | None,
    ) -> str:
        """Ask for a change set, in the place of those that an earlier run left.

        `previous` are the parameters of the stack that is there; None if there is none.
        """
        if previous is not None:
            self.yard.formation.discard(stack.name, OURS, by=by)
        name = f"{OURS}{stack.digest[:12]}-{secrets.token_hex(4)}"
        self.yard.formation.propose(
            stack,
            name,
            create=previous is None,
            parameters=parameters,
            previous=previous or (),
            url=self._uploaded(stack) if stack.is_large else None,
            by=by,
        )
        return name

    def _uploaded(self, stack: Stack) -> str:
        """Put a large template where CloudFormation can read it."""
        if self.staging is None:
            raise InputError(
                "A template is too large to be sent along",
                f"The template of {stack} has more than 51200 bytes, and has to lie in a bucket "
                "that the account may read.",
                "Name one:\n    promote bootstrap --templates BUCKET",
            )
        account, bucket = self.staging
        key = f"templates/{stack.name}-{stack.digest[:16]}.json"
        by = self.entrances[account]
        return self.yard.formation.upload(bucket, key, stack.template, by=by)

    def _worked_out(self, stack: Stack, name: str, by: Entrance) -> ChangeSetState:
        return poll(
            lambda: self.yard.formation.proposed(stack.name, name, by=by),
            lambda seen: not seen.pending,
            pace=self._pace(_WORKING_OUT),
            what=f"the changes of {stack} to be worked out",
            tell=lambda seen: seen.status,
        )

    def _settled(self, stack: Stack, by: Entrance) -> StackState | None:
        """Return a stack once nobody changes it any more; says what is waited for."""
        return self._awaited(stack, lambda seen: approach(seen) is not Approach.WAIT, by)

    def _executed(self, stack: Stack, by: Entrance) -> StackState | None:
        """Return a stack once its change set is carried out, for good or bad.

        CloudFormation begins a moment after it answers: until then the stack looks as before.
        """
        began = self.yard.clock.monotonic()

        def done(seen: StackState | None) -> bool:
            if approach(seen) is Approach.WAIT or seen is None or seen.status == _REVIEW:
                return False
            late = self.yard.clock.monotonic() - began > _GRACE
            return late or seen.digest == stack.digest or seen.status not in WELL

        return self._awaited(stack, done, by)

    def _awaited(
        self, stack: Stack, done: Callable[[StackState | None], bool], by: Entrance
    ) -> StackState | None:
        def tell(seen: StackState | None, elapsed: float) -> None:
            status = "unknown" if seen is None else seen.status
            now = self.yard.clock.now()
            what = f"the stack {stack}"
            self.announce(
                Waiting(at=now, what=what, status=status, elapsed=elapsed, deadline=_DEADLINE)
            )

        return poll(
            lambda: self.yard.formation.state(stack.name, by=by),
            done,
            pace=self._pace(_DEADLINE),
            what=f"the stack {stack} to settle",
            notify=tell,
            tell=lambda seen: "no such stack" if seen is None else seen.status,
        )

    def _deleted(self, stack: Stack, before: StackState | None, by: Entrance) -> None:
        """Wait until a stack that failed to be created is gone."""
        known = stack.name if before is None else before.id
        seen = poll(
            lambda: self.yard.formation.state(known, by=by),
            lambda seen: seen is None or seen.status in {"DELETE_COMPLETE", "DELETE_FAILED"},
            pace=self._pace(_DEADLINE),
            what=f"the stack {stack} to be deleted",
            tell=lambda seen: "no such stack" if seen is None else seen.status,
        )
        if seen is not None and seen.status == "DELETE_FAILED":
            self._expect_done(stack, seen, by)
        text = f"deleted the stack {stack}, which had failed to be created"
        self.announce(Warned(at=self.yard.clock.now(), message=text))

    def _expect_done(self, stack: Stack, state: StackState | None, by: Entrance) -> None:
        expect_done(stack, state, lambda known: self.yard.formation.failures(known, by=by))

    def _pace(self, deadline: float) -> Pace:
        return Pace(
            clock=self.yard.clock,
            deadline=deadline,
            shortest=self.shortest,
            cancelled=self.cancelled,
        )
