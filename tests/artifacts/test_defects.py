"""The corpus of seeded defects: each is caught, and by whom the corpus says."""

from __future__ import annotations

import pytest

from promote.core.policies.proof import DiffersError, prove
from promote.errors import PolicyError
from promote.iam.document import parse
from promote.iam.lint import RULES, lint
from promote.templates import KINDS, render
from tests.artifacts.defects import DEFECTS, PARSER, PROOF, Defect, clean

by_rules = [one for one in DEFECTS if one.caught in RULES]
by_parser = [one for one in DEFECTS if one.caught == PARSER]
by_proof = [one for one in DEFECTS if one.caught == PROOF]


def named(defect: Defect) -> str:
    return f"{defect.kind}: {defect.seed}"


@pytest.mark.parametrize("defect", by_rules, ids=named)
def test_a_defect_is_caught_by_its_rule(defect: Defect) -> None:
    found = lint(defect.document(), kind=KINDS[defect.kind], name=defect.kind)
    assert defect.caught in {finding.rule for finding in found}


@pytest.mark.parametrize("defect", by_parser, ids=named)
def test_a_defect_of_the_text_is_caught_by_the_parser(defect: Defect) -> None:
    with pytest.raises(PolicyError, match="not accepted"):
        parse(defect.document(), kind=KINDS[defect.kind])


@pytest.mark.parametrize("defect", by_proof, ids=named)
def test_a_document_that_was_not_planned_is_caught_by_the_proof(defect: Defect) -> None:
    with pytest.raises(DiffersError) as caught:
        prove(defect.kind, defect.document(), clean(defect.kind).context)
    assert caught.value.witness.request.action


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_defects_are_seeded_in_has_none(kind: str) -> None:
    document = render(kind, clean(kind).context)
    assert lint(document, kind=KINDS[kind], name=kind) == ()
    assert prove(kind, document, clean(kind).context).requests


def test_every_rule_has_a_defect_of_its_own() -> None:
    assert {defect.caught for defect in DEFECTS} == {*RULES, PARSER, PROOF}
