"""The blood does not answer to B12 as expected."""

from __future__ import annotations

from cds_service.b12.episode import Episode
from cds_service.b12.history import no_longer_treated
from cds_service.b12.response import (
    Change,
    Start,
    change_of,
    enough_doses,
    reminded_until,
    rises_too_little,
    start_of,
    stays_large,
)
from cds_service.b12.results import still_wanted
from cds_service.b12.verdict import TESTS, Fact, Finding, Indicator, OrderTests, Silent, Undecided, Verdict
from cds_service.b12.words import Analyte
from cds_service.rules import VIEW, patient_rule

SAYS = {
    "haemoglobin": "before before_sampled now sampled days",
    "large_cells": "before now sampled days",
}
OTHER_CAUSES = (Analyte.FERRITIN, Analyte.FOLATE, Analyte.TSH)


@patient_rule(*VIEW, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When B12 was started on a known day, not long ago, and enough doses are on record
     and a low haemoglobin has risen by less than the protocol expects by then and is still low
     or a high mean cell volume is still high when the protocol expects it to be normal
    Then show both values and offer what is missing of ferritin, folate and thyroid function.
    """
    if because := episode.out_of_scope or no_longer_treated(episode):
        return Silent(because)
    if episode.child or episode.background.pregnant:
        return Silent("the limits are those of adults who are not pregnant")
    start = start_of(episode)
    if start is None:
        return (
            Undecided("a record of doses given") if episode.doses_unseen else Silent("no start of therapy is on record")
        )
    if episode.as_of > reminded_until(episode, start, episode.protocol.monitoring.response.late):
        return Silent("the start is too long ago")
    if "Observation" in episode.unseen:
        return Undecided("laboratory results")
    return _answer(episode, start)


def _answer(episode: Episode, start: Start) -> Verdict:
    blood = change_of(episode, Analyte.HAEMOGLOBIN, start)
    cells = change_of(episode, Analyte.MCV, start)
    if blood and blood.unusable:
        return Undecided("haemoglobin in g/dL or g/L")
    poor = blood and rises_too_little(blood, episode)
    if blood and poor and enough_doses(episode, start, blood.now):
        return _finding("haemoglobin", blood, episode, start)
    large = cells and stays_large(cells, episode)
    if cells and large and enough_doses(episode, start, cells.now):
        return _finding("large_cells", cells, episode, start)
    if poor or large:
        return Silent("too few doses on record to expect an answer")
    return Silent("no poor answer is on record")


def _finding(variant: str, change: Change, episode: Episode, start: Start) -> Finding:
    missing = still_wanted(episode, OTHER_CAUSES, start.day)
    facts: dict[str, Fact] = {
        "before": change.before.written,
        "now": change.now.written,
        "sampled": change.sampled,
        "days": change.days,
    }
    if variant == "haemoglobin":
        facts |= {"before_sampled": change.before_sampled}
    fixes = (OrderTests(missing),) if missing else ()
    indicator = Indicator.INFO if variant == "large_cells" else None
    evidence = (change.before.ref, change.now.ref, *start.refs)
    return Finding(variant, facts, evidence, fixes, indicator, TESTS)
