"""Rules about which condition key is tested, for which actions."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from promote.iam import catalogue
from promote.iam.catalogue import ActionEntry
from promote.iam.condition_keys import condition_key, fills, global_key, known_names
from promote.iam.lint.conditions import each
from promote.iam.lint.examples import BUCKET, ENDPOINT, EXTERNAL_ID, bucket, identity, trust
from promote.iam.lint.resources import entries
from promote.iam.lint.rules import Hit, Rule, Severity, hit
from promote.iam.lint.view import Document

# Tags are global keys by name, but only some actions and resources have them.
_TAGS = ("aws:requesttag/", "aws:resourcetag/", "aws:tagkeys")
# Permissions without a request of their own: they are asked for by one of the AssumeRole actions.
_ACCOMPANYING = ("sts:SetSourceIdentity", "sts:TagSession")


def _unknown_keys(document: Document) -> Iterator[Hit]:
    for _, one in each(document):
        prefix, colon, _ = one.lower_key.partition(":")
        # The keys of identity providers are named after their domain.
        elsewhere = prefix in catalogue.prefixes() - set(catalogue.services()) or "." in prefix
        if condition_key(one.key) is None and not (colon and (elsewhere or prefix == "saml")):
            near = difflib.get_close_matches(one.key, known_names(), n=2)
            said = (
                f"Did you mean {' or '.join(near)}?" if near else "Look it up in the IAM reference."
            )
            yield hit(one.place, key=one.key, said=said)


def _supports(entry: ActionEntry, key: str) -> bool:
    if entry.name in _ACCOMPANYING:
        return any(_supports(one, key) for one in catalogue.matching("sts:AssumeRole*"))
    of_types = catalogue.resource_keys(entry.name.partition(":")[0])
    of_resources = (template for name in entry.resource_types for template in of_types[name])
    return any(fills(template, key) for template in (*entry.condition_keys, *of_resources))


def _is_specific(key: str) -> bool:
    """Say whether a key is one that only some actions have."""
    return key.lower().startswith(_TAGS) or global_key(key) is None


def _foreign_keys(document: Document) -> Iterator[Hit]:
    for clause, one in each(document):
        prefix = one.lower_key.partition(":")[0]
        known = [catalogue.matching(text.value) for text in clause.actions]
        if prefix not in catalogue.prefixes() or not _is_specific(one.key) or not all(known):
            continue
        services = {entry.name.partition(":")[0] for found in known for entry in found}
        supported = any(_supports(entry, one.key) for found in known for entry in found)
        if services and prefix not in services and not supported:
            yield hit(one.place, key=one.key, services=", ".join(sorted(services)))


def _unsupported_keys(document: Document) -> Iterator[Hit]:
    for clause, one in each(document):
        prefix = one.lower_key.partition(":")[0]
        if not _is_specific(one.key) or one.operator == "Null" or condition_key(one.key) is None:
            continue
        for action in clause.actions if not one.if_exists else ():
            found = entries([action])
            own = prefix == "aws" or any(e.name.startswith(f"{prefix}:") for e in found)
            if found and own and not any(_supports(entry, one.key) for entry in found):
                yield hit(one.place, key=one.key, action=action.value)
                break


RULES = (
    Rule(
        id="PR402",
        severity=Severity.ERROR,
        message="{key} is no condition key, so it is absent from every request.",
        remedy="{said}",
        bad=identity(Condition={"StringEquals": {"aws:SourceVpcEndpoint": ENDPOINT}}),
        good=identity(Condition={"StringEquals": {"aws:SourceVpce": ENDPOINT}}),
        check=_unknown_keys,
    ),
    Rule(
        id="PR403",
        severity=Severity.ERROR,
        message="{key} is absent from requests to {services}.",
        remedy="Choose a key that these actions have, or move them into a statement of their own.",
        bad=identity(Condition=EXTERNAL_ID),
        good=trust(),
        check=_foreign_keys,
    ),
    Rule(
        id="PR404",
        severity=Severity.WARNING,
        message="{key} is absent from requests for {action}.",
        remedy="Choose a key that the action has, or move it into a statement of its own.",
        bad=bucket(Condition={"StringEquals": {"s3:prefix": "images/"}}),
        good=bucket(
            Action="s3:ListBucket",
            Resource=BUCKET,
            Condition={"StringEquals": {"s3:prefix": "images/"}},
        ),
        check=_unsupported_keys,
    ),
)
