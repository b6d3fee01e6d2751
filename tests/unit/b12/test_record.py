"""Plain values of the record: what a schedule amounts to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from cds_service.b12.record import Schedule
from cds_service.b12.words import TimeUnit


def schedule(low: int, high: int, **until: object) -> Schedule:
    return Schedule(Decimal(1), Decimal(low), Decimal(high), TimeUnit.DAY, **until)  # type: ignore[arg-type] # as named


def test_the_interval_lies_between_the_doses_of_the_period() -> None:
    twice_in_six_to_eight_days = Schedule(Decimal(2), Decimal(6), Decimal(8), TimeUnit.DAY)

    assert twice_in_six_to_eight_days.interval == (3, 4)


def test_in_a_stretch_of_days_as_many_doses_are_counted_as_its_shortest_interval_allows() -> None:
    assert schedule(2, 3, duration_high=Decimal(12)).total == 6


def test_a_number_of_doses_goes_before_a_stretch_of_days() -> None:
    assert schedule(2, 2, count_high=3, duration_high=Decimal(12)).total == 3


def test_a_stretch_shorter_than_the_interval_holds_one_dose() -> None:
    assert schedule(7, 7, duration_high=Decimal(1)).total == 1


FIRST = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("doses", "unit", "end", "total"),
    [
        (3, TimeUnit.WEEK, date(2026, 12, 3), 6),
        (3, TimeUnit.WEEK, date(2026, 12, 4), 6),
        (1, TimeUnit.DAY, date(2026, 12, 3), 14),
        (1, TimeUnit.MONTH, date(2027, 11, 19), 12),
        (1, TimeUnit.MONTH, date(2026, 11, 20), 1),
        (1, TimeUnit.MONTH, date(2026, 11, 19), None),
        (1, TimeUnit.MONTH, None, None),
    ],
)
def test_between_two_days_as_many_doses_are_counted_as_in_so_long_a_stretch(
    doses: int, unit: TimeUnit, end: date | None, total: int | None
) -> None:
    assert Schedule(Decimal(doses), Decimal(1), Decimal(1), unit, start=FIRST, end=end).total == total


def test_an_end_without_a_beginning_gives_no_number() -> None:
    assert schedule(2, 2, end=FIRST).total is None


def test_a_number_of_doses_goes_before_two_days() -> None:
    assert schedule(2, 2, count_high=3, start=FIRST, end=date(2026, 12, 31)).total == 3


def test_without_an_end_nothing_is_counted() -> None:
    assert schedule(2, 3).total is None
