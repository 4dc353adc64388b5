"""Read a buildspec: version 0.2, in the strict part of it that the sandbox carries out.

A key that is not carried out is refused by its place, never read and ignored: ``batch``, ``cache``,
``proxy``, ``run-as``, runtime versions, ``on-failure: RETRY`` and Secrets Manager. Scalars are
texts, as CodeBuild takes them: ``yes`` is no Boolean and ``010`` is no number.
Reference: "Build specification reference for CodeBuild".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final, TypeAlias

import yaml

from promote.errors import InputError

PHASES: Final = ("install", "pre_build", "build", "post_build")
_SHELLS: Final = ("sh", "bash", "/bin/sh", "/bin/bash")
_ON_FAILURE: Final = ("ABORT", "CONTINUE")
_FORMATS: Final = ("JUNITXML", "JunitXml")  # both spellings are in AWS's documentation
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MOST_REPORTS: Final = 5

Tree: TypeAlias = "str | list[Tree] | dict[str, Tree] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One phase of a build."""

    commands: tuple[str, ...]
    finally_: tuple[str, ...] = ()
    """Run after the commands, whatever came of them."""
    on_failure: str | None = None
    """ABORT or CONTINUE; None is what the service does by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactSpec:
    """Which files a build hands on."""

    files: tuple[str, ...]
    base_directory: str = "."
    discard_paths: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSpec:
    """Which files are reports of tests."""

    files: tuple[str, ...]
    base_directory: str = "."


@dataclass(frozen=True, slots=True, kw_only=True)
class Buildspec:
    """A whole buildspec."""

    phases: Mapping[str, Phase]
    """By name, of `PHASES`; what is missing has no commands."""
    shell: str = "sh"
    variables: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    parameters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Variables that are read from Parameter Store, by name: the name of the parameter."""
    exported: tuple[str, ...] = ()
    artifacts: ArtifactSpec | None = None
    secondary: Mapping[str, ArtifactSpec] = field(default_factory=lambda: MappingProxyType({}))
    reports: Mapping[str, ReportSpec] = field(default_factory=lambda: MappingProxyType({}))
    """By the name or ARN of the report group."""


def parse_buildspec(text: str) -> Buildspec:
    """Read a buildspec.

    Raises:
        InputError: It is none, or asks for what the sandbox does not carry out; says where.
    """
    try:
        found: Tree = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 (only makes texts)
    except yaml.YAMLError as error:
        raise _wrong("buildspec", f"is no YAML ({error})") from None
    root = _Table("buildspec", found)
    if root.text("version") != "0.2":
        raise _wrong("version", f"is {root.text('version')!r}; expected 0.2")
    env, phases, artifacts = root.table("env"), root.table("phases"), root.table("artifacts")
    secondary = artifacts.table("secondary-artifacts")
    spec = Buildspec(
        phases={name: _phase(each) for name in PHASES if (each := phases.table(name)).given},
        shell=_one_of(env, "shell", _SHELLS) or "sh",
        variables=_variables(env.table("variables")),
        parameters=_variables(env.table("parameter-store")),
        exported=env.texts("exported-variables"),
        artifacts=_artifacts(artifacts) if "files" in artifacts else None,
        secondary={name: _artifacts(each) for name, each in secondary.tables().items()},
        reports={name: _report(each) for name, each in root.table("reports").tables().items()},
    )
    root.expect_nothing_else()
    _check(spec)
    return spec


def _check(spec: Buildspec) -> None:
    """Refuse what CodeBuild does not take."""
    if not spec.phases:
        raise _wrong("phases", "is empty; expected at least one phase with commands")
    for name in spec.exported:
        if not _NAME.fullmatch(name) or name.startswith("AWS_") or name in spec.parameters:
            problem = f"holds {name}; names of AWS_, parameters and no names are not exported"
            raise _wrong("env.exported-variables", problem)
    if len(spec.reports) > _MOST_REPORTS:
        raise _wrong("reports", f"has {len(spec.reports)} groups; CodeBuild takes {_MOST_REPORTS}")


