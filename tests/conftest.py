"""Set the terms for every test: no network but loopback, no real credentials, known randomness."""

from __future__ import annotations

import gc
import ipaddress
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("dev", max_examples=25, deadline=None)
# Derandomised: a run on a server either always finds a counterexample or never does.
settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

# Sub-processes inherit these, so that not even a test without the sandbox meets a real account.
os.environ["AWS_CONFIG_FILE"] = os.devnull
os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
for variable in [name for name in os.environ if name.startswith("PROMOTE_")]:
    del os.environ[variable]
for variable in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
    os.environ.pop(variable, None)
# Or a hundred sub-processes would each compile the product.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# A shell lets what it starts in the background ignore Ctrl-C, and sub-processes would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


# What takes longest, by the time it takes, so that no worker is left alone with it in the end.
_FIRST = (
    "artifacts/test_readme.py",
    "functional/test_demo.py",
    "functional/test_pipeline_simulate.py",
    "artifacts/test_minimal_permissions.py",
    "functional/test_killed.py",
    "functional/test_promotion_consumers.py",
    "functional/test_cli_promotion.py",
    "functional/test_promotion_signals.py",
    "functional/test_promotion_failures.py",
    "functional/test_cli_sandbox.py",
    "functional/test_guardrails.py",
    "reliability/test_mutants.py",
    "functional/test_promotion_gates.py",
    "functional/test_promotion_approvals.py",
    "functional/test_promotion_worlds.py",
    "functional/test_adapters.py",
    "functional/test_promotion_library.py",
    "functional/test_sandbox_process.py",
)
_TESTS = Path(__file__).parent


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage while tests are collected: there is none, and looking takes a third."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_configure(config: pytest.Config) -> None:
    """Keep the order of the files; pytest-xdist would begin with those of the most tests."""
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow files first; the sort is stable."""
    places = {_TESTS / name: place for place, name in enumerate(_FIRST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


class NetworkRefusedError(RuntimeError):
    """A test tried to leave this machine; not an OSError, so that no retry swallows it."""


def _is_loopback(host: str) -> bool:
    """Say whether `host` is this machine, by address or by a reserved name (RFC 6761)."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _refuse_the_network(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse every connection, and every question for an address, that would leave the machine."""
    if event == "socket.connect":
        # A Unix socket's address is a path; an Internet address is a tuple that starts with a host.
        host = arguments[1][0] if isinstance(arguments[1], tuple) else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if isinstance(host, str) and host and not _is_loopback(host):
        message = f"tests may connect to loopback only, not to {host}"
        raise NetworkRefusedError(message)


# An audit hook sees connections from every library and cannot be patched away.
sys.addaudithook(_refuse_the_network)
