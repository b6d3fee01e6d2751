"""A schedule as dates: a regimen, from a first day on, at a weekday and an interval that the protocol allows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from math import ceil, floor

from msgspec import Struct
from msgspec.structs import replace

from cds_service.b12.policy import Span
from cds_service.b12.protocol import Regimen
from cds_service.b12.words import Phase
from cds_service.errors import MalformedRequest
from cds_service.fhir.new_orders import paced, steps_of

WEEK = 7
AHEAD = timedelta(days=365)
"""How far maintenance is dated: a plan is looked at again before a year is over."""
LATEST_START = timedelta(days=365)


class Choices(Struct, frozen=True):
    """
    What a clinician may choose: the first day, the weekday of doses a week or more apart (0 is Monday; None: any),
    and the days between maintenance doses (None: as long as the protocol allows).
    """

    start: date
    weekday: int | None = None
    interval: int | None = None


class PlannedStep(Struct, frozen=True):
    """
    The dates of one step, `interval` days apart at most.

    `until` says in the protocol's sense how long doses go on where it gives no number of them; then only the first
    day is known, and nothing after it.
    """

    phase: Phase
    dose: Span
    interval: int
    days: tuple[date, ...]
    source: str
    until: str = ""


def allowed_intervals(regimen: Regimen | None) -> tuple[int, int] | None:
    """The shortest and longest interval of maintenance, in whole days; None where the regimen has none."""
    if regimen is None or regimen.maintenance is None:
        return None
    span = regimen.maintenance.interval
    return ceil(span.low), max(ceil(span.low), floor(span.high))


def check_choices(choices: Choices, regimen: Regimen | None, today: date) -> Choices:
    """The choices with an interval in them; raises MalformedRequest for what lies outside the protocol's range."""
    if not today <= choices.start <= today + LATEST_START:
        raise MalformedRequest("expected a day from today on within a year", "$.choices.start")
    if choices.weekday is not None and not 0 <= choices.weekday < WEEK:
        raise MalformedRequest("expected a weekday from 0 (Monday) to 6", "$.choices.weekday")
    allowed = allowed_intervals(regimen)
    if allowed is None:
        return Choices(choices.start, choices.weekday)
    interval = allowed[1] if choices.interval is None else choices.interval
    if not allowed[0] <= interval <= allowed[1]:
        raise MalformedRequest(f"expected {allowed[0]} to {allowed[1]} days", "$.choices.interval")
    return Choices(choices.start, choices.weekday, interval)


def planned_steps(regimen: Regimen, remaining: int | None, choices: Choices, grace: int) -> tuple[PlannedStep, ...]:
    """
    Loading (only its last `remaining` doses, if given), then maintenance for a year.

    The fewest doses that the protocol gives, at its longest interval, as in the orders. What follows a step without a
    number of doses has no dates. For the weekday a dose moves by a few days: within the protocol's interval where that
    can be, and else never beyond it by more than `grace` days.
    """
    return tuple(_steps(regimen, remaining, choices, _Weekday(choices.weekday, grace)))


def chosen_regimen(regimen: Regimen, remaining: int | None, choices: Choices) -> Regimen:
    """The regimen as it was chosen: its loading without what was given, and one interval of maintenance."""
    steps = [
        replace(step, interval=paced(step), doses=_exactly(step.doses, doses) if step.doses and doses else None)
        for step, doses in steps_of(regimen, remaining)
    ]
    kept = regimen.maintenance
    if kept and choices.interval and choices.interval != floor(kept.interval.high):
        kept = replace(kept, interval=_exactly(kept.interval, choices.interval))
    return replace(regimen, loading=tuple(steps), maintenance=kept)


def _exactly(span: Span, number: int) -> Span:
    return replace(span, low=Decimal(number), high=Decimal(number))


class _Weekday(Struct, frozen=True):
    """The weekday on which doses a week or more apart are to fall, and the days by which one may be late for it."""

    weekday: int | None
    grace: int

    def next(self, last: date, span: Span, interval: int) -> date:
        """The day after the interval, moved to the nearest weekday that may be."""
        wanted = last + timedelta(days=interval)
        if self.weekday is None or interval < WEEK:
            return wanted
        before = wanted - timedelta(days=(wanted.weekday() - self.weekday) % WEEK)
        near = sorted((before, before + timedelta(days=WEEK)), key=lambda day: abs((day - wanted).days))
        fits = [day for day in near if span.low <= (day - last).days <= span.high]
        late = [day for day in near if last < day and (day - last).days <= span.high + self.grace]
        return next(iter((*fits, *late)), wanted)

    def run(self, first: date, span: Span, interval: int, doses: int) -> tuple[date, ...]:
        """So many days from the first on."""
        days = [first]
        while len(days) < doses:
            days.append(self.next(days[-1], span, interval))
        return tuple(days)


def _steps(regimen: Regimen, remaining: int | None, choices: Choices, weekday: _Weekday) -> Iterator[PlannedStep]:
    last: date | None = None
    for step, doses in steps_of(regimen, remaining):
        span = paced(step)
        interval = floor(span.high)
        first = choices.start if last is None else weekday.next(last, span, interval)
        if doses is None:
            yield PlannedStep(Phase.LOADING, step.dose, interval, (first,), span.source, step.until)
            return
        days = weekday.run(first, span, interval, doses)
        yield PlannedStep(Phase.LOADING, step.dose, interval, days, span.source)
        last = days[-1]
    if (kept := regimen.maintenance) and choices.interval:
        first = choices.start if last is None else weekday.next(last, kept.interval, choices.interval)
        days = weekday.run(first, kept.interval, choices.interval, AHEAD.days // choices.interval + 1)
        yield PlannedStep(Phase.MAINTENANCE, kept.dose, choices.interval, days, kept.interval.source)
