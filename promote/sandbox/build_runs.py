"""Carry one build out, from the role that it becomes to the files that it gives.

What fails in which phase: CodeBuild user guide, "Build phase transitions" and "Troubleshooting".
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from promote.errors import InputError
from promote.sandbox.artifact_store import ArtifactStore
from promote.sandbox.build_files import collect, pack, report_files, unpack
from promote.sandbox.build_machine import Machine, addresses, credentials, own_variables
from promote.sandbox.build_process import Commands
from promote.sandbox.build_provision import provision
from promote.sandbox.build_records import BuildRecord, Output, PhaseError
from promote.sandbox.build_reports import Reports
from promote.sandbox.building import Build, BuildResult
from promote.sandbox.buildspec import ArtifactSpec, Buildspec, parse_buildspec
from promote.sandbox.clock import Clock
from promote.sandbox.exchange import Need, ServiceError
from promote.sandbox.service_roles import Actor, ServiceRoles
from promote.sandbox.storage import Storage
from promote.sandbox.world import WorldBox

_HIDDEN: Final = "***"
_MOST_LINES: Final = 100_000
_SHORTEST: Final = 4  # characters of what is hidden in the log; of less, it would hide half of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What builds work with."""

    roles: ServiceRoles
    artifacts: ArtifactStore
    reports: Reports
    storage: Storage
    world: WorldBox
    clock: Clock
    urls: Callable[[], Mapping[str | None, str]]
    """Returns the sandbox's addresses: of the main port, and by VPC endpoint."""
    grace: float = 5.0


