"""Clients of AWS services for every role the promoter can walk into: cached, shared, lazy.

One botocore session serves the whole process. A client for a role is made from it with explicit
temporary credentials, which costs a tenth of a session for each account, in time and in memory.
How clients are made is in `promote.aws.clients`.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, cast, overload

from promote.arn import parse_arn
from promote.aws.clients import Clients, Service
from promote.aws.clock import SystemClock
from promote.aws.throttling import Traffic
from promote.aws.translation import translated
from promote.ports import Clock, Credentials

if TYPE_CHECKING:
    import boto3
    from botocore.client import BaseClient
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_codepipeline import CodePipelineClient
    from types_boto3_iam import IAMClient
    from types_boto3_kms import KMSClient
    from types_boto3_organizations import OrganizationsClient
    from types_boto3_rekognition import RekognitionClient
    from types_boto3_s3 import S3Client
    from types_boto3_ssm import SSMClient
    from types_boto3_sts import STSClient

RENEW_BEFORE = timedelta(minutes=10)
"""A role's clients are made anew when its credentials live no longer than this."""

_LIFETIME = 3600  # seconds; the most that role chaining allows
_FOREIGN_CLIENTS = 32
_NOT_IN_A_SESSION_NAME = re.compile(r"[^\w+=,.@-]", re.ASCII)
_LONGEST_SESSION_NAME = 64


@dataclass(frozen=True, slots=True)
class _Keys:
    """Temporary credentials; their `repr` shows no secret."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires_at: datetime


@dataclass(slots=True)
class _Identity:
    """One role, or the promoter itself, with what was made for it."""

    role: str | None
    lock: threading.Lock = field(default_factory=threading.Lock)
    keys: _Keys | None = None
    clients: dict[tuple[Service, bool], BaseClient] = field(default_factory=dict)


def session_name(text: str) -> str:
    """Turn `text` into a role session name that STS accepts: at most 64 characters, at least 2."""
    return _NOT_IN_A_SESSION_NAME.sub("-", text)[:_LONGEST_SESSION_NAME].ljust(2, "-")


def account_of(role: str | None) -> str:
    """Return the account that a role belongs to; empty for the promoter's own."""
    return "" if role is None else parse_arn(role).account


class Sessions:
    """Every client that the process needs; safe for use by many threads.

    Args:
        session: Where the promoter's own credentials come from; None is boto3's usual chain, asked
            when the first client is needed.
        region: The Region of all clients.
        session_name: What the sessions of assumed roles are called in CloudTrail.
        endpoint_url: An endpoint for every service; None leaves it to botocore, which honours
            ``AWS_ENDPOINT_URL``.
        clock: For the life of credentials and the pace of calls.
        cancelled: When it is set, no write is repeated any more.
    """

    def __init__(
        self,
        session: boto3.Session | None,
        region: str,
        *,
        session_name: str,
        endpoint_url: str | None = None,
        clock: Clock | None = None,
        cancelled: threading.Event | None = None,
    ) -> None:
        self.region = region
        self.clock = clock or SystemClock()
        self.traffic = Traffic(self.clock, cancelled=cancelled)
        self._session_name = session_name
        self._clients = Clients(session, region, endpoint_url)
        self._lock = threading.Lock()
        self._identities: dict[str | None, _Identity] = {}
        self._foreign: OrderedDict[tuple[str, str | None], BaseClient] = OrderedDict()

    @overload
    def client(
        self, service: Literal["accessanalyzer"], *, role: str | None, writing: bool = False
    ) -> BaseClient: ...

    @overload
    def client(
        self, service: Literal["cloudformation"], *, role: str | None, writing: bool = False
    ) -> CloudFormationClient: ...

    @overload
    def client(
        self, service: Literal["cloudwatch"], *, role: str | None, writing: bool = False
    ) -> CloudWatchClient: ...

    @overload
    def client(
        self, service: Literal["codepipeline"], *, role: str | None, writing: bool = False
    ) -> CodePipelineClient: ...

    @overload
    def client(
        self, service: Literal["iam"], *, role: str | None, writing: bool = False
    ) -> IAMClient: ...

    @overload
    def client(
        self, service: Literal["kms"], *, role: str | None, writing: bool = False
    ) -> KMSClient: ...

    @overload
    def client(
        self, service: Literal["organizations"], *, role: str | None, writing: bool = False
    ) -> OrganizationsClient: ...

    @overload
    def client(
        self, service: Literal["rekognition"], *, role: str | None, writing: bool = False
    ) -> RekognitionClient: ...

    @overload
    def client(
        self, service: Literal["s3"], *, role: str | None, writing: bool = False
    ) -> S3Client: ...

    @overload
    def client(
        self, service: Literal["ssm"], *, role: str | None, writing: bool = False
    ) -> SSMClient: ...

    @overload
    def client(
        self, service: Literal["sts"], *, role: str | None, writing: bool = False
    ) -> STSClient: ...

    def client(self, service: Service, *, role: str | None, writing: bool = False) -> Any:
        """Return the client of `service` that acts as `role`.

        Args:
            service: The service, as boto3 spells it.
            role: The ARN of the role; None is the promoter itself.
            writing: A client that sends each request once and never repeats it.

        Raises:
            AccessDeniedError: The role cannot be assumed.
            CredentialsError: The promoter has no usable credentials.
        """
        with self._lock:
            identity = self._identities.setdefault(role, _Identity(role))
        with identity.lock:
            self._renew(identity)
            client = identity.clients.get((service, writing))
            if client is None:
                client = self._clients.make(service, identity.keys, writing=writing)
                identity.clients[service, writing] = client
            return client

    def assume(self, role: str) -> None:
        """Open the session of a role now, so that its first client need not.

        Raises:
            AccessDeniedError: The role cannot be assumed.
        """
        with self._lock:
            identity = self._identities.setdefault(role, _Identity(role))
        with identity.lock:
            self._renew(identity)

    def client_of(self, credentials: Credentials) -> RekognitionClient:
        """Return a Rekognition client that acts with the credentials of an access role's session.

        The last few are kept, because one session classifies many images.
        """
        key = (credentials.access_key_id, credentials.endpoint_url)
        with self._lock:
            client = self._foreign.get(key)
            if client is not None:
                self._foreign.move_to_end(key)
        if client is None:
            client = self._clients.make(
                "rekognition", credentials, endpoint_url=credentials.endpoint_url
            )
            with self._lock:
                self._foreign[key] = client
                while len(self._foreign) > _FOREIGN_CLIENTS:
                    self._foreign.popitem(last=False)
        return cast("RekognitionClient", client)

    def _renew(self, identity: _Identity) -> None:
        """Assume the role if that was not done yet, or so long ago that it is about to end."""
        if identity.role is None:
            return
        keys = identity.keys
        if keys is not None and keys.expires_at - self.clock.now() > RENEW_BEFORE:
            return
        identity.keys = self._assume(identity.role)
        identity.clients = {}

    def _assume(self, role: str) -> _Keys:
        sts = self.client("sts", role=None)
        with translated("assuming the role", role=None, resource=role):
            answer = sts.assume_role(
                RoleArn=role,
                RoleSessionName=session_name(self._session_name),
                DurationSeconds=_LIFETIME,
            )["Credentials"]
        return _Keys(
            answer["AccessKeyId"],
            answer["SecretAccessKey"],
            answer["SessionToken"],
            answer["Expiration"],
        )
