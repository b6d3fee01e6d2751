"""A maintenance injection ordered before it is due."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

from msgspec import Struct

from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.words import Evidence


class Early(Struct, frozen=True):
    """A dose so many `days` after the `last`, where the next is not due before `soonest` days."""

    days: int
    last: date
    soonest: int
    refs: tuple[str, ...]


def too_early(episode: Episode, draft: B12Order) -> Early | None:
    """
    The next dose before the protocol's soonest; None without such a number, or on a plan that is closer.

    Only a dose with a day is judged: a single one, which is meant for today, or an order that names its start.
    One given on that day is the one ordered, and a supply handed over need not have been given.
    """
    soonest, last, day = episode.protocol.timing.soonest, episode.course.last, first_day(episode, draft)
    if soonest is None or last is None or day is None or last.evidence is Evidence.DISPENSED:
        return None
    limit = int(soonest.value)
    due, days = episode.course.due, (day - last.day.earliest).days
    if due is None or due.interval <= limit or not loaded(episode, limit):
        return None
    return Early(days, last.day.earliest, limit, last.refs) if 0 < days < limit else None


def first_day(episode: Episode, draft: B12Order) -> date | None:
    """The day of an order's first dose, where it tells."""
    if draft.order.starts:
        return max(episode.as_of, draft.order.starts.earliest)
    single = all(one.count_high == 1 for one in draft.schedules)
    return episode.as_of if draft.schedules and single else None


def loaded(episode: Episode, limit: int) -> bool:
    """Loading is over: it is complete, or two doses lay at least `limit` days apart."""
    course = episode.course
    apart = any((after.day.earliest - before.day.latest).days >= limit for before, after in pairwise(course.doses))
    return course.loading_complete or apart
