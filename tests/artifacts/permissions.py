"""Which command needs which permission: the one table of what the templates grant, and why.

A template grants exactly the actions of its row (`test_policies.py`). Each action is there for the
command beside it, which fails in the sandbox when the action is taken away, and only then
(`test_minimal_permissions.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Given(StrEnum):
    """The world in which a command is run, as the end of "needed where …"."""

    SEEDED = ""
    """As `promote sandbox up` makes it: v1 is live, v2 is trained."""
    ATTACHED = "a managed policy is attached to the access role"
    FOREIGN_MANAGED = "a managed policy on the access role allows every version"
    FOREIGN_INLINE = "another inline policy on the access role allows every version"
    ORPHAN = "v2 runs for nobody"
    INTERRUPTED = "the first promotion ever was interrupted after its switch"


@dataclass(frozen=True, slots=True)
class Need:
    """The command that an action is there for."""

    command: str
    given: Given = Given.SEEDED


PLAN = Need("promote plan tools v2 --to qa")
RELEASE = Need("promote release tools v2 --to qa --yes")
VERIFY = Need("promote verify tools --environment qa")
ADOPT = f"{RELEASE.command} --adopt"

PERMISSIONS: dict[str, dict[str, Need]] = {
    "access-role": {"rekognition:DetectCustomLabels": RELEASE},
    "access-role-trust": {"sts:AssumeRole": RELEASE},
    # Run as the application's role in the target account.
    "consumer": {
        "ssm:GetParameter": Need("aws ssm get-parameter --name /models/tools/version-arn"),
        "sts:AssumeRole": Need(
            "aws sts assume-role --role-arn arn:aws:iam::222222222222:role/tools-qa"
            " --external-id tools --role-session-name storefront"
        ),
    },
    "deployer": {
        # There was no pointer before: to put it back is to delete it.
        "ssm:DeleteParameter": Need("promote abort tools --yes", Given.INTERRUPTED),
        "ssm:PutParameter": RELEASE,
    },
    "operator": {
        "iam:DeleteRolePolicy": Need(ADOPT, Given.FOREIGN_INLINE),
        "iam:DetachRolePolicy": Need(ADOPT, Given.FOREIGN_MANAGED),
        "iam:PutRolePolicy": RELEASE,
        "rekognition:StartProjectVersion": RELEASE,
        "rekognition:StopProjectVersion": Need(
            "promote version stop tools v2 --yes --force", Given.ORPHAN
        ),
    },
    "reader-ml": {
        "iam:GetPolicy": Need(PLAN.command, Given.ATTACHED),
        "iam:GetPolicyVersion": Need(PLAN.command, Given.ATTACHED),
        "iam:GetRole": PLAN,
        "iam:GetRolePolicy": PLAN,
        "iam:ListAttachedRolePolicies": PLAN,
        "iam:ListRolePolicies": PLAN,
        "rekognition:DescribeProjectVersions": PLAN,
        "rekognition:DescribeProjects": PLAN,
    },
    "reader-target": {
        "ssm:GetParameter": RELEASE,
        "ssm:GetParameterHistory": PLAN,
    },
    "role-trust": {"sts:AssumeRole": PLAN},
    "smoke": {
        "ssm:GetParameter": VERIFY,
        "sts:AssumeRole": VERIFY,
    },
}
"""By kind of template and by action: a command that fails without the action."""


def needs() -> tuple[Need, ...]:
    """List every command of the table once."""
    return tuple(dict.fromkeys(need for row in PERMISSIONS.values() for need in row.values()))


def markdown() -> str:
    """Write the table as the README shows it."""
    lines = ["| template | action | a command that fails without it |", "|---|---|---|"]
    for kind, row in PERMISSIONS.items():
        for action, need in row.items():
            where = f", where {need.given}" if need.given else ""
            lines.append(f"| `{kind}` | `{action}` | `{need.command}`{where} |")
    return "\n".join(lines) + "\n"