def _variables(table: _Table) -> dict[str, str]:
    """Read variables; CodeBuild's own names are reserved."""
    found = table.texts_by_name()
    for name in found:
        if not _NAME.fullmatch(name) or name.startswith("CODEBUILD_"):
            raise _wrong(f"{table.place}.{name}", "cannot be set: it is reserved, or no name")
    return found


def _phase(table: _Table) -> Phase:
    phase = Phase(
        commands=table.texts("commands"),
        finally_=table.texts("finally"),
        on_failure=_one_of(table, "on-failure", _ON_FAILURE),
    )
    if not phase.commands:
        raise _wrong(f"{table.place}.commands", "is empty; expected at least one command")
    return phase


def _artifacts(table: _Table) -> ArtifactSpec:
    return ArtifactSpec(
        files=_patterns(table),
        base_directory=_inside(table, "base-directory", table.text("base-directory") or "."),
        discard_paths=_one_of(table, "discard-paths", ("yes", "no")) == "yes",
    )


def _report(table: _Table) -> ReportSpec:
    _one_of(table, "file-format", _FORMATS)
    return ReportSpec(
        files=_patterns(table),
        base_directory=_inside(table, "base-directory", table.text("base-directory") or "."),
    )


def _patterns(table: _Table) -> tuple[str, ...]:
    """Read the patterns of files, which the sandbox looks for below the source alone."""
    found = table.texts("files")
    if not found:
        raise _wrong(f"{table.place}.files", "is empty; expected at least one pattern")
    return tuple(_inside(table, "files", pattern) for pattern in found)


def _inside(table: _Table, key: str, path: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts:
        raise _wrong(f"{table.place}.{key}", f"is {path!r}; the sandbox looks in the source alone")
    return path


def _one_of(table: _Table, key: str, known: Sequence[str]) -> str | None:
    found = table.text(key)
    if found is not None and found not in known:
        raise _wrong(f"{table.place}.{key}", f"is {found!r}; expected {' or '.join(known)}")
    return found


class _Table:
    """One mapping of the file, which knows what of it was asked for."""

    def __init__(self, place: str, value: Tree) -> None:
        if value is not None and not isinstance(value, dict):
            raise _wrong(place, "is no mapping")
        self.place = place
        self.given = value is not None
        self._items: dict[str, Tree] = value or {}
        self._read: set[str] = set()
        self._below: list[_Table] = []

    def __contains__(self, key: str) -> bool:
        return key in self._items

    @property
    def names(self) -> tuple[str, ...]:
        """The keys, in the order of the file."""
        return tuple(self._items)

    def text(self, key: str) -> str | None:
        """Return a text; None when it is not there."""
        value = self._take(key)
        if value is not None and not isinstance(value, str):
            raise _wrong(self._at(key), "is no single value")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; none when it is not there."""
        value = self._take(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise _wrong(self._at(key), "is no list")
        found = [each for each in value if isinstance(each, str)]
        if len(found) < len(value):
            raise _wrong(self._at(key), "holds something else than texts")
        return tuple(found)

    def texts_by_name(self) -> dict[str, str]:
        """Return every entry, all texts."""
        return {name: self.text(name) or "" for name in self.names}

    def table(self, key: str) -> _Table:
        """Return a mapping; an empty one when it is not there."""
        below = _Table(self._at(key), self._take(key))
        self._below.append(below)
        return below

    def tables(self) -> dict[str, _Table]:
        """Return every entry, all mappings."""
        return {name: self.table(name) for name in self.names}

    def expect_nothing_else(self) -> None:
        """Refuse what nobody asked for."""
        for name in self.names:
            if name not in self._read:
                raise _wrong(self._at(name), "is not carried out by the sandbox")
        for below in self._below:
            below.expect_nothing_else()

    def _at(self, key: str) -> str:
        return key if self.place == "buildspec" else f"{self.place}.{key}"

    def _take(self, key: str) -> Tree:
        self._read.add(key)
        return self._items.get(key)


def _wrong(place: str, what: str) -> InputError:
    return InputError("The buildspec cannot be carried out", f"{place} {what}.")
