"""What the roles of the builds in the CI/CD account must say, as template contexts.

Each kind of build has a role of its own that can do what its stage does: a plan becomes readers
alone, a promotion the operator and deployers of its own environment and no other's. In target
accounts a role is named by its name, not by its account: accounts come and go, and the pipeline
stays. There the organisation is asked for (without one, the accounts are listed), and each of
these roles trusts only the builds that are meant (`role-trust`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from promote.arn import role_arn
from promote.core.pipeline.names import Names, builders
from promote.core.pipeline.shape import StageKind
from promote.core.policies.uses import Form, Need, Scope, Use
from promote.core.seal import ALGORITHM
from promote.core.topology import Environment, Topology

_Context = dict[str, object]
_TARGET_ROLES = {
    StageKind.PLAN: (),
    StageKind.PROMOTE: ("deployer_role", "smoke_role"),
    StageKind.VERIFY: ("smoke_role",),
    StageKind.RETIRE: ("smoke_role",),
}


def _role(kind: StageKind) -> Need:
    return Need(
        lambda topology, use: _names(topology, use, kind),
        lambda scope, _role, uses: _CONTEXTS[kind](scope, uses),
        Form.JOB,
    )


def _names(topology: Topology, use: Use, kind: StageKind) -> tuple[str, ...]:
    if topology.pipeline is None:
        return ()
    return (Names(topology, use.model.name).role_of(kind, use.environment.name),)


def names_of(scope: Scope, uses: Sequence[Use]) -> Names:
    """Return the names of the pipeline that uses belong to."""
    return Names(scope.topology, uses[0].model.name)


def store_of(names: Names) -> _Context:
    """Return where artifacts lie, and by what key and through what service they are read."""
    return {
        "bucket": f"arn:aws:s3:::{names.foundation.artifacts}",
        "artifacts": names.artifacts,
        "key": names.foundation.key,
        "storage": f"s3.{names.topology.region}.amazonaws.com",
    }


def _logs(names: Names, *projects: str) -> _Context:
    groups = [f"log-group:/aws/codebuild/{each}:log-stream:*" for each in projects]
    return {"logs": sorted(names.foundation.arn("logs", each) for each in groups)}


def _report(names: Names, project: str) -> _Context:
    return {"report_group": names.foundation.arn("codebuild", f"report-group/{project}")}


def _validate(scope: Scope, uses: Sequence[Use]) -> _Context:
    names = names_of(scope, uses)
    return {**_logs(names, names.build(StageKind.VALIDATE).name), **store_of(names)}


def _plan(scope: Scope, uses: Sequence[Use]) -> _Context:
    names, environment = names_of(scope, uses), uses[0].environment
    return {
        **_logs(names, names.build(StageKind.PLAN, environment.name).name),
        **store_of(names),
        **_readers(scope.topology),
        **_ledger(names),
    }


def _promote(scope: Scope, uses: Sequence[Use]) -> _Context:
    names, environment = names_of(scope, uses), uses[0].environment
    project = names.build(StageKind.PROMOTE, environment.name).name
    return {
        **_logs(names, project),
        **_report(names, project),
        **store_of(names),
        **_readers(scope.topology),
        **_hands(scope.topology, StageKind.PROMOTE, (environment,)),
        "operators": _operators(scope.topology, (environment,)),
        **_ledger(names),
        **_signing(scope.topology),
        **_images(names, environment),
        "pipeline": names.arn,
    }


def _verify(scope: Scope, uses: Sequence[Use]) -> _Context:
    names, environment = names_of(scope, uses), uses[0].environment
    project = names.build(StageKind.VERIFY, environment.name).name
    return {
        **_logs(names, project),
        **_report(names, project),
        **store_of(names),
        **_readers(scope.topology),
        **_hands(scope.topology, StageKind.VERIFY, (environment,)),
        **_ledger(names),
        **_images(names, environment),
        **_network(names, environment),
    }


def _retire(scope: Scope, uses: Sequence[Use]) -> _Context:
    names, everywhere = names_of(scope, uses), scope.topology.environments
    return {
        **_logs(names, names.build(StageKind.RETIRE).name, names.sweep),
        **store_of(names),
        "request": f"arn:aws:s3:::{names.foundation.artifacts}/{names.request}",
        **_readers(scope.topology),
        **_hands(scope.topology, StageKind.RETIRE, everywhere),
        "operators": _operators(scope.topology, everywhere),
        **_ledger(names),
    }


_CONTEXTS = {
    StageKind.VALIDATE: _validate,
    StageKind.PLAN: _plan,
    StageKind.PROMOTE: _promote,
    StageKind.VERIFY: _verify,
    StageKind.RETIRE: _retire,
}


def _readers(topology: Topology) -> _Context:
    """Return the readers of every environment: what runs and what is named counts everywhere."""
    own = {topology.ml_reader(each) for each in topology.environments}
    roles = (_anywhere(topology, each, each.reader_role) for each in topology.environments)
    return {
        "ml_readers": sorted(role for role in own if role is not None),
        "readers": sorted({role for role in roles if role is not None}),
        **_within(topology, "", topology.environments),
    }


def _hands(topology: Topology, kind: StageKind, environments: Iterable[Environment]) -> _Context:
    """Return what a build becomes in the target accounts beside their reader."""
    some = tuple(environments)
    roles = {
        _anywhere(topology, each, getattr(each, name))
        for each in some
        for name in _TARGET_ROLES[kind]
    }
    return {
        "target_roles": sorted(role for role in roles if role is not None),
        **_within(topology, "target_", some),
    }


def _within(topology: Topology, prefix: str, environments: Iterable[Environment]) -> _Context:
    """Return what narrows roles of any account: the organisation, or else the very accounts."""
    accounts = {account for each in environments for account in each.accounts}
    inside = topology.organization is not None
    return {
        "organization": topology.organization,
        f"{prefix}accounts": [] if inside else sorted(accounts),
    }


def _anywhere(topology: Topology, environment: Environment, role: str | None) -> str | None:
    """Return the pattern of a role's ARN in whatever target account."""
    if role is None:
        return None
    return role_arn("*", topology.fill(role, environment=environment.name, account="*"))


