"""The keys of promote.yaml that say what is promoted: the models and the account that runs them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from promote.config.kinds import (
    AccountId,
    Choice,
    Integer,
    JsonSchema,
    Number,
    Template,
    Text,
    UnusableError,
)
from promote.config.problems import shown
from promote.config.shapes import Either, Key, Listed, Section
from promote.config.source import Scalar

# What IAM would take for a wildcard or a variable is left out: the place becomes part of a policy.
_BELOW = re.compile(r"s3://[a-z0-9.-]+(/[A-Za-z0-9_.=+@,:!'()-]+)*/?")


@dataclass(frozen=True, slots=True)
class BucketLocation:
    """A bucket, or a prefix in one, below which objects may be read."""

    def value(self, scalar: Scalar) -> str:
        """Return the location."""
        if _BELOW.fullmatch(scalar.text) is None:
            raise UnusableError(f"expected s3://bucket/prefix/, found {shown(scalar.text)}")
        return scalar.text

    def schema(self) -> JsonSchema:
        """Describe it by its pattern."""
        return {"type": "string", "pattern": f"^{_BELOW.pattern}$"}


ML = Section(
    (
        Key("account", AccountId(), "the central account that trains and runs", required=True),
        Key(
            "quotas",
            Section(
                (
                    Key("running", Integer(1), "versions that may run at once", default=2),
                    Key("units", Integer(1), "inference units of one version", default=5),
                )
            ),
            "service quotas of the ML account in this Region; the defaults are AWS's",
        ),
        Key(
            "evaluations",
            BucketLocation(),
            "s3:// location of the summaries of evaluations, for the gates on them; null: none",
            nullable=True,
        ),
    )
)

_LABEL = Text("a label: 1 to 255 characters, not only spaces", r"(?=.*\S)[^\x00-\x1f\x7f]+")

MODEL = Section(
    (
        Key(
            "service",
            Choice(
                ("rekognition",),
                {
                    "transcribe": "the service Amazon Transcribe",
                    "comprehend": "the service Amazon Comprehend",
                    "frauddetector": "the service Amazon Fraud Detector",
                },
            ),
            "the AWS service that runs the model",
            default="rekognition",
        ),
        Key(
            "project",
            Text("the name of a Custom Labels project", "[a-zA-Z0-9_.-]{1,255}"),
            "the Custom Labels project that the versions are trained in",
            required=True,
        ),
        Key(
            "capacity",
            Section(
                (
                    Key("min", Integer(1), "inference units to start with", default=1),
                    Key("max", Integer(1), "units to scale up to; null: no scaling", nullable=True),
                )
            ),
            "inference units of a running version",
        ),
        Key("price", Number(), "US dollars per inference unit and hour", default=4.0),
        Key(
            "labels",
            Either(
                Listed(_LABEL, least=1),
                Section(
                    (
                        Key(
                            "ssm",
                            Template(),
                            "the SSM parameter of each target account that lists them",
                            required=True,
                        ),
                    )
                ),
            ),
            "labels that the applications understand, or {ssm: NAME} where they publish them",
        ),
    )
)
