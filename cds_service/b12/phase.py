"""Where loading stands: its next dose, a break before its end, a run that goes on too long, and what nerves ask for."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from math import ceil

from msgspec import Struct

from cds_service.b12.course import loading_gap
from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode, Stage
from cds_service.b12.history import has_begun_loading, is_injection
from cds_service.b12.protocol import Regimen
from cds_service.b12.record import Schedule
from cds_service.b12.results import nitrous_oxide
from cds_service.b12.timeline import DoseEvent


class NextLoading(Struct, frozen=True):
    """
    The next dose of a loading that goes on: the day of the last one, when the next was due, and how many days ago.

    `late` is certain; `maybe_late` is True where only the earliest day of an inexact last dose makes it late.
    """

    last: date
    day: date
    overdue: int
    late: bool
    maybe_late: bool


def loading_run(episode: Episode) -> tuple[DoseEvent, ...]:
    """The latest doses of the course that follow each other without a break of loading; a single dose is one too."""
    doses, start = episode.course.doses, len(episode.course.doses)
    gap = loading_gap(episode.regimen, episode.protocol.timing)
    while start > 0 and (start == len(doses) or _days(doses[start - 1], doses[start]) <= gap):
        start -= 1
    return doses[start:]


def _days(before: DoseEvent, after: DoseEvent) -> int:
    return (after.day.earliest - before.day.latest).days


def next_loading(episode: Episode) -> NextLoading | None:
    """The next loading dose; None where no loading was begun, or it is complete, or broken off."""
    last, regimen, timing = episode.course.last, episode.regimen, episode.protocol.timing
    if last is None or regimen is None or not in_loading(episode) or is_broken(episode):
        return None
    interval, grace = _loading_interval(episode, regimen), timing.loading_grace.value
    overdue = (episode.as_of - last.day.latest).days - interval
    at_most = (episode.as_of - last.day.earliest).days - interval
    due = last.day.latest + timedelta(days=interval)
    return NextLoading(last.day.latest, due, max(0, overdue), overdue > grace, overdue <= grace < at_most)


def in_loading(episode: Episode) -> bool:
    """A loading was begun, is not complete, and the latest dose on record is one of it."""
    course, regimen = episode.course, episode.regimen
    if regimen is None or not regimen.loading or course.loading_complete or not has_begun_loading(episode):
        return False
    return course.given == 1 or len(loading_run(episode)) > 1


def is_broken(episode: Episode) -> bool:
    """The last dose is longer ago than any gap within loading."""
    last = episode.course.last
    gap = loading_gap(episode.regimen, episode.protocol.timing)
    return last is not None and (episode.as_of - last.day.latest).days > gap


def broken_open_loading(episode: Episode) -> Regimen | None:
    """
    The regimen whose loading, without a number of doses, stopped, and nothing followed.

    It stopped with fewer doses than any known loading has, or an order in force asks for more of them.
    """
    if not (in_loading(episode) or _loading_is_ordered_on(episode)):
        return None
    return _open_loading(episode) if is_broken(episode) else None


def running_open_loading(episode: Episode) -> Regimen | None:
    """The regimen whose loading, without a number of doses, has not stopped, and has yet to reach its aim."""
    wanted = in_loading(episode) or (has_begun_loading(episode) and bool(episode.background.neuro))
    return _open_loading(episode) if wanted and not is_broken(episode) else None


def _open_loading(episode: Episode) -> Regimen | None:
    """The regimen, if its loading has no number of doses and nothing followed it."""
    regimen = episode.regimen
    if regimen is None or not regimen.loading or regimen.loading_doses is not None:
        return None
    return regimen if nothing_followed(episode) else None


def _loading_is_ordered_on(episode: Episode) -> bool:
    """An order in force asks for more than the standard's loading, without an end, and none for maintenance is."""
    most = most_doses(episode.standard)
    endless = any(_endless(one, close) for one in episode.orders if (close := _close_schedules(one, episode)))
    beyond = most is not None and len(loading_run(episode)) > most
    return beyond and endless and has_begun_loading(episode) and not maintenance_stands(episode)


def nothing_followed(episode: Episode) -> bool:
    """Every dose of the course is one of its loading."""
    return len(loading_run(episode)) == episode.course.given


def _loading_interval(episode: Episode, regimen: Regimen) -> int:
    """Days to the next loading dose: the longest of the patient's own plan, else of the protocol's step."""
    gap = loading_gap(regimen, episode.protocol.timing)
    ordered = (one for order in episode.orders if is_injection(order) for one in order.schedules)
    planned = [one.interval[1] for one in ordered if one.interval[1] <= gap and one.count_high != 1]
    return ceil(max(planned, default=_interval_of_step(regimen, episode.course.given)))


def _interval_of_step(regimen: Regimen, given: int) -> Decimal:
    """The interval of the latest step in which so many doses may be."""
    done = 0
    for step in regimen.loading:
        if step.doses is None or given < done + step.doses.low:
            return step.interval.high
        done += int(step.doses.low)
    return regimen.loading[-1].interval.high


