from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from cds_service.b12.words import Analyte, Route, Substance
from cds_service.said import STRETCHES, Sayer, rounded
from cds_service.story import Lane, Story, Stretch
from tests.helpers.telling import story

LOADED = (
    "given 4 times from 2025-09-01 every 2 days 1000 mcg IM; given 4 times from 2025-09-14 every 7 days 1000 mcg IM"
)
PA = "born 1951; female; PA since 2019"


def lane(found: Story, analyte: Analyte) -> Lane:
    return next(one for one in found.lanes if one.analyte is analyte)


def bands(found: Story) -> list[tuple[str, str, str]]:
    return [(band.kind.value, f"{band.start:%m-%d}", f"{band.end:%m-%d}") for band in found.bands]


def test_each_measurement_has_a_lane_in_one_unit_with_the_protocol_s_thresholds() -> None:
    found = story(
        f"{PA}; lab 2026-02-20 B12 molar 100 pmol/L; lab 2026-01-01 B12 500 pg/mL; lab 2026-02-20 MMA 0.9 umol/L"
    )
    assert [one.analyte for one in found.lanes] == [
        Analyte.B12, Analyte.MMA, Analyte.HOMOCYSTEINE, Analyte.HAEMOGLOBIN, Analyte.MCV
    ]  # fmt: skip
    b12 = lane(found, Analyte.B12)
    assert [(point.value, point.beyond) for point in b12.points] == [
        (Decimal(500), ""),
        (Decimal("135.54"), "deficient"),
    ]
    assert [(one.value, one.words) for one in b12.thresholds] == [(150, "deficient below"), (400, "unclear up to")]
    assert "Mayo" in b12.thresholds[0].source
    assert lane(found, Analyte.MMA).points[0].beyond == "raised"


def test_active_b12_has_a_lane_where_it_was_measured() -> None:
    assert lane(story(f"{PA}; lab 2026-02-20 active B12 20 pmol/L", "uk-nice-bnf"), Analyte.ACTIVE_B12).points


@pytest.mark.parametrize(
    ("result", "beyond"),
    [
        ("B12 149 pg/mL", "deficient"),
        ("B12 150 pg/mL", "unclear"),
        ("B12 400 pg/mL", "unclear"),
        ("B12 401 pg/mL", ""),
        ("B12 <150 pg/mL", "deficient"),
        ("B12 >100 pg/mL", ""),
        ("MMA 400 nmol/L", ""),
        ("MMA 401 nmol/L", "raised"),
        ("MMA <500 nmol/L", ""),
        ("haemoglobin 11.9 g/dL", "anaemia"),
        ("haemoglobin 12.0 g/dL", ""),
        ("MCV 100 fL", ""),
        ("MCV 101 fL", "large"),
    ],
)
def test_a_result_lies_beyond_a_threshold_or_not(result: str, beyond: str) -> None:
    found = story(f"{PA}; lab 2026-02-20 {result}")
    [point] = [point for one in found.lanes for point in one.points]
    assert point.beyond == beyond


def test_who_is_anaemic_depends_on_sex_and_pregnancy() -> None:
    limits = [
        lane(story(record), Analyte.HAEMOGLOBIN).thresholds[0].value
        for record in ("born 1990; male", "born 1990; female", "born 1990", "born 1990; female; pregnancy")
    ]
    assert limits == [130, 120, 120, 110]


def test_a_result_whose_unit_is_not_known_is_kept_as_it_came() -> None:
    [point] = lane(story(f'{PA}; lab 2026-02-20 B12 300 "units"'), Analyte.B12).points
    assert point.value is None
    assert "300" in point.written


def test_loading_maintenance_and_gaps_are_stretches_between_doses() -> None:
    record = f"{PA}; {LOADED}; given 2 times from 2025-11-01 every 30 days 1000 mcg IM; given 2026-02-20 1000 mcg IM"
    assert bands(story(record)) == [
        ("loading", "09-01", "10-05"),
        ("maintenance", "10-05", "01-01"),
        ("gap", "01-01", "02-20"),
        ("maintenance", "02-20", "03-10"),
    ]


