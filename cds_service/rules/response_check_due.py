"""The protocol's check after starting B12 is due."""

from __future__ import annotations

from cds_service.b12.episode import Episode
from cds_service.b12.history import no_longer_treated
from cds_service.b12.response import check_of, due_on, not_done, reminded_until, start_of
from cds_service.b12.results import awaited, named
from cds_service.b12.verdict import TESTS, Fact, Finding, OrderTests, Silent, Undecided, Verdict
from cds_service.rules import VIEW, patient_rule

SAYS = {
    "due": "tests start due",
}


@patient_rule(*VIEW, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When B12 was started on a known day, and goes on
     and the protocol's first check for this patient fell due, not too long ago
     and its tests were not done late enough after the start to count, nor ordered
    Then name them and offer their order.
    """
    if because := episode.out_of_scope or no_longer_treated(episode):
        return Silent(because)
    start = start_of(episode)
    if start is None:
        return (
            Undecided("a record of doses given") if episode.doses_unseen else Silent("no start of therapy is on record")
        )
    check = check_of(episode, start)
    if check is None:
        return Silent("the protocol names no check for this patient")
    due = due_on(start, check)
    if not due <= episode.as_of <= reminded_until(episode, start, check.after):
        return Silent("not the time of the check")
    if "Observation" in episode.unseen:
        return Undecided("laboratory results")
    tests = not_done(episode, start, check)
    if not tests:
        return Silent("the check was done")
    if all(awaited(episode, (test,)) for test in tests):
        return Silent("the check is ordered")
    facts: dict[str, Fact] = {"tests": named(tests), "start": start.day, "due": due}
    return Finding("due", facts, start.refs, (OrderTests(tests),), about=TESTS)
