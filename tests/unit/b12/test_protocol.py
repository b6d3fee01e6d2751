"""What a protocol says about time, as it is spoken of, and what follows from a regimen's steps."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from cds_service.b12.policy import Span
from cds_service.b12.protocol import Interval, LoadingStep, Regimen, RegimenFor, spoken
from cds_service.b12.words import Route, Substance, TimeUnit

SPOKEN = [
    (1, 1, (1, 1, TimeUnit.DAY)),
    (1, 2, (1, 2, TimeUnit.DAY)),
    (2, 3, (2, 3, TimeUnit.DAY)),
    (7, 7, (1, 1, TimeUnit.WEEK)),
    (7, 14, (1, 2, TimeUnit.WEEK)),
    (7, 15, (7, 15, TimeUnit.DAY)),
    (26, 26, (26, 26, TimeUnit.DAY)),
    (28, 31, (1, 1, TimeUnit.MONTH)),
    (56, 92, (2, 3, TimeUnit.MONTH)),
    (54, 54, (54, 54, TimeUnit.DAY)),
    (55, 55, (2, 2, TimeUnit.MONTH)),
    (66, 66, (2, 2, TimeUnit.MONTH)),
    (67, 67, (67, 67, TimeUnit.DAY)),
    ("33.48125", "33.48125", (1, 1, TimeUnit.MONTH)),
    (63, 63, (9, 9, TimeUnit.WEEK)),
    (183, 183, (6, 6, TimeUnit.MONTH)),
    (365, 365, (1, 1, TimeUnit.YEAR)),
]


@pytest.mark.parametrize(("low", "high", "said"), SPOKEN)
def test_an_interval_is_said_in_a_unit_that_fits(
    low: int | str, high: int | str, said: tuple[int, int, TimeUnit]
) -> None:
    span = Span(Decimal(low), Decimal(high), "d", date(2026, 1, 1), "a source")

    assert spoken(span) == Interval(Decimal(said[0]), Decimal(said[1]), said[2])


def span(low: int, high: int, unit: str = "d") -> Span:
    return Span(Decimal(low), Decimal(high), unit, date(2026, 1, 1), "a source")


def step(interval: Span, doses: Span | None) -> LoadingStep:
    return LoadingStep(span(1000, 1000, "ug"), interval, doses, "" if doses else "until the blood count is normal")


def regimen(*loading: LoadingStep, routes: tuple[Route, ...] = (Route.INTRAMUSCULAR,)) -> Regimen:
    return Regimen("r", "A regimen", RegimenFor.STANDARD, Substance.CYANOCOBALAMIN, routes, loading)


DAILY, WEEKLY = step(span(1, 2), span(6, 7, "")), step(span(7, 8), span(4, 5, ""))
OPEN = step(span(1, 1), None)


@pytest.mark.parametrize(
    ("loading", "doses", "interval"),
    [((), None, None), ((DAILY,), 6, 2), ((DAILY, WEEKLY), 10, 8), ((OPEN,), None, 1), ((OPEN, WEEKLY), None, 8)],
)
def test_loading_needs_the_fewest_doses_and_knows_its_longest_interval(
    loading: tuple[LoadingStep, ...], doses: int | None, interval: int | None
) -> None:
    found = regimen(*loading)

    assert (found.loading_doses, found.loading_interval) == (doses, interval)


@pytest.mark.parametrize(
    ("routes", "injected"),
    [((Route.SUBCUTANEOUS,), True), ((Route.ORAL, Route.INTRAMUSCULAR), True), ((Route.ORAL, Route.NASAL), False)],
)
def test_a_regimen_is_injected_if_one_of_its_routes_is(routes: tuple[Route, ...], injected: bool) -> None:  # noqa: FBT001
    assert regimen(routes=routes).injected is injected
