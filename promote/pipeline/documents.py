"""The proved policies of the roles in the stacks, and what stands in them for what is not known.

The id of the KMS key is known to KMS alone: its ARN becomes an import of the foundation's export.
One template serves every account of an environment: its policies are rendered and proved for one
account that nobody has, whose id then becomes ``AWS::AccountId``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from promote.arn import parse_arn
from promote.core.observation import Json
from promote.core.pipeline.names import KEY_EXPORT, Foundation, settings
from promote.core.policies.documents import WantedDocument, wanted_documents
from promote.core.policies.implied import accounts_of
from promote.core.policies.proof import Render
from promote.core.topology import Environment, Topology
from promote.errors import InputError

Value = object
TRUSTS = frozenset({"access-role-trust", "role-trust", "service-trust"})
"""The kinds of documents that say who becomes a role."""


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents of some accounts, each rendered and proved when it is asked for."""

    topology: Topology
    render: Render
    wanted: tuple[WantedDocument, ...]

    def one(self, kind: str) -> Json:
        """Return the only document of a kind."""
        (found,) = (each for each in self.wanted if each.kind == kind)
        return self.render(kind, found.context)

    def ledger(self, bucket: str) -> Json:
        """Return the policy of the ledger's bucket."""
        found = self.of("ledger", bucket)
        if found is None:
            raise InputError(
                "No ledger for the pipeline",
                "promote.yaml names no ledger in S3, and builds have no directory in common.",
                "Name one:\n    ledger: s3://BUCKET/promote",
            )
        return found

    def of(self, kind: str, attached_to: str) -> Json | None:
        """Return the document of a kind that is attached to something, if there is one."""
        for each in self.wanted:
            if (each.kind, each.attached_to) == (kind, attached_to):
                return self.render(kind, each.context)
        return None

    def roles(self, account: str) -> tuple[str, ...]:
        """Return the ARNs of the roles of an account that have a trust document, sorted."""
        found = {each.attached_to for each in self.wanted if each.kind in TRUSTS}
        return tuple(sorted(role for role in found if parse_arn(role).account == account))

    def attached(self, arn: str) -> tuple[WantedDocument, ...]:
        """Return the documents of a role."""
        return tuple(each for each in self.wanted if each.attached_to == arn)


def documents_of(topology: Topology, render: Render, accounts: Iterable[str]) -> Documents:
    """Return the documents of what is in some accounts."""
    chosen = frozenset(accounts)
    trusted = (settings(topology).account,)
    found = wanted_documents(topology, trusted=trusted)
    mine = [_by_builds_alone(e) for e in found if e.account in chosen or e.kind == "ledger"]
    return Documents(topology, render, tuple(mine))


def _by_builds_alone(wanted: WantedDocument) -> WantedDocument:
    """Leave the trust of roles to the builds: other promoters are for each account to name."""
    if wanted.kind != "role-trust":
        return wanted
    return replace(wanted, context={**wanted.context, "trusted": []})


def boundary(topology: Topology, account: str) -> str | None:
    """Return the ARN of the permissions boundary of roles in an account, or None."""
    name = settings(topology).boundary
    return None if name is None else f"arn:aws:iam::{account}:policy/{name.strip('/')}"


def for_marker(topology: Topology, environment: Environment) -> tuple[Topology, str]:
    """Return the topology with one account, that nobody has, in the place of an environment's."""
    taken = accounts_of(topology) | {settings(topology).account}
    marker = next(text for n in range(10**12 - 1, 0, -1) if (text := f"{n:012d}") not in taken)
    alone = replace(environment, accounts=(marker,), waves=())
    others = tuple(
        alone if each.name == environment.name else each for each in topology.environments
    )
    return replace(topology, environments=others), marker


def imported_key(topology: Topology) -> Callable[[Value], Value]:
    """Return what puts the import of the foundation's key in the place of its ARN."""
    arn = Foundation(topology).key
    return lambda value: _mapped(value, lambda text: imported() if text == arn else text)


def imported() -> dict[str, Value]:
    """Return the ARN of the foundation's key, as another stack imports it."""
    return {"Fn::ImportValue": KEY_EXPORT}


def own_key(topology: Topology) -> Callable[[Value], Value]:
    """Return what puts the foundation's own key in the place of its ARN."""
    arn, key = Foundation(topology).key, {"Fn::GetAtt": ["Key", "Arn"]}
    return lambda value: _mapped(value, lambda text: key if text == arn else text)


def any_account(marker: str) -> Callable[[Value], Value]:
    """Return what puts the account of the stack in the place of a marker account."""

    def substituted(text: str) -> Value:
        if marker not in text:
            return text
        # In Fn::Sub a policy variable is written ${!aws:…}.
        return {"Fn::Sub": text.replace("${", "${!").replace(marker, "${AWS::AccountId}")}

    return lambda value: _mapped(value, substituted)


def _mapped(value: Value, change: Callable[[str], Value]) -> Value:
    match value:
        case str():
            return change(value)
        case Mapping():
            return {key: _mapped(one, change) for key, one in value.items()}
        case list() | tuple():
            return [_mapped(one, change) for one in value]
    return value
