"""What may be offered where an allergy speaks against B12, or some was not seen: asked once, of all suggestions."""

from __future__ import annotations

from msgspec.structs import replace

from cds_service.b12.allergies import Culprit, Sensitivity, Weight
from cds_service.b12.episode import DOSE_TYPES, Episode
from cds_service.b12.protocol import Regimen
from cds_service.b12.verdict import (
    AddLoading,
    Fact,
    Finding,
    Indicator,
    OrderLoading,
    OrderMaintenance,
    OrderRegimen,
    Proposal,
    ReplaceWithRegimen,
    Verdict,
)
from cds_service.b12.words import Substance

TOLD = "allergic_to"
"""The fact that names the allergy, on findings whose words leave out that B12 be given."""
IN_PART = "in_part"
"""The fact that names the types seen in part, on findings that something else of those types could refute."""
THERAPY_TYPES = DOSE_TYPES | {"MedicationRequest"}
STARTS = (AddLoading, OrderLoading, OrderMaintenance, OrderRegimen, ReplaceWithRegimen)


def regimen_to_offer(episode: Episode) -> Regimen | None:
    """The patient's regimen, unless an allergy or more than a mild intolerance to its cobalamin is on record."""
    regimen = episode.regimen
    return None if regimen and _against(regimen.substance, episode) else regimen


def within_allergies(verdict: Verdict, episode: Episode, promised: str) -> Verdict:
    """
    The verdict without what it must not offer this patient, with the allergy named where B12 itself is asked for.

    `promised` are the facts of its words: those that promise `allergic_to?` ask for B12, and `regimen?` is left out.
    """
    if not isinstance(verdict, Finding) or not episode.allergies:
        return verdict
    offered = tuple(one for one in verdict.proposals if not _is_withheld(one, episode))
    verdict = replace(verdict, proposals=offered)
    wanted = episode.regimen.substance if episode.regimen else Substance.UNSPECIFIED
    allergy = _against(wanted, episode)
    return _telling(verdict, allergy, wanted, promised.split()) if allergy else verdict


def within_what_was_seen(verdict: Verdict, episode: Episode, promised: str) -> Verdict:
    """
    A finding that no B12 was given or ordered, where only a part of the doses or orders was seen: nothing is offered.

    Nor is it critical where doses may be missing. `promised` are the facts of its words: such a finding has `in_part?`.
    """
    hidden = episode.incomplete & THERAPY_TYPES
    if not isinstance(verdict, Finding) or not hidden or f"{IN_PART}?" not in promised.split():
        return verdict
    milder = episode.doses_in_part and verdict.indicator is Indicator.CRITICAL
    return replace(
        verdict,
        facts={**verdict.facts, IN_PART: ", ".join(sorted(hidden))},
        proposals=tuple(one for one in verdict.proposals if not isinstance(one, STARTS)),
        indicator=Indicator.WARNING if milder else verdict.indicator,
    )


def _telling(finding: Finding, allergy: Sensitivity, wanted: Substance, promised: list[str]) -> Finding:
    if f"{TOLD}?" not in promised:
        return finding
    facts: dict[str, Fact] = {**finding.facts, TOLD: _named(allergy, wanted)}
    if "regimen?" in promised:
        facts.pop("regimen", None)
    return replace(finding, facts=facts, evidence=(*finding.evidence, allergy.ref))


def _is_withheld(proposal: Proposal, episode: Episode) -> bool:
    """It orders what the patient may not tolerate, or corrects an order of it that is contraindicated as a whole."""
    regimen: Regimen | None = getattr(proposal, "regimen", None)
    if regimen and _against(regimen.substance, episode):
        return True
    if isinstance(proposal, ReplaceWithRegimen):
        return False
    order = getattr(proposal, "order", "")
    found = (_against(one.product.substance, episode) for one in episode.drafts if one.ref == order)
    return any(one is not None and one.weight is Weight.ALLERGY for one in found)


def _against(substance: Substance, episode: Episode) -> Sensitivity | None:
    """The heaviest that speaks against this cobalamin; a mild intolerance does not."""
    counted = (one for one in episode.allergies or () if one.weight is not Weight.MILD)
    return next((one for one in counted if one.against(substance)), None)


def _named(allergy: Sensitivity, wanted: Substance) -> str:
    """What it is to in our words, not in the chart's: the cobalamin wanted, B12 of any kind, cobalt, or another."""
    first = next((one for one in (wanted, Substance.UNSPECIFIED, Culprit.COBALT) if one in allergy.to), None)
    return first.value if first else min(one.value for one in allergy.to if isinstance(one, Substance))
