"""Who may lack B12, or lacks it for a reason nobody wrote down: drugs, conditions, nitrous oxide, signs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from msgspec import Struct

from cds_service.b12 import results
from cds_service.b12.concept import When
from cds_service.b12.episode import Episode
from cds_service.b12.exposure import Exposure
from cds_service.b12.history import is_injection
from cds_service.b12.labs import B12_FAMILY, LabResult
from cds_service.b12.policy import RiskExposure
from cds_service.b12.safety import anaemia, large_cells
from cds_service.b12.words import Analyte, Indication, RiskDrug

Begun = Sequence[tuple[When, Exposure]]
"""Exposures, each with its first day."""


class LongUse(Struct, frozen=True):
    """A drug taken for longer than the protocol's time, and what tells of it."""

    risk: RiskExposure
    since: date
    refs: tuple[str, ...]


class RiskCondition(Struct, frozen=True):
    """A condition that calls for tests of B12; `operation`: the stores last a while after it."""

    name: str
    refs: tuple[str, ...]
    operation: bool = False


def long_uses(episode: Episode) -> tuple[LongUse, ...]:
    """Every drug of the protocol's list taken today and for long enough, in the protocol's order."""
    found = (_long_use(episode, risk) for risk in episode.protocol.screening.drugs)
    return tuple(use for use in found if use)


def _long_use(episode: Episode, risk: RiskExposure) -> LongUse | None:
    exposures = (one for one in episode.timeline.exposures if one.drug is risk.drug and not one.once)
    taken = [(one.start, one) for one in exposures if one.start]
    now = [(start, one) for start, one in taken if one.on(episode.as_of) and not _stale(start, one, episode)]
    if not now:
        return None
    since = _begin(now, taken, episode)
    if (episode.as_of - since).days <= risk.longer_than.value:
        return None
    return LongUse(risk, since, tuple(sorted({one.ref for _, one in now})))


def _stale(start: When, one: Exposure, episode: Episode) -> bool:
    """An order that names no end, and stands since too long to be believed."""
    if not one.ordered or one.end is not None:
        return False
    return (episode.as_of - start.latest).days > episode.protocol.timing.stale_order.value


def _begin(now: Begun, taken: Begun, episode: Episode) -> date:
    """The first day of unbroken use: records no further apart than people are tested again make one use."""
    gap = timedelta(days=int(episode.protocol.screening.retest.value))
    begin = min(start.latest for start, _ in now)
    for start, one in sorted(taken, key=lambda pair: pair[0].latest, reverse=True):
        if begin - (one.end or start).latest <= gap:
            begin = min(begin, start.latest)
    return begin


def signs(episode: Episode) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(names, references) of what a lack of B12 may stand behind: anaemia, large red cells, any neuropathy."""
    nerves = (*episode.background.neuro, *episode.background.neuro_weak)
    found = {"anaemia": anaemia(episode), "large red cells": large_cells(episode), "neurological signs": nerves}
    refs = dict.fromkeys(ref for some in found.values() for ref in some)
    return tuple(name for name, some in found.items() if some), tuple(refs)


def last_tested(episode: Episode) -> LabResult | None:
    """The newest result of the B12 family, usable or not."""
    return results.newest(episode, *B12_FAMILY)


def tested_within(episode: Episode, days: int) -> str:
    """Why no test is due, or "": one was done within so many days, or is awaited."""
    if results.awaited(episode, B12_FAMILY):
        return "a B12 test is ordered"
    last = last_tested(episode)
    recent = last is not None and (last.day is None or (episode.as_of - last.day.latest).days <= days)
    return "B12 was measured within the interval" if recent else ""


def risk_conditions(episode: Episode) -> tuple[RiskCondition, ...]:
    """Conditions that call for tests of B12, the gravest first; of relatives only pernicious anaemia."""
    background = episode.background
    known = (
        RiskCondition("an operation on the stomach", background.gastric_surgery, operation=True),
        RiskCondition("resection of the last part of the ileum", background.ileal, operation=True),
        RiskCondition("Crohn's disease", background.crohn),
        RiskCondition("coeliac disease", background.coeliac),
        RiskCondition("a vegan diet", background.vegan),
        RiskCondition("pernicious anaemia in the family", background.pernicious_kin),
    )
    return tuple(one for one in known if one.refs)


def operated_lately(episode: Episode, condition: RiskCondition) -> bool:
    """The operation, the first of several, is so recent that a first test is not due."""
    days = [when.latest for ref in condition.refs if (when := episode.background.since.get(ref))]
    limit = episode.protocol.screening.condition_retest.value
    return condition.operation and bool(days) and (episode.as_of - min(days)).days <= limit


def injected_since(episode: Episode) -> date | None:
    """The first day of this course of injections, else of the oldest order in force; None without either, or lapsed."""
    due = episode.course.due
    if episode.course.doses and not (due and due.lapsed):
        return episode.course.doses[0].day.latest
    ordered = (order.order.authored for order in episode.orders if is_injection(order))
    return min((one.latest for one in ordered if one), default=None)


def cause_known(episode: Episode) -> bool:
    """Something on record explains a lack of B12, or another therapy its use."""
    known = episode.background.indication is not Indication.UNKNOWN or bool(episode.special)
    other = episode.background.nitrous_oxide_ever or risk_conditions(episode) or long_uses(episode)
    return known or bool(other)


def antibody_measured(episode: Episode) -> bool:
    """Intrinsic factor antibody was measured, or is awaited."""
    test = Analyte.INTRINSIC_FACTOR_ANTIBODY
    return results.measured(episode, test) or results.awaited(episode, (test,))


def days_on_nitrous_oxide(episode: Episode) -> tuple[int, tuple[str, ...]]:
    """(number of days, references) on which the gas was given within the time that a result counts."""
    begins = episode.as_of - timedelta(days=int(episode.protocol.results.current.value))
    exposures = (one for one in episode.timeline.exposures if one.drug is RiskDrug.NITROUS_OXIDE and one.once)
    given = [(one.start.latest, one.ref) for one in exposures if one.start and one.start.latest >= begins]
    return len({day for day, _ in given}), tuple(sorted({ref for _, ref in given}))


def nitrous_oxide_planned(episode: Episode) -> tuple[str, ...]:
    """References of the orders for nitrous oxide that are being written."""
    return tuple(one.ref for one in episode.timeline.drug_drafts if one.drug is RiskDrug.NITROUS_OXIDE)
