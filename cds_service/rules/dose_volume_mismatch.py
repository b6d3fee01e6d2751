"""The volume or count ordered does not hold the dose that is meant."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.b12.dose import B12Order
from cds_service.b12.doubt import VolumeDoubt, swap_of, volume_doubt_of
from cds_service.b12.episode import Episode
from cds_service.b12.intravenous import reads_as_antidote
from cds_service.b12.verdict import CorrectVolume, Fact, Finding, Indicator, Silent, Undecided, Verdict
from cds_service.rules import SELECT, SIGN, draft_rule

SAYS = {
    "stated": "written holds_mcg meant_mcg strength usual_low usual_high",
    "too_much": "written holds_mcg meant_mcg strength usual_low usual_high",
    "too_little": "written holds_mcg meant_mcg strength usual_low usual_high",
}


@draft_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode, draft: B12Order) -> Verdict:
    """
    When an order gives a volume or a count of a product whose strength is known
     and that amount holds another mass than the order states beside it,
      or more than the largest dose that any label gives, or less than any replacement dose
    Then put both readings side by side and offer the volume that holds the dose; critical from tenfold.
    """
    if because := reads_as_antidote(episode, draft) or episode.specialist_dosing:
        return Silent(because)
    doubts = [doubt for index in range(len(draft.steps)) if (doubt := volume_doubt_of(episode, draft, index))]
    if doubts:
        return _finding(draft, doubts)
    if any(swap_of(episode, draft, index) for index in range(len(draft.steps))):
        return Silent("the unit of the dose is in doubt")
    if draft.mass is None:
        return Undecided("the strength of the product, or a dose stated as a mass")
    return Silent("volume and mass agree, or only one of them is given")


def _finding(draft: B12Order, doubts: Sequence[VolumeDoubt]) -> Finding:
    """The first is told; the correction is of all of them, or there is none."""
    doubt = doubts[0]
    right = tuple((one.step, one.right_ml) for one in doubts if one.right_ml is not None)
    fixes = (CorrectVolume(draft.ref, right),) if len(right) == len(doubts) else ()
    facts: dict[str, Fact] = {
        "written": doubt.written,
        "holds_mcg": doubt.holds_mcg,
        "meant_mcg": doubt.meant_mcg or doubt.usual_high,
        "strength": doubt.strength,
        "usual_low": doubt.usual_low,
        "usual_high": doubt.usual_high,
    }
    indicator = Indicator.CRITICAL if any(one.tenfold for one in doubts) else None
    return Finding(doubt.kind, facts, (draft.ref,), fixes, indicator, draft.ref)
