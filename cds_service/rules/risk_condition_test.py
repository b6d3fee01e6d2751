"""A condition that leads to a lack of B12, and B12 was not measured."""

from __future__ import annotations

from cds_service.b12.episode import Episode, Stage
from cds_service.b12.history import no_longer_treated
from cds_service.b12.risk import RiskCondition, last_tested, operated_lately, risk_conditions, tested_within
from cds_service.b12.safety import on_b12
from cds_service.b12.untreated import told_as_lapsed, told_as_untreated
from cds_service.b12.verdict import TESTS, Fact, Finding, OrderTests, Silent, Undecided, Verdict
from cds_service.b12.words import Analyte
from cds_service.rules import PROBLEM, VIEW, patient_rule

SAYS = {"never": "condition", "again": "condition last"}


@patient_rule(*VIEW, *PROBLEM, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When an operation on stomach or ileum, Crohn's or coeliac disease or a vegan diet is on record, or pernicious
      anaemia in the family, or one of these is being added
     and no B12 test was done within the protocol's interval, and none is ordered
     and the patient has no B12, and no other card asks for it: for an untreated deficiency or a lapsed therapy
    Then offer a B12 test. After an operation, not before the interval has passed; for relatives, only once.
    """
    if because := no_longer_treated(episode) or on_b12(episode):
        return Silent(because)
    adding = episode.stage is Stage.PROBLEM
    known = [one for one in risk_conditions(episode) if not adding or episode.added & set(one.refs)]
    if not known:
        return Silent("no condition that calls for a B12 test")
    if told_as_untreated(episode):
        return Silent("an untreated deficiency, which another card tells")
    if told_as_lapsed(episode):
        return Silent("a lapsed therapy, which another card tells")
    if "Observation" in episode.unseen:
        return Undecided("laboratory results")
    if because := tested_within(episode, int(episode.protocol.screening.condition_retest.value)):
        return Silent(because)
    due = next((one for one in known if _is_due(episode, one)), None)
    return _finding(episode, due) if due else Silent("too early after the operation, or tested before")


def _is_due(episode: Episode, condition: RiskCondition) -> bool:
    once = condition.refs == episode.background.pernicious_kin
    return not operated_lately(episode, condition) and not (once and last_tested(episode))


def _finding(episode: Episode, condition: RiskCondition) -> Finding:
    facts: dict[str, Fact] = {"condition": condition.name}
    fix, last = OrderTests((Analyte.B12,)), last_tested(episode)
    if last is None or last.day is None:
        return Finding("never", facts, condition.refs, (fix,), about=TESTS)
    facts["last"] = last.day.latest
    return Finding("again", facts, (*condition.refs, last.ref), (fix,), about=TESTS)
