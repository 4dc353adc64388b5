"""What the policies in the CI/CD account beside those of builds must say, as template contexts.

The pipelines themselves, the schedule, those who approve, and what all of them share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from promote.arn import parse_arn
from promote.core.pipeline.names import Foundation, Names, ledger_bucket
from promote.core.pipeline.shape import StageKind, stages
from promote.core.policies.builds import BUILDS, names_of, store_of
from promote.core.policies.uses import Form, Need, Scope, Use
from promote.core.topology import Topology
from promote.iam.spelling import account_root

_Context = dict[str, object]
_CODEBUILD = "codebuild.amazonaws.com"


def _pipeline_role(topology: Topology, use: Use) -> tuple[str, ...]:
    if topology.pipeline is None:
        return ()
    names = Names(topology, use.model.name)
    return (names.role(f"{names.pipeline}-pipeline"),)


def _pipeline(scope: Scope, _role: str, uses: Sequence[Use]) -> _Context:
    names = names_of(scope, uses)
    region = scope.topology.region
    return {
        **store_of(names),
        "storage": [f"s3.{region}.amazonaws.com", f"sns.{region}.amazonaws.com"],
        "request": f"arn:aws:s3:::{names.foundation.artifacts}/{names.request}",
        "projects": sorted(names.project(each.name) for each in names.builds()),
        "topic": names.foundation.topic,
    }


def _events_role(topology: Topology, use: Use) -> tuple[str, ...]:
    if topology.pipeline is None:
        return ()
    names = Names(topology, use.model.name)
    return (names.role(f"{names.pipeline}-events"),)


def _events(scope: Scope, _role: str, uses: Sequence[Use]) -> _Context:
    names = names_of(scope, uses)
    return {"project": names.project(names.sweep)}


def _approver_policy(topology: Topology, use: Use) -> tuple[str, ...]:
    if topology.pipeline is None or use.environment.gates.approval is None:
        return ()
    return (Names(topology, use.model.name).approver,)


def _approver(scope: Scope, _policy: str, uses: Sequence[Use]) -> _Context:
    names = names_of(scope, uses)
    found = stages(scope.topology, names.model)
    asked = [e for e in found if e.kind is StageKind.APPROVE]
    return {
        "pipeline": names.arn,
        "approvals": sorted(
            f"{names.arn}/{e.name}/{action}" for e in asked for action in e.actions
        ),
    }


def _service_roles(topology: Topology, use: Use) -> Iterator[str]:
    if topology.pipeline is not None:
        names = Names(topology, use.model.name)
        yield from _pipeline_role(topology, use)
        yield from (names.role(each.name) for each in names.builds())
        yield from _events_role(topology, use)


def _service_trust(scope: Scope, role: str, uses: Sequence[Use]) -> _Context:
    names = names_of(scope, uses)
    name = parse_arn(role).name
    service, sources = _CODEBUILD, [names.project(name)]
    if name == names.build(StageKind.RETIRE).name:
        sources.append(names.project(names.sweep))
    elif name == f"{names.pipeline}-pipeline":
        service, sources = "codepipeline.amazonaws.com", [names.arn]
    elif name == f"{names.pipeline}-events":
        rule = names.foundation.arn("events", f"rule/{names.rule('sweep')}")
        service, sources = "events.amazonaws.com", [rule]
    return {"service": service, "account": names.foundation.account, "sources": sources}


def _key_arn(topology: Topology, _use: Use) -> tuple[str, ...]:
    return () if topology.pipeline is None else (Foundation(topology).key,)


def _key(scope: Scope, _key: str, _uses: Sequence[Use]) -> _Context:
    shared = Foundation(scope.topology)
    return {
        "root": account_root(shared.account),
        "logs_service": f"logs.{scope.topology.region}.amazonaws.com",
        "log_groups": shared.arn("logs", f"log-group:/aws/codebuild/{shared.pipelines}"),
        "topic": shared.topic,
    }


def _artifacts_arn(topology: Topology, _use: Use) -> tuple[str, ...]:
    return () if topology.pipeline is None else (f"arn:aws:s3:::{Foundation(topology).artifacts}",)


def _artifacts(scope: Scope, bucket: str, _uses: Sequence[Use]) -> _Context:
    shared = Foundation(scope.topology)
    return {
        "bucket": bucket,
        "objects": f"{bucket}/*",
        "account": shared.account,
        "key": shared.key,
    }


def _access_logs_arn(topology: Topology, _use: Use) -> tuple[str, ...]:
    if topology.pipeline is None:
        return ()
    return (f"arn:aws:s3:::{Foundation(topology).access_logs}",)


def _access_logs(scope: Scope, bucket: str, _uses: Sequence[Use]) -> _Context:
    shared = Foundation(scope.topology)
    buckets = {shared.artifacts, ledger_bucket(scope.topology)} - {None}
    return {
        "bucket": bucket,
        "objects": f"{bucket}/*",
        "account": shared.account,
        "sources": sorted(f"arn:aws:s3:::{each}" for each in buckets),
    }


def _cicd(topology: Topology, _where: str, _uses: Sequence[Use]) -> str | None:
    return None if topology.pipeline is None else topology.pipeline.account


CICD = {
    "pipeline": Need(_pipeline_role, _pipeline, Form.JOB),
    **BUILDS,
    "events": Need(_events_role, _events, Form.JOB),
    "approver": Need(_approver_policy, _approver, Form.MANAGED),
    "service-trust": Need(_service_roles, _service_trust, Form.TRUST),
    "pipeline-key": Need(_key_arn, _key, Form.RESOURCE),
    "artifact-bucket": Need(_artifacts_arn, _artifacts, Form.RESOURCE, _cicd),
    "log-bucket": Need(_access_logs_arn, _access_logs, Form.RESOURCE, _cicd),
}
"""The kinds of the CI/CD account, in the order of listing."""
