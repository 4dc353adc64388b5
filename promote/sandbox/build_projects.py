"""Keep CodeBuild's projects, and refuse by name what the sandbox's builds do not carry out.

Reference: CodeBuild API reference, CreateProject and UpdateProject.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from promote.sandbox.build_records import Project, project_arn
from promote.sandbox.clock import Clock
from promote.sandbox.exchange import ServiceError
from promote.sandbox.service_roles import Assignment, ServiceRoles

SERVICE: Final = "codebuild.amazonaws.com"
_MINUTES, _QUEUED_MINUTES = 60, 480
_SOURCES: Final = frozenset({"CODEPIPELINE", "NO_SOURCE", "S3"})
_ARTIFACTS: Final = frozenset({"CODEPIPELINE", "NO_ARTIFACTS"})
_TYPES: Final = frozenset({"LINUX_CONTAINER", "ARM_CONTAINER"})

Fields = Mapping[str, Any]


class Projects:
    """The projects of every account and Region."""

    def __init__(self, roles: ServiceRoles, clock: Clock) -> None:
        self._roles = roles
        self._clock = clock
        self._projects: dict[tuple[str, str, str], Project] = {}

    def clear(self) -> None:
        """Forget every project."""
        self._projects.clear()

    def create(self, account: str, region: str, params: Fields) -> Project:
        """Make a project.

        Raises:
            ServiceError: It exists, or its role does not trust CodeBuild, or it is not carried out.
        """
        fields = {
            "timeoutInMinutes": _MINUTES,
            "queuedTimeoutInMinutes": _QUEUED_MINUTES,
            "encryptionKey": f"arn:aws:kms:{region}:{account}:alias/aws/s3",
            "cache": {"type": "NO_CACHE"},
            "badge": {"badgeEnabled": False},
            "projectVisibility": "PRIVATE",
            "tags": [],
            **{name: value for name, value in params.items() if name != "badgeEnabled"},
        }
        place = (account, region, str(params["name"]))
        if place in self._projects:
            text = f"Project already exists: {project_arn(region, account, place[2])}"
            raise ServiceError("ResourceAlreadyExistsException", text)
        _check(params)
        now = self._clock.now()
        project = Project(account, region, fields, now, now)
        self._expect_trust(project)
        self._projects[place] = project
        return project

    def update(self, account: str, region: str, params: Fields) -> Project:
        """Change a project in the fields that are given.

        Raises:
            ServiceError: There is no such project, or it could not be created so.
        """
        project = self.get(account, region, str(params["name"]))
        given = {name: value for name, value in params.items() if name != "badgeEnabled"}
        fields = {**project.fields, **given}
        _check({**fields, "badgeEnabled": params.get("badgeEnabled", False)})
        if not fields.get("vpcConfig", True):
            del fields["vpcConfig"]
        changed = Project(account, region, fields, project.created, self._clock.now())
        changed.builds = project.builds
        self._expect_trust(changed)
        self._projects[account, region, project.name] = changed
        return changed

    def delete(self, account: str, region: str, name: str) -> None:
        """Delete a project; to delete none is no error."""
        self._projects.pop((account, region, name), None)

    def get(self, account: str, region: str, name: str) -> Project:
        """Return a project by its name or ARN.

        Raises:
            ServiceError: There is none.
        """
        found = self.find(account, region, name)
        if found is None:
            arn = project_arn(region, account, name)
            raise ServiceError("ResourceNotFoundException", f"Project cannot be found: {arn}")
        return found

    def find(self, account: str, region: str, name: str) -> Project | None:
        """Return a project by its name or ARN, or None."""
        return self._projects.get((account, region, name.rpartition("/")[2]))

    def names(self, account: str, region: str) -> list[str]:
        """Return the names of the projects of an account and Region."""
        return sorted(name for a, r, name in self._projects if (a, r) == (account, region))

    def _expect_trust(self, project: Project) -> None:
        if not self._roles.trusts(Assignment(SERVICE, project.role, project.arn)):
            raise untrusted(project.role)


def untrusted(role: str) -> ServiceError:
    """Return the error for a role that CodeBuild may not become."""
    text = (
        f"CodeBuild is not authorized to perform: sts:AssumeRole on {role}. Please verify that: "
        "1) The provided service role exists, 2) The role name is case-sensitive and matches "
        "exactly, and 3) The role has the necessary trust policy configured."
    )
    return ServiceError("InvalidInputException", text)


def _check(params: Fields) -> None:
    """Refuse what CodeBuild does not take, and what is not carried out."""
    source, artifacts = params["source"], params["artifacts"]
    if (source["type"] == "CODEPIPELINE") is not (artifacts["type"] == "CODEPIPELINE"):
        text = "Invalid artifacts: if one of source and artifacts is CODEPIPELINE, both are"
        raise ServiceError("InvalidInputException", text)
    if source["type"] == "NO_SOURCE" and not source.get("buildspec"):
        text = "Invalid project source: buildspec is required for NO_SOURCE"
        raise ServiceError("InvalidInputException", text)
    for variable in params["environment"].get("environmentVariables", []):
        check_variable(variable)
    for what, refused in _REFUSED.items():
        if refused(params):
            text = f"The sandbox's builds do not carry out {what}."
            raise ServiceError("NotImplementedException", text, 501)


def check_variable(variable: Mapping[str, str]) -> None:
    """Refuse a variable of a name that is CodeBuild's own, or of a kind that is not fetched.

    Raises:
        ServiceError: As said.
    """
    name = variable["name"]
    if name.startswith("CODEBUILD_"):
        text = f"Invalid environment variable: {name} is reserved"
        raise ServiceError("InvalidInputException", text)
    if variable.get("type") == "SECRETS_MANAGER":
        text = f"The sandbox's builds do not carry out SECRETS_MANAGER, as of {name}."
        raise ServiceError("NotImplementedException", text, 501)


def _environment(name: str) -> Callable[[Fields], bool]:
    return lambda params: bool(params["environment"].get(name))


_REFUSED: Final[Mapping[str, Callable[[Fields], bool]]] = {
    "a source of that type": lambda p: p["source"]["type"] not in _SOURCES,
    "artifacts of that type": lambda p: p["artifacts"]["type"] not in _ARTIFACTS,
    "that type of environment": lambda p: p["environment"]["type"] not in _TYPES,
    "secondarySources": lambda p: bool(p.get("secondarySources")),
    "secondaryArtifacts": lambda p: bool(p.get("secondaryArtifacts")),
    "cache": lambda p: p.get("cache", {}).get("type", "NO_CACHE") != "NO_CACHE",
    "fileSystemLocations": lambda p: bool(p.get("fileSystemLocations")),
    "buildBatchConfig": lambda p: bool(p.get("buildBatchConfig")),
    "badgeEnabled": lambda p: bool(p.get("badgeEnabled")),
    "autoRetryLimit": lambda p: bool(p.get("autoRetryLimit")),
    "logsConfig.s3Logs": lambda p: (
        p.get("logsConfig", {}).get("s3Logs", {}).get("status", "DISABLED") != "DISABLED"
    ),
    "environment.privilegedMode": _environment("privilegedMode"),
    "environment.certificate": _environment("certificate"),
    "environment.registryCredential": _environment("registryCredential"),
    "environment.fleet": _environment("fleet"),
}
