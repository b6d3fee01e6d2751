"""The answer to treatment: when a course began, which checks are due since, and how blood and levels go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from math import ceil

from msgspec import Struct

from cds_service.b12.concept import When
from cds_service.b12.courses import StatedCourse
from cds_service.b12.episode import SWALLOWED, Episode
from cds_service.b12.history import covered_by
from cds_service.b12.labs import LabResult
from cds_service.b12.policy import Check, CheckFor, Figure
from cds_service.b12.results import LEVELS, anaemia_below, measured
from cds_service.b12.words import Analyte, Route


class Start(Struct, frozen=True):
    """When the course that goes on began, by which route (None: not said), and what tells of it."""

    day: date
    route: Route | None
    refs: tuple[str, ...]

    @property
    def injected(self) -> bool:
        """By injection, as far as is known."""
        return self.route is None or self.route.parenteral


class Change(Struct, frozen=True):
    """How one measurement went: untreated, the newest on treatment, and days from the first dose to that."""

    before: LabResult
    now: LabResult
    days: int
    before_sampled: date
    sampled: date

    @property
    def unusable(self) -> bool:
        """One of the two has no number in a known unit."""
        return self.before.value is None or self.now.value is None


def treated_since(episode: Episode, day: When) -> str:
    """Why the patient is under treatment, or was treated on that day or later; or ""."""
    if because := covered_by(episode):
        return because
    timeline, since = episode.timeline, day.earliest
    if any(dose.day.latest >= since for dose in timeline.doses):
        return "B12 was given since"
    if injections_last(episode):
        return "injections go on"
    if any(course.end is None or course.end >= since for course in timeline.courses):
        return "a statement or a supply tells of B12 since"
    later = (order for order in timeline.orders if order.order.authored and order.order.authored.latest >= since)
    return "B12 was ordered since" if episode.orders or any(later) else ""


def injections_last(episode: Episode) -> bool:
    """Injections were given, and not so long ago that therapy has lapsed."""
    course = episode.course
    if course.last is None:
        return False
    if course.due:
        return not course.due.lapsed
    return (episode.as_of - course.last.day.latest).days <= episode.protocol.timing.lapse_after.value


def on_injections(episode: Episode) -> bool:
    """Injections were given and go on, or a statement or a supply says so."""
    stated = (one for one in episode.timeline.courses if one.route is None or one.route.parenteral)
    return injections_last(episode) or any(lasts(one, episode) for one in stated)


def start_of(episode: Episode) -> Start | None:
    """
    The start of the course that goes on, if the record shows it; None where therapy may be older than the record.

    A course of injections shows its start by its loading, or by a deficient result shortly before. Orders alone
    do not tell that anything was taken.
    """
    course = episode.course
    if injections_last(episode):
        first = course.doses[0]
        shown = course.loading_seen or _low_before(episode, first.day.earliest)
        return Start(first.day.latest, first.route, course.refs) if shown else None
    swallowed = [one for one in episode.timeline.courses if lasts(one, episode) and _is_enough(one, episode)]
    earliest = min(swallowed, key=lambda one: (one.start or date.max, one.ref), default=None)
    return Start(earliest.start, earliest.route, (earliest.ref,)) if earliest and earliest.start else None


def lasts(course: StatedCourse, episode: Episode) -> bool:
    """The statement or supply reaches to today."""
    return course.end is None or course.end >= episode.as_of


def _is_enough(course: StatedCourse, episode: Episode) -> bool:
    """A dose by nose is small by design; one by mouth counts from what the protocol calls adequate."""
    minimum, daily = episode.protocol.oral.minimum.value, course.daily_mcg
    return course.route is Route.NASAL or (course.route in SWALLOWED and daily is not None and daily >= minimum)


def _low_before(episode: Episode, first: date) -> bool:
    return any(_shortly_before(one, first, episode) for one in episode.deficient_results)


def _shortly_before(result: LabResult, first: date, episode: Episode) -> bool:
    window = episode.protocol.results.baseline.value
    return result.day is not None and 0 <= (first - result.day.latest).days <= window


def reminded_until(episode: Episode, start: Start, after: Figure) -> date:
    """The last day on which something due so long after the start is still asked for."""
    return start.day + timedelta(days=int(after.value + episode.protocol.results.reminded.value))


def check_of(episode: Episode, start: Start) -> Check | None:
    """The protocol's first check that fits the patient; None: the protocol names none for them."""
    return next((one for one in episode.protocol.monitoring.checks if FITS[one.whom](episode, start)), None)


