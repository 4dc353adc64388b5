"""The keys of what lies around the promotions: training images, guardrails, records."""

from __future__ import annotations

import re
from dataclasses import dataclass

from promote.config.kinds import AccountId, JsonSchema, Template, Text, UnusableError
from promote.config.problems import shown
from promote.config.shapes import Key, Listed, Section
from promote.config.source import Scalar

# Organizations API Reference, AttachPolicy, TargetId: an account, a unit or the root.
TARGET = re.compile("[0-9]{12}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}|r-[0-9a-z]{4,32}")
_ARN = re.compile("arn(:[^:]*){4}:.+")


@dataclass(frozen=True, slots=True)
class PolicyTarget:
    """What a policy of the organisation is attached to."""

    def value(self, scalar: Scalar) -> str:
        """Return the id."""
        text = scalar.text
        if TARGET.fullmatch(text) is None:
            expected = 'an account id in quotes, the id of a unit ("ou-…") or of the root ("r-…")'
            raise UnusableError(f"{shown(text)} is not {expected}")
        return AccountId().value(scalar) if text.isdecimal() else text

    def schema(self) -> JsonSchema:
        """Describe it by its pattern."""
        return {"type": "string", "pattern": f"^({TARGET.pattern})$"}


@dataclass(frozen=True, slots=True)
class ArnOf:
    """The ARN of something; what exactly it must be is for the rules about names to say."""

    what: str

    def value(self, scalar: Scalar) -> str:
        """Return the ARN."""
        if _ARN.fullmatch(scalar.text) is None:
            raise UnusableError(f"{shown(scalar.text)} is not the ARN of {self.what}")
        return scalar.text

    def schema(self) -> JsonSchema:
        """Describe it by its pattern."""
        return {"type": "string", "pattern": f"^{_ARN.pattern}$"}


_SIGNING_KEY = re.compile("arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]{1,256}")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The ARN of a KMS key, not of one of its aliases: what an alias means may change."""

    def value(self, scalar: Scalar) -> str:
        """Return the ARN."""
        if _SIGNING_KEY.fullmatch(scalar.text) is None:
            expected = "the ARN of a KMS key (arn:aws:kms:REGION:ACCOUNT:key/ID), not of an alias"
            raise UnusableError(f"{shown(scalar.text)} is not {expected}")
        return scalar.text

    def schema(self) -> JsonSchema:
        """Describe it by its pattern."""
        return {"type": "string", "pattern": f"^{_SIGNING_KEY.pattern}$"}


# One role in one account: there is no model and no environment to name.
_ROLE = Template(("account", "region"))

DATA_LAKE = Section(
    (
        Key("account", AccountId(), "the account that owns the bucket", required=True),
        Key("bucket", Text("the name of a bucket", ".+"), "holds the images", required=True),
        Key(
            "kms_key",
            ArnOf("a KMS key"),
            "the KMS key that the bucket is encrypted with; null: none of yours",
            nullable=True,
        ),
        Key("trainers", Listed(_ROLE), "roles of the ML account that train models", default=()),
    )
)

GUARDRAILS = Section(
    (
        Key(
            "account",
            AccountId(),
            "the organisation's management account, or its delegated administrator",
            required=True,
        ),
        Key(
            "role",
            _ROLE,
            "manages the guardrails in that account; null: the promoter's own credentials",
            default="promote-guardrails",
            nullable=True,
        ),
        Key(
            "targets",
            Listed(PolicyTarget(), least=1),
            "accounts (in quotes), units (ou-…) or the root (r-…) that they are attached to",
            required=True,
        ),
        Key(
            "exempt",
            Listed(ArnOf("a role")),
            "roles that the guardrails leave alone, beside the operators",
            default=(),
        ),
    )
)

RECORDS = Section(
    (
        Key(
            "signing_key",
            SigningKey(),
            "asymmetric KMS key (ECC_NIST_P256) that signs the end of each promotion; null: none",
            nullable=True,
        ),
    )
)
