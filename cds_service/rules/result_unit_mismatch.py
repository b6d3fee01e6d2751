"""A B12-family result whose code, unit and size cannot all be true."""

from __future__ import annotations

from cds_service.b12.episode import Episode
from cds_service.b12.verdict import Fact, Finding, Silent, Undecided, Verdict
from cds_service.rules import SELECT, SIGN, VIEW, patient_rule

SAYS = {
    "property": "analyte written expected got sampled",
    "range": "analyte written expected got sampled",
    "magnitude": "analyte written expected got sampled",
}


@patient_rule(*VIEW, *SELECT, *SIGN, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When the newest B12, active B12, methylmalonic acid or homocysteine result has a code that promises one kind
      of unit and a unit of the other kind, or a reference range of the other kind,
      or a size that no such result has in that unit
    Then show both readings and say that the result is not used until this is clarified.
    """
    if "Observation" in episode.unseen:
        return Undecided("laboratory results")
    faulty = next((result for result in episode.newest_results if result.fault), None)
    if faulty is None or faulty.fault is None:
        return Silent("no result contradicts itself")
    facts: dict[str, Fact] = {
        "analyte": faulty.analyte.value,
        "written": faulty.written,
        "expected": faulty.fault.expected,
        "got": faulty.fault.got,
        "sampled": faulty.day.latest if faulty.day else "an unknown day",
    }
    return Finding(faulty.fault.kind, facts, (faulty.ref,), about=faulty.ref)
