"""Where loading stands: its next dose day by day, its end, and orders that go beyond it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from cds_service.b12.episode import Episode, Stage
from cds_service.b12.phase import (
    broken_open_loading,
    close_doses_are_meant,
    exceeds_every_loading,
    in_loading,
    is_broken,
    loading_run,
    maintenance_stands,
    most_doses,
    next_loading,
    ongoing_run,
    own_loading,
    prolonged_run,
    prolonging_order,
    without_an_end,
)
from tests.helpers.reading import standing

FOUR = "PA; given 4 times from 2026-01-05 every 2 days hydroxocobalamin 1 mg IM"  # the last on 2026-01-11
NERVES = "PA; neuropathy; given 3 times from 2026-01-05 every 2 days hydroxocobalamin 1 mg IM"  # on 2026-01-09
UK = "uk-nice-bnf"


def seen(record: str, as_of: str, protocol: str = UK, stage: Stage = Stage.VIEW) -> Episode:
    return standing(record, as_of, protocol=protocol, stage=stage)


@pytest.mark.parametrize(
    ("as_of", "overdue", "late"),
    [("2026-01-14", 0, False), ("2026-01-16", 2, False), ("2026-01-17", 3, True), ("2026-01-18", 4, True)],
)
def test_the_next_loading_dose_is_late_after_grace(as_of: str, overdue: int, *, late: bool) -> None:
    found = next_loading(seen(FOUR, as_of))

    assert found
    assert (found.last, found.day, found.overdue, found.late) == (
        date(2026, 1, 11),
        date(2026, 1, 14),
        overdue,
        late,
    )


def test_a_broken_loading_has_no_next_dose() -> None:
    assert not is_broken(seen(FOUR, "2026-01-18"))
    assert is_broken(seen(FOUR, "2026-01-19"))
    assert next_loading(seen(FOUR, "2026-01-19")) is None
    assert in_loading(seen(FOUR, "2026-01-19"))


def test_without_a_dose_or_after_the_last_there_is_no_loading() -> None:
    assert next_loading(seen("PA", "2026-01-19")) is None
    assert not in_loading(seen("PA; given 6 times from 2026-01-05 every 2 days hydroxocobalamin 1 mg IM", "2026-01-16"))
    assert loading_run(seen("PA", "2026-01-19")) == ()


@pytest.mark.parametrize(("given", "due"), [(3, date(2026, 1, 9)), (4, date(2026, 1, 15))])
def test_the_interval_is_that_of_the_latest_step_that_may_have_begun(given: int, due: date) -> None:
    """US practice: at least 4 doses on alternate days, then weekly."""
    found = next_loading(
        seen(f"PA; given {given} times from 2026-01-05 every 1 days 1000 mcg IM", "2026-01-09", "us-practice")
    )

    assert found
    assert found.day == due


def test_doses_too_small_to_complete_loading_go_on_at_the_pace_of_its_last_step() -> None:
    found = next_loading(seen("PA; given 9 times from 2026-01-05 every 1 days 400 mcg IM", "2026-01-14", "us-practice"))

    assert found
    assert found.day == date(2026, 1, 20)


def test_a_loading_without_a_number_of_doses_breaks_off_on_the_eighth_day() -> None:
    assert broken_open_loading(seen(NERVES, "2026-01-16")) is None
    found = broken_open_loading(seen(NERVES, "2026-01-17"))
    assert found
    assert found.id == "uk-neurological"
    assert broken_open_loading(seen(FOUR, "2026-02-17")) is None


def test_the_run_is_what_follows_the_last_break() -> None:
    record = f"{FOUR}; given 2026-03-01 2026-03-05 hydroxocobalamin 1 mg IM"

    assert len(loading_run(seen(record, "2026-03-06"))) == 2
    assert len(ongoing_run(seen(record, "2026-03-12"))) == 2
    assert ongoing_run(seen(record, "2026-03-13")) == ()


def test_every_two_weeks_is_no_pace_of_loading() -> None:
    weekly = seen("PA; given 4 times from 2026-01-05 every 7 days 1000 mcg IM", "2026-01-30", "us-practice")
    biweekly = seen("PA; given 4 times from 2026-01-05 every 14 days 1000 mcg IM", "2026-02-20", "us-practice")

    assert (len(ongoing_run(weekly)), len(ongoing_run(biweekly))) == (4, 0)


def test_the_most_doses_of_a_loading() -> None:
    assert most_doses(seen("PA", "2026-01-19").regimen) == 6
    assert most_doses(seen("PA", "2026-01-19", "us-practice").regimen) == 22
    assert most_doses(seen("PA; neuropathy", "2026-01-19").regimen) is None
    assert most_doses(None) is None


@pytest.mark.parametrize(
    ("doses", "days", "beyond"), [(22, 84, False), (23, 84, True), (22, 85, True), (10, 70, False), (11, 85, True)]
)
def test_beyond_every_known_loading(doses: int, days: int, *, beyond: bool) -> None:
    assert exceeds_every_loading(doses, Decimal(days), seen("PA", "2026-01-19")) is beyond


def test_a_run_is_prolonged_from_the_first_dose_too_many() -> None:
    record = "PA; given {} times from 2026-01-05 every 2 days hydroxocobalamin 1 mg IM"

    assert prolonged_run(seen(record.format(22), "2026-02-18")) == ()
    assert len(prolonged_run(seen(record.format(23), "2026-02-18"))) == 23


@pytest.mark.parametrize(
    ("draft", "doses"),
    [
        ("hydroxocobalamin 1 mg IM 3 times a week", None),
        ("hydroxocobalamin 1 mg IM 3 times a week x 17", 23),
    ],
)
def test_an_order_goes_beyond_loading(draft: str, doses: int | None) -> None:
    record = "PA; given 6 times from 2026-01-05 every 2 days hydroxocobalamin 1 mg IM"
    found = prolonging_order(standing(record, "2026-01-16", draft, UK))

    assert found
    assert (found[0].ref, found[2]) == ("MedicationRequest/draft-1", doses)
    assert without_an_end(found[0]) is (doses is None)


@pytest.mark.parametrize(
    "draft",
    ["hydroxocobalamin 1 mg IM 3 times a week x 16", "hydroxocobalamin 1 mg IM every 2 months", "1 mg oral daily", ""],
)
def test_an_order_stays_within_loading(draft: str) -> None:
    record = "PA; given 6 times from 2026-01-05 every 2 days hydroxocobalamin 1 mg IM"

    assert prolonging_order(standing(record, "2026-01-16", draft, UK)) is None


def test_of_an_order_in_force_with_an_end_nobody_knows_how_much_was_given() -> None:
    record = "PA; ordered 2026-01-05 hydroxocobalamin 1 mg IM daily x 30"

    assert prolonging_order(seen(record, "2026-01-16")) is None


@pytest.mark.parametrize(
    ("record", "protocol", "because"),
    [
        ("PA", UK, ""),
        ("PA; neuropathy", UK, "neurological signs"),
        ("PA; diabetic neuropathy", UK, "neurological signs"),
        ("nitrous oxide use", UK, "nitrous oxide"),
        ("PA", "de-label", "the protocol gives"),
    ],
)
def test_close_doses_may_be_meant(record: str, protocol: str, because: str) -> None:
    found = close_doses_are_meant(seen(record, "2026-01-16", protocol))

    assert found.startswith(because)
    assert bool(found) is bool(because)


def test_a_dietary_cause_without_loading_is_held_against_the_standard_one() -> None:
    found = own_loading(seen("dietary B12 deficiency", "2026-01-16"))

    assert found
    assert found.id == "uk-standard"


@pytest.mark.parametrize(
    ("order", "stands"),
    [
        ("every 2 months", True),
        ("3 times a week x 6 then 1 mg IM every 2 months", True),
        ("3 times a week x 6", False),
        ("every 2 months stopped", False),
    ],
)
def test_maintenance_stands(order: str, *, stands: bool) -> None:
    record = f"PA; ordered 2026-01-05 hydroxocobalamin 1 mg IM {order}"

    assert maintenance_stands(seen(record, "2026-01-16")) is stands
