"""A B12 level in the grey zone without a second test."""

from __future__ import annotations

from cds_service.b12.concept import When
from cds_service.b12.episode import Episode
from cds_service.b12.response import treated_since
from cds_service.b12.results import (
    SECOND_LINE,
    Standing,
    awaited,
    grey_zone_matters,
    level,
    measured,
    nitrous_oxide,
    not_judged,
    standing,
)
from cds_service.b12.shortage import shortage_of
from cds_service.b12.untreated import is_vouched_for, told_as_untreated
from cds_service.b12.verdict import TESTS, THERAPY, Fact, Finding, OrderTests, Silent, Undecided, Verdict
from cds_service.b12.words import Analyte
from cds_service.rules import SELECT, VIEW, patient_rule

SAYS = {
    "second_test": "analyte written sampled",
    "nitrous_oxide": "analyte written sampled",
    "pregnant": "analyte written sampled",
}
TEST_FOR = {
    "second_test": Analyte.MMA,
    "nitrous_oxide": Analyte.HOMOCYSTEINE,
    "pregnant": Analyte.ACTIVE_B12,
}

ABOUT = {"nitrous_oxide": THERAPY}  # beside the card on nitrous oxide, which offers the same test


@patient_rule(*VIEW, *SELECT, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When the newest B12 level lies in the protocol's grey zone
     and it is recent, or signs of a deficiency are documented beside it
     and no B12 was given or ordered since, and no second test was done or ordered
     and no deficiency is documented with a lasting cause or neurological signs: there another card speaks, or B12 is
      being ordered
    Then offer the second test: methylmalonic acid, homocysteine with nitrous oxide, active B12 in pregnancy.
    """
    if "Observation" in episode.unseen:
        return Undecided("laboratory results")
    found = level(episode)
    if found is None or found.day is None or standing(episode) is not Standing.UNCLEAR:
        missing = not_judged(episode)
        return Undecided(missing) if missing else Silent("no level in the grey zone")
    if because := _no_question(episode) or treated_since(episode, found.day):
        return Silent(because)
    if because := _answered(episode, found.day) or _documented(episode):
        return Silent(because)
    if episode.doses_unseen:
        return Undecided("a record of doses given")
    variant = _variant(episode, found.analyte)
    facts: dict[str, Fact] = {
        "analyte": found.analyte.value,
        "written": found.written,
        "sampled": found.day.latest,
    }
    return Finding(variant, facts, (found.ref,), (OrderTests((TEST_FOR[variant],)),), about=ABOUT.get(variant, TESTS))


def _no_question(episode: Episode) -> str:
    if because := episode.out_of_scope:
        return because
    if episode.child:
        return "the grey zone is one of adults"
    return "" if grey_zone_matters(episode) else "an older level in the grey zone without signs of a deficiency"


def _answered(episode: Episode, since: When) -> str:
    if shortage_of(episode) or any(measured(episode, test, since.earliest) for test in SECOND_LINE):
        return "a second test was done"
    return "a second test is ordered" if awaited(episode, (*SECOND_LINE, Analyte.ACTIVE_B12)) else ""


def _documented(episode: Episode) -> str:
    if told_as_untreated(episode):
        return "an untreated deficiency, which another card tells"
    ordering = episode.stage.ordering and episode.background.deficiency and is_vouched_for(episode)
    return "a deficiency is documented, and B12 is being ordered" if ordering else ""


def _variant(episode: Episode, analyte: Analyte) -> str:
    if nitrous_oxide(episode):
        return "nitrous_oxide"
    return "pregnant" if episode.background.pregnant and analyte is Analyte.B12 else "second_test"
