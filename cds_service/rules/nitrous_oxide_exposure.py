"""Nitrous oxide puts B12 out of action."""

from __future__ import annotations

from cds_service.b12.episode import Episode
from cds_service.b12.history import no_longer_treated
from cds_service.b12.results import Standing, standing
from cds_service.b12.risk import days_on_nitrous_oxide, nitrous_oxide_planned
from cds_service.b12.safety import b12_known_adequate, on_b12
from cds_service.b12.verdict import (
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
from cds_service.rules import PROBLEM, SELECT, VIEW, patient_rule

SAYS = {"use": "regimen?", "inhalant": "", "repeated": "days", "planned": ""}


@patient_rule(*VIEW, *SELECT, *PROBLEM, says=SAYS, beside=True)
def judge(episode: Episode) -> Verdict:
    """
    When harm from nitrous oxide is documented, or perhaps its misuse,
      or it was given on several days and B12 is not known to be adequate,
      or it is being ordered for a patient whose B12 is low or unclear
     and the patient has no B12
    Then say that B12 may read normal, offer treatment by the protocol or the test that shows it, and do not wait
      for the level; critical with neurological signs.
    """
    if because := no_longer_treated(episode) or on_b12(episode):
        return Silent(because)
    background = episode.background
    if background.nitrous_oxide_named:
        return _use(episode)
    if background.nitrous_oxide:
        indicator = Indicator.WARNING if background.neuro else Indicator.INFO
        return Finding("inhalant", {}, (*background.nitrous_oxide, *background.neuro), _test(), indicator, THERAPY)
    days, given = days_on_nitrous_oxide(episode)
    planned = nitrous_oxide_planned(episode)
    if days <= 1 and not planned:
        return Silent("no nitrous oxide, or a single time")
    if "Observation" in episode.unseen and not episode.deficiency:
        return Undecided("laboratory results")
    if planned and (episode.deficiency or standing(episode) in {Standing.DEFICIENT, Standing.UNCLEAR}):
        return Finding("planned", {}, (*planned, *episode.deficiency), _test(), about=planned[0])
    if days <= 1 or b12_known_adequate(episode):
        return Silent("B12 is not known to be low")
    indicator = Indicator.CRITICAL if background.neuro else Indicator.WARNING
    return Finding("repeated", {"days": days}, (*given, *background.neuro), _test(), indicator, THERAPY)


def _use(episode: Episode) -> Finding:
    regimen, neuro = episode.regimen, episode.background.neuro
    facts: dict[str, Fact] = {"regimen": regimen} if regimen else {}
    fixes: tuple[Proposal, ...] = (OrderRegimen(regimen),) if regimen else ()
    evidence = (*episode.background.nitrous_oxide_named, *neuro)
    return Finding("use", facts, evidence, fixes, Indicator.CRITICAL if neuro else None, THERAPY)


def _test() -> tuple[Proposal, ...]:
    return (OrderTests((Analyte.HOMOCYSTEINE,)),)
