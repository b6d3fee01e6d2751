"""B12 therapy begins, and nothing says what follows."""

from __future__ import annotations

from cds_service.b12.episode import Episode, Stage
from cds_service.b12.offering import regimen_to_offer
from cds_service.b12.plan import beginning_of, check_is_arranged, grounds, just_begun, next_check, why_planned
from cds_service.b12.policy import Check
from cds_service.b12.protocol import Regimen
from cds_service.b12.response import Start
from cds_service.b12.results import named
from cds_service.b12.verdict import PLAN, Fact, Finding, RecordPlan, Silent, Undecided, Verdict
from cds_service.b12.words import Indication
from cds_service.rules import SIGN, VIEW, patient_rule

SAYS = {
    "ordered": "regimen cause? tests?",
    "given": "since regimen cause? tests?",
}


@patient_rule(*VIEW, *SIGN, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When a deficiency is treated, and the first order is being signed or the first dose was given not long ago
     and no order goes on after loading, nor is any test of the protocol's next check ordered
     and no care plan for B12 is on record, nor an allergy to the protocol's cobalamin
    Then ask what follows and offer a care plan with the protocol's schedule and check.
    """
    if because := episode.out_of_scope:
        return Silent(because)
    regimen, start = regimen_to_offer(episode), beginning_of(episode)
    if regimen is None:
        return _not_offered(episode)
    if start is None:
        return _not_begun(episode)
    reasons = grounds(episode)
    if not just_begun(episode, start) or not reasons:
        return Silent("no treatment of a deficiency began lately")
    if because := why_planned(episode):
        return Silent(because)
    check = next_check(episode, start)
    if check_is_arranged(episode, check):
        return Silent("the next check is ordered")
    if episode.not_sent & {"CarePlan", "MedicationRequest", "ServiceRequest"}:
        return Undecided("care plans and orders")
    return _unplanned(episode, regimen, start, check)


def _not_offered(episode: Episode) -> Verdict:
    if episode.regimen is None:
        return Silent("the protocol gives this patient no regimen")
    return Silent("an allergy to the cobalamin of the protocol is on record")


def _not_begun(episode: Episode) -> Verdict:
    if episode.stage is Stage.VIEW and episode.doses_unseen:
        return Undecided("a record of doses given")
    return Silent("no start of therapy is on record")


def _unplanned(episode: Episode, regimen: Regimen, start: Start, check: Check | None) -> Finding:
    background, begun = episode.background, bool(episode.course.doses)
    facts: dict[str, Fact] = {"regimen": regimen}
    if background.indication is not Indication.UNKNOWN:
        facts["cause"] = background.indication.value
    if check:
        facts["tests"] = named(check.tests)
    if begun:
        facts["since"] = start.day
    fix = RecordPlan(regimen, (check,) if check else (), background.cause)
    return Finding("given" if begun else "ordered", facts, (*start.refs, *grounds(episode)), (fix,), about=PLAN)
