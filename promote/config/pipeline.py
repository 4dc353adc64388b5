"""The keys of the pipelines in CodePipeline, and what of them is checked together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from promote.config.kinds import AccountId, Duration, JsonSchema, Template, Text, UnusableError
from promote.config.problems import shown
from promote.config.reading import Settings
from promote.config.shapes import Key, Listed, Section
from promote.config.source import Scalar
from promote.core.perimeter import Pipeline, Verifier

# CodePipeline API reference, ActionTimeout: 5 to 86,400 minutes.
_LONGEST_APPROVAL = timedelta(days=60)
_UNIT = re.compile("ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}")


@dataclass(frozen=True, slots=True)
class NotYet:
    """A switch that can only be off, until what it switches on is built."""

    brought_by: str

    def value(self, scalar: Scalar) -> bool:
        """Return that it is off."""
        if scalar.plain and scalar.text == "false":
            return False
        if scalar.plain and scalar.text == "true":
            raise UnusableError(f"true is not supported yet: it comes with {self.brought_by}")
        raise UnusableError(f"expected false, found {shown(scalar.text)}")

    def schema(self) -> JsonSchema:
        """Describe it by its only value."""
        return {"const": False}


@dataclass(frozen=True, slots=True)
class ApprovalTimeout:
    """How long CodePipeline waits for an approval."""

    def value(self, scalar: Scalar) -> timedelta:
        """Return the time."""
        length = Duration(least="5m").value(scalar)
        if length > _LONGEST_APPROVAL:
            raise UnusableError(f"expected at most 60d, found {shown(scalar.text)}")
        return length

    def schema(self) -> JsonSchema:
        """Describe it as any duration."""
        return Duration(least="5m").schema()


def _ids(what: str, prefix: str) -> Listed:
    return Listed(Text(f"the id of {what} ({prefix}-…)", f"{prefix}-[0-9a-f]{{8,17}}"), least=1)


PIPELINE = Section(
    (
        Key("account", AccountId(), "the CI/CD account", required=True),
        Key(
            "name",
            Template(("model",)),
            "what a model's pipeline is called; its roles and projects begin with it",
            default="promote-{model}",
        ),
        Key(
            "image",
            Text("the name of an image for builds", "[^ \\t\\r\\n]+"),
            "the image that builds run in, with Python 3.11 or newer",
            default="aws/codebuild/amazonlinux-x86_64-standard:5.0",
        ),
        Key(
            "install",
            Text("one requirement that pip installs", "[A-Za-z0-9][^\\x00-\\x20]*"),
            "what pip installs in a build: this package, best with ==VERSION",
            default="aws-model-promote",
        ),
        Key(
            "approval_timeout",
            ApprovalTimeout(),
            "how long an approval is waited for, 5m to 60d",
            default="48h",
        ),
        Key(
            "notify",
            Listed(Text("an e-mail address", "[^@\\s]+@[^@\\s]+")),
            "told of waiting approvals, failures and stops",
            default=(),
        ),
        Key(
            "retire",
            Duration(least="1h"),
            "how often what is due is retired beside the executions",
            default="1h",
        ),
        Key(
            "watch",
            NotYet("pipelines that start when a model is trained"),
            "start the pipeline when a model is trained",
            default="false",
        ),
        Key(
            "boundary",
            Text("the name of a managed policy", "[A-Za-z0-9_+=,.@/-]+"),
            "managed policy, in every account, that is every role's permissions boundary",
            nullable=True,
        ),
    )
)

VERIFIER = Key(
    "verifier",
    Section(
        (
            Key(
                "vpc",
                Text("the id of a VPC (vpc-…)", "vpc-[0-9a-f]{8,17}"),
                "the VPC",
                required=True,
            ),
            Key("subnets", _ids("a subnet", "subnet"), "private subnets of it", required=True),
            Key(
                "security_groups",
                _ids("a security group", "sg"),
                "of the builds' network interfaces",
                required=True,
            ),
        )
    ),
    "a VPC of the CI/CD account, or shared with it, that the pipeline verifies from",
    nullable=True,
)

ORGANIZATIONAL_UNITS = Key(
    "organizational_units",
    Listed(Text("the id of an organisational unit (ou-…)", _UNIT.pattern)),
    "units whose accounts get the roles of a target from one StackSet",
    default=(),
)


def pipeline_of(settings: Settings) -> Pipeline:
    """Build what promote.yaml says of the pipelines."""
    usual = Pipeline(account="000000000000")
    return Pipeline(
        account=settings.get(str, "account", usual.account),
        name=settings.get(str, "name", usual.name),
        image=settings.get(str, "image", usual.image),
        install=settings.get(str, "install", usual.install),
        approval_timeout=settings.get(timedelta, "approval_timeout", usual.approval_timeout),
        notify=tuple(dict.fromkeys(settings.texts("notify"))),
        retire=settings.get(timedelta, "retire", usual.retire),
        boundary=settings.get(str, "boundary", None),
    )


def verifier_of(settings: Settings | None) -> Verifier | None:
    """Build what an environment says of where it is verified from; None says nothing."""
    if settings is None:
        return None
    return Verifier(
        vpc=settings.get(str, "vpc", ""),
        subnets=settings.texts("subnets"),
        security_groups=settings.texts("security_groups"),
    )
