"""Answer the operations that only read stacks and templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from promote.sandbox.credentials import Caller
from promote.sandbox.exchange import Call, ServiceError
from promote.sandbox.formation import shown
from promote.sandbox.formation.catalogue import required_capabilities
from promote.sandbox.formation.requests import Requested
from promote.sandbox.formation.stacks import ChangeSet, Stack, Wanted
from promote.sandbox.formation.works import Works

Find = Callable[[Call, Caller, Requested], tuple[Stack, ChangeSet]]


class Reader:
    """Shows what there is."""

    def __init__(self, works: Works, find: Find) -> None:
        self._works = works
        self._found = find

    def describe(self, call: Call, caller: Caller, asked: Requested) -> Mapping[str, Any]:
        """Show one stack, or all that are not deleted."""
        if asked.stack:
            return {"Stacks": [shown.stack(self._works.get(call, caller, asked))]}
        present = self._works.stacks.of(caller.account, call.region)
        return {"Stacks": [shown.stack(each) for each in present if each.deleted is None]}

    def list(self, call: Call, caller: Caller, asked: Requested) -> Mapping[str, Any]:
        """Show stacks by their states, deleted ones too."""
        present = self._works.stacks.of(caller.account, call.region)
        chosen = [each for each in present if not asked.statuses or each.status in asked.statuses]
        return {"StackSummaries": [shown.summary(each) for each in chosen]}

    def events(self, call: Call, caller: Caller, asked: Requested) -> Mapping[str, Any]:
        """Show what happened to a stack, the newest first."""
        stack = self._works.get(call, caller, asked)
        return {"StackEvents": [shown.event(stack, each) for each in reversed(stack.events.copy())]}

    def resources(self, call: Call, caller: Caller, asked: Requested) -> Mapping[str, Any]:
        """Show the resources of a stack."""
        stack = self._works.get(call, caller, asked)
        chosen = [
            shown.resource(stack, each)
            for each in list(stack.resources.values())
            if asked.logical in {"", each.logical}
        ]
        return {"StackResources": chosen}

    def resource(self, call: Call, caller: Caller, asked: Requested) -> Mapping[str, Any]:
        """Show one resource of a stack."""
        stack = self._works.get(call, caller, asked)
        if asked.logical not in stack.resources:
            text = f"Resource {asked.logical} does not exist for stack {stack.name}"
            raise ServiceError("ValidationError", text)
        detail = shown.resource(stack, stack.resources[asked.logical])
        detail["LastUpdatedTimestamp"] = detail.pop("Timestamp")
        return {"StackResourceDetail": detail}

    def list_resources(self, call: Call, caller: Caller, asked: Requested) -> Mapping[str, Any]:
        """List the resources of a stack."""
        resources = list(self._works.get(call, caller, asked).resources.values())
        return {"StackResourceSummaries": [shown.resource_summary(each) for each in resources]}

    def template(self, call: Call, caller: Caller, asked: Requested) -> Mapping[str, Any]:
        """Show the template of a stack or of a change set."""
        if asked.change_set:
            wanted: Wanted | None = self._found(call, caller, asked)[1].wanted
        else:
            wanted = self._works.get(call, caller, asked).wanted
        body = "" if wanted is None else wanted.template.body
        return {"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]}

    def summary(self, call: Call, caller: Caller, asked: Requested) -> Mapping[str, Any]:
        """Describe a template, or that of a stack."""
        template = asked.template
        if template is None:
            wanted = self._works.get(call, caller, asked).wanted
            template = None if wanted is None else wanted.template
        if template is None:
            raise ServiceError("ValidationError", "The stack has no template yet.")
        types = {each.type for each in template.resources.values()}
        return {**_described(asked), "ResourceTypes": sorted(types)}

    def validate(self, _: Call, __: Caller, asked: Requested) -> Mapping[str, Any]:
        """Describe a template that is well-formed."""
        if asked.template is None:
            text = "Either Template URL or Template Body must be specified."
            raise ServiceError("ValidationError", text)
        return _described(asked)

    def exports(self, call: Call, caller: Caller, _: Requested) -> Mapping[str, Any]:
        """Show what stacks export."""
        present = self._works.stacks.of(caller.account, call.region)
        return {
            "Exports": [
                {"ExportingStackId": each.id, "Name": name, "Value": value}
                for each in present
                if each.deleted is None
                for name, value in each.exports.items()
            ]
        }


def _described(asked: Requested) -> dict[str, Any]:
    """Return what ValidateTemplate tells of a template."""
    template = asked.template
    if template is None:
        return {}
    needed = required_capabilities(template)
    why = "The following resource(s) require capabilities: [AWS::IAM]" if needed else None
    return {
        "Parameters": [
            {"ParameterKey": name, "DefaultValue": each.get("Default")}
            for name, each in template.section("Parameters").items()
        ],
        "Description": template.document.get("Description"),
        "Capabilities": list(needed),
        "CapabilitiesReason": why,
    }
