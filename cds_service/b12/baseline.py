"""Before the first dose: whether the order begins a treatment, and whether its cause is known without a blood test."""

from __future__ import annotations

from cds_service.b12.dose import B12Order
from cds_service.b12.episode import SWALLOWED, Episode, daily_mcg
from cds_service.b12.history import earlier_therapy, is_injection
from cds_service.b12.intravenous import given_otherwise, reads_as_antidote
from cds_service.b12.words import Indication, Route


def first_treatment(episode: Episode) -> tuple[B12Order, ...]:
    """The drafts that begin B12 treatment; none where B12 was ever given, stated or ordered before."""
    if earlier_therapy(episode, *episode.drafts):
        return ()
    return tuple(draft for draft in episode.asked_about if _treats(draft, episode))


def _treats(draft: B12Order, episode: Episode) -> bool:
    """An injection or a nasal dose, or a swallowed one that the protocol calls adequate; less is a supplement."""
    if not draft.has_dose or reads_as_antidote(episode, draft) or given_otherwise(draft):
        return False
    if draft.route in SWALLOWED and draft.route is not Route.NASAL:
        return (daily_mcg(draft) or 0) >= episode.protocol.oral.minimum.value
    return draft.route is Route.NASAL or is_injection(draft)


def prevention(episode: Episode) -> str:
    """Why B12 may be meant to prevent a deficiency, so that no test has to come before it; or ""."""
    background = episode.background
    lost = background.indication is Indication.PERMANENT_MALABSORPTION
    operated = background.total_gastrectomy or background.gastric_surgery or background.ileal
    if not episode.deficiency and (lost or operated):
        return "this may be prevention in a known malabsorption"
    return ""
