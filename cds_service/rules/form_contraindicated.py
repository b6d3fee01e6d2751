"""Cyanocobalamin is ordered for a patient with Leber hereditary optic neuropathy."""

from __future__ import annotations

from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.instead import instead_of, regimen_with
from cds_service.b12.verdict import Fact, Finding, Indicator, Proposal, RemoveDraft, Silent, Undecided, Verdict
from cds_service.b12.words import Substance
from cds_service.rules import SELECT, SIGN, draft_rule

SAYS = {
    "leber": "regimen?",
    "unnamed": "",
    "optic_atrophy": "",
    "kin": "",
}
SUSPECT = frozenset({Substance.CYANOCOBALAMIN, Substance.UNSPECIFIED})


@draft_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode, draft: B12Order) -> Verdict:
    """
    When cyanocobalamin is ordered by any route, or vitamin B12 without saying which
     and Leber hereditary optic neuropathy is documented
    Then say that it can speed the loss of sight and offer the protocol's hydroxocobalamin instead, or else to take
      the order away;
      a question where the product names no cobalamin, or where the code may mean another hereditary optic atrophy;
      info where only a relative has the disease.
    """
    if draft.product.substance not in SUSPECT:
        return Silent("not cyanocobalamin")
    background = episode.background
    if background.leber_certain:
        return _leber(episode, draft)
    if background.leber:
        return Finding("optic_atrophy", {}, (draft.ref, *background.leber), (), Indicator.WARNING, draft.ref)
    if "Condition" in episode.unseen:
        return Undecided("the problem list")
    if background.leber_kin:
        return Finding("kin", {}, (draft.ref, *background.leber_kin), (), Indicator.INFO, draft.ref)
    return Silent("no Leber hereditary optic neuropathy is documented")


def _leber(episode: Episode, draft: B12Order) -> Finding:
    evidence = (draft.ref, *episode.background.leber_certain)
    if draft.product.substance is Substance.UNSPECIFIED:
        return Finding("unnamed", {}, evidence, (), Indicator.WARNING, draft.ref)
    regimen = regimen_with(Substance.HYDROXOCOBALAMIN, episode)
    fix: Proposal = instead_of(draft, regimen, episode) if regimen else RemoveDraft(draft.ref)
    facts: dict[str, Fact] = {"regimen": regimen} if regimen else {}
    return Finding("leber", facts, evidence, (fix,), about=draft.ref)
