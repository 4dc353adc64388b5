"""The policy templates as products: what they grant, what no value makes them grant, own ones."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promote.core.gates.labels import LabelRule
from promote.core.gates.requirements import Requirements
from promote.core.parts import MlAccount, PointerAddress, Smoke
from promote.core.perimeter import Verifier
from promote.core.policies.documents import WantedDocument, wanted_documents
from promote.core.policies.intent import planned
from promote.core.policies.proof import DiffersError, prove
from promote.core.topology import Granularity
from promote.errors import PolicyError, TemplateError
from promote.iam.document import Effect, Kind, Policy, canonical, loads, parse
from promote.iam.evaluate import Decision, Request, evaluate, evaluate_resource
from promote.iam.quota import QUOTAS, trust_usage
from promote.templates import KINDS, render
from promote.templates.engine import fill
from promote.templates.location import policies_directory
from tests.artifacts.permissions import PERMISSIONS, PIPELINE, PROTECTIONS
from tests.builders import (
    DATA_LAKE,
    GUARDRAILS,
    ML,
    PROD,
    PROMOTER,
    QA,
    a_model,
    a_topology,
    prod,
    qa,
    version_arn,
)
from tests.builders import PIPELINE as A_PIPELINE

VERIFIER = Verifier(
    vpc="vpc-0a1b2c3d4e5f60718",
    subnets=("subnet-0a1b2c3d4e5f60718",),
    security_groups=("sg-0a1b2c3d4e5f60718",),
)
ENDPOINT = "vpce-0a1b2c3d4e5f60718"
ORGANIZATION = "o-a1b2c3d4e5"
EVALUATIONS = f"s3://{DATA_LAKE.bucket}/evaluation/"
ML_ALARM = f"arn:aws:cloudwatch:us-east-1:{ML}:alarm:models-unhealthy"
SMOKE = f"arn:aws:iam::{QA}:role/promote-smoke"
POINTER = f"arn:aws:ssm:us-east-1:{QA}:parameter/models/tools/version-arn"
HOSTILE = [
    '"',
    '"], "Action": "*", "x": ["',
    '"}, {"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Sid": "',
    "\\",
    '\\"',
    "{{ trusted }}",
    "{% raw %}",
    "{# ",
    "\n\r\t\x00",
    "\u2028\ud7ff\ue000\U0001f600",
    "${aws:username}",
    ",",
    "*",
    "</script>&amp;'",
]


ROWS: Mapping[str, Mapping[str, object]] = {**PERMISSIONS, **PROTECTIONS, **PIPELINE}


@cache
def wanted() -> tuple[WantedDocument, ...]:
    """List the documents of an organisation that needs every condition of a template."""
    published = PointerAddress(name="/models/{model}/labels")
    asked = Requirements(labels=LabelRule.KNOWN, alarms=("storefront-errors", ML_ALARM), approval=1)
    in_cloud: dict[str, Any] = {
        "gates": asked, "smoke": Smoke(images="s3://golden-images/tools"), "verifier": VERIFIER
    }  # fmt: skip
    topology = a_topology(
        qa(**in_cloud), prod(**in_cloud, vpc_endpoints=(ENDPOINT,)),
        models=(
            a_model(labels_in=published),
            a_model(name="parts", project="spares", labels_in=published),
        ),
        organization=ORGANIZATION, ml=MlAccount(account=ML, evaluations=EVALUATIONS),
        data_lake=DATA_LAKE, guardrails=GUARDRAILS, pipeline=A_PIPELINE, ledger="s3://team-ledger/tools",
        signing_key="arn:aws:kms:us-east-1:666666666666:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9",
    )  # fmt: skip
    versions = [version_arn(name) for name in ("v1", "v2")]
    return wanted_documents(topology, versions=versions, trusted=[PROMOTER])


def the(kind: str, role: str) -> WantedDocument:
    """Return the document of a kind for the role whose ARN ends so."""
    (found,) = [d for d in wanted() if d.kind == kind and d.attached_to.endswith(role)]
    return found


def rendered(kind: str, role: str) -> Policy:
    """Render and parse the document of a kind for a role."""
    return parse(render(kind, the(kind, role).context), kind=KINDS[kind])


def decide(policy: Policy, action: str, resource: str, **context: str) -> Decision:
    """Decide a request of some session by an identity policy."""
    named = {key.replace("_", ":"): value for key, value in context.items()}
    return evaluate(Request(PROMOTER, action, resource, named), [policy])


def leaves(value: Any) -> Iterator[str]:
    """Yield every text of a JSON value or context, keys aside."""
    match value:
        case str():
            yield value
        case Mapping():
            for one in value.values():
                yield from leaves(one)
        case list():
            for one in value:
                yield from leaves(one)


def mapped(value: Any, texts: Iterator[str]) -> Any:
    """Replace every text of a value, in the order of `leaves`."""
    match value:
        case str():
            return next(texts)
        case Mapping():
            return {key: mapped(one, texts) for key, one in value.items()}
        case list():
            return [mapped(one, texts) for one in value]
    return value


def endlessly(text: str) -> Iterator[str]:
    """Yield the same text for ever."""
    while True:
        yield text


by_kind = pytest.mark.parametrize("kind", KINDS)
every_document = pytest.mark.parametrize(
    "document", wanted(), ids=lambda d: f"{d.kind}-{d.attached_to}"
)


class TestEveryTemplate:
    def test_each_kind_has_a_file_a_row_of_permissions_and_an_example(self) -> None:
        files = {path.name.removesuffix(".json.j2") for path in policies_directory().iterdir()}
        assert files == set(KINDS) == set(ROWS) == {d.kind for d in wanted()}
        assert len(ROWS) == len(PERMISSIONS) + len(PROTECTIONS) + len(PIPELINE)

    @by_kind
    def test_opens_with_a_comment_that_names_kind_and_values(self, kind: str) -> None:
        text = (policies_directory() / f"{kind}.json.j2").read_text("utf-8")
        comment = text[: text.index("#}")]
        context = next(d.context for d in wanted() if d.kind == kind)
        assert comment.startswith(f"{{#\n  {kind}: ")
        assert [name for name in context if f"\n  {name} " not in comment] == []

    @by_kind
    def test_speaks_of_exactly_the_actions_of_the_table(self, kind: str) -> None:
        denying = KINDS[kind] in {Kind.SCP, Kind.RCP} or kind == "artifact-bucket"
        effects = {Effect.DENY} if denying else {Effect.ALLOW}
        effects |= {Effect.DENY} if kind in {"ledger", "log-bucket"} else set()
        for document in (d for d in wanted() if d.kind == kind):
            policy = parse(render(kind, document.context), kind=KINDS[kind])
            actions = {action for one in policy.statements for action in one.actions}
            assert actions == set(ROWS[kind])
            assert {one.effect for one in policy.statements} == effects
            assert not any(one.not_actions for one in policy.statements)
            but = [one for one in policy.statements if one.not_resources]
            assert len(but) == (2 if kind == "ledger" else 0)

    @every_document
    def test_says_what_was_planned_statement_by_statement(self, document: WantedDocument) -> None:
        result = render(document.kind, document.context)
        found = parse(result, kind=KINDS[document.kind], name=document.kind)
        nameless = tuple(replace(one, sid=None) for one in found.statements)
        assert replace(found, statements=nameless) == planned(document.kind, document.context)

    @every_document
    def test_is_stable_in_its_canonical_spelling(self, document: WantedDocument) -> None:
        first = canonical(render(document.kind, document.context))
        assert canonical(loads(first)) == first
        assert canonical(render(document.kind, document.context)) == first

    @every_document
    def test_fits_its_quota(self, document: WantedDocument) -> None:
        result = render(document.kind, document.context)
        assert QUOTAS[KINDS[document.kind]].usage([result]).fits

    @by_kind
    def test_misses_each_of_its_values_by_name(self, kind: str) -> None:
        context = next(d.context for d in wanted() if d.kind == kind)
        for name in context:
            rest = {key: value for key, value in context.items() if key != name}
            with pytest.raises(TemplateError, match=rf"\.j2:\d+: '{name}' is undefined"):
                render(kind, rest)


class TestReadsThatGatesAskFor:
    @pytest.mark.parametrize("kind", ["reader-ml", "reader-target", "data-lake-bucket"])
    def test_are_proved_where_they_are_and_where_they_are_not(self, kind: str) -> None:
        asked = next(d.context for d in wanted() if d.kind == kind)
        unasked: dict[str, object] = {
            "evaluations": None,
            "labels": [],
            "alarms": [],
            "readers": [],
        }
        spared = {**asked, **{name: unasked[name] for name in unasked if name in asked}}
        found = [prove(kind, render(kind, context), context) for context in (asked, spared)]
        assert found[0].requests > found[1].requests

    @pytest.mark.parametrize(
        ("kind", "written", "instead", "refused"),
        [
            ("reader-ml", "{{ evaluations }}", '"arn:aws:s3:::*"', "more"),
            ("reader-ml", '"s3:GetObject"', '["s3:GetObject", "s3:GetObjectAcl"]', "more"),
            ("reader-ml", '"Resource": "*"\n    }\n    {% endif %}',
             '"Resource": {{ alarms }}\n    }\n    {% endif %}', "less"),
            ("reader-target", "{{ labels }}", '"arn:aws:ssm:*:*:parameter/*"', "more"),
            ("reader-target", "{% if alarms %}", "{% if not alarms %}", "less"),
            ("data-lake-bucket", "{{ evaluations }}", "{{ objects }}", "more"),
            ("data-lake-bucket", "{{ readers }}", '"arn:aws:iam::222222222222:role/*"', "more"),
        ],
    )  # fmt: skip
    def test_are_refused_when_they_differ(
        self, kind: str, written: str, instead: str, refused: str
    ) -> None:
        path = policies_directory() / f"{kind}.json.j2"
        text = path.read_text("utf-8")
        assert text.count(written) == 1
        context = next(d.context for d in wanted() if d.kind == kind)
        document = fill(text.replace(written, instead), context, name=path.name)
        with pytest.raises(DiffersError, match=f"allows {refused} than planned"):
            prove(kind, document, context)


class TestHostileValues:
    @by_kind
    @pytest.mark.parametrize("text", HOSTILE, ids=repr)
    def test_each_arrives_verbatim_and_changes_nothing_else(self, kind: str, text: str) -> None:
        self.check(kind, endlessly(text), [text])

    @by_kind
    @given(data=st.data())
    def test_any_text_does(self, kind: str, data: st.DataObject) -> None:
        count = sum(len(list(leaves(d.context))) for d in wanted() if d.kind == kind)
        pieces = st.sampled_from(HOSTILE) | st.text(min_size=1, max_size=8)
        text = st.lists(pieces, min_size=1, max_size=3).map("".join)
        texts = data.draw(st.lists(text, min_size=1, max_size=4))
        self.check(kind, iter(texts * count), texts)

    def check(self, kind: str, texts: Iterator[str], expected: list[str]) -> None:
        document = next(d for d in wanted() if d.kind == kind)
        path = policies_directory() / f"{kind}.json.j2"
        source = path.read_text("utf-8")
        plain = fill(source, document.context, name=path.name)
        hostile = fill(source, mapped(document.context, texts), name=path.name)
        # The same keys and as many items everywhere; only what the values say differs.
        assert mapped(hostile, endlessly("")) == mapped(plain, endlessly(""))
        own = set(leaves(fill(source, mapped(document.context, endlessly("~")), name=path.name)))
        assert set(leaves(hostile)) <= own | set(expected)
        assert set(leaves(hostile)) & set(expected)


class TestAccessRole:
    DETECT = "rekognition:DetectCustomLabels"

    def test_allows_the_listed_versions_and_no_other(self) -> None:
        policy = rendered("access-role", "tools-qa")
        assert decide(policy, self.DETECT, version_arn("v2")).allowed
        assert not decide(policy, self.DETECT, version_arn("v3")).allowed
        assert not decide(policy, "rekognition:StopProjectVersion", version_arn("v2")).allowed

    def test_demands_the_endpoint_where_there_is_one(self) -> None:
        policy = rendered("access-role", "tools-prod")
        arn = version_arn("v2")
        assert decide(policy, self.DETECT, arn, aws_SourceVpce=ENDPOINT).allowed
        assert not decide(policy, self.DETECT, arn, aws_SourceVpce="vpce-1").allowed
        assert not decide(policy, self.DETECT, arn).allowed

    @pytest.mark.parametrize(
        ("granularity", "allowed"),
        [
            (Granularity.VERSION, []),
            (Granularity.PROJECT, ["tools-detector"]),
            (Granularity.ACCOUNT, ["tools-detector", "tools-detector-2"]),
        ],
    )
    def test_allows_what_the_granularity_says(
        self, granularity: Granularity, allowed: list[str]
    ) -> None:
        topology = a_topology(qa(granularity=granularity))
        documents = wanted_documents(topology, model="tools", versions=[version_arn("v1")])
        context = next(d.context for d in documents if d.kind == "access-role")
        policy = parse(render("access-role", context), kind=KINDS["access-role"])
        for project in ("tools-detector", "tools-detector-2"):
            decision = decide(policy, self.DETECT, version_arn("v9", project=project))
            assert decision.allowed is (project in allowed)
        other = version_arn("v9", account=QA)
        assert not decide(policy, self.DETECT, other).allowed

    def test_nothing_to_allow_is_no_document(self) -> None:
        with pytest.raises(PolicyError, match=r"Statement\[0\]\.Resource"):
            render("access-role", {"resources": [], "vpc_endpoints": []})


class TestAccessRoleTrust:
    ROLE = f"arn:aws:iam::{ML}:role/tools-qa"

    def enters(self, principal: str, **context: str) -> bool:
        found = {
            "aws:PrincipalArn": principal,
            "aws:PrincipalOrgID": ORGANIZATION,
            "sts:ExternalId": "tools",
        }
        found |= {key.replace("_", ":"): value for key, value in context.items()}
        trust = rendered("access-role-trust", "tools-qa")
        return evaluate_resource(
            Request(principal, "sts:AssumeRole", self.ROLE, found), trust
        ).allowed

    def test_lets_in_the_consumers_and_the_smoke_role(self) -> None:
        assert self.enters(SMOKE)
        assert self.enters(f"arn:aws:iam::{QA}:role/storefront")

    def test_keeps_out_everybody_else(self) -> None:
        assert not self.enters(f"arn:aws:iam::{QA}:role/other")
        assert not self.enters(f"arn:aws:iam::{PROD[0]}:role/storefront")
        assert not self.enters(SMOKE, sts_ExternalId="other")
        assert not self.enters(SMOKE, aws_PrincipalOrgID="o-other00000")

    def test_each_condition_is_there_only_for_its_cause(self) -> None:
        trusts: Any = the("access-role-trust", "tools-qa").context["trusts"]
        for external_id, organization, keys in (
            (None, None, set()),
            ("tools", None, {"sts:ExternalId"}),
            (None, ORGANIZATION, {"aws:PrincipalOrgID"}),
        ):
            given = {"trusts": [{**trusts[0], "external_id": external_id}]}
            document = render("access-role-trust", {**given, "organization": organization})
            policy = parse(document, kind=KINDS["access-role-trust"])
            found = {condition.key for condition in policy.statements[0].conditions}
            assert found == keys | {"aws:PrincipalArn"}

    def test_external_ids_of_their_own_do_not_open_for_each_other(self) -> None:
        topology = a_topology(prod(external_id="tools-{account}"))
        (document,) = [d for d in wanted_documents(topology) if d.kind == "access-role-trust"]
        trust = parse(render(document.kind, document.context), kind=KINDS[document.kind])
        assert len(trust.statements) == 2
        for account in PROD:
            principal = f"arn:aws:iam::{PROD[0]}:role/storefront"
            context = {"aws:PrincipalArn": principal, "sts:ExternalId": f"tools-{account}"}
            request = Request(principal, "sts:AssumeRole", document.attached_to, context)
            assert evaluate_resource(request, trust).allowed is (account == PROD[0])

    def test_one_role_can_be_shared_by_ten_accounts(self) -> None:
        accounts = tuple(f"{number:012}" for number in range(10))
        topology = a_topology(prod(accounts=accounts), organization=ORGANIZATION)
        (document,) = [d for d in wanted_documents(topology) if d.kind == "access-role-trust"]
        assert trust_usage(render(document.kind, document.context)).fits


class TestOtherRoles:
    @pytest.mark.parametrize(
        ("kind", "role", "action", "allowed", "denied"),
        [
            ("deployer", f"{QA}:role/promote-deployer", "ssm:PutParameter",
             POINTER, f"{POINTER}-2"),
            ("reader-target", f"{QA}:role/promote-reader", "ssm:GetParameterHistory",
             POINTER, POINTER.replace(QA, ML)),
            ("smoke", f"{QA}:role/promote-smoke", "sts:AssumeRole",
             f"arn:aws:iam::{ML}:role/tools-qa", f"arn:aws:iam::{ML}:role/tools-prod"),
            ("consumer", f"{QA}:role/storefront", "sts:AssumeRole",
             f"arn:aws:iam::{ML}:role/parts-qa", f"arn:aws:iam::{ML}:role/promote-operator-qa"),
            ("operator", "promote-operator-qa", "rekognition:StartProjectVersion",
             version_arn("v9"), version_arn("v9", project="tools-detector-2")),
            ("operator", "promote-operator-qa", "iam:PutRolePolicy",
             f"arn:aws:iam::{ML}:role/tools-qa", f"arn:aws:iam::{ML}:role/tools-prod"),
            ("operator", "promote-operator-qa", "iam:PutRolePolicy",
             f"arn:aws:iam::{ML}:role/parts-qa", f"arn:aws:iam::{ML}:role/promote-operator-qa"),
            ("reader-ml", "promote-reader", "rekognition:DescribeProjectVersions",
             f"arn:aws:rekognition:us-east-1:{ML}:project/other/1767225600000",
             f"arn:aws:rekognition:eu-west-1:{ML}:project/other/1767225600000"),
            ("reader-ml", "promote-reader", "iam:GetRolePolicy",
             f"arn:aws:iam::{ML}:role/tools-prod", f"arn:aws:iam::{ML}:role/admin"),
            ("reader-ml", "promote-reader", "s3:GetObject",
             "arn:aws:s3:::tools-images/evaluation/summary.json",
             "arn:aws:s3:::tools-images/image.png"),
            ("reader-target", f"{QA}:role/promote-reader", "ssm:GetParameter",
             f"arn:aws:ssm:us-east-1:{QA}:parameter/models/tools/labels",
             f"arn:aws:ssm:us-east-1:{QA}:parameter/models/tools/other"),
            ("reader-ml", "promote-reader", "iam:GetPolicyVersion",
             "arn:aws:iam::aws:policy/AmazonRekognitionReadOnlyAccess",
             f"arn:aws:iam::{QA}:policy/any"),
        ],
    )  # fmt: skip
    def test_reaches_its_own_resources_only(
        self, kind: str, role: str, action: str, allowed: str, denied: str
    ) -> None:
        policy = rendered(kind, f"{ML}:role/{role}" if ":" not in role else role)
        assert decide(policy, action, allowed).allowed
        assert not decide(policy, action, denied).allowed

    def test_our_roles_trust_the_promoters_role_in_the_organisation(self) -> None:
        trust = rendered("role-trust", "promote-operator-qa")
        context = {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/release"}
        inside = {**context, "aws:PrincipalOrgID": ORGANIZATION}
        role = f"arn:aws:iam::{ML}:role/promote-operator-qa"
        request = Request(PROMOTER, "sts:AssumeRole", role, inside)
        assert evaluate_resource(request, trust).allowed
        assert not evaluate_resource(
            Request(PROMOTER, "sts:AssumeRole", role, context), trust
        ).allowed


class TestOwnTemplates:
    CONTEXT = {"parameters": [POINTER]}  # noqa: RUF012
    OWN = """{# ours #}
    {
      "Version": "2012-10-17",
      "Statement": [{
        "Sid": "Own",
        "Effect": "Allow",
        "Action": ["ssm:PutParameter", "ssm:DeleteParameter"],
        "Resource": {{ parameters }}
      }]
    }
    """

    def write(self, directory: Path, text: str, kind: str = "deployer") -> Path:
        path = directory / f"{kind}.json.j2"
        path.write_text(text, "utf-8")
        return path

    def refusal(self, directory: Path, text: str) -> str:
        """Write a deployer template that is refused; return what is said after its path."""
        path = self.write(directory, text)
        with pytest.raises((TemplateError, PolicyError)) as caught:
            render("deployer", self.CONTEXT, directory=directory)
        before, found, after = caught.value.detail.partition(str(path))
        assert found
        assert before in {"", "In "}
        return after

    def test_an_own_template_is_used(self, tmp_path: Path) -> None:
        self.write(tmp_path, self.OWN)
        document = render("deployer", self.CONTEXT, directory=tmp_path)
        assert '"Sid":"Own"' in canonical(document)

    def test_a_kind_that_has_none_there_is_ours(self, tmp_path: Path) -> None:
        self.write(tmp_path, self.OWN)
        context = {**self.CONTEXT, "labels": [], "alarms": []}
        document = render("reader-target", context, directory=tmp_path)
        assert document == render("reader-target", context)

    def test_an_undefined_name_is_located(self, tmp_path: Path) -> None:
        found = self.refusal(tmp_path, self.OWN.replace("{{ parameters", "{{ parameter"))
        assert found == ":8: 'parameter' is undefined. This template may use parameters."

    def test_broken_json_is_located(self, tmp_path: Path) -> None:
        found = self.refusal(tmp_path, self.OWN.replace('"Allow",', '"Allow"'))
        assert found.startswith(":7: what it writes is not JSON: Expecting ',' delimiter")

    def test_two_documents_are_located(self, tmp_path: Path) -> None:
        found = self.refusal(tmp_path, self.OWN.rstrip() + "\n" + self.OWN)
        assert found.startswith(":12: what it writes is not JSON: Extra data")

    def test_what_is_outside_the_fragment_is_located(self, tmp_path: Path) -> None:
        found = self.refusal(tmp_path, self.OWN.replace('"Action"', '"NotAction"'))
        assert found.startswith(", Statement[0].NotAction is not accepted")

    def test_a_template_that_cannot_be_read_is_named(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, "")
        path.write_bytes(b"\xff")
        with pytest.raises(TemplateError, match="cannot be read") as caught:
            render("deployer", self.CONTEXT, directory=tmp_path)
        assert caught.value.detail.startswith(f"{path}: ")

    def test_a_template_of_no_kind_is_refused_instead_of_ignored(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, self.OWN, kind="deployr")
        with pytest.raises(TemplateError) as caught:
            render("deployer", self.CONTEXT, directory=tmp_path)
        assert caught.value.detail.startswith(f"{path} is a template of no kind")
        assert caught.value.remedy == "Did you mean deployer?"

    def test_a_directory_that_is_none_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(TemplateError, match="not a directory"):
            render("deployer", self.CONTEXT, directory=tmp_path / "policies")

    def test_an_unknown_kind_is_refused(self) -> None:
        with pytest.raises(TemplateError) as caught:
            render("acess-role", {})
        assert "'acess-role'" in caught.value.detail
        assert caught.value.remedy == "Did you mean access-role?"

    def test_an_edited_template_is_read_again(self, tmp_path: Path) -> None:
        for sid in ("First", "Second"):
            self.write(tmp_path, self.OWN.replace("Own", sid))
            assert sid in json.dumps(render("deployer", self.CONTEXT, directory=tmp_path))
