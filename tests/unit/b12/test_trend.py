"""Levels on treatment: which can be compared, and when they drift."""

from __future__ import annotations

from datetime import date

import pytest

from cds_service.b12.trend import began_on, drift_of, low_despite_order
from tests.helpers.reading import standing as patient

UK = "uk-nice-bnf"
GIVEN = "given 2026-05-01 2026-07-25 2026-10-15 hydroxocobalamin 1 mg IM"
DRIFTS = {
    "": "",
    "lab 2026-11-10 B12 100 ng/L": "deficient",
    "lab 2026-10-29 B12 100 ng/L": "",
    "lab 2026-10-30 B12 100 ng/L": "deficient",
    "lab 2026-04-30 B12 100 ng/L": "",
    "lab 2026-11-10 B12 100": "",
    "lab 2026-11-10 B12 <180 ng/L": "",
    "lab 2026-06-01 B12 500 ng/L; lab 2026-09-01 B12 400 ng/L; lab 2026-11-10 B12 350 ng/L": "falling",
    "lab 2026-06-01 B12 500 ng/L; lab 2026-09-01 B12 400 ng/L; lab 2026-11-10 B12 351 ng/L": "",
    "lab 2026-06-01 MMA 300 nmol/L; lab 2026-11-10 MMA 500 nmol/L": "rising",
    "dialysis; lab 2026-06-01 MMA 300 nmol/L; lab 2026-11-10 MMA 500 nmol/L": "",
    "lab 2026-11-10 MMA 500 nmol/L": "",
}


@pytest.mark.parametrize(("labs", "kind"), DRIFTS.items())
def test_a_drift_needs_levels_that_can_be_compared(labs: str, kind: str) -> None:
    drift = drift_of(patient(f"{GIVEN}; {labs}", protocol=UK))

    assert (drift.kind if drift else "") == kind


def test_therapy_begins_with_what_is_first_on_record() -> None:
    assert began_on(patient(GIVEN, protocol=UK)) == date(2026, 5, 1)
    assert began_on(patient(f"stated since 2025-01-01 50 mcg oral daily; {GIVEN}", protocol=UK)) == date(2025, 1, 1)
    assert began_on(patient("ordered 2026-05-01 1000 mcg IM monthly", protocol=UK)) is None


def test_a_low_level_long_after_an_order_tells_that_it_may_not_be_given() -> None:
    low = "lab 2026-11-10 B12 100 ng/L"
    ordered = "ordered 2026-09-15 1000 mcg IM monthly"

    assert low_despite_order(patient(f"{low}; {ordered}", protocol=UK))
    assert low_despite_order(patient(f"{low}; ordered 2026-09-16 1000 mcg IM monthly", protocol=UK)) is None
    assert low_despite_order(patient(f"{low}; ordered 1000 mcg IM monthly", protocol=UK)) is None
    assert low_despite_order(patient(ordered, protocol=UK)) is None