def _was_anaemic(episode: Episode, start: Start) -> bool:
    before = untreated(episode, Analyte.HAEMOGLOBIN, start)
    if before and before.value is not None:
        return before.value < anaemia_below(episode)
    return bool(episode.background.anaemia)


FITS: Mapping[CheckFor, Callable[[Episode, Start], bool]] = {
    CheckFor.PREGNANT: lambda episode, _: bool(episode.background.pregnant or episode.background.breastfeeding),
    CheckFor.ANAEMIC: _was_anaemic,
    CheckFor.NASAL: lambda _, start: start.route is Route.NASAL,
    CheckFor.ORAL: lambda _, start: not start.injected and start.route is not Route.NASAL,
    CheckFor.ANYONE: lambda *_: True,
}


def due_on(start: Start, check: Check) -> date:
    """The day on which a check falls due."""
    return start.day + timedelta(days=int(check.after.value))


def not_done(episode: Episode, start: Start, check: Check) -> tuple[Analyte, ...]:
    """The tests of a check that were not done late enough to count, without those that the protocol finds useless."""
    share = episode.protocol.results.check_from.value
    since = start.day + timedelta(days=ceil(check.after.value * share))
    useless = LEVELS if start.injected and episode.protocol.monitoring.b12_on_injections is False else frozenset()
    return tuple(one for one in check.tests if one not in useless and not measured(episode, one, since))


def untreated(episode: Episode, analyte: Analyte, start: Start) -> LabResult | None:
    """The newest result shortly before the first dose or on its day."""
    found = (one for one in episode.timeline.results if one.analyte is analyte)
    return next((one for one in found if _shortly_before(one, start.day, episode)), None)


def change_of(episode: Episode, analyte: Analyte, start: Start) -> Change | None:
    """How a measurement went since the start; None where one of the two is missing."""
    before = untreated(episode, analyte, start)
    now = next((one for one in episode.timeline.results if one.analyte is analyte), None)
    if before is None or before.day is None or now is None or now.day is None or now.day.earliest <= start.day:
        return None
    return Change(before, now, (now.day.earliest - start.day).days, before.day.latest, now.day.latest)


def rises_too_little(change: Change, episode: Episode) -> bool:
    """
    Haemoglobin was low, still is, and rose by less than the protocol expects by then.

    Both values are in g/L; False before the protocol expects anything, or where one of them is not usable.
    """
    response, low = episode.protocol.monitoring.response, anaemia_below(episode)
    before, now = change.before.value, change.now.value
    if before is None or now is None or change.days < response.early.value or before >= low or now >= low:
        return False
    expected = response.late_rise if change.days >= response.late.value else response.early_rise
    return now - before < expected.value


def stays_large(change: Change, episode: Episode) -> bool:
    """The mean cell volume was high and still is, when the protocol expects it to be normal."""
    response, before, now = episode.protocol.monitoring.response, change.before.value, change.now.value
    if before is None or now is None or change.days < response.late.value:
        return False
    return min(before, now) > response.mcv_high.value


def enough_doses(episode: Episode, start: Start, by: LabResult) -> bool:
    """As many doses before a result as an answer needs; what is swallowed is stated, not counted."""
    if not start.injected or by.day is None:
        return not start.injected
    given = sum(dose.day.latest <= by.day.latest for dose in episode.course.doses)
    return given >= episode.protocol.monitoring.response.fewest_doses.value
