"""Every row of every table in tests/rules, through the real pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cds_service.b12.verdict import Finding
from cds_service.hooks import Card, HookResponse, write_response
from cds_service.repeats import advice_key
from cds_service.writer import LONGEST_SUMMARY, TRACE
from tests.helpers.patients import knowledge
from tests.helpers.tables import Row, case_of, rows_of, said, tables

CHARTS = frozenset(
    {
        *(
            "allergy",
            "before",
            "expected",
            "got",
            "haemoglobin",
            "in_part",
            "known",
            "level",
            "now",
            "potassium",
            "product",
            "rate",
        ),
        *("safe", "sampled", "structured", "text", "unit", "written"),
    }
)
"""Facts in words that are the chart's, a laboratory's or a code; those of a variant may be ours for all that."""
ROWS = [row for path in tables() for row in rows_of(path)]


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_row(row: Row) -> None:
    case = case_of(row)
    verdict = case.verdict
    assert said(verdict, row) == row.expected
    write_response(HookResponse(case.answered.cards))
    if isinstance(verdict, Finding):
        check_facts(row.rule, verdict)
        assert trace_of(case.card)["rule"] == row.rule
        assert trace_of(case.card)["variant"] == verdict.variant
        for code in knowledge().words:
            check_card(case.card_in(code), code)
            check_words(row.rule, verdict, code)
        assert len({advice_key(case.card_in(code)) for code in knowledge().words}) == 1


def trace_of(card: Card) -> Mapping[str, Any]:
    assert card.extension is not None
    trace: Mapping[str, Any] = card.extension[TRACE]
    return trace


def check_card(card: Card, code: str) -> None:
    """In whatever language it is short enough, and nothing in it acts as HTML."""
    assert len(card.summary) <= LONGEST_SUMMARY
    assert not card.summary.endswith("…"), f"the summary in {code} is too long and cut: {card.summary}"
    assert not any(label.endswith("…") for label in (one.label for one in card.suggestions)), f"label in {code}"
    assert not {"<", ">"} & set(card.detail)


def check_words(rule: str, finding: Finding, code: str) -> None:
    """Every fact in words is either the chart's, or has a translation."""
    language, text = knowledge().words[code].language, knowledge().words[code].texts[rule].variants[finding.variant]
    words = {name: value for name, value in finding.facts.items() if isinstance(value, str)}
    assert set(words) <= text.ours | CHARTS, "is this fact the chart's, or ours and to be translated?"
    if text.language is language and language.phrases:
        for name in set(words) & text.ours:
            assert language.knows(words[name]), f"{words[name]!r} has no words in {code}: see cards/phrases.toml"


def check_facts(rule: str, finding: Finding) -> None:
    """A finding carries what its rule promises, so that no template can miss a fact."""
    promised = knowledge().rules[rule].says[finding.variant].split()
    always = {name for name in promised if not name.endswith("?")}
    assert always <= set(finding.facts) <= {name.rstrip("?") for name in promised}
