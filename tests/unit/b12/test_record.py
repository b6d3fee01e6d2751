"""Plain values of the record: what a schedule amounts to."""

from __future__ import annotations

from decimal import Decimal

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


def test_without_an_end_nothing_is_counted() -> None:
    assert schedule(2, 3).total is None
