"""Hold that no test can leave this machine, nor find credentials that it might leave it with."""

from __future__ import annotations

import os
import socket

import pytest

# Reserved for documentation (RFC 5737, RFC 2606): they would reach nobody even without the guard.
ADDRESS = "192.0.2.1"
NAME = "sts.example.invalid"


def test_a_connection_to_elsewhere_is_refused() -> None:
    with socket.socket() as client, pytest.raises(RuntimeError, match="loopback only"):
        client.connect((ADDRESS, 443))


def test_a_name_from_elsewhere_is_not_even_resolved() -> None:
    with pytest.raises(RuntimeError, match="loopback only"):
        socket.create_connection((NAME, 443))


def test_loopback_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1])).close()


def test_no_credentials_are_inherited() -> None:
    assert "AWS_ACCESS_KEY_ID" not in os.environ
    assert os.environ["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
