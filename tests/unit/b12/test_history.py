"""What the record tells of earlier therapy: pace, whether loading was begun and finished, and what covers."""

from __future__ import annotations

from datetime import date

import pytest

from cds_service.b12.episode import Episode, Stage
from cds_service.b12.history import (
    at_loading_pace,
    covered_by,
    earlier_therapy,
    has_begun_loading,
    injections_go_on,
    is_for,
    is_maintenance,
    loading_goes_on,
    loading_state,
    started_before,
)
from cds_service.b12.words import Evidence
from tests.helpers.reading import standing

UK = "uk-nice-bnf"
FOUR = "given 4 times from 2026-01-05 every 2 days hydroxocobalamin 1 mg IM"  # the last on 2026-01-11


def seen(record: str, as_of: str = "2026-01-16", draft: str = "", stage: Stage = Stage.SIGN) -> Episode:
    return standing(record, as_of, draft, UK, stage)


@pytest.mark.parametrize(
    ("order", "fast", "slow"),
    [
        ("1 mg IM every 7 days", True, False),
        ("1 mg IM every 8 days", False, True),
        ("1 mg IM every 7-8 days", False, False),
        ("1 mg IM every 2 days x 1", False, False),
        ("1 mg IM every 2 days x 2", True, False),
        ("1 mg IM every 2 months x 1", False, False),
        ("1 mg IM every 2 months x 2", False, True),
        ("1 mg IM every 2 days x 6 then 1 mg IM every 2 months", True, False),
        ("[cyanocobalamin 1 mg/mL] 1 mL every 2 months", False, True),
        ("1 mg oral every 2 days", False, False),
        ("1 mg oral every 2 months", False, False),
        ("1 mg IM", False, False),
    ],
)
def test_an_order_is_at_loading_pace_or_for_maintenance(order: str, *, fast: bool, slow: bool) -> None:
    episode = seen("PA", draft=order)

    assert (at_loading_pace(episode.drafts[0], episode), is_maintenance(episode.drafts[0], episode)) == (fast, slow)


@pytest.mark.parametrize(
    ("record", "because"),
    [
        ("", ""),
        ("given 2020-01-01 1 mg IM", "doses are on record"),
        ("stated since 2020 1 mg oral daily", "a statement tells of B12 therapy"),
        ("injections started", "a record says that injections were started"),
        ("ordered 2020-01-01 1 mg IM monthly", "an earlier B12 order is on record"),
    ],
)
def test_what_tells_of_earlier_therapy(record: str, because: str) -> None:
    assert earlier_therapy(seen(record)) == because
    assert started_before(seen(record, draft="1 mg IM monthly"), seen("", draft="1 mg IM monthly").drafts[0]) == because


def test_an_order_being_signed_is_no_earlier_one() -> None:
    episode = seen("ordered 2020-01-01 1 mg IM monthly")

    assert earlier_therapy(episode, *episode.timeline.orders) == ""


def test_a_loading_ordered_beside_it_starts_therapy() -> None:
    episode = seen("", draft="1 mg IM every 2 months & 1 mg IM every 2 days x 6")

    assert started_before(episode, episode.drafts[0]) == "loading is being ordered beside it"


@pytest.mark.parametrize(
    ("record", "begun"),
    [
        (FOUR, True),
        ("given 2026-01-05 1 mg IM", False),
        ("given 2026-01-05 1 mg IM; ordered 2026-01-05 1 mg IM every 2 days", True),
        ("given 2026-01-05 1 mg IM; ordered 2026-01-05 1 mg IM every 2 days; ordered 2025-01-05 1 mg IM monthly", True),
        ("given 2 times from 2025-11-05 every 60 days 1 mg IM; ordered 2026-01-05 1 mg IM every 2 days", False),
        ("ordered 2026-01-05 1 mg IM every 2 days", False),
    ],
)
def test_loading_has_begun_by_two_doses_or_by_one_that_was_ordered_so(record: str, *, begun: bool) -> None:
    assert has_begun_loading(seen(record)) is begun


