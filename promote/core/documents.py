"""The policy documents that a topology wants: one of each kind for each role, as template contexts.

A document belongs to a role's ARN and always covers everything that the role is used for: a role
shared by environments or models gets the union of their needs, whichever of them somebody asks
about. Rendering is not done here, so nothing here says what an action is called.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from promote.arn import parse_arn
from promote.core.needs import (
    NEEDS,
    TRUSTS,
    Scope,
    Use,
    access_policy_context,
    allowed_resources,
)
from promote.core.topology import Topology
from promote.errors import InputError
from promote.iam.spelling import account_root

__all__ = [
    "POLICY_NAME",
    "WantedDocument",
    "access_policy_context",
    "allowed_resources",
    "wanted_documents",
]

POLICY_NAME = "promote"
"""The inline policy of every role but an access role, whose own name the topology gives."""

_JOBS = frozenset(NEEDS) - TRUSTS - {"access-role"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedDocument:
    """One policy document, before it is rendered."""

    kind: str
    """The kind of template."""
    role: str
    """The ARN of the role that it belongs to."""
    account: str
    """The account of the role."""
    name: str | None
    """The name of the inline policy; None for a trust policy."""
    environments: tuple[str, ...]
    """The environments that the role serves, in the order of promotion."""
    models: tuple[str, ...]
    """The models that the role serves, in the order of the file."""
    context: Mapping[str, object]


def wanted_documents(
    topology: Topology,
    *,
    model: str | None = None,
    environment: str | None = None,
    versions: Sequence[str] = (),
    trusted: Sequence[str] = (),
) -> tuple[WantedDocument, ...]:
    """List the documents of all roles, or of those that serve a model or an environment.

    A role of which the configuration says nothing (null) has no document, nor has one that would
    allow nothing: an access role at version granularity without versions.

    Args:
        topology: What promote.yaml says.
        model: Only the roles that serve this model.
        environment: Only the roles that serve this environment.
        versions: ARNs that the access roles shall allow; without `model`, each those of its own
            model's project.
        trusted: Who the promoter is: ARNs of roles, users or account roots, or account ids. A
            session stands for its role, whose path its ARN does not tell. Without any there are
            no `role-trust` documents.

    Returns:
        By kind, in a fixed order, then by role.

    Raises:
        NotFoundError: promote.yaml has no such model or environment.
        InputError: One of `trusted` is no principal, or more than one.
    """
    scope = Scope(topology, model, environment, tuple(versions), _principals(trusted))
    asked_models = {topology.model(model).name} if model else set()
    asked_environments = {topology.environment(environment).name} if environment else set()
    return tuple(
        document
        for document in _documents(scope)
        if asked_models <= set(document.models) and asked_environments <= set(document.environments)
    )


def _documents(scope: Scope) -> Iterator[WantedDocument]:
    grouped = _grouped(scope)
    jobs = Counter(role for kind, role in grouped if kind in _JOBS)
    models = [model.name for model in scope.topology.models]
    for kind in NEEDS:
        for role, uses in sorted((role, grouped[k, role]) for k, role in grouped if k == kind):
            context = NEEDS[kind].context(scope, uses)
            if context is None:
                continue
            served = {use.model.name for use in uses}
            yield WantedDocument(
                kind=kind,
                role=role,
                account=parse_arn(role).account,
                name=_policy_name(kind, uses, jobs[role]),
                environments=tuple(dict.fromkeys(use.environment.name for use in uses)),
                models=tuple(name for name in models if name in served),
                context=context,
            )


def _grouped(scope: Scope) -> dict[tuple[str, str], list[Use]]:
    grouped: dict[tuple[str, str], list[Use]] = {}
    for use in _uses(scope.topology):
        for kind, need in NEEDS.items():
            for role in dict.fromkeys(need.roles(scope.topology, use)):
                if role is not None:
                    grouped.setdefault((kind, role), []).append(use)
    return grouped


def _uses(topology: Topology) -> Iterator[Use]:
    for environment in topology.environments:
        for model in topology.models:
            for target in topology.targets(model.name, environment):
                yield Use(model, environment, target)


def _policy_name(kind: str, uses: Sequence[Use], jobs: int) -> str | None:
    if kind in TRUSTS:
        return None
    if kind not in _JOBS:
        return uses[0].target.policy_name
    # A role may have several jobs, for instance to read and to write: a policy for each.
    return POLICY_NAME if jobs == 1 else f"{POLICY_NAME}-{kind}"


def _principals(trusted: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({_lasting(account_root(one)) for one in trusted}))


def _lasting(principal: str) -> str:
    """Return the role of a session, which is gone within hours; any other principal as it is."""
    try:
        arn = parse_arn(principal)
    except ValueError as error:
        raise _no_principal(principal) from error
    kind, _, rest = arn.resource.partition("/")
    match arn.service, kind:
        case "sts", "assumed-role":
            return f"arn:{arn.partition}:iam::{arn.account}:role/{rest.partition('/')[0]}"
        case "iam", "role" | "user" | "root" if "*" not in principal and "?" not in principal:
            return principal
    raise _no_principal(principal)


def _no_principal(principal: str) -> InputError:
    return InputError(
        "Not a principal",
        f"{principal!r} cannot be trusted to assume a role. Expected the ARN of a role, a user, a "
        "session or an account's root without wildcards, or an account id of twelve digits.",
        "To see your own:\n    aws sts get-caller-identity",
    )
