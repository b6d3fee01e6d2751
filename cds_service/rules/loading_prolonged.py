"""B12 goes on at loading pace after loading should have ended."""

from __future__ import annotations

from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode, Stage
from cds_service.b12.history import is_for, no_longer_treated
from cds_service.b12.phase import (
    close_doses_are_meant,
    maintenance_stands,
    ongoing_run,
    own_loading,
    prolonged_run,
    prolonging_order,
    without_an_end,
)
from cds_service.b12.protocol import Regimen
from cds_service.b12.record import Schedule
from cds_service.b12.verdict import (
    THERAPY,
    CorrectInterval,
    Fact,
    Finding,
    OrderMaintenance,
    Proposal,
    Silent,
    Undecided,
    Verdict,
)
from cds_service.rules import SELECT, SIGN, VIEW, patient_rule

SAYS = {
    "given": "given first last regimen allergic_to?",
    "ordered": "given ordered regimen planned? upkeep? allergic_to?",
}


@patient_rule(*VIEW, *SELECT, *SIGN, says=SAYS)
def judge(episode: Episode) -> Verdict:
    """
    When doses follow each other at loading pace, more of them or for longer than in the loading of any known protocol
     or an order being written brings them there, or an order goes on without an end after loading had all its doses
     and neither neurological signs nor nitrous oxide call for it, and the protocol gives loading a number of doses
    Then name the protocol's loading and offer maintenance; not in an order of another cobalamin than the protocol's.
    """
    if because := episode.out_of_scope or no_longer_treated(episode):
        return Silent(because)
    regimen = own_loading(episode)
    if regimen is None or episode.child:
        return Silent("the protocol gives this patient no loading")
    if because := close_doses_are_meant(episode):
        return Silent(because)
    run = prolonged_run(episode) if episode.stage is Stage.VIEW else ()
    found = prolonging_order(episode)
    if not run and found is None:
        return Silent("nothing goes on at loading pace for too long")
    if "Condition" in episode.unseen:
        return Undecided("the problem list")
    return _ordered(episode, regimen, *found) if found and not run else _given(episode, regimen)


def _given(episode: Episode, regimen: Regimen) -> Finding:
    run = ongoing_run(episode)
    facts: dict[str, Fact] = {"given": len(run), "first": run[0].day.earliest, "last": run[-1].day.latest}
    refs = tuple(ref for dose in run for ref in dose.refs)
    return Finding("given", facts | {"regimen": regimen}, refs, _maintenance(episode), about=THERAPY)


def _ordered(episode: Episode, regimen: Regimen, order: B12Order, close: Schedule, planned: int | None) -> Finding:
    facts: dict[str, Fact] = {"given": len(ongoing_run(episode)), "ordered": close, "regimen": regimen}
    facts |= {"planned": planned} if planned is not None else {}
    if episode.stage is Stage.VIEW:
        return Finding("ordered", facts, (order.ref,), _maintenance(episode), about=THERAPY)
    upkeep = episode.regimen.maintenance if episode.regimen and is_for(episode.regimen, order) else None
    if upkeep is None or not without_an_end(order):
        return Finding("ordered", facts, (order.ref,), about=order.ref)
    facts["upkeep"] = upkeep.interval
    return Finding("ordered", facts, (order.ref,), (CorrectInterval(order.ref, upkeep.interval),), about=order.ref)


def _maintenance(episode: Episode) -> tuple[Proposal, ...]:
    regimen = episode.regimen
    wanted = regimen and regimen.maintenance and not maintenance_stands(episode)
    return (OrderMaintenance(regimen),) if regimen and wanted else ()