@pytest.mark.parametrize(
    ("authored", "begun"),
    [("2025-01-31 ", True), ("2025-01-30 ", False), ("2025-01 ", True), ("", False), ("2026-01-16 ", True)],
)
def test_an_order_from_before_the_last_dose_of_an_earlier_course_begins_no_loading(
    authored: str, *, begun: bool
) -> None:
    earlier = "given 2024-12-20 1 mg IM; given 2025-01 1 mg IM"  # perhaps as late as on the 31st
    record = f"{earlier}; ordered {authored}1 mg IM every 2 days; given 2026-01-16 1 mg IM"

    assert has_begun_loading(seen(record)) is begun
    assert has_begun_loading(seen(f"ordered {authored}1 mg IM every 2 days; given 2026-01-16 1 mg IM"))


def test_a_dose_that_may_be_of_this_course_ends_no_earlier_one() -> None:
    doses = "given 2025 1 mg IM; given 2025-03-01 1 mg IM; given 2025-12-15 1 mg IM"

    assert has_begun_loading(seen(f"{doses}; ordered 2025-12-15 1 mg IM every 2 days", "2025-12-31"))


def test_an_unfinished_loading_is_counted_from_the_doses() -> None:
    state = loading_state(
        seen("given 2026-01 1 mg IM; given 2026-02-05 2026-02-07 hydroxocobalamin 1 mg IM", "2026-02-09")
    )

    assert state
    assert (state.given, state.needed, state.evidence) == (3, 6, Evidence.ADMINISTERED)
    assert (state.first, state.last, state.broken) == (date(2026, 1, 1), date(2026, 2, 7), False)


@pytest.mark.parametrize(
    ("record", "given", "small", "left"),
    [
        ("given 4 times from 2026-01-05 every 2 days 1 mg IM", 4, 0, 2),
        ("given 4 times from 2026-01-05 every 2 days IM", 4, 0, 2),
        ("given 5 times from 2026-01-05 every 2 days 500 mcg IM", 5, 0, 1),
        ("given 5 times from 2026-01-05 every 2 days 499 mcg IM", 0, 5, 6),
        ("given 6 times from 2026-01-05 every 2 days 499 mcg IM", 0, 6, 6),
        ("given 9 times from 2026-01-05 every 1 days 1 mcg IM", 0, 9, 6),
        ("given 4 times from 2026-01-05 every 2 days 1 mg IM; given 9 times from 2026-01-05 every 1 days 1 mcg IM",
         4, 5, 2),
    ],
)  # fmt: skip
def test_some_doses_are_always_left_of_an_unfinished_loading(record: str, given: int, small: int, left: int) -> None:
    state = loading_state(seen(record))

    assert state
    assert (state.given, state.small, state.left) == (given, small, left)
    assert dict(state.counts) == {"given": given, "needed": 6} | ({"small": small} if small else {})


def test_an_order_may_plan_beyond_the_end_of_time() -> None:
    orders = "ordered 2026-01-05 1 mg IM every 2 days x 2 then 1 mg IM every 90 years x 300"

    assert loading_state(seen(orders)) is None


@pytest.mark.parametrize(
    ("draft", "fits"),
    [("hydroxocobalamin 1 mg IM", True), ('"vitamin B12" 1 mg IM', True), ("cyanocobalamin 1 mg IM", False)],
)
def test_the_doses_of_a_regimen_are_for_orders_of_its_own_cobalamin(draft: str, *, fits: bool) -> None:
    episode = seen("PA", draft=draft)

    assert episode.regimen
    assert is_for(episode.regimen, episode.drafts[0]) is fits


def test_a_loading_is_broken_by_the_last_day_of_an_inexact_dose() -> None:
    record = "given 2026-01-29 2026-01-31 hydroxocobalamin 1 mg IM; given 2026-02 hydroxocobalamin 1 mg IM"
    states = [loading_state(seen(record, as_of)) for as_of in ("2026-03-07", "2026-03-08")]

    assert [one.broken for one in states if one] == [False, True]
    assert [one.last for one in states if one] == [date(2026, 2, 28)] * 2


