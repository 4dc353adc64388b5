"""Call the services of the sandbox in its own process, as somebody who called CloudFormation.

CloudFormation makes the requests for a stack with the credentials of its caller (CloudFormation
user guide, "How AWS CloudFormation works with IAM"): each is signed, decided, logged and spoilt by
faults as any other, and carries ``aws:CalledVia``.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from promote.sandbox.credentials import Caller
from promote.sandbox.exchange import Request, Response

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse
    from botocore.session import Session

VIA: Final = "cloudformation.amazonaws.com"
_MOST_CLIENTS: Final = 64

Answer = Callable[[Request], Response]


class Hands:
    """Makes clients whose requests never leave the process; safe for use by many threads."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._clients: dict[tuple[str, ...], Any] = {}

    def client(self, service: str, region: str, caller: Caller, host: str) -> Any:
        """Return a client that acts as `caller`, through CloudFormation.

        `host` is where the sandbox listens, since some services answer with URLs of their own.
        """
        key = (service, region, caller.access_key_id, caller.secret, host)
        with self._lock:
            client = self._clients.get(key)
            if client is None:
                if len(self._clients) >= _MOST_CLIENTS:
                    self._clients.clear()
                client = self._clients[key] = self._made(*key, caller.token)
            return client

    def _made(  # noqa: PLR0917 - what makes a client
        self, service: str, region: str, access_key_id: str, secret: str, host: str, token: str
    ) -> Any:
        from botocore.config import Config
        from botocore.session import Session

        if self._session is None:
            self._session = Session()
        client = self._session.create_client(
            service,
            region_name=region,
            endpoint_url=f"http://{host}",
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret,
            aws_session_token=token or None,
            config=Config(
                retries={"total_max_attempts": 3, "mode": "standard"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                s3={"addressing_style": "path"},
            ),
        )
        client.meta.events.register("before-send", self._send)  # type: ignore[arg-type]
        return client

    def _send(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        """Take the place of the network."""
        from botocore.awsrequest import AWSResponse
        from botocore.exceptions import ConnectionClosedError

        response = self._answer(_received(request))
        if response.dropped:
            raise ConnectionClosedError(endpoint_url=request.url)
        return AWSResponse(request.url, response.status, _headers(response), _Body(response.body))


class _Body(io.BytesIO):
    """A body that is read as botocore reads urllib3's."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        """Yield what is left of it."""
        while chunk := self.read(65_536):
            yield chunk


def _received(request: AWSPreparedRequest) -> Request:
    """Return a request as it would have come over the network."""
    parts = urlsplit(request.url)
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    headers.setdefault("host", parts.netloc)
    body = request.body or b""
    if not isinstance(body, str | bytes | bytearray):
        body = body.read()
    content = body.encode() if isinstance(body, str) else bytes(body)
    return Request(request.method or "", parts.path or "/", parts.query, headers, content, via=VIA)


def _headers(response: Response) -> Any:
    from botocore.awsrequest import HeadersDict

    headers = HeadersDict()
    for name, value in response.headers:
        headers[name] = value
    return headers


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
