"""Keep moto inside: its WSGI applications serve what we do not serve ourselves.

moto keeps its state per process, so one process holds one sandbox at a time. Its conditional
writes are not atomic under threads; one lock around every use makes them so.
"""

from __future__ import annotations

import functools
import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from promote.sandbox.dialect import common_error
from promote.sandbox.exchange import Call, Request, Response, ServiceError

if TYPE_CHECKING:
    from moto.cloudwatch.models import CloudWatchBackend
    from moto.iam.models import IAMBackend
    from moto.organizations.models import OrganizationsBackend
    from moto.s3.models import S3Backend
    from moto.ssm.models import SimpleSystemManagerBackend

SERVICES = ("iam", "sts", "ssm", "s3", "organizations", "cloudwatch")
SELDOM = ("events", "kms", "logs", "scheduler", "sns", "sqs")
"""Loaded when somebody asks for them."""
_HOP_BY_HOP = frozenset({"connection", "content-length", "date", "server", "transfer-encoding"})


class Storage:
    """Answers calls from moto, and hands its state to those who seed it and read it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._applications: dict[str, Any] = {}

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold moto's lock."""
        with self._lock:
            yield

    def reset(self) -> None:
        """Forget everything that moto holds."""
        from moto.backends import get_backend
        from moto.moto_api._internal import mock_random

        with self._lock:
            mock_random.seed(0)  # the same ids each time
            for service in SERVICES:
                get_backend(service).reset()  # type: ignore[call-overload]
            for service in SELDOM:
                if service in self._applications:
                    get_backend(service).reset()  # type: ignore[call-overload]

    def warm(self) -> None:
        """Load what moto loads on first use, so that no caller waits for it."""
        with _reading_once():
            for service in SERVICES:
                self._application(service)

    def iam(self, account: str) -> IAMBackend:
        """Return moto's IAM of one account."""
        from moto.iam.models import iam_backends

        return iam_backends[account]["aws"]

    def ssm(self, account: str, region: str) -> SimpleSystemManagerBackend:
        """Return moto's Systems Manager of one account and Region."""
        from moto.ssm.models import ssm_backends

        return ssm_backends[account][region]

    def cloudwatch(self, account: str, region: str) -> CloudWatchBackend:
        """Return moto's CloudWatch of one account and Region."""
        from moto.cloudwatch.models import cloudwatch_backends

        return cloudwatch_backends[account][region]

    def s3(self, account: str) -> S3Backend:
        """Return moto's S3 of one account."""
        from moto.s3.models import s3_backends

        return s3_backends[account]["aws"]

    def organizations(self, account: str) -> OrganizationsBackend:
        """Return moto's Organizations as one account sees it."""
        from moto.organizations.models import organizations_backends

        return organizations_backends[account]["aws"]

    def bucket_owner(self, bucket: str) -> str | None:
        """Return the account that owns a bucket, or None if there is no such bucket."""
        from moto.s3.models import s3_backends

        owner = s3_backends.bucket_accounts.get(bucket)
        return None if owner is None else str(owner[1])

    def put(self, place: str, content: bytes) -> bool:
        """Write an object at ``s3://bucket/key``, unless there is no such bucket."""
        bucket, _, key = place.removeprefix("s3://").partition("/")
        with self._lock:
            owner = self.bucket_owner(bucket)
            if owner is not None:
                self.s3(owner).put_object(bucket, key, content)
            return owner is not None

    def call(self, request: Request, call: Call, account: str) -> Response:
        """Let moto answer a call on behalf of `account`.

        Raises:
            ServiceError: moto has no such operation, or failed in an unforeseen way.
        """
        try:
            with self._lock:
                return self._serve(request, call.service, account)
        except NotImplementedError:
            text = f"The sandbox does not serve {call.name}."
            raise common_error("not_built", call.protocol, text) from None
        except Exception as error:
            text = f"The sandbox failed at {call.name}: {type(error).__name__}: {error}"
            sys.stderr.write(text + "\n")
            raise ServiceError("InternalFailure", text, 501) from error

    def _serve(self, request: Request, service: str, account: str) -> Response:
        """Call moto's WSGI application."""
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            started.append((status, headers))

        chunks = self._application(service)(_environ(request, account), start_response)
        body = b"".join(chunks)
        status, headers = started[-1]
        left_out = _HOP_BY_HOP - {"content-length"} if request.method == "HEAD" else _HOP_BY_HOP
        kept = tuple((k, v) for k, v in headers if k.lower() not in left_out)
        return Response(int(status.split(" ", 1)[0]), kept, body)

    def _application(self, service: str) -> Any:
        """Return moto's WSGI application of one service."""
        application = self._applications.get(service)
        if application is None:
            from moto.moto_server.werkzeug_app import create_backend_app

            application = create_backend_app(service)  # type: ignore[arg-type]
            self._applications[service] = application
        return application


@contextmanager
def _reading_once() -> Iterator[None]:
    """Let sessions share what they read; moto opens several, each of which reads all of EC2."""
    import botocore.session

    name = "create_loader"
    made = getattr(botocore.session, name)
    setattr(botocore.session, name, functools.cache(made))
    try:
        yield
    finally:
        setattr(botocore.session, name, made)


def _environ(request: Request, account: str) -> dict[str, Any]:
    """Write a request as a WSGI environment, with the account that moto is to act in."""
    host = urlsplit("//" + request.headers.get("host", "127.0.0.1"))
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(request.path, "latin-1"),
        "RAW_URI": request.path + (f"?{request.query}" if request.query else ""),
        "QUERY_STRING": request.query,
        "SERVER_NAME": host.hostname or "127.0.0.1",
        "SERVER_PORT": str(host.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        if name not in {"content-type", "content-length"} and "_" not in name:
            environ["HTTP_" + name.upper().replace("-", "_")] = value
    environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
    return environ
