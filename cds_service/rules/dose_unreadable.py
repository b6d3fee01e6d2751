"""The dose of a B12 order cannot be worked out."""

from __future__ import annotations

from cds_service.b12.dose import B12Order
from cds_service.b12.doubt import unreadable_because
from cds_service.b12.episode import Episode, Stage
from cds_service.b12.intravenous import reads_as_antidote
from cds_service.b12.verdict import Fact, Finding, Indicator, Silent, Verdict
from cds_service.rules import SELECT, SIGN, draft_rule

SAYS = {
    "no_dose": "written product regimen?",
    "unknown_unit": "written product regimen?",
    "contradictory": "written product regimen?",
    "two_strengths": "written product strength other_strength regimen?",
    "vial": "written product regimen?",
    "no_strength": "written product regimen?",
    "text": "written product regimen?",
}


@draft_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode, draft: B12Order) -> Verdict:
    """
    When a dose of a B12 order, in any of its steps, cannot be worked out from structure, strength or text,
      or is zero or contradicts itself, or is a volume or count of a product that is said to have two strengths
     and the order is being signed, or it was just selected with a dose filled in
     and the order is not the cyanide antidote
    Then say what is missing and what the protocol usually gives this patient; info before signing.
    """
    if because := reads_as_antidote(episode, draft):
        return Silent(because)
    variant, written = unreadable_because(draft)
    if not variant:
        return Silent("the dose can be read")
    if draft.ref not in episode.complete_drafts:
        return Silent("not signed yet, and no dose filled in")
    facts: dict[str, Fact] = {"written": written, "product": draft.product.name}
    if variant == "two_strengths":
        facts["strength"], facts["other_strength"] = draft.product.contradictory
    if episode.regimen and not episode.out_of_scope:
        facts["regimen"] = episode.regimen
    indicator = None if episode.stage is Stage.SIGN else Indicator.INFO
    return Finding(variant, facts, (draft.ref,), indicator=indicator, about=draft.ref)
