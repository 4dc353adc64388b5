from __future__ import annotations

import re

from promote.iam import catalogue
from promote.iam.condition_keys import GLOBAL_KEYS, SENSITIVE, condition_key, global_key

VERSION = (
    "arn:${Partition}:rekognition:${Region}:${Account}"
    ":project/${ProjectName}/version/${VersionName}/${CreationTimestamp}"
)


class TestActions:
    def test_say_what_an_action_is_about(self) -> None:
        entry = catalogue.actions("rekognition")["CopyProjectVersion"]
        assert entry.name == "rekognition:CopyProjectVersion"
        assert entry.level == "Write"
        assert entry.required == {"project", "projectversion"}
        assert entry.condition_keys == ("aws:RequestTag/${TagKey}", "aws:TagKeys")

    def test_tell_required_resources_from_others(self) -> None:
        entry = catalogue.actions("organizations")["AttachPolicy"]
        assert entry.required == {"policy"}
        assert set(entry.resource_types) > {"account", "policy", "root"}

    def test_of_a_service_that_is_not_here_are_none(self) -> None:
        assert dict(catalogue.actions("dynamodb")) == {}
        assert "dynamodb" in catalogue.prefixes()
        assert "dynamobd" not in catalogue.prefixes()

    def test_are_of_the_services_that_our_policies_name(self) -> None:
        assert set(catalogue.services()) >= {"iam", "kms", "rekognition", "s3", "ssm", "sts"}


class TestAction:
    def test_is_found_in_any_case_by_its_canonical_spelling(self) -> None:
        entry = catalogue.action("REKOGNITION:detectcustomlabels")
        assert entry is not None
        assert entry.name == "rekognition:DetectCustomLabels"

    def test_that_is_unknown_is_none(self) -> None:
        for name in ("rekognition:Detect", "rekognition", "dynamodb:GetItem", ""):
            assert catalogue.action(name) is None


class TestMatching:
    def test_expands_wildcards(self) -> None:
        found = {entry.name for entry in catalogue.matching("Rekognition:?t*ProjectVersion")}
        assert found == {"rekognition:StartProjectVersion", "rekognition:StopProjectVersion"}

    def test_expands_everything_to_everything_that_is_here(self) -> None:
        services = {entry.name.partition(":")[0] for entry in catalogue.matching("*")}
        assert services == set(catalogue.services())


class TestResources:
    def test_have_a_format_by_type(self) -> None:
        assert catalogue.resource_formats("rekognition")["projectversion"] == VERSION

    def test_of_an_action_are_the_formats_of_its_types(self) -> None:
        assert catalogue.resource_shapes("rekognition:DetectCustomLabels") == (VERSION,)
        assert catalogue.resource_shapes("rekognition:CreateProject") == ()
        assert catalogue.resource_shapes("dynamodb:GetItem") == ()

    def test_have_keys_of_their_own(self) -> None:
        assert catalogue.resource_keys("rekognition")["project"] == ("aws:ResourceTag/${TagKey}",)


class TestRcpServices:
    def test_are_not_rekognition(self) -> None:
        assert {"sts", "s3", "kms"} <= catalogue.rcp_services()
        assert not catalogue.rcp_services() & {"rekognition", "ssm", "iam"}


class TestEdition:
    def test_is_a_version_and_a_date(self) -> None:
        edition = catalogue.edition()
        assert re.fullmatch(r"0\.1\.\d{9}", edition.version)
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", edition.date)


class TestConditionKey:
    def test_is_found_in_any_case(self) -> None:
        entry = condition_key("AWS:SOURCEVPCE")
        assert entry is not None
        assert (entry.name, entry.type, entry.multivalued) == ("aws:SourceVpce", "String", False)

    def test_may_have_a_part_to_fill_in(self) -> None:
        for name in ("aws:RequestTag/team", "kms:EncryptionContext:app", "s3:RequestObjectTag/a"):
            assert condition_key(name) is not None

    def test_knows_which_have_several_values(self) -> None:
        for name in ("aws:PrincipalOrgPaths", "aws:TagKeys", "sts:TransitiveTagKeys"):
            entry = condition_key(name)
            assert entry is not None
            assert entry.multivalued

    def test_that_is_unknown_is_none(self) -> None:
        for name in ("rekognition:ProjectVersionArn", "aws:SourceVpcEndpoint", "aws:RequestTag/"):
            assert condition_key(name) is None

    def test_of_a_service_is_no_global_one(self) -> None:
        assert global_key("sts:ExternalId") is None
        assert condition_key("sts:ExternalId") is not None

    def test_that_is_sensitive_is_global_and_has_one_value(self) -> None:
        entries = [global_key(name) for name in SENSITIVE]
        assert all(entry is not None and not entry.multivalued for entry in entries)
        assert len(GLOBAL_KEYS) > len(SENSITIVE)
