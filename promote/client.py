"""Call the promoted model from an application: boto3 and this file are all that it needs.

::

    from promote.client import Client

    tools = Client("/models/tools/version-arn", "arn:aws:iam::222222222222:role/tools-prod")
    labels = tools.detect(image)

The version's ARN is read from the parameter with the application's own credentials, kept for
`ttl` seconds, and called through the access role in the ML account.

A promotion takes nothing away from an application that obeys one rule: *the age of what it caches
plus the time of one request is at most the environment's* ``drain``. The cache is `ttl`; a request
ends within `LONGEST_REQUEST` seconds. With ``drain: 60s``, a `ttl` of 15 obeys it.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_boto3_rekognition import RekognitionClient
    from types_boto3_rekognition.type_defs import CustomLabelTypeDef

LONGEST_REQUEST = 40.0  # seconds: three attempts of at most 2 + 10, and the pauses between them
_CONFIG = Config(
    connect_timeout=2,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
)
_MOVED = {"AccessDeniedException", "ResourceNotReadyException"}
_RENEW_BEFORE = timedelta(minutes=5)


class Client:
    """A model as the parameter names it at this moment; safe for use by many threads.

    Args:
        parameter: The name of the SSM parameter that holds the version's ARN.
        role_arn: The access role in the ML account.
        external_id: What the access role's trust policy asks for, if it does.
        ttl: Seconds for which the version's ARN is kept.
        session: Where the application's credentials come from; None is boto3's usual chain.
        region: The Region of parameter and model; None is the session's.
        endpoint_url: The VPC endpoint of Rekognition, if the access role demands one.
    """

    def __init__(
        self,
        parameter: str,
        role_arn: str,
        *,
        external_id: str | None = None,
        ttl: float = 15.0,
        session: boto3.Session | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
    ) -> None:
        self._session = session or boto3.Session()
        self._region = region or self._session.region_name
        self._ssm = self._session.client("ssm", region_name=self._region, config=_CONFIG)
        self._sts = self._session.client("sts", region_name=self._region, config=_CONFIG)
        self._parameter = parameter
        self._role: dict[str, Any] = {"RoleArn": role_arn, "RoleSessionName": "promote-client"}
        if external_id is not None:
            self._role["ExternalId"] = external_id
        self._ttl = ttl
        self._endpoint_url = endpoint_url
        self._lock = threading.Lock()
        self._version = ""
        self._read_at = float("-inf")
        self._model: RekognitionClient
        self._ends_at = datetime.min.replace(tzinfo=UTC)

    def detect(
        self,
        image: bytes,
        **options: Any,  # noqa: ANN401 - whatever DetectCustomLabels takes
    ) -> list[CustomLabelTypeDef]:
        """Classify an image with the version that the parameter names.

        A version that was switched away meanwhile is denied or does not run; then the parameter is
        read again and the call made once more.

        Args:
            image: A PNG or JPEG file of at most 4 MB.
            options: Further arguments of DetectCustomLabels, such as ``MinConfidence``.

        Raises:
            botocore.exceptions.ClientError: What the service answered.
        """
        try:
            return self._call(image, options)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MOVED:
                raise
        return self._call(image, options, anew=True)

    def _call(
        self, image: bytes, options: dict[str, Any], *, anew: bool = False
    ) -> list[CustomLabelTypeDef]:
        # The session first, so that opening one does not age the version that is then called.
        model = self._rekognition()
        answer = model.detect_custom_labels(
            ProjectVersionArn=self._current(anew=anew), Image={"Bytes": image}, **options
        )
        return answer["CustomLabels"]

    def _current(self, *, anew: bool = False) -> str:
        """Return the version's ARN, read again when it is older than `ttl`."""
        with self._lock:
            # The age counts from before the question: the answer may be old when it arrives.
            now = time.monotonic()
            if anew or now - self._read_at >= self._ttl:
                self._version = self._ssm.get_parameter(Name=self._parameter)["Parameter"]["Value"]
                self._read_at = now
            return self._version

    def _rekognition(self) -> RekognitionClient:
        """Return a client that acts as the access role, made anew before its session ends."""
        with self._lock:
            if self._ends_at - datetime.now(UTC) < _RENEW_BEFORE:
                keys = self._sts.assume_role(**self._role)["Credentials"]
                self._model = self._session.client(
                    "rekognition",
                    region_name=self._region,
                    endpoint_url=self._endpoint_url,
                    config=_CONFIG,
                    aws_access_key_id=keys["AccessKeyId"],
                    aws_secret_access_key=keys["SecretAccessKey"],
                    aws_session_token=keys["SessionToken"],
                )
                self._ends_at = keys["Expiration"]
            return self._model
