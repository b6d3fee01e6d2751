"""Levels on treatment: which can be compared, and when they drift."""

from __future__ import annotations

from datetime import date

import pytest

from cds_service.b12.trend import began_on, drift_of, low_despite_order
from tests.helpers.reading import standing as patient

UK = "uk-nice-bnf"
GIVEN = "given 2026-05-01 2026-07-25 2026-10-15 hydroxocobalamin 1 mg IM"
THREE = "lab 2026-06-15 B12 500 ng/L; lab 2026-09-01 B12 400 ng/L; lab 2026-11-10 B12 340 ng/L"
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
    "lab 2026-06-01 MMA 330 nmol/L; lab 2026-11-10 MMA 428 nmol/L": "",
    "lab 2026-06-01 MMA 330 nmol/L; lab 2026-11-10 MMA 429 nmol/L": "rising",
    "lab 2026-06-01 MMA 300 nmol/L; lab 2026-11-10 MMA 400 nmol/L": "",
    "lab 2026-06-01 MMA 401 nmol/L; lab 2026-11-10 MMA 600 nmol/L": "",
    "lab 2026-10-14 B12 100 ng/L": "deficient",
    "lab 2026-10-15 B12 100 ng/L": "",
    "lab B12 100 ng/L": "",
    "lab 2026-06-01 B12 480 ng/L; lab 2026-09-01 B12 400 ng/L; lab 2026-11-10 B12 336 ng/L": "falling",
    "lab 2026-06-01 B12 480 ng/L; lab 2026-09-01 B12 400 ng/L; lab 2026-11-10 B12 337 ng/L": "",
    "lab 2026-06-01 B12 500 ng/L; lab 2026-09-01 B12 340 ng/L; lab 2026-11-10 B12 340 ng/L": "",
    "lab 2026-06-01 B12 500 ng/L; lab 2026-11-10 B12 340 ng/L": "",
    "lab 2026-06-01 B12 500 ng/L; lab 2026-09-01 B12 molar 300 pmol/L; lab 2026-11-10 B12 340 ng/L": "",
}


@pytest.mark.parametrize(("labs", "kind"), DRIFTS.items())
def test_a_drift_needs_levels_that_can_be_compared(labs: str, kind: str) -> None:
    drift = drift_of(patient(f"{GIVEN}; {labs}", protocol=UK))

    assert (drift.kind if drift else "") == kind


@pytest.mark.parametrize(
    ("dose", "sampled", "kind"),
    [
        ("2026-10-18", "2026-11", ""),
        ("2026-10-17", "2026-11", "deficient"),
        ("2026-10", "2026-11-14", ""),
        ("2026-10", "2026-11-15", "deficient"),
        ("2026-10-20", "2026-10", "deficient"),
    ],
)
def test_a_level_that_may_be_of_the_fortnight_after_an_injection_is_not_compared(
    dose: str, sampled: str, kind: str
) -> None:
    record = f"given 2026-05-01 2026-07-25 {dose} hydroxocobalamin 1 mg IM; lab {sampled} B12 100 ng/L"
    drift = drift_of(patient(record, protocol=UK))

    assert (drift.kind if drift else "") == kind


@pytest.mark.parametrize(
    ("sampled", "kind"), [("2026-10-26", ""), ("2026-10-27", "deficient"), ("2026-10", ""), ("2026-11", "deficient")]
)
def test_a_level_needs_eight_weeks_to_rise(sampled: str, kind: str) -> None:
    record = f"stated since 2026-09-01 1000 mcg oral daily; lab {sampled} B12 100 ng/L"
    drift = drift_of(patient(record, protocol=UK))

    assert (drift.kind if drift else "") == kind


@pytest.mark.parametrize(("first", "kind"), [("2026-09-01", ""), ("2026-09-02", "falling"), ("2026-09", "")])
def test_a_level_of_the_first_day_is_untreated(first: str, kind: str) -> None:
    labs = f"lab {first} B12 500 ng/L; lab 2026-10-01 B12 400 ng/L; lab 2026-11-01 B12 340 ng/L"
    drift = drift_of(patient(f"stated since 2026-09-01 1000 mcg oral daily; {labs}", protocol=UK))

    assert (drift.kind if drift else "") == kind


@pytest.mark.parametrize(
    ("labs", "now", "before"),
    [
        ("lab 2026-06-01 B12 400 ng/L; lab 2026-11-10 B12 100 ng/L", "100 ng/L", "400 ng/L"),
        (
            f"lab 2026-05-20 B12 600 ng/L; {THREE}",
            "340 ng/L",
            "500 ng/L",
        ),
        (
            "lab 2026-05-20 MMA 200 nmol/L; lab 2026-06-15 MMA 300 nmol/L; lab 2026-11-10 MMA 500 nmol/L",
            "500 nmol/L",
            "300 nmol/L",
        ),
    ],
)
def test_a_drift_is_told_from_the_first_result_that_was_compared(labs: str, now: str, before: str) -> None:
    drift = drift_of(patient(f"{GIVEN}; {labs}", protocol=UK))

    assert drift
    assert (drift.now.written, drift.before.written) == (now, before)


def test_therapy_begins_with_what_is_first_on_record() -> None:
    assert began_on(patient(GIVEN, protocol=UK)) == date(2026, 5, 1)
    assert began_on(patient(f"stated since 2025-01-01 50 mcg oral daily; {GIVEN}", protocol=UK)) == date(2025, 1, 1)
    assert began_on(patient("ordered 2026-05-01 1000 mcg IM monthly", protocol=UK)) is None
    assert began_on(patient("given 2026-09 hydroxocobalamin 1 mg IM", protocol=UK)) == date(2026, 9, 30)
    assert began_on(patient("stated since 2025-01-01 50 mcg oral daily until 2026-11-19", protocol=UK)) is None


def test_a_low_level_long_after_an_order_tells_that_it_may_not_be_given() -> None:
    low = "lab 2026-11-10 B12 100 ng/L"
    ordered = "ordered 2026-09-15 1000 mcg IM monthly"

    assert low_despite_order(patient(f"{low}; {ordered}", protocol=UK))
    assert low_despite_order(patient(f"{low}; ordered 2026-09-16 1000 mcg IM monthly", protocol=UK)) is None
    assert low_despite_order(patient(f"{low}; ordered 1000 mcg IM monthly", protocol=UK)) is None
    assert low_despite_order(patient(ordered, protocol=UK)) is None


@pytest.mark.parametrize(
    ("sampled", "level", "authored", "told"),
    [
        ("2026-11", "100", "2026-09-06", True),
        ("2026-11", "100", "2026-09-07", False),
        ("2026-11-10", "100", "2026-08", True),
        ("2026-11-10", "100", "2026-09", False),
        ("2026-08-20", "100", "2026-01-01", True),
        ("2026-08-19", "100", "2026-01-01", False),
        ("2026-11-10", "200", "2026-01-01", False),
        ("", "100", "2026-01-01", False),
    ],
)
def test_a_low_level_is_recent_and_eight_weeks_after_the_order(
    sampled: str, level: str, authored: str, *, told: bool
) -> None:
    record = f"lab {sampled} B12 {level} ng/L; ordered {authored} 1000 mcg IM monthly"

    assert bool(low_despite_order(patient(record, protocol=UK))) is told
