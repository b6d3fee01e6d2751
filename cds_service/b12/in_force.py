"""Which orders are in force: an active one that names no end stays so for as long as anything tells that it is used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from cds_service.b12.dose import B12Order
from cds_service.b12.timeline import Timeline
from cds_service.b12.words import Route, Substance

ACTIVE = frozenset({"active", "unknown", ""})

Kind = tuple[Substance, bool]  # which cobalamin, and whether it is swallowed


def is_unended(order: B12Order, today: date) -> bool:
    """Active, and its last day is not past, however old it is."""
    body = order.order
    return body.status in ACTIVE and not (body.ends and body.ends.latest < today)


def orders_in_force(timeline: Timeline, limit: int, today: date) -> tuple[B12Order, ...]:
    """
    The orders that stand today.

    One without an end is stale when for more than `limit` days nothing told of it: its own date, or B12 that was
    given, handed over or stated. Such B12 is told of the newest order for more than one dose that it fits.
    """
    unended = [one for one in timeline.orders if is_unended(one, today)]
    used: dict[str, date] = {}
    for kind, day in _uses(timeline, today).items():
        if order := _newest(unended, kind, day):
            used[order.ref] = max(day, used.get(order.ref, day))
    return tuple(one for one in unended if not _is_stale(one, used, limit, today))


def _is_stale(order: B12Order, used: Mapping[str, date], limit: int, today: date) -> bool:
    body = order.order
    if body.authored is None or body.ends:
        return False
    return (today - max(body.authored.latest, used.get(order.ref, date.min))).days > limit


def _uses(timeline: Timeline, today: date) -> Mapping[Kind, date]:
    """The latest day that tells of B12 of each kind: given, handed over or stated; today, if a statement goes on."""
    found: dict[Kind, date] = {}
    for kind, day in _told(timeline, today):
        found[kind] = max(day, found.get(kind, day))
    return found


def _told(timeline: Timeline, today: date) -> Iterable[tuple[Kind, date]]:
    for dose in timeline.doses:
        yield (dose.substance, _swallowed(dose.route)), dose.day.latest
    for course in timeline.courses:
        day = course.start if course.end else today
        if day:
            yield (course.substance, _swallowed(course.route)), day


def _newest(orders: Iterable[B12Order], kind: Kind, day: date) -> B12Order | None:
    """The newest order for more than one dose by which B12 of this kind may have been given on that day."""
    fitting = (one for one in orders if _is_course(one) and _fits(one, kind) and _authored(one) <= day)
    return max(fitting, key=_authored, default=None)


def _fits(order: B12Order, kind: Kind) -> bool:
    substance, swallowed = kind
    mine = order.product.substance
    alike = mine is substance or Substance.UNSPECIFIED in {mine, substance}
    return alike and _swallowed(order.route) is swallowed


def _swallowed(route: Route | None) -> bool:
    return route is not None and route.swallowed


def _is_course(order: B12Order) -> bool:
    return any(one.count_high != 1 for one in order.schedules)


def _authored(order: B12Order) -> date:
    authored = order.order.authored
    return authored.earliest if authored else date.min
