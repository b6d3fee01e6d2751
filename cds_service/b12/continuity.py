"""Whether B12 goes on where it should: orders that ended or are stopped, a lapse, and causes that are over."""

from __future__ import annotations

from datetime import date, timedelta
from math import ceil

from cds_service.b12.allergies import Weight
from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.history import LoadingState, at_loading_pace, is_maintenance, loading_state
from cds_service.b12.intravenous import reads_as_antidote
from cds_service.b12.labs import LabResult
from cds_service.b12.phase import authored_on, in_loading
from cds_service.b12.results import Standing, anaemia_below, is_current, is_raised, newest, standing_of
from cds_service.b12.words import Analyte, Indication, Phase, RiskDrug, Substance

STOPPED, COMPLETED = "stopped", "completed"
CANCELLED = "cancelled"  # before anything was given: no therapy, unless the order is on record as in force
PASSING = frozenset({Indication.DIETARY, Indication.REVERSIBLE_MALABSORPTION, Indication.DRUG_INDUCED})
DEPLETING = frozenset({RiskDrug.METFORMIN, RiskDrug.ACID_SUPPRESSION, RiskDrug.NITROUS_OXIDE})
LEVELS = (Analyte.B12, Analyte.ACTIVE_B12)
PROOF = (Analyte.HAEMOGLOBIN, Analyte.MMA)


def is_course(order: B12Order) -> bool:
    """The order plans more than one dose; one that says nothing of doses counts only if it was stopped."""
    return any(one.count_high != 1 for one in order.schedules) or (
        not order.schedules and order.order.status == STOPPED
    )


def end_of(order: B12Order) -> date | None:
    """The last day that an order covers, by its own end or its number of doses; None: it does not say."""
    body = order.order
    if body.ends:
        return body.ends.latest
    begins = body.starts or body.authored
    lengths = [one.total * one.interval[1] for one in order.schedules if one.total is not None]
    if begins is None or not lengths or len(lengths) < len(order.schedules):
        return None
    days = ceil(sum(lengths))
    return begins.latest + timedelta(days=min(days, (date.max - begins.latest).days))


def is_over(order: B12Order, today: date) -> bool:
    """Completed or stopped, or its last day is past."""
    end = end_of(order)
    return order.order.status in {STOPPED, COMPLETED} or bool(end and end < today)


def standing_orders(episode: Episode, without: frozenset[str] = frozenset()) -> tuple[B12Order, ...]:
    """The orders in force by which B12 goes on; of single doses those that are still to be given."""
    left = (one for one in episode.orders if one.ref not in without and not is_over(one, episode.as_of))
    return tuple(one for one in left if is_course(one) or not one.schedules or not _was_given(one, episode))


def _was_given(order: B12Order, episode: Episode) -> bool:
    authored = order.order.authored
    return authored is None or any(dose.day.latest >= authored.earliest for dose in episode.timeline.doses)


def last_order(episode: Episode) -> B12Order | None:
    """The latest order of more than one dose, in force or not; an order without a date comes before all others."""
    return max((one for one in episode.timeline.orders if is_course(one)), key=authored_on, default=None)


def ended_order(episode: Episode) -> B12Order | None:
    """The last order, if it is over and nothing shows that B12 went on without it."""
    last = last_order(episode)
    return last if last and is_over(last, episode.as_of) and not _went_on(episode, last) else None


def _went_on(episode: Episode, order: B12Order) -> bool:
    """A dose was given after the last day of the last order of a course, or a single one was ordered after it."""
    end, doses = end_of(order), episode.timeline.doses
    given = end is not None and any(dose.day.earliest > end for dose in doses)
    return given or any(authored_on(one) > authored_on(order) for one in episode.timeline.orders)


def was_stopped_lately(episode: Episode, order: B12Order) -> bool:
    """
    The order was stopped, and order or doses are of the last months.

    A record does not say when an order was stopped. It was after the order was written; where that is long ago,
    a dose on record or the order's own last day shows that therapy ran until lately.
    """
    last = episode.course.last
    days = (order.order.authored, order.order.ends, last.day if last else None)
    limit = episode.protocol.timing.lapse_after.value
    lately = any(one is not None and 0 <= (episode.as_of - one.latest).days <= limit for one in days)
    return order.order.status == STOPPED and lately


def stopped_without_need(episode: Episode) -> str:
    """Why a late injection is no gap after therapy was ended, or "": nothing on record asks for B12 any more."""
    if not cause_goes_on(episode):
        return "the cause is documented as over"
    last, background = last_order(episode), episode.background
    stopped = last is not None and last.order.status == STOPPED
    wanted = episode.lifelong or background.deficiency or background.neuro
    return "the last order was stopped, and no deficiency is documented" if stopped and not wanted else ""


def stopping_draft(episode: Episode) -> B12Order | None:
    """The draft that stops or forbids B12 therapy: not one that ran its course, nor one that never was in force."""
    return next((one for one in episode.timeline.withdrawn if _stops(one, episode)), None)


