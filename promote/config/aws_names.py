"""AWS's rules for names, applied to names as they are after the placeholders are filled.

Each function returns what is wrong as the rest of a sentence, or None.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from promote.arn import Arn, is_account_id, parse_arn
from promote.config.problems import shown

# Stricter than IAM about paths: `*` and `?` are wildcards once the ARN stands in a condition.
_ROLE = re.compile(r"role/([A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=,.@-]+")
_POLICY = re.compile(r"[A-Za-z0-9_+=,.@-]{1,128}")
_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_+=,.@:/-]{2,1224}")
_PARAMETER = re.compile(r"(/[A-Za-z0-9_.-]+)+")
# S3 user guide, "General purpose bucket naming rules".
_BUCKET = re.compile(r"[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"[0-9]+(\.[0-9]+){3}")
_RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
# KMS developer guide, "Key identifiers": a UUID, for keys of several Regions after mrk-.
_KEY = re.compile(
    r"key/(mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
)
_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
_ROLE_NAME_LENGTH = 64
_PATH_LENGTH = 512
_LEVELS = 15
_PARAMETER_ARN_LENGTH = 1011


def role_fault(text: str, accounts: Collection[str] = ()) -> str | None:
    """Judge the ARN of a role (IAM API Reference, Role); `accounts` are where it may be."""
    try:
        arn = parse_arn(text)
    except ValueError as error:
        return str(error)
    if (arn.partition, arn.service, arn.region) != ("aws", "iam", ""):
        return f"{shown(text)} is not the ARN of an IAM role"
    if _ROLE.fullmatch(arn.resource) is None:
        return f"{shown(text)} is not a role: letters, digits and _+=,.@- with an optional path/"
    if len(arn.name) > _ROLE_NAME_LENGTH:
        return f"the role name {arn.name!r} has {len(arn.name)} characters; IAM allows 64"
    if len(arn.resource) - len(arn.name) > _PATH_LENGTH:
        return f"the path of {shown(text)} is longer than the 512 characters that IAM allows"
    if accounts and arn.account not in accounts:
        expected = " or ".join(sorted(accounts))
        return f"{text} is in account {shown(arn.account)}, but must be in {expected}"
    return None


def policy_name_fault(text: str) -> str | None:
    """Judge the name of an inline policy (IAM API Reference, PutRolePolicy)."""
    if _POLICY.fullmatch(text):
        return None
    return f"{shown(text)} is not a policy name: up to 128 letters, digits and _+=,.@-"


def external_id_fault(text: str) -> str | None:
    """Judge an external id (STS API Reference, AssumeRole)."""
    if _EXTERNAL_ID.fullmatch(text):
        return None
    return f"{shown(text)} is not an external id: 2 to 1224 letters, digits and _+=,.@:/-"


def bucket_fault(text: str) -> str | None:
    """Judge the name of a general purpose bucket."""
    reserved = text.startswith(_RESERVED_PREFIXES) or text.endswith(_RESERVED_SUFFIXES)
    if _BUCKET.fullmatch(text) is None or _ADDRESS.fullmatch(text) or reserved:
        allowed = "3 to 63 lower-case letters, digits, '.' and '-', none that S3 keeps for itself"
        return f"{shown(text)} is not the name of a bucket: {allowed}"
    return None


def key_fault(text: str, *, region: str) -> str | None:
    """Judge the ARN of a KMS key that encrypts a bucket, and so is in the bucket's Region."""
    try:
        arn = parse_arn(text)
    except ValueError as error:
        return str(error)
    if (arn.partition, arn.service) != ("aws", "kms") or _KEY.fullmatch(arn.resource) is None:
        return f"{shown(text)} is not the ARN of a KMS key: arn:aws:kms:region:account:key/id"
    if not is_account_id(arn.account):
        return f"{shown(text)} is in no account: {shown(arn.account)}"
    if arn.region != region:
        return f"{text} is in {shown(arn.region)}, but the models and the bucket are in {region}"
    return None


def parameter_fault(text: str, *, region: str, account: str) -> str | None:
    """Judge the name of a parameter (SSM API Reference, PutParameter)."""
    if _PARAMETER.fullmatch(text) is None:
        allowed = "'/' and then letters, digits, _ . - in levels separated by '/'"
        return f"{shown(text)} is not a parameter name: {allowed}"
    levels = text.split("/")[1:]
    if len(levels) > _LEVELS:
        return f"{shown(text)} has {len(levels)} levels; SSM allows {_LEVELS}"
    if levels[0].lower().startswith(("aws", "ssm")):
        return f"{shown(text)} begins with 'aws' or 'ssm', which SSM keeps for itself"
    whole = str(Arn("aws", "ssm", region, account, f"parameter{text}"))
    if len(whole) > _PARAMETER_ARN_LENGTH:
        return f"{shown(text)} is too long: its ARN may have {_PARAMETER_ARN_LENGTH} characters"
    return None


def url_fault(text: str) -> str | None:
    """Judge the URL of an endpoint: it is called as it is, and appears in logs."""
    try:
        url = urlsplit(text)
        usable = url.scheme in {"http", "https"} and _HOST.fullmatch(url.hostname or "") is not None
        plain = usable and url.port != 0 and not (url.query or url.fragment)
    except ValueError:
        plain = False
        url = urlsplit("")
    if "@" in url.netloc:
        return "a URL with a user or password in it is refused, since it would appear in logs"
    return None if plain else f"{shown(text)} is not the URL of an endpoint: https://host"
