"""The first B12 order without the blood tests that later ones are compared with."""

from __future__ import annotations

from cds_service.b12.baseline import first_treatment, prevention
from cds_service.b12.episode import Episode
from cds_service.b12.history import no_longer_treated
from cds_service.b12.results import B12_TESTS, BLOOD_COUNT, known_or_awaited, named, nitrous_oxide
from cds_service.b12.verdict import TESTS, Fact, Finding, Indicator, OrderTests, Silent, Undecided, Verdict
from cds_service.b12.words import Analyte
from cds_service.rules import SELECT, SIGN, patient_rule

SAYS = {
    "missing": "tests",
    "urgent": "tests",
    "blood_count": "tests",
}


@patient_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When B12 is ordered as treatment and nothing shows that it was ever given or ordered before
     and no recent B12, active B12, methylmalonic acid or homocysteine, or no blood count, is on record or ordered
     and it is no prophylaxis
    Then ask to draw blood before the first dose and offer the orders; info where neurological signs make haste,
      and where only the blood count is missing or the cause is documented, so that no level is needed.
    """
    if because := episode.out_of_scope or no_longer_treated(episode) or prevention(episode):
        return Silent(because)
    drafts = first_treatment(episode)
    if not drafts:
        return Silent("no first order of B12 treatment")
    tests = _missing(episode)
    if not tests:
        return Silent("blood was taken or is ordered")
    if missing := _unseen(episode):
        return Undecided(missing)
    urgent = bool(episode.background.neuro) or nitrous_oxide(episode)
    variant = "urgent" if urgent else "missing" if Analyte.B12 in tests else "blood_count"
    facts: dict[str, Fact] = {"tests": named(tests)}
    indicator = None if variant == "missing" else Indicator.INFO
    evidence = tuple(draft.ref for draft in drafts)
    return Finding(variant, facts, evidence, (OrderTests(tests),), indicator, TESTS)


def _missing(episode: Episode) -> tuple[Analyte, ...]:
    """A documented deficiency needs no level any more."""
    level = bool(episode.background.deficiency) or known_or_awaited(episode, B12_TESTS)
    known = {Analyte.B12: level, Analyte.BLOOD_COUNT: known_or_awaited(episode, BLOOD_COUNT)}
    return tuple(test for test, found in known.items() if not found)


def _unseen(episode: Episode) -> str:
    if "Observation" in episode.unseen or "Observation" in episode.partial:
        return "all laboratory results"
    if episode.doses_unseen or "MedicationRequest" in episode.unseen:
        return "earlier B12 doses and orders"
    return ""
