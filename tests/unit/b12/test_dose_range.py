"""Doses that no label gives: the three checks of a dose share the axis and never speak of one dose together."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cds_service.b12.dose_range import range_doubt_of, small_oral_of, told_otherwise
from cds_service.b12.doubt import swap_of, volume_doubt_of
from tests.helpers.reading import standing

KINDS = {
    "1575 mcg IM": "",
    "1576 mcg IM": "high",
    "5000 mcg IM": "high",
    "5001 mcg IM": "excessive",
    "3000 mcg IM": "ampoule",
    "9.9 mcg IM": "low",
    "10 mcg IM": "",
    "5 mcg IV": "",
    "10 mg oral": "high",
    "20 mg oral": "excessive",
    "1000 mcg nasal": "high",
    "hydroxocobalamin 10 mg IM": "ampoule",
    "hydroxocobalamin 9 mg IM": "high",
}


@pytest.mark.parametrize(("draft", "kind"), KINDS.items())
def test_a_dose_lies_within_what_labels_give_or_outside(draft: str, kind: str) -> None:
    episode = standing("", draft=f"{draft} monthly")
    doubt = range_doubt_of(episode, episode.drafts[0], 0)

    assert (doubt.kind if doubt else "") == kind


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    mcg=st.decimals("0.001", "2000000", places=3),
    product=st.sampled_from(["cyanocobalamin", "hydroxocobalamin", "mecobalamin", "vitamin B12"]),
    route=st.sampled_from(["IM", "SC", "oral", "nasal"]),
)
def test_one_dose_is_doubted_once(mcg: Decimal, product: str, route: str) -> None:
    episode = standing("", draft=f"{product} {mcg:f} mcg {route} monthly")
    draft = episode.drafts[0]

    unit, size = swap_of(episode, draft, 0), range_doubt_of(episode, draft, 0)

    assert volume_doubt_of(episode, draft, 0) is None
    assert bool(told_otherwise(episode, draft)) is bool(unit)
    assert unit is None or size is None or told_otherwise(episode, draft)


SMALL: dict[str, int | None] = {
    "999 mcg oral daily": 999,
    "1000 mcg oral daily": None,
    "1000 mcg oral weekly": 143,
    "1000 mcg oral every 8 days": None,
    "50 mcg oral": None,
    "50 mcg IM daily": None,
    "[cyanocobalamin 50 mcg tablet] 2 tablets oral daily": 100,
}


@pytest.mark.parametrize(("draft", "daily"), SMALL.items())
def test_a_small_dose_by_mouth_is_counted_by_the_day(draft: str, daily: int | None) -> None:
    episode = standing("", draft=draft)
    small = small_oral_of(episode, episode.drafts[0])

    assert (small.daily if small else None) == daily


@pytest.mark.parametrize(("mcg", "meant"), [(29, None), (30, 30), (1500, 1500), (1501, None)])
def test_a_regimens_dose_is_meant_only_where_labels_give_it_by_this_route(mcg: int, meant: int | None) -> None:
    episode = standing("", draft="5000 mcg IM monthly")
    assert episode.regimen
    upkeep = episode.regimen.maintenance
    assert upkeep
    dose = replace(upkeep.dose, low=Decimal(mcg), high=Decimal(mcg))
    own = replace(episode.regimen, loading=(), maintenance=replace(upkeep, dose=dose))
    doubt = range_doubt_of(replace(episode, regimen=own), episode.drafts[0], 0)

    assert doubt
    assert doubt.meant_mcg == meant
