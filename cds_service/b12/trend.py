"""Levels on treatment compared with each other: which can be, and whether they drift to the deficient side."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise

from msgspec import Struct

from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.labs import LabResult
from cds_service.b12.response import injections_last, lasts
from cds_service.b12.results import (
    Standing,
    is_current,
    is_raised,
    kidneys_reduced,
    level,
    sent_unit,
    standing,
    standing_of,
)
from cds_service.b12.words import Analyte


class Drift(Struct, frozen=True):
    """
    A level on treatment that went the wrong way.

    `kind` is "deficient" (it lies in the deficient band), "falling" or "rising" (of methylmalonic acid); `before` is
    the first of the results compared.
    """

    kind: str
    now: LabResult
    before: LabResult


def drift_of(episode: Episode) -> Drift | None:
    """The gravest drift of a recent level on treatment, or None."""
    low = [found for one in (Analyte.B12, Analyte.ACTIVE_B12) if (found := _levels(one, episode))]
    deficient = (one for one in low if standing_of(one[0], episode.protocol) is Standing.DEFICIENT)
    if settled := next((one for one in deficient if _has_had_time(one[0], episode)), None):
        return Drift("deficient", settled[0], settled[-1])
    falling = (one for one in low if standing_of(one[0], episode.protocol) is not Standing.ADEQUATE)
    if run := next((one for one in falling if falls(one, episode)), None):
        return Drift("falling", run[0], run[int(episode.protocol.results.falling_results.value) - 1])
    high = _levels(Analyte.MMA, episode)
    if rises(high, episode) and not kidneys_reduced(episode, high[0]):
        return Drift("rising", high[0], high[1])
    return None


def low_despite_order(episode: Episode) -> tuple[LabResult, date, B12Order] | None:
    """A recent deficient level and its day, so long after an order in force that it should have risen; the order."""
    low, needed = level(episode), episode.protocol.monitoring.response.late.value
    recent = low and is_current(low, episode, episode.protocol.results.recent)
    if not recent or low is None or low.day is None or standing(episode) is not Standing.DEFICIENT:
        return None
    sampled = low.day.earliest
    authored = ((one.order.authored, one) for one in episode.orders)
    late = (one for day, one in authored if day and (sampled - day.latest).days >= needed)
    return next(((low, low.day.latest, one) for one in late), None)


def _levels(analyte: Analyte, episode: Episode) -> tuple[LabResult, ...]:
    """The levels to compare, newest first; none if the newest of them is not recent."""
    found = tuple(one for one in episode.timeline.results if one.analyte is analyte and _is_level(one, episode))
    if not found or not is_current(found[0], episode, episode.protocol.results.recent):
        return ()
    return tuple(one for one in found if sent_unit(one) == sent_unit(found[0]))


def _is_level(result: LabResult, episode: Episode) -> bool:
    """A plain value in a known unit, on treatment and not shortly after an injection."""
    if result.day is None or result.value is None or result.comparator:
        return False
    day, wait = result.day, episode.protocol.results.after_dose.value
    after_injection = any(0 <= (day.earliest - dose.day.latest).days <= wait for dose in episode.course.doses)
    began = began_on(episode)
    return began is not None and day.earliest > began and not after_injection


def _has_had_time(result: LabResult, episode: Episode) -> bool:
    began, needed = began_on(episode), episode.protocol.monitoring.response.late.value
    return bool(began and result.day and (result.day.earliest - began).days >= needed)


def began_on(episode: Episode) -> date | None:
    """The first day on record of the therapy that goes on; None where none goes on."""
    starts = [one.start for one in episode.timeline.courses if one.start and lasts(one, episode)]
    given = [episode.course.doses[0].day.latest] if injections_last(episode) else []
    return min((*starts, *given), default=None)


def falls(levels: Sequence[LabResult], episode: Episode) -> bool:
    """The last levels, newest first, drop from each to the next, and in all by the protocol's share."""
    run = _values(levels, int(episode.protocol.results.falling_results.value))
    share = episode.protocol.monitoring.falling.value
    dropping = all(newer < older for newer, older in pairwise(run))
    return bool(run) and dropping and run[0] <= run[-1] * (1 - share)


def _values(levels: Sequence[LabResult], count: int) -> list[Decimal]:
    run = [one.value for one in levels[:count] if one.value is not None]
    return run if len(run) == count else []


def rises(levels: Sequence[LabResult], episode: Episode) -> bool:
    """Methylmalonic acid that was not raised on treatment now is, by at least the protocol's share."""
    newest, before = next(pairwise(levels), (None, None))
    limit, share = episode.protocol.safety.mma_high, episode.protocol.monitoring.falling.value
    if newest is None or before is None or not is_raised(newest, limit) or is_raised(before, limit):
        return False
    return newest.value is not None and before.value is not None and newest.value >= before.value * (1 + share)
