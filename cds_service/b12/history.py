"""What the record tells of earlier therapy: whether it began, whether loading was finished, what covers the patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from math import ceil

from msgspec import Struct

from cds_service.b12.course import loading_gap
from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode, Stage
from cds_service.b12.protocol import Regimen
from cds_service.b12.timeline import DoseEvent
from cds_service.b12.words import Evidence, Substance


class LoadingState(Struct, frozen=True):
    """
    An unfinished loading: doses given of those needed, first and last day, and what tells of it.

    `small` are doses beside those `given` that are too small to be one of them.
    """

    given: int
    needed: int
    small: int
    first: date
    last: date
    broken: bool
    evidence: Evidence
    refs: tuple[str, ...]

    @property
    def left(self) -> int:
        """Doses that are still to be given, at least one."""
        return self.needed - self.given

    @property
    def counts(self) -> Mapping[str, int]:
        """The facts that say how far it is: `given` of `needed`, and `small` where there are such."""
        return {"given": self.given, "needed": self.needed} | ({"small": self.small} if self.small else {})


def is_injection(order: B12Order) -> bool:
    """Injected, or by a route that is not named."""
    return order.route is None or order.route.parenteral


def is_maintenance(draft: B12Order, episode: Episode) -> bool:
    """An injection whose every schedule is slower than loading; a single dose is no schedule."""
    gap = loading_gap(episode.regimen, episode.protocol.timing)
    schedules = draft.schedules
    slow = all(one.interval[0] > gap and one.count_high != 1 for one in schedules)
    return bool(schedules) and slow and is_injection(draft)


def is_for(regimen: Regimen, order: B12Order) -> bool:
    """The regimen's cobalamin is the order's, as far as both name one: only then its doses fit into the order."""
    return order.product.substance is regimen.substance or Substance.UNSPECIFIED in {
        order.product.substance,
        regimen.substance,
    }


def at_loading_pace(order: B12Order, episode: Episode) -> bool:
    """An injection order with a schedule as fast as loading."""
    gap = loading_gap(episode.regimen, episode.protocol.timing)
    return is_injection(order) and any(one.interval[1] <= gap and one.count_high != 1 for one in order.schedules)


def earlier_therapy(episode: Episode, *drafts: B12Order) -> str:
    """What tells that B12 was ever given or ordered before these drafts, or ""."""
    if episode.timeline.doses:
        return "doses are on record"
    if episode.timeline.courses:
        return "a statement tells of B12 therapy"
    if episode.background.started_before:
        return "a record says that injections were started"
    drafted = {draft.ref for draft in drafts}
    if any(order.ref not in drafted for order in episode.timeline.orders):
        return "an earlier B12 order is on record"
    return ""


def has_begun_loading(episode: Episode) -> bool:
    """The first doses of the course follow each other at loading pace; or the only one was ordered so, or is new."""
    course = episode.course
    return course.loading_seen or (course.given == 1 and (_loading_was_ordered(episode) or _is_first_answer(episode)))


def _is_first_answer(episode: Episode) -> bool:
    """The only dose on record of a patient not treated before, given for a level that had just been found deficient."""
    timeline, first = episode.timeline, episode.course.doses[0].day
    since = first.earliest - timedelta(days=int(episode.protocol.results.baseline.value))
    found = [one.day for one in episode.deficient_results if one.day]
    found = [day for day in found if since <= day.latest and day.earliest <= first.latest]
    if not found or len(timeline.doses) > 1 or timeline.courses or episode.background.started_before:
        return False
    ordered = (order.order.authored for order in timeline.orders if order.order.authored)
    return not any(authored.latest < min(day.earliest for day in found) for authored in ordered)


def _loading_was_ordered(episode: Episode) -> bool:
    """For this course: an order that was there when doses of an earlier one were given is not counted."""
    begins = episode.course.doses[0].day.earliest
    last = max((dose.day.latest for dose in episode.timeline.doses if dose.day.latest < begins), default=date.min)
    close = (order.order.authored for order in episode.timeline.orders if at_loading_pace(order, episode))
    return any((authored.latest if authored else date.min) >= last for authored in close)


def started_before(episode: Episode, draft: B12Order) -> str:
    """Why the patient is not new to B12, or ""."""
    if before := earlier_therapy(episode, draft):
        return before
    if any(at_loading_pace(other, episode) for other in episode.drafts):
        return "loading is being ordered beside it"
    return ""


def loading_state(episode: Episode) -> LoadingState | None:
    """The unfinished loading, or None: none was begun, or it is complete, or the protocol gives no number."""
    course = episode.course
    if course.last is None:
        return _ordered_loading(episode)
    if course.needed is None or course.loading_complete or not has_begun_loading(episode):
        return None
    gap = loading_gap(episode.regimen, episode.protocol.timing)
    broken = (episode.as_of - _last_at_pace(course.doses, gap).day.latest).days > gap
    first, last = course.doses[0].day.earliest, course.last.day.latest
    evidence = course.evidence or Evidence.ORDERED
    small = course.given - course.large
    return LoadingState(course.large, course.needed, small, first, last, broken, evidence, course.refs)


def _last_at_pace(doses: Sequence[DoseEvent], gap: int) -> DoseEvent:
    """The last dose that followed another as in loading: one of maintenance does not take up again what was broken."""
    close = (after for before, after in pairwise(doses) if (after.day.earliest - before.day.latest).days <= gap)
    return max(close, key=lambda dose: dose.day.latest, default=doses[0])


def loading_goes_on(episode: Episode, state: LoadingState, maintenance: B12Order | None) -> str:
    """Why an unfinished loading is no fault, or ""."""
    if any(at_loading_pace(draft, episode) for draft in episode.drafts):
        return "loading is being ordered"
    if not state.broken and (maintenance is None or any(at_loading_pace(one, episode) for one in episode.orders)):
        return "loading goes on"
    if maintenance is not None:
        return ""
    return covered_by(episode) if episode.stage is Stage.VIEW else "no maintenance is being ordered"


def _ordered_loading(episode: Episode) -> LoadingState | None:
    """Without a single dose on record, what was ordered is all there is to count."""
    needed = episode.regimen.loading_doses if episode.regimen else None
    orders = [order for order in episode.timeline.orders if at_loading_pace(order, episode)]
    spans = [span for order in orders if (span := _span(order))]
    if needed is None or not spans or len(spans) < len(orders) or episode.timeline.courses:
        return None
    total = sum(doses for doses, _, _ in spans)
    if total >= needed:
        return None
    first, last = min(start for _, start, _ in spans), max(end for _, _, end in spans)
    broken = (episode.as_of - last).days > loading_gap(episode.regimen, episode.protocol.timing)
    refs = tuple(order.ref for order in orders)
    return LoadingState(total, needed, 0, first, last, broken, Evidence.ORDERED, refs)


def _span(order: B12Order) -> tuple[int, date, date] | None:
    """(doses, first day, last day) that an order plans; None where it does not say when it ends or begins."""
    begins = order.order.starts or order.order.authored
    planned = [(one.total, one.interval[1]) for one in order.schedules if one.total is not None]
    if begins is None or len(planned) < len(order.schedules):
        return None
    days = sum((doses - 1) * interval for doses, interval in planned)
    ends = begins.earliest + timedelta(days=min(ceil(days), (date.max - begins.earliest).days))
    return sum(doses for doses, _ in planned), begins.earliest, ends


def no_longer_treated(episode: Episode) -> str:
    """Why B12 therapy and its checks are over for this patient, or ""."""
    if episode.patient and episode.patient.deceased:
        return "the patient has died"
    if episode.background.palliative:
        return "care at the end of life"
    if episode.background.stopped_on_purpose:
        return "a record says that injections were stopped on purpose"
    return ""


def covered_by(episode: Episode, without: frozenset[str] = frozenset()) -> str:
    """Why a late injection is no gap, or ""; `without` names orders that are being taken away."""
    today = episode.as_of
    if because := no_longer_treated(episode):
        return because
    if set(episode.oral_cover) - without:
        return "swallowed B12 in a full dose covers the patient"
    if _goes_on(episode):
        return "a statement or a supply says that injections go on"
    left = (order for order in episode.orders if order.ref not in without)
    if any(order.order.starts and order.order.starts.earliest > today for order in left):
        return "an order to come is on record"
    return ""


def injections_go_on(episode: Episode) -> str:
    """Why swallowed B12 is not the only B12, or ""."""
    others: Sequence[B12Order] = (*episode.orders, *episode.drafts)
    if any(order.route is not None and order.route.parenteral for order in others):
        return "injections are ordered beside it"
    return "a statement or a supply says that injections go on" if _goes_on(episode) else ""


def _goes_on(episode: Episode) -> bool:
    courses = (one for one in episode.timeline.courses if one.route is None or one.route.parenteral)
    return any(course.end is None or course.end >= episode.as_of for course in courses)
