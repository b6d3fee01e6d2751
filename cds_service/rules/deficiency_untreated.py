"""A deficiency without B12 therapy."""

from __future__ import annotations

from cds_service.b12.episode import Episode
from cds_service.b12.results import limit_for, nitrous_oxide, still_wanted
from cds_service.b12.shortage import Shortage
from cds_service.b12.untreated import Untreated, is_vouched_for, untreated_of
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
    "low": "analyte written sampled limit unit regimen? allergic_to? in_part?",
    "functional": "analyte written sampled regimen? allergic_to? in_part?",
    "marker": "written sampled in_part?",
    "pregnant": "written sampled allergic_to? in_part?",
    "old": "analyte written sampled allergic_to? in_part?",
    "documented": "regimen? allergic_to? in_part?",
}


@patient_rule(*VIEW, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When the newest B12 level lies in the protocol's deficient band
     or it lies in the grey zone, or above, and a marker is raised with healthy kidneys
     or pernicious anaemia, or a deficiency with neurological signs, is documented
     and no B12 was given, ordered or stated since (for the documented: ever), and no repeat is awaited
    Then say so and offer the protocol's regimen; critical where a result and neurological signs meet;
      never critical, and without an offer, where doses were seen only in part;
      for total B12 in pregnancy and for a raised marker alone, where neither neurological signs nor a deficiency of
      a lasting cause are documented, only the next test;
      for a result too old to tell of today the same test again, unless neurological signs or a lasting cause
      vouch for it: then as if it were new.
    """
    found = untreated_of(episode)
    if not isinstance(found, Untreated):
        because, missing = found.because, found.missing
        return Undecided(missing) if missing else Silent(because)
    shortage = found.shortage
    if shortage is None or shortage.result.day is None:
        return _documented(episode)
    facts: dict[str, Fact] = {"written": shortage.result.written, "sampled": shortage.result.day.latest}
    if found.old:
        return _to_repeat(shortage, facts)
    if shortage.kind == "marker":
        return _to_test("marker", Analyte.INTRINSIC_FACTOR_ANTIBODY, facts, shortage, episode)
    if shortage.result.analyte is Analyte.B12 and episode.background.pregnant and not is_vouched_for(episode):
        return _to_test("pregnant", Analyte.ACTIVE_B12, facts, shortage, episode)
    return _to_treat(shortage, facts, episode)


def _to_repeat(shortage: Shortage, facts: dict[str, Fact]) -> Finding:
    analyte, indicator = shortage.result.analyte, Indicator.INFO if shortage.kind == "marker" else None
    facts |= {"analyte": analyte.value}
    return Finding("old", facts, (shortage.result.ref,), (OrderTests((analyte,)),), indicator, TESTS)


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
    about = THERAPY if variant == "marker" and nitrous_oxide(episode) else TESTS  # beside the card on nitrous oxide
    return Finding(variant, facts, (shortage.result.ref,), fixes, indicator, about)


def _start(episode: Episode) -> tuple[dict[str, Fact], tuple[Proposal, ...]]:
    regimen = episode.regimen
    return ({"regimen": regimen}, (OrderRegimen(regimen),)) if regimen else ({}, ())


def _documented(episode: Episode) -> Finding:
    background = episode.background
    facts, fixes = _start(episode)
    return Finding("documented", facts, (*background.deficiency, *background.neuro), fixes, about=THERAPY)
