"""Which cards are shown, and in which order: a screen bears only so many."""

from __future__ import annotations

from collections.abc import Iterable

from cds_service.b12.verdict import Indicator
from cds_service.hooks import Card

UNCHECKED = frozenset({"order_not_seen", "not_checked", "check_failed"})
"""Cards that say that something was not checked."""


def most_urgent(cards: Iterable[Card], most: int) -> tuple[Card, ...]:
    """
    Critical before warning before info.

    Beyond `most` those are left out that are not critical and do not say that something was not checked.
    """
    ranked = sorted(cards, key=lambda card: (Indicator(card.indicator).rank, card.source.topic.code, str(card.uuid)))
    return tuple(card for place, card in enumerate(ranked) if place < most or _stays(card))


def _stays(card: Card) -> bool:
    return card.indicator == Indicator.CRITICAL.value or card.source.topic.code in UNCHECKED
