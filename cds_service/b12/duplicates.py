"""Two orders of B12 replacement at once, where one was meant."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from cds_service.b12.dose import B12Order
from cds_service.b12.episode import SWALLOWED, Episode
from cds_service.b12.history import at_loading_pace, is_injection
from cds_service.b12.record import Order, Schedule


class Duplicate(Struct, frozen=True):
    """The other order; `beside`: it is being written in the same call."""

    other: B12Order
    beside: bool


def duplicate_of(episode: Episode, draft: B12Order) -> Duplicate | None:
    """The order that this draft repeats or overlaps: one in force, else one written before it in this call."""
    gone = {one.ref for one in episode.timeline.withdrawn}
    for other in episode.orders:
        if (
            other.ref not in gone | {draft.ref}
            and _overlaps(episode, draft, other)
            and not _renews(episode, draft, other)
        ):
            return Duplicate(other, beside=False)
    earlier = episode.drafts[: episode.drafts.index(draft)] if draft in episode.drafts else ()
    return next((Duplicate(other, beside=True) for other in earlier if _overlaps(episode, draft, other)), None)


def _overlaps(episode: Episode, one: B12Order, other: B12Order) -> bool:
    """Both go on at the same time and by the same way into the body; loading beside maintenance is a sequence."""
    same_way = all(map(is_injection, (one, other))) or all(order.route in SWALLOWED for order in (one, other))
    return same_way and not (_single(one) or _single(other)) and not _in_sequence(episode, one, other)


def _single(order: B12Order) -> bool:
    schedules = order.schedules
    return not schedules or all(one.count_high == 1 for one in schedules)


def _in_sequence(episode: Episode, one: B12Order, other: B12Order) -> bool:
    paces = at_loading_pace(one, episode), at_loading_pace(other, episode)
    return paces[0] is not paces[1] or _follows(one.order, other.order) or _follows(other.order, one.order)


def _follows(one: Order, other: Order) -> bool:
    """The one begins when the other is over."""
    return bool(one.starts and other.ends and one.starts.earliest >= other.ends.latest)


def _renews(episode: Episode, draft: B12Order, other: B12Order) -> bool:
    """The same drug, route and interval, where the order in force has run for at least one interval."""
    mine, theirs, authored = draft.schedule, other.schedule, other.order.authored
    if (draft.product.substance, draft.route) != (other.product.substance, other.route) or not (mine and theirs):
        return False
    run = _age(authored.latest if authored else None, episode)
    return _alike(mine, theirs, episode) and run >= theirs.interval[1]


def _alike(one: Schedule, other: Schedule, episode: Episode) -> bool:
    tolerance = episode.protocol.timing.interval_tolerance.value
    (low, high), (other_low, other_high) = one.interval, other.interval
    return low * (1 - tolerance) <= other_high and other_low * (1 - tolerance) <= high


def _age(day: date | None, episode: Episode) -> int:
    return (episode.as_of - day).days if day else 0
