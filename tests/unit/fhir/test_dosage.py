"""Dosage: what a dose, a timing and their odd relatives are read as, and what is not guessed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cds_service.b12.concept import Concept
from cds_service.b12.record import Schedule
from cds_service.b12.words import TimeUnit
from cds_service.fhir import elements as fhir
from cds_service.fhir.dosage import read_concept, read_dosage, read_dosages, read_timing
from tests.helpers.reading import Json, decoded, ucum

MILLIGRAM = ucum(1, "mg")
D = Decimal


def schedule(repeat: Json | None = None, **fields: Any) -> Schedule | None:
    return read_timing(decoded(fields | ({"repeat": repeat} if repeat else {}), fhir.Timing))


# The timing


REPEATS: list[tuple[Json, tuple[str, str, str, TimeUnit]]] = [
    ({"frequency": 1, "period": 1, "periodUnit": "d"}, ("1", "1", "1", TimeUnit.DAY)),
    ({"frequency": 3, "period": 1, "periodUnit": "wk"}, ("3", "1", "1", TimeUnit.WEEK)),
    ({"period": 2, "periodMax": 3, "periodUnit": "mo"}, ("1", "2", "3", TimeUnit.MONTH)),
    ({"periodUnit": "a"}, ("1", "1", "1", TimeUnit.YEAR)),
    ({"period": 1, "periodUnits": "wk"}, ("1", "1", "1", TimeUnit.WEEK)),
    ({"period": 0.5, "periodUnit": "a"}, ("1", "0.5", "0.5", TimeUnit.YEAR)),
    ({"periodMax": 3, "periodUnit": "mo"}, ("1", "3", "3", TimeUnit.MONTH)),
    ({"period": 3, "periodMax": 2, "periodUnit": "mo"}, ("1", "3", "3", TimeUnit.MONTH)),
    ({"frequency": 1, "frequencyMax": 2, "period": 1, "periodUnit": "d"}, ("1", "0.5", "1", TimeUnit.DAY)),
    ({"frequency": 2, "frequencyMax": 1, "period": 1, "periodUnit": "d"}, ("2", "1", "1", TimeUnit.DAY)),
    ({"dayOfWeek": ["mon"]}, ("1", "1", "1", TimeUnit.WEEK)),
    ({"dayOfWeek": ["mon", "wed", "fri"], "timeOfDay": ["09:00:00"]}, ("3", "1", "1", TimeUnit.WEEK)),
    ({"period": 1, "periodUnit": "d", "dayOfWeek": ["mon", "wed", "fri"]}, ("3", "1", "1", TimeUnit.WEEK)),
    ({"frequency": 2, "period": 1, "periodUnit": "d", "dayOfWeek": ["mon"]}, ("2", "1", "1", TimeUnit.WEEK)),
    ({"frequency": 1, "period": 1, "periodUnit": "wk", "dayOfWeek": ["mon", "thu"]}, ("2", "1", "1", TimeUnit.WEEK)),
    ({"period": 2, "periodUnit": "wk", "dayOfWeek": ["mon"]}, ("1", "2", "2", TimeUnit.WEEK)),
    ({"frequency": 3, "period": 1, "periodUnit": "wk", "dayOfWeek": ["mon", "tue"]}, ("3", "1", "1", TimeUnit.WEEK)),
    ({"period": 2, "periodUnit": "d", "dayOfWeek": ["mon"]}, ("1", "2", "2", TimeUnit.DAY)),
    ({"timeOfDay": ["08:00:00", "20:00:00"]}, ("2", "1", "1", TimeUnit.DAY)),
    ({"when": ["MORN", "EVE"], "period": 1, "periodUnit": "d"}, ("2", "1", "1", TimeUnit.DAY)),
    ({"when": "HS"}, ("1", "1", "1", TimeUnit.DAY)),
    ({"count": 1}, ("1", "1", "1", TimeUnit.DAY)),
]  # fmt: skip


@pytest.mark.parametrize(("repeat", "expected"), REPEATS, ids=str)
def test_a_repeat_is_doses_in_a_period(repeat: Json, expected: tuple[str, str, str, TimeUnit]) -> None:
    found = schedule(repeat)

    assert found
    assert (found.doses, found.period_low, found.period_high, found.unit) == (*map(D, expected[:3]), expected[3])


@pytest.mark.parametrize(("unit", "period"), [("min", 1440), ("s", 86400), ("h", 24), ("d", 1)])
def test_seconds_minutes_and_hours_are_parts_of_a_day(unit: str, period: int) -> None:
    found = schedule({"frequency": 1, "period": period, "periodUnit": unit})

    assert found
    assert [round(days, 9) for days in found.interval] == [1, 1]


NO_SCHEDULES: dict[str, Json] = {
    "no unit": {"frequency": 1, "period": 1},
    "unknown unit": {"frequency": 1, "period": 1, "periodUnit": "fortnight"},
    "no frequency": {"frequency": 0, "period": 1, "periodUnit": "d"},
    "negative frequency": {"frequency": -1, "period": 1, "periodUnit": "d"},
    "no period": {"frequency": 1, "period": 0, "periodUnit": "d"},
    "negative period": {"frequency": 1, "period": -1, "periodUnit": "d"},
    "not a number": {"frequency": 1, "period": "NaN", "periodUnit": "d"},
    "not a highest number": {"frequency": 1, "period": 1, "periodMax": "NaN", "periodUnit": "d"},
    "every hundred years and more": {"frequency": 1, "period": 101, "periodUnit": "a"},
    "a million times a day": {"frequency": 1000000, "period": 1, "periodUnit": "d"},
    "a number of doses alone": {"count": 6},
}


@pytest.mark.parametrize("repeat", NO_SCHEDULES.values(), ids=NO_SCHEDULES)
def test_what_is_no_schedule_is_none(repeat: Json) -> None:
    assert schedule(repeat) is None


def test_no_timing_is_none() -> None:
    assert read_timing(None) is None


DAILY = {"frequency": 1, "period": 1, "periodUnit": "d"}
BOUNDS: list[tuple[Json, dict[str, object]]] = [
    ({"count": 6}, {"count_low": 6, "count_high": 6}),
    ({"count": 6, "countMax": 7}, {"count_low": 6, "count_high": 7}),
    ({"count": 0}, {"count_high": None}),
    ({"count": -3}, {"count_high": None}),
    ({"count": 10**30}, {"count_high": None}),
    ({"boundsDuration": ucum(2, "wk")}, {"duration_low": D(14), "duration_high": D(14)}),
    ({"boundsQuantity": ucum(2, "wk")}, {"duration_low": D(14), "duration_high": D(14)}),
    ({"boundsDuration": {"value": 2, "unit": "weeks"}}, {"duration_high": D(14)}),
    ({"boundsDuration": {"value": 2, "unit": "Day(s)"}}, {"duration_high": D(2)}),
    ({"boundsDuration": ucum(1440, "min")}, {"duration_high": D(1)}),
    ({"boundsDuration": {"value": 2, "unit": "courses"}}, {"duration_high": None}),
    ({"boundsDuration": {"unit": "d"}}, {"duration_high": None}),
    ({"boundsDuration": {"value": 2}}, {"duration_high": None}),
    ({"boundsDuration": ucum(-2, "wk")}, {"duration_high": None}),
    ({"boundsDuration": ucum(0, "wk")}, {"duration_high": None}),
    ({"boundsDuration": ucum(1000, "a")}, {"duration_high": None}),
    ({"boundsRange": {"low": ucum(1, "wk"), "high": ucum(2, "wk")}}, {"duration_low": D(7), "duration_high": D(14)}),
    ({"boundsRange": {"low": ucum(1, "wk")}}, {"duration_low": D(7), "duration_high": D(7)}),
    ({"boundsPeriod": {"start": "2026-03", "end": "2026-05"}}, {"start": date(2026, 3, 1), "end": date(2026, 5, 31)}),
    ({"boundsPeriod": {"start": "soon"}}, {"start": None, "end": None}),
]  # fmt: skip


@pytest.mark.parametrize(("bounds", "expected"), BOUNDS, ids=lambda one: str(one)[:60])
def test_a_schedule_has_bounds(bounds: Json, expected: dict[str, object]) -> None:
    found = schedule(DAILY | bounds)

    assert found
    assert {name: getattr(found, name) for name in expected} == expected


TOTALS = [
    ({"count": 6, "countMax": 7}, 7),
    ({"boundsDuration": ucum(2, "wk")}, 14),
    ({"boundsDuration": ucum(1, "h")}, 1),
    ({"boundsPeriod": {"start": "2026-03-01", "end": "2026-03-14"}}, 14),
    ({"boundsPeriod": {"start": "2026-03-01"}}, None),
    ({}, None),
]


@pytest.mark.parametrize(("bounds", "total"), TOTALS)
def test_bounds_give_a_number_of_doses(bounds: Json, total: int | None) -> None:
    found = schedule(DAILY | bounds)

    assert found
    assert found.total == total


CODES = {"QD": 1, "bid": 2, "TID": 3, "QID": 4, "QOD": "0.5", "AM": 1, "BED": 1}


@pytest.mark.parametrize(("code", "a_day"), CODES.items())
def test_a_timing_code_is_a_schedule(code: str, a_day: object) -> None:
    found = schedule(code={"coding": [{"code": code}]})

    assert found
    assert 1 / found.interval[1] == D(str(a_day))


def test_the_first_known_timing_code_counts() -> None:
    found = schedule(code={"coding": [{"code": "local"}, {"code": "BID"}, {"code": "QD"}]})

    assert found
    assert found.doses == 2


@pytest.mark.parametrize("text", ["every 3 months", "once a month"])
def test_a_timing_in_words_is_read_as_a_dosage_text_is(text: str) -> None:
    found = schedule(code={"text": text})

    assert found
    assert found.unit is TimeUnit.MONTH


@pytest.mark.parametrize("text", ["when the moon is full", "", "once a day then once a week"])
def test_words_that_are_no_one_schedule_are_none(text: str) -> None:
    assert schedule(code={"text": text}) is None


def test_a_code_takes_the_bounds_that_stand_beside_it() -> None:
    found = schedule({"boundsDuration": ucum(2, "wk")}, code={"coding": [{"code": "QD"}]})

    assert found
    assert (found.unit, found.duration_high) == (TimeUnit.DAY, 14)


def test_events_are_counted_and_their_mean_gap_is_the_interval() -> None:
    found = schedule(event=["2026-03-15", "2026-03-01", "2026-03-08T09:00:00Z", "soon"])

    assert found
    assert (found.count_high, found.interval[1]) == (3, 7)
    assert (found.start, found.end) == (date(2026, 3, 1), date(2026, 3, 15))


def test_one_event_is_one_dose_and_none_is_no_schedule() -> None:
    found = schedule(event=["2026-03-01"])

    assert found
    assert (found.count_high, found.interval[1]) == (1, 1)
    assert schedule(event=["soon"]) is None


# Instructions and concepts


def test_instructions_come_in_their_sequence_and_without_one_as_they_stand() -> None:
    listed = [{"sequence": 2, "text": "b"}, {"sequence": 1, "text": "a"}]
    plain = [{"text": "x"}, {"text": "y"}]

    assert [one.text for one in read_dosages(decoded(listed, list[fhir.Dosage]))] == ["a", "b"]
    assert [one.text for one in read_dosages(decoded(plain, list[fhir.Dosage]))] == ["x", "y"]
    assert [one.text for one in read_dosages(decoded(plain[0], fhir.Dosage))] == ["x"]
    assert read_dosages(None) == ()


@pytest.mark.parametrize(
    ("needed", "expected"),
    [({}, False), ({"asNeededBoolean": False}, False), ({"asNeededBoolean": True}, True),
     ({"asNeededCodeableConcept": {"text": "fatigue"}}, True)],
)  # fmt: skip
def test_as_needed_is_said_by_flag_or_reason(needed: Json, *, expected: bool) -> None:
    assert read_dosage(decoded(needed, fhir.Dosage)).as_needed is expected


TEXTS: list[tuple[Json, str, str]] = [
    ({"patientInstruction": " daily "}, "daily", ""),
    ({"text": " ", "patientInstruction": "daily"}, "daily", ""),
    ({"text": "a", "patientInstruction": " b "}, "a", "b"),
    ({"text": "a", "patientInstruction": "a "}, "a", ""),
    ({"text": "a"}, "a", ""),
    ({}, "", ""),
]


@pytest.mark.parametrize(("said", "text", "patient_text"), TEXTS)
def test_the_text_and_what_the_patient_is_told_are_both_kept(said: Json, text: str, patient_text: str) -> None:
    found = read_dosage(decoded(said, fhir.Dosage))

    assert (found.text, found.patient_text) == (text, patient_text)


CONCEPTS: list[tuple[object, str, int]] = [
    (None, "", 0),
    ({}, "", 0),
    ({"text": "a"}, "a", 0),
    ({"coding": [{"code": "1", "display": "a"}]}, "a", 1),
    ({"coding": {"code": "1", "display": "a"}}, "a", 1),
    ({"coding": [{}, {"display": "a"}, {"code": "1"}]}, "a", 1),
]


@pytest.mark.parametrize(("concept", "label", "codes"), CONCEPTS)
def test_a_concept_keeps_codes_and_words(concept: object, label: str, codes: int) -> None:
    found = read_concept(decoded(concept, fhir.CodeableConcept | None))  # type: ignore[arg-type] # a union is a type to msgspec

    assert (found.label, len(found.codes)) == (label, codes)
    assert isinstance(found, Concept)
