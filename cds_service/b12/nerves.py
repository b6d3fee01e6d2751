"""What neurological involvement asks for: the protocol's regimen for it, and what is lighter than that."""

from __future__ import annotations

from math import floor

from cds_service.b12.course import loading_gap
from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.history import at_loading_pace, earlier_therapy, has_begun_loading, is_injection, is_maintenance
from cds_service.b12.phase import authored_on, is_broken, loading_run, most_doses, nothing_followed, ongoing_run
from cds_service.b12.protocol import Regimen, RegimenFor
from cds_service.b12.record import Schedule
from cds_service.b12.regimen_for import substance_in_use
from cds_service.b12.timeline import DoseEvent
from cds_service.b12.words import Substance


def neuro_regimen(episode: Episode, order: B12Order | None) -> Regimen | None:
    """
    The protocol's injections for neurological involvement with the order's cobalamin, else with the one in use.

    Where no cobalamin is named it may be any.
    """
    used = order.product.substance if order else substance_in_use(episode.timeline) or Substance.UNSPECIFIED
    own = (one for one in episode.protocol.regimens if one.whom is RegimenFor.NEUROLOGICAL and one.injected)
    return next((one for one in own if used in {one.substance, Substance.UNSPECIFIED}), None)


def injection_in_force(episode: Episode) -> B12Order | None:
    """The latest injection order in force that says how often."""
    found = [one for one in episode.orders if is_injection(one) and one.schedules]
    return max(found, key=authored_on, default=None)


def loading_in_force(episode: Episode) -> bool:
    """An order in force goes on with loading."""
    return any(at_loading_pace(one, episode) for one in episode.orders)


def light_interval(order: B12Order, neuro: Regimen, episode: Episode) -> Schedule | None:
    """The maintenance of an order, where it may be longer than the neurological regimen's."""
    schedule, upkeep = order.schedule, neuro.maintenance
    if schedule is None or upkeep is None or schedule.count_high == 1 or not is_injection(order):
        return None
    longest = upkeep.interval.high * (1 + episode.protocol.timing.interval_tolerance.value)
    return schedule if schedule.interval[1] > longest else None


def light_loading(order: B12Order, episode: Episode) -> int | None:
    """
    Doses after which the loading of an order ends, where that is no more than without neurological involvement.

    Counted with those of the run that goes on. None where it goes on longer, has no end, or the standard no number.
    """
    most, close = most_doses(episode.standard), _loading_of(order, episode)
    planned = [one.total for one in close if one.total is not None and not one.open_ended]
    if most is None or not planned or len(planned) < len(close) or not is_being_loaded(episode):
        return None
    doses = len(ongoing_run(episode)) + sum(planned)
    return doses if doses <= most else None


def slow_loading(order: B12Order, neuro: Regimen, episode: Episode) -> Schedule | None:
    """
    The loading of an order, where every step of it is slower than the neurological regimen's.

    By whole days between doses, so that three times a week stands for alternate days.
    """
    close, longest = _loading_of(order, episode), neuro.loading_interval
    slow = (
        close
        and longest is not None
        and is_being_loaded(episode)
        and all(floor(one.interval[0]) > longest for one in close)
    )
    return close[0] if slow else None


def is_being_loaded(episode: Episode) -> bool:
    """Nothing was given or ordered before, or loading doses alone, or therapy has lapsed; a boost is no loading."""
    course = episode.course
    if not course.doses:
        return not earlier_therapy(episode, *episode.drafts)
    return nothing_followed(episode) or bool(course.due and course.due.lapsed)


def _loading_of(order: B12Order, episode: Episode) -> list[Schedule]:
    """The steps of an injection order that are as fast as loading."""
    gap = loading_gap(episode.regimen, episode.protocol.timing)
    return [one for one in order.schedules if is_injection(order) and one.interval[1] <= gap and one.count_high != 1]


def short_loading(episode: Episode) -> tuple[DoseEvent, ...]:
    """The doses of a loading without a number that had no more than the standard's, where nothing followed; or none."""
    regimen, run, most = episode.regimen, loading_run(episode), most_doses(episode.standard)
    if regimen is None or regimen.loading_doses is not None or not has_begun_loading(episode):
        return ()
    short = len(run) <= most if most else not episode.course.loading_complete
    return run if short and nothing_followed(episode) else ()


def stopped_short(episode: Episode) -> bool:
    """Such a loading has stopped, with as many doses as some known loading has: with fewer it was broken off."""
    return bool(short_loading(episode)) and is_broken(episode) and episode.course.loading_complete


def never_loaded(episode: Episode) -> bool:
    """The first dose on record is of the last months, and neither doses, orders nor statements tell of a loading."""
    doses, background = episode.timeline.doses, episode.background
    orders = (*episode.timeline.orders, *episode.drafts)
    if not doses or not episode.course.doses or episode.timeline.courses or background.started_before:
        return False
    if episode.course.loading_seen or any(at_loading_pace(one, episode) for one in orders):
        return False
    return (episode.as_of - doses[0].day.earliest).days <= episode.protocol.timing.lapse_after.value


def judged_draft(episode: Episode) -> B12Order | None:
    """The injection being ordered that is too light for nerves, else the first that says how often."""
    found = [one for one in episode.asked_about if is_injection(one) and one.schedules]
    return next((one for one in found if _is_light(one, episode)), found[0] if found else None)


def _is_light(draft: B12Order, episode: Episode) -> bool:
    neuro = neuro_regimen(episode, draft)
    if neuro is None:
        return False
    loading = light_loading(draft, episode) is not None or slow_loading(draft, neuro, episode)
    return bool(loading or light_interval(draft, neuro, episode))


def is_maintenance_draft(draft: B12Order, episode: Episode) -> bool:
    """Maintenance only, and no loading is being ordered beside it."""
    others = any(at_loading_pace(one, episode) for one in episode.drafts)
    return is_maintenance(draft, episode) and not others
