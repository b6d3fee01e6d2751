"""A drug that lowers B12 is taken for long, and B12 was not measured."""

from __future__ import annotations

from cds_service.b12.episode import Episode
from cds_service.b12.history import no_longer_treated
from cds_service.b12.risk import LongUse, long_uses, signs, tested_within
from cds_service.b12.safety import on_b12
from cds_service.b12.untreated import told_as_untreated
from cds_service.b12.verdict import TESTS, Fact, Finding, Indicator, OrderTests, Silent, Undecided, Verdict
from cds_service.b12.words import Analyte
from cds_service.rules import SELECT, VIEW, patient_rule

SAYS = {"due": "drug since", "signs": "drug since signs"}


@patient_rule(*VIEW, *SELECT, says=SAYS, beside=True)
def judge(episode: Episode) -> Verdict:
    """
    When metformin or a drug against stomach acid is taken for longer than the protocol's time
     and no B12 test was done within the protocol's interval, and none is ordered
     and the patient has no B12, and no other card asks for it because of an untreated deficiency
     and there is anaemia, large red cells or neuropathy, or the protocol tests on this drug without signs too
    Then offer a B12 test; a warning where there are signs. While ordering, only if that drug is being ordered.
    """
    if because := no_longer_treated(episode) or on_b12(episode):
        return Silent(because)
    drafted = {one.drug for one in episode.timeline.drug_drafts}
    uses = [one for one in long_uses(episode) if not episode.stage.ordering or one.risk.drug in drafted]
    if not uses:
        return Silent("no long use of a drug that lowers B12")
    if "Observation" in episode.unseen:
        return Undecided("laboratory results")
    if because := tested_within(episode, int(episode.protocol.screening.retest.value)):
        return Silent(because)
    if told_as_untreated(episode):
        return Silent("an untreated deficiency, which another card tells")
    names, refs = signs(episode)
    use = next((one for one in uses if names or one.risk.without_signs), None)
    return _finding(use, names, refs) if use else Silent("no sign of deficiency")


def _finding(use: LongUse, names: tuple[str, ...], refs: tuple[str, ...]) -> Finding:
    facts: dict[str, Fact] = {"drug": use.risk.drug.value, "since": use.since}
    fix = OrderTests((Analyte.B12,))
    if not names:
        return Finding("due", facts, use.refs, (fix,), about=TESTS)
    facts["signs"] = " and ".join(names)
    return Finding("signs", facts, (*use.refs, *refs), (fix,), Indicator.WARNING, TESTS)
