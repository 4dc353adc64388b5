"""IAM Access Analyzer: ValidatePolicy and the custom policy checks.

Asked with the promoter's own credentials, in the topology's Region: the checks look at documents
and at nothing in an account, so no role has to be assumed and no role's policy grows. It needs
access-analyzer:ValidatePolicy, access-analyzer:CheckNoNewAccess and
access-analyzer:CheckAccessNotGranted on ``*`` (the actions have no resource). AWS charges for each
custom check, not for ValidatePolicy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from promote.aws.translation import translated
from promote.core.analysis import Answer, Remark
from promote.iam.document import Kind
from promote.iam.spelling import canonical

if TYPE_CHECKING:
    from promote.aws.sessions import Sessions
    from promote.core.observation import Json

_IDENTITY, _RESOURCE = "IDENTITY_POLICY", "RESOURCE_POLICY"
_TYPES: Final[Mapping[Kind, str]] = {
    Kind.IDENTITY: _IDENTITY,
    Kind.BOUNDARY: _IDENTITY,
    Kind.SESSION: _IDENTITY,
    Kind.SCP: "SERVICE_CONTROL_POLICY",
    Kind.RCP: "RESOURCE_CONTROL_POLICY",
    Kind.TRUST: _RESOURCE,
    Kind.BUCKET: _RESOURCE,
    Kind.KEY: _RESOURCE,
    Kind.PROJECT: _RESOURCE,
    Kind.ENDPOINT: _RESOURCE,
}
_RESOURCE_TYPES: Final[Mapping[Kind, str]] = {
    Kind.TRUST: "AWS::IAM::AssumeRolePolicyDocument",
    Kind.BUCKET: "AWS::S3::Bucket",
}
"""Those it knows (ValidatePolicy, validatePolicyResourceType); for others it checks generally."""
_DENIED: Final = (
    "Allow it access-analyzer:ValidatePolicy, access-analyzer:CheckNoNewAccess and "
    "access-analyzer:CheckAccessNotGranted, on *."
)
_REPORT: Final = "To see what promote proves of the documents:\n    promote policy prove"
_WITHOUT: Final = "Or leave --access-analyzer out: the proof by promote itself does not need it."


class AccessAnalyzer:
    """The `promote.ports.PolicyAnalyzer` of AWS; safe for use by many threads."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def validate(self, document: Json, *, kind: Kind) -> tuple[Remark, ...]:
        """Return every finding of ValidatePolicy."""
        asked: dict[str, Any] = {"policyDocument": canonical(document), "policyType": _TYPES[kind]}
        if kind in _RESOURCE_TYPES:
            asked["validatePolicyResourceType"] = _RESOURCE_TYPES[kind]
        found: list[Remark] = []
        while True:
            answer = self._ask("validate_policy", asked)
            found += map(_remark, answer["findings"])
            if not answer.get("nextToken"):
                return tuple(found)
            asked["nextToken"] = answer["nextToken"]

    def no_new_access(self, document: Json, *, reference: Json, kind: Kind) -> Answer:
        """Say whether a document allows nothing that its reference does not allow."""
        return self._check(
            "check_no_new_access",
            newPolicyDocument=canonical(document),
            existingPolicyDocument=canonical(reference),
            policyType=_TYPES[kind],
        )

    def not_granted(
        self, document: Json, *, action: str, resources: Sequence[str], kind: Kind
    ) -> Answer:
        """Say whether a document certainly does not allow an action on any of the resources."""
        return self._check(
            "check_access_not_granted",
            policyDocument=canonical(document),
            access=[{"actions": [action], "resources": list(resources)}],
            policyType=_TYPES[kind],
        )

    def _check(self, operation: str, **asked: object) -> Answer:
        answer = self._ask(operation, asked)
        return Answer(
            # An answer that says neither is none that passes.
            passed=answer.get("result") == "PASS",
            message=str(answer.get("message", "")),
            reasons=tuple(str(each.get("description", "")) for each in answer.get("reasons", ())),
        )

    def _ask(self, operation: str, asked: Mapping[str, object]) -> Mapping[str, Any]:
        client = self._sessions.client("accessanalyzer", role=None)
        with translated(
            "asking Access Analyzer about",
            role=None,
            resource="a policy document",
            denied=_DENIED,
            otherwise=_REPORT,
            without=_WITHOUT,
        ):
            answer: Mapping[str, Any] = getattr(client, operation)(**asked)
            return answer


def _remark(finding: Mapping[str, Any]) -> Remark:
    return Remark(
        severity=str(finding["findingType"]),
        code=str(finding["issueCode"]),
        detail=str(finding["findingDetails"]),
    )
