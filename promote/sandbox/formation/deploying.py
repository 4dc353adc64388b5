"""Carry out what a stack is to become; take it back when a resource fails.

Reference: CloudFormation user guide, "Stack failure options" and "Stack status codes".
"""

from __future__ import annotations

from typing import Any, Final

from promote.sandbox.formation.making import FailedError, Maker, Surroundings
from promote.sandbox.formation.planning import active, scope_of
from promote.sandbox.formation.stacks import Resource, Stack, Wanted
from promote.sandbox.formation.values import Scope

_CLEANING: Final = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
_CLEANING_BACK: Final = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"


class CancelledError(Exception):
    """The sandbox forgets the stack."""


class Deployment:
    """Makes one stack as wanted."""

    def __init__(self, stack: Stack, around: Surroundings) -> None:
        self._stack = stack
        self._around = around
        self._maker = Maker(stack, around)

    def create(self, wanted: Wanted, *, rollback: bool = True) -> None:
        """Make everything; when that fails, delete it again."""
        stack = self._stack
        try:
            self._make(wanted)
        except FailedError as error:
            text = f"The following resource(s) failed to create: [{error.logical}]. "
            if not rollback:
                self._become("CREATE_FAILED", text)
                return
            self._become("ROLLBACK_IN_PROGRESS", f"{text}Rollback requested by user.")
            failed = self._maker.delete(
                [(each, _on_create(each)) for each in self._last_first(stack)]
            )
            self._become("ROLLBACK_FAILED" if failed else "ROLLBACK_COMPLETE", _undeleted(failed))
            return
        self._finish(wanted, "CREATE_COMPLETE")

    def update(self, wanted: Wanted, *, rollback: bool = True) -> None:
        """Change what differs; when that fails, change it back."""
        before = self._last_first(self._stack)
        try:
            replaced = self._make(wanted)
        except FailedError as error:
            text = f"The following resource(s) failed to {error.verb}: [{error.logical}]. "
            if rollback:
                self._take_back(text)
            else:
                self._become("UPDATE_FAILED", text)
            return
        self._become(_CLEANING)
        kept = {each.logical for each in active(wanted, self._scope(wanted))}
        gone = [each for each in before if each in replaced or each.logical not in kept]
        self._maker.delete(
            (each, _simply(each.replaced if each in replaced else each.deletion)) for each in gone
        )
        self._finish(wanted, "UPDATE_COMPLETE")

    def delete(self) -> None:
        """Delete everything that is not to be retained."""
        stack = self._stack
        failed = self._maker.delete(
            [(each, _simply(each.deletion)) for each in self._last_first(stack)]
        )
        if failed:
            self._become("DELETE_FAILED", _undeleted(failed))
            return
        stack.deleted = self._maker.now()
        stack.outputs = []
        self._become("DELETE_COMPLETE")

    def _become(self, status: str, reason: str = "") -> None:
        self._stack.become(status, self._maker.now(), reason)

    def _scope(self, wanted: Wanted) -> Scope:
        return scope_of(self._stack, wanted, self._around.exports, ahead=False)

    @staticmethod
    def _last_first(stack: Stack) -> list[Resource]:
        """Return the resources of a stack, each before everything that it needs."""
        order = stack.wanted.template.order if stack.wanted else ()
        place = {name: number for number, name in enumerate(order)}
        present = stack.resources.values()
        return sorted(present, key=lambda each: -place.get(each.logical, len(place)))

    def _make(self, wanted: Wanted) -> list[Resource]:
        """Make and change every wanted resource; return those that others took the place of."""
        scope = self._scope(wanted)
        replaced = []
        for declared in active(wanted, scope):
            if self._stack.cancelled.is_set():
                raise CancelledError
            old = self._maker.make(declared, scope, wanted)
            if old is not None:
                replaced.append(old)
        return replaced

    def _take_back(self, text: str) -> None:
        """Bring every resource back to how it was before the update."""
        stack, maker = self._stack, self._maker
        self._become("UPDATE_ROLLBACK_IN_PROGRESS", text)
        gone = [(each, "Delete") for each in maker.begun]
        failed = []
        for done in reversed(maker.done):
            present = stack.resources[done.logical]
            if done.before is None or done.before.gone:
                gone.append((present, _on_create(present)))
                del stack.resources[done.logical]
            elif done.replaced:
                gone.append((present, "Delete"))
                stack.resources[done.logical] = done.before
                stack.set(done.before, "UPDATE_COMPLETE", maker.now())
            elif not maker.restore(present, done.before, done.after):
                failed.append(done.logical)
        if failed:
            names = ", ".join(failed)
            text = f"The following resource(s) failed to update: [{names}]."
            self._become("UPDATE_ROLLBACK_FAILED", text)
            return
        self._become(_CLEANING_BACK)
        maker.delete(gone)
        half = [each for each in stack.resources.values() if each.status == "CREATE_FAILED"]
        maker.delete((each, _on_create(each)) for each in half)
        for each in half:
            del stack.resources[each.logical]
        self._become("UPDATE_ROLLBACK_COMPLETE")

    def _finish(self, wanted: Wanted, status: str) -> None:
        """Work out the outputs and end."""
        stack = self._stack
        stack.outputs = _outputs(wanted, self._scope(wanted))
        stack.wanted = wanted
        stack.resources = {name: each for name, each in stack.resources.items() if not each.gone}
        self._become(status)


def _simply(policy: str) -> str:
    """Return a policy after the resource was there for a while."""
    return "Retain" if policy.startswith("Retain") else policy


def _on_create(resource: Resource) -> str:
    """Return the policy for a resource whose stack operation made it and is taken back."""
    return "Delete" if resource.deletion == "RetainExceptOnCreate" else resource.deletion


def _outputs(wanted: Wanted, scope: Scope) -> list[dict[str, str]]:
    """Return the outputs of a stack."""
    return [
        _output(name, each, scope)
        for name, each in wanted.template.section("Outputs").items()
        if scope.holds(each.get("Condition"))
    ]


def _output(name: str, declared: dict[str, Any], scope: Scope) -> dict[str, str]:
    shown = {"OutputKey": name, "OutputValue": str(scope.resolve(declared["Value"]))}
    if "Description" in declared:
        shown["Description"] = declared["Description"]
    if "Export" in declared:
        shown["ExportName"] = str(scope.resolve(declared["Export"]["Name"]))
    return shown


def _undeleted(failed: list[str]) -> str:
    if not failed:
        return ""
    return f"The following resource(s) failed to delete: [{', '.join(failed)}]. "
