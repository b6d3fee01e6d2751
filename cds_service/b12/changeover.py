"""Another route than that of the injections a patient is used to."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from cds_service.b12.cadence import INTO_TISSUE
from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode, daily_mcg
from cds_service.b12.history import injections_go_on, is_injection
from cds_service.b12.phase import authored_on
from cds_service.b12.words import Phase, Route

SEVERAL = 2
REASON = re.compile(
    r"prefer|wish|request|declin|refus|afraid|fear|phobi|anticoag|bleed|h(?:a)?emophil|thrombocytop|shortage|"
    r"unavailab|out of stock|intoleran|reaction|self.?(?:inject|administ)|travel|instead of|switch|chang",
    re.IGNORECASE,
)


class Established(Struct, frozen=True):
    """The route of the injections that a patient gets, and what tells of it."""

    route: Route
    refs: tuple[str, ...]


def established_route(episode: Episode, draft: B12Order) -> Established | None:
    """
    The route of an active order of injections, else of the last doses where several were given that way.

    A single dose establishes nothing, and neither does a course that has lapsed.
    """
    orders = [one for one in episode.orders if one.ref != draft.ref and one.route in INTO_TISSUE]
    if orders:
        latest = max(orders, key=authored_on)
        return Established(latest.route or Route.OTHER, (latest.ref,))
    known = [dose for dose in episode.course.doses if dose.route in INTO_TISSUE]
    due = episode.course.due
    if len(known) < SEVERAL or (due and due.lapsed):
        return None
    *_, before, last = known
    return Established(last.route or Route.OTHER, last.refs) if last.route is before.route else None


def history_unseen(episode: Episode) -> bool:
    """Doses or orders were not sent, and something tells that there may be some: else they cannot matter."""
    missing = episode.doses_unseen or "MedicationRequest" in episode.unseen
    hints = episode.deficiency or episode.background.started_before or "Condition" in episode.unseen
    return missing and bool(hints)


def beside_injections(episode: Episode) -> str:
    """Why B12 by mouth is an addition and no change, or ""; injections stopped in this call go on no more."""
    if any(is_injection(one) for one in episode.timeline.withdrawn) and not any(map(is_injection, episode.drafts)):
        return ""
    return injections_go_on(episode)


def change_is_expected(episode: Episode, draft: B12Order) -> str:
    """Why B12 by mouth after injections needs no question, or ""."""
    policy, course = episode.protocol.oral, episode.course
    full = (policy.after_loading or policy.first_line) and (daily_mcg(draft) or 0) >= policy.minimum.value
    nasal = draft.route is Route.NASAL and any(Route.NASAL in one.routes for one in episode.protocol.regimens)
    if course.loading_seen and not _maintained(episode) and (nasal if draft.route is Route.NASAL else full):
        return "the protocol lets it follow loading"
    return "the order says why" if reason_stated(draft) else ""


def _maintained(episode: Episode) -> bool:
    """Injections went on after loading: the last two of them lie further apart than loading allows."""
    *_, before, last = episode.course.doses
    gap = episode.protocol.timing.loading_gap_weekly.value
    return episode.course.phase is Phase.MAINTENANCE and (last.day.earliest - before.day.latest).days > gap


def reason_stated(draft: B12Order) -> bool:
    """A reason or the text of the order speaks of a change or of what may lie behind it."""
    return any(REASON.search(text) for text in _said(draft))


def _said(draft: B12Order) -> Iterable[str]:
    yield from (step.instruction.text for step in draft.steps)
    yield from (reason.label for reason in draft.order.reasons)


def labelled_alike(episode: Episode, draft: B12Order, one: Route, other: Route) -> bool:
    """Labelling here gives the product by both routes, or says nothing of it."""
    labelled = episode.protocol.labelled(draft.product.substance)
    return labelled is None or {one, other} <= set(labelled.routes)
