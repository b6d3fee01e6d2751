"""B12 is ordered, or in force, against a recorded allergy."""

from __future__ import annotations

from cds_service.b12.allergies import Culprit, Sensitivity, Weight
from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode, Stage
from cds_service.b12.intravenous import given_otherwise, reads_as_antidote
from cds_service.b12.preservative import Preservative, benzyl_alcohol_in
from cds_service.b12.verdict import Fact, Finding, Indicator, Proposal, RemoveDraft, Silent, Undecided, Verdict
from cds_service.b12.words import Route
from cds_service.rules import ALLERGY, SELECT, SIGN, draft_rule

SAYS = {
    "same": "allergy substance",
    "cross": "allergy substance",
    "intolerance": "allergy substance",
    "antidote": "allergy",
    "mixture": "allergy substance",
    "excipient": "substance known?",
}
GRAVE = {Weight.ALLERGY: Indicator.CRITICAL, Weight.INTOLERANCE: Indicator.WARNING, Weight.MILD: Indicator.INFO}


@draft_rule(*SELECT, *SIGN, *ALLERGY, says=SAYS)
def judge(episode: Episode, draft: B12Order) -> Verdict:
    """
    When B12 is ordered, or an order that nobody ended stands, however old, while an allergy is being written
     and an allergy or intolerance to that cobalamin, to B12 of any kind or to cobalt is recorded and not ruled out
    Then name it and offer to take the order away; a warning for an intolerance, info for a mild one;
      a warning where another cobalamin, or the cyanide antidote, is ordered, info where the allergy is to a mixture;
      a question where the allergy is to benzyl alcohol and the injection holds or may hold it;
      nothing for a test dose into the skin, which labels advise.
    """
    if episode.allergies is None:
        return Undecided("the allergy list")
    if draft.route is Route.INTRADERMAL and given_otherwise(draft):
        return Silent("a test dose into the skin")
    relevant = [one for one in episode.allergies if episode.stage is not Stage.ALLERGY or one.ref in episode.added]
    against = next((one for one in relevant if one.against(draft.product.substance)), None)
    other = next((one for one in relevant if one.of_another_cobalamin), None)
    if reads_as_antidote(episode, draft):
        return _antidote(draft, against or other)
    if against:
        return _same(episode, draft, against)
    if other:
        return _beside("cross", draft, other, Indicator.INFO if other.weight is Weight.MILD else Indicator.WARNING)
    mixed = next((one for one in relevant if Culprit.MIXTURE in one.to), None)
    if mixed:
        return _beside("mixture", draft, mixed, Indicator.INFO)
    excipient = next((one for one in relevant if Culprit.BENZYL_ALCOHOL in one.to), None)
    return _excipient(draft, excipient) if excipient else Silent("no allergy that bears on B12 is recorded")


def _antidote(draft: B12Order, allergy: Sensitivity | None) -> Verdict:
    if allergy is None:
        return Silent("the order is the cyanide antidote, and no allergy to B12 is recorded")
    return Finding("antidote", {"allergy": allergy.name}, (draft.ref, allergy.ref), (), Indicator.WARNING, draft.ref)


def _same(episode: Episode, draft: B12Order, allergy: Sensitivity) -> Finding:
    if allergy.weight is not Weight.ALLERGY:
        return _beside("intolerance", draft, allergy, GRAVE[allergy.weight])
    fixes: tuple[Proposal, ...] = (RemoveDraft(draft.ref),) if episode.stage is not Stage.ALLERGY else ()
    return Finding("same", _named(draft, allergy), (draft.ref, allergy.ref), fixes, about=draft.ref)


def _beside(variant: str, draft: B12Order, allergy: Sensitivity, indicator: Indicator) -> Finding:
    return Finding(variant, _named(draft, allergy), (draft.ref, allergy.ref), (), indicator, draft.ref)


def _named(draft: B12Order, allergy: Sensitivity) -> dict[str, Fact]:
    return {"allergy": allergy.name, "substance": draft.product.substance.value}


def _excipient(draft: B12Order, allergy: Sensitivity) -> Verdict:
    held = benzyl_alcohol_in(draft)
    if held is Preservative.ABSENT:
        return Silent("the product holds no benzyl alcohol")
    facts: dict[str, Fact] = {"substance": draft.product.substance.value}
    evidence = (draft.ref, allergy.ref)
    if held is Preservative.POSSIBLE or allergy.weight is Weight.MILD:
        return Finding("excipient", facts, evidence, (), Indicator.INFO, draft.ref)
    facts["known"] = held.value
    return Finding("excipient", facts, evidence, (), Indicator.WARNING, draft.ref)
