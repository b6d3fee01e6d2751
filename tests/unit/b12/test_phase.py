"""Where loading stands: its next dose day by day, its end, and orders that go beyond it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import msgspec
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


@pytest.mark.parametrize(
    ("as_of", "last", "overdue", "late", "maybe_late"),
    [
        ("2026-02-06", date(2026, 2, 6), 0, False, False),
        ("2026-02-07", date(2026, 2, 7), 0, False, True),
        ("2026-03-05", date(2026, 2, 28), 2, False, True),
        ("2026-03-06", date(2026, 2, 28), 3, True, False),
    ],
)
def test_a_dose_of_a_month_makes_the_next_one_late_for_certain_by_its_last_day(
    as_of: str, last: date, overdue: int, *, late: bool, maybe_late: bool
) -> None:
    record = "PA; given 2026-01-28 2026-01-30 hydroxocobalamin 1 mg IM; given 2026-02 hydroxocobalamin 1 mg IM"
    found = next_loading(seen(record, as_of))

    assert found
    assert (found.last, found.day) == (last, last + timedelta(days=3))
    assert (found.overdue, found.late, found.maybe_late) == (overdue, late, maybe_late)


@pytest.mark.parametrize(
    ("orders", "due"),
    [
        ("", date(2026, 1, 14)),
        ("ordered 2026-01-05 1 mg IM every 2 days x 2", date(2026, 1, 13)),
        ("ordered 2026-01-05 1 mg IM every 2 days; ordered 2026-01-06 1 mg IM every 5 days", date(2026, 1, 16)),
        ("ordered 2026-01-05 1 mg IM every 2-4 days", date(2026, 1, 15)),
        ("ordered 2026-01-05 1 mg IM every 7 days", date(2026, 1, 18)),
        ("ordered 2026-01-05 1 mg IM every 8 days", date(2026, 1, 14)),
        ("ordered 2026-01-05 1 mg IM every 7 days x 1", date(2026, 1, 14)),
        ("ordered 2026-01-05 50 mcg oral every 7 days", date(2026, 1, 14)),
    ],
)
def test_the_patients_own_injections_give_the_interval_of_loading(orders: str, due: date) -> None:
    found = next_loading(seen(f"{FOUR}; {orders}", "2026-01-12"))

    assert found
    assert found.day == due


@pytest.mark.parametrize(
    ("dose", "given", "due"), [("100 mcg", 12, 2), ("100 mcg", 13, 4), ("40 mcg", 17, 4), ("40 mcg", 18, 4)]
)
def test_by_the_us_label_the_third_step_may_begin_after_thirteen_doses(dose: str, given: int, due: int) -> None:
    """At least 6 daily, then 7 on alternate days, then every 3 to 4 days; doses too small do not complete it."""
    record = f"PA; given {given} times from 2026-01-05 every 1 days {dose} IM"
    found = next_loading(seen(record, "2026-01-23", "us-label"))

    assert found
    assert (found.day - found.last).days == due


def test_two_doses_at_loading_pace_are_a_loading() -> None:
    assert in_loading(seen("PA; given 2026-01-05 2026-01-12 hydroxocobalamin 1 mg IM", "2026-01-13"))
    assert not in_loading(seen("PA; given 2026-01-05 2026-01-13 hydroxocobalamin 1 mg IM", "2026-01-13"))


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


@pytest.mark.parametrize(
    ("before", "after", "run"),
    [
        ("2026-01", "2026-02-07", 2),
        ("2026-01", "2026-02-08", 1),
        ("2026-01-25", "2026-02", 2),
        ("2026-01-24", "2026-02", 1),
    ],
)
def test_inexact_doses_follow_each_other_if_they_may(before: str, after: str, run: int) -> None:
    doses = f"given {before} hydroxocobalamin 1 mg IM; given {after} hydroxocobalamin 1 mg IM"

    assert len(loading_run(seen(f"PA; {doses}", "2026-03-01"))) == run


def test_the_pace_of_a_run_is_that_of_the_slowest_loading_with_a_tenth_of_tolerance() -> None:
    """Once a week: 77 days for ten intervals, and no more; nothing at all where no loading is known."""
    record = "PA; given 8 times from 2026-01-05 every 8 days 1 mg IM; given 2026-03-09 2026-03-16 2026-03-{} 1 mg IM"
    exact, slower = (
        seen(record.format(23), "2026-03-24", "us-practice"),
        seen(record.format(24), "2026-03-24", "us-practice"),
    )
    daily = seen("PA; given 4 times from 2026-01-05 every 1 days 1 mg IM", "2026-01-09")

    assert (len(ongoing_run(exact)), len(ongoing_run(slower))) == (11, 0)
    assert len(ongoing_run(daily)) == 4
    assert ongoing_run(msgspec.structs.replace(daily, accepted=())) == ()


def test_every_eight_days_is_no_pace_of_loading() -> None:
    assert (
        ongoing_run(seen("PA; given 4 times from 2026-01-05 every 8 days 1 mg IM", "2026-01-30", "us-practice")) == ()
    )


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
        ("hydroxocobalamin 1 mg IM every 2 days x 15 then 1 mg IM every 5 days x 2", 23),
        ("hydroxocobalamin 1 mg IM every 2 days x 6 then 1 mg IM every 5 days", None),
        ("hydroxocobalamin 1 mg IM every 7.7 days x 17", 23),
    ],
)
def test_an_order_goes_beyond_loading(draft: str, doses: int | None) -> None:
    record = "PA; given 6 times from 2026-01-05 every 2 days hydroxocobalamin 1 mg IM"
    found = prolonging_order(standing(record, "2026-01-16", draft, UK))

    assert found
    assert (found[0].ref, found[2]) == ("MedicationRequest/draft-1", doses)
    assert without_an_end(found[0]) is (doses is None and " then " not in draft)


@pytest.mark.parametrize(
    ("given", "draft", "doses"),
    [
        (21, "hydroxocobalamin 1 mg IM every 2 days x 2", 23),
        (22, "hydroxocobalamin 1 mg IM every 2 days x 1", 0),
        (2, "hydroxocobalamin 1 mg IM every 2-5 days x 20", 0),
        (2, "hydroxocobalamin 1 mg IM every 2 days x 30 then 1 mg IM every 5 days", 0),
    ],
)
def test_the_doses_of_the_run_count_with_those_that_are_ordered(given: int, draft: str, doses: int) -> None:
    record = f"PA; given {given} times from 2026-01-05 every 1 days hydroxocobalamin 1 mg IM"
    found = prolonging_order(standing(record, "2026-01-28" if given > 2 else "2026-01-07", draft, UK))

    assert (found[2] if found else 0) == doses


@pytest.mark.parametrize(("draft", "beyond"), [("every 7 days x 12", False), ("every 7 days x 13", True)])
def test_twelve_weeks_are_the_longest_loading(draft: str, *, beyond: bool) -> None:
    assert bool(prolonging_order(standing("PA", "2026-01-16", f"1 mg IM {draft}", "us-practice"))) is beyond


@pytest.mark.parametrize(
    "draft",
    [
        "hydroxocobalamin 1 mg IM 3 times a week x 16",
        "hydroxocobalamin 1 mg IM every 2 months",
        'hydroxocobalamin text "1 mg IM daily for 5 days, then 1 mg IM on alternate days until no further improvement"',
        "1 mg oral daily",
        "",
    ],
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
    own = own_loading(seen("PA; neuropathy", "2026-01-16"))
    assert own
    assert own.id == "uk-neurological"


@pytest.mark.parametrize(
    ("order", "stands"),
    [
        ("every 2 months", True),
        ("every 8 days", True),
        ("every 7 days", False),
        ("3 times a week x 6 then 1 mg IM every 2 months", True),
        ("3 times a week x 6", False),
        ("every 2 months stopped", False),
    ],
)
def test_maintenance_stands(order: str, *, stands: bool) -> None:
    record = f"PA; ordered 2026-01-05 hydroxocobalamin 1 mg IM {order}"

    assert maintenance_stands(seen(record, "2026-01-16")) is stands
