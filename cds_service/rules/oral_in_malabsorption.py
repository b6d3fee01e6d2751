"""Swallowed or nasal B12 alone, where it may not be absorbed or not act fast enough."""

from __future__ import annotations

from cds_service.b12.dose import B12Order
from cds_service.b12.episode import SWALLOWED, Episode, daily_mcg
from cds_service.b12.history import injections_go_on
from cds_service.b12.verdict import Fact, Finding, Indicator, Proposal, ReplaceWithRegimen, Silent, Undecided, Verdict
from cds_service.b12.words import Route
from cds_service.rules import SELECT, SIGN, draft_rule

SAYS = {
    "malabsorption": "route minimum",
    "neuro": "route minimum",
    "nasal_after_loading": "route minimum",
    "after_loading": "route minimum",
}


@draft_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode, draft: B12Order) -> Verdict:
    """
    When B12 by mouth or nose is ordered as the only B12
     and the patient has a permanent malabsorption, a total gastrectomy or neurological signs
    Then recommend injections by the protocol and offer them instead;
      info where loading is complete and the protocol then allows a high dose by mouth, or the dose is by nose;
      nothing where the protocol allows it from the start and no neurological signs are documented.
    """
    if because := episode.out_of_scope:
        return Silent(because)
    if draft.route not in SWALLOWED:
        return Silent("not by mouth or nose")
    if "Condition" in episode.unseen:
        return Undecided("the problem list")
    neuro, lifelong = episode.background.neuro, episode.lifelong or bool(episode.background.total_gastrectomy)
    if not neuro and not lifelong:
        return Silent("no permanent malabsorption and no neurological sign is documented")
    if because := injections_go_on(episode):
        return Silent(because)
    policy, dose = episode.protocol.oral, daily_mcg(draft)
    enough = dose is not None and dose >= policy.minimum.value
    if enough and policy.first_line and not neuro:
        return Silent("the protocol allows this dose by mouth from the start")
    nasal = draft.route is Route.NASAL
    allowed = episode.course.loading_complete and not neuro and (nasal or (enough and policy.after_loading))
    regimen = episode.regimen
    fixes: tuple[Proposal, ...] = (ReplaceWithRegimen(draft.ref, regimen),) if regimen and not allowed else ()
    facts: dict[str, Fact] = {"route": draft.route.value, "minimum": policy.minimum.value}
    after = "nasal_after_loading" if nasal else "after_loading"
    variant = after if allowed else "neuro" if neuro else "malabsorption"
    evidence = (draft.ref, *neuro, *episode.background.cause)
    return Finding(variant, facts, evidence, fixes, Indicator.INFO if allowed else None, draft.ref)
