"""The current course of injections: its loading, whether it was broken off, and when the next dose is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from math import ceil

from msgspec import Struct

from cds_service.b12.dose import B12Order
from cds_service.b12.protocol import Regimen, Timing
from cds_service.b12.record import DAYS
from cds_service.b12.timeline import DoseEvent
from cds_service.b12.words import Evidence, Phase, TimeUnit

LONGEST_INTERVAL = 3653  # days; "every hundred years" is no plan


class Due(Struct, frozen=True):
    """
    When the next dose is due, and how late it is, in days.

    `day` and `overdue` are certain: counted from the latest day that an inexact date allows. `maybe_late`
    is True where only the earliest such day makes the dose late. `interval_from` is the order that gives
    the interval, or "protocol".
    """

    interval: int
    interval_from: str
    day: date
    overdue: int
    grace: int
    maybe_late: bool
    lapsed: bool

    @property
    def late(self) -> bool:
        """Overdue by more than grace."""
        return self.overdue > self.grace


class Course(Struct, frozen=True):
    """
    The injections since the last lapse.

    `given` counts them; `needed` is what the regimen's loading asks for (None: it gives no number).
    `loading_seen` is True where the first doses follow each other at loading pace.
    """

    phase: Phase
    doses: tuple[DoseEvent, ...] = ()
    needed: int | None = None
    loading_seen: bool = False
    loading_complete: bool = False
    due: Due | None = None
    evidence: Evidence | None = None

    @property
    def given(self) -> int:
        """Number of doses in this course."""
        return len(self.doses)

    @property
    def last(self) -> DoseEvent | None:
        """The latest dose."""
        return self.doses[-1] if self.doses else None

    @property
    def refs(self) -> tuple[str, ...]:
        """The resources that the doses rest on."""
        return tuple(ref for dose in self.doses for ref in dose.refs)


def course_of(
    doses: Sequence[DoseEvent],
    orders: Sequence[B12Order],
    regimen: Regimen | None,
    accepted: Sequence[Regimen],
    timing: Timing,
    as_of: date,
) -> Course:
    """
    The course that stands at `as_of`.

    `orders` are the active ones; the last of them that gives a maintenance interval is the patient's
    own plan and goes before the regimen's interval. `accepted` are regimens of other protocols whose
    completed loading counts too.
    """
    injections = [dose for dose in doses if dose.route is None or dose.route.parenteral]
    if not injections:
        return Course(Phase.UNTREATED)
    interval, interval_from = _interval(orders, regimen, timing)
    current = _since_lapse(injections, interval, timing)
    gap = loading_gap(regimen, timing)
    seen = _loading_pace(current, gap)
    complete = any(_completes(current, one) for one in (regimen, *accepted) if one)
    since_last = (as_of - current[-1].day.latest).days
    loading = seen and not complete and since_last <= gap
    if loading and regimen and regimen.loading_interval:
        interval, interval_from = ceil(regimen.loading_interval), "protocol"
    return Course(
        phase=Phase.LOADING if loading else Phase.MAINTENANCE,
        doses=tuple(current),
        needed=regimen.loading_doses if regimen else None,
        loading_seen=seen,
        loading_complete=complete,
        evidence=min((dose.evidence for dose in current), key=lambda evidence: evidence.rank),
        due=_due(current[-1], interval, interval_from, timing, as_of),
    )


def loading_gap(regimen: Regimen | None, timing: Timing) -> int:
    """Days without a dose after which loading counts as broken off."""
    interval = regimen.loading_interval if regimen else None
    weekly = interval is not None and interval >= DAYS[TimeUnit.WEEK]
    return int((timing.loading_gap_weekly if weekly else timing.loading_gap_daily).value)


def grace_of(interval: int, timing: Timing) -> int:
    """Days after the due date before a dose counts as overdue."""
    return max(int(timing.grace.value), ceil(interval * timing.grace_share.value))


def lapse_of(interval: int, timing: Timing) -> int:
    """Days since the last dose after which therapy has lapsed; never before grace is over."""
    lapse = int(min(interval * timing.lapse_factor.value, timing.lapse_after.value))
    return max(lapse, interval + grace_of(interval, timing))


def _interval(orders: Sequence[B12Order], regimen: Regimen | None, timing: Timing) -> tuple[int | None, str]:
    gap = loading_gap(regimen, timing)
    intervals = ((order.order, order.schedule.interval[1]) for order in orders if order.schedule)
    plans = [(order, days) for order, days in intervals if gap < days <= LONGEST_INTERVAL]
    if plans:
        latest, days = max(plans, key=lambda plan: plan[0].authored.earliest if plan[0].authored else date.min)
        return ceil(days), latest.ref
    if regimen and regimen.maintenance:
        return int(regimen.maintenance.interval.high), "protocol"
    return None, ""


def _since_lapse(doses: list[DoseEvent], interval: int | None, timing: Timing) -> list[DoseEvent]:
    lapse = lapse_of(interval, timing) if interval else int(timing.lapse_after.value)
    start = 0
    for index, (before, after) in enumerate(pairwise(doses), start=1):
        if (after.day.earliest - before.day.latest).days > lapse:
            start = index
    return doses[start:]


def _loading_pace(doses: list[DoseEvent], gap: int) -> bool:
    return len(doses) > 1 and (doses[1].day.earliest - doses[0].day.latest).days <= gap


def _completes(doses: list[DoseEvent], regimen: Regimen) -> bool:
    """Enough doses of about the regimen's size; a dose of unknown size counts."""
    needed = regimen.loading_doses
    if needed is None:
        return False
    smallest = min(step.dose.low for step in regimen.loading) / 2
    return sum(1 for dose in doses if dose.mass is None or dose.mass.high >= smallest) >= needed


def _due(last: DoseEvent, interval: int | None, interval_from: str, timing: Timing, as_of: date) -> Due | None:
    if interval is None:
        return None
    day = last.day.latest + timedelta(days=min(interval, (date.max - last.day.latest).days))
    grace = grace_of(interval, timing)
    overdue = (as_of - day).days
    overdue_at_most = (as_of - last.day.earliest).days - interval
    return Due(
        interval=interval,
        interval_from=interval_from,
        day=day,
        overdue=max(0, overdue),
        grace=grace,
        maybe_late=overdue <= grace < overdue_at_most,
        lapsed=(as_of - last.day.latest).days > lapse_of(interval, timing),
    )
