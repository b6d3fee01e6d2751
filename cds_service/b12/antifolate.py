"""Pemetrexed and pralatrexate: while they are given, B12 is their premedication and has a schedule of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from cds_service.b12.concept import When
from cds_service.b12.exposure import GOES_ON, exposures_of_order, exposures_of_use
from cds_service.b12.protocol import Timing
from cds_service.b12.record import Order, Use
from cds_service.b12.words import Evidence, RiskDrug

DRUG = (RiskDrug.ANTIFOLATE,)


def on_antifolate(uses: Iterable[Use], orders: Iterable[Order], timing: Timing, today: date) -> bool:
    """
    True where one of these uses and orders of such drugs is of today, of a day to come, or ended lately.

    Lately is as long as B12 therapy counts as not lapsed: a cycle may be put off, and B12 goes on after the last. An
    order that names no end is believed for as long as one of B12. What has no date may be of today.
    """
    return any(_in_use(one, timing, today) for one in uses) or any(_in_force(one, timing, today) for one in orders)


def _in_use(use: Use, timing: Timing, today: date) -> bool:
    """A dose or a supply is of its day, whatever its status; what is stated may go on."""
    goes_on = use.kind is Evidence.STATED and use.status in GOES_ON
    counts = bool(exposures_of_use(use, DRUG, today))
    return counts and _was_lately(use.until or (None if goes_on else use.when), timing, today)


def _in_force(order: Order, timing: Timing, today: date) -> bool:
    """Also one to come: its premedication begins before it."""
    return any(
        _was_lately(one.end, timing, today) and not (one.end is None and _is_stale(one.start, timing, today))
        for one in exposures_of_order(order, DRUG, date.max)
    )


def _was_lately(end: When | None, timing: Timing, today: date) -> bool:
    return end is None or (today - end.latest).days <= timing.lapse_after.value


def _is_stale(start: When | None, timing: Timing, today: date) -> bool:
    return start is not None and (today - start.latest).days > timing.stale_order.value
