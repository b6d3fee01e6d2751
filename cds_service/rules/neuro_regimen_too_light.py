"""Neurological involvement, and a schedule lighter than the protocol's for it."""

from __future__ import annotations

from cds_service.b12.cadence import interval_is_free
from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.history import no_longer_treated, started_before
from cds_service.b12.nerves import (
    injection_in_force,
    is_maintenance_draft,
    judged_draft,
    light_interval,
    light_loading,
    loading_in_force,
    neuro_regimen,
    never_loaded,
    short_loading,
    slow_loading,
    stopped_short,
)
from cds_service.b12.protocol import Regimen
from cds_service.b12.verdict import (
    THERAPY,
    AddLoading,
    CorrectInterval,
    Fact,
    Finding,
    Indicator,
    OrderRegimen,
    Proposal,
    ReplaceWithRegimen,
    Silent,
    Undecided,
    Verdict,
)
from cds_service.rules import SELECT, SIGN, VIEW, patient_rule

SAYS = {
    "interval": "ordered upkeep regimen",
    "loading": "doses regimen",
    "slow": "ordered regimen",
    "stopped": "given last regimen allergic_to?",
    "unloaded": "first regimen allergic_to?",
}


@patient_rule(*VIEW, *SELECT, *SIGN, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When neurological involvement is documented and the protocol gives it a schedule of its own for this cobalamin
     and maintenance may be longer than that schedule's, or loading is slower, or ends with no more doses than without
      neurological involvement, or no loading of a patient new to B12 is on record
    Then name the protocol's schedule and offer it; info, and only while ordering, where the only sign is a neuropathy
      laid to diabetes. Loading that is missing altogether before the first dose is told by another card.
    """
    if because := episode.out_of_scope or no_longer_treated(episode):
        return Silent(because)
    order = judged_draft(episode) if episode.stage.ordering else injection_in_force(episode)
    if episode.stage.ordering and order is None:
        return Silent("no injection is being ordered")
    regimen = neuro_regimen(episode, order)
    if regimen is None:
        return Silent("the protocol has no schedule of its own for neurological involvement with this cobalamin")
    if "Condition" in episode.unseen:
        return Undecided("the problem list")
    return _of_nerves(episode, order, regimen)


def _of_nerves(episode: Episode, order: B12Order | None, regimen: Regimen) -> Verdict:
    neuro, weak = episode.background.neuro, episode.background.neuro_weak
    if not neuro and not weak:
        return Silent("no neurological involvement is documented")
    if episode.child:
        return Undecided("a regimen for children: the protocol gives adults' only")
    if not neuro:
        return _weak(episode, order, regimen)
    if order is not None and episode.stage.ordering:
        return _of_draft(episode, order, regimen)
    return _of_course(episode, order, regimen)


def _weak(episode: Episode, order: B12Order | None, regimen: Regimen) -> Verdict:
    if not episode.stage.ordering or order is None:
        return Silent("only a neuropathy laid to diabetes: asked while ordering alone")
    if not episode.deficiency and not episode.background.cause:
        return Silent("no deficiency is documented")
    return _lightness(episode, order, regimen) or Silent("as heavy as with neurological involvement")


def _of_draft(episode: Episode, draft: B12Order, regimen: Regimen) -> Verdict:
    maintenance = is_maintenance_draft(draft, episode)
    begun = maintenance and bool(started_before(episode, draft))
    fix = AddLoading(draft.ref, regimen)
    if begun and never_loaded(episode):
        return _unloaded(episode, regimen, (fix,), draft.ref)
    if begun and short_loading(episode) and not loading_in_force(episode):
        return _stopped(episode, regimen, (fix,), draft.ref)
    return _lightness(episode, draft, regimen) or Silent("as heavy as with neurological involvement")


def _of_course(episode: Episode, order: B12Order | None, regimen: Regimen) -> Verdict:
    if episode.course.due and episode.course.due.late:
        return Silent("the next dose is overdue, which another card tells")
    if never_loaded(episode):
        fixes = () if order else (OrderRegimen(regimen),)
        return _unloaded(episode, regimen, fixes, THERAPY)
    if stopped_short(episode):
        return _stopped(episode, regimen, (), THERAPY)
    light = light_interval(order, regimen, episode) if order else None
    if order is None or light is None or regimen.maintenance is None:
        return Silent("as heavy as with neurological involvement")
    facts: dict[str, Fact] = {"ordered": light, "upkeep": regimen.maintenance.interval, "regimen": regimen}
    return Finding("interval", facts, _evidence(episode, order.ref), about=THERAPY)


def _lightness(episode: Episode, draft: B12Order, regimen: Regimen) -> Finding | None:
    indicator = None if episode.background.neuro else Indicator.INFO
    evidence, replace = _evidence(episode, draft.ref), (ReplaceWithRegimen(draft.ref, regimen),)
    facts: dict[str, Fact] = {"regimen": regimen}
    if (doses := light_loading(draft, episode)) is not None:
        return Finding("loading", facts | {"doses": doses}, evidence, replace, indicator, draft.ref)
    if slow := slow_loading(draft, regimen, episode):
        return Finding("slow", facts | {"ordered": slow}, evidence, replace, indicator, draft.ref)
    light = None if interval_is_free(episode, draft) else light_interval(draft, regimen, episode)
    if light is None or regimen.maintenance is None:
        return None
    interval = regimen.maintenance.interval
    facts |= {"ordered": light, "upkeep": interval}
    return Finding("interval", facts, evidence, (CorrectInterval(draft.ref, interval),), indicator, draft.ref)


def _unloaded(episode: Episode, regimen: Regimen, fixes: tuple[Proposal, ...], about: str) -> Finding:
    first = episode.timeline.doses[0]
    facts: dict[str, Fact] = {"first": first.day.earliest, "regimen": regimen}
    return Finding("unloaded", facts, _evidence(episode, *first.refs), fixes, about=about)


def _stopped(episode: Episode, regimen: Regimen, fixes: tuple[Proposal, ...], about: str) -> Finding:
    run = short_loading(episode)
    facts: dict[str, Fact] = {"given": len(run), "last": run[-1].day.latest, "regimen": regimen}
    return Finding("stopped", facts, _evidence(episode, *episode.course.refs), fixes, about=about)


def _evidence(episode: Episode, *refs: str) -> tuple[str, ...]:
    return (*refs, *(episode.background.neuro or episode.background.neuro_weak))
