"""B12 is started in a patient with polycythaemia vera."""

from __future__ import annotations

from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.history import earlier_therapy
from cds_service.b12.intravenous import reads_as_antidote
from cds_service.b12.results import awaited
from cds_service.b12.verdict import Finding, OrderTests, Proposal, Silent, Undecided, Verdict
from cds_service.b12.words import Analyte
from cds_service.rules import SELECT, SIGN, draft_rule

SAYS = {
    "new": "",
}
COUNT = OrderTests((Analyte.BLOOD_COUNT,))


@draft_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode, draft: B12Order) -> Verdict:
    """
    When B12 is ordered for the first time on record
     and polycythaemia vera is documented
    Then give the label's caution that B12 may let the blood count rise, and offer a blood count.
    """
    if because := reads_as_antidote(episode, draft):
        return Silent(because)
    if not episode.background.polycythaemia:
        unseen = "Condition" in episode.unseen
        return Undecided("the problem list") if unseen else Silent("no polycythaemia vera is documented")
    if before := earlier_therapy(episode, draft):
        return Silent(before)
    if episode.doses_unseen or "MedicationRequest" in episode.unseen:
        return Undecided("earlier B12 doses and orders")
    fixes: tuple[Proposal, ...] = () if awaited(episode, (Analyte.BLOOD_COUNT,)) else (COUNT,)
    return Finding("new", {}, (draft.ref, *episode.background.polycythaemia), fixes, about=draft.ref)
