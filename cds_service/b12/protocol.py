"""A protocol: doses, intervals, limits and thresholds of one guideline or label, each with unit, date and source."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from msgspec import Struct

from cds_service.b12.policy import (
    Abbreviation,
    Figure,
    Monitoring,
    Planning,
    ResultLimits,
    Safety,
    Screening,
    Spacing,
    Span,
    SupplyLimits,
)
from cds_service.b12.record import DAYS
from cds_service.b12.words import Analyte, DecimalMark, Indication, Route, Substance, TimeUnit


class Interval(Struct, frozen=True):
    """An interval as it is spoken of: `low` to `high` weeks, months or years; days where none of them fits."""

    low: Decimal
    high: Decimal
    unit: TimeUnit


def spoken(span: Span) -> Interval:
    """
    A span of days in whole weeks, years or months, such as 28 to 31 days as one month; else in days.

    A month is taken for anything within a tenth of it, because protocols give months as 28, 30 or 31 days.
    """
    for unit in (TimeUnit.WEEK, TimeUnit.YEAR, TimeUnit.MONTH):
        low, high = (_whole(days / DAYS[unit], exact=unit is TimeUnit.WEEK) for days in (span.low, span.high))
        if low and high:
            return Interval(low, high, unit)
    return Interval(span.low, span.high, TimeUnit.DAY)


def _whole(number: Decimal, *, exact: bool) -> Decimal | None:
    nearest = number.to_integral_value()
    close = number == nearest if exact else abs(number - nearest) <= nearest / 10
    return nearest if nearest and close else None


class RegimenFor(StrEnum):
    """Whom a regimen is for."""

    STANDARD = "standard"
    NEUROLOGICAL = "neurological"
    DIETARY = "dietary"
    PROPHYLAXIS = "prophylaxis"
    BARIATRIC = "bariatric"
    PREGNANCY = "pregnancy"
    CHILD = "child"
    ANTIFOLATE = "antifolate"  # pemetrexed or pralatrexate
    LEBER = "Leber"
    INBORN_ERROR = "inborn error"


class LoadingStep(Struct, frozen=True, forbid_unknown_fields=True):
    """
    `doses` doses of `dose` micrograms, `interval` days apart.

    Where the source gives no number, `until` says in its sense how long instead, such as "until the blood count is
    normal"; else it is empty.
    """

    dose: Span
    interval: Span
    doses: Span | None = None
    until: str = ""


class Maintenance(Struct, frozen=True, forbid_unknown_fields=True):
    """Dose in micrograms and interval in days after loading; `lifelong` as the source says."""

    dose: Span
    interval: Span
    lifelong: bool = False


class Regimen(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """One schedule of a protocol: loading in steps (none where the source gives none), then maintenance."""

    id: str
    title: str
    whom: RegimenFor
    substance: Substance
    routes: tuple[Route, ...]
    loading: tuple[LoadingStep, ...] = ()
    maintenance: Maintenance | None = None

    @cached_property
    def injected(self) -> bool:
        """By a route that does not need absorption from the gut."""
        return any(route.parenteral for route in self.routes)

    @cached_property
    def loading_doses(self) -> int | None:
        """Fewest doses that complete loading; None if the source gives no number."""
        fewest = 0
        for step in self.loading:
            if step.doses is None:
                return None
            fewest += int(step.doses.low)
        return fewest or None

    @cached_property
    def loading_interval(self) -> Decimal | None:
        """Longest interval within loading, in days; None where there is no loading."""
        return max((step.interval.high for step in self.loading), default=None)


class DoseLimits(Struct, frozen=True, forbid_unknown_fields=True):
    """
    Single doses in micrograms for some routes and substances (no substances: all).

    `labelled_high` is the largest replacement dose that any label known here gives. A dose
    above `critical_above` or below `low_below` is no replacement dose by any source. `ampoule` is what the largest
    marketed ampoule holds, where that is more than a label gives at once.
    """

    routes: tuple[Route, ...]
    usual: Span
    labelled_high: Figure
    warn_above: Figure
    critical_above: Figure
    low_below: Figure
    substances: tuple[Substance, ...] = ()
    ampoule: Figure | None = None


class LabelledRoutes(Struct, frozen=True, forbid_unknown_fields=True):
    """The parenteral routes that labelling gives a substance here, and those that it gives only elsewhere."""

    substance: Substance
    routes: tuple[Route, ...]
    since: date
    source: str
    elsewhere: tuple[Route, ...] = ()  # labelled in another country only


class OralPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """
    When swallowed or nasal B12 may stand alone.

    `minimum` is the daily dose in micrograms that a source calls adequate in malabsorption.
    `after_loading` and `first_line` say whether the protocol allows it then in permanent malabsorption.
    """

    minimum: Figure
    after_loading: bool
    first_line: bool
    source: str


class Timing(Struct, frozen=True, forbid_unknown_fields=True):
    """
    When a dose counts as late.

    Grace is the larger of `grace` (days) and `grace_share` of the interval. Beyond `lapse_factor`
    intervals or `lapse_after` days, whichever comes first but never before grace, therapy has lapsed.
    Loading is broken by a gap over `loading_gap_daily` days in a course of at least two doses a week,
    or over `loading_gap_weekly` days in a weekly one, and late after `loading_grace` days. Injections for longer than
    `long_term` days are long-term. An order without an end, of which for `stale_order` days nothing
    tells that it is used, is stale. A supply of which only the quantity is known counts for `lapse_after` days at
    most. `volume_tolerance` and `interval_tolerance` are shares within which
    two readings of a dose or an interval are the same. Intravenous hydroxocobalamin from `antidote_from`
    micrograms is the cyanide antidote. Adult dose floors hold from `adult_from` years of age. Fewer than `soonest`
    days after a maintenance injection the next is too early (absent: no source says).
    """

    grace: Figure
    grace_share: Figure
    lapse_factor: Figure
    lapse_after: Figure
    loading_gap_daily: Figure
    loading_gap_weekly: Figure
    loading_grace: Figure
    long_term: Figure
    stale_order: Figure
    volume_tolerance: Figure
    interval_tolerance: Figure
    antidote_from: Figure
    adult_from: Figure
    soonest: Figure | None = None


class Band(Struct, frozen=True, forbid_unknown_fields=True):
    """A result below `deficient_below` confirms deficiency; up to `indeterminate_to` it is unclear."""

    analyte: Analyte
    deficient_below: Figure
    indeterminate_to: Figure | None = None


class Magnitude(Struct, frozen=True, forbid_unknown_fields=True):
    """Untreated results of this analyte lie in this span, in this unit; used to find swapped units."""

    analyte: Analyte
    plausible: Span


class Citation(Struct, frozen=True, forbid_unknown_fields=True):
    """What a card names as its source."""

    label: str
    url: str = ""


class Protocol(Struct, frozen=True, forbid_unknown_fields=True):
    """One guideline or label as numbers. `gaps` names what it does not say; nothing is borrowed to fill them."""

    id: str
    title: str
    version: str
    country: str
    decimal_mark: DecimalMark
    source: Citation
    gaps: tuple[str, ...]
    timing: Timing
    oral: OralPolicy
    regimens: tuple[Regimen, ...]
    limits: tuple[DoseLimits, ...]
    routes: tuple[LabelledRoutes, ...]
    magnitudes: tuple[Magnitude, ...]
    monitoring: Monitoring
    screening: Screening
    safety: Safety
    results: ResultLimits
    spacing: tuple[Spacing, ...]
    supply: SupplyLimits
    planning: Planning
    abbreviations: Mapping[str, Abbreviation]
    bands: tuple[Band, ...] = ()
    lifelong: tuple[Indication, ...] = (Indication.PERMANENT_MALABSORPTION,)

    def regimen(self, whom: RegimenFor) -> Regimen | None:
        """The regimen for these patients, or None: it is a gap of the protocol."""
        return next((regimen for regimen in self.regimens if regimen.whom is whom), None)

    def limits_for(self, substance: Substance, route: Route) -> DoseLimits | None:
        """The dose limits for a substance by a route, or None: no source gives any."""
        fits = (
            one for one in self.limits if route in one.routes and (not one.substances or substance in one.substances)
        )
        return next(fits, None)

    def spacing_of(self, substance: Substance) -> Span | None:
        """Days between maintenance injections of a substance; None: no source gives any."""
        return next((one.interval for one in self.spacing if one.substance is substance), None)

    def labelled(self, substance: Substance) -> LabelledRoutes | None:
        """What labelling says of the substance's routes."""
        return next((one for one in self.routes if one.substance is substance), None)
