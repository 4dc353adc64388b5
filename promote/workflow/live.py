"""What access roles and the organisation really have, in the place of rendered documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from promote.core.guardrails.organization import ControlType, OrganizationState
from promote.core.observation import AccessRoleState, Json
from promote.core.policies.explain import Known
from promote.core.policies.governing import Place, is_under_rcps
from promote.core.policies.implied import Context, account_of, owner_of
from promote.core.topology import Topology
from promote.errors import PolicyError, PromoteError
from promote.iam.document import Kind, parse
from promote.iam.evaluate import Request
from promote.ports import World

LIVE = "live"
_CONTROLS = {ControlType.SCP: Kind.SCP, ControlType.RCP: Kind.RCP}

Survey = Callable[[Sequence[str]], OrganizationState]
"""Reads the part of the organisation in which some accounts lie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What governs a request, live where that could be read."""

    documents: tuple[Known, ...]
    notes: tuple[str, ...]
    """What was not looked at."""
    organization: Context | None
    """The condition keys that tell who belongs to it; None where that could not be read."""
    unreadable: tuple[str, ...]
    """Live policies outside the fragment that can be decided, each as a sentence."""
    unread_controls: tuple[str, ...]
    """Why the organisation's policies are not known; a sentence."""


@dataclass(frozen=True)
class LiveReader:
    """Reads the live policies that govern one request."""

    world: World
    topology: Topology
    request: Request
    role: str
    """The ARN of whose session asks."""
    survey: Survey | None = None
    """Reads the organisation; None where promote.yaml does not say who may."""

    @cached_property
    def _states(self) -> dict[str, AccessRoleState | None]:
        """The access roles in question, each read once."""
        asked = [self.role, *([self.request.resource] if self._assumes else [])]
        readers = self._readers
        return {
            arn: self.world.roles.read(arn, role=readers[arn]) for arn in asked if arn in readers
        }

    def replace(self, rendered: Sequence[Known]) -> Live:
        """Put live policies in the place of the rendered ones that govern the request.

        Raises:
            AccessError: The reader role may not read an access role.
        """
        found, unread = list(self._of_roles()), []
        kept = [each for each in rendered if not self._is_replaced(each)]
        try:
            state = self._organization()
        except PromoteError as error:
            state = None
            unread.append(f"The organisation's policies could not be read: {error}")
        if state is not None:
            found += list(self._controls(state))
        if state is not None or unread:  # rendered ones may never have been attached
            kept = [each for each in kept if each.place.kind not in _CONTROLS.values()]
        known, unreadable = _parsed(found)
        return Live(
            documents=(*known, *kept),
            notes=(*self._missing(), *self._told(kept)),
            organization=None if state is None else state.keys(self._asking, self._owner),
            unreadable=tuple(unreadable),
            unread_controls=tuple(unread),
        )

    def _of_roles(self) -> Iterator[tuple[Place, Json | str]]:
        if (asking := self._states.get(self.role)) is not None:
            for name, document in {**asking.inline, **asking.attached}.items():
                yield Place(template=name, kind=Kind.IDENTITY, attached_to=self.role), document
        if self._assumes and (asked_for := self._states.get(self.request.resource)) is not None:
            where = Place(template="trust policy", kind=Kind.TRUST, attached_to=asked_for.arn)
            yield where, asked_for.trust

    @property
    def _asking(self) -> str | None:
        return account_of(self.request.principal)

    @property
    def _owner(self) -> str | None:
        return owner_of(self.request, self.topology)

    def _organization(self) -> OrganizationState | None:
        accounts = {each for each in (self._asking, self._owner) if each is not None}
        return self.survey(sorted(accounts)) if self.survey is not None and accounts else None

    def _controls(self, state: OrganizationState) -> Iterator[tuple[Place, Json | str]]:
        governed = {ControlType.SCP: self._asking}
        if is_under_rcps(self.request):
            governed[ControlType.RCP] = self._owner
        for control, account in governed.items():
            for holder, policies in state.levels(account, control) if account else ():
                for policy in policies:
                    template = f"{control.short} {policy.name}"
                    where = Place(template=template, kind=_CONTROLS[control], attached_to=holder)
                    yield where, policy.content

    @property
    def _assumes(self) -> bool:
        return self.request.action.lower().startswith("sts:assumerole")

    @cached_property
    def _readers(self) -> dict[str, str | None]:
        """Return every access role with the role that reads it."""
        return {
            target.access_role: self.topology.ml_reader(environment)
            for environment in self.topology.environments
            for model in self.topology.models
            for target in self.topology.targets(model.name, environment)
        }

    def _is_replaced(self, rendered: Known) -> bool:
        place = rendered.place
        of_role = place.kind in {Kind.IDENTITY, Kind.TRUST}
        return of_role and place.attached_to in self._readers

    def _missing(self) -> Iterator[str]:
        for arn, state in self._states.items():
            if state is None:
                yield f"The access role {arn} does not exist."

    def _told(self, kept: Iterable[Known]) -> Iterator[str]:
        for each in kept:
            yield f"Rendered, not live: the {each.policy.name}."
        left = ["endpoints, buckets and keys, and any permissions boundary"]
        if self.survey is None:
            left.insert(0, "the organisation (promote.yaml has no guardrails)")
        yield f"Not looked at: live policies of {', of '.join(left)}."


def _parsed(documents: Iterable[tuple[Place, Json | str]]) -> tuple[list[Known], list[str]]:
    known: list[Known] = []
    unreadable: list[str] = []
    for place, document in documents:
        name = f"{place.template} of {place.attached_to.rpartition('/')[2]}"
        try:
            policy = parse(document, kind=place.kind, name=name)
        except PolicyError as error:
            unreadable.append(f"A live policy cannot be read: {error.detail}")
        else:
            known.append(Known(place=place, source=LIVE, policy=policy))
    return known, unreadable
