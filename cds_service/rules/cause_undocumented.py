"""Injections go on for long, and nothing says why the patient needs them."""

from __future__ import annotations

from cds_service.b12.episode import Episode
from cds_service.b12.history import no_longer_treated
from cds_service.b12.risk import antibody_measured, cause_known, injected_since
from cds_service.b12.verdict import CAUSE, Fact, Finding, OrderTests, Proposal, Silent, Undecided, Verdict
from cds_service.b12.words import Analyte
from cds_service.rules import SELECT, VIEW, patient_rule

SAYS = {"undocumented": "since", "antibody": "since"}


@patient_rule(*VIEW, *SELECT, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When B12 has been injected for longer than the protocol's time
     and no cause of a lack of B12 is on the problem list or among operations, diets and drugs
     and no other therapy explains the injections
    Then ask for the cause; where the protocol tests for it and nobody has, offer intrinsic factor antibody.
    """
    if because := episode.out_of_scope or no_longer_treated(episode):
        return Silent(because)
    since, screening = injected_since(episode), episode.protocol.screening
    if since is None or (episode.as_of - since).days <= screening.cause_after.value:
        return Silent("not on injections, or not for long")
    if cause_known(episode):
        return Silent("a cause is on record")
    if "Condition" in episode.unseen:
        return Undecided("the problem list")
    facts: dict[str, Fact] = {"since": since}
    evidence = episode.course.refs or tuple(order.ref for order in episode.orders)
    if not screening.intrinsic_factor_antibody or antibody_measured(episode):
        return Finding("undocumented", facts, evidence, about=CAUSE)
    fixes: tuple[Proposal, ...] = (OrderTests((Analyte.INTRINSIC_FACTOR_ANTIBODY,)),)
    return Finding("antibody", facts, evidence, fixes, about=CAUSE)
