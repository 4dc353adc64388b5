"""Run a sandbox in a thread of this process.

moto keeps its state per process, so a process holds one sandbox at a time; others run beside it as
processes of their own.
"""

from __future__ import annotations

import threading
from dataclasses import asdict
from types import TracebackType
from typing import Any, ClassVar, Self

from promote.errors import FailedError
from promote.sandbox.admin_api import PREFIX, AdminApi
from promote.sandbox.clock import Clock, WallClock
from promote.sandbox.exchange import Request, Response
from promote.sandbox.front import Front
from promote.sandbox.httpd import Listener
from promote.sandbox.parts import Parts
from promote.sandbox.seeding import seed_world
from promote.sandbox.settings import Settings, SettingsBox
from promote.sandbox.world import SessionSeed, UserSeed, World, merged

_BLOCKED = ("/moto-api", "/latest/")


class Sandbox:
    """A local AWS organisation on loopback.

    Args:
        world: What it holds when it starts.
        port: The main port; 0 takes a free one. Each VPC endpoint takes another free one.
        settings: How long things take.
        clock: The time; a test may move its own.
        seed: Makes the drawn delays repeatable.
    """

    _running: ClassVar[threading.Lock] = threading.Lock()

    def __init__(
        self,
        world: World,
        *,
        port: int = 0,
        settings: Settings | None = None,
        clock: Clock | None = None,
        seed: int = 0,
        host: str = "127.0.0.1",
    ) -> None:
        self.clock = clock or WallClock()
        self.stopped = threading.Event()
        self._holds_process = False
        self._world = world
        self._address = (host, port)
        self._parts = Parts(world, self.clock, SettingsBox(settings), seed)
        self._front = Front(self._parts)
        self._admin = AdminApi(self._parts, self.describe, self._add, self.stopped.set)
        self._listeners: dict[str | None, Listener] = {}
        self._parts.delivery.urls = lambda: {k: one.url for k, one in self._listeners.items()}

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stop()

    def start(self) -> None:
        """Seed the world and listen.

        Raises:
            FailedError: A port is taken, or this process holds a sandbox already.
        """
        if not Sandbox._running.acquire(blocking=False):
            raise FailedError("A sandbox runs in this process already", "", "Stop it first.")
        self._holds_process = True
        try:
            self._listen(None, self._address[1])
            self._parts.storage.warm()
            self._parts.clear()
            self._take(self._world, self._world)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop listening; open connections are closed, builds and executions end."""
        self._parts.delivery.clear()
        for listener in self._listeners.values():
            listener.shutdown()
            listener.close_all()
        self._listeners.clear()
        self.stopped.set()
        if self._holds_process:
            self._holds_process = False
            Sandbox._running.release()

    def renew(self, world: World, settings: Settings | None = None) -> None:
        """Forget everything and take another world, on the same ports."""
        self._parts.settings.current = settings or Settings()
        self._parts.clear()
        self._take(world, world)

    @property
    def endpoint(self) -> str:
        """Return the URL for AWS_ENDPOINT_URL."""
        return self._listeners[None].url

    @property
    def vpc_endpoints(self) -> dict[str, str]:
        """Return the URL of each VPC endpoint by its id."""
        known = [endpoint.id for endpoint in self._parts.world.current.endpoints]
        return {name: self._listeners[name].url for name in known}

    def describe(self) -> dict[str, Any]:
        """Return what a client needs to know: addresses, organisation, keys by login."""
        world = self._parts.world.current
        logins = {one.login: _user_login(one) for one in world.users if one.login}
        logins |= {one.login: _session_login(one) for one in world.sessions if one.login}
        return {
            "endpoint": self.endpoint,
            "region": world.region,
            "organization": asdict(world.organization),
            "units": dict(world.organization.units),
            "endpoints": self.vpc_endpoints,
            "logins": logins,
        }

    def _add(self, world: World, replace: bool) -> None:  # noqa: FBT001 - a query's flag
        """Add a world to the present one, or let it take its place."""
        if replace:
            self._parts.clear()
        self._take(world, world if replace else merged(self._parts.world.current, world))

    def _take(self, world: World, whole: World) -> None:
        """Seed a world, note the whole that it makes, and open the ports of VPC endpoints."""
        self._parts.world.current = whole
        seed_world(self._parts, world)
        for endpoint in world.endpoints:
            if endpoint.id not in self._listeners:
                self._listen(endpoint.id, 0)

    def _listen(self, endpoint: str | None, port: int) -> None:
        """Serve one port in a thread."""
        try:
            listener = Listener(self._address[0], port, self._answer, endpoint)
        except OSError as error:
            raise FailedError(
                "The sandbox cannot listen",
                f"Port {port} of {self._address[0]}: {error.strerror}.",
                "Choose another port, or 0 for any that is free.",
            ) from error
        self._listeners[endpoint] = listener
        name = f"sandbox-{endpoint or 'main'}"
        thread = threading.Thread(
            target=listener.serve_forever, args=(0.05,), name=name, daemon=True
        )
        thread.start()

    def _answer(self, request: Request) -> Response:
        """Answer one request: the admin API on the main port, AWS everywhere."""
        if request.path.startswith(PREFIX):
            return self._admin.handle(request)
        if request.path.startswith(_BLOCKED):
            return Response(404, (), b"")
        return self._front.handle(request)


def _user_login(user: UserSeed) -> dict[str, str]:
    return {
        "account": user.account,
        "arn": f"arn:aws:iam::{user.account}:user/{user.name}",
        "access_key_id": user.access_key_id,
        "secret_access_key": user.secret_access_key,
    }


def _session_login(session: SessionSeed) -> dict[str, str]:
    return {
        "account": session.account,
        "arn": f"arn:aws:sts::{session.account}:assumed-role/{session.role}/{session.name}",
        "access_key_id": session.access_key_id,
        "secret_access_key": session.secret_access_key,
        "session_token": session.session_token,
    }
