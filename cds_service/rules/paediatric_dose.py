"""A child is ordered an adult's dose, or a newborn an injection with benzyl alcohol."""

from __future__ import annotations

from cds_service.b12.children import adolescent, by_weight, childs_regimen, largest_dose, neonate
from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.history import is_injection
from cds_service.b12.instead import instead_of
from cds_service.b12.intravenous import reads_as_antidote
from cds_service.b12.preservative import Preservative, benzyl_alcohol_in
from cds_service.b12.verdict import Fact, Finding, Indicator, Silent, Undecided, Verdict
from cds_service.rules import SELECT, SIGN, draft_rule

SAYS = {
    "preserved": "known",
    "may_be_preserved": "",
    "adult_dose": "dose largest regimen",
}


@draft_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode, draft: B12Order) -> Verdict:
    """
    When B12 by injection is ordered for a newborn and the product holds or may hold benzyl alcohol,
      or for a child below the age of adult doses in a dose above what the protocol gives children
     and the order is no cyanide antidote
    Then ask for a product without preservative, critical where benzyl alcohol is named or the vial is a multi-dose one;
      or name the protocol's dose for children and offer it.
    """
    if because := reads_as_antidote(episode, draft):
        return Silent(because)
    if not is_injection(draft):
        return Silent("not injected")
    if "Patient" in episode.unseen:
        return Undecided("the date of birth")
    if not episode.child:
        return Silent("not a child")
    newborn, held = neonate(episode), benzyl_alcohol_in(draft)
    if newborn is not False and held is not Preservative.ABSENT:
        return _preserved(draft, held) if newborn else Undecided("the exact date of birth")
    return _adult_dose(episode, draft)


def _preserved(draft: B12Order, held: Preservative) -> Finding:
    if held is Preservative.POSSIBLE:
        return Finding("may_be_preserved", {}, (draft.ref,), about=draft.ref)
    return Finding("preserved", {"known": held.value}, (draft.ref,), (), Indicator.CRITICAL, draft.ref)


def _adult_dose(episode: Episode, draft: B12Order) -> Verdict:
    if because := episode.specialist_dosing:
        return Silent(because)
    if adolescent(episode):
        return Silent("old enough for an adult dose")
    if by_weight(draft):
        return Undecided("the body weight: the dose is per kilogram")
    regimen, mass = childs_regimen(draft, episode), draft.mass
    if regimen is None:
        return Undecided("a dose of this cobalamin for children: the protocol gives none")
    if mass is None:
        return Undecided("the dose")
    largest = largest_dose(regimen)
    if mass.high <= largest:
        return Silent("within the protocol's doses for children")
    facts: dict[str, Fact] = {"dose": mass.high, "largest": largest, "regimen": regimen}
    fix = instead_of(draft, regimen, episode)
    return Finding("adult_dose", facts, (draft.ref,), (fix,), about=draft.ref)
