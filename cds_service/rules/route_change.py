"""The route is another than that of the injections the patient is used to."""

from __future__ import annotations

from cds_service.b12.cadence import INTO_TISSUE
from cds_service.b12.changeover import (
    Established,
    beside_injections,
    change_is_expected,
    established_route,
    history_unseen,
    labelled_alike,
    reason_stated,
)
from cds_service.b12.dose import B12Order
from cds_service.b12.episode import SWALLOWED, Episode
from cds_service.b12.history import no_longer_treated
from cds_service.b12.intravenous import reads_as_antidote
from cds_service.b12.verdict import Fact, Finding, Silent, Undecided, Verdict
from cds_service.b12.words import Route
from cds_service.rules import SELECT, SIGN, draft_rule

SAYS = {
    "swallowed": "route established",
    "injected": "route established",
}


@draft_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode, draft: B12Order) -> Verdict:
    """
    When injections are established by an active order or by several doses
     and B12 is ordered by mouth or nose instead of them and not beside them,
      or as an injection by another route, where labelling does not give the product by both
     and neither the order says why nor the protocol lets it follow loading
    Then name both routes and ask whether the change is meant.
    """
    if because := reads_as_antidote(episode, draft) or episode.out_of_scope or no_longer_treated(episode):
        return Silent(because)
    route, established = draft.route, established_route(episode, draft)
    if route is None or route not in SWALLOWED | INTO_TISSUE:
        return Silent("no known route, or one that is judged by itself")
    if established is None:
        unseen = route in SWALLOWED and history_unseen(episode)
        return Undecided("earlier B12 doses and orders") if unseen else Silent("no course of injections is established")
    if route is established.route:
        return Silent("the established route")
    if route in SWALLOWED:
        return _swallowed(episode, draft, route, established)
    return _injected(episode, draft, route, established)


def _swallowed(episode: Episode, draft: B12Order, route: Route, established: Established) -> Verdict:
    if because := beside_injections(episode) or change_is_expected(episode, draft):
        return Silent(because)
    return _finding("swallowed", draft, route, established)


def _injected(episode: Episode, draft: B12Order, route: Route, established: Established) -> Verdict:
    if labelled_alike(episode, draft, route, established.route):
        return Silent("the product is labelled for both routes")
    labelled = episode.protocol.labelled(draft.product.substance)
    if labelled and route not in labelled.routes:
        return Silent("a route outside the labelling is judged by itself")
    if reason_stated(draft):
        return Silent("the order says why")
    return _finding("injected", draft, route, established)


def _finding(variant: str, draft: B12Order, route: Route, established: Established) -> Finding:
    facts: dict[str, Fact] = {"route": route.value, "established": established.route.value}
    return Finding(variant, facts, (draft.ref, *established.refs), about=draft.ref)
