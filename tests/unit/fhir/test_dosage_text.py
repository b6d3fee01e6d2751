"""The interval of the last step of a dosage text is rewritten; whether that was sound is for the whole draft to say."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from cds_service.b12.policy import Span
from cds_service.fhir.dosage_text import with_interval

TWO_TO_THREE_MONTHS = Span(Decimal(56), Decimal(92), "d", date(2026, 1, 1), "x")
REWRITTEN = [
    ("1 mg IM monthly", "1 mg IM every 2 to 3 months"),
    ("1 mg IM every month", "1 mg IM every 2 to 3 months"),
    ("Inject 1000 mcg intramuscularly once a month", "Inject 1000 mcg intramuscularly every 2 to 3 months"),
    ("1 mg IM twice a week", "1 mg IM every 2 to 3 months"),
    ("1 mg IM every 4 weeks for life", "1 mg IM every 2 to 3 months for life"),
    ("1 mg IM every 4 to 6 weeks", "1 mg IM every 2 to 3 months"),
    (
        "1 mg IM three times a week for 2 weeks, then 1 mg IM every month",
        "1 mg IM three times a week for 2 weeks, then 1 mg IM every 2 to 3 months",
    ),
]


@pytest.mark.parametrize(("text", "expected"), REWRITTEN)
def test_the_interval_of_the_last_step_is_rewritten(text: str, expected: str) -> None:
    assert with_interval(text, TWO_TO_THREE_MONTHS) == expected


@pytest.mark.parametrize("text", ["1 mg IM", "as directed"])
def test_a_text_without_an_interval_stays(text: str) -> None:
    assert with_interval(text, TWO_TO_THREE_MONTHS) == text
