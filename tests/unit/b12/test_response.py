"""When a course began, which check follows, and how the blood went since."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from cds_service.b12.concept import When
from cds_service.b12.policy import Check, CheckFor
from cds_service.b12.response import (
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
    "lab 2026-09-02 B12 100 ng/L; given 2026-09-01 1000 mcg": None,
    "stated since 2026-09-01 1000 mcg oral daily": (date(2026, 9, 1), Route.ORAL),
    "stated since 2026-09-01 500 mcg nasal weekly": (date(2026, 9, 1), Route.NASAL),
    "stated since 2026-09-01 50 mcg oral daily": None,
    "stated 1000 mcg oral daily": None,
    "stated since 2026-09-01 1000 mcg oral daily until 2026-11-01": None,
    "stated since 2026-09-01 1000 mcg IM monthly": None,
    "ordered 2026-09-01 1000 mcg oral daily": None,
}


@pytest.mark.parametrize(("record", "expected"), STARTS.items())
def test_a_start_is_known_where_the_record_shows_it(record: str, expected: tuple[date, Route | None] | None) -> None:
    start = start_of(patient(record, protocol=UK))

    assert ((start.day, start.route) if start else None) == expected


def test_a_course_without_an_interval_lasts_for_half_a_year() -> None:
    for as_of, lasts in (("2027-03-13", True), ("2027-03-14", False)):
        episode = patient(LOADED, as_of=as_of, protocol=UK)
        course = msgspec.structs.replace(episode.course, due=None)
        assert on_injections(msgspec.structs.replace(episode, course=course)) is lasts


CHECKS = [CheckFor.PREGNANT, CheckFor.NASAL, CheckFor.ORAL, CheckFor.ANYONE]
WHOM = {
    f"pregnancy; {LOADED}": CheckFor.PREGNANT,
    f"breastfeeding; {LOADED}": CheckFor.PREGNANT,
    "stated since 2026-09-01 500 mcg nasal weekly": CheckFor.NASAL,
    "stated since 2026-09-01 1000 mcg oral daily": CheckFor.ORAL,
    LOADED: CheckFor.ANYONE,
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


BEFORE = When(date(2026, 9, 1), date(2026, 9, 1))
TREATED = {
    "": "",
    "given 2026-09-01 1000 mcg IM": "B12 was given since",
    "given 2026-08-31 1000 mcg IM": "injections go on",
    "given 2026-01-31 1000 mcg IM": "",
    "stated since 2020-01-01 50 mcg oral daily until 2026-09-01": "a statement or a supply tells of B12 since",
    "stated since 2020-01-01 50 mcg oral daily until 2026-08-31": "",
    "ordered 2026-09-01 1000 mcg IM monthly completed": "B12 was ordered since",
    "ordered 2026-08-31 1000 mcg IM monthly completed": "",
    "ordered 2026-08-31 1000 mcg IM monthly": "B12 was ordered since",
}


@pytest.mark.parametrize(("record", "because"), TREATED.items())
def test_treatment_since_a_day(record: str, because: str) -> None:
    assert treated_since(patient(record, protocol=UK), BEFORE) == because


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
