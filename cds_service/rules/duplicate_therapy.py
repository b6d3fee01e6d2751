"""Two courses of B12 replacement at once."""

from __future__ import annotations

from cds_service.b12.dose import B12Order
from cds_service.b12.duplicates import Duplicate, duplicate_of
from cds_service.b12.episode import Episode
from cds_service.b12.verdict import Fact, Finding, RemoveDraft, Silent, Undecided, Verdict
from cds_service.rules import SELECT, SIGN, draft_rule

SAYS = {"in_force": "substance every since", "undated": "substance every", "beside": "substance every"}


@draft_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode, draft: B12Order) -> Verdict:
    """
    When a B12 order is written while another is in force, or beside another in the same call,
     and both are injected, or both are swallowed, at the same time
     and they are no sequence of loading and maintenance, no single dose, and no renewal of an order that has run
      for an interval or longer
    Then name the other order, and since when, ask whether it is to be replaced, and offer to take this one away.
    """
    if because := episode.out_of_scope:
        return Silent(because)
    if found := duplicate_of(episode, draft):
        return _finding(draft, found)
    if "MedicationRequest" in episode.unseen:
        return Undecided("earlier orders")
    return Silent("no other B12 order runs at the same time")


def _finding(draft: B12Order, found: Duplicate) -> Finding:
    other, authored = found.other, found.other.order.authored
    facts: dict[str, Fact] = {"substance": other.product.substance.value, "every": other.schedules[-1]}
    evidence, fix = (draft.ref, other.ref), RemoveDraft(draft.ref)
    if found.beside:
        return Finding("beside", facts, evidence, (fix,), about=draft.ref)
    if authored is None:
        return Finding("undated", facts, evidence, (fix,), about=draft.ref)
    return Finding("in_force", facts | {"since": authored.latest}, evidence, (fix,), about=draft.ref)
