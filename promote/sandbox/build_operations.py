"""Map CodeBuild's operations to the actions and resources that they need.

Reference: Service Authorization Reference for AWS CodeBuild.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from promote.sandbox.build_projects import SERVICE
from promote.sandbox.build_records import project_arn
from promote.sandbox.credentials import Caller
from promote.sandbox.exchange import Call, Need

_ON_NONE: Final = frozenset({"ListProjects", "ListReportGroups"})
_ON_PROJECT: Final = {
    "CreateProject": "name",
    "DeleteProject": "name",
    "ListBuildsForProject": "projectName",
    "StartBuild": "projectName",
    "UpdateProject": "name",
}
_ON_PROJECTS: Final = {"BatchGetBuilds": "ids", "BatchGetProjects": "names"}
_ON_GROUP: Final = {
    "CreateReportGroup": "name",
    "DeleteReportGroup": "arn",
    "DescribeTestCases": "reportArn",
    "ListReportsForReportGroup": "reportGroupArn",
    "UpdateReportGroup": "arn",
}
_ON_GROUPS: Final = {"BatchGetReportGroups": "reportGroupArns", "BatchGetReports": "reportArns"}


def build_needs(call: Call, caller: Caller) -> list[Need] | None:
    """Return the permissions that a call needs; None for an operation not served."""
    operation, params = call.operation, call.params
    if operation in _ON_NONE:
        return [Need(call.name, "*")]
    if operation == "StopBuild":
        names: Iterable[Any] = [str(params.get("id", ""))]
    elif operation in _ON_PROJECT:
        names = [params.get(_ON_PROJECT[operation], "")]
    elif operation in _ON_PROJECTS:
        names = params.get(_ON_PROJECTS[operation]) or [""]
    else:
        return _on_groups(call, caller)
    stem = project_arn(call.region, caller.account, "")
    needs = [Need(call.name, f"{stem}{_project(str(name))}") for name in names]
    role = params.get("serviceRole")
    if role:
        passed = {"iam:PassedToService": SERVICE, "iam:AssociatedResourceArn": needs[0].resource}
        needs.append(Need("iam:PassRole", str(role), passed, caller.account))
    return needs


def _on_groups(call: Call, caller: Caller) -> list[Need] | None:
    """Return the needs of an operation on report groups, or on the reports in them."""
    if call.operation in _ON_GROUP:
        names: list[Any] = [call.params.get(_ON_GROUP[call.operation], "")]
    elif call.operation in _ON_GROUPS:
        names = call.params.get(_ON_GROUPS[call.operation]) or [""]
    else:
        return None
    stem = f"arn:aws:codebuild:{call.region}:{caller.account}:report-group/"
    return [Need(call.name, _group(str(name), stem)) for name in names]


def _project(name: str) -> str:
    """Return the name of a project from it, from its ARN or from the id of a build."""
    return name.rpartition("/")[2].partition(":")[0]


def _group(name: str, stem: str) -> str:
    """Return the ARN of a report group from its name, its ARN or the ARN of a report."""
    if not name.startswith("arn:"):
        return stem + name
    if ":report/" in name:
        return name.replace(":report/", ":report-group/", 1).rpartition(":")[0]
    return name
