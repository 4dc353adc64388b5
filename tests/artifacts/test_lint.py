"""Every document that our templates make lints clean."""

from __future__ import annotations

import pytest

from promote.core.policies.documents import WantedDocument, wanted_documents
from promote.core.topology import Granularity
from promote.iam.lint import lint
from promote.iam.quota import QUOTAS
from promote.templates import KINDS, render
from tests.artifacts.test_policies import every_document, wanted
from tests.builders import PROMOTER, a_topology, prod, qa, version_arn


@every_document
def test_every_document_of_an_organisation_lints_clean(document: WantedDocument) -> None:
    rendered = render(document.kind, document.context)
    assert lint(rendered, kind=KINDS[document.kind], name=document.kind) == ()


def test_documents_of_every_kind_are_looked_at() -> None:
    assert {document.kind for document in wanted()} == set(KINDS)


@pytest.mark.parametrize("granularity", Granularity)
def test_documents_without_an_organisation_have_no_error_or_warning(
    granularity: Granularity,
) -> None:
    topology = a_topology(qa(granularity=granularity), prod(granularity=granularity))
    versions = [version_arn(name) for name in ("v1", "v2")]
    for document in wanted_documents(topology, versions=versions, trusted=[PROMOTER]):
        rendered = render(document.kind, document.context)
        found = lint(rendered, kind=KINDS[document.kind], name=document.kind)
        # Who has no organisation is told that it, or an external id, would narrow the trust.
        assert {finding.rule for finding in found} <= {"PR506"}


@every_document
def test_every_document_fits_where_it_belongs(document: WantedDocument) -> None:
    rendered = render(document.kind, document.context)
    assert QUOTAS[KINDS[document.kind]].usage([rendered]).fits
