"""Answer CodeBuild: projects, builds that are really run, reports of their tests.

Reference: CodeBuild API reference; Service Authorization Reference for CodeBuild. Whoever gives a
project its role must be allowed to pass it.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any, Final

from promote.sandbox.artifact_store import Place
from promote.sandbox.build_projects import SERVICE, Projects, check_variable, untrusted
from promote.sandbox.build_records import BuildRecord, Input, Order, Project
from promote.sandbox.build_runs import BuildRun, Workshop
from promote.sandbox.credentials import Caller
from promote.sandbox.exchange import Call, Response, ServiceError, json_response
from promote.sandbox.listing import lower_page_of
from promote.sandbox.service_roles import Assignment
from promote.sandbox.validation import checked_params

_OVERRIDES: Final = frozenset(
    {
        "buildspecOverride",
        "environmentVariablesOverride",
        "idempotencyToken",
        "projectName",
        "sourceVersion",
        "timeoutInMinutesOverride",
    }
)
_KEPT: Final = 1000
_Params = dict[str, Any]
_Handler = Callable[[Caller, str, _Params], _Params]


class Builds:
    """The service of every account and Region."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self.projects = Projects(workshop.roles, workshop.clock)
        self._builds: dict[str, BuildRecord] = {}
        self._tokens: dict[tuple[str, str], str] = {}
        self._lock = threading.RLock()
        self.finished: Callable[[], None] = lambda: None
        """Called whenever a build has ended."""
        self._handlers: dict[str, _Handler] = {
            "BatchGetBuilds": self._get_builds,
            "BatchGetProjects": self._get_projects,
            "BatchGetReportGroups": lambda _, __, p: self._reports.groups(p["reportGroupArns"]),
            "BatchGetReports": lambda _, __, p: self._reports.reports(p["reportArns"]),
            "CreateProject": lambda c, r, p: _shown(self.projects.create(c.account, r, p)),
            "CreateReportGroup": self._create_group,
            "DeleteProject": self._delete_project,
            "DeleteReportGroup": self._delete_group,
            "DescribeTestCases": lambda _, __, p: lower_page_of(
                self._reports.cases(p["reportArn"]), p, "testCases"
            ),
            "ListBuildsForProject": self._list_builds,
            "ListProjects": lambda c, r, p: lower_page_of(
                self.projects.names(c.account, r), p, "projects"
            ),
            "ListReportGroups": self._list_groups,
            "ListReportsForReportGroup": lambda _, __, p: lower_page_of(
                self._reports.group(p["reportGroupArn"]).reports, p, "reports"
            ),
            "StartBuild": self._start,
            "StopBuild": self._stop,
            "UpdateProject": lambda c, r, p: _shown(self.projects.update(c.account, r, p)),
            "UpdateReportGroup": lambda _, __, p: {
                "reportGroup": self._reports.update(p["arn"], p)
            },
        }
        self._reports = workshop.reports

    def answer(self, call: Call, caller: Caller) -> Response:
        """Carry out a call.

        Raises:
            ServiceError: As CodeBuild would answer.
        """
        try:
            params = checked_params("codebuild", call.operation, call.params)
        except ServiceError as error:
            if error.code != "ValidationException":
                raise
            raise ServiceError("InvalidInputException", error.message) from error
        with self._lock:
            return json_response(self._handlers[call.operation](caller, call.region, params))

    def start(self, project: Project, order: Order) -> BuildRecord:
        """Begin a build.

        Raises:
            ServiceError: CodeBuild may not become its role, or it has as many builds as it may.
        """
        with self._lock:
            most = project.fields.get("concurrentBuildLimit")
            running = [each for each in self._of(project) if not each.done.is_set()]
            if most is not None and len(running) >= int(most):
                text = f"Cannot have more than {most} active builds for the project"
                raise ServiceError("AccountLimitExceededException", text)
            unique = str(uuid.uuid4())
            assignment = Assignment(SERVICE, project.role, project.arn)
            actor = self._workshop.roles.assume(assignment, f"AWSCodeBuild-{unique}")
            if actor is None:
                raise untrusted(project.role)
            project.builds += 1
            record = BuildRecord(
                id=f"{project.name}:{unique}",
                number=project.builds,
                project=replace(project, fields=deepcopy(project.fields)),
                order=order,
                started=self._workshop.clock.now(),
                stream=unique,
            )
            self._keep(record)
        run = BuildRun(record, actor, self._workshop)
        thread = threading.Thread(
            target=self._run, args=(run,), name=f"build-{record.id}", daemon=True
        )
        thread.start()
        return record

    def get(self, build: str) -> BuildRecord:
        """Return a build by its id or ARN.

        Raises:
            ServiceError: There is none.
        """
        found = self._builds.get(build.rpartition("/")[2])
        if found is None:
            raise ServiceError("ResourceNotFoundException", f"Build cannot be found: {build}")
        return found

    def all(self) -> list[BuildRecord]:
        """Return every build, the latest last."""
        with self._lock:
            return list(self._builds.values())

    def clear(self) -> None:
        """Stop every build and forget everything."""
        builds = self.all()
        for each in builds:
            each.stop.set()
        for each in builds:
            each.done.wait(self._workshop.grace + 1)
        with self._lock:
            self._builds.clear()
            self._tokens.clear()
            self.projects.clear()
            self._reports.clear()

    def _run(self, run: BuildRun) -> None:
        try:
            run.run()
        finally:
            if run.record.ended is None or run.record.status == "IN_PROGRESS":
                run.record.status = "FAULT"  # a bug of ours must not leave anybody waiting
                run.record.ended = self._workshop.clock.now()
            run.record.done.set()
            self.finished()

    def _keep(self, record: BuildRecord) -> None:
        """Remember a build; of very many, the oldest that ended is forgotten."""
        if len(self._builds) >= _KEPT:
            ended = next((n for n, each in self._builds.items() if each.done.is_set()), None)
            if ended is not None:
                del self._builds[ended]
        self._builds[record.id] = record

    def _of(self, project: Project) -> list[BuildRecord]:
        arn = project.arn
        return [each for each in self._builds.values() if each.project.arn == arn]

    def _get_projects(self, caller: Caller, region: str, params: _Params) -> _Params:
        found = {name: self.projects.find(caller.account, region, name) for name in params["names"]}
        return {
            "projects": [each.shown() for each in found.values() if each is not None],
            "projectsNotFound": [name for name, each in found.items() if each is None],
        }

    def _delete_project(self, caller: Caller, region: str, params: _Params) -> _Params:
        self.projects.delete(caller.account, region, params["name"])
        return {}

    def _start(self, caller: Caller, region: str, params: _Params) -> _Params:
        project = self.projects.get(caller.account, region, params["projectName"])
        known = (project.arn, params.get("idempotencyToken", ""))
        if known in self._tokens:
            return {"build": self.get(self._tokens[known]).shown()}
        if refused := sorted(params.keys() - _OVERRIDES):
            text = f"The sandbox's StartBuild does not carry out {', '.join(refused)}."
            raise ServiceError("NotImplementedException", text, 501)
        for variable in params.get("environmentVariablesOverride", []):
            check_variable(variable)
        version = params.get("sourceVersion")
        order = Order(
            initiator=_initiator(caller),
            variables=tuple(params.get("environmentVariablesOverride", [])),
            inputs=_source_of(project, version),
            buildspec=params.get("buildspecOverride"),
            minutes=params.get("timeoutInMinutesOverride"),
            source_version=version,
        )
        record = self.start(project, order)
        if known[1]:
            self._tokens[known] = record.id
        return {"build": record.shown()}

    def _stop(self, caller: Caller, region: str, params: _Params) -> _Params:
        record = self.get(params["id"])
        if not _is_of(record, caller.account, region):
            raise ServiceError("ResourceNotFoundException", f"Build cannot be found: {record.id}")
        if not record.done.is_set():
            record.stop.set()
        return {"build": record.shown()}

    def _get_builds(self, caller: Caller, region: str, params: _Params) -> _Params:
        found, missing = [], []
        for name in params["ids"]:
            record = self._builds.get(name.rpartition("/")[2])
            if record is not None and _is_of(record, caller.account, region):
                found.append(record.shown())
            else:
                missing.append(name)
        return {"builds": found, "buildsNotFound": missing}

    def _list_builds(self, caller: Caller, region: str, params: _Params) -> _Params:
        project = self.projects.get(caller.account, region, params["projectName"])
        ids = [each.id for each in self._of(project)]
        latest_first = params.get("sortOrder", "DESCENDING") == "DESCENDING"
        return lower_page_of(ids[::-1] if latest_first else ids, params, "ids")

    def _create_group(self, caller: Caller, region: str, params: _Params) -> _Params:
        arn = f"arn:aws:codebuild:{region}:{caller.account}:report-group/{params['name']}"
        return {"reportGroup": self._reports.create(arn, params)}

    def _delete_group(self, caller: Caller, region: str, params: _Params) -> _Params:
        del caller, region
        self._reports.delete(params["arn"], with_reports=params.get("deleteReports", False))
        return {}

    def _list_groups(self, caller: Caller, region: str, params: _Params) -> _Params:
        stem = f"arn:aws:codebuild:{region}:{caller.account}:report-group/"
        return lower_page_of(self._reports.all_groups(stem), params, "reportGroups")


def _is_of(record: BuildRecord, account: str, region: str) -> bool:
    return (record.project.account, record.project.region) == (account, region)


def _shown(project: Project) -> dict[str, Any]:
    return {"project": project.shown()}


def _initiator(caller: Caller) -> str:
    """Return who starts a build, as CodeBuild writes it: the part of the ARN after the kind."""
    return caller.arn.rpartition(":")[2].partition("/")[2]


def _source_of(project: Project, version: str | None) -> tuple[Input, ...]:
    """Return the source of a build that nobody but its project describes."""
    source: Mapping[str, Any] = project.fields["source"]
    if source["type"] == "NO_SOURCE":
        return ()
    if source["type"] == "CODEPIPELINE":
        text = "Invalid source type: builds of CODEPIPELINE projects are started by pipelines"
        raise ServiceError("InvalidInputException", text)
    bucket, _, key = str(source.get("location", "")).removeprefix("arn:aws:s3:::").partition("/")
    return (Input("", Place(bucket, key), version),)
