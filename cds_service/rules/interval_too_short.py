"""The interval is shorter than the protocol gives, or close doses have no end."""

from __future__ import annotations

from cds_service.b12.cadence import Cadence, Fit, cadence_of, interval_is_free, interval_unread
from cds_service.b12.dose import B12Order
from cds_service.b12.early import Early, too_early
from cds_service.b12.episode import Episode
from cds_service.b12.pace import closeness_is_meant, end_is_unread, never_ends, to_be_loaded
from cds_service.b12.record import Schedule
from cds_service.b12.verdict import CorrectInterval, Fact, Finding, ReplaceWithRegimen, Silent, Undecided, Verdict
from cds_service.rules import SELECT, SIGN, draft_rule

SAYS = {
    "maintenance": "substance ordered usual",
    "endless": "ordered regimen",
    "early": "days last soonest",
}


@draft_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode, draft: B12Order) -> Verdict:
    """
    When B12 is ordered to go on at a shorter interval than the protocol gives this patient after loading
      or at loading pace without an end
      or a single maintenance dose is ordered sooner after the last than the protocol allows
     and the interval is not that of another form, and no neurological sign and no nitrous oxide is documented
    Then name both intervals and offer the protocol's, or ask for an end.
    """
    if because := interval_is_free(episode, draft):
        return Silent(because)
    if because := closeness_is_meant(episode, draft):
        return Silent(because)
    if early := too_early(episode, draft):
        return _early(draft, early)
    if missing := interval_unread(episode, draft):
        return Undecided(missing)
    close, cadence = never_ends(episode, draft), cadence_of(episode, draft)
    if close is None and (cadence is None or cadence.fit is not Fit.SHORTER or cadence.other):
        return Silent("no interval shorter than the protocol's")
    if "Condition" in episode.unseen:
        return Undecided("the problem list")
    return _close(episode, draft, close, cadence)


def _close(episode: Episode, draft: B12Order, close: Schedule | None, cadence: Cadence | None) -> Verdict:
    if close is None or episode.regimen is None:
        return _shorter(draft, cadence) if cadence else Silent("no interval shorter than the protocol's")
    if end_is_unread(draft):
        return Undecided("a dosage text that can be read without doubt")
    if draft.ref not in episode.complete_drafts:
        return Silent("not signed yet, and no dose filled in")
    facts: dict[str, Fact] = {"ordered": close, "regimen": episode.regimen}
    instead = to_be_loaded(episode) and not episode.course.doses
    fixes = (ReplaceWithRegimen(draft.ref, episode.regimen),) if instead else ()
    return Finding("endless", facts, (draft.ref,), fixes, about=draft.ref)


def _shorter(draft: B12Order, cadence: Cadence) -> Finding:
    facts: dict[str, Fact] = {
        "substance": draft.product.substance.value,
        "ordered": cadence.schedule,
        "usual": cadence.usual,
    }
    return Finding("maintenance", facts, (draft.ref,), (CorrectInterval(draft.ref, cadence.usual),), about=draft.ref)


def _early(draft: B12Order, early: Early) -> Finding:
    facts: dict[str, Fact] = {"days": early.days, "last": early.last, "soonest": early.soonest}
    return Finding("early", facts, (draft.ref, *early.refs), about=draft.ref)
