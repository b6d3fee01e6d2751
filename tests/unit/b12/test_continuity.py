"""Orders that ended or are stopped, a lapse, and causes that are over."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from cds_service.b12.continuity import (
    allergic,
    cause_goes_on,
    end_of,
    ended_order,
    goes_on_beside,
    last_order,
    normal_results,
    on_long_term_injections,
    resumed_after_lapse,
    standing_orders,
    stopping_draft,
    unfinished_loading,
    was_stopped_lately,
    withdrawn_refs,
)
from cds_service.b12.episode import Episode
from tests.helpers.reading import standing

TODAY = "2026-03-10"


def orders(record: str, as_of: str = TODAY) -> Episode:
    return standing(record, as_of)


@pytest.mark.parametrize(
    ("order", "end"),
    [
        ("2026-01-01 1 mg IM monthly until 2026-02-01", date(2026, 2, 1)),
        ("2026-01-01 1 mg IM monthly until 2026-02", date(2026, 2, 28)),
        ("2026-01-01 1 mg IM daily x 7", date(2026, 1, 8)),
        ("2026-01 1 mg IM daily x 7", date(2026, 2, 7)),
        ("2026-01 1 mg IM every 99 years x 99", date.max),
        ("2026-01-01 1 mg IM daily x 7 then 1 mg IM weekly x 4", date(2026, 2, 5)),
        ("2026-01-01 1 mg IM daily x 7 then 1 mg IM monthly", None),
        ("2026-01-01 1 mg IM monthly", None),
        ("1 mg IM daily x 7", None),
        ("2026-01-01 1 mg IM", None),
    ],
)
def test_the_last_day_of_an_order(order: str, end: date | None) -> None:
    assert end_of(orders(f"ordered {order}").timeline.orders[0]) == end


@pytest.mark.parametrize(
    ("record", "standing_"),
    [
        ("ordered 2026-01-01 1 mg IM monthly", 1),
        ("ordered 2026-01-01 1 mg IM monthly completed", 0),
        ("ordered 2026-01-01 1 mg IM daily x 7", 0),
        ("ordered 2026-03-09 1 mg IM once", 1),
        ("ordered 2026-03-09 1 mg IM once; given 2026-03-09 1 mg IM", 0),
        ("ordered 2026-03-09 1 mg IM once; given 2026-03-08 1 mg IM", 1),
        ("ordered 2026-03-09 1 mg IM once; given 2026-03 1 mg IM", 0),
        ("ordered 2026-03 1 mg IM once; given 2026-03-02 1 mg IM", 0),
        ("ordered 1 mg IM once", 0),
    ],
)
def test_orders_by_which_b12_goes_on(record: str, standing_: int) -> None:
    episode = orders(record)

    assert len(standing_orders(episode)) == standing_
    assert standing_orders(episode, frozenset(one.ref for one in episode.orders)) == ()


def test_the_last_order_is_the_latest_of_more_than_one_dose() -> None:
    record = "ordered 1 mg IM monthly; ordered 2025-01-01 1 mg IM weekly completed; ordered 2026-01-01 1 mg IM once"
    found = last_order(orders(record))

    assert found
    assert found.ref == "MedicationRequest/MedicationRequest-2"
    assert ended_order(orders(record)) is None, "single doses were ordered after it"
    assert last_order(orders("ordered 2026-01-01 1 mg IM once")) is None
    assert last_order(orders("ordered 2026-01-01 1 mg IM once then 1 mg IM monthly")), "a dose at once, then more"


@pytest.mark.parametrize(
    ("after", "ended"),
    [
        ("given 2025-12-01 1 mg IM; given 2026-02-01 1 mg IM", False),
        ("given 2025-12-01 1 mg IM; given 2026-01 1 mg IM", True),
        ("ordered 2025-01-11 1 mg IM once", False),
        ("ordered 2025-01-10 1 mg IM once", True),
    ],
)
def test_an_order_has_ended_unless_b12_was_given_or_ordered_after_it(after: str, *, ended: bool) -> None:
    record = f"ordered 2025-01-10 1 mg IM monthly until 2026-01-15; {after}"

    assert bool(ended_order(orders(record))) is ended


@pytest.mark.parametrize(
    ("record", "lately"),
    [
        ("ordered 2025-09-08 1 mg IM monthly stopped", True),
        ("ordered 2025-09-07 1 mg IM monthly stopped", False),
        ("ordered 2025-09-08 1 mg IM monthly completed", False),
        ("ordered 2024-09-07 1 mg IM monthly until 2026-06-01 stopped", False),
        ("ordered 2026-03-10 1 mg IM monthly stopped", True),
        ("ordered 2025-09 1 mg IM monthly stopped", True),
        ("ordered 2024-09-07 1 mg IM monthly stopped; given 2026-01-01 1 mg IM", True),
    ],
)
def test_an_order_was_stopped_lately(record: str, *, lately: bool) -> None:
    episode = orders(record)

    assert was_stopped_lately(episode, episode.timeline.orders[0]) is lately


@pytest.mark.parametrize(
    ("draft", "stops"),
    [
        ("1 mg IM monthly stopped", True),
        ("1 mg IM monthly completed", True),
        ("1 mg IM monthly x 12 completed", False),
        ("1 mg IM daily x 7 then 1 mg IM monthly completed", True),
        ("1 mg IM monthly until 2026-03-01 completed", False),
        ("1 mg IM once stopped", False),
        ("1 mg IM monthly cancelled", False),
        ("1 mg IM once do not perform", True),
        ("stopped", True),
    ],
)
def test_a_draft_that_stops_therapy(draft: str, *, stops: bool) -> None:
    assert bool(stopping_draft(standing("PA", TODAY, draft))) is stops


def test_a_cancelled_order_stops_therapy_if_it_is_on_record_as_in_force() -> None:
    episode = standing("PA; ordered 2026-01-01 1 mg IM monthly", TODAY, "1 mg IM monthly cancelled")
    cancelled = episode.timeline.withdrawn[0]
    known = msgspec.structs.replace(cancelled.order, ref=episode.orders[0].ref)
    timeline = msgspec.structs.replace(episode.timeline, withdrawn=(msgspec.structs.replace(cancelled, order=known),))
    same = msgspec.structs.replace(episode, timeline=timeline)

    assert stopping_draft(episode) is None
    assert stopping_draft(same)
    assert withdrawn_refs(same) == {"MedicationRequest/MedicationRequest-1"}
    assert (goes_on_beside(episode), goes_on_beside(same)) == ("another B12 order goes on", "")


@pytest.mark.parametrize(
    ("record", "as_of", "left"),
    [
        ("given 3 times from 2026-01-05 every 1 days 1000 mcg IM", "2026-01-10", True),
        ("given 3 times from 2026-01-05 every 1 days 1000 mcg IM", "2026-02-10", False),
        ("ordered 2026-01-05 1000 mcg IM daily x 3", "2026-01-10", False),
        ("given 8 times from 2026-01-05 every 1 days 1000 mcg IM", "2026-01-14", False),
    ],
)
def test_a_loading_that_is_left_unfinished(record: str, as_of: str, *, left: bool) -> None:
    assert bool(unfinished_loading(standing(record, as_of))) is left


@pytest.mark.parametrize(
    ("as_of", "draft", "resumed"),
    [
        ("2026-03-04", "1000 mcg IM monthly", False),
        ("2026-03-05", "1000 mcg IM monthly", True),
        ("2026-03-05", "1000 mcg IM once", False),
        ("2026-03-05", "1000 mcg IM monthly & 1000 mcg IM daily x 7", False),
    ],
)
def test_maintenance_is_resumed_after_twice_the_interval(as_of: str, draft: str, *, resumed: bool) -> None:
    assert bool(resumed_after_lapse(standing("PA; given 2026-01-01 1000 mcg IM", as_of, draft))) is resumed


def test_long_term_is_more_than_a_year() -> None:
    record = "given 13 times from 2025-03-01 every 30 days 1000 mcg IM"

    assert not on_long_term_injections(standing(record, "2026-03-01"))
    assert on_long_term_injections(standing(record, "2026-03-02"))


def test_an_inexact_first_dose_is_long_ago_by_its_last_day() -> None:
    record = "given 2025-02 1000 mcg IM; given 12 times from 2025-03-25 every 30 days 1000 mcg IM"

    assert not on_long_term_injections(standing(record, "2026-02-28"))
    assert on_long_term_injections(standing(record, "2026-03-01"))


@pytest.mark.parametrize(
    ("record", "over"),
    [
        ("dietary B12 deficiency resolved", True),
        ("dietary B12 deficiency", False),
        ("dietary B12 deficiency resolved; PA", False),
        ("dietary B12 deficiency resolved; neuropathy resolved", False),
        ("drug-induced B12 deficiency resolved; takes omeprazole since 2020", False),
        ("B12 deficiency resolved", False),
    ],
)
def test_a_cause_is_over(record: str, *, over: bool) -> None:
    assert bool(cause_goes_on(standing(record, TODAY))) is not over


@pytest.mark.parametrize(
    ("labs", "shown"),
    [
        ("lab 2026-02-01 haemoglobin 120 g/L", 1),
        ("lab 2026-02-01 haemoglobin 119 g/L", 0),
        ("lab 2026-02-01 haemoglobin 140 g/L; lab 2026-02-01 MMA 400 nmol/L", 2),
        ("lab 2026-02-01 haemoglobin 140 g/L; lab 2026-02-01 MMA 401 nmol/L", 0),
        ("lab 2026-02-01 haemoglobin 140 g/L; lab 2026-02-01 B12 400 pg/mL", 0),
        ("lab 2026-02-01 haemoglobin 140", 0),
        ("lab 2025-03-01 haemoglobin 140 g/L", 0),
        ("lab 2026-02-01 B12 900 pg/mL", 0),
        ("", 0),
    ],
)
def test_results_that_show_recovery(labs: str, shown: int) -> None:
    record = f"given 13 times from 2025-03-01 every 30 days 1000 mcg IM; {labs}"

    assert len(normal_results(standing(record, TODAY))) == shown


@pytest.mark.parametrize(
    ("first", "sampled", "counts"),
    [
        ("2025-06-01", "2025-06-01", False),
        ("2025-06-01", "2025-06-02", True),
        ("2025-06-10", "2025-06", True),
        ("2025-06", "2025-06-01", False),
        ("2025-06", "2025-06-02", True),
        ("2025-06-10", "", True),
    ],
)
def test_a_low_level_counts_against_recovery_unless_it_is_from_before_the_first_dose(
    first: str, sampled: str, *, counts: bool
) -> None:
    labs = f"lab {sampled} B12 100 pg/mL; lab 2026-02-01 haemoglobin 140 g/L"
    record = f"given {first} 1000 mcg IM; given 2025-07-10 1000 mcg IM; {labs}"

    assert bool(normal_results(standing(record, TODAY))) is not counts


@pytest.mark.parametrize(
    ("first", "sampled", "shown"),
    [
        ("2025-06-01", "2025-06-01", False),
        ("2025-06-01", "2025-06-02", True),
        ("2025-06-01", "2025-06", False),
        ("2025-06", "2025-06-30", False),
        ("2025-06", "2025-07-01", True),
    ],
)
def test_recovery_shows_only_after_the_first_dose(first: str, sampled: str, *, shown: bool) -> None:
    record = f"given {first} 1000 mcg IM; given 2025-07-10 1000 mcg IM; lab {sampled} haemoglobin 140 g/L"

    assert bool(normal_results(standing(record, TODAY))) is shown


@pytest.mark.parametrize(
    ("allergy", "counts"),
    [("cyanocobalamin", True), ("cobalt", True), ("cyanocobalamin intolerance mild", False), ("benzyl alcohol", False)],
)
def test_an_allergy_may_be_why_b12_was_left_out(allergy: str, *, counts: bool) -> None:
    assert bool(allergic(standing(f"PA; allergic to {allergy}", TODAY))) is counts
