"""States of an organisation to decide about: ML below one unit, qa and prod below another."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from promote.core.guardrails.organization import (
    AWS_OWN,
    ControlPolicy,
    ControlType,
    OrganizationState,
)
from promote.core.guardrails.rollout import Rollout
from promote.core.guardrails.wanted import DESCRIPTION, WantedPolicy
from tests.builders import MANAGEMENT, ML
from tests.fake_organization import ID, PARENTS, ROOT

NAMES = {kind: f"promote-guardrail-{kind.short.lower()}-{ML}" for kind in ControlType}
OPERATORS = [f"arn:aws:iam::{ML}:role/promote-operator-{each}" for each in ("qa", "prod")]
LIFECYCLE = ["rekognition:StartProjectVersion", "rekognition:StopProjectVersion"]
MAKING = [
    f"rekognition:{verb}{noun}"
    for verb, noun in (
        ("Copy", "ProjectVersion"),
        ("Create", "Project"),
        ("Create", "ProjectVersion"),
        ("Delete", "Project"),
        ("Delete", "ProjectPolicy"),
        ("Delete", "ProjectVersion"),
        ("Put", "ProjectPolicy"),
    )
]


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def deny(action: Any, sid: str = "Deny", **more: Any) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Deny", "Action": action, "Resource": "*", **more}


ONLY_OPERATORS = document(
    deny(
        [*LIFECYCLE, *MAKING],
        "OnlyOperators",
        Condition={"ArnNotLike": {"aws:PrincipalArn": OPERATORS}},
    )
)
ONLY_INSIDE = document(
    deny(
        "sts:AssumeRole",
        "OnlyInside",
        Principal="*",
        Condition={"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ID}},
    )
)
SCP = WantedPolicy(
    type=ControlType.SCP, name=NAMES[ControlType.SCP], content=ONLY_OPERATORS, kind="scp"
)
RCP = WantedPolicy(
    type=ControlType.RCP, name=NAMES[ControlType.RCP], content=ONLY_INSIDE, kind="rcp"
)


def a_policy(
    content: str, name: str = "foreign", kind: ControlType = ControlType.SCP
) -> ControlPolicy:
    return ControlPolicy(id=f"p-{name[:8]:0<8}", name=name, type=kind, content=content)


def of_ours(wanted: WantedPolicy = SCP, content: str | None = None) -> ControlPolicy:
    return ControlPolicy(
        id=f"p-ours0{wanted.kind}",
        name=wanted.name,
        type=wanted.type,
        description=DESCRIPTION,
        content=content or wanted.content,
    )


def a_state(**changes: Any) -> OrganizationState:
    own = {each.id: each for each in AWS_OWN.values()}
    state = OrganizationState(
        id=ID,
        management=MANAGEMENT,
        root=ROOT,
        enabled=frozenset(ControlType),
        parents=PARENTS,
        policies=own,
        attached=dict.fromkeys((ROOT, *PARENTS), frozenset(own)),
    )
    return replace(state, **changes)


def with_policy(
    state: OrganizationState, policy: ControlPolicy, *holders: str
) -> OrganizationState:
    """Attach a policy to some holders; one of ours is known by its holders, too."""
    attached = {
        each: ids | {policy.id} if each in holders else ids for each, ids in state.attached.items()
    }
    known = {policy.id: frozenset(holders)} if policy.description else {}
    return replace(
        state,
        policies={**state.policies, policy.id: policy},
        attached=attached,
        holders={**state.holders, **known},
    )


def a_rollout(*targets: str, **changes: Any) -> Rollout:
    rollout = Rollout(wanted=(SCP,), names=NAMES, targets=targets or (ML,), trial=ML)
    return replace(rollout, **changes)
