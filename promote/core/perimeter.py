"""What promote.yaml says around the models: training images, protection, the pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class DataLake:
    """The bucket, in another account than the ML account, that holds the training images."""

    account: str
    bucket: str
    kms_key: str | None = None
    """The ARN of the KMS key that the bucket is encrypted with, if it is one of the account's."""
    trainers: tuple[str, ...] = ()
    """ARNs of the roles in the ML account that train."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardrails:
    """The policies of the organisation that protect the models, and who manages them."""

    account: str
    """The management account, or the one that Organizations has delegated policies to."""
    role: str | None = None
    """The ARN of the role there; None is the promoter's own credentials."""
    targets: tuple[str, ...]
    """What they are attached to: account ids, ids of organisational units, the root's id."""
    exempt: tuple[str, ...] = ()
    """ARNs of roles, beside the operators, that may create, delete, start and stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """The VPC in the CI/CD account, its own or shared with it, that verifications run in."""

    vpc: str
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """The pipelines in the CI/CD account, one for each model."""

    account: str
    """The CI/CD account, whose build roles are the promoters."""
    name: str = "promote-{model}"
    """What the pipeline of a model is called; its roles and projects begin with it."""
    image: str = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
    install: str = "aws-model-promote"
    """What pip installs in a build."""
    approval_timeout: timedelta = timedelta(hours=48)
    notify: tuple[str, ...] = ()
    """E-mail addresses that are told of waiting approvals, failures and stops."""
    retire: timedelta = timedelta(hours=1)
    """How often what is due is retired beside the executions."""
    boundary: str | None = None
    """The name of the managed policy that is every role's permissions boundary."""
