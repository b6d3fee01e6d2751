"""How long B12 that was handed over lasts, and what is due after it."""

from __future__ import annotations

from datetime import date

import pytest

from cds_service.b12.courses import StatedCourse
from tests.helpers.reading import standing

VIAL, TEN_ML = "[cyanocobalamin 1 mg/mL]", "[cyanocobalamin 1 mg/mL, 10 mL vial]"
AMPOULE, TABLET = "[hydroxocobalamin 10 mg/2 mL ampoule]", "[cyanocobalamin 1 mg tablet]"


def supplies(record: str, as_of: str = "2026-02-01") -> list[StatedCourse]:
    return [one for one in standing(record, as_of).timeline.courses if one.supply]


LASTS = {
    # handed over on 2026-01-01: the day on which the dose after the last is due
    f"{VIAL} 1 mL IM weekly supply 3 vials": "2026-01-22",
    f"{VIAL} 1 vial IM weekly supply 3 vials": "2026-01-22",
    f"{VIAL} 1000 mcg IM weekly supply 3 mL": "2026-01-22",
    f"{VIAL} 1 mL IM weekly supply 3 mL": "2026-01-22",
    f"{VIAL} 0.5-1 mL IM weekly supply 3.9 mL": "2026-01-22",
    f"{VIAL} 1 mL IM every 1-2 weeks supply 3 mL": "2026-02-12",
    f'{VIAL} text "1 mL IM weekly" supply 3 mL': "2026-01-22",
    f"{VIAL} 1 mL IM weekly x 2 supply 3 mL": "2026-01-15",
    f"{TEN_ML} 1 mL IM weekly supply 1 vial": "2026-03-12",
    f"{AMPOULE} 1 mg IM weekly supply 3 ampoule": "2026-01-22",
    f"{AMPOULE} 20 mg IM weekly supply 4 ampoule": "2026-01-15",
    "cyanocobalamin 1000 mcg IM weekly supply 3 vials": "2026-01-22",
    "cyanocobalamin 1000 mcg IM weekly supply 3 mL": None,  # the strength is not known
    f"{TABLET} 1 tablet oral daily supply 90 tablets": "2026-04-01",
    f"{TABLET} 2 tablets oral daily supply 90 tablets": "2026-02-15",
    f"{TABLET} 2 mg oral daily supply 90 tablets": "2026-02-15",
    f"{TABLET} 1 tablet oral daily supply 1000 tablets": "2026-07-03",  # half a year at most
    f"{VIAL} 1 mL IM weekly supply 1000000000000 mL": "2026-07-03",
    f"{VIAL} 1 mL IM every 10 years supply 1 mL": "2026-07-03",
    f"{VIAL} 2 mL IM weekly supply 1 mL": None,  # less than a dose
    f'{VIAL} 1 mL IM weekly supply 3 "box"': None,
    f'{VIAL} 1 "box" IM weekly supply 3 "box"': None,
    f"{VIAL} 1 dose IM weekly supply 3 dose": None,
    f"{VIAL} 1 mL IM weekly as needed supply 3 mL": None,
    f'{VIAL} text "1 mL IM weekly as needed" supply 3 mL': None,
    f"{VIAL} 1 mL IM supply 3 mL": None,
    f"{VIAL} 1 mL IM weekly": None,
    f"{VIAL} 1 mL IM weekly supply 3 mL supply for 30 days": "2026-01-31",  # the days that are stated
}


@pytest.mark.parametrize(("medication", "until"), LASTS.items())
def test_a_supply_lasts_for_its_days_else_for_its_doses(medication: str, until: str | None) -> None:
    found = supplies(f"dispensed 2026-01-01 {medication}")

    assert [one.end.isoformat() for one in found if one.end] == ([until] if until else [])
    assert all(one.start == date(2026, 1, 1) for one in found)


