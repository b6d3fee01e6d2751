"""Long-term injections may no longer be needed."""

from __future__ import annotations

from cds_service.b12.continuity import cause_goes_on, normal_results, on_long_term_injections
from cds_service.b12.episode import Episode
from cds_service.b12.history import no_longer_treated
from cds_service.b12.labs import LabResult
from cds_service.b12.protocol import RegimenFor
from cds_service.b12.results import named
from cds_service.b12.verdict import THERAPY, Fact, Finding, Silent, Undecided, Verdict
from cds_service.b12.words import Indication
from cds_service.rules import VIEW, patient_rule

SAYS = {
    "review": "first cause shown regimen?",
}


@patient_rule(*VIEW, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When maintenance injections have gone on for longer than the protocol calls long-term
     and the only cause on record is dietary, drug-induced or a malabsorption that may pass, and is documented as over
     and no neurological signs are or were documented, and no other cause, pregnancy or drug asks for B12
     and haemoglobin or methylmalonic acid is normal on treatment, and no newer result of the B12 family is not
    Then ask whether injections are still needed. A B12 level on injections proves nothing and is not enough.
    """
    if because := episode.out_of_scope or no_longer_treated(episode):
        return Silent(because)
    if not on_long_term_injections(episode):
        return Undecided("a record of doses given") if episode.doses_unseen else Silent("not on long-term injections")
    if "Condition" in episode.unseen:
        return Undecided("the problem list")
    if because := cause_goes_on(episode):
        return Silent(because)
    if "Observation" in episode.unseen:
        return Undecided("laboratory results")
    shown = normal_results(episode)
    return _review(episode, shown) if shown else Silent("no results show recovery")


def _review(episode: Episode, shown: tuple[LabResult, ...]) -> Finding:
    background = episode.background
    facts: dict[str, Fact] = {"first": episode.course.doses[0].day.earliest, "cause": background.indication.value}
    facts["shown"] = named(one.analyte for one in shown)
    dietary = episode.protocol.regimen(RegimenFor.DIETARY)
    if dietary and background.indication is Indication.DIETARY:
        facts["regimen"] = dietary
    evidence = (*background.cause, *(one.ref for one in shown))
    return Finding("review", facts, evidence, about=THERAPY)
