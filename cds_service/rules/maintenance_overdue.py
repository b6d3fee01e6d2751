"""The next maintenance dose is overdue."""

from __future__ import annotations

from cds_service.b12.continuity import resumed_after_lapse, standing_orders, stopped_without_need
from cds_service.b12.episode import Episode, Stage
from cds_service.b12.history import covered_by, is_injection, is_maintenance, loading_state
from cds_service.b12.verdict import Fact, Finding, Indicator, OrderMaintenance, Proposal, Silent, Undecided, Verdict
from cds_service.b12.words import Phase
from cds_service.rules import SELECT, SIGN, VIEW, patient_rule

SAYS = {
    "late": "days last due interval",
    "lapsed": "days last due interval",
}


@patient_rule(*VIEW, *SELECT, *SIGN, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When the patient is on maintenance injections
     and the last dose on record is longer ago than the interval plus grace
     and nothing else covers the patient (swallowed B12 in a full dose, an order to come, care at life's end),
      and neither the cause is documented as over nor the order was stopped with no deficiency on record
     and, while ordering, the order is not the one that resumes a lapsed therapy, which another card speaks of
    Then say by how many days, when the last dose was and when the next was due, and offer the order if none stands;
      critical once therapy has lapsed in a lifelong cause or with neurological signs.
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
    facts: dict[str, Fact] = {
        "days": due.overdue,
        "last": course.last.day.latest,
        "due": due.day,
        "interval": due.interval,
    }
    grave = due.lapsed and (episode.lifelong or bool(episode.background.neuro))
    evidence = (*course.last.refs, *episode.background.cause)
    return Finding(
        "lapsed" if due.lapsed else "late",
        facts,
        evidence,
        _fixes(episode),
        Indicator.CRITICAL if grave else None,
        _about(episode),
    )


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
    resumed = episode.stage.ordering and resumed_after_lapse(episode)
    return "maintenance is resumed after a lapse, which another card tells" if resumed else ""
