"""Doses as close as in loading: an order that loads too slowly, and one that never stops. Intervals are in days."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from cds_service.b12.cadence import ends, form_of, goes_on, is_known_injection, usual_interval
from cds_service.b12.course import loading_gap
from cds_service.b12.dose import B12Order
from cds_service.b12.doubt import TRIAL
from cds_service.b12.episode import Episode
from cds_service.b12.history import earlier_therapy
from cds_service.b12.phase import prolonging_order
from cds_service.b12.policy import Span
from cds_service.b12.protocol import Regimen
from cds_service.b12.record import DAYS, Schedule, SigRefused
from cds_service.b12.results import nitrous_oxide
from cds_service.b12.words import Form, Phase, TimeUnit


def never_ends(episode: Episode, draft: B12Order) -> Schedule | None:
    """
    Injections as close as the protocol's loading that go on without an end.

    For a patient to be loaded any pace at which loading is not broken off; none of a cobalamin that no source spaces.
    """
    schedule, regimen, timing = goes_on(draft), episode.regimen, episode.protocol.timing
    longest = regimen.loading_interval if regimen else None
    spaced = is_known_injection(draft) and usual_interval(episode, draft)
    if schedule is None or longest is None or not spaced or ends(draft):
        return None
    close = schedule.interval[0] * (1 - timing.interval_tolerance.value) <= longest
    loading = to_be_loaded(episode) and schedule.interval[1] <= loading_gap(regimen, timing)
    return schedule if close or loading else None


def closeness_is_meant(episode: Episode, draft: B12Order) -> str:
    """Why close doses without an end are no fault, or no fault of their own, or ""."""
    background, prolonging = episode.background, prolonging_order(episode)
    if background.neuro or background.neuro_weak:
        return "neurological signs: close doses may go on until nothing improves further"
    if nitrous_oxide(episode):
        return "nitrous oxide: close doses may go on for weeks"
    if prolonging and prolonging[0].ref == draft.ref:
        return "close doses after loading are judged by themselves"
    if any(TRIAL.search(step.instruction.text) for step in draft.steps):
        return "a diagnostic trial"
    return ""


def end_is_unread(draft: B12Order) -> bool:
    """The last text was not understood, so that it may name an end."""
    return isinstance(draft.steps[-1].sig, SigRefused)


def slowest_step(regimen: Regimen) -> Span | None:
    """The interval of the slowest step of a regimen's loading."""
    return max((step.interval for step in regimen.loading), key=lambda one: one.high, default=None)


def sparse_loading(episode: Episode, draft: B12Order) -> Schedule | None:
    """The loading of a patient who needs it, ordered at a pace slower than the slowest step of the regimen."""
    regimen = episode.regimen
    if regimen is None or regimen.loading_interval is None or not to_be_loaded(episode):
        return None
    if regimen.substance is not draft.product.substance or form_of(draft) is not Form.INJECTION:
        return None
    longest = regimen.loading_interval
    close = list(_loading_steps(draft, episode.protocol.timing.loading_gap_weekly.value))
    slow = [one for one in close if one.interval[0] * (1 - episode.protocol.timing.interval_tolerance.value) > longest]
    return slow[0] if slow and len(slow) == len(close) else None


def to_be_loaded(episode: Episode) -> bool:
    """A deficiency is documented, and loading goes on or nothing was ever given."""
    begun = episode.course.phase is Phase.LOADING or not earlier_therapy(episode, *episode.drafts)
    return bool(episode.deficiency) and begun


def _loading_steps(draft: B12Order, longest: Decimal) -> Iterable[Schedule]:
    """The schedules of an order that are followed by another or end, no sparser than `longest` days."""
    *before, last = draft.schedules or (None,)
    steps = [*before, *([last] if ends(draft) else [])]
    return (one for one in steps if one and one.count_high != 1 and one.interval[1] <= longest)


def weekly(schedule: Schedule) -> bool:
    """Once a week or more often."""
    return schedule.interval[1] <= DAYS[TimeUnit.WEEK]