WEEKLY = f"{VIAL} 1 mL IM weekly supply 3 mL"
FIRST, SECOND = f"dispensed 2026-01-01 {WEEKLY}", f"dispensed 2026-01-22 {WEEKLY}"
COUNTED = {
    f"{FIRST}; {SECOND}": 2,
    f"given 2025-12-31 1 mg IM; {FIRST}; {SECOND}": 2,
    f"{FIRST}; given 2026-01-01 1 mg IM; {SECOND}": 0,
    f"{FIRST}; {SECOND}; given 2026-01-29 1 mg IM": 0,
    f"{FIRST}; stated 2026-01-02 1 mg IM; {SECOND}": 0,
    f"{FIRST}; given 2026-01-02 [cyanocobalamin 1 mg tablet] 1 tablet oral; {SECOND}": 2,
    f"{FIRST}; given 2026-01-02 1 mg IM; {SECOND}; dispensed 2026-02-12 {WEEKLY}": 1,
}


@pytest.mark.parametrize(("record", "counted"), COUNTED.items())
def test_the_quantity_does_not_count_where_injections_since_the_supply_before_are_recorded(
    record: str, counted: int
) -> None:
    assert len(supplies(record, "2026-02-20")) == counted


def test_tablets_count_by_their_quantity_beside_injections() -> None:
    tablets = f"dispensed 2026-01-01 {TABLET} 1 tablet oral daily supply 90 tablets"

    assert len(supplies(f"{tablets}; given 2026-01-10 1 mg IM")) == 1


MONTHLY = "1000 mcg IM monthly"
DUE = {
    # record: due, the supply it is counted from
    f"dispensed 2026-01-01 {MONTHLY} supply for 90 days": ("2026-04-01", "2026-01-01"),
    f"dispensed 2026-01-01 {MONTHLY}": ("2026-02-01", "2026-01-01"),
    f"dispensed 2026-01-01 {MONTHLY} supply for 20 days": ("2026-02-01", "2026-01-01"),
    f"given 2026-01-01 {MONTHLY}": ("2026-02-01", None),
    f"dispensed 2026-01-01 {MONTHLY} supply for 90 days; given 2026-03-20 1 mg IM": ("2026-04-20", None),
    f"dispensed 2026-01-01 {MONTHLY} supply for 90 days; given 2026-02-01 1 mg IM": ("2026-04-01", "2026-01-01"),
    f"given 2025-01-01 1 mg IM; dispensed 2026-01-01 {TABLET} 1 tablet oral daily supply for 90 days": (
        "2026-04-01",
        "2026-01-01",
    ),
    "given 2025-01-01 1 mg IM; dispensed 2026-01-01 50 mcg oral daily supply for 90 days": ("2025-02-01", None),
    "given 2025-01-01 1 mg IM; stated since 2026-01-01 1 mg IM monthly until 2026-04-01": ("2025-02-01", None),
}


@pytest.mark.parametrize(("record", "expected"), DUE.items())
def test_no_dose_is_due_before_the_supply_is_used_up(record: str, expected: tuple[str, str | None]) -> None:
    due = standing(record, "2026-05-01").course.due

    assert due
    assert (due.day.isoformat(), due.supplied.isoformat() if due.supplied else None) == expected


@pytest.mark.parametrize(
    ("as_of", "late", "lapsed"),
    [
        ("2026-04-08", False, False),
        ("2026-04-09", True, False),
        ("2026-05-02", True, False),
        ("2026-05-03", True, True),
    ],
)
def test_after_a_supply_grace_and_lapse_are_as_long_as_after_a_dose(as_of: str, *, late: bool, lapsed: bool) -> None:
    due = standing(f"dispensed 2026-01-01 {MONTHLY} supply for 90 days", as_of).course.due

    assert due
    assert (due.late, due.lapsed, due.maybe_late) == (late, lapsed, False)


@pytest.mark.parametrize(("second", "given"), [("2026-05-02", 2), ("2026-05-03", 1)])
def test_a_lapse_begins_after_the_supply(second: str, given: int) -> None:
    record = f"dispensed 2026-01-01 {MONTHLY} supply for 90 days; dispensed {second} {MONTHLY} supply for 90 days"

    assert standing(record, "2026-05-10").course.given == given