def most_doses(regimen: Regimen | None) -> int | None:
    """Most doses that a regimen's loading has; None where it has none, or gives no number."""
    if regimen is None or regimen.loading_doses is None:
        return None
    return sum(int(step.doses.high) for step in regimen.loading if step.doses)


def _longest_loading(regimen: Regimen) -> Decimal:
    """Days from the first to the last dose of a regimen's loading, at its slowest."""
    return sum((step.interval.high * step.doses.high for step in regimen.loading if step.doses), Decimal(0))


def exceeds_every_loading(doses: int, days: Decimal, episode: Episode) -> bool:
    """So many doses in so many days are more, or take longer, than in each loading that any protocol gives."""
    known = [(most, _longest_loading(one)) for one in episode.accepted if (most := most_doses(one))]
    return bool(known) and all(doses > most or days > longest for most, longest in known)


def _slowest_pace(episode: Episode) -> Decimal:
    """Days between doses beyond which no protocol speaks of loading."""
    longest = max((one.loading_interval for one in episode.accepted if one.loading_interval), default=Decimal(0))
    return longest * (1 + episode.protocol.timing.interval_tolerance.value)


def ongoing_run(episode: Episode) -> tuple[DoseEvent, ...]:
    """The latest doses that follow each other at the pace of some loading and have not stopped; else none."""
    run = loading_run(episode)
    if is_broken(episode) or len(run) <= 1:
        return ()
    return run if _length(run) / (len(run) - 1) <= _slowest_pace(episode) else ()


def _length(run: tuple[DoseEvent, ...]) -> Decimal:
    return Decimal(_days(run[0], run[-1])) if run else Decimal(0)


def prolonged_run(episode: Episode) -> tuple[DoseEvent, ...]:
    """Doses that go on at loading pace beyond every loading that any protocol gives; else none."""
    run = ongoing_run(episode)
    return run if run and exceeds_every_loading(len(run), _length(run), episode) else ()


def prolonging_order(episode: Episode) -> tuple[B12Order, Schedule, int | None] | None:
    """
    The order that goes beyond loading, with the close schedule that does, and how many doses it makes in all.

    Without an end: once the patient's own loading has all its doses. With one: more doses, or longer, than every known
    loading, counted from the first dose of the run that goes on; asked only of orders being written, because of an
    order in force nobody knows how much was given.
    """
    run, most = ongoing_run(episode), most_doses(own_loading(episode))
    viewed = episode.stage is Stage.VIEW
    for order in episode.orders if viewed else episode.asked_about:
        close = _close_schedules(order, episode)
        if close and _endless(order, close) and most is not None and len(run) >= most:
            return order, close[-1], None
        planned = [(one.total, one.interval[0]) for one in close if one.total is not None]
        if planned and len(planned) == len(close) and not viewed:
            doses = len(run) + sum(count for count, _ in planned)
            days = _length(run) + sum(count * interval for count, interval in planned)
            if exceeds_every_loading(doses, days, episode):
                return order, close[-1], doses
    return None


def _close_schedules(order: B12Order, episode: Episode) -> list[Schedule]:
    """What an order of injections gives at the pace of some loading; nothing where it says until what is reached."""
    pace = _slowest_pace(episode)
    close = [one for one in order.injected if one.interval[1] <= pace and one.count_high != 1]
    return [] if any(one.open_ended for one in close) else close


def _endless(order: B12Order, close: list[Schedule]) -> bool:
    """Nothing says when the close doses end."""
    return order.order.ends is None and any(one.total is None and one.end is None for one in close)


def own_loading(episode: Episode) -> Regimen | None:
    """The patient's regimen if it has a loading, else the standard one."""
    return episode.regimen if episode.regimen and episode.regimen.loading else episode.standard


def close_doses_are_meant(episode: Episode) -> str:
    """Why doses at loading pace may go on, or ""."""
    background = episode.background
    if background.neuro or background.neuro_weak:
        return "neurological signs: close doses may go on until nothing improves further"
    if nitrous_oxide(episode):
        return "nitrous oxide: close doses may go on for weeks"
    return "" if most_doses(own_loading(episode)) else "the protocol gives loading no number of doses"


def without_an_end(order: B12Order) -> bool:
    """An order of one step that nothing bounds."""
    schedule = order.schedule
    bounded = schedule is None or schedule.total is not None or schedule.end is not None or order.order.ends is not None
    return len(order.steps) == 1 and not bounded


def maintenance_stands(episode: Episode) -> bool:
    """An injection order in force is for maintenance, or goes over to it."""
    gap = loading_gap(episode.regimen, episode.protocol.timing)
    return any(is_injection(one) and one.schedule and one.schedule.interval[1] > gap for one in episode.orders)


def authored_on(order: B12Order) -> date:
    """The first day on which an order may have been written; one without a date comes before all others."""
    return order.order.authored.earliest if order.order.authored else date.min