def _operators(topology: Topology, environments: Iterable[Environment]) -> list[str]:
    found = {topology.operator(each) for each in environments}
    return sorted(role for role in found if role is not None)


def _ledger(names: Names) -> _Context:
    """Return the part of the ledger that is this model's."""
    scheme, _, place = (names.topology.ledger or "").partition("://")
    if scheme != "s3":
        return {"ledger": None, "ledger_objects": None, "ledger_prefix": None}
    bucket, _, prefix = place.partition("/")
    below = f"{prefix.removesuffix('/')}/{names.model}/*" if prefix else f"{names.model}/*"
    arn = f"arn:aws:s3:::{bucket}"
    return {"ledger": arn, "ledger_objects": f"{arn}/{below}", "ledger_prefix": below}


def _signing(topology: Topology) -> _Context:
    return {"signing_key": topology.signing_key, "algorithm": ALGORITHM}


def _images(names: Names, environment: Environment) -> _Context:
    """Return where the images of tests lie, as far as that is in S3."""
    golden = environment.gates.golden
    places = {names.topology.images(names.model, environment)}
    if golden is not None and golden.images is not None:
        filled = names.topology.fill(golden.images, model=names.model, environment=environment.name)
        places.add(filled)
    found = [_below(place) for place in places if place is not None and place.startswith("s3://")]
    return {
        "images": sorted(f"arn:aws:s3:::{bucket}/{prefix}*" for bucket, prefix in found),
        "image_buckets": sorted({f"arn:aws:s3:::{bucket}" for bucket, _ in found}),
        "image_prefixes": sorted({f"{prefix}*" for _, prefix in found}),
    }


def _below(place: str) -> tuple[str, str]:
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    return bucket, f"{prefix.rstrip('/')}/" if prefix else ""


def _network(names: Names, environment: Environment) -> _Context:
    """Return what a build in a VPC needs for its network interface."""
    verifier = environment.verifier
    if verifier is None:
        return {"subnets": [], "interfaces": None}
    arn = names.foundation.arn
    return {
        "subnets": sorted(arn("ec2", f"subnet/{each}") for each in verifier.subnets),
        "interfaces": arn("ec2", "network-interface/*"),
    }


def builds_of(topology: Topology, use: Use, role: str) -> tuple[str, ...]:
    """Return the patterns of the ARNs of the builds' roles that become a role because of a use."""
    if topology.pipeline is None:
        return ()
    target, found = use.target, set[str]()
    everywhere = (StageKind.PLAN, StageKind.PROMOTE, StageKind.VERIFY, StageKind.RETIRE)
    here = {
        topology.operator(use.environment): (StageKind.PROMOTE, StageKind.RETIRE),
        target.deployer_role: (StageKind.PROMOTE,),
        target.smoke_role: (StageKind.PROMOTE, StageKind.VERIFY, StageKind.RETIRE),
    }
    if role in (topology.ml_reader(use.environment), target.reader_role):
        found.update(builders(topology, *everywhere))
    for each, kinds in here.items():
        if each == role:
            found.update(builders(topology, *kinds, environment=use.environment.name))
    return tuple(found)


BUILDS = {f"build-{kind.value}": _role(kind) for kind in _CONTEXTS}
"""The kinds of the builds' roles, in the order of listing."""
