"""Whether a therapy that just began has a plan: a care plan, a schedule that goes on, or a check that is arranged."""

from __future__ import annotations

from msgspec.structs import replace

from cds_service.b12.baseline import first_treatment
from cds_service.b12.continuity import ended_order
from cds_service.b12.course import loading_gap
from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode, Stage
from cds_service.b12.history import covered_by
from cds_service.b12.policy import Check
from cds_service.b12.record import Schedule
from cds_service.b12.response import Start, check_of, not_done, start_of
from cds_service.b12.results import COUNTS_FOR
from cds_service.b12.words import Analyte

NO_PLAN = frozenset({"revoked", "entered-in-error"})


def beginning_of(episode: Episode) -> Start | None:
    """The start of therapy: today, where the first order is being signed, else as the record shows it."""
    first = first_treatment(episode) if episode.stage is Stage.SIGN else ()
    if first:
        return Start(episode.as_of, first[0].route, tuple(draft.ref for draft in first))
    return start_of(episode)


def just_begun(episode: Episode, start: Start) -> bool:
    """Within the protocol's time after the first dose, and no dose before those of this start is on record."""
    others = (dose for dose in episode.timeline.doses if not set(dose.refs) & set(start.refs))
    older = any(dose.day.earliest < start.day for dose in others)
    return not older and (episode.as_of - start.day).days <= episode.protocol.planning.within.value


def why_planned(episode: Episode) -> str:
    """What tells that therapy is planned, or that another card asks for it; or ""."""
    if any(plan.status not in NO_PLAN for plan in episode.plans):
        return "a care plan for B12 is on record"
    if because := covered_by(episode):
        return because
    if any(_goes_on(order, episode) for order in (*episode.orders, *episode.drafts)):
        return "an order says what follows"
    if episode.course.due and episode.course.due.late:
        return "the next dose is late, which another card tells"
    if episode.lifelong and ended_order(episode):
        return "the last order has ended, which another card tells"
    return ""


def _goes_on(order: B12Order, episode: Episode) -> bool:
    """It has a schedule without an end, or one that is slower than loading."""
    gap = loading_gap(episode.regimen, episode.protocol.timing)
    return any(not _ends(one) or (one.interval[0] > gap and one.total != 1) for one in order.schedules)


def _ends(schedule: Schedule) -> bool:
    return schedule.total is not None or schedule.end is not None


def grounds(episode: Episode) -> tuple[str, ...]:
    """What tells that the patient is treated for a deficiency, and not to prevent one or to try B12."""
    background = episode.background
    return episode.deficiency or background.neuro or (background.cause if episode.lifelong else ())


def next_check(episode: Episode, start: Start) -> Check | None:
    """The protocol's check for this patient with the tests that are still to be done; None: it names none."""
    check = check_of(episode, start)
    tests = not_done(episode, start, check) if check else ()
    return replace(check, tests=tests) if check and tests else None


def check_is_arranged(episode: Episode, check: Check | None) -> bool:
    """A test of the check is ordered for a day to come; one for today may be of how the patient is untreated."""
    if check is None:
        return False
    wanted = frozenset[Analyte]().union(*(COUNTS_FOR.get(one, {one}) for one in check.tests))
    ahead = (one for one in (*episode.tests, *episode.test_drafts) if one.due and one.due.latest > episode.as_of)
    return any(wanted & set(one.analytes) for one in ahead)
