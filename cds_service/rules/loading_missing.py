"""Maintenance is ordered for a patient who has not been loaded."""

from __future__ import annotations

from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.history import is_for, is_maintenance, started_before
from cds_service.b12.protocol import Regimen
from cds_service.b12.shortage import functional_shortage
from cds_service.b12.verdict import AddLoading, Fact, Finding, Silent, Undecided, Verdict
from cds_service.rules import SELECT, SIGN, draft_rule

SAYS = {
    "untreated": "regimen ordered substance? in_part?",
}


@draft_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode, draft: B12Order) -> Verdict:
    """
    When an injection is ordered at a maintenance interval
     and nothing shows that B12 was ever given or ordered before
     and a deficiency is documented or measured (also by a raised marker beside a level in the grey zone),
      or neurological signs are
    Then name the protocol's loading for this patient and offer the order with loading put first; where that loading is
      of another cobalamin than the order, name it and offer nothing; nor where doses or orders were seen only in part.
    """
    if because := episode.out_of_scope:
        return Silent(because)
    regimen = episode.regimen
    if regimen is None and is_maintenance(draft, episode):
        return Undecided("a regimen for this patient: the protocol gives none")
    if regimen is None or not regimen.loading:
        return Silent("the protocol gives this patient no loading")
    if not is_maintenance(draft, episode):
        return Silent("not an injection at a maintenance interval only")
    if before := started_before(episode, draft):
        return Silent(before)
    grounds = episode.deficiency or episode.background.neuro or functional_shortage(episode)
    return _untreated(episode, draft, regimen, grounds) if grounds else _no_grounds(episode)


def _no_grounds(episode: Episode) -> Verdict:
    if episode.unseen & {"Condition", "Observation"}:
        return Undecided("the problem list and laboratory results")
    return Silent("no deficiency is documented: this may be prophylaxis")


def _untreated(episode: Episode, draft: B12Order, regimen: Regimen, grounds: tuple[str, ...]) -> Verdict:
    if episode.doses_unseen or "MedicationRequest" in episode.unseen:
        return Undecided("earlier B12 doses and orders")
    facts: dict[str, Fact] = {"regimen": regimen, "ordered": draft.schedules[-1]}
    if not is_for(regimen, draft):
        other = {"substance": regimen.substance.value}
        return Finding("untreated", facts | other, (draft.ref, *grounds), about=draft.ref)
    fix = AddLoading(draft.ref, regimen)
    return Finding("untreated", facts, (draft.ref, *grounds), (fix,), about=draft.ref)
