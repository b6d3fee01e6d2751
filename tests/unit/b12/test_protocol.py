"""What a protocol says about time, as it is spoken of."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from cds_service.b12.policy import Span
from cds_service.b12.protocol import Interval, spoken
from cds_service.b12.words import TimeUnit

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
    (63, 63, (9, 9, TimeUnit.WEEK)),
    (183, 183, (6, 6, TimeUnit.MONTH)),
    (365, 365, (1, 1, TimeUnit.YEAR)),
]


@pytest.mark.parametrize(("low", "high", "said"), SPOKEN)
def test_an_interval_is_said_in_a_unit_that_fits(low: int, high: int, said: tuple[int, int, TimeUnit]) -> None:
    span = Span(Decimal(low), Decimal(high), "d", date(2026, 1, 1), "a source")

    assert spoken(span) == Interval(Decimal(said[0]), Decimal(said[1]), said[2])
