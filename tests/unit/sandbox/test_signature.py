from __future__ import annotations

from dataclasses import replace

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from promote.sandbox.exchange import Request
from promote.sandbox.signature import is_genuine, read_scope

SECRET = "secret"
HOST = "127.0.0.1:4566"


def signed(path: str, query: str, service: str, body: bytes = b"body") -> Request:
    """Return a request as botocore signs it."""
    url = f"http://{HOST}{path}" + (f"?{query}" if query else "")
    request = AWSRequest("PUT", url, headers={"Host": HOST}, data=body)
    auth = S3SigV4Auth if service == "s3" else SigV4Auth
    auth(Credentials("AKIA", SECRET), service, "us-east-1").add_auth(request)
    headers = {name.lower(): str(value) for name, value in request.headers.items()}
    return Request("PUT", path, query, headers, body)


def genuine(request: Request, secret: str = SECRET) -> bool:
    scope = read_scope(request)
    assert scope is not None
    return is_genuine(request, scope, secret)


class TestIsGenuine:
    @pytest.mark.parametrize(
        ("path", "query", "service"),
        [
            ("/", "", "rekognition"),
            ("/", "Action=GetCallerIdentity&Version=2011-06-15", "sts"),
            ("/bucket/a/b%20c%2Bd.json", "versionId=x%2Fy&tagging=", "s3"),
        ],
    )
    def test_accepts_what_botocore_signs(self, path: str, query: str, service: str) -> None:
        assert genuine(signed(path, query, service))

    def test_refuses_another_secret(self) -> None:
        assert not genuine(signed("/", "", "iam"), "other")

    def test_refuses_another_body(self) -> None:
        assert not genuine(replace(signed("/", "", "iam"), body=b"changed"))
        assert not genuine(replace(signed("/b/k", "", "s3"), body=b"changed"))

    def test_refuses_another_path_and_query(self) -> None:
        request = signed("/b/k", "a=1", "s3")
        assert not genuine(replace(request, path="/b/other"))
        assert not genuine(replace(request, query="a=2"))


class TestReadScope:
    def test_an_unsigned_request_has_none(self) -> None:
        assert read_scope(Request("GET", "/", "", {}, b"")) is None
        assert read_scope(Request("GET", "/", "", {"authorization": "Basic x"}, b"")) is None
