"""Describe the world of the demo and of most tests.

Role documents are the product's, so they come from outside: `default_world` takes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from promote.sandbox import evaluations
from promote.sandbox.images import LABELS, NEW_LABEL
from promote.sandbox.key_seed import DEFAULT_REGION, KeySeed
from promote.sandbox.world import (
    Account,
    BucketSeed,
    EndpointSeed,
    Organization,
    ParameterSeed,
    ProjectSeed,
    RoleSeed,
    SessionSeed,
    UserSeed,
    VersionSeed,
    World,
)

MANAGEMENT: Final = "999999999999"
ML: Final = "222222222222"
CICD: Final = "111111111111"
QA: Final = "333333333333"
PROD_1: Final = "444444444444"
PROD_2: Final = "555555555555"
DATA_LAKE: Final = "666666666666"
TARGETS: Final = (QA, PROD_1, PROD_2)
ORGANIZATION_ID: Final = "o-a1b2c3d4e5"
ENDPOINT_ID: Final = "vpce-0a1b2c3d4e5f60718"
POINTER: Final = "/models/tools/version-arn"
LEDGER_BUCKET: Final = "promote-ledger"
CONSUMER: Final = "storefront"
PEOPLE: Final = ("alice", "bob")
"""IAM users who review plans."""
SIGNED_IN: Final = "carol"
"""Who reviews plans and signed in through IAM Identity Center."""
SIGNED_IN_ROLE: Final = "AWSReservedSSO_Reviewer_0a1b2c3d4e5f6071"
"""The role that Identity Center would make for a permission set called Reviewer."""
ACCESS_ROLE: Final = "OrganizationAccountAccessRole"
SIGNING_KEY: Final = KeySeed(account=CICD, id="5ea1ed00-1ed9-4e75-8000-000000000001")

ORGANIZATION: Final = Organization(
    id=ORGANIZATION_ID,
    management=MANAGEMENT,
    accounts=(
        Account(id=MANAGEMENT, name="management"),
        Account(id=ML, name="machine-learning", ou="MachineLearning"),
        Account(id=CICD, name="ci-cd", ou="Infrastructure"),
        Account(id=QA, name="qa", ou="Workloads"),
        Account(id=PROD_1, name="production-1", ou="Workloads"),
        Account(id=PROD_2, name="production-2", ou="Workloads"),
        Account(id=DATA_LAKE, name="data-lake", ou="Workloads"),
    ),
)

EVALUATIONS: Final = evaluations.location(ML, DEFAULT_REGION)
"""Where the summaries of the versions' evaluations lie."""

PROJECT: Final = evaluations.evaluated(
    ProjectSeed(
        account=ML,
        name="tools-detector",
        created=1_760_000_000_000,
        versions=(
            VersionSeed(
                name="v1",
                created=1_760_100_000_000,
                status="RUNNING",
                quality="fair",
                description="The first version",
            ),
            VersionSeed(
                name="v2",
                created=1_761_100_000_000,
                quality="good",
                description="Trained on sharper images",
            ),
            VersionSeed(
                name="v3",
                created=1_762_100_000_000,
                quality="poor",
                description="Tested on what it was trained with: worse than its figures",
            ),
            VersionSeed(
                name="v4",
                created=1_763_100_000_000,
                fails_to_start=True,
                description="Does not start",
            ),
            VersionSeed(
                name="v5",
                created=1_764_100_000_000,
                labels=(*LABELS, NEW_LABEL),
                description="Knows one more tool",
            ),
        ),
    ),
    EVALUATIONS,
)

OTHER_PROJECT: Final = evaluations.evaluated(
    ProjectSeed(
        account=ML,
        name="damage-detector",
        created=1_758_000_000_000,
        versions=(
            VersionSeed(name="d1", created=1_758_100_000_000, status="STOPPED", quality="fair"),
        ),
    ),
    EVALUATIONS,
)


