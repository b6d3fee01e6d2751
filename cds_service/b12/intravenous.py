"""Unusual routes: the cyanide antidote, which is another therapy, slow injection, nutrition, test doses."""

from __future__ import annotations

import re

from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.timeline import in_antidote_range
from cds_service.b12.words import Route, SpecialTherapy, Substance

NUTRITION = re.compile(r"\bparenteral nutrition\b|\bTPN\b|\bPN bag\b", re.IGNORECASE)
TEST_DOSE = re.compile(r"\btest\b", re.IGNORECASE)
SLOWLY = re.compile(r"\bslow|\binfus|\bover\s+\d+\s*(?:min|h)", re.IGNORECASE)


def reads_as_antidote(episode: Episode, draft: B12Order) -> str:
    """
    Why the order is the cyanide antidote and not B12 replacement, or "".

    Known by product, or by hydroxocobalamin, all of it into a vein, after cyanide or in the antidote's gram range. The
    antidote is given once, perhaps again, so that an order which goes on without an end is none by its size alone.
    """
    if draft.product.antidote:
        return "the product is the cyanide antidote"
    if set(draft.routes) != {Route.INTRAVENOUS} or draft.product.substance is not Substance.HYDROXOCOBALAMIN:
        return ""
    if SpecialTherapy.ANTIDOTE in episode.background.special:
        return "hydroxocobalamin into a vein after cyanide exposure"
    large = in_antidote_range(draft.product.substance, draft.route, draft.mass, episode.protocol)
    if large and not draft.endless:
        return "hydroxocobalamin into a vein in the range of the cyanide antidote"
    return ""


def given_otherwise(draft: B12Order) -> str:
    """Why the route is no fault: a part of parenteral nutrition, a test dose into the skin; or ""."""
    texts = [step.instruction.text for step in draft.steps]
    if draft.route is Route.INTRAVENOUS and any(NUTRITION.search(text) for text in texts):
        return "part of parenteral nutrition"
    if draft.route is Route.INTRADERMAL and any(TEST_DOSE.search(text) for text in texts):
        return "a test dose into the skin"
    return ""


def given_slowly(draft: B12Order) -> bool:
    """The order's text asks for a slow injection or an infusion."""
    return any(SLOWLY.search(step.instruction.text) for step in draft.steps)
