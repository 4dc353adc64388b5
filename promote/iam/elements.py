"""The elements of a policy document, as immutable values.

A value of these types says only what IAM decides by. What IAM treats as a set (actions, resources,
principals, conditions and their values) is kept sorted and unique, so that two documents saying the
same in another spelling become equal policies. Statements keep their order: messages name them.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

Json = Mapping[str, object]


class Kind(enum.Enum):
    """What a document is attached to, which decides the elements it may have."""

    IDENTITY = "identity"
    BOUNDARY = "boundary"
    SESSION = "session"
    SCP = "scp"
    RCP = "rcp"
    TRUST = "trust"
    BUCKET = "bucket"
    KEY = "key"
    PROJECT = "project"
    ENDPOINT = "endpoint"


class Effect(enum.Enum):
    """What a statement does to the requests that it matches."""

    ALLOW = "Allow"
    DENY = "Deny"


@dataclass(frozen=True, slots=True)
class Principal:
    """One principal of a policy of a resource.

    Attributes:
        type: ``AWS`` or ``Service``.
        value: For ``AWS``: ``*``, the ARN of an account's root, of a role, a user or a session.
            For ``Service``: its name, such as ``codebuild.amazonaws.com``.
    """

    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One test of one condition key; several values are alternatives.

    Attributes:
        operator: With its ``ForAnyValue:`` or ``ForAllValues:``, without ``IfExists``.
        key: As the document spells it; IAM ignores its case.
        values: Sorted, unique, at least one.
        if_exists: Whether an absent key satisfies the condition (``IfExists``).
    """

    operator: str
    key: str
    values: tuple[str, ...]
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    Attributes:
        sid: Its name, if it has one.
        effect: What it does to the requests that it matches.
        actions: Patterns of actions.
        resources: Patterns of resources; empty in a trust policy, which is about its own role.
        principals: Empty in the kinds that are attached to who is governed.
        conditions: All of them must hold.
        not_actions: Whether it is about every action *but* `actions` (NotAction; a Deny only).
        not_resources: Whether it is about every resource *but* `resources` (NotResource).
    """

    sid: str | None
    effect: Effect
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: tuple[Principal, ...]
    conditions: tuple[Condition, ...]
    not_actions: bool = False
    not_resources: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """One parsed document; `name` says where it comes from, for messages."""

    kind: Kind
    statements: tuple[Statement, ...]
    name: str
