"""Keep CodeBuild's report groups and the reports of tests that builds give.

Reference: CodeBuild user guide, "Test reports" and "Test report permissions"; a group that a build
names and nobody made is made by the build. Kinds of reports other than JUnit's are not read.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

from promote.sandbox.build_records import BuildRecord
from promote.sandbox.clock import Clock
from promote.sandbox.exchange import Need, ServiceError
from promote.sandbox.service_roles import Actor, ServiceRoles

_MOST_CASES: Final = 500
_KEPT_SECONDS: Final = 30 * 86_400
_OUTCOMES: Final = {"failure": "FAILED", "error": "ERROR", "skipped": "SKIPPED"}
_WRITES: Final = ("CreateReport", "BatchPutTestCases", "UpdateReport")


@dataclass(slots=True)
class Group:
    """A report group, as the API shows it, and the reports in it, the latest first."""

    shown: dict[str, Any]
    reports: list[str] = field(default_factory=list)


class Reports:
    """The report groups of every account and Region."""

    def __init__(self, roles: ServiceRoles, clock: Clock) -> None:
        self._roles = roles
        self._clock = clock
        self._groups: dict[str, Group] = {}
        self._reports: dict[str, dict[str, Any]] = {}
        self._cases: dict[str, list[dict[str, Any]]] = {}

    def clear(self) -> None:
        """Forget every group."""
        self._groups.clear()
        self._reports.clear()
        self._cases.clear()

    def create(self, arn: str, params: dict[str, Any]) -> dict[str, Any]:
        """Make a group.

        Raises:
            ServiceError: It exists, or is not carried out.
        """
        if arn in self._groups:
            text = f"Report group already exists: {arn}"
            raise ServiceError("ResourceAlreadyExistsException", text)
        _check(params)
        now = self._clock.now()
        dates = {"created": now, "lastModified": now}
        shown = {"tags": [], **params, **dates, "arn": arn, "status": "ACTIVE"}
        self._groups[arn] = Group(shown)
        return shown

    def update(self, arn: str, params: dict[str, Any]) -> dict[str, Any]:
        """Change a group.

        Raises:
            ServiceError: There is none, or it is not carried out.
        """
        group = self.group(arn)
        _check({"type": group.shown["type"], **params})
        group.shown |= {**params, "arn": arn, "lastModified": self._clock.now()}
        return group.shown

    def delete(self, arn: str, *, with_reports: bool) -> None:
        """Delete a group; to delete none is no error.

        Raises:
            ServiceError: It has reports, which were not to be deleted.
        """
        group = self._groups.get(arn)
        if group is not None and group.reports and not with_reports:
            text = "The report group still has reports"
            raise ServiceError("InvalidInputException", text)
        self._groups.pop(arn, None)

    def group(self, arn: str) -> Group:
        """Return a group.

        Raises:
            ServiceError: There is none.
        """
        if arn not in self._groups:
            text = f"Report group cannot be found: {arn}"
            raise ServiceError("ResourceNotFoundException", text)
        return self._groups[arn]

    def groups(self, arns: Iterable[str]) -> dict[str, Any]:
        """Return groups, and the ARNs of those that are not there."""
        named = list(arns)
        return {
            "reportGroups": [self._groups[arn].shown for arn in named if arn in self._groups],
            "reportGroupsNotFound": [arn for arn in named if arn not in self._groups],
        }

    def all_groups(self, stem: str) -> list[str]:
        """Return the ARNs of all groups that begin with a text."""
        return sorted(arn for arn in self._groups if arn.startswith(stem))

    def reports(self, arns: Iterable[str]) -> dict[str, Any]:
        """Return reports, and the ARNs of those that are not there."""
        named = list(arns)
        return {
            "reports": [self._reports[arn] for arn in named if arn in self._reports],
            "reportsNotFound": [arn for arn in named if arn not in self._reports],
        }

    def cases(self, arn: str) -> list[dict[str, Any]]:
        """Return the tests of a report.

        Raises:
            ServiceError: There is no such report.
        """
        if arn not in self._cases:
            raise ServiceError("ResourceNotFoundException", f"Report cannot be found: {arn}")
        return self._cases[arn]

    def take(self, actor: Actor, build: BuildRecord, name: str, files: Sequence[Path]) -> str:
        """Take the files of a report in, as the role of the build; return the report's ARN.

        Raises:
            ServiceError: The role may not.
        """
        group = self._group_of(actor, build, name)
        self._roles.check(actor, [Need(f"codebuild:{each}", group) for each in _WRITES])
        stem = group.replace(":report-group/", ":report/", 1)
        arn = f"{stem}:{uuid.uuid4()}"
        cases = [case for file in files for case in _cases_of(file)]
        now = self._clock.now()
        self._cases[arn] = [{"reportArn": arn, **each} for each in cases[:_MOST_CASES]]
        self._reports[arn] = {
            "arn": arn,
            "type": "TEST",
            "name": arn.rpartition("/")[2],
            "reportGroupArn": group,
            "executionId": build.arn,
            "status": _status(cases),
            "created": now,
            "expired": now + _KEPT_SECONDS,
            "exportConfig": self._groups[group].shown["exportConfig"],
            "truncated": len(cases) > _MOST_CASES,
            "testSummary": _summary(cases),
        }
        self._groups[group].reports.insert(0, arn)
        return arn

    def _group_of(self, actor: Actor, build: BuildRecord, name: str) -> str:
        """Return the group that a buildspec names; make it if it is not there."""
        project = build.project
        stem = f"arn:aws:codebuild:{project.region}:{project.account}:report-group/"
        arn = name if name.startswith("arn:") else f"{stem}{project.name}-{name}"
        if arn not in self._groups:
            self._roles.check(actor, [Need("codebuild:CreateReportGroup", arn)])
            made = {"name": arn.removeprefix(stem), "type": "TEST"}
            self.create(arn, {**made, "exportConfig": {"exportConfigType": "NO_EXPORT"}})
        return arn


def _check(params: dict[str, Any]) -> None:
    """Refuse what is not carried out."""
    export = params.get("exportConfig", {}).get("exportConfigType", "NO_EXPORT")
    if params["type"] != "TEST" or export != "NO_EXPORT":
        text = "The sandbox's report groups carry out type TEST without export."
        raise ServiceError("NotImplementedException", text, 501)


def _cases_of(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the tests of a file of JUnit's format; of a file that is none, nothing."""
    try:
        root = ET.parse(file).getroot()  # noqa: S314 - a build of this machine wrote it
    except ET.ParseError:
        return
    for suite in root.iter("testsuite"):
        for case in suite.iterfind("testcase"):
            marks = [each for each in case if each.tag in _OUTCOMES]
            mark = marks[0] if marks else None
            yield {
                "name": case.get("name", ""),
                "prefix": case.get("classname", ""),
                "testSuiteName": suite.get("name", ""),
                "testRawDataPath": file.name,
                "status": "SUCCEEDED" if mark is None else _OUTCOMES[mark.tag],
                "durationInNanoSeconds": int(float(case.get("time") or 0) * 1e9),
                "message": "" if mark is None else (mark.get("message") or mark.text or ""),
            }


def _status(cases: Sequence[dict[str, Any]]) -> str:
    if not cases:
        return "INCOMPLETE"
    bad = any(each["status"] in {"FAILED", "ERROR"} for each in cases)
    return "FAILED" if bad else "SUCCEEDED"


def _summary(cases: Sequence[dict[str, Any]]) -> dict[str, Any]:
    counts = dict.fromkeys(("SUCCEEDED", "FAILED", "ERROR", "SKIPPED", "UNKNOWN"), 0)
    for each in cases:
        counts[each["status"]] += 1
    return {
        "total": len(cases),
        "statusCounts": counts,
        "durationInNanoSeconds": sum(each["durationInNanoSeconds"] for each in cases),
    }
