"""Milligrams and micrograms were taken for each other."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.b12.dose import B12Order
from cds_service.b12.doubt import Swap, swap_of
from cds_service.b12.episode import Episode
from cds_service.b12.intravenous import reads_as_antidote
from cds_service.b12.verdict import CorrectDose, Fact, Finding, Silent, Undecided, Verdict
from cds_service.rules import SELECT, SIGN, draft_rule

SAYS = {
    "too_high": "written reads_mcg usual_low usual_high meant_mcg",
    "impossible": "written reads_mcg usual_low usual_high",
    "too_low": "written reads_mcg usual_low usual_high meant_mcg",
    "code_text": "written reads_mcg usual_low usual_high meant_mcg?",
}


@draft_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode, draft: B12Order) -> Verdict:
    """
    When a dose of a B12 order, in its structure or its text and in the unit it is written in,
      is impossible for its route and product
      or the unit's code and the unit's text differ
     and the order is not the cyanide antidote
    Then say how the dose reads and what is usual, and offer the order with milligrams and micrograms exchanged,
      where that makes the dose plausible.
    """
    if because := reads_as_antidote(episode, draft):
        return Silent(because)
    if draft.mass is None:
        return Undecided("a dose that can be read as a mass")
    swaps = [swap for index in range(len(draft.steps)) if (swap := swap_of(episode, draft, index))]
    return _finding(draft, swaps) if swaps else Silent("no mix-up of milligrams and micrograms is apparent")


def _finding(draft: B12Order, swaps: Sequence[Swap]) -> Finding:
    """The first is told; the correction is of all of them, or there is none."""
    swap = swaps[0]
    facts: dict[str, Fact] = {
        "written": swap.written,
        "reads_mcg": swap.reads_mcg,
        "usual_low": swap.usual_low,
        "usual_high": swap.usual_high,
    }
    if swap.meant_mcg is not None and swap.likely:
        facts["meant_mcg"] = swap.meant_mcg
    meant = tuple((one.step, one.meant_mcg) for one in swaps if one.meant_mcg is not None and one.likely)
    fixes = (CorrectDose(draft.ref, meant),) if len(meant) == len(swaps) else ()
    return Finding(swap.kind, facts, (draft.ref,), fixes, about=draft.ref)
