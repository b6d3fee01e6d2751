"""Orders that were not seen."""

from __future__ import annotations

from cds_service.b12.episode import Episode
from cds_service.b12.verdict import CALL, Finding, Indicator, Silent, Verdict
from cds_service.rules import ALLERGY, PROBLEM, SELECT, SIGN, call_rule

SAYS = {"not_sent": "", "unreadable": "", "lost": "orders", "entry_lost": "", "nameless": "orders"}


@call_rule(*SELECT, *SIGN, *PROBLEM, *ALLERGY, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When orders are being written or signed,
    and the call came without them, or with some that are of B12 by name or code and cannot be read,
    or with some whose drug is a reference to what was not seen,
    Then say that nothing was checked, and why. The same where a problem or an allergy that may bear on B12 cannot be
      read. An order that names its drug only in its instructions counts as one that cannot be read.
    """
    if episode.drafts_lost and episode.stage.ordering:
        return Finding("lost", {"orders": episode.drafts_lost}, indicator=Indicator.WARNING, about=CALL)
    if episode.drafts_lost:
        return Finding("entry_lost", {}, indicator=Indicator.WARNING, about=CALL)
    if episode.drafts_unreadable:
        return Finding("unreadable", {}, about=CALL)
    if episode.drafts_missing:
        return Finding("not_sent", {}, about=CALL)
    if episode.drafts_nameless:
        return Finding("nameless", {"orders": episode.drafts_nameless}, about=CALL)
    return Silent("what is being written was sent")
