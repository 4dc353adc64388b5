"""Amazon Resource Names: the only module that splits on a colon.

Grammar of Custom Labels ARNs: Service Authorization Reference for Amazon Rekognition, and the
patterns in botocore's service model. The trailing number of a project or version ARN is its own
creation time in epoch milliseconds, so a project's ARN cannot be derived from a version's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ACCOUNT_ID = re.compile(r"\d{12}")
_VERSION = re.compile(r"project/([a-zA-Z0-9_.\-]{1,255})/version/([a-zA-Z0-9_.\-]{1,255})/(\d+)")
_PARTS = 6


@dataclass(frozen=True, slots=True)
class Arn:
    """One parsed ARN; `str` gives back exactly the text that was parsed."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        """Write the ARN in its usual form."""
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"

    @property
    def name(self) -> str:
        """The resource's last segment: of ``role/teams/ml/promote-reader``, ``promote-reader``."""
        return self.resource.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class VersionArn:
    """What the ARN of a Custom Labels model version says."""

    account: str
    region: str
    project: str
    version: str


def is_account_id(text: str) -> bool:
    """Say whether `text` is an AWS account id: exactly twelve digits."""
    return _ACCOUNT_ID.fullmatch(text) is not None


def parse_arn(text: str) -> Arn:
    """Parse an ARN.

    Raises:
        ValueError: `text` has not the six colon-separated parts of an ARN.
    """
    parts = text.split(":", _PARTS - 1)
    if len(parts) != _PARTS or parts[0] != "arn" or not parts[1] or not parts[2] or not parts[5]:
        msg = f"{text!r} is not an ARN (arn:partition:service:region:account:resource)"
        raise ValueError(msg)
    return Arn(*parts[1:])


def parse_version_arn(text: str) -> VersionArn | None:
    """Read the ARN of a Custom Labels version, or return None if `text` is anything else."""
    try:
        arn = parse_arn(text)
    except ValueError:
        return None
    match = _VERSION.fullmatch(arn.resource)
    if arn.service != "rekognition" or match is None or not is_account_id(arn.account):
        return None
    return VersionArn(arn.account, arn.region, match[1], match[2])


def short_version(text: str) -> str:
    """Return the version's name if `text` is a version's ARN, else `text` as it is."""
    parsed = parse_version_arn(text)
    return parsed.version if parsed else text


def role_arn(account: str, role: str) -> str:
    """Return the ARN of a role given by name, by path and name, or already by ARN."""
    return role if role.startswith("arn:") else f"arn:aws:iam::{account}:role/{role.strip('/')}"


def assumed_role_arn(role: str, session_name: str) -> str:
    """Return the ARN of a session of `role`; STS leaves the role's path out of it."""
    arn = parse_arn(role)
    return f"arn:{arn.partition}:sts::{arn.account}:assumed-role/{arn.name}/{session_name}"
