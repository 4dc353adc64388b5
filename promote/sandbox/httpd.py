"""Speak HTTP/1.1 on loopback: keep-alive connections, and the means to drop one on purpose."""

from __future__ import annotations

import errno
import ipaddress
import socket
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from promote.errors import InputError
from promote.sandbox.exchange import Request, Response

Answer = Callable[[Request], Response]

_LARGEST_BODY: Final = 64 * 1024 * 1024
_BACKLOG: Final = 128


class Listener(ThreadingHTTPServer):
    """Serves one port; every connection has a thread of its own."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = _BACKLOG
    allow_reuse_address = True

    def __init__(self, host: str, port: int, answer: Answer, endpoint: str | None = None) -> None:
        _expect_loopback(host)
        self.answer = answer
        self.endpoint = endpoint
        self._connections: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Bind without asking the name service who we are, which can take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    @property
    def url(self) -> str:
        """Return the address that clients use."""
        return f"http://{self.server_name}:{self.server_port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that `close_all` can end it."""
        with self._guard:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that ends."""
        with self._guard:
            self._connections.discard(request)
        super().shutdown_request(request)

    def close_all(self) -> None:
        """Stop listening and end every connection."""
        self.server_close()
        with self._guard:
            connections = list(self._connections)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that go away; report the rest."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Reads requests of one connection and writes the answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Listener

    def handle_any(self) -> None:
        """Answer one request of any method."""
        try:
            body = self._body()
        except ValueError:
            return self._refuse(400)
        if body is None:
            return self._refuse(413)
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, path, query, headers, body, self.server.endpoint)
        response = self.server.answer(request)
        if response.dropped:
            self.close_connection = True
        else:
            self._write(response)
        return None

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = handle_any  # noqa: N815

    def handle_expect_100(self) -> bool:
        """Ask for the body at once; clients wait a second for this when it stays in a buffer."""
        self.send_response_only(100)
        self.end_headers()
        self.wfile.flush()
        return True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Keep quiet; calls have their own log."""

    def version_string(self) -> str:
        """Name ourselves."""
        return "promote-sandbox"

    def _write(self, response: Response) -> None:
        """Write an answer in one piece; one to HEAD keeps the length that it was given."""
        self.send_response(response.status)
        for name, value in response.headers:
            self.send_header(name, value)
        lengths = [name for name, _ in response.headers if name.lower() == "content-length"]
        if not lengths:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)
        self.wfile.flush()

    def _refuse(self, status: int) -> None:
        """Answer a request whose body cannot be read, and close the connection."""
        self.close_connection = True
        self.send_error(status)

    def _body(self) -> bytes | None:
        """Read the request's body; None if it is too large.

        Raises:
            ConnectionResetError: The client went away before its end; no half of it is carried out.
        """
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._chunked_body()
        length = int(self.headers.get("Content-Length", "0") or "0")
        if length > _LARGEST_BODY:
            return None
        return self._exactly(length) if length else b""

    def _chunked_body(self) -> bytes | None:
        """Read a body that comes in chunks."""
        body = bytearray()
        while size := int(self.rfile.readline().partition(b";")[0].strip() or b"0", 16):
            if len(body) + size > _LARGEST_BODY:
                return None
            body += self._exactly(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return bytes(body)

    def _exactly(self, length: int) -> bytes:
        """Read so many bytes."""
        found = self.rfile.read(length)
        if len(found) < length:
            raise ConnectionResetError(errno.ECONNRESET, "The client went away in its request")
        return found


def _expect_loopback(host: str) -> None:
    """Refuse to listen where others could reach us.

    Raises:
        InputError: `host` is not an address of the loopback interface.
    """
    try:
        if ipaddress.ip_address(host).is_loopback:
            return
    except ValueError:
        pass
    raise InputError(
        "The sandbox listens on loopback only",
        f"{host} is not a loopback address; the sandbox's keys are public.",
        "Leave the host out, or use 127.0.0.1.",
    )
