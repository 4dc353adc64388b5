"""Whether the policies of the organisation are, and are attached, as promote.yaml asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from promote.core.guardrails.organization import ControlPolicy, OrganizationState
from promote.core.guardrails.rollout import Rollout, is_stray
from promote.core.guardrails.wanted import MARK, WantedPolicy, departures, says_the_same
from promote.iam.evaluate import Request

_APPLY = "To bring it about:\n    promote guardrail apply"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardrailFinding:
    """One thing that was checked.

    Attributes:
        check: Whether the policies are as wanted, let promotions pass, or protect the models.
        subject: What was looked at.
        detail: What came out.
        remedy: What helps; empty when `ok`.
        request: The request that shows it, where one does.
        by: Where that request was decided.
    """

    ok: bool
    check: Literal["policy", "promotion", "protection"]
    subject: str
    detail: str
    remedy: str = ""
    request: Request | None = None
    by: tuple[str, ...] = ()


def drift(rollout: Rollout, state: OrganizationState) -> Iterator[GuardrailFinding]:
    """Compare the policies and their attachments with what is wanted."""
    wanted = {each.type: each for each in rollout.wanted}
    for kind, name in rollout.names.items():
        found = state.named(kind, name)
        subject = f"{kind.short} {name}"
        if found is not None and not found.description.startswith(MARK):
            yield _wrong(subject, f"{found.id} is not ours: see its description", _THEIRS)
        elif kind in wanted:
            yield _content(subject, wanted[kind], found, state)
            yield from _attachments(subject, rollout, found, state)
        elif found is not None:
            yield _wrong(subject, f"{found.id} exists, but promote.yaml asks for none", _APPLY)


_THEIRS = "To see what to do about it:\n    promote guardrail apply"


def _content(
    subject: str, wanted: WantedPolicy, found: ControlPolicy | None, state: OrganizationState
) -> GuardrailFinding:
    if wanted.type not in state.enabled:
        return _wrong(subject, f"{wanted.type.short}s are not enabled in {state.root}", _APPLY)
    if found is None:
        return _wrong(subject, "does not exist", _APPLY)
    if not says_the_same(found.content, wanted.content):
        departs = "; ".join(departures(found.content, wanted))
        return _wrong(subject, f"{found.id} is not as wanted: {departs}", _APPLY)
    return GuardrailFinding(
        ok=True, check="policy", subject=subject, detail=f"{found.id} is as wanted"
    )


def _attachments(
    subject: str, rollout: Rollout, found: ControlPolicy | None, state: OrganizationState
) -> Iterator[GuardrailFinding]:
    holders = state.holders.get(found.id, frozenset()) if found else frozenset()
    for target in rollout.targets:
        place = f"{subject} on {target}"
        if not state.path(target):
            detail = f"{target} is no member of the organisation {state.id}"
            yield _wrong(place, detail, "Correct the targets in promote.yaml.")
        elif target not in holders:
            yield _wrong(place, "is not attached", apply_to(target, rollout))
        elif target == state.management:
            detail = "is attached, but nothing governs the management account"
            yield _wrong(place, detail, "Take it out of the targets in promote.yaml.")
        else:
            yield GuardrailFinding(ok=True, check="policy", subject=place, detail="is attached")
    for holder in sorted(holders - set(rollout.targets)):
        place = f"{subject} on {holder}"
        if is_stray(holder, rollout.targets, state):
            detail = "is attached, though promote.yaml does not say so"
            yield _wrong(place, detail, _detach(holder))
        else:
            detail = "is attached as well, below a target: on trial"
            yield GuardrailFinding(ok=True, check="policy", subject=place, detail=detail)


def apply_to(target: str, rollout: Rollout) -> str:
    """Return the remedy that attaches a policy to a target."""
    only = f" --target {target}" if len(rollout.targets) > 1 else ""
    return f"To attach it:\n    promote guardrail apply{only}"


def _detach(holder: str) -> str:
    return f"To take it off:\n    promote guardrail detach --target {holder}"


def _wrong(subject: str, detail: str, remedy: str) -> GuardrailFinding:
    return GuardrailFinding(ok=False, check="policy", subject=subject, detail=detail, remedy=remedy)
