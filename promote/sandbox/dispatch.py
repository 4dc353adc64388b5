"""Carry out an authorised call: our own services, or moto behind checks of our own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from promote.sandbox.alarms import Alarms
from promote.sandbox.bucket_policies import OPERATIONS
from promote.sandbox.bucket_settings import OPERATIONS as MENDED
from promote.sandbox.bucket_settings import BucketSettings
from promote.sandbox.credentials import Caller
from promote.sandbox.dialect import common_error
from promote.sandbox.exchange import (
    Call,
    Context,
    Need,
    Request,
    Response,
    ServiceError,
    json_response,
)
from promote.sandbox.formation.service import Formation
from promote.sandbox.organizations import OrganizationService
from promote.sandbox.parameters import ParameterStore
from promote.sandbox.parts import Parts
from promote.sandbox.supporting import SERVICES, SupportingServices

_READING: Final = ("Get", "List", "Describe", "Head")


class Dispatcher:
    """Answers calls that may be answered."""

    def __init__(self, parts: Parts, answer: Callable[[Request], Response]) -> None:
        self._parts = parts
        self._settings = BucketSettings(parts.storage)
        self._supporting = SupportingServices(parts.storage)
        self._formation = Formation(parts.stacks, parts.clock, parts.history.settled_in, answer)
        self._parameters = ParameterStore(parts.storage)
        self._alarms = Alarms(parts.storage, parts.authoriser)
        self._organizations = OrganizationService(parts.storage, parts.organization, parts.world)

    def answer(
        self,
        request: Request,
        call: Call,
        caller: Caller,
        context: Context,
        request_id: str,
    ) -> Response:
        """Carry out a call and return the service's answer.

        Raises:
            ServiceError: As the service would answer.
        """
        match call.service:
            case "rekognition":
                return self._rekognition(call, caller, context)
            case "sts":
                return self._sts(call, caller, context, request_id)
            case "iam":
                return self._iam(request, call, caller)
            case "ssm":
                return self._parameters.answer(request, call, caller)
            case "cloudwatch":
                return self._alarms.answer(request, call, caller, context)
            case "kms":
                return self._kms(request, call, caller)
            case "cloudformation":
                return self._formation.answer(request, call, caller, request_id)
            case "s3":
                return self._s3(request, call, caller, context)
            case _:
                return self._other(request, call, caller)

    def _other(self, request: Request, call: Call, caller: Caller) -> Response:
        """Answer for a service that is asked nothing but the call itself."""
        match call.service:
            case "codebuild":
                return self._parts.delivery.builds.answer(call, caller)
            case "codepipeline":
                return self._parts.delivery.pipelines.answer(call, caller)
            case service if service in SERVICES:
                return self._supporting.answer(request, call, caller)
            case _:
                return self._organizations.answer(request, call, caller)

    def _rekognition(self, call: Call, caller: Caller, context: Context) -> Response:
        def load(source: Mapping[str, str]) -> bytes:
            return self._image(source, caller, context)

        return json_response(self._parts.rekognition.handle(call, caller.account, load))

    def _image(self, source: Mapping[str, str], caller: Caller, context: Context) -> bytes:
        """Return an image from S3, with the caller's own permission to read it."""
        bucket, name = source.get("Bucket", ""), source.get("Name", "")
        owner = self._parts.storage.bucket_owner(bucket)
        action = "s3:GetObjectVersion" if source.get("Version") else "s3:GetObject"
        need = Need(action, f"arn:aws:s3:::{bucket}/{name}", {}, owner)
        # The service's own request to S3 comes from no endpoint of the caller's.
        forwarded = {
            k: v for k, v in context.items() if not k.startswith(("aws:SourceV", "aws:Vpc"))
        }
        forwarded["aws:ViaAWSService"] = "true"
        content = None
        if owner is not None and self._parts.authoriser.allows(caller, need, forwarded):
            with self._parts.storage.alone():
                found = self._parts.storage.s3(owner).get_object(
                    bucket, name, version_id=source.get("Version")
                )
                content = None if found is None else bytes(found.value)
        if content is None:
            text = "Unable to get object metadata from S3. Check object key, region and/or access."
            raise ServiceError("InvalidS3ObjectException", text)
        return content

    def _sts(self, call: Call, caller: Caller, context: Context, request_id: str) -> Response:
        if call.operation == "GetCallerIdentity":
            return self._parts.tokens.who(caller, request_id)
        return self._parts.tokens.assume(call, caller, context, request_id)

    def _kms(self, request: Request, call: Call, caller: Caller) -> Response:
        if self._parts.keys.holds(call):
            return self._parts.keys.answer(request, call)
        return self._parts.made_keys.answer(request, call, caller)

    def _iam(self, request: Request, call: Call, caller: Caller) -> Response:
        """Let moto answer; after a write, note what changed so that it can spread."""
        if call.operation.startswith(_READING):
            return self._parts.storage.call(request, call, caller.account)
        with self._parts.storage.alone():
            self._parts.write_guard.check(call, caller, self._parts.history.pick_replica())
            response = self._parts.storage.call(request, call, caller.account)
            self._parts.directory.refresh(caller.account)
        return response

    def _s3(self, request: Request, call: Call, caller: Caller, context: Context) -> Response:
        """Let moto answer; who may not list a bucket is not told that a key is missing."""
        if call.operation in OPERATIONS:
            return self._parts.bucket_policies.answer(request, call, caller)
        if call.operation in MENDED:
            return self._settings.answer(request, call, caller)
        response = self._parts.storage.call(request, call, caller.account)
        bucket = str(call.params.get("Bucket", ""))
        owner = self._parts.storage.bucket_owner(bucket)
        if response.status == 404 and call.params.get("Key") and owner:  # noqa: PLR2004 - HTTP
            need = Need("s3:ListBucket", f"arn:aws:s3:::{bucket}", owner=owner)
            if not self._parts.authoriser.allows(caller, need, context):
                raise common_error("access_denied", call.protocol, "Access Denied")
        if call.operation == "DeleteBucket" and owner is None:
            self._parts.bucket_policies.forget(bucket)
        return response


def error_code(response: Response) -> str:
    """Return the error code in an answer of moto, or the HTTP status if there is none."""
    text = response.body.decode("utf-8", "replace")
    try:
        found = json.loads(text)
        kind = found.get("__type", "") if isinstance(found, dict) else ""
        return str(kind).rpartition("#")[2] or str(response.status)
    except ValueError:
        code = text.partition("<Code>")[2].partition("</Code>")[0]
        return code or str(response.status)
