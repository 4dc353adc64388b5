"""The policy documents that a topology wants, as template contexts.

There is one of each kind for each role or resource, and it always covers everything that this is
used for: a role shared by environments or models gets the union of their needs, whichever of them
somebody asks about. Rendering is not done here, so nothing here says what an action is called.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from promote.arn import parse_arn
from promote.core.policies.needs import NEEDS, access_policy_context, allowed_resources
from promote.core.policies.uses import Form, Scope, Use
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


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedDocument:
    """One policy document, before it is rendered."""

    kind: str
    """The kind of template."""
    attached_to: str
    """The ARN of a role, bucket, key or project (this one without its time of creation), the id of
    a Rekognition endpoint, the service and account of an STS endpoint, or ``organization``."""
    account: str | None
    """The account in which it is attached; None where promote.yaml does not tell."""
    name: str | None
    """The name of the policy; None for what has only one policy: trust, bucket, key, endpoint."""
    environments: tuple[str, ...]
    """The environments that it serves, in the order of promotion."""
    models: tuple[str, ...]
    """The models that it serves, in the order of the file."""
    context: Mapping[str, object]

    @property
    def of_role(self) -> bool:
        """Say whether it is an inline policy or the trust policy of a role."""
        return NEEDS[self.kind].form.of_role


def wanted_documents(
    topology: Topology,
    *,
    model: str | None = None,
    environment: str | None = None,
    versions: Sequence[str] = (),
    trusted: Sequence[str] = (),
) -> tuple[WantedDocument, ...]:
    """List all documents, or those that serve a model or an environment.

    A role of which the configuration says nothing (null) has no document, nor is there one that
    would say nothing, as for an access role at version granularity without versions.

    Args:
        topology: What promote.yaml says.
        model: Only those that serve this model.
        environment: Only those that serve this environment.
        versions: ARNs that the access roles shall allow; without `model`, each those of its own
            model's project. Those that `project-policy` documents let be copied.
        trusted: Who the promoter is: ARNs of roles, users or account roots, or account ids. A
            session stands for its role, whose path its ARN does not tell. Without any there are
            no `role-trust` and no `project-policy` documents.

    Returns:
        By kind, in a fixed order, then by what they are attached to.

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
    jobs = Counter(role for kind, role in grouped if NEEDS[kind].form is Form.JOB)
    models = [model.name for model in scope.topology.models]
    for kind, need in NEEDS.items():
        for place, uses in sorted((p, grouped[k, p]) for k, p in grouped if k == kind):
            context = need.context(scope, place, uses)
            if context is None:
                continue
            served = {use.model.name for use in uses}
            yield WantedDocument(
                kind=kind,
                attached_to=place,
                account=need.account(scope.topology, place, uses),
                name=_policy_name(kind, scope.topology, place, uses, alone=jobs[place] == 1),
                environments=tuple(dict.fromkeys(use.environment.name for use in uses)),
                models=tuple(name for name in models if name in served),
                context=context,
            )


def _grouped(scope: Scope) -> dict[tuple[str, str], list[Use]]:
    grouped: dict[tuple[str, str], list[Use]] = {}
    for use in _uses(scope.topology):
        for kind, need in NEEDS.items():
            for place in dict.fromkeys(need.attached(scope.topology, use)):
                if place is not None:
                    grouped.setdefault((kind, place), []).append(use)
    return grouped


def _uses(topology: Topology) -> Iterator[Use]:
    for environment in topology.environments:
        for model in topology.models:
            for target in topology.targets(model.name, environment):
                yield Use(model, environment, target)


def _policy_name(
    kind: str, topology: Topology, place: str, uses: Sequence[Use], *, alone: bool
) -> str | None:
    match NEEDS[kind].form:
        case Form.TRUST | Form.RESOURCE:
            return None
        case Form.ACCESS:
            return uses[0].target.policy_name
        case Form.BOUNDARY:
            return f"{parse_arn(place).name}-boundary"
        case Form.MANAGED:
            return parse_arn(place).name
        case Form.CONTROL:
            return f"promote-guardrail-{kind}-{topology.ml.account}"
        case Form.PROJECT:
            return POLICY_NAME
        case Form.JOB:
            # A role may have several jobs, as to read and to write: a policy for each.
            return POLICY_NAME if alone else f"{POLICY_NAME}-{kind}"


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
