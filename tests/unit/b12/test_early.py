"""A maintenance injection ordered before it is due."""

from __future__ import annotations

import pytest

from cds_service.b12.early import too_early
from tests.helpers.reading import standing

TWO = "given 2026-07-01 {} hydroxocobalamin 1 mg IM"
ONCE = "hydroxocobalamin 1 mg IM once"
DAYS: dict[tuple[str, str], int | None] = {
    (TWO.format("2026-10-10"), ONCE): 41,
    (TWO.format("2026-10-09"), ONCE): None,
    (TWO.format("2026-11-19"), ONCE): 1,
    (TWO.format("2026-11-20"), ONCE): None,
    (TWO.format("2026-11-01"), "hydroxocobalamin 1 mg IM every 3 months"): None,
    (TWO.format("2026-11-01"), "hydroxocobalamin 1 mg IM every 3 months starting 2026-12-12"): 41,
    (TWO.format("2026-11-01"), "hydroxocobalamin 1 mg IM every 3 months starting 2026-12-13"): None,
    ("given 2026-11-01 hydroxocobalamin 1 mg IM", ONCE): None,
    ("", ONCE): None,
}


@pytest.mark.parametrize(("asked", "days"), DAYS.items())
def test_a_dose_before_the_protocols_soonest_day(asked: tuple[str, str], days: int | None) -> None:
    episode = standing(asked[0], draft=asked[1], protocol="uk-nice-bnf")
    early = too_early(episode, episode.drafts[0])

    assert (early.days if early else None) == days


def test_a_protocol_without_a_soonest_day_finds_none() -> None:
    episode = standing(TWO.format("2026-11-01"), draft=ONCE, protocol="us-practice")

    assert too_early(episode, episode.drafts[0]) is None
