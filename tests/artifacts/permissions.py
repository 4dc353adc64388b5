"""Which command needs which permission: the one table of what the templates grant, and why.

A template grants exactly the actions of its row (`test_policies.py`). Each action is there for the
command beside it, which fails in the sandbox when the action is taken away. The comments name the
world that a command needs, where the seeded one does not do.
"""

from __future__ import annotations

PLAN = "promote plan tools v2 --to qa"
RELEASE = "promote release tools v2 --to qa --yes"
VERIFY = "promote verify tools --environment qa"

PERMISSIONS: dict[str, dict[str, str]] = {
    "access-role": {"rekognition:DetectCustomLabels": RELEASE},
    "access-role-trust": {"sts:AssumeRole": RELEASE},
    # Run as the application's role in the target account.
    "consumer": {
        "ssm:GetParameter": "aws ssm get-parameter --name /models/tools/version-arn",
        "sts:AssumeRole": "aws sts assume-role --role-arn {access_role} --external-id tools"
        " --role-session-name storefront",
    },
    "deployer": {
        # The first promotion ever, of a version whose images fall below the threshold: its undo
        # deletes the pointer that it created.
        "ssm:DeleteParameter": RELEASE,
        "ssm:PutParameter": RELEASE,
    },
    "operator": {
        # Another inline policy on the access role allows more than is planned.
        "iam:DeleteRolePolicy": f"{RELEASE} --adopt",
        # A managed policy on the access role allows more than is planned.
        "iam:DetachRolePolicy": f"{RELEASE} --adopt",
        "iam:PutRolePolicy": RELEASE,
        "rekognition:StartProjectVersion": RELEASE,
        # A version that runs for nobody.
        "rekognition:StopProjectVersion": "promote version stop tools v1 --force",
    },
    "reader-ml": {
        # A managed policy is attached to the access role.
        "iam:GetPolicy": PLAN,
        "iam:GetPolicyVersion": PLAN,
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