def _stops(draft: B12Order, episode: Episode) -> bool:
    body = draft.order
    if reads_as_antidote(episode, draft):
        return False
    if body.do_not_perform:
        return True
    single = bool(draft.schedules) and not is_course(draft)
    in_force = any(one.ref == draft.ref for one in episode.orders)
    bounded = body.ends is not None or (bool(draft.schedules) and all(one.total for one in draft.schedules))
    ran_out = body.status == COMPLETED and bounded
    return not single and not ran_out and (in_force or body.status != CANCELLED)


def goes_on_beside(episode: Episode) -> str:
    """What B12 remains beside the drafts that stop some, or ""."""
    if episode.drafts:
        return "other B12 is being ordered: a switch"
    return "another B12 order goes on" if standing_orders(episode, withdrawn_refs(episode)) else ""


def withdrawn_refs(episode: Episode) -> frozenset[str]:
    """The drafts that stop, cancel or forbid B12; they have the references of the orders that they end."""
    return frozenset(one.ref for one in episode.timeline.withdrawn)


def unfinished_loading(episode: Episode) -> LoadingState | None:
    """A loading that goes on and is not complete, by doses that were given."""
    state = loading_state(episode)
    return state if state and not state.broken and in_loading(episode) else None


def resumed_after_lapse(episode: Episode) -> B12Order | None:
    """The maintenance being ordered after therapy had lapsed; None without a loading, or with an unfinished one."""
    due, regimen = episode.course.due, episode.regimen
    if due is None or not due.lapsed or regimen is None or not regimen.loading:
        return None
    if any(at_loading_pace(one, episode) for one in episode.drafts) or loading_state(episode):
        return None
    return next((one for one in episode.asked_about if is_maintenance(one, episode)), None)


def reloaded_after_lapse(episode: Episode) -> bool:
    """Loading is being ordered after therapy had lapsed, with or without the maintenance that follows it."""
    due = episode.course.due
    return bool(due and due.lapsed) and any(at_loading_pace(one, episode) for one in episode.drafts)


def on_long_term_injections(episode: Episode) -> bool:
    """On maintenance injections that have not lapsed, for longer than the protocol calls long-term."""
    course = episode.course
    if course.phase is not Phase.MAINTENANCE or not course.doses or (course.due and course.due.lapsed):
        return False
    days = (episode.as_of - course.doses[0].day.latest).days
    return days > episode.protocol.timing.long_term.value


def cause_goes_on(episode: Episode) -> str:
    """Why the need for B12 is not over, or "": nothing documents that the cause is, or something else asks for it."""
    background = episode.background
    if episode.child:
        return "a child"
    if background.indication not in PASSING:
        return "no cause that may pass is documented"
    if not background.corrected:
        return "the cause is not documented as over"
    if background.neuro or background.neuro_weak or background.neuro_past:
        return "neurological signs are or were documented"
    guts = (*background.gastric_surgery, *background.ileal, *background.crohn, *background.coeliac)
    if background.vegan or set(guts) - set(background.corrected):
        return "another cause is documented"
    if background.pregnant or background.breastfeeding:
        return "pregnancy or breastfeeding"
    taken = any(one.drug in DEPLETING and one.on(episode.as_of) for one in episode.timeline.exposures)
    return "a drug that lowers B12 goes on" if taken else ""


def normal_results(episode: Episode) -> tuple[LabResult, ...]:
    """
    The results that show recovery: haemoglobin or methylmalonic acid, normal, recent, and after the first dose.

    Empty where one of the newest results since then is not normal or cannot be read. A B12 level says nothing while
    injections go on, so that a good one proves nothing; a low one, or one that is not clear, counts.
    """
    newest_of = {one: newest(episode, one) for one in (*LEVELS, *PROOF, Analyte.MCV, Analyte.HOMOCYSTEINE)}
    found = [one for one in newest_of.values() if one and not _before_treatment(one, episode)]
    if not all(_is_normal(one, episode) for one in found):
        return ()
    return tuple(one for one in found if one.analyte in PROOF and _tells_of_treatment(one, episode))


def _before_treatment(result: LabResult, episode: Episode) -> bool:
    return bool(result.day and result.day.latest <= episode.course.doses[0].day.earliest)


def _is_normal(result: LabResult, episode: Episode) -> bool:
    safety, protocol = episode.protocol.safety, episode.protocol
    if result.value is None:
        return False
    if result.analyte in LEVELS:
        return standing_of(result, protocol) in {Standing.ADEQUATE, None}
    if result.analyte is Analyte.HAEMOGLOBIN:
        return result.value >= anaemia_below(episode)
    limits = {
        Analyte.MMA: safety.mma_high,
        Analyte.HOMOCYSTEINE: safety.homocysteine_high,
        Analyte.MCV: safety.macrocytosis,
    }
    return not is_raised(result, limits[result.analyte])


def _tells_of_treatment(result: LabResult, episode: Episode) -> bool:
    first = episode.course.doses[0].day.latest
    return bool(result.day and result.day.earliest > first and is_current(result, episode))


def allergic(episode: Episode) -> str:
    """Why B12 may have been left out on purpose: a recorded allergy to a cobalamin or to cobalt; or ""."""
    against = (one for one in episode.allergies or () if one.against(Substance.UNSPECIFIED))
    return "an allergy to B12 is recorded" if any(one.weight is not Weight.MILD for one in against) else ""
