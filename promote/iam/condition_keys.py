"""What is known of each condition key: its spelling, its type, whether it has several values.

The keys of services come from the catalogue. The global ones are in no data of AWS that can be
read by a program, so they are a table here, from the IAM User Guide, "AWS global condition context
keys" (reference_policies_condition-keys.html, as of autumn 2026: data type and value type of each).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from promote.iam import catalogue

_ARRAY = "ArrayOf"


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """One condition key.

    Attributes:
        name: In its canonical spelling; a part to fill in is written ``${Name}``.
        type: "String", "ARN", "Bool", "Date", "IPAddress" or "Numeric"; "" where the documentation
            names more than one.
        multivalued: Whether one request can carry several values of it.
    """

    name: str
    type: str
    multivalued: bool


GLOBAL_KEYS: Mapping[str, str] = MappingProxyType(
    {
        # Properties of the principal.
        "aws:PrincipalAccount": "String",
        "aws:PrincipalArn": "ARN",
        "aws:PrincipalIsAWSService": "Bool",
        "aws:PrincipalOrgID": "String",
        "aws:PrincipalOrgPaths": "ArrayOfString",
        "aws:PrincipalServiceName": "String",
        "aws:PrincipalServiceNamesList": "ArrayOfString",
        "aws:PrincipalTag/${TagKey}": "String",
        "aws:PrincipalType": "String",
        "aws:userid": "String",
        "aws:username": "String",
        # Properties of a role session.
        "aws:AssumedRoot": "Bool",
        "aws:ChatbotSourceArn": "ARN",
        "aws:Ec2InstanceSourcePrivateIPv4": "IPAddress",
        "aws:Ec2InstanceSourceVpc": "String",
        "aws:FederatedProvider": "",  # A text or an ARN, depending on the provider.
        "aws:MultiFactorAuthAge": "Numeric",
        "aws:MultiFactorAuthPresent": "Bool",
        "aws:SignInSessionArn": "ARN",
        "aws:SourceIdentity": "String",
        "aws:TokenIssueTime": "Date",
        "codebuild:BuildArn": "ARN",
        "codebuild:ProjectArn": "ARN",
        "ec2:RoleDelivery": "Numeric",
        "ec2:SourceInstanceArn": "ARN",
        "glue:CredentialIssuingService": "String",
        "glue:RoleAssumedBy": "String",
        "identitystore:UserId": "String",
        "lambda:SourceFunctionArn": "ARN",
        "ssm:SourceInstanceArn": "ARN",
        # Properties of the network.
        "aws:SourceIp": "IPAddress",
        "aws:SourceVpc": "String",
        "aws:SourceVpcArn": "ARN",
        "aws:SourceVpce": "String",
        "aws:VpceAccount": "String",
        "aws:VpceOrgID": "String",
        "aws:VpceOrgPaths": "ArrayOfString",
        "aws:VpcSourceIp": "IPAddress",
        # Properties of the resource.
        "aws:ResourceAccount": "String",
        "aws:ResourceOrgID": "String",
        "aws:ResourceOrgPaths": "ArrayOfString",
        "aws:ResourceTag/${TagKey}": "String",
        # Properties of the request.
        "aws:CalledVia": "ArrayOfString",
        "aws:CalledViaAWSMCP": "String",
        "aws:CalledViaFirst": "String",
        "aws:CalledViaLast": "String",
        "aws:CurrentTime": "Date",
        "aws:EpochTime": "",  # A date or a number.
        "aws:IsMcpServiceAction": "Bool",
        "aws:referer": "String",
        "aws:RequestedRegion": "String",
        "aws:RequestTag/${TagKey}": "String",
        "aws:SecureTransport": "Bool",
        "aws:SourceAccount": "String",
        "aws:SourceArn": "ARN",
        "aws:SourceOrgID": "String",
        "aws:SourceOrgPaths": "ArrayOfString",
        "aws:TagKeys": "ArrayOfString",
        "aws:UserAgent": "String",
        "aws:ViaAWSMCPService": "Bool",
        "aws:ViaAWSService": "Bool",
    }
)
"""The type of every global key, and of those that one service sets on calls to any other."""

SENSITIVE = frozenset(
    {
        "aws:principalaccount",
        "aws:principalorgid",
        "aws:resourceaccount",
        "aws:resourceorgid",
        "aws:sourceaccount",
        "aws:sourceorgid",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:vpceaccount",
        "aws:vpceorgid",
    }
)
"""Keys, in lower case, in whose values AWS sees no valid use of a wildcard (same page, "Sensitive
condition keys")."""


def global_key(name: str) -> KeyEntry | None:
    """Return the global key of a name in whatever case, or None if there is none."""
    return _find(name, _globals())


def condition_key(name: str) -> KeyEntry | None:
    """Return the key of a name in whatever case, global or of a service of the catalogue."""
    return _find(name, _globals()) or _find(name, _of_services())


def known_names() -> tuple[str, ...]:
    """List every key that is known, for suggestions."""
    return tuple(entry.name for index in (_globals(), _of_services()) for entry in index.values())


def fills(template: str, name: str) -> bool:
    """Say whether a name is a key of the reference, whose parts in ``${}`` may be any text."""
    return _pattern(template).fullmatch(name.lower()) is not None


def _find(name: str, index: Mapping[str, KeyEntry]) -> KeyEntry | None:
    found = index.get(name.lower())
    if found is not None:
        return found
    templates = (entry for entry in index.values() if _is_template(entry.name))
    return next((entry for entry in templates if fills(entry.name, name)), None)


def _is_template(name: str) -> bool:
    return "${" in name or "<" in name


@cache
def _pattern(template: str) -> re.Pattern[str]:
    # The reference writes a part to fill in as ${Name}, and in some keys of S3 as <name>.
    literal = re.split(r"\$\{[^}]*\}|<[^>]*>", template.lower())
    return re.compile(".+".join(map(re.escape, literal)))


@cache
def _globals() -> Mapping[str, KeyEntry]:
    return {name.lower(): _entry(name, kind) for name, kind in GLOBAL_KEYS.items()}


@cache
def _of_services() -> Mapping[str, KeyEntry]:
    return {
        name.lower(): _entry(name, kind)
        for service in catalogue.services()
        for name, kind in catalogue.condition_keys(service).items()
    }


def _entry(name: str, kind: str) -> KeyEntry:
    return KeyEntry(name, kind.removeprefix(_ARRAY), kind.startswith(_ARRAY))