@dataclass(slots=True)
class BuildRun:
    """One build on its way."""

    record: BuildRecord
    actor: Actor
    workshop: Workshop
    _secrets: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Carry the build out; its record tells what came of it."""
        machine = Machine()
        try:
            session = self.actor.session
            self._hide(session.access_key_id, session.secret, session.token)
            status = self._carry_out(machine)
        except PhaseError:
            status = "FAILED"
        finally:
            machine.close()
        with self._phase("FINALIZING"):
            pass
        now = self.workshop.clock.now()
        self.record.phases.append({"phaseType": "COMPLETED", "startTime": now})
        self.record.status, self.record.ended = status, now

    def write(self, line: str) -> None:
        """Add a line to the log, without what is secret."""
        for secret in self._secrets:
            line = line.replace(secret, _HIDDEN)
        if len(self.record.log) < _MOST_LINES:
            self.record.log.append(line)

    def _carry_out(self, machine: Machine) -> str:
        for name in ("SUBMITTED", "QUEUED"):
            with self._phase(name):
                pass
        with self._phase("PROVISIONING"):
            provision(self.record, self.actor, self.workshop.roles)
        with self._phase("DOWNLOAD_SOURCE"):
            others = self._download(machine)
            spec = self._buildspec(machine)
            environment = self._environment(spec)
        build, result = self._commands(machine, spec, environment, others)
        if result.aborted:
            return result.status
        with self._phase("UPLOAD_ARTIFACTS"):
            self._upload(build)
        return result.status

    @contextmanager
    def _phase(self, name: str) -> Iterator[dict[str, Any]]:
        """Note a phase, with how it ended."""
        began = self.workshop.clock.now()
        phase: dict[str, Any] = {"phaseType": name, "startTime": began}
        self.record.phases.append(phase)
        try:
            yield phase
        except PhaseError as error:
            phase["phaseStatus"] = "FAILED"
            phase["contexts"] = [{"statusCode": error.code, "message": error.message}]
            self.write(f"[Container] Phase complete: {name} State: FAILED")
            self.write(
                f"[Container] Phase context status code: {error.code} Message: {error.message}"
            )
            raise
        finally:
            ended = self.workshop.clock.now()
            phase.setdefault("phaseStatus", "SUCCEEDED")
            phase |= {"endTime": ended, "durationInSeconds": int(ended - began)}

    def _download(self, machine: Machine) -> dict[str, Path]:
        """Fetch what the build takes; return where the inputs but the first one lie."""
        others: dict[str, Path] = {}
        for number, each in enumerate(self.record.order.inputs):
            there = machine.directory(each.name) if number else machine.source
            try:
                found = self.workshop.artifacts.read(self.actor, each.place, each.version)
                unpack(found.content, there)
            except ServiceError as error:
                kind = f"secondary source {each.name}" if number else "primary source"
                text = (
                    f"{error.code}: {error.message} status code: {error.status} "
                    f"for {kind} and source version {each.place.arn}"
                )
                raise PhaseError("CLIENT_ERROR", text) from error
            except zipfile.BadZipFile as error:
                text = f"zip: not a valid zip file for {each.place.arn}"
                raise PhaseError("CLIENT_ERROR", text) from error
            if number:
                others[each.name] = there
            elif self.record.resolved_version is None:
                self.record.resolved_version = found.version
        return others

    def _buildspec(self, machine: Machine) -> Buildspec:
        """Read the buildspec, which the project holds or names."""
        named = self.record.order.buildspec or self.record.project.fields["source"].get("buildspec")
        text = named or "buildspec.yml"
        if "\n" not in text and ":" not in text:
            path = machine.source / text
            if not path.is_file():
                raise PhaseError("YAML_FILE_ERROR", f"stat {path}: no such file or directory")
            text = path.read_text(encoding="utf-8")
        try:
            return parse_buildspec(text)
        except InputError as error:
            raise PhaseError("YAML_FILE_ERROR", error.detail) from error

    def _environment(self, spec: Buildspec) -> dict[str, str]:
        """Return the variables of project and start, and what is read from Parameter Store."""
        found = {name: self._parameter(each) for name, each in spec.parameters.items()}
        for variable in self.record.variables:
            value = variable["value"]
            stored = variable["type"] == "PARAMETER_STORE"
            found[variable["name"]] = self._parameter(value) if stored else value
        return found

    def _parameter(self, name: str) -> str:
        project = self.record.project
        stem = f"arn:aws:ssm:{project.region}:{project.account}:parameter"
        need = Need("ssm:GetParameters", f"{stem}/{name.lstrip('/')}")
        try:
            self.workshop.roles.check(self.actor, [need])
        except ServiceError as error:
            text = f"{error.code}: {error.message}"
            raise PhaseError("Decrypted Variables Error", text) from error
        with self.workshop.storage.alone():
            backend = self.workshop.storage.ssm(project.account, project.region)
            found = backend.get_parameter(name)
        if found is None:
            raise PhaseError("Decrypted Variables Error", f"parameter does not exist: {name}")
        self._hide(str(found.value))
        return str(found.value)

    def _commands(
        self,
        machine: Machine,
        spec: Buildspec,
        environment: Mapping[str, str],
        others: Mapping[str, Path],
    ) -> tuple[Build, BuildResult]:
        """Run the commands of every phase."""
        record, world = self.record, self.workshop.world.current
        limit = record.minutes * 60.0
        commands = Commands(self.write, record.stop, limit, self.workshop.grace)
        build = Build(
            spec=spec,
            source=machine.source,
            state=machine.state,
            commands=commands,
            machine={
                **machine.variables(),
                **own_variables(record, machine.source, others),
                **credentials(self.actor),
                **addresses(record, world, self.workshop.urls()),
            },
            environment=environment,
            write=self.write,
            entered=lambda name: record.phases.append(
                {"phaseType": name, "startTime": self.workshop.clock.now()}
            ),
            left=self._leave,
            now=self.workshop.clock.now,
        )
        try:
            result = build.run()
        finally:
            commands.end()
        record.exported.update(result.exported)
        return build, result

    def _leave(self, status: str, context: tuple[str, str]) -> None:
        """Note how the present phase ended."""
        phase, now = self.record.phases[-1], self.workshop.clock.now()
        phase |= {
            "phaseStatus": status,
            "endTime": now,
            "durationInSeconds": int(now - phase["startTime"]),
            "contexts": [{"statusCode": context[0], "message": context[1]}],
        }

    def _upload(self, build: Build) -> None:
        """Hand the reports in and the artifacts on."""
        wrong = list(self._report_problems(build))
        if wrong:
            text = f"Error in UPLOAD_ARTIFACTS phase: [{' '.join(wrong)}]"
            raise PhaseError("CLIENT_ERROR", text)
        outputs = self.record.order.outputs
        for output in outputs:
            spec = build.spec.secondary.get(output.name)
            if spec is None and len(outputs) == 1:
                spec = build.spec.artifacts
            if spec is None:
                text = f"no definition for artifact {output.name} in the buildspec"
                raise PhaseError("CLIENT_ERROR", text)
            self._give(output, spec, build)

    def _report_problems(self, build: Build) -> Iterator[str]:
        for name, spec in build.spec.reports.items():
            files = report_files(spec, build.source)
            build.say(f"Preparing to copy TEST report {name}: {len(files)} files")
            if not files:
                yield f"{name}: [report files not found in build]"
                continue
            try:
                taken = self.workshop.reports.take(self.actor, self.record, name, files)
            except ServiceError as error:
                yield f"{name}: [error in report: {error.code}: {error.message}]"
            else:
                self.record.reports.append(taken)

    def _give(self, output: Output, spec: ArtifactSpec, build: Build) -> None:
        files, missing = collect(spec, build.source)
        if missing:
            for pattern in missing:
                build.say(f"Skipping invalid file path {pattern}")
            raise PhaseError("CLIENT_ERROR", "no matching artifact paths found")
        build.say(f"Found {len(files)} file(s) for artifact {output.name}")
        key = self.record.project.key
        try:
            self.workshop.artifacts.write(self.actor, output.place, pack(files), key)
        except ServiceError as error:
            text = f"{error.code}: {error.message} status code: {error.status}"
            raise PhaseError("CLIENT_ERROR", f"Error while uploading artifacts: {text}") from error
        shown = {"location": output.place.arn, "artifactIdentifier": output.name}
        self.record.given.append(shown)

    def _hide(self, *values: str) -> None:
        """Keep values out of the log."""
        self._secrets += [each for each in values if len(each) >= _SHORTEST]
