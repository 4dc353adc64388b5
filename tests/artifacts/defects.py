"""The corpus of seeded defects: documents as a template with one slip in it writes them.

Each takes a document of ours that is right and changes one thing. `caught` says who must notice:
the rule of that id, the strict parser (`PARSER`) or the proof (`PROOF`).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from promote.core.policies.documents import WantedDocument
from promote.templates import render
from tests.artifacts.test_policies import wanted
from tests.builders import ML, QA, version_arn

PARSER = "the parser"
PROOF = "the proof"

ENDPOINT = "vpce-0a1b2c3d4e5f60718"
V1, V2, V3 = (version_arn(name) for name in ("v1", "v2", "v3"))
PROJECT = V1.partition("/version/")[0]
ROLE = f"arn:aws:iam::{ML}:role/tools-qa"
STRANGER = "arn:aws:iam::888888888888:role/stranger"
BUCKET = "arn:aws:s3:::tools-images"
ORGANIZATION = {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}


@dataclass(frozen=True, kw_only=True)
class Defect:
    """One defect.

    Attributes:
        seed: What is wrong.
        kind: The kind of template that wrote it.
        caught: Who must notice.
        change: Elements of the statement that the slip is in; None: the element is left out.
        index: Which statement that is.
        whole: Elements of the document itself, likewise.
        more: Statements besides.
        mangled: What happens to the text of the document.
    """

    seed: str
    kind: str
    caught: str
    change: Mapping[str, object] = field(default_factory=dict)
    index: int = 0
    whole: Mapping[str, object] = field(default_factory=dict)
    more: tuple[Mapping[str, object], ...] = ()
    mangled: Callable[[str], str] | None = None

    def document(self) -> Any:
        """Make the document, as JSON or, if it is mangled, as text."""
        found: dict[str, Any] = copy.deepcopy(dict(render(self.kind, clean(self.kind).context)))
        found["Statement"][self.index] = _merged(found["Statement"][self.index], self.change)
        found["Statement"] += self.more
        found = _merged(found, self.whole)
        return self.mangled(json.dumps(found)) if self.mangled else found


def _merged(element: Mapping[str, object], change: Mapping[str, object]) -> dict[str, Any]:
    return {key: of for key, of in {**element, **change}.items() if of is not None}


@cache
def clean(kind: str) -> WantedDocument:
    """Return the document of a kind that the defects are seeded in."""
    return next(one for one in wanted() if one.kind == kind)


def _if(operator: str, **keys: object) -> dict[str, object]:
    """Return a Condition element; the colon of a key is written as two underscores."""
    return {"Condition": {operator: {key.replace("__", ":"): of for key, of in keys.items()}}}


def _access(seed: str, caught: str, **change: object) -> Defect:
    return Defect(seed=seed, kind="access-role", caught=caught, change=change)


def _trust(seed: str, caught: str, **change: object) -> Defect:
    return Defect(seed=seed, kind="access-role-trust", caught=caught, change=change)


def _of(kind: str, seed: str, caught: str, **change: object) -> Defect:
    return Defect(seed=seed, kind=kind, caught=caught, change=change)


def _at(kind: str, index: int, seed: str, caught: str, **change: object) -> Defect:
    return Defect(seed=seed, kind=kind, caught=caught, index=index, change=change)


_FORM = (
    Defect(seed="old version", kind="smoke", caught="PR101", whole={"Version": "2008-10-17"}),
    Defect(seed="no version", kind="smoke", caught="PR101", whole={"Version": None}),
    _access("misspelt element", "PR102", Conditions={}),
    _access("effect in lower case", "PR103", Effect="allow"),
    _access("no resource", "PR103", Resource=None),
    _access("empty list of actions", "PR104", Action=[]),
    _access("empty list of resources", "PR104", Resource=[]),
    _access("None as endpoint", "PR105", **_if("StringEquals", aws__SourceVpce="None")),
    _trust("empty external id", "PR105", **_if("StringEquals", sts__ExternalId="")),
    _access("Jinja left over", "PR106", **_if("StringEquals", aws__SourceVpce="{{ vpce_id }}")),
    _access("placeholder left over", "PR106", Resource=V1.replace(ML, "{account}")),
    _access("Terraform left over", "PR106", Resource=V1.replace(ML, "${var.account}")),
    _at("operator", 1, "Sid twice", "PR107", Sid="StartAndStopVersions"),
    _access("Sid with hyphens", "PR108", Sid="detect-with-allowed-versions"),
    _access("dash of a word processor", "PR109", Resource=V1.replace("v1", "v\u20131")),
    _access("over the quota", "PR110", Resource=[version_arn(f"v{n}") for n in range(100, 250)]),
    _access("version listed twice", "PR111", Resource=[V1, V1]),
    Defect(
        seed="statement once more without its condition",
        kind="access-role",
        caught="PR112",
        more=(
            {"Effect": "Allow", "Action": "rekognition:DetectCustomLabels", "Resource": [V1, V2]},
        ),
    ),
    Defect(
        seed="denial that lost its condition",
        kind="deployer",
        caught="PR113",
        more=({"Effect": "Deny", "Action": "ssm:*Parameter", "Resource": "*"},),
    ),
    Defect(
        seed="key twice",
        kind="smoke",
        caught=PARSER,
        mangled=lambda text: text[:-1] + ', "Version": "2012-10-17"}',
    ),
    Defect(
        seed="comma too many", kind="smoke", caught=PARSER, mangled=lambda text: text[:-1] + ",}"
    ),
    Defect(seed="two documents", kind="smoke", caught=PARSER, mangled=lambda text: text + text),
)

_ACTIONS_AND_RESOURCES = (
    _access("dot instead of a colon", "PR201", Action="rekognition.DetectCustomLabels"),
    _access("misspelt service", "PR202", Action="rekogniton:DetectCustomLabels"),
    _access("misspelt action", "PR203", Action="rekognition:DetectCustomLabel"),
    _access("wildcard action", "PR204", Action="rekognition:Detect*"),
    _access("all actions but one", "PR205", Action=None, NotAction="rekognition:DeleteProject"),
    _trust("action of another service", "PR206", Action="s3:GetObject"),
    _access("ARN without its resource", "PR301", Resource=V1.rpartition(":")[0]),
    _access("ARN of the project", "PR302", Resource=f"{PROJECT}/1767225600000"),
    _at("data-lake-bucket", 5, "object action on the bucket", "PR302", Resource=BUCKET),
    _at("data-lake-bucket", 4, "bucket action on objects", "PR302", Resource=f"{BUCKET}/*"),
    _access("ARN of the project beside versions", "PR303", Resource=[V1, f"{PROJECT}/17672256"]),
    _access("no Region", "PR304", Resource=V1.replace("us-east-1", "")),
    _at("smoke", 1, "Region of a role", "PR304", Resource=ROLE.replace("::", ":us-east-1:")),
    _access("any account", "PR305", Resource=V1.replace(ML, "*")),
    _access("account with eleven digits", "PR306", Resource=V1.replace(ML, ML[1:])),
    _access("every resource", "PR307", Resource="*"),
    _at(
        "scp", 1, "CreateProject on project/*", "PR308", Resource=f"{PROJECT.rpartition('/')[0]}/*"
    ),
    _of("operator", "copy without a project", "PR309", Action="rekognition:CopyProjectVersion"),
    _access("all resources but one", "PR310", Resource=None, NotResource=V1),
    _access("v1* instead of v1/*", "PR311", Resource=f"{PROJECT}/version/v1*"),
    _access(
        "variable as Region", "PR312", Resource=V1.replace("us-east-1", "${aws:RequestedRegion}")
    ),
    _of("operator", "every action", "PR701", Action="*"),
    _at("operator", 1, "every role", "PR702", Resource="*"),
    _at("operator", 1, "role for any service", "PR703", Action="iam:PassRole"),
)

_CONDITIONS = (
    _access("misspelt operator", "PR401", **_if("StringEqual", aws__SourceVpce=ENDPOINT)),
    _access("operator in lower case", "PR401", **_if("stringequals", aws__SourceVpce=ENDPOINT)),
    _access("misspelt key", "PR402", **_if("StringEquals", aws__SourceVpcEndpoint=ENDPOINT)),
    _access("key that the service lacks", "PR402", **_if("ArnEquals", rekognition__Version=V1)),
    _access("key of another service", "PR403", **_if("StringEquals", sts__ExternalId="tools")),
    _at(
        "data-lake-bucket",
        5,
        "key of another action",
        "PR404",
        **_if("StringEquals", s3__prefix="a/"),
    ),
    _access(
        "set for one value", "PR405", **_if("ForAllValues:StringEquals", aws__SourceVpce=ENDPOINT)
    ),
    _trust(
        "no set for several values",
        "PR406",
        **_if("StringLike", aws__PrincipalOrgPaths="o-a1b2c3d4e5/*"),
    ),
    _access(
        "all values of none",
        "PR407",
        Action="rekognition:TagResource",
        **_if("ForAllValues:StringEquals", aws__TagKeys="team"),
    ),
    _access(
        "endpoint only if there is one",
        "PR408",
        **_if("StringEqualsIfExists", aws__SourceVpce=ENDPOINT),
    ),
    _access("number for a text", "PR409", **_if("NumericEquals", aws__SourceVpce="7")),
    _access("date for a flag", "PR409", **_if("DateEquals", aws__SecureTransport="2026-11-30")),
    _of(
        "scp",
        "ARN as text",
        "PR410",
        **_if("StringNotLike", aws__PrincipalArn="arn:aws:iam::*:role/x"),
    ),
    _of(
        "scp",
        "wildcard in an equality",
        "PR411",
        **_if("StringNotEquals", aws__PrincipalArn="arn:aws:iam::*:role/x"),
    ),
    _access("any endpoint", "PR412", **_if("StringLike", aws__SourceVpce="vpce-*")),
    _access("VPC for an endpoint", "PR413", **_if("StringEquals", aws__SourceVpce="vpc-0a1b2c3d")),
    _trust(
        "session for a role",
        "PR414",
        **_if("ArnEquals", aws__PrincipalArn=f"arn:aws:sts::{QA}:assumed-role/storefront/x"),
    ),
    _access("private address", "PR415", **_if("IpAddress", aws__SourceIp="10.0.0.0/8")),
    _at(
        "consumer",
        1,
        "endpoint's owner for STS",
        "PR416",
        **_if("StringEquals", aws__VpceAccount=QA),
    ),
    _of(
        "rcp",
        "AWS services shut out",
        "PR417",
        **_if("StringNotEqualsIfExists", **{"aws:PrincipalOrgID": "o-a1b2c3d4e5"}),
    ),
)

_PRINCIPALS_AND_KINDS = (
    _access("principal in an identity policy", "PR501", Principal={"AWS": STRANGER}),
    _of("scp", "principal in an SCP", "PR501", Principal="*"),
    _trust("resource in a trust policy", "PR502", Resource="*"),
    _trust("everybody but one", "PR503", Principal=None, NotPrincipal={"AWS": STRANGER}),
    _trust("everybody", "PR504", Principal={"AWS": "*"}, Condition=None),
    _of("project-policy", "everybody", "PR504", Principal="*"),
    _trust("whole accounts", "PR505", Condition=None),
    _of("role-trust", "no organisation, no external id", "PR506", Condition=None),
    _trust("wildcard in a principal", "PR507", Principal={"AWS": f"arn:aws:iam::{QA}:role/*"}),
    _of("role-trust", "role that was deleted", "PR508", Principal={"AWS": "AROAIOSFODNN7EXAMPLE"}),
    _of("role-trust", "confused deputy", "PR509", Principal={"Service": "codebuild.amazonaws.com"}),
    _of(
        "role-trust",
        "every repository of a provider",
        "PR510",
        Condition=None,
        Principal={
            "Federated": f"arn:aws:iam::{ML}:oidc-provider/token.actions.githubusercontent.com"
        },
        Action="sts:AssumeRoleWithWebIdentity",
    ),
    _of(
        "project-policy",
        "detection by project policy",
        "PR601",
        Action="rekognition:DetectCustomLabels",
    ),
    _of("project-policy", "the project itself", "PR602", Resource=f"{PROJECT}/1767225600000"),
    _at("data-lake-bucket", 5, "another bucket", "PR603", Resource="arn:aws:s3:::tools-results/*"),
    _of("rcp", "RCP that allows", "PR604", Effect="Allow"),
    _of(
        "rcp", "RCP for Rekognition", "PR605", Action="rekognition:DetectCustomLabels", Resource="*"
    ),
    _of("rcp", "RCP for everything", "PR606", Action="*", Resource="*"),
)

# Each of these is a document that nobody could object to, only not the one that was planned.
_PLANNED_OTHERWISE = (
    _access("condition lost", PROOF, Condition=None),
    _access(
        "another endpoint", PROOF, **_if("StringEquals", aws__SourceVpce="vpce-0ffffffffffffffff")
    ),
    _access(
        "one more endpoint",
        PROOF,
        **_if("StringEquals", aws__SourceVpce=[ENDPOINT, "vpce-0ffffffffffffffff"]),
    ),
    _access("one version too many", PROOF, Resource=[V1, V2, V3]),
    _access("one version missing", PROOF, Resource=[V1]),
    _access("every version", PROOF, Resource=f"{PROJECT}/version/*"),
    _access("names that begin so", PROOF, Resource=[f"{PROJECT}/version/v1*", V2]),
    _access(
        "one action too many",
        PROOF,
        Action=["rekognition:DetectCustomLabels", "rekognition:StopProjectVersion"],
    ),
    _access("denial for a permission", PROOF, Effect="Deny"),
    _of(
        "role-trust",
        "second principal",
        PROOF,
        Principal={"AWS": ["arn:aws:iam::111111111111:role/release", STRANGER]},
    ),
    _of("role-trust", "organisation lost", PROOF, **_if("StringEquals", sts__ExternalId="tools")),
    _trust("external id lost", PROOF, **_if("StringEquals", **ORGANIZATION)),
    _of(
        "consumer",
        "pointer that can be written",
        PROOF,
        Action=["ssm:GetParameter", "ssm:PutParameter"],
    ),
    _at(
        "consumer",
        1,
        "access role of another environment",
        PROOF,
        Resource=ROLE.replace("qa", "prod"),
    ),
    _of(
        "boundary",
        "boundary around every project",
        PROOF,
        Resource=f"{PROJECT.rpartition('/')[0]}/*/version/*",
    ),
    _of("scp", "operator forgotten", PROOF, **_if("ArnNotLike", aws__PrincipalArn=STRANGER)),
    _of("scp", "stopping left open", PROOF, Action="rekognition:StartProjectVersion"),
    _of("rcp", "access role forgotten", PROOF, Resource=ROLE),
    _at(
        "data-lake-bucket",
        1,
        "source of the request lost",
        PROOF,
        **_if("StringEquals", aws__SourceAccount=ML),
    ),
    _of(
        "data-lake-key",
        "decryption by any way",
        PROOF,
        **_if("ArnEquals", aws__PrincipalArn=f"arn:aws:iam::{ML}:role/trainer"),
    ),
    _at(
        "ledger",
        1,
        "bucket listed as a whole",
        PROOF,
        **_if("StringEquals", **ORGANIZATION),
    ),
    _of("ledger", "objects of others", PROOF, Resource="arn:aws:s3:::team-ledger/*"),
    _at(
        "ledger",
        4,
        "reviews in the name of others of the account",
        PROOF,
        NotResource=[
            "arn:aws:s3:::team-ledger/*.json",
            "arn:aws:s3:::team-ledger/*/approvals/*/${aws:PrincipalAccount}/*.review",
        ],
    ),
    _of(
        "records-key",
        "digests made elsewhere signed",
        PROOF,
        **_if("StringEquals", **ORGANIZATION, kms__SigningAlgorithm="ECDSA_SHA_256"),
    ),
    _of("project-policy", "version that is not promoted", PROOF, Resource=[V1, V2, V3]),
    _of("rekognition-endpoint", "any role through the endpoint", PROOF, Condition=None),
)

DEFECTS = (
    *_FORM,
    *_ACTIONS_AND_RESOURCES,
    *_CONDITIONS,
    *_PRINCIPALS_AND_KINDS,
    *_PLANNED_OTHERWISE,
)
