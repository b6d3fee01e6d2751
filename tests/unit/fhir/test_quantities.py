"""Numbers, doses and times as FHIR writes them and as people say them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from cds_service.b12.policy import Figure, Span
from cds_service.fhir import quantities

D = Decimal
DAY = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("mcg", "written", "expected"),
    [
        ("1000", "1000 mg", ("1000", "mcg", "ug")),
        ("1000", "1 mcg", ("1", "mg", "mg")),
        ("1500", "1.5 mcg", ("1.5", "mg", "mg")),
        ("1250", "1.25 mcg", ("1250", "mcg", "ug")),
        ("500", "0.5 mcg", ("500", "mcg", "ug")),
        ("1000", "", ("1", "mg", "mg")),
    ],
)
def test_a_dose_is_written_in_the_other_unit_if_it_fits(mcg: str, written: str, expected: tuple[str, str, str]) -> None:
    value, unit, code = quantities.dose_units(D(mcg), written)

    assert (str(quantities.plain(value)), unit, code) == expected


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(28, 31, "every month"), (56, 92, "every 2 to 3 months"), (14, 14, "every 2 weeks"), (2, 3, "every 2 to 3 days")],
)
def test_an_interval_reads_as_people_say_it(low: int, high: int, words: str) -> None:
    assert quantities.every(Span(D(low), D(high), "d", DAY, "x")) == words


@pytest.mark.parametrize(("days", "words"), [(30, "1 month"), (56, "8 weeks"), (1, "1 day"), (92, "3 months")])
def test_a_stretch_of_time_reads_as_people_say_it(days: int, words: str) -> None:
    assert quantities.lasting(Figure(D(days), "d", DAY, "x")) == words


def test_a_span_of_one_number_is_said_once() -> None:
    assert (quantities.in_words(D("1000.0"), D(1000)), quantities.in_words(D(4), D(14))) == ("1000", "4 to 14")
