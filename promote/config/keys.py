"""Every key of promote.yaml: its type, default and meaning, or what will bring it.

The reader, the JSON Schema and the editor's hints are all made from this table. A key that is not
built yet has its line here, so that it is refused by name and never read and ignored. Defaults are
written as a user would write them.
"""

from __future__ import annotations

from promote.config.gates import GATES
from promote.config.kinds import (
    AccountId,
    Choice,
    Duration,
    Integer,
    Location,
    Number,
    Region,
    Template,
    Text,
)
from promote.config.model import ML, MODEL
from promote.config.perimeter import DATA_LAKE, GUARDRAILS, RECORDS
from promote.config.pipeline import ORGANIZATIONAL_UNITS, PIPELINE, VERIFIER
from promote.config.shapes import Key, Listed, Named, Section
from promote.config.waves import WAVES

CUSTOM_LABELS_REGIONS = (
    "us-east-1",
    "us-east-2",
    "us-west-2",
    "eu-west-1",
    "eu-west-2",
    "eu-central-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "ap-northeast-2",
)
"""Where Custom Labels exists ("Amazon Rekognition endpoints and quotas", AWS General Reference)."""


def _later(name: str, meaning: str, brought_by: str) -> Key:
    return Key(name, None, meaning, later=brought_by)


_NAME = Text(
    "a name: lower-case letters, digits and hyphens (it becomes part of role names)",
    "[a-z0-9][a-z0-9-]*",
    length=48,
)
# In the ML account these two roles act for all models at once.
_OF_ENVIRONMENT = Template(("environment", "account", "region"))

_SMOKE = Section(
    (
        Key(
            "images",
            Location(s3=True, placeholders=("model", "environment")),
            "a folder <label>/*.png|jpg, a manifest, or s3://; null: no smoke test",
            nullable=True,
        ),
        Key("min_accuracy", Number(most=1), "share of images to be recognised", default=0.9),
        Key(
            "endpoint_url",
            Template(),
            "URL of the VPC endpoint to call the model through",
            nullable=True,
        ),
        _later(
            "through", "a function inside the VPC that runs the test", "smoke tests inside a VPC"
        ),
    )
)

SHARED = (
    Key(
        "reader_role",
        _OF_ENVIRONMENT,
        "reads in the ML account and in the target accounts; null: the promoter's own credentials",
        default="promote-reader",
        nullable=True,
    ),
    Key(
        "operator_role",
        _OF_ENVIRONMENT,
        "starts, stops and writes access-role policies in the ML account; null: as above",
        default="promote-operator-{environment}",
        nullable=True,
    ),
    Key(
        "deployer_role",
        Template(),
        "writes the pointer in a target account; null: the promoter's own credentials",
        default="promote-deployer",
        nullable=True,
    ),
    Key(
        "smoke_role",
        Template(),
        "assumes the access role from a target account, as a consumer would; null: as above",
        default="promote-smoke",
        nullable=True,
    ),
    Key(
        "access_role",
        Template(),
        "the role in the ML account that applications assume to use the model",
        default="{model}-{environment}",
    ),
    Key("external_id", Template(), "external id of the access role's trust", nullable=True),
    Key("consumers", Listed(Template()), "roles that assume the access role", default=()),
    Key(
        "pointer",
        Section(
            (
                Key(
                    "ssm",
                    Template(),
                    "the SSM parameter that holds the version's ARN",
                    default="/models/{model}/version-arn",
                    required=True,
                ),
                _later("appconfig", "an AppConfig profile", "AppConfig pointers"),
            )
        ),
        "where applications read which version to use",
    ),
    Key(
        "policy_name",
        Template(),
        "name of the inline policy on the access role",
        default="promote-{model}",
    ),
    Key(
        "granularity",
        Choice(("version", "project", "account"), {}),
        "how much an access role allows: single versions, the project's, or all of the account",
        default="version",
    ),
    Key(
        "propagation",
        Section(
            (
                Key("consecutive", Integer(1), "successes in a row, each session fresh", default=3),
                Key("deadline", Duration(), "how long that may take", default="5m"),
            )
        ),
        "when a changed policy counts as being in force",
    ),
    Key(
        "deadlines",
        Section(
            (
                Key("start", Duration(), "how long a version may take to start", default="30m"),
                Key("stop", Duration(), "how long a version may take to stop", default="30m"),
            )
        ),
        "how long the model service may take",
    ),
    Key(
        "drain",
        Duration(instant=True),
        "how long the old version stays after the switch: longer than applications cache",
        default="5m",
    ),
    Key(
        "keep_warm",
        Duration(instant=True),
        "how long the old version stays allowed and running as well, for an instant way back",
        default="0s",
    ),
    Key("smoke", _SMOKE, "the test through the access role before anything is switched"),
    Key(
        "vpc_endpoints",
        Listed(Text("the id of a VPC endpoint (vpce-…)", "vpce-[0-9a-f]{8,17}")),
        "the access role works through these VPC endpoints only",
        default=(),
    ),
    *WAVES,
    VERIFIER,
    Key("gates", GATES, "what must hold before a promotion; never before a rollback"),
    _later("manage_trust", "whether the trust policy is written as well", "managed trust policies"),
)
"""The keys of `defaults` and of every environment."""

ENVIRONMENT = Section(
    (
        Key("name", _NAME, "the environment's name", required=True),
        Key("accounts", Listed(AccountId(), least=1), "the target accounts", required=True),
        Key(
            "after",
            Listed(Text("the name of an environment", ".+"), alone=True),
            "environments that a version must have passed before",
            default=(),
        ),
        ORGANIZATIONAL_UNITS,
        *SHARED,
    )
)

ROOT = Section(
    (
        Key("version", Integer(1, 1), "the version of this file's format", required=True),
        Key(
            "region",
            Region("Amazon Rekognition Custom Labels", CUSTOM_LABELS_REGIONS),
            "the Region of the models and pointers",
            required=True,
        ),
        Key(
            "organization",
            Text("the id of an AWS organization (o-…)", "o-[a-z0-9]{10,32}"),
            "required of every AWS principal that is trusted",
            nullable=True,
        ),
        Key(
            "ledger",
            Location(s3=True),
            "directory or s3://bucket/prefix of records and locks; null: .promote/ on loopback",
            nullable=True,
        ),
        Key(
            "lease",
            Duration(least="2m"),
            "how long a model's lock outlives the last sign of life of its owner",
            default="2m",
        ),
        Key(
            "templates",
            Location(),
            "directory with your own policy templates, proved like ours",
            nullable=True,
        ),
        Key("records", RECORDS, "how the records of promotions are kept"),
        Key("ml", ML, "the account where the models are", required=True),
        Key("data_lake", DATA_LAKE, "the bucket of another account that training reads from"),
        Key("guardrails", GUARDRAILS, "policies of the organisation that protect the models"),
        Key("pipeline", PIPELINE, "the pipelines in AWS CodePipeline, one for each model"),
        Key("models", Named(_NAME, MODEL), "the models, by name", required=True),
        Key("defaults", Section(SHARED), "what environments share; each may set it anew"),
        Key(
            "environments",
            Listed(ENVIRONMENT, least=1),
            "the environments, in the order of promotion",
            required=True,
        ),
    )
)
