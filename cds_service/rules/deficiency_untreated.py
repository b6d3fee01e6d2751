"""A deficiency without B12 therapy."""

from __future__ import annotations

from cds_service.b12.episode import Episode
from cds_service.b12.history import earlier_therapy, no_longer_treated
from cds_service.b12.response import treated_since
from cds_service.b12.results import LEVELS, SECOND_LINE, awaited, limit_for, not_judged, still_wanted
from cds_service.b12.shortage import Shortage, regimen_to_offer, shortage_of
from cds_service.b12.verdict import (
    TESTS,
    THERAPY,
    Fact,
    Finding,
    Indicator,
    OrderRegimen,
    OrderTests,
    Proposal,
    Silent,
    Undecided,
    Verdict,
)
from cds_service.b12.words import Analyte
from cds_service.rules import VIEW, patient_rule

SAYS = {
    "low": "analyte written sampled limit unit regimen?",
    "functional": "analyte written sampled regimen?",
    "marker": "written sampled",
    "pregnant": "written sampled",
    "documented": "regimen?",
}


@patient_rule(*VIEW, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When the newest B12 level lies in the protocol's deficient band
     or it lies in the grey zone, or above, and a marker is raised with healthy kidneys
     or pernicious anaemia, or a deficiency with neurological signs, is documented
     and no B12 was given, ordered or stated since (for the documented: ever), and no repeat is awaited
    Then say so and offer the protocol's regimen; critical where a result and neurological signs meet;
      for total B12 in pregnancy and for a raised marker alone only the next test.
    """
    if because := episode.out_of_scope or no_longer_treated(episode):
        return Silent(because)
    shortage = shortage_of(episode)
    if shortage is None or shortage.result.day is None:
        return _documented(episode)
    if because := treated_since(episode, shortage.result.day):
        return Silent(because)
    if episode.doses_unseen:
        return Undecided("a record of doses given")
    neuro = episode.background.neuro
    if not neuro and awaited(episode, (*LEVELS, *SECOND_LINE), shortage.result.day.latest):
        return Silent("a repeated or a second test is awaited")
    facts: dict[str, Fact] = {"written": shortage.result.written, "sampled": shortage.result.day.latest}
    if shortage.kind == "marker":
        return _to_test("marker", Analyte.INTRINSIC_FACTOR_ANTIBODY, facts, shortage, episode)
    if shortage.result.analyte is Analyte.B12 and episode.background.pregnant and not neuro:
        return _to_test("pregnant", Analyte.ACTIVE_B12, facts, shortage, episode)
    return _to_treat(shortage, facts, episode)


def _to_treat(shortage: Shortage, facts: dict[str, Fact], episode: Episode) -> Finding:
    neuro, limit = episode.background.neuro, limit_for(shortage.result, episode.protocol)
    facts |= {"analyte": shortage.result.analyte.value}
    if shortage.kind == "low" and limit:
        facts |= {"limit": limit.value, "unit": limit.unit}
    evidence = (shortage.result.ref, *neuro, *episode.background.deficiency)
    more, fixes = _start(episode)
    indicator = Indicator.CRITICAL if neuro else None
    return Finding(shortage.kind, facts | more, evidence, fixes, indicator, THERAPY)


def _to_test(variant: str, test: Analyte, facts: dict[str, Fact], shortage: Shortage, episode: Episode) -> Finding:
    wanted = still_wanted(episode, (test,))
    fixes = (OrderTests(wanted),) if wanted else ()
    indicator = None if episode.background.neuro else Indicator.INFO
    return Finding(variant, facts, (shortage.result.ref,), fixes, indicator, TESTS)


def _start(episode: Episode) -> tuple[dict[str, Fact], tuple[Proposal, ...]]:
    regimen = regimen_to_offer(episode)
    return ({"regimen": regimen}, (OrderRegimen(regimen),)) if regimen else ({}, ())


def _documented(episode: Episode) -> Verdict:
    background = episode.background
    if not background.deficiency or not (background.neuro or episode.lifelong):
        return _nothing_shown(episode)
    if because := earlier_therapy(episode):
        return Silent(because)
    if episode.doses_unseen:
        return Undecided("a record of doses given")
    facts, fixes = _start(episode)
    return Finding("documented", facts, (*background.deficiency, *background.neuro), fixes, about=THERAPY)


def _nothing_shown(episode: Episode) -> Verdict:
    if "Observation" in episode.unseen:
        return Undecided("laboratory results")
    if "Condition" in episode.unseen:
        return Undecided("the problem list")
    missing = not_judged(episode)
    return Undecided(missing) if missing else Silent("no untreated deficiency is on record")
