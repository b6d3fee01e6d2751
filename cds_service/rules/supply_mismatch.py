"""The quantity ordered does not fit the schedule."""

from __future__ import annotations

from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.intravenous import reads_as_antidote
from cds_service.b12.supply import Mismatch, mismatch_of, portions_of, says_how_long, supplied_of, uncountable
from cds_service.b12.verdict import CorrectSupply, Fact, Finding, Silent, Verdict
from cds_service.rules import SELECT, SIGN, draft_rule

SAYS = {
    "schedule": "supplied needed unit quantity? repeats?",
    "days": "supplied needed unit quantity days",
    "validity": "supplied needed unit until quantity? repeats?",
    "excess": "supplied needed unit quantity? repeats?",
}


@draft_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode, draft: B12Order) -> Verdict:
    """
    When a B12 order names a quantity that can be counted in doses
     and it ends, refills included, before the schedule or the order does, or one supply before its days are over
      or it holds many times what the schedule uses, even if each container serves one dose only
    Then say both amounts, and offer the quantity or the number of refills that fits.
    """
    if because := reads_as_antidote(episode, draft) or uncountable(episode, draft):
        return Silent(because)
    supplied = supplied_of(draft)
    if supplied is None:
        return Silent("no quantity in a known unit is ordered")
    portions = portions_of(draft, supplied.amount)
    if not portions:
        return Silent("how many doses the quantity holds is not known")
    if not says_how_long(draft, portions):
        return Silent("nothing says how long the supply is to last")
    found = mismatch_of(episode, draft, supplied, portions)
    return _finding(draft, found) if found else Silent("the supply fits the schedule")


def _finding(draft: B12Order, found: Mismatch) -> Finding:
    told: dict[str, Fact | None] = {
        "supplied": found.supplied,
        "needed": found.needed,
        "unit": found.unit,
        "quantity": found.quantity,
        "repeats": found.repeats,
        "until": found.until,
        "days": found.days,
    }
    facts: dict[str, Fact] = {name: value for name, value in told.items() if value is not None}
    fix = CorrectSupply(draft.ref, found.quantity, found.repeats)
    return Finding(found.kind, facts, (draft.ref,), (fix,), about=draft.ref)
