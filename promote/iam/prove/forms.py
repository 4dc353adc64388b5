"""Forms of realistic values: they do not limit a proof, but choose the witness that it shows."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from functools import cache

from promote.iam import catalogue
from promote.iam.prove.cells import Pattern, Step, literal, some, wildcard

_LOWER = string.ascii_lowercase + string.digits
_NAME = string.ascii_letters + string.digits + "_+=,.@-"
_PATH = _NAME + "/"
_VISIBLE = "".join(map(chr, range(0x21, 0x7F)))
_HEX = string.digits + "abcdef"

_FIELD = re.compile(r"\$\{(\w+)\}")
_FIELDS: dict[str, Pattern] = {
    "Partition": literal("aws"),
    "Region": some(_LOWER + "-"),
    "Account": some(string.digits, 12),
    "CreationTimestamp": some(string.digits),
    "ProjectName": some(_NAME),
    "VersionName": some(_NAME),
    "BucketName": some(_LOWER + ".-"),
}

ACTION: Pattern = (*some(_LOWER + "-"), *literal(":"), *some(_LOWER))
"""An action in lower case, which is how IAM compares it."""

# Paths may have any visible character (IAM API Reference, CreateRole, Path).
_NAMED = (Step(frozenset(_VISIBLE), repeat=True), Step(frozenset(_VISIBLE) - {"/"}))
_PARTITION = (*literal("aws"), Step(frozenset(_LOWER + "-"), repeat=True))

IAM_PRINCIPALS: tuple[Pattern, ...] = tuple(
    (*literal("arn:"), *_PARTITION, *literal(f":{service}::"), *some(string.digits, 12), *rest)
    for service, rest in (
        ("iam", (*literal(":role/"), *_NAMED)),
        ("iam", (*literal(":user/"), *_NAMED)),
        ("iam", literal(":root")),
        ("sts", (*literal(":federated-user/"), *_NAMED)),
    )
)
"""Every ARN that ``aws:PrincipalArn`` can have (IAM reference, "Specifying a principal")."""

_KEYS: dict[str, Pattern] = {
    "aws:principalorgid": (*literal("o-"), *some(_LOWER, 10)),
    "aws:sourceaccount": some(string.digits, 12),
    "aws:sourcevpce": (*literal("vpce-"), *some(_HEX, 17)),
    "kms:calleraccount": some(string.digits, 12),
    "sts:externalid": (*some(_NAME + ":/", 2), *wildcard("*")),
}


def of_key(key: str) -> tuple[Pattern, ...]:
    """Return the form of a condition key's values, if it is known; the key in lower case."""
    return (_KEYS[key],) if key in _KEYS else ()


@cache
def of_format(arn_format: str) -> Pattern:
    """Return the form of an ARN that the Service Authorization Reference gives with fields."""
    found: list[Pattern] = []
    for index, part in enumerate(_FIELD.split(arn_format)):
        is_field = index % 2 == 1
        found.append(_FIELDS.get(part, some(_PATH)) if is_field else literal(part))
    return tuple(step for pattern in found for step in pattern)


def known_actions(patterns: Iterable[str]) -> tuple[str, ...]:
    """List real actions that action patterns may tell apart: all of the services they name.

    Those on the same types of resource as the actions that are named whole come first.
    """
    services = {pattern.partition(":")[0].lower() for pattern in patterns}
    # What only ``*`` covers is shown best by the services that promotions are about.
    among = services | ({"rekognition", "sts", "iam", "s3"} if "*" in services else set())
    entries = [each for one in sorted(among) for each in catalogue.actions(one).values()]
    named = {pattern.lower() for pattern in patterns}
    types = {one for each in entries if each.name.lower() in named for one in each.resource_types}
    entries.sort(key=lambda each: types.isdisjoint(each.resource_types))
    return tuple(each.name for each in entries)
