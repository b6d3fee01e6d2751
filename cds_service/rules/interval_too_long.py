"""The interval is longer than the protocol gives for this phase and patient."""

from __future__ import annotations

from cds_service.b12.cadence import Cadence, Fit, cadence_of, interval_is_free, interval_unread
from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.nerves import neuro_regimen
from cds_service.b12.pace import slowest_step, sparse_loading, weekly
from cds_service.b12.policy import Span
from cds_service.b12.protocol import Regimen
from cds_service.b12.record import Schedule
from cds_service.b12.verdict import (
    CorrectInterval,
    Fact,
    Finding,
    Indicator,
    ReplaceWithRegimen,
    Silent,
    Undecided,
    Verdict,
)
from cds_service.rules import SELECT, SIGN, draft_rule

SAYS = {
    "maintenance": "substance ordered usual",
    "loading": "ordered slowest regimen",
}


@draft_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode, draft: B12Order) -> Verdict:
    """
    When B12 is ordered at an interval longer than the protocol gives this patient after loading
      or the loading of a patient who needs it is ordered slower than the protocol's slowest step
     and the interval is not that of another form, and no neurological regimen holds, which other checks judge
    Then name both intervals and offer the protocol's;
      info where some label gives the interval, or the protocol does for other patients.
    """
    if because := interval_is_free(episode, draft):
        return Silent(because)
    if missing := interval_unread(episode, draft):
        return Undecided(missing)
    if episode.background.neuro and neuro_regimen(episode, draft):
        return Silent("neurological signs: the schedule is judged by itself")
    slow, regimen = sparse_loading(episode, draft), episode.regimen
    if slow and regimen and (slowest := slowest_step(regimen)):
        return _loading(draft, slow, slowest, regimen)
    cadence = cadence_of(episode, draft)
    if cadence is None or cadence.fit is not Fit.LONGER:
        return Silent("no interval longer than the protocol's")
    if cadence.other:
        return Silent("the interval of another form")
    if "Condition" in episode.unseen:
        return Undecided("the problem list")
    return _maintenance(draft, cadence)


def _maintenance(draft: B12Order, cadence: Cadence) -> Finding:
    facts: dict[str, Fact] = {
        "substance": draft.product.substance.value,
        "ordered": cadence.schedule,
        "usual": cadence.usual,
    }
    fix = CorrectInterval(draft.ref, cadence.usual)
    return Finding("maintenance", facts, (draft.ref,), (fix,), Indicator.INFO if cadence.labelled else None, draft.ref)


def _loading(draft: B12Order, slow: Schedule, slowest: Span, regimen: Regimen) -> Finding:
    """Weekly loading is another country's label, so that it is only mentioned."""
    facts: dict[str, Fact] = {"ordered": slow, "slowest": slowest, "regimen": regimen}
    fix = ReplaceWithRegimen(draft.ref, regimen)
    return Finding("loading", facts, (draft.ref,), (fix,), Indicator.INFO if weekly(slow) else None, draft.ref)
