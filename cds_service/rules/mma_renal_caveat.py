"""A raised methylmalonic acid that reduced kidney function may explain."""

from __future__ import annotations

from cds_service.b12.episode import Episode
from cds_service.b12.results import (
    Standing,
    is_current,
    is_raised,
    kidneys_known,
    kidneys_reduced,
    newest,
    number_sent,
    reduced_rate,
    standing,
)
from cds_service.b12.verdict import Fact, Finding, Silent, Undecided, Verdict
from cds_service.b12.words import Analyte
from cds_service.rules import VIEW, patient_rule

SAYS = {
    "measured": "written sampled rate",
    "documented": "written sampled",
}


@patient_rule(*VIEW, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When the newest methylmalonic acid is raised and not old
     and the filtration rate nearest to that sample is reduced, or a kidney disease is documented and no rate of
      that time speaks against it
     and B12 itself is not in the deficient band
    Then say that the kidneys alone may raise it, and what does not depend on them.
    """
    if because := episode.specialist_dosing:
        return Silent(because)
    if "Observation" in episode.unseen:
        return Undecided("laboratory results")
    acid = newest(episode, Analyte.MMA)
    if acid is None or acid.day is None or not is_raised(acid, episode.protocol.safety.mma_high):
        return Silent("no raised methylmalonic acid of a known date")
    if not is_current(acid, episode):
        return Silent("the raised methylmalonic acid is too old")
    if not kidneys_reduced(episode, acid):
        known = kidneys_known(episode, acid)
        return Silent("no reduced kidney function is on record") if known else Undecided("kidney function")
    if standing(episode) is Standing.DEFICIENT:
        return Silent("B12 itself is in the deficient band")
    facts: dict[str, Fact] = {"written": acid.written, "sampled": acid.day.latest}
    rate = reduced_rate(episode, acid)
    if rate:
        return Finding("measured", facts | {"rate": number_sent(rate)}, (acid.ref, rate.ref), about=acid.ref)
    return Finding("documented", facts, (acid.ref, *episode.background.renal), about=acid.ref)
