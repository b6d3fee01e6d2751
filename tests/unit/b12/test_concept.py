"""A concept is shown by its words, and a date is as exact as it was given."""

from __future__ import annotations

from datetime import date

import pytest

from cds_service.b12.concept import Code, Concept, When

SHOWN, BARE = Code("s", "1", "Shown"), Code("s", "2")
LABELS = [
    (Concept((SHOWN,), "Said"), "Said"),
    (Concept((SHOWN,)), "Shown"),
    (Concept((BARE, SHOWN)), "Shown"),
    (Concept((BARE,)), ""),
    (Concept(), ""),
]


@pytest.mark.parametrize(("concept", "label"), LABELS)
def test_a_reader_sees_the_text_else_the_first_display(concept: Concept, label: str) -> None:
    assert concept.label == label


def test_a_date_is_exact_where_its_day_is_known() -> None:
    assert When(date(2026, 3, 1), date(2026, 3, 1)).exact
    assert not When(date(2026, 3, 1), date(2026, 3, 31)).exact
