"""What documents are made for: the uses of a role or a resource, and how a kind is made of them."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from promote.arn import parse_arn
from promote.core.parts import Model
from promote.core.topology import Environment, Granularity, Target, Topology


@dataclass(frozen=True, slots=True)
class Scope:
    """What is asked about, beside the topology itself."""

    topology: Topology
    model: str | None
    environment: str | None
    versions: tuple[str, ...]
    trusted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """One target of one model: every document is made of such uses of what it is attached to."""

    model: Model
    environment: Environment
    target: Target


class Form(enum.Enum):
    """What a document is in AWS, which decides what it is called there."""

    ACCESS = "the inline policy of an access role"
    JOB = "an inline policy of another role"
    TRUST = "the trust policy of a role"
    BOUNDARY = "the managed policy that is a role's permissions boundary"
    MANAGED = "a managed policy, for people"
    PROJECT = "a policy of a project"
    RESOURCE = "the one policy of a bucket, a key or an endpoint"
    CONTROL = "a policy of the organisation"

    @property
    def of_role(self) -> bool:
        """Say whether it is part of a role, gone when the role is deleted."""
        return self in {Form.ACCESS, Form.JOB, Form.TRUST}


def account_of_arn(_topology: Topology, attached_to: str, _uses: Sequence[Use]) -> str | None:
    """Return the account in an ARN, or None if it has none."""
    return parse_arn(attached_to).account or None


@dataclass(frozen=True, slots=True)
class Need:
    """How the documents of a kind are made."""

    attached: Callable[[Topology, Use], Iterable[str | None]]
    """What has such a document because of a use."""
    context: Callable[[Scope, str, Sequence[Use]], dict[str, object] | None]
    """What all uses of one role or resource need together; None is no document."""
    form: Form
    account: Callable[[Topology, str, Sequence[Use]], str | None] = account_of_arn
    """The account where it is attached; None where promote.yaml does not tell."""


def project_prefix(topology: Topology) -> str:
    """Return how the ARN of every project of the ML account begins, up to the project's name."""
    return f"arn:aws:rekognition:{topology.region}:{topology.ml.account}:project/"


def evaluations_of(topology: Topology) -> str | None:
    """Return the pattern of the ARNs of the evaluations' summaries; None where none are read."""
    place = topology.ml.evaluations
    return None if place is None else f"arn:aws:s3:::{place.removeprefix('s3://').rstrip('/')}/*"


def principals_of(scope: Scope, target: Target) -> frozenset[str]:
    """Return who becomes the access role of a target: its applications, and the smoke test."""
    probes = scope.trusted if target.smoke_role is None else (target.smoke_role,)
    return frozenset({*target.consumers, *probes})


def principal_pattern(principal: str) -> str:
    """Return the pattern of ``aws:PrincipalArn``: a trusted root means all of its account."""
    arn = parse_arn(principal)
    return f"arn:aws:iam::{arn.account}:*" if arn.resource == "root" else principal


def reachable(topology: Topology, use: Use) -> str:
    """Return the pattern of the versions that an access role of a use may ever be given.

    A version of another project, which a pointer may still name after a change of promote.yaml, is
    none of them.
    """
    everything = use.environment.granularity is Granularity.ACCOUNT
    return f"{project_prefix(topology)}{'*' if everything else use.model.project}/version/*"
