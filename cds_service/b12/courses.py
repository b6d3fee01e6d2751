"""Stretches of therapy that a statement or a supply tells of, without single doses."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from msgspec import Struct

from cds_service.b12.dose import Mass, Step
from cds_service.b12.handed_over import counted_until, schedule_of
from cds_service.b12.record import Strength, Use
from cds_service.b12.words import Evidence, Route, Substance

OVER = frozenset({"completed", "stopped"})


class Dose(Struct, frozen=True, gc=False):
    """What one instruction of one product gives, whenever that is."""

    substance: Substance
    route: Route | None
    mass: Mass | None
    step: Step
    strength: Strength | None

    @property
    def swallowed(self) -> bool:
        """The record says that it is not injected."""
        return self.route is not None and self.route.swallowed


class StatedCourse(Struct, frozen=True, gc=False):
    """
    A stretch of therapy that a statement or a supply tells of, without single doses.

    `end` None: it goes on. `supply`: B12 was handed over to last until then; that it was given is not known.
    """

    ref: str
    substance: Substance
    route: Route | None
    start: date | None
    end: date | None
    daily_mcg: Decimal | None
    supply: bool = False


def is_single_dose(use: Use) -> bool:
    """A statement that is active, has an end or an inexact start tells of a course, not of a dose on a day."""
    if use.kind is not Evidence.STATED:
        return use.when is not None
    return bool(use.when and use.when.exact and not use.until and use.status != "active")


def stated_course(use: Use, dose: Dose, today: date) -> StatedCourse | None:
    """The course of a statement, or of a supply for so many days; None for a single dose."""
    supply = use.kind is Evidence.DISPENSED and use.until is not None
    if not supply and (use.kind is not Evidence.STATED or is_single_dose(use)):
        return None
    end = use.until.latest if use.until else (today - timedelta(days=1) if use.status in OVER else None)
    return _course(use, dose, end)


def _course(use: Use, dose: Dose, end: date | None) -> StatedCourse:
    schedule, mass = schedule_of(dose.step), dose.mass
    start = use.when.earliest if use.when else None
    daily = mass.low / schedule.interval[1] if mass and schedule else None
    return StatedCourse(use.ref, dose.substance, dose.route, start, end, daily, use.kind is Evidence.DISPENSED)


def counted_supplies(doses: Sequence[tuple[Use, Dose]], given: date, longest: int) -> list[StatedCourse]:
    """
    The supplies of which only the quantity tells how long they last, `longest` days at most.

    Injections that are given and recorded count one by one: the quantity does not count where one, of which the last
    was `given` then, was since the supply before.
    """
    handed = [(use.when.earliest, use, dose) for use, dose in doses if use.kind is Evidence.DISPENSED and use.when]
    days = sorted(day for day, _, dose in handed if not dose.swallowed)
    found: list[StatedCourse] = []
    for day, use, dose in handed:
        until = counted_until(use, dose.step, dose.mass, dose.strength, longest)
        if until and use.until is None and (dose.swallowed or given < _supply_before(day, days)):
            found.append(_course(use, dose, until))
    return found


def _supply_before(day: date, handed_over: Sequence[date]) -> date:
    """The day of the supply before that of this day; its own if it is the first."""
    earlier = bisect_left(handed_over, day)
    return handed_over[earlier - 1] if earlier else day
