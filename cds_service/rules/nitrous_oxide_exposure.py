"""Nitrous oxide puts B12 out of action."""

from __future__ import annotations

from datetime import timedelta

from cds_service.b12.episode import Episode
from cds_service.b12.history import no_longer_treated
from cds_service.b12.results import Standing, standing, still_wanted, telling_marker
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

SAYS = {
    "use": "regimen? allergic_to?",
    "marker": "analyte written sampled regimen? allergic_to?",
    "inhalant": "allergic_to?",
    "repeated": "days allergic_to?",
    "planned": "allergic_to?",
}


@patient_rule(*VIEW, *SELECT, *PROBLEM, says=SAYS, beside=True)
def judge(episode: Episode) -> Verdict:
    """
    When harm from nitrous oxide is documented, or perhaps its misuse,
      or it was given on several days and B12 is not known to be adequate,
      or it is being ordered for a patient whose B12 is low or unclear
     and the patient has no B12
    Then say that B12 may read normal, offer treatment by the protocol or the test that shows it, and do not wait
      for the level; critical with neurological signs. Perhaps misused, or given on several days, and a marker is raised
      with healthy kidneys: treatment, as for harm that is documented. A test done or ordered lately is not offered.
    """
    if because := no_longer_treated(episode) or on_b12(episode):
        return Silent(because)
    if found := _misused(episode):
        return found
    days, given = days_on_nitrous_oxide(episode)
    planned = nitrous_oxide_planned(episode)
    if days <= 1 and not planned:
        return Silent("no nitrous oxide, or a single time")
    if "Observation" in episode.unseen and not episode.deficiency:
        return Undecided("laboratory results")
    if planned and (episode.deficiency or standing(episode) in {Standing.DEFICIENT, Standing.UNCLEAR}):
        return Finding("planned", {}, (*planned, *episode.deficiency), _test(episode), about=planned[0])
    return _repeated(episode, days, given) if days > 1 else Silent("B12 is not known to be low")


def _misused(episode: Episode) -> Finding | None:
    background = episode.background
    if background.nitrous_oxide_named:
        return _treat(episode, "use", {}, background.nitrous_oxide_named)
    if not background.nitrous_oxide:
        return None
    indicator = Indicator.WARNING if background.neuro else Indicator.INFO
    evidence = (*background.nitrous_oxide, *background.neuro)
    soft = Finding("inhalant", {}, evidence, _test(episode), indicator, THERAPY)
    return _shown(episode, background.nitrous_oxide) or soft


def _repeated(episode: Episode, days: int, given: tuple[str, ...]) -> Verdict:
    if found := _shown(episode, given):
        return found
    if b12_known_adequate(episode):
        return Silent("B12 is not known to be low")
    neuro = episode.background.neuro
    indicator = Indicator.CRITICAL if neuro else Indicator.WARNING
    return Finding("repeated", {"days": days}, (*given, *neuro), _test(episode), indicator, THERAPY)


def _shown(episode: Episode, exposed: tuple[str, ...]) -> Finding | None:
    """What a marker confirms, where one is raised and the kidneys do not explain it."""
    marker = telling_marker(episode)
    if marker is None or marker.day is None:
        return None
    facts: dict[str, Fact] = {
        "analyte": marker.analyte.value,
        "written": marker.written,
        "sampled": marker.day.latest,
    }
    return _treat(episode, "marker", facts, (*exposed, marker.ref))


def _treat(episode: Episode, variant: str, facts: dict[str, Fact], evidence: tuple[str, ...]) -> Finding:
    regimen, neuro = episode.regimen, episode.background.neuro
    facts |= {"regimen": regimen} if regimen else {}
    fixes: tuple[Proposal, ...] = (OrderRegimen(regimen),) if regimen else ()
    return Finding(variant, facts, (*evidence, *neuro), fixes, Indicator.CRITICAL if neuro else None, THERAPY)


def _test(episode: Episode) -> tuple[Proposal, ...]:
    """Homocysteine, unless it was measured so lately that it tells of the exposure, or is awaited."""
    since = episode.as_of - timedelta(days=int(episode.protocol.results.recent.value))
    wanted = still_wanted(episode, (Analyte.HOMOCYSTEINE,), since)
    return (OrderTests(wanted),) if wanted else ()
