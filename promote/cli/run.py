"""One run of the command line: its options, its screen, and the library opened with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from promote.cli.screen import Screen
from promote.cli.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from promote.bootstrap import Bootstrap
    from promote.cli.story import Story
    from promote.core.events import Event
    from promote.core.status import Finding
    from promote.core.topology import Topology
    from promote.guardrails import Guardrails
    from promote.promoter import Promoter


class Run:
    """What a command is given.

    Args:
        arguments: The command line without the program's name, to be shown as the way to resume.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self.arguments = tuple(arguments)
        self.execution: str | None = None
        self.settings = Settings()
        self.screen = Screen(self.settings)

    @property
    def json(self) -> bool:
        """Whether stdout is for programs."""
        return self.settings.json

    def document(self, kind: str, **content: object) -> None:
        """Write a small JSON document as the result, on one line."""
        from promote.report import json

        self.screen.result(json.document(kind, **content))

    @contextmanager
    def story(self) -> Iterator[Story]:
        """Listen to what happens inside; the live line is gone afterwards, whatever happened."""
        from promote.cli.story import Story

        story = Story(self.settings, self.screen)
        try:
            yield story
        finally:
            story.end()

    def topology(self) -> Topology:
        """Read promote.yaml."""
        from promote.config import load

        return load(self.settings.file, region=self.settings.region)

    def templates(self, topology: Topology) -> Path | None:
        """Return the directory of the user's own policy templates, if the configuration has one."""
        from pathlib import Path

        own = topology.templates
        return None if own is None else Path(topology.directory, own)

    def promoter(self, on_event: Callable[[Event], None] | None = None) -> Promoter:
        """Open the library; the first thing in a command that imports boto3."""
        topology = self.topology()
        self._log()
        from promote.aws.profiles import open_session
        from promote.promoter import Promoter

        profile = self.settings.profile
        session = None if profile is None else open_session(profile)
        promoter = Promoter(topology, session=session, on_event=on_event)
        promoter.execution = self.execution
        return promoter

    def guardrails(self, on_event: Callable[[Event], None] | None = None) -> Guardrails:
        """Open the library of guardrails, with the same options as `promoter`."""
        topology = self.topology()
        self._log()
        from promote.aws.profiles import open_session
        from promote.guardrails import Guardrails

        profile = self.settings.profile
        session = None if profile is None else open_session(profile)
        return Guardrails(topology, session=session, on_event=on_event)

    def bootstrap(
        self,
        *,
        role: str | None,
        profiles: Mapping[str, str],
        templates: str | None,
        only: Sequence[str],
        on_event: Callable[[Event], None] | None = None,
    ) -> Bootstrap:
        """Open the library of stacks, with the same options as `promoter`."""
        topology = self.topology()
        self._log()
        from promote.aws.profiles import open_session
        from promote.bootstrap import ROLE, Bootstrap

        profile = self.settings.profile
        session = None if profile is None else open_session(profile)
        return Bootstrap(
            topology,
            role=role or ROLE,
            profiles=profiles,
            templates=templates,
            only=only,
            session=session,
            on_event=on_event,
        )

    def stack_findings(self) -> tuple[Finding, ...]:
        """Check the stacks around the pipelines, if promote.yaml has any."""
        from promote.core.status import Finding
        from promote.errors import PromoteError

        if self.topology().pipeline is None:
            return ()
        try:
            bootstrap = self.bootstrap(role=None, profiles={}, templates=None, only=())
            return bootstrap.findings()
        except PromoteError as error:
            detail = f"{error.summary}. {error.detail}" if error.detail else error.summary
            return (Finding(ok=False, subject="stacks", detail=detail, remedy=error.remedy),)

    def _log(self) -> None:
        """Let the library's own log be seen, ours alone: others' may hold requests and secrets."""
        if self.settings.verbose:
            import logging

            level = logging.DEBUG if self.settings.verbose > 1 else logging.INFO
            logging.getLogger("promote").setLevel(level)
            logging.basicConfig(format="%(name)s: %(message)s")