def test_a_loading_that_was_broken_off_is_a_gap_from_the_day_its_next_dose_was_due() -> None:
    found = story(f"{PA}; given 4 times from 2026-01-12 every 1 days 1000 mcg IM")
    assert bands(found) == [("loading", "01-12", "01-22"), ("gap", "01-22", "03-10")]
    assert found.due
    assert (found.due.day, found.due.broken, found.due.overdue) == (date(2026, 1, 22), True, 47)


@pytest.mark.parametrize(
    ("last", "overdue", "late"),
    [
        ("2026-02-10", 0, False),
        ("2026-02-07", 0, False),
        ("2026-02-06", 1, False),
        ("2026-01-31", 7, False),
        ("2026-01-30", 8, True),
    ],
)
def test_a_dose_is_due_then_overdue_beyond_grace(last: str, overdue: int, late: bool) -> None:  # noqa: FBT001 - a table
    due = story(
        f"{PA}; {LOADED}; given 2025-11-01 1000 mcg IM; given 2025-12-20 1000 mcg IM; given {last} 1000 mcg IM"
    ).due
    assert due
    assert (due.overdue, due.late, due.interval_from) == (overdue, late, "protocol")


def test_nothing_is_due_where_something_else_covers_or_nothing_is_known() -> None:
    covered = story(f"{PA}; given 2025-11-01 1000 mcg IM; stated since 2025-01 2000 mcg oral daily")
    assert covered.due is None
    assert "covers the patient" in covered.covered
    assert story("born 1951").due is None


def test_a_dose_says_what_it_was_and_what_it_rests_on() -> None:
    [dose] = story(f"{PA}; given 2026-02-01 hydroxocobalamin 1000 mcg SC").doses
    assert (dose.substance, dose.route, dose.low) == (Substance.HYDROXOCOBALAMIN, Route.SUBCUTANEOUS, 1000)
    assert Sayer().dose(dose) == "1000 mcg"
    assert Sayer().product(dose) == "hydroxocobalamin, subcutaneous"
    [unknown] = story(f"{PA}; given 2026-02-01 cyanocobalamin").doses
    assert (Sayer().dose(unknown), Sayer().product(unknown)) == ("dose not known", "cyanocobalamin, route not known")


def test_what_was_not_sent_is_named_and_never_passes_for_absent() -> None:
    found = story(f"{PA}; unseen doses, labs")
    assert {"doses given", "laboratory results"} <= set(found.unseen)
    assert story(PA).unseen == ()


def test_the_table_holds_everything_newest_first_and_what_has_no_day_last() -> None:
    record = f"{PA}; given 2025-09-01 1000 mcg IM; lab 2026-02 B12 <150 pg/mL; lab 2025-10-01 haemoglobin 9.1 g/dL"
    rows = Sayer().rows(story(record))
    assert [(row.day, row.value, row.note) for row in rows] == [
        ("2026-02-01 / 2026-02-28", "<150 pg/mL", "deficient"),
        ("2025-10-02 - 2026-03-10", "159 days", ""),
        ("2025-10-01", "91 g/L (9.1 g/dL)", "anaemia"),
        ("2025-09-01", "1000 mcg", "administered"),
    ]
    assert rows[-1].source.startswith("MedicationAdministration/")


def test_an_empty_chart_is_a_story_too() -> None:
    found = story("born 1951")
    assert (found.first, found.bands, found.doses) == (None, (), ())
    assert Sayer().rows(found) == ()


@pytest.mark.parametrize(
    ("value", "shown"), [("135.54", "136"), ("99.96", "100.0"), ("12.34", "12.3"), ("9.876", "9.88"), ("0.301", "0.30")]
)
def test_numbers_are_rounded_to_what_a_reader_needs(value: str, shown: str) -> None:
    assert str(rounded(Decimal(value))) == shown


def test_stretches_have_words() -> None:
    assert set(STRETCHES) == set(Stretch)