@pytest.mark.parametrize(
    ("orders", "given", "first", "last"),
    [
        ("ordered 2026-01-05 1 mg IM every 2 days x 4", 4, date(2026, 1, 5), date(2026, 1, 11)),
        ("ordered 2026-01-05 1 mg IM every 2 days x 4 starting 2026-01-07", 4, date(2026, 1, 7), date(2026, 1, 13)),
        ("ordered 2026-01 1 mg IM every 2 days x 4", 4, date(2026, 1, 1), date(2026, 1, 7)),
        ("ordered 2026-01-05 1 mg IM every 2 days x 3 then 1 mg IM every 5 days x 2",
         5, date(2026, 1, 5), date(2026, 1, 14)),
        ("ordered 2026-01-05 1 mg IM every 2 days x 3 then 1 mg IM every 2 months", 0, None, None),
        ("ordered 2026-01-05 1 mg IM every 2 days x 6", 0, None, None),
        ("ordered 1 mg IM every 2 days x 4", 0, None, None),
        ("ordered 2026-01-05 1 mg IM every 2 days x 2; ordered 1 mg IM every 2 days x 2", 0, None, None),
        ("ordered 2026-01-05 1 mg IM every 2 months", 0, None, None),
    ],
)  # fmt: skip
def test_without_a_dose_an_unfinished_loading_is_counted_from_the_orders(
    orders: str, given: int, first: date | None, last: date | None
) -> None:
    state = loading_state(seen(orders))

    assert ((state.given, state.first, state.last) if state else (0, None, None)) == (given, first, last)


def test_a_child_has_no_loading_to_finish_where_the_protocol_has_none() -> None:
    record = "born 2020; ordered 2026-01-05 100 mcg IM daily x 4"

    assert loading_state(standing(record, "2026-01-16", protocol="us-practice")) is None


@pytest.mark.parametrize(
    ("record", "draft", "stage", "because"),
    [
        (FOUR, "1 mg IM every 2 months & 1 mg IM every 2 days x 2", Stage.SIGN, "loading is being ordered"),
        (FOUR, "1 mg IM every 2 months", Stage.SIGN, ""),
        (f"{FOUR}; ordered 2026-01-05 1 mg IM every 2 days", "1 mg IM every 2 months", Stage.SIGN, "loading goes on"),
        (FOUR, "1 mg oral daily", Stage.SIGN, "loading goes on"),
    ],
)
def test_why_an_unfinished_loading_is_no_fault(record: str, draft: str, stage: Stage, because: str) -> None:
    episode = seen(record, draft=draft, stage=stage)
    state = loading_state(episode)
    maintenance = next((one for one in episode.drafts if is_maintenance(one, episode)), None)

    assert state
    assert loading_goes_on(episode, state, maintenance) == because


@pytest.mark.parametrize(
    ("record", "because"),
    [
        ("", ""),
        ("stated 1 mg oral daily", "swallowed B12 in a full dose covers the patient"),
        ("stated 1 mg IM monthly", "a statement or a supply says that injections go on"),
        ("stated 1 mg IM monthly until 2026-01-16", "a statement or a supply says that injections go on"),
        ("stated 1 mg IM monthly until 2026-01-15", ""),
        ("stated 50 mcg oral daily", ""),
        ("ordered 2026-01-10 1 mg IM monthly", ""),
        ("ordered 2026-01-10 1 mg IM monthly starting 2026-01-16", ""),
        ("ordered 2026-01-10 1 mg IM monthly starting 2026-01-17", "an order to come is on record"),
        ("ordered 2026-01-10 1 mg IM monthly starting 2026-01", ""),
        ("ordered 2026-01-10 1 mg IM monthly; ordered 2026-01-10 1 mg IM monthly starting 2026-02-01",
         "an order to come is on record"),
    ],
)  # fmt: skip
def test_what_covers_a_patient_whose_injection_is_late(record: str, because: str) -> None:
    assert covered_by(seen(record)) == because


def test_an_order_that_is_taken_away_covers_nobody() -> None:
    for record in ("ordered 2026-01-10 1 mg oral daily", "ordered 2026-01-10 1 mg IM monthly starting 2026-02-01"):
        episode = seen(record)
        assert covered_by(episode)
        assert covered_by(episode, frozenset({episode.orders[0].ref})) == ""


@pytest.mark.parametrize(
    ("record", "draft", "because"),
    [
        ("", "1 mg oral daily", ""),
        ("", "1 mg oral daily & 1 mg IM monthly", "injections are ordered beside it"),
        ("ordered 2026-01-10 1 mg IM monthly", "1 mg oral daily", "injections are ordered beside it"),
        ("ordered 2026-01-10 1 mg monthly", "1 mg oral daily", ""),
        ("stated 1 mg IM monthly", "1 mg oral daily", "a statement or a supply says that injections go on"),
    ],
)
def test_swallowed_b12_may_not_be_the_only_b12(record: str, draft: str, because: str) -> None:
    assert injections_go_on(seen(record, draft=draft)) == because
