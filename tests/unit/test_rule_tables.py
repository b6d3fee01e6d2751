"""Every row of every table in tests/rules, through the real pipeline."""

from __future__ import annotations

import pytest

from cds_service.b12.verdict import Finding
from cds_service.hooks import HookResponse, write_response
from cds_service.writer import LONGEST_SUMMARY, TRACE
from tests.helpers.patients import knowledge
from tests.helpers.tables import Row, case_of, rows_of, said, tables

ROWS = [row for path in tables() for row in rows_of(path)]


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_row(row: Row) -> None:
    case = case_of(row)
    verdict = case.verdict
    assert said(verdict, row) == row.expected
    write_response(HookResponse(case.answered.cards))
    if isinstance(verdict, Finding):
        check_facts(row.rule, verdict)
        card = case.card
        assert card.extension is not None
        assert (card.extension[TRACE]["rule"], card.extension[TRACE]["variant"]) == (row.rule, verdict.variant)
        assert len(card.summary) <= LONGEST_SUMMARY
        assert not card.summary.endswith("…"), "the summary is cut: it is too long"
        assert not {"<", ">"} & set(card.detail)


def check_facts(rule: str, finding: Finding) -> None:
    """A finding carries what its rule promises, so that no template can miss a fact."""
    promised = knowledge().rules[rule].says[finding.variant].split()
    always = {name for name in promised if not name.endswith("?")}
    assert always <= set(finding.facts) <= {name.rstrip("?") for name in promised}
