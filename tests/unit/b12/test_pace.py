"""Loading that is too sparse, and close doses that never end."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from cds_service.b12.episode import Episode
from cds_service.b12.pace import never_ends, slowest_step, sparse_loading, to_be_loaded
from tests.helpers.reading import standing

ENDLESS = {
    ("PA", "hydroxocobalamin 1 mg IM 3 times a week"): True,
    ("PA", "hydroxocobalamin 1 mg IM 3 times a week x 6"): False,
    ("PA", "hydroxocobalamin 1 mg IM weekly"): True,
    ("", "hydroxocobalamin 1 mg IM weekly"): False,
    ("PA", "hydroxocobalamin 1 mg IM every 8 days"): False,
    ("PA", "hydroxocobalamin 1 mg daily"): False,
    ("PA", "mecobalamin 500 mcg IM daily"): False,
    ("PA; injections started", "hydroxocobalamin 1 mg IM every 3-7 days"): True,
    ("PA; injections started", "hydroxocobalamin 1 mg IM every 4-7 days"): False,
}


@pytest.mark.parametrize(("asked", "expected"), ENDLESS.items())
def test_close_injections_without_an_end_are_found(asked: tuple[str, str], expected: bool) -> None:  # noqa: FBT001 - a table's cell
    episode = standing(asked[0], draft=asked[1], protocol="uk-nice-bnf")

    assert bool(never_ends(episode, episode.drafts[0])) is expected


SPARSE = {
    "hydroxocobalamin 1 mg IM weekly x 6": True,
    "hydroxocobalamin 1 mg IM weekly x 6 then 1 mg IM every 3 months": True,
    "hydroxocobalamin 1 mg IM 3 times a week x 6": False,
    "hydroxocobalamin 1 mg IM 3 times a week x 3 then 1 mg IM weekly x 3": False,
    "hydroxocobalamin 1 mg IM every 3 months": False,
    "hydroxocobalamin 1 mg IM every 3-7 days x 6": False,
    "hydroxocobalamin 1 mg IM every 14 days x 6": True,
    "hydroxocobalamin 1 mg IM every 15 days x 6": False,
    "hydroxocobalamin 1 mg IM weekly x 2 then 1 mg IM every 3 months": True,
    "hydroxocobalamin 1 mg IM weekly x 1 then 1 mg IM every 3 months": False,
    "cyanocobalamin 1 mg IM weekly x 6": False,
}


@pytest.mark.parametrize(("draft", "expected"), SPARSE.items())
def test_loading_slower_than_the_protocols_is_found(draft: str, expected: bool) -> None:  # noqa: FBT001 - a table's cell
    episode = standing("PA", draft=draft, protocol="uk-nice-bnf")

    assert bool(sparse_loading(episode, episode.drafts[0])) is expected


LOADED = {
    "": False,
    "PA": True,
    "lab 2026-11-01 B12 100 ng/L": True,
    "PA; injections started": False,
    "PA; given 2026-11-01 hydroxocobalamin 1 mg IM": False,
    "PA; given 2026-11-16 2026-11-18 hydroxocobalamin 1 mg IM": True,
    "PA; given 6 times from 2026-11-01 every 2 days hydroxocobalamin 1 mg IM": False,
}


@pytest.mark.parametrize(("record", "expected"), LOADED.items())
def test_who_is_to_be_loaded(record: str, expected: bool) -> None:  # noqa: FBT001 - a table's cell
    assert to_be_loaded(standing(record, protocol="uk-nice-bnf")) is expected


def test_the_slowest_step_of_a_loading() -> None:
    standard = standing("", protocol="us-label").standard

    assert standard
    slowest = slowest_step(standard)
    assert slowest
    assert (slowest.low, slowest.high) == (3, 4)


def with_loading_every(low: int, high: int, record: str, draft: str) -> Episode:
    episode = standing(record, draft=draft, protocol="uk-nice-bnf")
    assert episode.regimen
    [step] = episode.regimen.loading
    spaced = replace(step, interval=replace(step.interval, low=Decimal(low), high=Decimal(high)))
    return replace(episode, regimen=replace(episode.regimen, loading=(spaced,)))


@pytest.mark.parametrize(("days", "close"), [("10", True), ("10.1", False)])
def test_a_tenth_more_than_the_pace_of_loading_is_still_its_pace(days: str, close: bool) -> None:  # noqa: FBT001 - a table's cell
    endless = with_loading_every(9, 9, "PA; injections started", f"hydroxocobalamin 1 mg IM every {days} days")
    ending = with_loading_every(9, 9, "PA", f"hydroxocobalamin 1 mg IM every {days} days x 6")

    assert bool(never_ends(endless, endless.drafts[0])) is close
    assert bool(sparse_loading(ending, ending.drafts[0])) is not close


def test_the_slowest_step_is_the_one_of_the_longest_interval() -> None:
    one, other = (with_loading_every(*days, "PA", "").regimen for days in ((1, 10), (2, 7)))
    assert one
    assert other

    assert slowest_step(replace(one, loading=(*other.loading, *one.loading))) == one.loading[0].interval
