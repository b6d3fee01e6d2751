"""The current course of injections: its loading, whether it was broken off, and when the next dose is due."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate, pairwise
from math import ceil

from msgspec import Struct

from cds_service.b12.courses import StatedCourse
from cds_service.b12.dose import B12Order
from cds_service.b12.protocol import Regimen, Timing
from cds_service.b12.record import DAYS
from cds_service.b12.timeline import DoseEvent
from cds_service.b12.words import Evidence, Phase, TimeUnit

LONGEST_INTERVAL = 3653  # days; "every hundred years" is no plan


class Therapy(Struct, frozen=True):
    """What the record tells of: doses oldest first, injection orders in force, supplies that last to a known day."""

    doses: Sequence[DoseEvent]
    orders: Sequence[B12Order] = ()
    supplies: Sequence[StatedCourse] = ()


class Due(Struct, frozen=True):
    """
    When the next dose is due, and how late it is, in days.

    `day` and `overdue` are certain: counted from the latest day that an inexact date allows. `maybe_late`
    is True where only the earliest such day makes the dose late. `interval_from` is the order that gives
    the interval, or "protocol". `supplied` is the day on which a supply was handed over, where `day` is the end of it:
    that its doses were given is not known. `refs` are of supplies that are no dose of the course.
    """

    interval: int
    interval_from: str
    day: date
    overdue: int
    grace: int
    maybe_late: bool
    lapsed: bool
    supplied: date | None = None
    refs: tuple[str, ...] = ()

    @property
    def late(self) -> bool:
        """Overdue by more than grace."""
        return self.overdue > self.grace


class Course(Struct, frozen=True):
    """
    The injections since the last lapse.

    `given` counts them; `needed` is what the regimen's loading asks for (None: it gives no number), `large` how many
    of them are of about its size: only those complete it.
    `loading_seen` is True where the first doses follow each other at loading pace.
    """

    phase: Phase
    doses: tuple[DoseEvent, ...] = ()
    needed: int | None = None
    large: int = 0
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
    therapy: Therapy,
    regimen: Regimen | None,
    accepted: Sequence[Regimen],
    timing: Timing,
    as_of: date,
) -> Course:
    """
    The course that stands at `as_of`.

    The last order that gives a maintenance interval is the patient's own plan and goes before the regimen's
    interval. A dose is not due before the supplies are used up. `accepted` are regimens of other protocols
    whose completed loading counts too.
    """
    injections = [dose for dose in therapy.doses if dose.route is None or dose.route.parenteral]
    if not injections:
        return Course(Phase.UNTREATED)
    interval, interval_from = _interval(therapy.orders, regimen, timing)
    current = _since_lapse(injections, therapy.supplies, interval, timing)
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
        large=_large(current, regimen) if regimen else len(current),
        loading_seen=seen,
        loading_complete=complete,
        evidence=min((dose.evidence for dose in current), key=lambda evidence: evidence.rank),
        due=_supplied(_due(current[-1], interval, interval_from, timing, as_of), therapy, timing, as_of),
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


def _since_lapse(
    doses: list[DoseEvent], supplies: Sequence[StatedCourse], interval: int | None, timing: Timing
) -> list[DoseEvent]:
    lapse = lapse_of(interval, timing) if interval else int(timing.lapse_after.value)
    spans = sorted((one.start or date.min, one.end or date.max) for one in supplies)
    starts, ends = [start for start, _ in spans], list(accumulate((end for _, end in spans), max))
    start = 0
    for index, (before, after) in enumerate(pairwise(doses), start=1):
        earlier = bisect_left(starts, after.day.earliest)
        supplied = ends[earlier - 1].toordinal() - (interval or 0) if earlier else 0
        if after.day.earliest.toordinal() - max(before.day.latest.toordinal(), supplied) > lapse:
            start = index
    return doses[start:]


def _loading_pace(doses: list[DoseEvent], gap: int) -> bool:
    return len(doses) > 1 and (doses[1].day.earliest - doses[0].day.latest).days <= gap


def _completes(doses: list[DoseEvent], regimen: Regimen) -> bool:
    needed = regimen.loading_doses
    return needed is not None and _large(doses, regimen) >= needed


def _large(doses: list[DoseEvent], regimen: Regimen) -> int:
    """How many are of about the size of the regimen's loading doses: half of one, or of unknown size, counts."""
    smallest = min((step.dose.low for step in regimen.loading), default=Decimal(0)) / 2
    return sum(dose.mass is None or dose.mass.high >= smallest for dose in doses)


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
        supplied=last.day.latest if last.evidence is Evidence.DISPENSED else None,
    )


def _supplied(due: Due | None, therapy: Therapy, timing: Timing, as_of: date) -> Due | None:
    """Due at the end of the supply that lasts longest, where that is later; lapsed as many days after it as ever."""
    ends = ((one.end, one.start, one.ref) for one in therapy.supplies if one.end and one.start)
    until, handed_over, ref = max(ends, default=(date.min, date.min, ""))
    if due is None or until <= due.day:
        return due
    overdue, lapse = (as_of - until).days, lapse_of(due.interval, timing)
    return Due(
        interval=due.interval,
        interval_from=due.interval_from,
        day=until,
        overdue=max(0, overdue),
        grace=due.grace,
        maybe_late=False,
        lapsed=overdue > lapse - due.interval,
        supplied=handed_over,
        refs=(ref,),
    )
