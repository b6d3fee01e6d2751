"""Dosage texts, one step: its parts must fit together, and what is said twice must be the same."""

from __future__ import annotations

import pytest

from tests.helpers.sig_summary import told

STEPS = {
    "Subcutaneous route": "sc | ?",
    "daily": "| every 1 d",
    "stat": "| every 1 d x 1",
    "1 mg IM IM": "1000 mcg im | ?",
    "1 mg IM SC": "refused: two different routes",
    "1 mg weekly once a week": "1000 mcg | every 1 wk",
    "1 mg weekly (monthly)": "refused: two different frequencies",
    "3 mg per day three times daily": "refused: two different frequencies",
    "1 mg 0 times a week": "refused: a frequency makes no sense",
    "1 mg every 0 days": "refused: a frequency makes no sense",
    "1 mg every 3-2 months": "refused: a frequency makes no sense",
}
LASTING = {
    "1 mg daily for 5-7 days": "1000 mcg | every 1 d for 5-7 d",
    "1 mg weekly for a month": "1000 mcg | every 1 wk for 30.4375 d",
    "1 mg daily for 2 weeks (14 days)": "1000 mcg | every 1 d for 14 d",
    "1 mg weekly x 4-6": "1000 mcg | every 1 wk x 4-6",
    "1 mg daily x 1": "1000 mcg | every 1 d x 1",
    "1 mg twice daily for life": "1000 mcg | 2x every 1 d open",
    "1 mg twice daily x 7 doses": "1000 mcg | 2x every 1 d x 7",
    "1 mg twice daily for 7 doses": "1000 mcg | 2x every 1 d x 7",
    "1 mg twice daily x 7": "refused: a number may count doses or periods",
    "1 mg daily for 2 weeks (15 days)": "refused: two different durations",
    "1 mg daily for 2 weeks (2-3 weeks)": "refused: two different durations",
    "1 mg daily x 7 for 2 weeks": "refused: two different durations",
    "1 mg daily for life for 2 weeks": "refused: two different durations",
    "1 mg daily for life x 6": "refused: two different durations",
    "1 mg daily for 2 weeks x 7": "refused: a number of doses makes no sense",
    "1 mg daily x 7 x 8": "refused: a number of doses makes no sense",
    "1 mg daily x 1-1.5": "refused: a number of doses makes no sense",
    "1 mg daily x 1.5-2": "refused: a number of doses makes no sense",
    "1 mg daily for 0 weeks": "refused: a range makes no sense",
    "1 mg weekly for 6-4 weeks": "refused: a range makes no sense",
}
ONCE = {
    "1 mg once": "1000 mcg | every 1 d x 1",
    "1 mg x 1": "1000 mcg | every 1 d x 1",
    "1 mg for 1 dose": "1000 mcg | every 1 d x 1",
    "1 mg stat x 1": "1000 mcg | every 1 d x 1",
    "1 mg once IM weekly": "1000 mcg im | every 1 wk",
    "1 mg once twice daily": "refused: two different frequencies",
    "1 mg once only weekly": "refused: two different frequencies",
    "1 mg x 6 doses": "refused: a duration without a frequency",
    "1 mg for 2 weeks": "refused: a duration without a frequency",
    "1 mg for life": "refused: a duration without a frequency",
}


@pytest.mark.parametrize(("text", "expected"), (STEPS | LASTING | ONCE).items())
def test_the_parts_of_a_step_fit_together(text: str, expected: str) -> None:
    assert told(text) == expected
