"""The route is outside the labelling of the product."""

from __future__ import annotations

from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.intravenous import given_otherwise, given_slowly, reads_as_antidote
from cds_service.b12.protocol import LabelledRoutes
from cds_service.b12.verdict import CorrectRoute, Fact, Finding, Indicator, Silent, Undecided, Verdict
from cds_service.b12.words import Form, Route, Substance
from cds_service.rules import SELECT, SIGN, draft_rule

SAYS = {
    "form": "route form",
    "vein": "route substance labelled",
    "elsewhere": "route substance labelled",
    "unlabelled": "route substance labelled",
}


@draft_rule(*SELECT, *SIGN, says=SAYS)
def judge(episode: Episode, draft: B12Order) -> Verdict:
    """
    When a product that is swallowed or sprayed is ordered as an injection,
      or an injection of B12 is ordered, in any step, by a route that its labelling here does not give
     and the order is no cyanide antidote, no parenteral nutrition, no test dose into the skin
      and not for another therapy with a schedule of its own
    Then name the labelled routes and offer the order by the first of them;
      critical for cyanocobalamin into a vein unless slowly, info where another country's label gives the route.
    """
    if because := reads_as_antidote(episode, draft) or episode.out_of_scope or given_otherwise(draft):
        return Silent(because)
    if set(draft.routes) <= {Route.OTHER}:
        unclear = draft.product.form is Form.INJECTION or draft.text_refused
        return Undecided("the route of administration") if unclear else Silent("no known route is given")
    verdicts = [_judged(episode, draft, route) for route in draft.routes if route is not Route.OTHER]
    findings = [one for one in verdicts if isinstance(one, Finding)]
    urgent = (one for one in findings if one.indicator is Indicator.CRITICAL)
    return next(urgent, None) or next(iter(findings), verdicts[0])


def _judged(episode: Episode, draft: B12Order, route: Route) -> Verdict:
    if not route.parenteral:
        return Silent("not injected")
    form = draft.product.form
    if form not in {None, Form.INJECTION}:
        named: dict[str, Fact] = {"route": route.value, "form": form.value if form else ""}
        return Finding("form", named, (draft.ref,), about=draft.ref)
    labelled = episode.protocol.labelled(draft.product.substance)
    if labelled is None:
        return _unlisted(episode, draft, route)
    return Silent("a labelled route") if route in labelled.routes else _unlabelled(draft, route, labelled)


def _unlabelled(draft: B12Order, route: Route, labelled: LabelledRoutes) -> Finding:
    facts: dict[str, Fact] = {
        "route": route.value,
        "substance": draft.product.substance.value,
        "labelled": " or ".join(one.value for one in labelled.routes),
    }
    fixes = (CorrectRoute(draft.ref, labelled.routes[0]),) if len(draft.routes) == 1 else ()
    pushed = route is Route.INTRAVENOUS and not given_slowly(draft)
    if pushed and draft.product.substance is Substance.CYANOCOBALAMIN:
        return Finding("vein", facts, (draft.ref,), fixes, Indicator.CRITICAL, draft.ref)
    if route in labelled.elsewhere:
        return Finding("elsewhere", facts, (draft.ref,), fixes, Indicator.INFO, draft.ref)
    return Finding("unlabelled", facts, (draft.ref,), fixes, about=draft.ref)


def _unlisted(episode: Episode, draft: B12Order, route: Route) -> Verdict:
    """A cobalamin that is not named might be any: only a route that all have is safe."""
    if draft.product.substance is Substance.UNSPECIFIED and not all(
        route in one.routes for one in episode.protocol.routes
    ):
        return Undecided("which cobalamin the product contains")
    return Silent("the protocol names no routes for this substance")
