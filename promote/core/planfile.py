"""The plan file: canonical JSON under a SHA-256 digest.

Everything but `digest` and `made` is under the digest, so that two people who plan the same thing
at two times hold the same digest, and one changed byte is another plan.
"""

from __future__ import annotations

import hashlib
import json

from promote.core.codec import canonical, from_json, to_json
from promote.core.plan import Plan
from promote.errors import PlanFileError

_REMEDY = "Make the plan again:\n    promote plan MODEL VERSION --to ENVIRONMENT --out plan.json"


def digest(plan: Plan) -> str:
    """Return the SHA-256 over everything in the plan but `made`, in hexadecimal."""
    body = _body(plan)
    del body["made"]
    return hashlib.sha256(canonical(body)).hexdigest()


def encode(plan: Plan) -> bytes:
    """Write a plan as its file: canonical JSON with its digest, and a newline."""
    return canonical({**_body(plan), "digest": digest(plan)}) + b"\n"


def decode(content: bytes, *, expected_digest: str | None = None) -> Plan:
    """Read a plan file.

    Args:
        content: The bytes of the file.
        expected_digest: The digest that was approved, when the caller has it from elsewhere.

    Raises:
        PlanFileError: The file is no plan of this format, is not canonical, or its content is not
            what its digest, or the expected one, says.
    """
    data = _object(content)
    stated = data.pop("digest", None)
    try:
        plan: Plan = from_json(Plan, data, "plan")
        actual, canonical_bytes = digest(plan), encode(plan)
    except ValueError as error:  # CodecError, or half of a surrogate pair, which is no text
        raise PlanFileError("Not a plan file", f"{error}.", _REMEDY) from error
    if stated != actual:
        raise PlanFileError(
            "The plan file was changed",
            f"Its digest says {stated!r}, but its content has the digest {actual!r}.",
            _REMEDY,
        )
    if content.rstrip(b"\n") != canonical_bytes.rstrip(b"\n"):
        raise PlanFileError(
            "The plan file is not canonical",
            "It says the same as a plan file, but in other bytes (another order of keys, spaces, "
            "or escapes), so it is not the file that `promote plan` wrote.",
            _REMEDY,
        )
    if expected_digest is not None and expected_digest != actual:
        raise PlanFileError(
            "Not the plan that was expected",
            f"The file's digest is {actual}; --digest asks for {expected_digest}.",
            "Apply the file that was approved, or approve this one:\n    promote show plan.json",
        )
    return plan


def _body(plan: Plan) -> dict[str, object]:
    body = to_json(plan)
    assert isinstance(body, dict)  # noqa: S101 (a dataclass becomes an object)
    return body


def _object(content: bytes) -> dict[str, object]:
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:  # JSONDecodeError, UnicodeDecodeError alike
        raise PlanFileError("Not a plan file", f"It is not JSON: {error}.", _REMEDY) from error
    if not isinstance(data, dict) or data.get("kind") != "plan":
        raise PlanFileError("Not a plan file", 'It has no "kind": "plan".', _REMEDY)
    if data.get("format") != 1:
        raise PlanFileError(
            "Unknown plan format",
            f"The file has format {data.get('format')!r}; this version of promote reads format 1.",
            _REMEDY,
        )
    return data
