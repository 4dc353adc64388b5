"""Tell what a change of a stack means for who may do what, by its policies before and after."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from promote.core.bootstrap import Change
from promote.core.observation import Json
from promote.core.policies.difference import compare
from promote.errors import PolicyError
from promote.iam.document import Kind

_DOCUMENTS: Final[Mapping[str, Mapping[str, Kind]]] = {
    "AWS::IAM::ManagedPolicy": {"PolicyDocument": Kind.IDENTITY},
    "AWS::IAM::Policy": {"PolicyDocument": Kind.IDENTITY},
    "AWS::IAM::Role": {"AssumeRolePolicyDocument": Kind.TRUST},
    "AWS::KMS::Key": {"KeyPolicy": Kind.KEY},
    "AWS::S3::BucketPolicy": {"PolicyDocument": Kind.BUCKET},
}
"""The properties of each type that are policy documents."""


@dataclass(frozen=True, slots=True)
class _Document:
    """One policy document of a resource, as it was and as it will be."""

    name: str
    kind: Kind
    before: Json | None
    after: Json | None


def access_changes(change: Change) -> tuple[str, ...]:
    """Say how a modification of a resource changes what policies allow, a line each.

    What cannot be compared, such as a document that is known only after the change, is said.
    """
    if change.action != "Modify":
        return ()
    return tuple(line for each in _documents(change) for line in _lines(change, each))


def _lines(change: Change, document: _Document) -> Iterator[str]:
    if document.after is None or document.before is None:
        yield f"{document.name} is {'removed' if document.after is None else 'new'}"
        return
    try:
        # What will be stands where a comparison has what is live: its words are about that side.
        compared = compare(
            document.after,
            document.before,
            kind="foreign",
            attached_to=change.physical or change.logical,
            name=document.name,
            document_kind=document.kind,
        )
    except PolicyError as error:
        yield f"{document.name} cannot be judged: {error.detail or error.summary}"
        return
    for each in compared.differences:
        place = f" {each.place}" if each.place else ""
        yield f"{document.name}{place} {each.says}"


def _documents(change: Change) -> Iterator[_Document]:
    """Yield the policy documents of a resource that change."""
    for name, kind in _DOCUMENTS.get(change.type, {}).items():
        before, after = _read(change.before.get(name)), _read(change.after.get(name))
        if before != after:
            yield _Document(name, kind, before, after)
    if change.type == "AWS::IAM::Role":
        was, will_be = _inline(change.before), _inline(change.after)
        for name in sorted(was.keys() | will_be.keys()):
            before, after = was.get(name), will_be.get(name)
            if before != after:
                yield _Document(f"policy {name}", Kind.IDENTITY, before, after)


def _inline(properties: Json) -> dict[str, Json]:
    policies = properties.get("Policies")
    found = {}
    for each in policies if isinstance(policies, list) else []:
        document = _read(each.get("PolicyDocument")) if isinstance(each, Mapping) else None
        if document is not None:
            found[str(each.get("PolicyName", ""))] = document
    return found


def _read(value: object) -> Json | None:
    """Return a document, which a change set may show as text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return None
    return value if isinstance(value, Mapping) else None
