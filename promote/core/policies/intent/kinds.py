"""Every kind of document with what it must say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from promote.core.policies.intent import foundation, guardrails, pipeline, resources, roles
from promote.core.policies.intent.building import Context
from promote.errors import PolicyError
from promote.iam.elements import Kind, Policy, Statement

_Intent = Callable[[Context], tuple[Statement, ...]]

_INTENTS: Mapping[str, tuple[Kind, _Intent]] = MappingProxyType(
    {
        "access-role": (Kind.IDENTITY, roles.access_role),
        "access-role-trust": (Kind.TRUST, roles.access_role_trust),
        "approver": (Kind.IDENTITY, pipeline.approver),
        "artifact-bucket": (Kind.BUCKET, foundation.artifact_bucket),
        "boundary": (Kind.BOUNDARY, roles.access_role),
        "build-plan": (Kind.IDENTITY, pipeline.plan),
        "build-promote": (Kind.IDENTITY, pipeline.promote),
        "build-retire": (Kind.IDENTITY, pipeline.retire),
        "build-validate": (Kind.IDENTITY, pipeline.validate),
        "build-verify": (Kind.IDENTITY, pipeline.verify),
        "consumer": (Kind.IDENTITY, roles.consumer),
        "data-lake-bucket": (Kind.BUCKET, resources.data_lake_bucket),
        "data-lake-key": (Kind.KEY, resources.data_lake_key),
        "deployer": (Kind.IDENTITY, roles.deployer),
        "events": (Kind.IDENTITY, pipeline.events),
        "guardrails": (Kind.IDENTITY, guardrails.guardrails),
        "ledger": (Kind.BUCKET, resources.ledger),
        "log-bucket": (Kind.BUCKET, foundation.log_bucket),
        "operator": (Kind.IDENTITY, roles.operator),
        "pipeline": (Kind.IDENTITY, pipeline.pipeline),
        "pipeline-key": (Kind.KEY, foundation.pipeline_key),
        "project-policy": (Kind.PROJECT, resources.project_policy),
        "rcp": (Kind.RCP, guardrails.rcp),
        "reader-ml": (Kind.IDENTITY, roles.reader_ml),
        "reader-target": (Kind.IDENTITY, roles.reader_target),
        "records-key": (Kind.KEY, resources.records_key),
        "rekognition-endpoint": (Kind.ENDPOINT, resources.rekognition_endpoint),
        "role-trust": (Kind.TRUST, roles.role_trust),
        "scp": (Kind.SCP, guardrails.scp),
        "service-trust": (Kind.TRUST, pipeline.service_trust),
        # What works for the smoke test is what works for an application: they may do the same.
        "smoke": (Kind.IDENTITY, roles.consumer),
        "sts-endpoint": (Kind.ENDPOINT, resources.sts_endpoint),
    }
)


def planned(kind: str, context: Mapping[str, object]) -> Policy:
    """Say what a document of a kind must say for a context; its name is the kind's.

    The statements are in the template's order, have no Sids (nothing is decided by them), and are
    spelled as `promote.iam.document.parse` reads them.

    Args:
        kind: The kind of template.
        context: The same values that the template is rendered with.

    Raises:
        PolicyError: No intent is known for the kind, the context lacks a value, or a statement
            would be about nothing.
    """
    if kind not in _INTENTS:
        known = ", ".join(_INTENTS)
        detail = f"Nothing says what a document of kind {kind!r} must say. Known are {known}."
        raise PolicyError("Policy cannot be proved", detail)
    where, intent = _INTENTS[kind]
    return Policy(where, intent(context), kind)
