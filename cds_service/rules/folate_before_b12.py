"""Folic acid in a treatment dose is ordered before B12 is known or treated."""

from __future__ import annotations

from decimal import Decimal

from cds_service.b12 import results, safety
from cds_service.b12.episode import Episode
from cds_service.b12.exposure import DrugDraft
from cds_service.b12.folate import beside_antifolate, folic_acid_mcg_a_day, holds_b12, weekly_or_rarer
from cds_service.b12.results import Standing
from cds_service.b12.verdict import (
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
from cds_service.b12.words import Analyte, RiskDrug
from cds_service.rules import SELECT, SIGN, drug_rule

SAYS = {
    "low": "dose level allergic_to?",
    "unclear": "dose level",
    "unknown": "dose",
}
B12, MMA = OrderTests((Analyte.B12,)), OrderTests((Analyte.MMA,))


@drug_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode, draft: DrugDraft) -> Verdict:
    """
    When folic acid is ordered in more than the dose that may hide a B12 deficiency (in pregnancy: than prevention)
     and there is anaemia, macrocytosis or a neurological sign
     and no recent B12 level is adequate, and B12 is neither given nor ordered nor being measured
     and neither methotrexate nor another antifolate is taken
    Then ask for B12 to be measured, or treated where it is low, and offer that;
      info in doses up to those of prevention.
    """
    if draft.drug is not RiskDrug.FOLIC_ACID:
        return Silent("not folic acid")
    if because := _not_needed(episode, draft) or safety.on_b12(episode):
        return Silent(because)
    signs = safety.may_hide_deficiency(episode)
    if not signs:
        unseen = episode.unseen & {"Condition", "Observation"}
        return Undecided("the problem list and laboratory results") if unseen else Silent("no sign of B12 deficiency")
    daily = folic_acid_mcg_a_day(draft.order)
    if daily is None:
        return Undecided("the dose of folic acid")
    limits = episode.protocol.safety
    harmless = limits.folate_pregnancy if episode.background.pregnant else limits.folate_treatment
    if daily <= harmless.value:
        return Silent("a dose of prevention")
    return _by_level(episode, draft, daily, signs)


def _not_needed(episode: Episode, draft: DrugDraft) -> str:
    if holds_b12(draft.order):
        return "the product holds B12 too"
    if beside_antifolate(episode) or weekly_or_rarer(draft.order):
        return "folic acid beside an antifolate"
    if episode.background.palliative:
        return "care at the end of life"
    if safety.b12_known_adequate(episode):
        return "a recent B12 level is adequate"
    return "B12 is being measured" if results.awaited(episode, (Analyte.B12,)) else ""


def _by_level(episode: Episode, draft: DrugDraft, daily: Decimal, signs: tuple[str, ...]) -> Verdict:
    if "Observation" in episode.unseen:
        return Undecided("laboratory results")
    if missing := results.not_judged(episode):
        return Undecided(missing)
    prevention = daily <= episode.protocol.safety.folate_pregnancy.value
    indicator = Indicator.INFO if prevention else None
    standing, level = results.standing(episode), results.level(episode)
    known = level if level and standing in {Standing.DEFICIENT, Standing.UNCLEAR} else None
    if known is None:
        unknown: dict[str, Fact] = {"dose": daily}
        return Finding("unknown", unknown, (draft.ref, *signs), (B12,), indicator, draft.ref)
    facts: dict[str, Fact] = {"dose": daily, "level": known.written}
    evidence = (draft.ref, known.ref, *signs)
    if standing is Standing.UNCLEAR:
        return Finding("unclear", facts, evidence, (MMA,), indicator, draft.ref)
    fixes: tuple[Proposal, ...] = (OrderRegimen(episode.regimen),) if episode.regimen else ()
    return Finding("low", facts, evidence, fixes, indicator, draft.ref)
