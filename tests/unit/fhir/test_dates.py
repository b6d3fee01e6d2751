"""A date is as exact as it was written: a partial one is a span, and what is no FHIR date is none."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from cds_service.b12.concept import When
from cds_service.fhir.dates import read_end, read_when, span_of

SPANS = {
    "2024": ("2024-01-01", "2024-12-31"),
    "2024-02": ("2024-02-01", "2024-02-29"),
    "2023-02": ("2023-02-01", "2023-02-28"),
    "2024-12": ("2024-12-01", "2024-12-31"),
    "2024-02-29": ("2024-02-29", "2024-02-29"),
    "0001": ("0001-01-01", "0001-12-31"),
    "9999-12-31": ("9999-12-31", "9999-12-31"),
}


@pytest.mark.parametrize(("text", "span"), SPANS.items())
def test_a_date_covers_the_days_it_names(text: str, span: tuple[str, str]) -> None:
    when = read_when(text)

    assert when == When(date.fromisoformat(span[0]), date.fromisoformat(span[1]))
    assert when.exact is (span[0] == span[1])


NO_DATES = [
    None, "", "0000", "0000-01", "2023-02-29", "2024-13", "2024-00", "2024-1", "2024-01-1", "24-01-01", "20240101",
    "2024-W01-1", "2024/01/01", "2024-01-01x", "2024-01-", "２０２４", " 2024", "+202", "1_99", "today",
    "2024-01-32T10:00Z",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_DATES)
def test_what_is_no_fhir_date_is_none(text: str | None) -> None:
    assert read_when(text) is None


ENDS = {
    "2026-11-20": date(2026, 11, 20),
    "1970": date(1970, 12, 31),
    "2098-12-31": date(2098, 12, 31),
    "2098": date(2098, 12, 31),
    "2099-01-01": None,
    "2099": None,
    "2099-12-31T23:59:59Z": None,
    "2999-12-31": None,
    "9999-12-31": None,
    "9999-12-31T23:59:59-14:00": None,
    "": None,
}


@pytest.mark.parametrize(("text", "end"), ENDS.items())
def test_an_end_beyond_every_order_is_none(text: str, end: date | None) -> None:
    when = read_end(text)

    assert (when.latest if when else None) == end


INSTANTS = {
    "2024-03-01T10:00:00Z": datetime(2024, 3, 1, 10, tzinfo=UTC),
    "2024-03-01T10:00:00.123456+00:00": datetime(2024, 3, 1, 10, 0, 0, 123456, tzinfo=UTC),
    "2024-03-01T23:30:00-05:00": datetime(2024, 3, 1, 23, 30, tzinfo=timezone(-timedelta(hours=5))),
    "2024-03-01T00:30:00+14:00": datetime(2024, 3, 1, 0, 30, tzinfo=timezone(timedelta(hours=14))),
}


@pytest.mark.parametrize(("text", "instant"), INSTANTS.items())
def test_an_instant_belongs_to_the_day_of_its_own_zone(text: str, instant: datetime) -> None:
    assert read_when(text) == When(date(2024, 3, 1), date(2024, 3, 1), instant)


@pytest.mark.parametrize("time", ["T10:00:00", " 10:00", "T24:00:00Z", "T23:59:60Z", "T25:00Z", "Tsoon"])
def test_a_time_without_zone_or_sense_leaves_the_day(time: str) -> None:
    assert read_when(f"2024-03-01{time}") == When(date(2024, 3, 1), date(2024, 3, 1))


def test_a_span_goes_from_the_first_to_the_last_day_however_it_is_turned() -> None:
    early, late = read_when("2024-02"), read_when("2025")

    assert span_of(early, late) == span_of(late, early) == When(date(2024, 2, 1), date(2025, 12, 31))
    assert span_of(early, None) == span_of(None, early) == early
    assert span_of(None, None) is None
