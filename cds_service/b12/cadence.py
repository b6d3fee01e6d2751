"""How often an order gives B12 against what its form, the protocol and the patient ask for. Intervals are in days."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from cds_service.b12.dose import B12Order, Step
from cds_service.b12.episode import SWALLOWED, Episode
from cds_service.b12.intravenous import reads_as_antidote
from cds_service.b12.policy import Span
from cds_service.b12.protocol import Maintenance, Regimen, RegimenFor
from cds_service.b12.record import Schedule, SigReading
from cds_service.b12.words import Form, Route, Substance

INTO_TISSUE = frozenset({Route.INTRAMUSCULAR, Route.SUBCUTANEOUS})
FORM_OF_ROUTE = {Route.ORAL: Form.ORAL, Route.SUBLINGUAL: Form.SUBLINGUAL, Route.NASAL: Form.NASAL}
SPECIAL = frozenset({RegimenFor.CHILD, RegimenFor.LEBER, RegimenFor.INBORN_ERROR, RegimenFor.ANTIFOLATE})
PREVENTION = frozenset({RegimenFor.PROPHYLAXIS, RegimenFor.BARIATRIC})


class Fit(StrEnum):
    """How an interval lies to the one that the protocol gives."""

    WITHIN = "within"
    LONGER = "longer"
    SHORTER = "shorter"


class Cadence(Struct, frozen=True):
    """
    The schedule of an order that goes on, against `usual`: what the protocol gives this form and patient.

    `other` is the substance whose interval it has instead. `labelled`: some label gives the interval for this
    substance, or the protocol does for other patients.
    """

    schedule: Schedule
    usual: Span
    fit: Fit
    other: Substance | None = None
    labelled: bool = False


def interval_is_free(episode: Episode, draft: B12Order) -> str:
    """Why no protocol binds the interval of this order, or ""."""
    if because := reads_as_antidote(episode, draft) or episode.out_of_scope:
        return because
    if episode.patient and episode.patient.deceased:
        return "the patient has died"
    if episode.background.palliative:
        return "care at the end of life"
    if any(_as_needed(step) for step in draft.steps):
        return "given as needed"
    return ""


def interval_unread(episode: Episode, draft: B12Order) -> str:
    """What is missing to judge the interval, or ""."""
    if draft.schedule is None:
        return "a dosage text that can be read without doubt" if draft.text_refused else ""
    adults_only = episode.child and episode.regimen is None
    return "a regimen for children: the protocol gives adults' only" if adults_only else ""


def _as_needed(step: Step) -> bool:
    return step.instruction.as_needed or (isinstance(step.sig, SigReading) and step.sig.as_needed)


def form_of(draft: B12Order) -> Form:
    """The form as the order uses it in the end. Where neither route nor product tells, an injection stands in."""
    return FORM_OF_ROUTE.get(draft.last_route, Form.INJECTION) if draft.last_route else Form.INJECTION


def is_known_injection(draft: B12Order) -> bool:
    """Route or product say that it is injected; a dose without either may well be swallowed every day."""
    route = draft.last_route
    return route in INTO_TISSUE or (route is None and draft.product.form is Form.INJECTION)


def fits(schedule: Schedule, span: Span, tolerance: Decimal) -> bool:
    """The schedule's interval and the span overlap, within a share `tolerance`: a month is 28 to 31 days."""
    low, high = schedule.interval
    return low * (1 - tolerance) <= span.high and span.low * (1 - tolerance) <= high


def goes_on(draft: B12Order) -> Schedule | None:
    """The schedule that an order ends with; None where that is a single dose, or nothing is said."""
    schedule = draft.schedule
    return None if schedule is None or schedule.count_high == 1 else schedule


def ends(draft: B12Order) -> bool:
    """Structure, text or supply say when the last schedule ends."""
    last = [one for step in draft.steps[-1:] for one in (step.schedule, *(ph.schedule for ph in step.text_phases[-1:]))]
    bounded = any(one.total is not None or one.end or one.open_ended for one in last if one)
    return bounded or draft.order.ends is not None


def cadence_of(episode: Episode, draft: B12Order) -> Cadence | None:
    """
    The cadence of what goes on after loading; None where nothing does, or no source gives an interval.

    A course of closely spaced doses that ends is loading, or a boost, and no cadence; nor is what the protocol gives
    other patients more often.
    """
    schedule, usual = goes_on(draft), usual_interval(episode, draft)
    if schedule is None or usual is None:
        return None
    if fits(schedule, usual, episode.protocol.timing.interval_tolerance.value) or _prevents(schedule, episode, draft):
        return Cadence(schedule, usual, Fit.WITHIN)
    longer = schedule.interval[0] > usual.high
    if not longer and (_may_be_close(schedule, episode, draft) or _given_for(schedule, episode, _own(episode, draft))):
        return None
    labelled = _labelled(schedule, episode, draft)
    if labelled and not _own(episode, draft):
        return Cadence(schedule, usual, Fit.WITHIN)
    other = None if longer and labelled else _form_with(schedule, episode, draft, longer=longer)
    return Cadence(schedule, usual, Fit.LONGER if longer else Fit.SHORTER, other, labelled)


