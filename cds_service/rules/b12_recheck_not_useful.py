"""A B12 level ordered while injections go on."""

from __future__ import annotations

from cds_service.b12.chart import LabOrder
from cds_service.b12.episode import Episode
from cds_service.b12.response import on_injections
from cds_service.b12.results import nitrous_oxide
from cds_service.b12.verdict import Fact, Finding, RemoveDraft, Silent, Undecided, Verdict
from cds_service.b12.words import Analyte, Indication
from cds_service.rules import SELECT, SIGN, test_rule

SAYS = {
    "recheck": "last?",
}


@test_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode, test: LabOrder) -> Verdict:
    """
    When a total B12 level is ordered
     and B12 injections go on, for a deficiency that is documented
     and the protocol finds the level of no use meanwhile
    Then say why, and offer to take the test away if it asks for nothing else.
    """
    if Analyte.B12 not in test.analytes:
        return Silent("not a total B12 level")
    if episode.protocol.monitoring.b12_on_injections is not False:
        return Silent("the protocol does not advise against the level")
    if episode.doses_unseen:
        return Undecided("a record of doses given")
    if not on_injections(episode):
        return Silent("no injections go on")
    if because := _of_use(episode):
        return Silent(because)
    last = episode.course.last
    facts: dict[str, Fact] = {"last": last.day.latest} if last else {}
    fixes = (RemoveDraft(test.ref),) if test.analytes == (Analyte.B12,) else ()
    evidence = (test.ref, *(last.refs if last else ()))
    return Finding("recheck", facts, evidence, fixes, about=test.ref)


def _of_use(episode: Episode) -> str:
    if because := episode.out_of_scope:
        return because
    if episode.oral_cover:
        return "swallowed B12 is taken too: the level may tell of it"
    if nitrous_oxide(episode):
        return "nitrous oxide is on record: another question"
    if not episode.deficiency and episode.background.indication is Indication.UNKNOWN:
        return "no deficiency is documented: the diagnosis may be open"
    return ""
