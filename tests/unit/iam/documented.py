"""What the documentation of AWS says about requests, as cases with the page that says it.

The policies and names are those of the pages, shortened to what the case is about.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from promote.iam.authorise import Governing, Layer
from promote.iam.document import Kind, Policy
from promote.iam.evaluate import Request, Verdict
from tests.unit.iam.documents import Document, allow, deny, denying, granting, policy

LOGIC = "IAM: Policy evaluation logic"
CROSS = "IAM: Cross-account policy evaluation logic"
BOUNDARIES = "IAM: Permissions boundaries for IAM entities"
SESSIONS = "IAM: Policies and permissions, Session policies"
PRINCIPALS = "IAM: AWS JSON policy elements: Principal"
ROOT = "IAM: Policies and permissions, Policies and the root user"
OPERATORS = "IAM: Condition operators"
SETS = "IAM: Set operators for multivalued context keys"
VARIABLES = "IAM: Variables and tags"
SCPS = "Organizations: SCP evaluation"
RCPS = "Organizations: RCP evaluation"
KEYS = "KMS: Default key policy"
ENDPOINTS = "PrivateLink: Control access using endpoint policies"

ALLOWED, IMPLICIT, EXPLICIT = Verdict.ALLOWED, Verdict.IMPLICIT_DENY, Verdict.EXPLICIT_DENY

A, B = "111111111111", "222222222222"
CARLOS = f"arn:aws:iam::{A}:user/carlossalazar"
ROLE = f"arn:aws:iam::{A}:role/examplerole"
SESSION = f"arn:aws:sts::{A}:assumed-role/examplerole/examplesession"
ACCOUNT = f"arn:aws:iam::{A}:root"
OTHER_ROLE = f"arn:aws:iam::{B}:role/cross"
KEY = f"arn:aws:kms:us-east-1:{A}:key/1"
LOGS, OWN, PRODUCTION = (
    "arn:aws:s3:::carlossalazar-logs/f",
    "arn:aws:s3:::carlossalazar/f",
    ("arn:aws:s3:::Production/f"),
)
OBJECT = "arn:aws:s3:::b/o"


@dataclass(frozen=True)
class Case:
    """One request, all that governs it, and what the page says of it."""

    page: str
    says: str
    verdict: Verdict
    layer: Layer
    action: str
    resource: str
    governing: Governing
    principal: str = CARLOS
    context: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    owner: str | None = A

    @property
    def request(self) -> Request:
        found = {"aws:PrincipalArn": ROLE} if self.principal == SESSION else {}
        return Request(self.principal, self.action, self.resource, found | self.context)


def own(*statements: Document) -> tuple[Policy, ...]:
    return (policy(Kind.IDENTITY, *statements),)


def bound(*statements: Document) -> tuple[Policy, ...]:
    return (policy(Kind.BOUNDARY, *statements),)


def session(*statements: Document) -> tuple[Policy, ...]:
    return (policy(Kind.SESSION, *statements),)


def levels(kind: Kind, *found: Document) -> tuple[tuple[Policy, ...], ...]:
    return tuple((policy(kind, one),) for one in found)


CARLOS_OWN = own(
    allow("s3:*", ["arn:aws:s3:::carlossalazar/*", "arn:aws:s3:::carlossalazar"]),
    deny("s3:*", "arn:aws:s3:::*log*"),
)
CARLOS_BUCKET = policy(
    Kind.BUCKET,
    granting(
        {"AWS": CARLOS}, "s3:*", ["arn:aws:s3:::carlossalazar/*", "arn:aws:s3:::carlossalazar"]
    ),
)
REPORTS = own(allow(["iam:Get*", "iam:List*"], "*"), deny("iam:*Report", "*"))


def evaluation_logic() -> Iterator[Case]:
    both = Governing(identity=CARLOS_OWN, resource=CARLOS_BUCKET)
    put = "s3:PutObject"
    yield Case(LOGIC, "a Deny wins", EXPLICIT, Layer.IDENTITY, put, LOGS, both)
    yield Case(LOGIC, "both allow", ALLOWED, Layer.IDENTITY, put, OWN, both)
    only = Governing(resource=CARLOS_BUCKET)
    yield Case(LOGIC, "the resource's Allow is enough", ALLOWED, Layer.RESOURCE, put, OWN, only)
    only = Governing(identity=CARLOS_OWN)
    yield Case(LOGIC, "the identity's Allow is enough", ALLOWED, Layer.IDENTITY, put, OWN, only)
    reports = Governing(identity=REPORTS)
    for action, verdict in (
        ("iam:GetUser", ALLOWED),
        ("iam:CreatePolicy", IMPLICIT),
        ("iam:GetOrganizationsAccessReport", EXPLICIT),
    ):
        says = f"{action} under AllowGetList and DenyReports"
        yield Case(LOGIC, says, verdict, Layer.IDENTITY, action, "*", reports)
    more = Governing(identity=(*REPORTS, *own(allow("iam:GenerateCredentialReport", "*"))))
    says = "another policy's Allow does not undo a Deny"
    action = "iam:GenerateCredentialReport"
    yield Case(LOGIC, says, EXPLICIT, Layer.IDENTITY, action, "*", more)
    yield Case(
        LOGIC, "without policies all is denied", IMPLICIT, Layer.IDENTITY, put, OWN, Governing()
    )


def resource_grants() -> Iterator[Case]:
    """Resource-based policies and implicit denies in other policy types (same account)."""
    limits: dict[str, dict[str, Any]] = {
        "boundary": {"boundary": bound(allow("ec2:*", "*"))},
        "session": {"session": session(allow("ec2:*", "*"))},
        "identity": {},
    }
    by_arn = {"ArnEquals": {"aws:PrincipalArn": ROLE}}
    grants: dict[str, tuple[Document, str]] = {
        "a role": (granting({"AWS": ROLE}, "s3:GetObject"), SESSION),
        "a role session": (granting({"AWS": SESSION}, "s3:GetObject"), SESSION),
        "a user": (granting({"AWS": CARLOS}, "s3:GetObject"), CARLOS),
        "everyone with aws:PrincipalArn": (
            granting("*", "s3:GetObject", Condition=by_arn),
            SESSION,
        ),
    }
    for to, (statement, principal) in grants.items():
        for kind, limit in limits.items():
            if kind == "session" and principal == CARLOS:
                continue
            limited = to == "a role" and kind != "identity"
            yield Case(
                PRINCIPALS if to.startswith("everyone") else LOGIC,
                f"a grant to {to} with an implicit deny of the {kind} policy",
                IMPLICIT if limited else ALLOWED,
                Layer(f"permissions {kind}" if kind == "boundary" else kind)
                if limited
                else Layer.RESOURCE,
                "s3:GetObject",
                OBJECT,
                Governing(resource=policy(Kind.BUCKET, statement), **limit),
                principal=principal,
            )
    yield Case(
        PRINCIPALS,
        "an explicit deny of the boundary limits even a grant to everyone",
        EXPLICIT,
        Layer.BOUNDARY,
        "s3:GetObject",
        OBJECT,
        Governing(
            resource=policy(Kind.BUCKET, granting("*", Condition=by_arn)),
            boundary=bound(deny("s3:*", "*")),
        ),
        principal=SESSION,
    )
    for grant, verdict, layer in (
        ({"AWS": ACCOUNT}, IMPLICIT, Layer.IDENTITY),
        ({"AWS": CARLOS}, ALLOWED, Layer.RESOURCE),
    ):
        yield Case(
            PRINCIPALS,
            f"a grant to {grant['AWS']} delegates only if it is to the account",
            verdict,
            layer,
            "s3:GetObject",
            OBJECT,
            Governing(resource=policy(Kind.BUCKET, granting(grant))),
        )


def policies_that_must_allow() -> Iterator[Case]:
    """Role trust policies and KMS key policies must explicitly allow access."""
    everything = own(allow("*", "*"))
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    for says, principal, identity, verdict, layer in (
        ("does not name the caller", B, everything, IMPLICIT, Layer.RESOURCE),
        ("names the caller", CARLOS, (), ALLOWED, Layer.RESOURCE),
        ("names the account, and the caller may", A, everything, ALLOWED, Layer.RESOURCE),
        ("names the account, and the caller may not", A, (), IMPLICIT, Layer.IDENTITY),
    ):
        for kind, action, resource, page in (
            (Kind.TRUST, "sts:AssumeRole", ROLE, LOGIC),
            (Kind.KEY, "kms:Decrypt", KEY, KEYS),
        ):
            named = {"Principal": {"AWS": principal}}
            statement = trust | named if kind is Kind.TRUST else granting({"AWS": principal})
            yield Case(
                page,
                f"a {kind.value} policy that {says}",
                verdict,
                layer,
                action,
                resource,
                Governing(identity=identity, resource=policy(kind, statement)),
            )


def across_accounts() -> Iterator[Case]:
    identity = own(
        allow("s3:*Object*", "arn:aws:s3:::Production/*"),
        deny("s3:*", ["arn:aws:s3:::*log*", "arn:aws:s3:::*log*/*"]),
    )
    actions = ["s3:GetObject*", "s3:PutObject*", "s3:ReplicateObject", "s3:RestoreObject"]
    bucket = policy(Kind.BUCKET, granting({"AWS": CARLOS}, actions, "arn:aws:s3:::Production/*"))
    whole = policy(Kind.BUCKET, granting({"AWS": A}, actions, "arn:aws:s3:::Production/*"))
    logs = "arn:aws:s3:::Production-logs/f"
    put, delete = "s3:PutObject", "s3:DeleteObject"
    both = Governing(identity=identity, resource=bucket)
    for says, verdict, layer, action, resource, governing in (
        (
            "a Deny of the identity",
            EXPLICIT,
            Layer.IDENTITY,
            put,
            logs,
            Governing(identity=identity),
        ),
        ("both accounts allow", ALLOWED, Layer.RESOURCE, put, PRODUCTION, both),
        ("only the trusted account allows", IMPLICIT, Layer.RESOURCE, delete, PRODUCTION, both),
        (
            "there is no policy of the resource",
            IMPLICIT,
            Layer.RESOURCE,
            put,
            PRODUCTION,
            Governing(identity=identity),
        ),
        (
            "only the trusting account allows",
            IMPLICIT,
            Layer.IDENTITY,
            put,
            PRODUCTION,
            Governing(resource=bucket),
        ),
        (
            "the whole account may be the principal",
            ALLOWED,
            Layer.RESOURCE,
            put,
            PRODUCTION,
            Governing(identity=identity, resource=whole),
        ),
        (
            "a boundary limits the trusted account's side",
            IMPLICIT,
            Layer.BOUNDARY,
            put,
            PRODUCTION,
            Governing(identity=identity, resource=bucket, boundary=bound(allow("ec2:*", "*"))),
        ),
    ):
        yield Case(CROSS, says, verdict, layer, action, resource, governing, owner=B)


def boundaries() -> Iterator[Case]:
    three = bound(allow(["s3:*", "cloudwatch:*", "ec2:*"], "*"))
    create = own(allow("iam:CreateUser", "*"))
    buckets = own(allow("s3:*", "*"))
    company = bound(
        allow(["s3:*", "ec2:*"], "*"),
        allow(["iam:*AccessKey*", "iam:GetUser"], "arn:aws:iam::*:user/${aws:username}"),
        deny("s3:*", ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"]),
    )
    iam = own(allow("iam:*", "*"), allow("s3:*", "*"))
    me, other = f"arn:aws:iam::{A}:user/Zhang", f"arn:aws:iam::{A}:user/Bob"
    named = {"aws:username": "Zhang"}
    limited = f"arn:aws:iam::{A}:policy/XCompanyBoundaries"
    delegated = bound(
        allow(
            ["iam:CreateUser", "iam:AttachUserPolicy"],
            "*",
            Condition={"StringEquals": {"iam:PermissionsBoundary": limited}},
        ),
        deny("iam:DeleteUserPermissionsBoundary", "*"),
    )
    limit, grant = Layer.BOUNDARY, Layer.IDENTITY
    rows: list[tuple[str, Verdict, Layer, str, str, Any, Any, dict[str, Any]]] = [
        ("not in the boundary", IMPLICIT, limit, "iam:CreateUser", "*", create, three, {}),
        ("only in the boundary", IMPLICIT, grant, "s3:GetObject", OBJECT, create, three, {}),
        ("in both", ALLOWED, grant, "s3:GetObject", OBJECT, buckets, three, {}),
        (
            "denied by the boundary",
            EXPLICIT,
            limit,
            "s3:GetObject",
            "arn:aws:s3:::logs/f",
            iam,
            company,
            named,
        ),
        ("one's own access key", ALLOWED, grant, "iam:CreateAccessKey", me, iam, company, named),
        (
            "another's access key",
            IMPLICIT,
            limit,
            "iam:CreateAccessKey",
            other,
            iam,
            company,
            named,
        ),
        (
            "a user with the boundary",
            ALLOWED,
            grant,
            "iam:CreateUser",
            other,
            iam,
            delegated,
            {"iam:PermissionsBoundary": limited},
        ),
        ("a user without it", IMPLICIT, limit, "iam:CreateUser", other, iam, delegated, {}),
        (
            "removing a boundary",
            EXPLICIT,
            limit,
            "iam:DeleteUserPermissionsBoundary",
            other,
            iam,
            delegated,
            {},
        ),
    ]
    for says, verdict, layer, action, resource, identity, boundary, context in rows:
        governing = Governing(identity=identity, boundary=boundary)
        yield Case(BOUNDARIES, says, verdict, layer, action, resource, governing, context=context)


def sessions_and_root() -> Iterator[Case]:
    identity, passed = own(allow("s3:*", "*")), session(allow("s3:Get*", "*"))
    for action, verdict, layer in (
        ("s3:GetObject", ALLOWED, Layer.IDENTITY),
        ("s3:PutObject", IMPLICIT, Layer.SESSION),
        ("ec2:RunInstances", IMPLICIT, Layer.SESSION),
    ):
        yield Case(
            SESSIONS,
            f"{action} in the intersection of identity and session policy or not",
            verdict,
            layer,
            action,
            OBJECT,
            Governing(identity=identity, session=passed),
            principal=SESSION,
        )
    both = Governing(identity=identity, session=passed, boundary=bound(allow("s3:List*", "*")))
    yield Case(
        SESSIONS,
        "the boundary must allow as well",
        IMPLICIT,
        Layer.BOUNDARY,
        "s3:GetObject",
        OBJECT,
        both,
        principal=SESSION,
    )
    yield Case(
        LOGIC, "the root user may do all", ALLOWED, Layer.IDENTITY, "s3:GetObject", OBJECT,
        Governing(), principal=ACCOUNT,
    )  # fmt: skip
    guarded = Governing(scp=levels(Kind.SCP, allow("*", "*"), allow("ec2:*", "*")))
    yield Case(
        ROOT, "SCPs affect the root user", IMPLICIT, Layer.SCP, "s3:GetObject", OBJECT, guarded,
        principal=ACCOUNT,
    )  # fmt: skip


def organisations() -> Iterator[Case]:
    identity = own(allow("s3:*", "*"))
    every, ec2 = allow("*", "*"), allow("ec2:*", "*")
    get = "s3:GetObject"
    scp = Kind.SCP
    rows: list[tuple[str, str, Verdict, Layer, Governing]] = [
        (
            SCPS,
            "an Allow on every level",
            ALLOWED,
            Layer.IDENTITY,
            Governing(identity=identity, scp=levels(scp, every, every, every)),
        ),
        (
            SCPS,
            "no Allow on one level",
            IMPLICIT,
            Layer.SCP,
            Governing(identity=identity, scp=levels(scp, every, ec2, every)),
        ),
        (
            SCPS,
            "an SCP grants nothing",
            IMPLICIT,
            Layer.IDENTITY,
            Governing(scp=levels(scp, every)),
        ),
        (
            SCPS,
            "a Deny on any level",
            EXPLICIT,
            Layer.SCP,
            Governing(
                identity=identity,
                scp=((policy(scp, every), policy(scp, deny(get, "*"))), (policy(scp, every),)),
            ),
        ),
        (
            SCPS,
            "an SCP also limits what a resource grants",
            IMPLICIT,
            Layer.SCP,
            Governing(
                resource=policy(Kind.BUCKET, granting({"AWS": CARLOS})), scp=levels(scp, ec2)
            ),
        ),
        (
            RCPS,
            "RCPFullAWSAccess lets all pass",
            ALLOWED,
            Layer.IDENTITY,
            Governing(identity=identity, rcp=levels(Kind.RCP, granting())),
        ),
        (
            RCPS,
            "a Deny of an RCP on any level",
            EXPLICIT,
            Layer.RCP,
            Governing(
                identity=identity,
                rcp=((policy(Kind.RCP, granting()), policy(Kind.RCP, denying("*", "s3:*"))),),
            ),
        ),
        (
            ENDPOINTS,
            "the endpoint policy must allow",
            IMPLICIT,
            Layer.ENDPOINT,
            Governing(identity=identity, endpoint=policy(Kind.ENDPOINT, granting("*", "ec2:*"))),
        ),
        (
            ENDPOINTS,
            "the endpoint policy replaces no other",
            IMPLICIT,
            Layer.IDENTITY,
            Governing(endpoint=policy(Kind.ENDPOINT, granting())),
        ),
    ]
    for page, says, verdict, layer, governing in rows:
        yield Case(page, says, verdict, layer, get, OBJECT, governing)


def _conditional(
    page: str, says: str, statement: Document, expected: Verdict, **context: str | tuple[str, ...]
) -> Case:
    """Return the case of one conditional statement, beside which a Deny stands under an Allow."""
    keys = {key.replace("__", "/").replace("_", ":", 1): value for key, value in context.items()}
    beside = [allow("*", "*")] if statement["Effect"] == "Deny" else []
    action, resource = statement["Action"], statement["Resource"]
    return Case(
        page,
        says,
        expected,
        Layer.IDENTITY,
        str(action).replace("*", "Do"),
        str(resource).replace("*", "x"),
        Governing(identity=own(statement, *beside)),
        context=keys,
    )


def conditions() -> Iterator[Case]:
    page = OPERATORS

    def when(operator: str, key: str, values: object) -> Document:
        return allow("iam:*AccessKey*", "*", Condition={operator: {key: values}})

    tag = when("StringEquals", "aws:PrincipalTag/job-category", "iamuser-admin")
    yield _conditional(
        page, "the tag", tag, ALLOWED, **{"aws_PrincipalTag__job-category": "iamuser-admin"}
    )
    yield _conditional(page, "without the tag", tag, IMPLICIT)
    keys = when("NumericLessThanEquals", "s3:max-keys", "10")
    yield _conditional(page, "up to 10 keys", keys, ALLOWED, **{"s3_max-keys": "10"})
    yield _conditional(page, "more than 10 keys", keys, IMPLICIT, **{"s3_max-keys": "11"})
    yield _conditional(page, "keys not counted", keys, IMPLICIT)
    issued = when("DateGreaterThan", "aws:TokenIssueTime", "2020-01-01T00:00:01Z")
    yield _conditional(
        page, "a later token", issued, ALLOWED, aws_TokenIssueTime="2020-06-01T00:00:00Z"
    )
    yield _conditional(
        page, "an earlier token", issued, IMPLICIT, aws_TokenIssueTime="2019-12-31T00:00:00Z"
    )
    yield _conditional(page, "no temporary token", issued, IMPLICIT)
    plain = deny("s3:*", OBJECT, Condition={"Bool": {"aws:SecureTransport": "false"}})
    yield _conditional(page, "without TLS", plain, EXPLICIT, aws_SecureTransport="false")
    yield _conditional(page, "with TLS", plain, ALLOWED, aws_SecureTransport="true")
    range_ = when("IpAddress", "aws:SourceIp", ["203.0.113.0/24", "2001:DB8:1234:5678::/64"])
    yield _conditional(page, "in the IPv4 range", range_, ALLOWED, aws_SourceIp="203.0.113.255")
    yield _conditional(
        page, "in the IPv6 range", range_, ALLOWED, aws_SourceIp="2001:db8:1234:5678::9"
    )
    yield _conditional(page, "outside the ranges", range_, IMPLICIT, aws_SourceIp="203.0.114.1")
    yield _conditional(page, "through a VPC endpoint", range_, IMPLICIT)
    pattern = "arn:aws:someservice:*:111122223333:finance/*"
    source = (
        "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"
    )
    for operator, verdict in (("StringLike", ALLOWED), ("ArnLike", IMPLICIT)):
        statement = when(operator, "aws:SourceArn", pattern)
        yield _conditional(
            page, f"{operator} across colons", statement, verdict, aws_SourceArn=source
        )
    small = ["t1.*", "t2.*", "m3.*"]
    for operator, verdict in (("StringLike", IMPLICIT), ("StringLikeIfExists", ALLOWED)):
        statement = when(operator, "ec2:InstanceType", small)
        yield _conditional(page, f"{operator} on an image", statement, verdict)
        yield _conditional(page, f"{operator}, t2", statement, ALLOWED, ec2_InstanceType="t2.nano")
        yield _conditional(
            page, f"{operator}, c5", statement, IMPLICIT, ec2_InstanceType="c5.large"
        )
    long_lived = when("Null", "aws:TokenIssueTime", "true")
    yield _conditional(page, "own credentials", long_lived, ALLOWED)
    yield _conditional(
        page,
        "temporary credentials",
        long_lived,
        IMPLICIT,
        aws_TokenIssueTime="2020-06-01T00:00:00Z",
    )
    tagged = {"StringNotEqualsIfExists": {"aws:RequestTag/team": "ml"}}
    yield _conditional(
        page, "denied even if the tag is missing", deny("ec2:*", OBJECT, Condition=tagged), EXPLICIT
    )


def set_operators() -> Iterator[Case]:
    key = "dynamodb:requestedAttributes"
    some = {"ForAllValues:StringLike": {key: ["PostDateTime", "Message", "Tags"]}}
    get = allow("dynamodb:GetItem", "*", Condition=some)
    banned = {"ForAnyValue:StringLike": {key: ["ID", "PostDateTime"]}}
    put = deny("dynamodb:PutItem", OBJECT, Condition=banned)
    rows: list[tuple[str, Document, Verdict, tuple[str, ...] | None]] = [
        ("all values in the list", get, ALLOWED, ("PostDateTime", "Message")),
        ("one value outside the list", get, IMPLICIT, ("PostDateTime", "Message", "ID")),
        ("two values, one matching", get, IMPLICIT, ("PostDateTime", "UserName")),
        ("ForAllValues of no values", get, ALLOWED, None),
        ("ForAllValues of an empty text", get, ALLOWED, ("",)),
        ("one value that is denied", put, EXPLICIT, ("PostDateTime", "Message")),
        ("one of three that is denied", put, EXPLICIT, ("UserName", "Message", "PostDateTime")),
        ("no value that is denied", put, ALLOWED, ("UserName",)),
        ("ForAnyValue of no values", put, ALLOWED, None),
        ("ForAnyValue of an empty text", put, ALLOWED, ("",)),
    ]
    for says, statement, verdict, values in rows:
        context = {} if values is None else {"dynamodb_requestedAttributes": values}
        yield _conditional(SETS, says, statement, verdict, **context)


def variables() -> Iterator[Case]:
    page, user = VARIABLES, {"aws:username": "David"}
    home = own(
        allow(
            "s3:ListBucket",
            "arn:aws:s3:::b",
            Condition={"StringLike": {"s3:prefix": ["", "home/", "home/${aws:username}/"]}},
        ),
        allow("s3:*Object", "arn:aws:s3:::b/home/${aws:username}/*"),
        allow("sqs:*", "arn:aws:sqs:us-east-2:*:${aws:username}-queue"),
        allow("ec2:*", "arn:aws:s3:::b/${aws:PrincipalTag/department}"),
        allow("iam:*", "arn:aws:s3:::b/${aws:userid, 'anonymous'}"),
    )
    rows: list[tuple[str, str, str, Verdict, dict[str, Any]]] = [
        ("one's home", "s3:GetObject", "b/home/David/x", ALLOWED, user),
        ("another's home", "s3:GetObject", "b/home/Bob/x", IMPLICIT, user),
        ("no user name", "s3:GetObject", "b/home/David/x", IMPLICIT, {}),
        ("the list of homes", "s3:ListBucket", "b", ALLOWED, user | {"s3:prefix": "home/"}),
        ("one's prefix", "s3:ListBucket", "b", ALLOWED, user | {"s3:prefix": "home/David/"}),
        ("another's prefix", "s3:ListBucket", "b", IMPLICIT, user | {"s3:prefix": "home/Bob/"}),
        ("a tag", "ec2:Do", "b/HR", ALLOWED, {"aws:PrincipalTag/department": "HR"}),
        ("another tag", "ec2:Do", "b/IT", IMPLICIT, {"aws:PrincipalTag/department": "HR"}),
        ("a default", "iam:Do", "b/anonymous", ALLOWED, {}),
        (
            "no default where there is a value",
            "iam:Do",
            "b/anonymous",
            IMPLICIT,
            {"aws:userid": "A"},
        ),
    ]
    for says, action, name, verdict, context in rows:
        yield Case(
            page,
            says,
            verdict,
            Layer.IDENTITY,
            action,
            f"arn:aws:s3:::{name}",
            Governing(identity=home),
            context=context,
        )
    queue = f"arn:aws:sqs:us-east-2:{A}:David-queue"
    yield Case(
        page, "a queue of one's name", ALLOWED, Layer.IDENTITY, "sqs:Do", queue,
        Governing(identity=home), context=dict(user),
    )  # fmt: skip


CASES = (
    *evaluation_logic(),
    *resource_grants(),
    *policies_that_must_allow(),
    *across_accounts(),
    *boundaries(),
    *sessions_and_root(),
    *organisations(),
    *conditions(),
    *set_operators(),
    *variables(),
)