def _may_be_close(schedule: Schedule, episode: Episode, draft: B12Order) -> bool:
    """Close doses that end, or that may not be injected at all."""
    limited = schedule.interval[1] <= episode.protocol.timing.loading_gap_weekly.value and ends(draft)
    unknown = form_of(draft) is Form.INJECTION and not is_known_injection(draft)
    return schedule.open_ended or limited or unknown


def usual_interval(episode: Episode, draft: B12Order) -> Span | None:
    """
    Days between maintenance doses of this form: by the patient's regimen, else as its substance is spaced.

    An injected cobalamin that is not named may be any: from the shortest of their intervals to the longest. By mouth
    B12 is taken in many ways, and none of them is wrong; by nose small doses are.
    """
    own, form = _own(episode, draft), form_of(draft)
    if draft.last_route not in INTO_TISSUE | {Route.NASAL, None}:
        return None
    whom = episode.regimen.whom if episode.regimen else None
    if form is Form.NASAL:
        return next((one.interval for one in _upkeep(own) if draft.mass and draft.mass.high >= one.dose.low), None)
    given = next((one.interval for one in _upkeep(one for one in own if one.whom is whom)), None)
    if given:
        return given
    substance, spacing = draft.product.substance, episode.protocol.spacing
    if substance is not Substance.UNSPECIFIED or not spacing:
        return episode.protocol.spacing_of(substance)
    shortest, longest = min(one.interval.low for one in spacing), max(one.interval.high for one in spacing)
    first = spacing[0].interval
    return Span(shortest, longest, first.unit, first.since, first.source)


def _own(episode: Episode, draft: B12Order) -> list[Regimen]:
    """The protocol's regimens of this substance in this form, for ordinary patients and those of this one's kind."""
    form, substance = form_of(draft), draft.product.substance
    own = [one for one in episode.protocol.regimens if one.substance is substance and _in_form(one, form)]
    whom = episode.regimen.whom if episode.regimen else None
    return [one for one in own if one.whom is whom or one.whom not in SPECIAL]


def _prevents(schedule: Schedule, episode: Episode, draft: B12Order) -> bool:
    """No deficiency is documented, and the protocol gives the interval to prevent one."""
    if episode.deficiency or episode.background.neuro:
        return False
    return _given_for(schedule, episode, (one for one in _own(episode, draft) if one.whom in PREVENTION))


def _given_for(schedule: Schedule, episode: Episode, regimens: Iterable[Regimen]) -> bool:
    tolerance = episode.protocol.timing.interval_tolerance.value
    return any(fits(schedule, one.interval, tolerance) for one in _upkeep(regimens))


def _upkeep(regimens: Iterable[Regimen]) -> Iterable[Maintenance]:
    return (one.maintenance for one in regimens if one.maintenance)


def _in_form(regimen: Regimen, form: Form) -> bool:
    if form is Form.INJECTION:
        return regimen.injected
    return any(FORM_OF_ROUTE.get(route) is form for route in regimen.routes)


def _labelled(schedule: Schedule, episode: Episode, draft: B12Order) -> bool:
    """Another label gives the interval, or this protocol for patients whose cause is not lifelong."""
    tolerance, substance = episode.protocol.timing.interval_tolerance.value, draft.product.substance
    spans = [] if episode.lifelong else [one.interval for one in _upkeep(_own(episode, draft))]
    if form_of(draft) is Form.INJECTION:
        alike = (one for one in episode.protocol.spacing if substance in {one.substance, Substance.UNSPECIFIED})
        spans += (one.elsewhere for one in alike if one.elsewhere)
    return any(fits(schedule, span, tolerance) for span in spans)


def _form_with(schedule: Schedule, episode: Episode, draft: B12Order, *, longer: bool) -> Substance | None:
    """The other substance whose injections are spaced so, by the protocol or, for a longer interval, by any label."""
    own, tolerance = draft.product.substance, episode.protocol.timing.interval_tolerance.value
    if form_of(draft) is not Form.INJECTION or own is Substance.UNSPECIFIED:
        return None
    for one in episode.protocol.spacing:
        spans = (one.interval, one.elsewhere if longer else None)
        if one.substance is not own and any(fits(schedule, span, tolerance) for span in spans if span):
            return one.substance
    return None


def swallowed_like_injections(episode: Episode, draft: B12Order) -> Schedule | None:
    """The schedule of B12 by mouth that is spaced as injections are, where the protocol does not give it so."""
    schedule = goes_on(draft)
    if schedule is None or draft.last_route not in SWALLOWED or draft.last_route is Route.NASAL:
        return None
    tolerance = episode.protocol.timing.interval_tolerance.value
    shortest = min((one.interval.low for one in episode.protocol.spacing), default=None)
    given = (one.maintenance.interval for one in _own(episode, draft) if one.maintenance)
    if shortest is None or any(fits(schedule, span, tolerance) for span in given):
        return None
    return schedule if schedule.interval[1] >= shortest * (1 - tolerance) else None
