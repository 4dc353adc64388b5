"""Make clients of AWS services from one botocore session, and let them share connections.

Clients of one service share one pool of connections where botocore lets them: a connection carries
no identity, because every request is signed by itself.

The configuration is always explicit, since botocore's own defaults change between versions:

============  ====================================  ==========================================
client        repeats                               used for
============  ====================================  ==========================================
reading       throttling, transport, 5xx; 5 times   everything that only reads
writing       nothing                               every write, see `promote.aws.throttling`
============  ====================================  ==========================================
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Literal, Protocol, cast

import boto3
from botocore.config import Config
from botocore.httpsession import URLLib3Session

from promote.aws.translation import translated

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.client import BaseClient

CONNECT_TIMEOUT = 5  # seconds
READ_TIMEOUT = 20  # seconds

_READING = Config(
    retries={"mode": "standard", "total_max_attempts": 5},
    connect_timeout=CONNECT_TIMEOUT,
    read_timeout=READ_TIMEOUT,
    max_pool_connections=16,
)
_WRITING = _READING.merge(Config(retries={"mode": "standard", "total_max_attempts": 1}))

Service = Literal[
    "accessanalyzer",
    "cloudformation",
    "cloudwatch",
    "codepipeline",
    "iam",
    "kms",
    "organizations",
    "rekognition",
    "s3",
    "ssm",
    "sts",
]


class Keys(Protocol):
    """Temporary credentials."""

    @property
    def access_key_id(self) -> str: ...  # noqa: D102 (its name says it)
    @property
    def secret_access_key(self) -> str: ...  # noqa: D102
    @property
    def session_token(self) -> str: ...  # noqa: D102


class Clients:
    """Makes the clients of one process; safe for use by many threads.

    Args:
        session: Where the promoter's own credentials come from; None is boto3's usual chain, asked
            when the first client is needed.
        region: The Region of all clients.
        endpoint_url: An endpoint for every service; None leaves it to botocore, which honours
            ``AWS_ENDPOINT_URL``.
    """

    def __init__(
        self, session: boto3.Session | None, region: str, endpoint_url: str | None
    ) -> None:
        self._session = session
        self._region = region
        self._endpoint_url = endpoint_url
        self._lock = threading.Lock()
        self._pools: dict[Service, URLLib3Session] = {}

    def make(
        self,
        service: Service,
        keys: Keys | None,
        *,
        writing: bool = False,
        endpoint_url: str | None = None,
    ) -> BaseClient:
        """Make a client; under the lock, because a session's own machinery is not thread-safe.

        Args:
            service: The service, as boto3 spells it.
            keys: Whom it acts as; None is the promoter itself.
            writing: A client that sends each request once and never repeats it.
            endpoint_url: An endpoint for this client alone.

        Raises:
            CredentialsError: The promoter has no usable credentials.
        """
        secrets: dict[str, str] = {}
        if keys is not None:
            secrets = {
                "aws_access_key_id": keys.access_key_id,
                "aws_secret_access_key": keys.secret_access_key,
                "aws_session_token": keys.session_token,
            }
        with self._lock, translated("making a client of", role=None, resource=service):
            if self._session is None:
                self._session = boto3.Session(region_name=self._region)
            # The stubs know each service by its name alone, and here it is a variable.
            make = cast("Callable[..., BaseClient]", self._session.client)
            client = make(
                service,
                region_name=self._region,
                endpoint_url=endpoint_url or self._endpoint_url,
                config=_WRITING if writing else _READING,
                **secrets,
            )
            self._share_connections(service, client)
            return client

    def _share_connections(self, service: Service, client: object) -> None:
        """Let the clients of a service use one pool of connections.

        It touches two names that botocore does not promise; where they are missing, or hold
        something else, each client keeps a pool of its own and all that is lost is time.
        """
        endpoint = vars(client).get("_endpoint")
        own = getattr(endpoint, "http_session", None)
        if endpoint is not None and type(own) is URLLib3Session:
            endpoint.http_session = self._pools.setdefault(service, own)
