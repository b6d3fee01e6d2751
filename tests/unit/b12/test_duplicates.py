"""Which other order a draft repeats, where references tell that it is the same one."""

from __future__ import annotations

from msgspec.structs import replace

from cds_service.b12.duplicates import duplicate_of
from tests.helpers.reading import standing

RECORD, DRAFT = "PA; ordered 2026-11-10 1000 mcg IM monthly", "1000 mcg IM monthly"


def test_an_order_repeats_the_one_in_force() -> None:
    episode = standing(RECORD, draft=DRAFT)

    found = duplicate_of(episode, episode.drafts[0])

    assert found is not None
    assert (found.other, found.beside) == (episode.orders[0], False)


def test_an_order_that_is_being_stopped_makes_room_for_its_successor() -> None:
    episode = standing(RECORD, draft=DRAFT)
    stopping = replace(episode, timeline=replace(episode.timeline, withdrawn=episode.orders))

    assert duplicate_of(stopping, episode.drafts[0]) is None


def test_an_order_that_is_written_anew_does_not_repeat_itself() -> None:
    episode = standing(RECORD, draft=DRAFT)
    [draft], [standing_order] = episode.drafts, episode.orders
    anew = replace(draft, order=replace(draft.order, ref=standing_order.ref))

    assert duplicate_of(episode, anew) is None
