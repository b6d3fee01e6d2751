"""B12 is stopped though the cause of the deficiency lasts."""

from __future__ import annotations

from cds_service.b12.continuity import (
    allergic,
    ended_order,
    goes_on_beside,
    standing_orders,
    stopping_draft,
    was_stopped_lately,
    withdrawn_refs,
)
from cds_service.b12.episode import Episode
from cds_service.b12.history import covered_by
from cds_service.b12.verdict import (
    THERAPY,
    Fact,
    Finding,
    OrderMaintenance,
    Proposal,
    RemoveDraft,
    Silent,
    Undecided,
    Verdict,
)
from cds_service.rules import SIGN, VIEW, patient_rule

SAYS = {
    "stopping": "cause",
    "stopped": "cause ordered?",
}


@patient_rule(*SIGN, *VIEW, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When B12 is being stopped, cancelled or forbidden, or the last order was stopped and it or a dose is of the last
      months
     and the cause is one that the protocol treats for life
     and no other B12 is ordered, and nothing else covers the patient
    Then warn of relapse; offer maintenance for an order that was stopped, and to take back an entry that forbids B12.
    """
    signing = episode.stage.ordering
    draft = stopping_draft(episode) if signing else None
    if signing and draft is None:
        return Silent("no B12 is being stopped")
    if because := episode.out_of_scope or covered_by(episode, withdrawn_refs(episode)) or allergic(episode):
        return Silent(because)
    beside = goes_on_beside(episode) if signing else _in_force(episode)
    if beside:
        return Silent(beside)
    if not episode.lifelong:
        unseen = "Condition" in episode.unseen
        return Undecided("the problem list") if unseen else Silent("no cause that lasts is documented")
    facts: dict[str, Fact] = {"cause": episode.background.indication.value}
    if draft is None:
        return _stopped(episode, facts)
    fixes: tuple[Proposal, ...] = (RemoveDraft(draft.ref),) if draft.order.do_not_perform else ()
    return Finding("stopping", facts, (draft.ref, *episode.background.cause), fixes, about=draft.ref)


def _in_force(episode: Episode) -> str:
    return "a B12 order is in force" if standing_orders(episode) else ""


def _stopped(episode: Episode, facts: dict[str, Fact]) -> Verdict:
    last, regimen = ended_order(episode), episode.regimen
    if last is None or not was_stopped_lately(episode, last):
        return Silent("no B12 order was stopped lately")
    if last.order.authored:
        facts["ordered"] = last.order.authored.earliest
    fixes: tuple[Proposal, ...] = (OrderMaintenance(regimen),) if regimen and regimen.maintenance else ()
    return Finding("stopped", facts, (last.ref, *episode.background.cause), fixes, about=THERAPY)
