"""When a course began, which check follows, and how the blood went since."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from cds_service.b12.concept import When
from cds_service.b12.episode import Episode
from cds_service.b12.policy import Check, CheckFor
from cds_service.b12.response import (
    Change,
    Start,
    change_of,
    check_of,
    due_on,
    enough_doses,
    not_done,
    on_injections,
    reminded_until,
    rises_too_little,
    start_of,
    stays_large,
    treated_since,
)
from cds_service.b12.words import Analyte, Route
from tests.helpers.reading import standing as patient

UK = "uk-nice-bnf"
LOADED = "given 6 times from 2026-09-01 every 2 days hydroxocobalamin 1 mg IM"
STARTS: dict[str, tuple[date, Route | None] | None] = {
    "": None,
    LOADED: (date(2026, 9, 1), Route.INTRAMUSCULAR),
    "given 2026-09-01 1000 mcg IM": None,
    "lab 2026-06-01 B12 100 ng/L; given 2026-09-01 1000 mcg": (date(2026, 9, 1), None),
    "lab 2026-05-31 B12 100 ng/L; given 2026-09-01 1000 mcg": None,
    "lab 2026-09-01 B12 100 ng/L; given 2026-09-01 1000 mcg": (date(2026, 9, 1), None),
    "lab 2026-09-02 B12 100 ng/L; given 2026-09-01 1000 mcg": None,
    "lab B12 100 ng/L; given 2026-09-01 1000 mcg": None,
    "lab 2026-06-01 B12 100 ng/L; given 2026-09 1000 mcg": (date(2026, 9, 30), None),
    "lab 2026-05-31 B12 100 ng/L; given 2026-09 1000 mcg": None,
    "lab 2026-05 B12 100 ng/L; given 2026-08-31 1000 mcg": (date(2026, 8, 31), None),
    "stated since 2026-09-01 1000 mcg oral daily": (date(2026, 9, 1), Route.ORAL),
    "stated since 2026-09-01 500 mcg nasal weekly": (date(2026, 9, 1), Route.NASAL),
    "stated since 2026-09-01 50 mcg oral daily": None,
    "stated since 2026-09-01 1000 mcg oral": None,
    "stated since 2026-09-02 1000 mcg oral daily; stated since 2026-09-01 1000 mcg oral daily": (
        date(2026, 9, 1), Route.ORAL,
    ),
    "stated 1000 mcg oral daily": None,
    "stated since 2026-09-01 1000 mcg oral daily until 2026-11-01": None,
    "stated since 2026-09-01 1000 mcg IM monthly": None,
    "ordered 2026-09-01 1000 mcg oral daily": None,
}  # fmt: skip


@pytest.mark.parametrize(("record", "expected"), STARTS.items())
def test_a_start_is_known_where_the_record_shows_it(record: str, expected: tuple[date, Route | None] | None) -> None:
    start = start_of(patient(record, protocol=UK))

    assert ((start.day, start.route) if start else None) == expected


def test_a_course_without_an_interval_lasts_for_half_a_year() -> None:
    days = (LOADED, "2027-03-13", True), (LOADED, "2027-03-14", False)
    inexact = ("given 2026-09 1 mg IM", "2027-04-01", True), ("given 2026-09 1 mg IM", "2027-04-02", False)
    for record, as_of, lasts in (*days, *inexact):
        episode = patient(record, as_of=as_of, protocol=UK)
        course = msgspec.structs.replace(episode.course, due=None)
        assert on_injections(msgspec.structs.replace(episode, course=course)) is lasts


@pytest.mark.parametrize(
    ("record", "goes_on"),
    [
        ("", False),
        ("given 2026-10-20 1000 mcg IM", True),
        ("stated 1000 mcg monthly", True),
        ("stated 1000 mcg IM monthly", True),
        ("stated 1000 mcg IM monthly until 2026-11-20", True),
        ("stated 1000 mcg IM monthly until 2026-11-19", False),
        ("stated 1000 mcg oral daily", False),
        ("stated 1000 mcg oral daily; stated 1000 mcg IM monthly", True),
        ("stated 1000 mcg IM monthly until 2026-11-19; stated 1000 mcg IM monthly", True),
    ],
)
def test_injections_go_on_by_doses_or_by_statements(record: str, *, goes_on: bool) -> None:
    assert on_injections(patient(record, protocol=UK)) is goes_on


def test_injections_have_lapsed_after_twice_the_interval() -> None:
    assert on_injections(patient("given 2026-09-19 1000 mcg IM", protocol="us-label"))
    assert not on_injections(patient("given 2026-09-18 1000 mcg IM", protocol="us-label"))


CHECKS = [CheckFor.PREGNANT, CheckFor.ANAEMIC, CheckFor.NASAL, CheckFor.ORAL, CheckFor.ANYONE]
WHOM = {
    f"pregnancy; {LOADED}": CheckFor.PREGNANT,
    f"breastfeeding; {LOADED}": CheckFor.PREGNANT,
    "stated since 2026-09-01 500 mcg nasal weekly": CheckFor.NASAL,
    "stated since 2026-09-01 1000 mcg oral daily": CheckFor.ORAL,
    LOADED: CheckFor.ANYONE,
    f"lab 2026-08-30 haemoglobin 119 g/L; {LOADED}": CheckFor.ANAEMIC,
    f"lab 2026-08-30 haemoglobin 120 g/L; {LOADED}": CheckFor.ANYONE,
    f"anaemia; {LOADED}": CheckFor.ANAEMIC,
    f"anaemia; lab 2026-08-30 haemoglobin 120 g/L; {LOADED}": CheckFor.ANYONE,
    f'anaemia; lab 2026-08-30 haemoglobin "low"; {LOADED}': CheckFor.ANAEMIC,
}


@pytest.mark.parametrize(("record", "whom"), WHOM.items())
def test_the_first_check_that_fits_holds(record: str, whom: CheckFor) -> None:
    episode = patient(record, protocol=UK)
    row = episode.protocol.monitoring.checks[0]
    monitoring = msgspec.structs.replace(
        episode.protocol.monitoring, checks=tuple(Check(one, row.after, row.tests) for one in CHECKS)
    )
    episode = msgspec.structs.replace(
        episode, protocol=msgspec.structs.replace(episode.protocol, monitoring=monitoring)
    )
    start = start_of(episode)

    assert start
    check = check_of(episode, start)
    assert check
    assert check.whom is whom
    assert due_on(start, check) == date(2026, 10, 1)
    assert reminded_until(episode, start, check.after) == date(2027, 4, 2)


def test_a_level_that_the_protocol_finds_useless_is_not_asked_for_on_injections() -> None:
    wanted = (Analyte.B12, Analyte.BLOOD_COUNT)
    for record, expected in ((LOADED, wanted[1:]), ("stated since 2026-09-01 1000 mcg oral daily", wanted)):
        episode = patient(record, protocol=UK)
        start = start_of(episode)
        assert start
        check = Check(CheckFor.ANYONE, episode.protocol.monitoring.checks[0].after, wanted)
        assert not_done(episode, start, check) == expected


@pytest.mark.parametrize(
    ("after", "sampled", "done"), [(30, 16, True), (30, 15, False), (31, 17, True), (31, 16, False)]
)
def test_a_test_counts_for_a_check_from_half_of_its_time_on(after: int, sampled: int, *, done: bool) -> None:
    episode = patient(f"{LOADED}; lab 2026-09-{sampled} blood count", protocol=UK)
    start, row = start_of(episode), episode.protocol.monitoring.checks[0]
    assert start
    check = Check(CheckFor.ANYONE, msgspec.structs.replace(row.after, value=Decimal(after)), (Analyte.BLOOD_COUNT,))

    assert not_done(episode, start, check) == (() if done else check.tests)


BEFORE = When(date(2026, 9, 1), date(2026, 9, 1))
TREATED = {
    "": "",
    "given 2026-09-01 1000 mcg IM": "B12 was given since",
    "given 2026-08-31 1000 mcg IM": "injections go on",
    "given 2026-08-31 1000 mcg IM; given 2026-09-01 1000 mcg IM": "B12 was given since",
    "given 2026-08 1000 mcg oral": "",
    "given 2026-09 1000 mcg oral": "B12 was given since",
    "given 2026-01-31 1000 mcg IM": "",
    "stated since 2020-01-01 50 mcg oral daily until 2026-09-01": "a statement or a supply tells of B12 since",
    "stated since 2020-01-01 50 mcg oral daily until 2026-08-31": "",
    "ordered 2026-09-01 1000 mcg IM monthly completed": "B12 was ordered since",
    "ordered 2026-08-31 1000 mcg IM monthly completed": "",
    "ordered 2026-09 1000 mcg IM monthly completed": "B12 was ordered since",
    "ordered 2026-08 1000 mcg IM monthly completed": "",
    "ordered 2026-08-31 1000 mcg IM completed; ordered 2026-09-01 1000 mcg IM completed": "B12 was ordered since",
    "ordered 2026-08-31 1000 mcg IM monthly": "B12 was ordered since",
}


@pytest.mark.parametrize(("record", "because"), TREATED.items())
def test_treatment_since_a_day(record: str, because: str) -> None:
    assert treated_since(patient(record, protocol=UK), BEFORE) == because


def test_a_day_that_is_not_exact_begins_as_early_as_it_may() -> None:
    august = When(date(2026, 8, 1), date(2026, 8, 31))

    assert treated_since(patient("given 2026-08-01 1000 mcg oral", protocol=UK), august) == "B12 was given since"
    assert treated_since(patient("given 2026-07-31 1000 mcg oral", protocol=UK), august) == ""


@pytest.mark.parametrize(
    ("record", "because"),
    [
        ("given 2026 1000 mcg oral", "B12 was given since"),
        ("given 2025 1000 mcg oral", ""),
        ("ordered 2026 1000 mcg oral daily completed", "B12 was ordered since"),
        ("ordered 2025 1000 mcg oral daily completed", ""),
    ],
)
def test_what_may_have_come_since_counts_as_treatment(record: str, because: str) -> None:
    august = When(date(2026, 8, 1), date(2026, 8, 31))

    assert treated_since(patient(record, protocol=UK), august) == because


def change(analyte: Analyte, record: str) -> tuple[Episode, Start, Change | None]:
    episode = patient(f"{LOADED}; {record}", protocol=UK)
    start = start_of(episode)
    assert start
    return episode, start, change_of(episode, analyte, start)


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ("2026-08", "2026-10", (30, date(2026, 8, 31), date(2026, 10, 31))),
        ("2026-09-01", "2026-09-02", (1, date(2026, 9, 1), date(2026, 9, 2))),
        ("2026-09-01", "2026-09", None),
        ("2026-05-31", "2026-10-01", None),
        ("2026-08-31", "", None),
    ],
)
def test_a_change_is_from_shortly_before_the_first_dose_to_after_it(
    before: str, now: str, told: tuple[int, date, date] | None
) -> None:
    labs = f"lab {now} haemoglobin 95 g/L; lab {before} haemoglobin 90 g/L; lab 2026-11-10 MCV 90 fL"
    found = change(Analyte.HAEMOGLOBIN, labs)[2]

    assert ((found.days, found.before_sampled, found.sampled) if found else None) == told


@pytest.mark.parametrize(
    ("before", "now", "sampled", "poor"),
    [
        (90, 99, "2026-09-28", False),
        (90, 99, "2026-09-29", True),
        (90, 100, "2026-09-29", False),
        (90, 109, "2026-10-26", False),
        (90, 109, "2026-10-27", True),
        (90, 110, "2026-10-27", False),
        (119, 119, "2026-10-27", True),
        (119, 120, "2026-10-27", False),
        (120, 119, "2026-10-27", False),
    ],
)
def test_haemoglobin_rises_by_10_in_four_weeks_and_by_20_in_eight(
    before: int, now: int, sampled: str, *, poor: bool
) -> None:
    labs = f"lab 2026-08-31 haemoglobin {before} g/L; lab {sampled} haemoglobin {now} g/L"
    episode, _, found = change(Analyte.HAEMOGLOBIN, labs)

    assert found
    assert rises_too_little(found, episode) is poor


@pytest.mark.parametrize(
    ("before", "now", "sampled", "large"),
    [
        (101, 101, "2026-10-26", False),
        (101, 101, "2026-10-27", True),
        (101, 100, "2026-10-27", False),
        (100, 101, "2026-10-27", False),
    ],
)
def test_cells_are_no_longer_large_after_eight_weeks(before: int, now: int, sampled: str, *, large: bool) -> None:
    labs = f"lab 2026-08-31 MCV {before} fL; lab {sampled} MCV {now} fL"
    episode, _, found = change(Analyte.MCV, labs)

    assert found
    assert stays_large(found, episode) is large


@pytest.mark.parametrize(
    ("given", "sampled", "enough"),
    [
        ("2026-09-01 2026-09-03 2026-09-05", "2026-09-05", True),
        ("2026-09-01 2026-09-03 2026-09-05", "2026-09-04", False),
        ("2026-09-01 2026-09-03 2026-09-05", "2026-09", True),
        ("2026-09-01 2026-09-03 2026-09-05", "", False),
        ("2026-09-01 2026-09-03 2026-09", "2026-09-29", False),
        ("2026-09-01 2026-09-03 2026-09", "2026-09-30", True),
    ],
)
def test_an_answer_needs_three_doses(given: str, sampled: str, *, enough: bool) -> None:
    episode = patient(f"given {given} 1000 mcg IM; lab {sampled} haemoglobin 90 g/L", protocol=UK)
    start = start_of(episode)

    assert start
    assert enough_doses(episode, start, episode.timeline.results[0]) is enough


def test_no_change_is_told_without_two_results() -> None:
    for labs in ("", "; lab 2026-09-01 haemoglobin 90 g/L", "; lab 2026-10-01 haemoglobin 90 g/L"):
        episode = patient(f"{LOADED}{labs}", protocol=UK)
        start = start_of(episode)
        assert start
        assert change_of(episode, Analyte.HAEMOGLOBIN, start) is None


def test_a_result_without_a_usable_value_is_no_answer() -> None:
    record = f"{LOADED}; lab 2026-09-01 haemoglobin 90; lab 2026-11-01 haemoglobin 90 g/L"
    episode = patient(record, protocol=UK)
    start = start_of(episode)
    assert start
    change = change_of(episode, Analyte.HAEMOGLOBIN, start)

    assert change
    assert change.unusable
    assert not rises_too_little(change, episode)
    assert not stays_large(change, episode)


def test_what_is_swallowed_is_stated_and_not_counted() -> None:
    record = "stated since 2026-09-01 1000 mcg oral daily; lab 2026-11-01 haemoglobin 90 g/L"
    episode = patient(record, protocol=UK)
    start = start_of(episode)

    assert start
    assert enough_doses(episode, start, episode.timeline.results[0])
