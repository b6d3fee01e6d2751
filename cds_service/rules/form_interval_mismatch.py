"""The interval belongs to another form of B12."""

from __future__ import annotations

from cds_service.b12.cadence import (
    Cadence,
    Fit,
    cadence_of,
    form_of,
    interval_is_free,
    interval_unread,
    swallowed_like_injections,
)
from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.record import Schedule
from cds_service.b12.verdict import CorrectInterval, Fact, Finding, Indicator, Silent, Undecided, Verdict
from cds_service.b12.words import Substance
from cds_service.rules import SELECT, SIGN, draft_rule

SAYS = {
    "longer": "substance other ordered usual",
    "shorter": "substance other ordered usual",
    "swallowed": "form ordered",
}


@draft_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode, draft: B12Order) -> Verdict:
    """
    When injections of one cobalamin are ordered at an interval that the protocol does not give it
     and that is the interval of another cobalamin
      or B12 by mouth is ordered at the interval of injections
    Then name both intervals and offer the protocol's;
      info where the interval is the shorter one, which symptoms may justify.
    """
    if because := interval_is_free(episode, draft):
        return Silent(because)
    if schedule := swallowed_like_injections(episode, draft):
        return _swallowed(draft, schedule)
    if missing := interval_unread(episode, draft):
        return Undecided(missing)
    cadence = cadence_of(episode, draft)
    if cadence is None:
        return Silent("no interval that goes on, or none that any source gives")
    if cadence.fit is Fit.WITHIN:
        return Silent("an interval that is given for this form")
    if cadence.other is None:
        return Silent("no other form's interval")
    return _finding(draft, cadence, cadence.other)


def _swallowed(draft: B12Order, schedule: Schedule) -> Finding:
    facts: dict[str, Fact] = {"form": form_of(draft).value, "ordered": schedule}
    return Finding("swallowed", facts, (draft.ref,), about=draft.ref)


def _finding(draft: B12Order, cadence: Cadence, other: Substance) -> Finding:
    facts: dict[str, Fact] = {
        "substance": draft.product.substance.value,
        "other": other.value,
        "ordered": cadence.schedule,
        "usual": cadence.usual,
    }
    fix = CorrectInterval(draft.ref, cadence.usual)
    indicator = Indicator.INFO if cadence.fit is Fit.SHORTER else None
    return Finding(cadence.fit.value, facts, (draft.ref,), (fix,), indicator, draft.ref)
