"""A level that drifts to the deficient side on treatment."""

from __future__ import annotations

from cds_service.b12.episode import Episode
from cds_service.b12.history import no_longer_treated
from cds_service.b12.trend import began_on, drift_of, low_despite_order
from cds_service.b12.verdict import Fact, Finding, Silent, Undecided, Verdict
from cds_service.rules import VIEW, patient_rule

SAYS = {
    "deficient": "analyte written sampled",
    "ordered": "analyte written sampled",
    "falling": "analyte written sampled before before_sampled",
    "rising": "analyte written sampled before before_sampled",
}


@patient_rule(*VIEW, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When B12 therapy goes on
     and a recent level lies in the protocol's deficient band, or the last of several levels in a row have fallen out
      of the safe range, or methylmalonic acid has risen above its limit with healthy kidneys
     or B12 has long been ordered, no dose is on record, and the level lies in the deficient band
    Then show the results and ask about the interval and about missed doses.
    """
    if because := episode.specialist_dosing or no_longer_treated(episode):
        return Silent(because)
    if "Observation" in episode.unseen:
        return Undecided("laboratory results")
    if began_on(episode) is None:
        return Undecided("a record of doses given") if episode.doses_unseen else _only_ordered(episode)
    drift = drift_of(episode)
    if drift is None or drift.now.day is None or drift.before.day is None:
        return Silent("no recent level on treatment goes the wrong way")
    facts: dict[str, Fact] = {
        "analyte": drift.now.analyte.value,
        "written": drift.now.written,
        "sampled": drift.now.day.latest,
    }
    earlier: dict[str, Fact] = {"before": drift.before.written, "before_sampled": drift.before.day.latest}
    facts |= {} if drift.kind == "deficient" else earlier
    evidence = tuple(dict.fromkeys((drift.now.ref, drift.before.ref)))
    return Finding(drift.kind, facts, evidence, about=drift.now.ref)


def _only_ordered(episode: Episode) -> Verdict:
    found = low_despite_order(episode)
    if found is None:
        return Silent("no B12 therapy goes on")
    low, sampled, order = found
    facts: dict[str, Fact] = {"analyte": low.analyte.value, "written": low.written, "sampled": sampled}
    return Finding("ordered", facts, (low.ref, order.ref), about=low.ref)
