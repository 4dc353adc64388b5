"""Hold the tables of operations against botocore's models: a name with a slip would be denied."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from botocore.loaders import Loader

from promote.sandbox import (
    iam_operations,
    operations,
    organization_operations,
    s3_requests,
)
from promote.sandbox.exchange import Request

TABLES = {
    "rekognition": {*operations.REKOGNITION},
    "ssm": {*operations.PARAMETERS},
    "organizations": {
        "CreatePolicy",
        *organization_operations.ENTITIES,
        *organization_operations.UNBOUND,
    },
    "sts": {*operations.STS},
    "iam": {
        "CreatePolicy",
        *iam_operations.LISTS,
        *iam_operations.ON_ACCOUNT,
        *iam_operations.ON_POLICY,
        *iam_operations.ON_ROLE,
        *iam_operations.ON_USER,
    },
    "s3": {name for name, _ in (*s3_requests.ON_BUCKET.values(), *s3_requests.ON_OBJECT.values())},
}


@pytest.mark.parametrize("service", sorted(TABLES))
def test_every_operation_is_one_of_the_service(service: str) -> None:
    known = Loader().load_service_model(service, "service-2")["operations"]
    assert TABLES[service] <= set(known)


@pytest.mark.parametrize("name", ["rekognition", "ssm", "organizations"])
def test_every_resource_is_a_parameter_of_its_operation(name: str) -> None:
    model = Loader().load_service_model(name, "service-2")
    tables: dict[str, Mapping[str, str | tuple[str, ...] | None]] = {
        "rekognition": operations.REKOGNITION,
        "ssm": operations.PARAMETERS,
        "organizations": organization_operations.ENTITIES,
    }
    for operation, named in tables[name].items():
        shape = model["operations"][operation]["input"]["shape"]
        parameters = {named} if isinstance(named, str) else {*(named or ())}
        assert parameters <= set(model["shapes"][shape]["members"])


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_write_that_compares_must_be_allowed_to_read(method: str) -> None:
    headers = {"if-match": '"0a1b"'}
    for given, more in ((headers, {"s3:GetObject"}), ({"if-none-match": "*"}, set())):
        request = Request(method, "/bucket/a/b", "", given, b"", None)
        operation, params = s3_requests.identify_s3(request)
        actions = {need.action for need in s3_requests.s3_needs(operation, params)}
        assert actions == {f"s3:{operation}", *more}
