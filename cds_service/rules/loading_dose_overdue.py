"""The next loading dose is late, or a loading without a number of doses was broken off."""

from __future__ import annotations

from cds_service.b12.continuity import standing_orders
from cds_service.b12.episode import Episode
from cds_service.b12.history import at_loading_pace, covered_by, loading_state
from cds_service.b12.phase import NextLoading, broken_open_loading, next_loading
from cds_service.b12.protocol import Regimen
from cds_service.b12.verdict import (
    THERAPY,
    Fact,
    Finding,
    Indicator,
    OrderLoading,
    OrderRegimen,
    Proposal,
    Silent,
    Undecided,
    Verdict,
)
from cds_service.rules import VIEW, patient_rule

SAYS = {
    "late": "given needed? small? last due days allergic_to? in_part?",
    "stopped": "given last regimen allergic_to? in_part?",
}


@patient_rule(*VIEW, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When loading was begun and is not complete
     and the next loading dose was due longer ago than the protocol's grace within loading,
      or a loading for which the protocol gives no number of doses stopped before it had as many as any known loading
     and nothing else covers the patient
    Then say when it was due and by how many days it is late, or after how many doses loading stopped, and offer the
      rest where no order for loading is in force; info where loading stopped without neurological signs;
      info and no offer where doses were seen only in part.
      A dose of less than half of the smallest in such a loading is told, but not counted.
      A loading with a number of doses that is broken off is told by another card.
    """
    if because := episode.out_of_scope or covered_by(episode):
        return Silent(because)
    if broken := broken_open_loading(episode):
        return _stopped(episode, broken)
    following = next_loading(episode)
    if following is None:
        return Undecided("a record of doses given") if episode.doses_unseen else Silent("no loading goes on")
    if following.maybe_late:
        return Undecided("the exact date of the last dose")
    return _late(episode, following) if following.late else Silent("the next loading dose is not late")


def _late(episode: Episode, following: NextLoading) -> Finding:
    course, regimen, state = episode.course, episode.regimen, loading_state(episode)
    facts: dict[str, Fact] = {"given": course.given, "last": following.last}
    facts |= {"due": following.day, "days": following.overdue}
    fixes: tuple[Proposal, ...] = ()
    if regimen and state:
        facts |= state.counts
        fixes = () if _is_ordered(episode) else (OrderLoading(regimen, state.left),)
    return Finding("late", facts, course.refs, fixes, Indicator.INFO if episode.doses_in_part else None, THERAPY)


def _stopped(episode: Episode, regimen: Regimen) -> Finding:
    course, neuro = episode.course, episode.background.neuro
    facts: dict[str, Fact] = {"given": course.given, "last": course.doses[-1].day.latest, "regimen": regimen}
    fixes: tuple[Proposal, ...] = () if standing_orders(episode) else (OrderRegimen(regimen),)
    indicator = None if neuro and not episode.doses_in_part else Indicator.INFO
    return Finding("stopped", facts, (*course.refs, *neuro), fixes, indicator, THERAPY)


def _is_ordered(episode: Episode) -> bool:
    return any(at_loading_pace(order, episode) for order in standing_orders(episode))
