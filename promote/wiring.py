"""The one place that chooses concrete adapters for a topology."""

from __future__ import annotations

import functools
import ipaddress
import secrets
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from promote.aws.alarms import CloudWatchAlarms
from promote.aws.analyzer import AccessAnalyzer
from promote.aws.clock import SystemClock
from promote.aws.codepipeline import CodePipelines
from promote.aws.formation import AwsFormation
from promote.aws.identities import StsIdentities
from promote.aws.images import Images
from promote.aws.organizations import AwsOrganization
from promote.aws.profiles import open_session
from promote.aws.roles import IamAccessRoles
from promote.aws.sessions import Sessions
from promote.aws.signing import KmsSigner
from promote.core.policies.proof import Render, proving
from promote.core.topology import Environment, Topology
from promote.errors import InputError
from promote.ledger import store
from promote.pointers import pointer
from promote.ports import Clock, PolicyAnalyzer, Store, World
from promote.ports.formation import Yard
from promote.ports.organization import Oversight
from promote.services import service
from promote.templates import render, template_path

if TYPE_CHECKING:
    import boto3


def system_clock() -> Clock:
    """Return the machine's own clock."""
    return SystemClock()


def new_promotion_id(clock: Clock) -> str:
    """Return an id that sorts by time and can be a session's name."""
    return f"promote-{clock.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def open_world(
    topology: Topology,
    *,
    clock: Clock,
    session_name: str,
    session: boto3.Session | None = None,
    ledger: Store | None = None,
    analyzer: PolicyAnalyzer | None = None,
) -> World:
    """Choose every adapter; nothing is asked of AWS yet.

    Args:
        topology: What promote.yaml says.
        clock: The time.
        session_name: What the sessions of assumed roles are called, so that CloudTrail in every
            account tells which promotion it was.
        session: Where the promoter's own credentials come from; None is boto3's usual chain.
        ledger: Where records and locks are kept; None opens what the topology names.
        analyzer: Who else is asked about documents; None is IAM Access Analyzer.

    Raises:
        InputError: The ledger cannot be opened, or an adapter that the topology names is missing.
    """
    cancelled = threading.Event()
    sessions = Sessions(
        session, topology.region, session_name=session_name, clock=clock, cancelled=cancelled
    )
    return World(
        clock=clock,
        identities=StsIdentities(sessions),
        services={model.service: service(model.service, sessions) for model in topology.models},
        pointers={kind: pointer(kind, sessions) for kind in _kinds(topology.environments)},
        roles=IamAccessRoles(sessions),
        alarms=CloudWatchAlarms(sessions),
        pipelines=CodePipelines(sessions),
        analyzer=analyzer or AccessAnalyzer(sessions),
        store=ledger or _open_ledger(topology, sessions),
        images=Images(Path(topology.directory), sessions),
        signer=KmsSigner(sessions),
        cancelled=cancelled,
    )


def open_oversight(
    topology: Topology,
    *,
    clock: Clock,
    session_name: str,
    session: boto3.Session | None = None,
) -> Oversight:
    """Choose the adapters that guardrails need; nothing is asked of AWS yet."""
    sessions = Sessions(session, topology.region, session_name=session_name, clock=clock)
    return Oversight(
        clock=clock,
        identities=StsIdentities(sessions),
        organization=AwsOrganization(sessions),
    )


def open_yard(
    topology: Topology,
    *,
    clock: Clock,
    session_name: str,
    session: boto3.Session | None = None,
) -> Yard:
    """Choose the adapters that deploying stacks needs; nothing is asked of AWS yet."""

    @functools.cache
    def sessions(profile: str | None) -> Sessions:
        chosen = session if profile is None else open_session(profile)
        return Sessions(chosen, topology.region, session_name=session_name, clock=clock)

    return Yard(
        clock=clock,
        identities=StsIdentities(sessions(None)),
        formation=AwsFormation(sessions),
    )


def proving_renderer(topology: Topology) -> Render:
    """Return what renders a topology's policies, its own templates first, each document proved."""
    own = topology.templates
    directory = None if own is None else Path(topology.directory, own)
    return proving(
        functools.partial(render, directory=directory),
        lambda kind: str(template_path(kind, directory)),
    )


def _kinds(environments: tuple[Environment, ...]) -> set[str]:
    return {environment.pointer.kind for environment in environments}


def _open_ledger(topology: Topology, sessions: Sessions) -> Store:
    """Open the ledger; without one in promote.yaml a directory serves, in the sandbox only.

    Raises:
        InputError: promote.yaml names no ledger and this is not a local endpoint.
    """
    location = topology.ledger
    if location is None:
        endpoint = sessions.client("sts", role=None).meta.endpoint_url
        if not _is_loopback(endpoint):
            raise InputError(
                "No ledger",
                "promote.yaml names no ledger. A directory on this machine is taken only for the "
                f"sandbox, since others could not see its lock and records; {endpoint} is AWS.",
                "Name one that everybody who promotes can reach, in promote.yaml:\n"
                "    ledger: s3://BUCKET/promote",
            )
        location = ".promote/ledger"
    if "://" not in location:
        location = str(Path(topology.directory, location))
    return store(location, sessions)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
