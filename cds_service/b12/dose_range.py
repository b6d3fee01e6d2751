"""Doses that can be meant and that no label gives, and doses by mouth too small to treat a deficiency."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from cds_service.b12.children import adolescent, childs_regimen
from cds_service.b12.dose import B12Order
from cds_service.b12.doubt import limits_of, small_is_right, swap_of, volume_doubt_of
from cds_service.b12.episode import SWALLOWED, Episode, daily_mcg
from cds_service.b12.history import injections_go_on, is_injection
from cds_service.b12.protocol import DoseLimits
from cds_service.b12.record import DAYS, Amount
from cds_service.b12.stated import masses_of
from cds_service.b12.words import Indication, Route, TimeUnit

NO_FLOOR = frozenset({Route.INTRAVENOUS, Route.INTRADERMAL})  # parts of parenteral nutrition, test doses


class RangeDoubt(Struct, frozen=True):
    """
    A dose outside what labels give for its route and form. Masses in micrograms.

    `kind`: "high", "excessive" (more than products are made to give), "ampoule" (a whole marketed ampoule that no
    label gives at once) or "low". `meant_mcg` is the usual dose for this patient, None where none can be named.
    """

    kind: str
    step: int
    written: str
    reads_mcg: Decimal
    labelled_mcg: Decimal
    usual_low: Decimal
    usual_high: Decimal
    meant_mcg: Decimal | None


class SmallOral(Struct, frozen=True):
    """B12 by mouth that comes to `daily` micrograms a day, where `minimum` is enough with poor absorption."""

    daily: Decimal
    minimum: Decimal


def told_otherwise(episode: Episode, draft: B12Order) -> str:
    """Where the size of the dose is judged instead, so that one dose never gets two cards; or ""."""
    steps = range(len(draft.steps))
    if any(swap_of(episode, draft, one) or volume_doubt_of(episode, draft, one) for one in steps):
        return "the unit or the volume of the dose is in doubt"
    small = episode.child and not adolescent(episode) and is_injection(draft)
    return "a child's injection is judged by itself" if small and childs_regimen(draft, episode) else ""


def range_doubt_of(episode: Episode, draft: B12Order, index: int) -> RangeDoubt | None:
    """The first dose in one step of the order that no label gives; a volume or count is not judged here."""
    step, tolerance = draft.steps[index], episode.protocol.timing.volume_tolerance.value
    for one in masses_of(step, draft, tolerance):
        limits, amount = limits_of(episode, draft, one.route), one.amount
        floor = not small_is_right(episode, step) and one.route not in NO_FLOOR
        if limits and (kind := _kind(amount, limits, tolerance, floor=floor)):
            return RangeDoubt(
                kind=kind,
                step=index,
                written=amount.written,
                reads_mcg=amount.high,
                labelled_mcg=limits.labelled_high.value,
                usual_low=limits.usual.low,
                usual_high=limits.usual.high,
                meant_mcg=_meant(episode, one.route, limits),
            )
    return None


def _kind(amount: Amount, limits: DoseLimits, tolerance: Decimal, *, floor: bool) -> str:
    dose = amount.high
    if dose < limits.low_below.value:
        return "low" if floor else ""
    if dose <= limits.labelled_high.value * (1 + tolerance):
        return ""
    if limits.ampoule and dose == limits.ampoule.value:
        return "ampoule"
    return "excessive" if dose > limits.warn_above.value else "high"


def _meant(episode: Episode, route: Route | None, limits: DoseLimits) -> Decimal | None:
    """The protocol's dose, as far as it is one of this route."""
    dose = episode.usual_mcg
    if route in SWALLOWED:
        dose = limits.labelled_high.value if route is Route.NASAL else episode.protocol.oral.minimum.value
    return dose if dose is not None and limits.usual.low <= dose <= limits.labelled_high.value else None


def small_oral_of(episode: Episode, draft: B12Order) -> SmallOral | None:
    """
    B12 by mouth, at least weekly, in less than the protocol's minimum a day.

    Where the cause is the diet, absorption is good and small doses are right.
    """
    schedule, daily = draft.schedule, daily_mcg(draft)
    if draft.route not in {Route.ORAL, Route.SUBLINGUAL} or schedule is None or daily is None:
        return None
    minimum = episode.protocol.oral.minimum.value
    if daily >= minimum or schedule.interval[1] > DAYS[TimeUnit.WEEK]:
        return None
    return SmallOral(daily.to_integral_value(), minimum)


def small_is_enough(episode: Episode) -> str:
    """Why a small dose by mouth needs no question, or ""."""
    background = episode.background
    if background.indication is Indication.DIETARY:
        return "the cause is dietary: small doses are absorbed"
    if background.neuro or episode.lifelong or background.total_gastrectomy:
        return "whether to swallow B12 at all is judged by itself"
    if because := injections_go_on(episode):
        return because
    return "swallowed B12 in a full dose covers the patient" if episode.oral_cover else ""
