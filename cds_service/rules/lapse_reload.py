"""Maintenance is resumed after a lapse."""

from __future__ import annotations

from cds_service.b12.continuity import resumed_after_lapse
from cds_service.b12.course import lapse_of
from cds_service.b12.episode import Episode
from cds_service.b12.history import covered_by, is_for
from cds_service.b12.verdict import AddLoading, Fact, Finding, Silent, Undecided, Verdict
from cds_service.rules import SELECT, SIGN, patient_rule

SAYS = {
    "resumed": "days last limit regimen substance? in_part?",
}


@patient_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When maintenance injections are being ordered and no loading is
     and the last dose on record is longer ago than the time after which therapy counts as lapsed
     and nothing else covers the patient
    Then say how long the break was, ask for symptoms and blood count, and offer to put loading first; where the
      protocol's loading is of another cobalamin than the order, name it and offer nothing.
      No guideline gives a rule for loading again, and the card says so. It takes the place of the card on the overdue
      dose, because that dose is being ordered.
      Nothing is offered where doses or orders were seen only in part.
    """
    if because := episode.out_of_scope or covered_by(episode):
        return Silent(because)
    draft = resumed_after_lapse(episode)
    course, due, regimen = episode.course, episode.course.due, episode.regimen
    if draft is None or course.last is None or due is None or regimen is None:
        return Undecided("earlier B12 doses") if episode.doses_unseen else Silent("no maintenance after a lapse")
    facts: dict[str, Fact] = {
        "days": (episode.as_of - course.last.day.latest).days,
        "last": course.last.day.latest,
        "limit": lapse_of(due.interval, episode.protocol.timing),
        "regimen": regimen,
    }
    refs = (draft.ref, *course.last.refs)
    if not is_for(regimen, draft):
        return Finding("resumed", facts | {"substance": regimen.substance.value}, refs, about=draft.ref)
    return Finding("resumed", facts, refs, (AddLoading(draft.ref, regimen),), about=draft.ref)
