"""Parameters of AWS Systems Manager: plain strings with a history and no compare-and-set.

SSM keeps the last hundred versions of a parameter, each with its time and its writer, so the
history that the drain rests on comes from the store itself and not from our memory.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from promote.aws.sessions import Sessions
from promote.aws.translation import error_code, translated
from promote.core.observation import PointerState, PointerValue
from promote.core.topology import Target
from promote.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_ssm import SSMClient
    from types_boto3_ssm.type_defs import ParameterTypeDef

_MISSING = "ParameterNotFound"
_PLAIN: Final = "String"


class SsmPointer:
    """The `promote.ports.Pointer` of SSM parameters; safe for use by many threads."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def read(self, target: Target, *, role: str | None) -> PointerState:
        """Return the pointer with its whole history; one that does not exist has an empty one.

        Raises:
            RefusedError: The parameter is encrypted or a list, so applications could not read it.
        """
        ssm = self._sessions.client("ssm", role=role)
        name = target.pointer.name
        with translated("reading the history of", role=role, resource=_place(target)):
            try:
                pages = ssm.get_paginator("get_parameter_history").paginate(Name=name)
                found = [entry for page in pages for entry in page["Parameters"]]
            except ClientError as error:
                if error_code(error) == _MISSING:
                    return PointerState()
                raise
        values = [
            _value(
                target,
                kind=entry.get("Type", _PLAIN),
                value=entry.get("Value", ""),
                revision=entry.get("Version", 0),
                changed_at=entry["LastModifiedDate"],
                changed_by=entry.get("LastModifiedUser", ""),
            )
            for entry in found
        ]
        return PointerState(history=tuple(sorted(values, key=lambda value: value.revision)))

    def current(self, target: Target, *, role: str | None) -> PointerValue | None:
        """Return what the pointer holds now, or None when it does not exist."""
        found = self._get(target, role)
        if found is None:
            return None
        return _value(
            target,
            kind=found.get("Type", _PLAIN),
            value=found.get("Value", ""),
            revision=found.get("Version", 0),
            changed_at=found["LastModifiedDate"],
        )

    def published(self, target: Target, *, role: str | None) -> str | None:
        """Return the text that applications publish in such a place, None when there is none.

        A StringList is a text, too: its items between commas.

        Raises:
            RefusedError: The parameter is encrypted, and nothing that promote reads is a secret.
        """
        found = self._get(target, role)
        if found is None:
            return None
        kind = found.get("Type", _PLAIN)
        if kind not in (_PLAIN, "StringList"):
            raise RefusedError(
                "The parameter is not plain text",
                f"In account {target.account}, {target.pointer.name} is a {kind}. Expected a "
                "String or a StringList.",
                "Publish it as a String, or name another parameter in promote.yaml.",
            )
        return found.get("Value", "")

    def _get(self, target: Target, role: str | None) -> ParameterTypeDef | None:
        ssm = self._sessions.client("ssm", role=role)
        with translated("reading", role=role, resource=_place(target)):
            try:
                return ssm.get_parameter(Name=target.pointer.name)["Parameter"]
            except ClientError as error:
                if error_code(error) == _MISSING:
                    return None
                raise

    def create(self, target: Target, value: str, *, role: str | None) -> int:
        """Create the pointer and return its revision; never overwrites.

        Raises:
            PointerChangedError: It exists by now.
            LostResponseError: The outcome is unknown; read it and decide.
        """

        def send(ssm: SSMClient) -> int:
            answer = ssm.put_parameter(
                Name=target.pointer.name, Value=value, Type=_PLAIN, Overwrite=False
            )
            return answer["Version"]

        return self._write("creating", target, role, send)

    def write(self, target: Target, value: str, *, role: str | None) -> int:
        """Overwrite the pointer and return its new revision.

        Raises:
            PointerChangedError: Somebody else writes it at this very moment.
            LostResponseError: The outcome is unknown; read it and decide.
        """

        def send(ssm: SSMClient) -> int:
            answer = ssm.put_parameter(
                Name=target.pointer.name, Value=value, Type=_PLAIN, Overwrite=True
            )
            return answer["Version"]

        return self._write("writing", target, role, send)

    def delete(self, target: Target, *, role: str | None) -> None:
        """Delete the pointer; one that does not exist is gone already.

        Raises:
            LostResponseError: The outcome is unknown; read it and decide.
        """

        def send(ssm: SSMClient) -> int:
            try:
                ssm.delete_parameter(Name=target.pointer.name)
            except ClientError as error:
                if error_code(error) != _MISSING:
                    raise
            return 0

        self._write("deleting", target, role, send)

    def _write(
        self, what: str, target: Target, role: str | None, send: Callable[[SSMClient], int]
    ) -> int:
        def prepare() -> SSMClient:
            return self._sessions.client("ssm", role=role, writing=True)

        def once(ssm: SSMClient) -> int:
            with translated(what, role=role, resource=_place(target), mutating=True):
                return send(ssm)

        return self._sessions.traffic.write(prepare, once)


def _place(target: Target) -> str:
    return f"the parameter {target.pointer.name} in account {target.account}"


def _value(
    target: Target,
    *,
    kind: str,
    value: str,
    revision: int,
    changed_at: datetime,
    changed_by: str = "",
) -> PointerValue:
    if kind != _PLAIN:
        raise RefusedError(
            "The pointer is not a plain parameter",
            f"In account {target.account}, {target.pointer.name} is a {kind}. A pointer is a "
            "String: applications read it as it is, and the version's ARN is no secret.",
            "Name another parameter in promote.yaml, or delete this one once nothing reads it.",
        )
    return PointerValue(
        value=value,
        revision=revision,
        changed_at=changed_at.astimezone(UTC),
        changed_by=changed_by,
    )
