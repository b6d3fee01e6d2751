"""No B12 order goes on, though the cause of the deficiency lasts."""

from __future__ import annotations

from cds_service.b12.continuity import allergic, ended_order, standing_orders, unfinished_loading, was_stopped_lately
from cds_service.b12.episode import Episode, Stage
from cds_service.b12.history import LoadingState, covered_by
from cds_service.b12.phase import running_open_loading
from cds_service.b12.protocol import Regimen
from cds_service.b12.verdict import (
    THERAPY,
    Fact,
    Finding,
    OrderLoading,
    OrderMaintenance,
    OrderRegimen,
    Proposal,
    Silent,
    Undecided,
    Verdict,
)
from cds_service.rules import DISCHARGE, VIEW, patient_rule

SAYS = {
    "ended": "cause ordered?",
    "discharge": "cause given last",
    "discharge_loading": "given needed small? last",
    "discharge_open": "given last regimen",
}


@patient_rule(*VIEW, *DISCHARGE, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When the cause is one that the protocol treats for life
     and the last B12 order of more than one dose has ended or was stopped and nothing shows that B12 went on after it,
      or the patient is being discharged after doses were given
     and no B12 order is in force, and nothing else covers the patient
    Then say so and offer maintenance; at discharge also where a loading is unfinished, whatever the cause.
      An order that was stopped lately is told by another card, except at discharge.
    """
    if because := episode.out_of_scope or covered_by(episode) or allergic(episode):
        return Silent(because)
    if standing_orders(episode):
        return Silent("a B12 order is in force")
    if episode.stage is Stage.DISCHARGE and (unfinished := _loading(episode)):
        return unfinished
    if not episode.lifelong:
        unseen = "Condition" in episode.unseen
        return Undecided("the problem list") if unseen else Silent("no cause that lasts is documented")
    return _lifelong(episode)


def _loading(episode: Episode) -> Finding | None:
    unfinished, regimen = unfinished_loading(episode), running_open_loading(episode)
    if unfinished and episode.regimen:
        return _unfinished(unfinished, episode.regimen)
    if regimen is None:
        return None
    course, neuro = episode.course, episode.background.neuro
    facts: dict[str, Fact] = {"given": course.given, "last": course.doses[-1].day.latest, "regimen": regimen}
    return Finding("discharge_open", facts, (*course.refs, *neuro), (OrderRegimen(regimen),), about=THERAPY)


def _unfinished(state: LoadingState, regimen: Regimen) -> Finding:
    facts: dict[str, Fact] = {**state.counts, "last": state.last}
    rest = OrderLoading(regimen, state.left)
    return Finding("discharge_loading", facts, state.refs, (rest,), about=THERAPY)


def _lifelong(episode: Episode) -> Verdict:
    course, background, last = episode.course, episode.background, ended_order(episode)
    discharge = episode.stage is Stage.DISCHARGE
    facts: dict[str, Fact] = {"cause": background.indication.value}
    if discharge and course.last:
        facts |= {"given": course.given, "last": course.last.day.latest}
        return Finding("discharge", facts, (*course.refs, *background.cause), _maintenance(episode), about=THERAPY)
    if last is None:
        return Silent("no B12 order has ended without B12 going on")
    if was_stopped_lately(episode, last) and not discharge:
        return Silent("the order was stopped lately, which another card tells")
    if last.order.authored:
        facts["ordered"] = last.order.authored.earliest
    return Finding("ended", facts, (last.ref, *background.cause), _maintenance(episode), about=THERAPY)


def _maintenance(episode: Episode) -> tuple[Proposal, ...]:
    regimen = episode.regimen
    return (OrderMaintenance(regimen),) if regimen and regimen.maintenance else ()
