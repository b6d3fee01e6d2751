"""The dose is one that no label gives for its route and form."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.b12.dose import B12Order
from cds_service.b12.dose_range import (
    RangeDoubt,
    SmallOral,
    range_doubt_of,
    small_is_enough,
    small_oral_of,
    told_otherwise,
)
from cds_service.b12.episode import Episode
from cds_service.b12.intravenous import given_otherwise, reads_as_antidote
from cds_service.b12.verdict import CorrectDose, Fact, Finding, Indicator, Silent, Undecided, Verdict
from cds_service.rules import SELECT, SIGN, draft_rule

SAYS = {
    "high": "written reads_mcg labelled_mcg usual_low usual_high meant_mcg?",
    "excessive": "written reads_mcg labelled_mcg usual_low usual_high meant_mcg?",
    "ampoule": "written reads_mcg labelled_mcg usual_low usual_high meant_mcg?",
    "low": "written reads_mcg labelled_mcg usual_low usual_high meant_mcg?",
    "oral_low": "daily minimum",
}


@draft_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode, draft: B12Order) -> Verdict:
    """
    When the mass ordered is more than any label gives by this route and in this form, or less for an adult
      or B12 by mouth comes to less a day than the protocol's minimum, in a documented deficiency that is not dietary
     and neither its unit nor its volume is in doubt, which other checks tell
    Then say how the dose reads and what labels give, and offer the protocol's dose;
      info for a whole marketed ampoule, and for a small dose by mouth.
    """
    if because := reads_as_antidote(episode, draft) or episode.specialist_dosing or given_otherwise(draft):
        return Silent(because)
    if draft.mass is None:
        return Undecided("a dose that can be read as a mass")
    if because := told_otherwise(episode, draft):
        return Silent(because)
    doubts = [doubt for index in range(len(draft.steps)) if (doubt := range_doubt_of(episode, draft, index))]
    if doubts:
        return _finding(draft, doubts)
    small = small_oral_of(episode, draft)
    return _small(episode, draft, small) if small else Silent("a dose that labels give")


def _finding(draft: B12Order, doubts: Sequence[RangeDoubt]) -> Finding:
    """The first is told; the correction is of all of them, or there is none."""
    doubt = doubts[0]
    facts: dict[str, Fact] = {
        "written": doubt.written,
        "reads_mcg": doubt.reads_mcg,
        "labelled_mcg": doubt.labelled_mcg,
        "usual_low": doubt.usual_low,
        "usual_high": doubt.usual_high,
    }
    if doubt.meant_mcg is not None:
        facts["meant_mcg"] = doubt.meant_mcg
    meant = tuple((one.step, one.meant_mcg) for one in doubts if one.meant_mcg is not None)
    fixes = (CorrectDose(draft.ref, meant),) if len(meant) == len(doubts) else ()
    indicator = Indicator.INFO if doubt.kind == "ampoule" else None
    return Finding(doubt.kind, facts, (draft.ref,), fixes, indicator, draft.ref)


def _small(episode: Episode, draft: B12Order, small: SmallOral) -> Verdict:
    if because := small_is_enough(episode):
        return Silent(because)
    if not episode.deficiency:
        unseen = bool(episode.unseen & {"Condition", "Observation"})
        return Undecided("the problem list and laboratory results") if unseen else Silent("no deficiency is documented")
    facts: dict[str, Fact] = {"daily": small.daily, "minimum": small.minimum}
    return Finding("oral_low", facts, (draft.ref, *episode.deficiency), (), Indicator.INFO, draft.ref)
