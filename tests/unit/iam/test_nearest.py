from __future__ import annotations

from promote.iam.document import Kind, Policy, parse
from promote.iam.evaluate import Request
from promote.iam.nearest import Mismatch, near_misses

ROLE = "arn:aws:iam::222222222222:role/tools-qa"
DETECT = "rekognition:DetectCustomLabels"
V1, V2 = (
    f"arn:aws:rekognition:us-east-1:222222222222:project/tools/version/{name}/1"
    for name in ("v1", "v2")
)
ENDPOINT = {"aws:SourceVpce": "vpce-1"}


def a_request(**changes: object) -> Request:
    given = {"principal": ROLE, "action": DETECT, "resource": V1, "context": ENDPOINT, **changes}
    return Request(**given)  # type: ignore[arg-type]


def identity(*statements: object) -> Policy:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return parse(document, kind=Kind.IDENTITY, name="own")


GRANT = {
    "Sid": "Detect",
    "Effect": "Allow",
    "Action": DETECT,
    "Resource": [V1],
    "Condition": {"StringEquals": {"aws:SourceVpce": ["vpce-1", "vpce-2"]}},
}


def missed(request: Request, policy: Policy) -> tuple[Mismatch, ...]:
    (only,) = near_misses(request, [policy])
    return only.mismatches


class TestAMismatch:
    def test_there_is_none_in_a_statement_that_covers_the_request(self) -> None:
        assert near_misses(a_request(), [identity(GRANT)]) == ()

    def test_names_an_absent_condition_key(self) -> None:
        assert missed(a_request(context={}), identity(GRANT)) == (
            Mismatch(
                element="Condition",
                test="StringEquals aws:SourceVpce",
                demanded=("vpce-1", "vpce-2"),
                given=(),
            ),
        )

    def test_names_the_value_of_a_key_whatever_its_case(self) -> None:
        (found,) = missed(a_request(context={"AWS:sourcevpce": "vpce-9"}), identity(GRANT))
        assert found.given == ("vpce-9",)

    def test_names_every_element_that_does_not_match(self) -> None:
        request = a_request(action="rekognition:StopProjectVersion", resource=V2, context={})
        elements = [each.element for each in missed(request, identity(GRANT))]
        assert elements == ["Action", "Resource", "Condition"]

    def test_shows_the_closest_resource_first(self) -> None:
        other = "arn:aws:ssm:us-east-1:222222222222:parameter/a"
        (found,) = missed(a_request(resource=V2), identity({**GRANT, "Resource": [other, V1]}))
        assert found.demanded == (V1, other)
        assert found.given == (V2,)

    def test_of_a_principal_shows_every_name_that_would_do(self) -> None:
        document = {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::333333333333:role/app"},
                "Action": "sts:AssumeRole",
            },
        }
        trust = parse(document, kind=Kind.TRUST, name="trust")
        session = "arn:aws:sts::333333333333:assumed-role/other/s"
        request = Request(
            session,
            "sts:AssumeRole",
            ROLE,
            {"aws:PrincipalArn": "arn:aws:iam::333333333333:role/other"},
        )
        (found,) = missed(request, trust)
        assert found.element == "Principal"
        assert found.demanded == ("arn:aws:iam::333333333333:role/app",)
        assert found.given == (
            session,
            "arn:aws:iam::333333333333:role/other",
            "arn:aws:iam::333333333333:root",
        )


class TestTheNearest:
    def test_is_the_one_about_the_action_not_the_one_with_fewer_elements(self) -> None:
        unrelated = {"Effect": "Allow", "Action": "ssm:GetParameter", "Resource": "*"}
        found = near_misses(a_request(context={}), [identity(unrelated, GRANT)])
        assert [each.statement.sid for each in found] == ["Detect", None]
        assert found[0].statement.place == "own Statement[1] (Detect)"

    def test_is_never_a_deny(self) -> None:
        deny = {**GRANT, "Effect": "Deny", "Sid": "No"}
        assert near_misses(a_request(context={}), [identity(deny)]) == ()
