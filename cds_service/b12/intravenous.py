"""Cobalamin into a vein: the cyanide antidote, which is another therapy, and slow injection."""

from __future__ import annotations

import re

from cds_service.b12.dose import B12Order
from cds_service.b12.episode import Episode
from cds_service.b12.words import Route, SpecialTherapy, Substance

SLOWLY = re.compile(r"\bslow|\binfus|\bover\s+\d+\s*(?:min|h)", re.IGNORECASE)


def reads_as_antidote(episode: Episode, draft: B12Order) -> str:
    """
    Why the order is the cyanide antidote and not B12 replacement, or "".

    Known by product, or by hydroxocobalamin into a vein in the antidote's gram range or after cyanide.
    """
    if draft.product.antidote:
        return "the product is the cyanide antidote"
    if draft.route is not Route.INTRAVENOUS or draft.product.substance is not Substance.HYDROXOCOBALAMIN:
        return ""
    if SpecialTherapy.ANTIDOTE in episode.background.special:
        return "hydroxocobalamin into a vein after cyanide exposure"
    if draft.mass and draft.mass.high >= episode.protocol.timing.antidote_from.value:
        return "hydroxocobalamin into a vein in the range of the cyanide antidote"
    return ""


def given_slowly(draft: B12Order) -> bool:
    """The order's text asks for a slow injection or an infusion."""
    return any(SLOWLY.search(step.instruction.text) for step in draft.steps)