def default_world(roles: Sequence[RoleSeed] = ()) -> World:
    """Return the organisation of the demo with the given roles.

    Logins: ``promoter``; ``alice`` and ``bob``, users who may use the ledger alone, and ``carol``,
    who may as much and signed in through Identity Center; ``consumer/ACCOUNT`` for each target
    account that has a role `CONSUMER`; ``admin/ACCOUNT``; ``stranger``, a user in QA who may do
    nothing.
    """
    v1 = PROJECT.version_arn("v1")
    return World(
        organization=ORGANIZATION,
        roles=(*roles, _signed_in_role(), *map(_access_role, _members())),
        users=(_promoter(), *map(_person, PEOPLE), *map(_admin, _accounts()), _stranger()),
        sessions=(
            *(_consumer(r.account) for r in roles if r.name == CONSUMER),
            _signed_in(),
        ),
        projects=(PROJECT, OTHER_PROJECT),
        parameters=tuple(ParameterSeed(account=a, name=POINTER, values=(v1,)) for a in TARGETS),
        buckets=evaluations.with_summaries(
            (BucketSeed(account=CICD, name=LEDGER_BUCKET),), (PROJECT, OTHER_PROJECT)
        ),
        endpoints=(EndpointSeed(id=ENDPOINT_ID, account=PROD_1),),
        keys=(SIGNING_KEY,),
    )


def _accounts() -> tuple[str, ...]:
    return tuple(account.id for account in ORGANIZATION.accounts)


def _members() -> tuple[str, ...]:
    return tuple(account for account in _accounts() if account != MANAGEMENT)


def _access_role(account: str) -> RoleSeed:
    """Return the role that Organizations makes in an account: the management account enters by it.

    Organizations user guide, "Accessing member accounts in an organization".
    """
    return RoleSeed(
        account=account,
        name=ACCESS_ROLE,
        trust=_document(
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{MANAGEMENT}:root"},
                "Action": "sts:AssumeRole",
            }
        ),
        inline={"AdministratorAccess": _document(_allow("*", "*"))},
    )


def _document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(action: Any, resource: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def _promoter() -> UserSeed:
    """Return the user that promotes, with the rights that a build's role would have."""
    return UserSeed(
        account=CICD,
        name="promoter",
        login="promoter",
        access_key_id="AKIASANDBOXPROMOTER0",
        secret_access_key="sandbox/promoter",  # noqa: S106 - no secret
        inline={
            "promote": _document(
                _allow("sts:AssumeRole", "arn:aws:iam::*:role/promote-*"), *_use_of_ledger()
            )
        },
    )


def _use_of_ledger() -> tuple[dict[str, Any], ...]:
    bucket = f"arn:aws:s3:::{LEDGER_BUCKET}"
    return (
        _allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], f"{bucket}/*"),
        _allow("s3:ListBucket", bucket),
    )


def _person(name: str) -> UserSeed:
    """Return a user who reviews plans."""
    return UserSeed(
        account=CICD,
        name=name,
        login=name,
        access_key_id=f"AKIASANDBOX{name.upper():0<9}",
        secret_access_key=f"sandbox/{name}",
        inline={"review": _document(*_use_of_ledger())},
    )


def _signed_in_role() -> RoleSeed:
    """Return the role of those who review plans and sign in through Identity Center."""
    return RoleSeed(
        account=CICD,
        name=SIGNED_IN_ROLE,
        path="/aws-reserved/sso.amazonaws.com/",
        trust=_document(
            {
                "Effect": "Allow",
                "Principal": {"Service": "sso.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ),
        inline={"review": _document(*_use_of_ledger())},
    )


def _signed_in() -> SessionSeed:
    """Return the session of somebody who signed in, named after the person."""
    return SessionSeed(
        account=CICD,
        role=SIGNED_IN_ROLE,
        name=SIGNED_IN,
        login=SIGNED_IN,
        access_key_id=f"ASIASANDBOX{SIGNED_IN.upper():0<9}",
        secret_access_key=f"sandbox/{SIGNED_IN}",
        session_token=f"sandbox-session-of-{SIGNED_IN}",
    )


def _admin(account: str) -> UserSeed:
    """Return a user that may do everything in an account."""
    return UserSeed(
        account=account,
        name="admin",
        login=f"admin/{account}",
        access_key_id=f"AKIA{account}ADMN",
        secret_access_key=f"sandbox/admin/{account}",
        inline={"everything": _document(_allow("*", "*"))},
    )


def _stranger() -> UserSeed:
    """Return a user without any right."""
    return UserSeed(
        account=QA,
        name="stranger",
        login="stranger",
        access_key_id="AKIASANDBOXSTRANGER0",
        secret_access_key="sandbox/stranger",  # noqa: S106 - no secret
    )


def _consumer(account: str) -> SessionSeed:
    """Return the application's session in an account, as it would find it on its machine."""
    return SessionSeed(
        account=account,
        role=CONSUMER,
        name="application",
        login=f"consumer/{account}",
        access_key_id=f"ASIA{account}CONS",
        secret_access_key=f"sandbox/consumer/{account}",
        session_token=f"sandbox-session-of-{CONSUMER}-in-{account}",
    )
