"""An inborn error of cobalamin metabolism is treated with a cobalamin or a spacing that is not meant for it."""

from __future__ import annotations

from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.history import is_maintenance
from cds_service.b12.intravenous import reads_as_antidote
from cds_service.b12.verdict import Finding, Indicator, RemoveDraft, Silent, Undecided, Verdict
from cds_service.b12.words import Substance
from cds_service.rules import SELECT, SIGN, draft_rule

SAYS = {
    "cyanocobalamin": "",
    "unnamed": "",
    "unsure": "substance",
    "spaced": "ordered",
}
SUSPECT = frozenset({Substance.CYANOCOBALAMIN, Substance.UNSPECIFIED})


@draft_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode, draft: B12Order) -> Verdict:
    """
    When an inborn error of cobalamin metabolism is documented, or a code that may mean one
     and cyanocobalamin is ordered (or vitamin B12 without saying which), or hydroxocobalamin at the pace of
      ordinary maintenance
    Then say that cyanocobalamin does not work there and offer to take it away, as a question where the code is
      broader or the product names no cobalamin;
      ask whether the specialist wants the spacing, as info where the code is broader.
    """
    if because := reads_as_antidote(episode, draft):
        return Silent(because)
    background = episode.background
    if not background.inborn_error:
        unseen = "Condition" in episode.unseen
        return Undecided("the problem list") if unseen else Silent("no inborn error of cobalamin metabolism")
    if draft.product.substance in SUSPECT:
        return _form(episode, draft)
    if draft.product.substance is not Substance.HYDROXOCOBALAMIN:
        return Silent("neither cyanocobalamin nor hydroxocobalamin")
    if not is_maintenance(draft, episode):
        return Silent("hydroxocobalamin, and not spaced as ordinary maintenance")
    indicator = Indicator.WARNING if background.cobalamin_error else Indicator.INFO
    evidence = (draft.ref, *background.inborn_error)
    return Finding("spaced", {"ordered": draft.schedules[-1]}, evidence, (), indicator, draft.ref)


def _form(episode: Episode, draft: B12Order) -> Finding:
    background, substance = episode.background, draft.product.substance
    evidence = (draft.ref, *(background.cobalamin_error or background.inborn_error))
    if not background.cobalamin_error:
        return Finding("unsure", {"substance": substance.value}, evidence, (), Indicator.WARNING, draft.ref)
    if substance is Substance.UNSPECIFIED:
        return Finding("unnamed", {}, evidence, (), Indicator.WARNING, draft.ref)
    return Finding("cyanocobalamin", {}, evidence, (RemoveDraft(draft.ref),), about=draft.ref)
