"""Potassium is low or not known while treatment of a severe anaemia begins."""

from __future__ import annotations

from cds_service.b12 import safety
from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.history import at_loading_pace, is_injection, started_before
from cds_service.b12.intravenous import given_otherwise, reads_as_antidote
from cds_service.b12.labs import LabResult
from cds_service.b12.results import awaited
from cds_service.b12.verdict import Fact, Finding, Indicator, OrderTests, Proposal, Silent, Undecided, Verdict
from cds_service.b12.words import Analyte
from cds_service.rules import SELECT, SIGN, draft_rule

SAYS = {
    "low": "potassium",
    "severe": "haemoglobin",
    "low_before": "",
    "drug": "drug",
}
POTASSIUM = OrderTests((Analyte.POTASSIUM,))


@draft_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode, draft: B12Order) -> Verdict:
    """
    When injections of B12 begin: at the pace of loading, or the first one on record
     and a recent potassium is low, unless a recent haemoglobin shows no anaemia,
      or no recent potassium is on record and the anaemia is severe, or there is anaemia and potassium was low before
      or the patient takes digoxin or a diuretic that loses potassium
    Then ask for potassium now and over the first days, and offer the test unless it is being done;
      critical where potassium is low and there is anaemia.
    """
    if because := reads_as_antidote(episode, draft) or given_otherwise(draft):
        return Silent(because)
    if not is_injection(draft):
        return Silent("not injected")
    started = "" if at_loading_pace(draft, episode) else started_before(episode, draft)
    if started:
        return Silent("B12 treatment does not begin with this order")
    if "Observation" in episode.unseen:
        return Undecided("laboratory results")
    known = safety.potassium(episode)
    if known and safety.is_low(known, episode):
        return _low(episode, draft, known)
    if known or awaited(episode, (Analyte.POTASSIUM,)):
        return Silent("potassium is known or being measured")
    return _unknown(episode, draft)


def _low(episode: Episode, draft: B12Order, known: LabResult) -> Verdict:
    if safety.blood_is_normal(episode):
        return Silent("no anaemia: potassium will not fall because of B12")
    anaemia = safety.anaemia(episode)
    fixes: tuple[Proposal, ...] = () if awaited(episode, (Analyte.POTASSIUM,)) else (POTASSIUM,)
    facts: dict[str, Fact] = {"potassium": known.written}
    evidence = (draft.ref, known.ref, *anaemia)
    return Finding("low", facts, evidence, fixes, Indicator.CRITICAL if anaemia else None, draft.ref)


def _unknown(episode: Episode, draft: B12Order) -> Verdict:
    if severe := safety.severe_anaemia(episode):
        facts: dict[str, Fact] = {"haemoglobin": severe[0].written}
        evidence = (draft.ref, *(one.ref for one in severe))
        return Finding("severe", facts, evidence, (POTASSIUM,), about=draft.ref)
    anaemia, before = safety.anaemia(episode), safety.low_before(episode)
    if anaemia and before:
        return Finding("low_before", {}, (draft.ref, *before, *anaemia), (POTASSIUM,), about=draft.ref)
    drug, taken = safety.potassium_drugs(episode)
    if anaemia and taken:
        return Finding("drug", {"drug": drug}, (draft.ref, *taken, *anaemia), (POTASSIUM,), about=draft.ref)
    if safety.haemoglobin_unread(episode):
        return Undecided("haemoglobin in a known unit")
    return Silent("no severe anaemia, and no anaemia with another reason to watch potassium")
