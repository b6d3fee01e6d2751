"""Loading was begun and not finished."""

from __future__ import annotations

from cds_service.b12.episode import Episode
from cds_service.b12.history import is_for, is_maintenance, loading_goes_on, loading_state
from cds_service.b12.verdict import AddLoading, Fact, Finding, Indicator, Proposal, Silent, Undecided, Verdict
from cds_service.b12.words import Evidence
from cds_service.rules import SELECT, SIGN, VIEW, patient_rule

SAYS = {
    "given": "given needed small? first last allergic_to? in_part?",
    "ordered_only": "given needed first last allergic_to? in_part?",
}


@patient_rule(*VIEW, *SELECT, *SIGN, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When the first doses of this course follow each other at loading pace, or were ordered so,
     and fewer were given than the protocol's loading needs, or than any other known protocol's
     and either maintenance is being ordered while no more loading is,
      or the loading has stopped and nothing else covers the patient
    Then say how many of how many were given, when, and offer the rest; info where only orders tell of it;
      info and no offer where doses were seen only in part.
      A dose of less than half of the smallest in the protocol's loading is told, but not counted. The rest is put into
      an order of the protocol's cobalamin only.
    """
    if because := episode.out_of_scope:
        return Silent(because)
    state = loading_state(episode)
    if state is None and episode.doses_unseen:
        return Undecided("earlier B12 doses")
    if state is None:
        return Silent("no unfinished loading is on record")
    maintenance = next((draft for draft in episode.drafts if is_maintenance(draft, episode)), None)
    if because := loading_goes_on(episode, state, maintenance):
        return Silent(because)
    fixes: tuple[Proposal, ...] = ()
    regimen = episode.regimen
    if maintenance and regimen and is_for(regimen, maintenance):
        fixes = (AddLoading(maintenance.ref, regimen, state.left),)
    facts: dict[str, Fact] = {**state.counts, "first": state.first, "last": state.last}
    indicator = Indicator.INFO if state.evidence is Evidence.ORDERED or episode.doses_in_part else None
    variant = "ordered_only" if state.evidence is Evidence.ORDERED else "given"
    about = maintenance.ref if maintenance else "therapy"
    return Finding(variant, facts, state.refs, fixes, indicator, about)
