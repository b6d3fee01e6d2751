"""The next maintenance dose is overdue."""

from __future__ import annotations

from cds_service.b12.continuity import reloaded_after_lapse, resumed_after_lapse, standing_orders, stopped_without_need
from cds_service.b12.course import Due
from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode, Stage
from cds_service.b12.history import covered_by, is_injection, is_maintenance, loading_state
from cds_service.b12.timeline import DoseEvent
from cds_service.b12.verdict import Fact, Finding, Indicator, OrderMaintenance, Proposal, Silent, Undecided, Verdict
from cds_service.b12.words import Phase
from cds_service.rules import SELECT, SIGN, VIEW, patient_rule

SAYS = {
    "late": "days last due interval allergic_to? in_part?",
    "lapsed": "days last due interval allergic_to? in_part?",
    "supplied": "days handed until allergic_to? in_part?",
    "supplied_lapsed": "days handed until allergic_to? in_part?",
    "swallowed": "last ordered allergic_to? in_part?",
}


@patient_rule(*VIEW, *SELECT, *SIGN, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When the patient is on maintenance injections
     and the last dose on record is longer ago than the interval plus grace, and a supply ended longer ago than grace
     and nothing else covers the patient (swallowed B12 in a full dose, an order to come, care at life's end),
      and neither the cause is documented as over nor the order was stopped with no deficiency on record
     and, while ordering, the order is neither the one that resumes a lapsed therapy, which another card speaks of,
      nor one for loading after the lapse
    Then say by how many days, when the last dose was and when the next was due, and offer the order if none stands;
      where a supply is all there is, say until when it is counted;
      critical once therapy has lapsed in a lifelong cause or with neurological signs;
      never critical, and without an offer, where doses were seen only in part: the newest may be among the rest;
      one step less, and a question, where a full dose to swallow was ordered after the last injection
      and nothing has told of it for longer than an order stands.
    """
    course, due = episode.course, episode.course.due
    if because := episode.out_of_scope or covered_by(episode):
        return Silent(because)
    if course.phase is not Phase.MAINTENANCE or course.last is None:
        return Undecided("a record of doses given") if episode.doses_unseen else Silent("not on maintenance")
    if due is None:
        return Undecided("an interval: the protocol gives this patient none")
    if due.maybe_late:
        return Undecided("the exact date of the last dose")
    if not due.late:
        return Silent("not overdue")
    if because := _needless(episode):
        return Silent(because)
    grave = due.lapsed and (episode.lifelong or bool(episode.background.neuro))
    if episode.oral_doubt:
        return _question(episode, course.last, episode.oral_doubt[0], grave=grave)
    return Finding(
        _variant(due),
        _facts(course.last, due),
        (*course.last.refs, *due.refs, *episode.background.cause),
        _fixes(episode),
        Indicator.CRITICAL if grave else None,
        _about(episode),
    )


def _variant(due: Due) -> str:
    if due.supplied:
        return "supplied_lapsed" if due.lapsed else "supplied"
    return "lapsed" if due.lapsed else "late"


def _facts(last: DoseEvent, due: Due) -> dict[str, Fact]:
    if due.supplied:
        return {"days": due.overdue, "handed": due.supplied, "until": due.day}
    return {"days": due.overdue, "last": last.day.latest, "due": due.day, "interval": due.interval}


def _question(episode: Episode, last: DoseEvent, order: B12Order, *, grave: bool) -> Finding:
    authored = order.order.authored
    facts: dict[str, Fact] = {"last": last.day.latest, "ordered": authored.latest if authored else episode.as_of}
    evidence = (*last.refs, order.ref, *episode.background.cause)
    return Finding("swallowed", facts, evidence, (), None if grave else Indicator.INFO, _about(episode))


def _about(episode: Episode) -> str:
    """The order that comes before its loading, of which another card speaks; else the therapy."""
    begun = next((one.ref for one in episode.drafts if is_maintenance(one, episode)), "therapy")
    return begun if loading_state(episode) else "therapy"


def _fixes(episode: Episode) -> tuple[Proposal, ...]:
    """The maintenance order, where none is in force or being written and no loading is missing before it."""
    ordered = any(is_injection(one) for one in standing_orders(episode))
    if episode.stage is not Stage.VIEW or ordered or loading_state(episode):
        return ()
    regimen = episode.regimen
    return (OrderMaintenance(regimen),) if regimen and regimen.maintenance else ()


def _needless(episode: Episode) -> str:
    if episode.stage is not Stage.VIEW and not episode.drafts:
        return "no B12 order is being written"
    if because := stopped_without_need(episode):
        return because
    if not episode.stage.ordering:
        return ""
    if resumed_after_lapse(episode):
        return "maintenance is resumed after a lapse, which another card tells"
    return "loading is being ordered after a lapse" if reloaded_after_lapse(episode) else ""
