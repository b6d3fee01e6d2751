"""The course of injections, day by day: loading, its break, maintenance, what is due, late and lapsed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import msgspec
import pytest

from cds_service.b12.concept import When
from cds_service.b12.course import Course, Therapy, course_of, grace_of, lapse_of, loading_gap
from cds_service.b12.words import Evidence, Phase
from cds_service.knowledge import Knowledge
from tests.helpers.reading import standing

LOADED = "given 6 times from 2026-01-01 every 2 days hydroxocobalamin 1000 mcg IM"  # the last on 2026-01-11
UK = "uk-nice-bnf"


def course(record: str, as_of: str | date, protocol: str = UK) -> Course:
    return standing(record, str(as_of), protocol=protocol).course


def test_without_injections_the_patient_is_untreated() -> None:
    found = course("given 2026-01-01 [cyanocobalamin 1 mg tablet] 1 tablet oral", "2026-01-02")

    assert (found.phase, found.given, found.last, found.refs, found.due) == (Phase.UNTREATED, 0, None, (), None)


# Loading


LOADING: list[tuple[str, str, Phase, bool, bool, int | None]] = [
    # doses, as of: phase, loading seen, complete, days since it broke
    ("given 1 times from 2026-01-01 every 2 days", "2026-01-02", Phase.MAINTENANCE, False, False),
    ("given 2 times from 2026-01-01 every 2 days", "2026-01-03", Phase.LOADING, True, False),
    ("given 2 times from 2026-01-01 every 7 days", "2026-01-15", Phase.LOADING, True, False),
    ("given 2 times from 2026-01-01 every 8 days", "2026-01-15", Phase.MAINTENANCE, False, False),
    ("given 5 times from 2026-01-01 every 2 days", "2026-01-16", Phase.LOADING, True, False),
    ("given 5 times from 2026-01-01 every 2 days", "2026-01-17", Phase.MAINTENANCE, True, False),
    ("given 6 times from 2026-01-01 every 2 days", "2026-01-11", Phase.MAINTENANCE, True, True),
    ("given 7 times from 2026-01-01 every 2 days", "2026-02-11", Phase.MAINTENANCE, True, True),
]


@pytest.mark.parametrize(("doses", "as_of", "phase", "seen", "complete"), LOADING)
def test_loading_day_by_day(doses: str, as_of: str, phase: Phase, *, seen: bool, complete: bool) -> None:
    found = course(f"{doses} hydroxocobalamin 1000 mcg IM", as_of)

    assert (found.phase, found.loading_seen, found.loading_complete) == (phase, seen, complete)
    assert found.needed == 6


def test_loading_completed_by_another_protocol_is_complete() -> None:
    doses = "given 8 times from 2026-01-01 every 1 days cyanocobalamin 1000 mcg IM"

    assert course(doses, "2026-01-09", "us-label").loading_complete


@pytest.mark.parametrize(
    ("first", "second", "as_of", "phase"),
    [
        ("2026-01", "2026-02-07", "2026-02-07", Phase.LOADING),
        ("2026-01", "2026-02-08", "2026-02-08", Phase.MAINTENANCE),
        ("2026-01-25", "2026-02", "2026-03-07", Phase.LOADING),
        ("2026-01-25", "2026-02", "2026-03-08", Phase.MAINTENANCE),
        ("2026-01-24", "2026-02", "2026-03-07", Phase.MAINTENANCE),
    ],
)
def test_inexact_doses_are_loading_if_they_may_be(first: str, second: str, as_of: str, phase: Phase) -> None:
    """A week at most between the days nearest to each other, and from the last of them."""
    doses = (f"given {day} hydroxocobalamin 1000 mcg IM" for day in (first, second))

    assert course("; ".join(doses), as_of).phase is phase


@pytest.mark.parametrize(("dose", "complete"), [("499 mcg", False), ("500 mcg", True), ("400-500 mcg", True)])
def test_half_of_a_dose_completes_a_loading_as_the_whole_does(dose: str, *, complete: bool) -> None:
    doses = "given 5 times from 2026-01-01 every 2 days hydroxocobalamin 500 mcg IM"
    last = f"stated 2026-01-11 hydroxocobalamin {dose} IM"

    assert course(f"{doses}; {last}", "2026-01-12").loading_complete is complete


def test_a_loading_of_unlike_doses_is_complete_with_the_smaller(knowledge: Knowledge) -> None:
    protocol = knowledge.protocols[UK]
    doses = standing("given 6 times from 2026-01-01 every 2 days hydroxocobalamin 500 mcg IM").timeline.doses
    regimen = protocol.regimens[0]
    [step] = regimen.loading
    double = msgspec.structs.replace(step.dose, low=step.dose.low * 2, high=step.dose.high * 2)
    halves = msgspec.structs.replace(step.doses, low=3, high=3)
    steps = tuple(msgspec.structs.replace(step, doses=halves, dose=dose) for dose in (double, step.dose))
    unlike = msgspec.structs.replace(regimen, loading=steps)

    assert course_of(Therapy(doses), unlike, (), protocol.timing, date(2026, 1, 12)).loading_complete


def test_of_a_loading_with_a_range_of_doses_the_smallest_counts(knowledge: Knowledge) -> None:
    protocol = knowledge.protocols[UK]
    doses = standing("given 6 times from 2026-01-01 every 2 days hydroxocobalamin 500 mcg IM").timeline.doses
    [step] = protocol.regimens[0].loading
    wide = msgspec.structs.replace(step, dose=msgspec.structs.replace(step.dose, high=step.dose.low * 3))
    regimen = msgspec.structs.replace(protocol.regimens[0], loading=(wide,))

    assert course_of(Therapy(doses), regimen, (), protocol.timing, date(2026, 1, 12)).loading_complete


def test_doses_far_smaller_than_the_loading_do_not_complete_it_and_those_of_unknown_size_do() -> None:
    small = "given 6 times from 2026-01-01 every 2 days hydroxocobalamin 10 mcg IM"
    unknown = "given 6 times from 2026-01-01 every 2 days hydroxocobalamin IM"

    assert not course(small, "2026-01-12").loading_complete
    assert course(unknown, "2026-01-12").loading_complete


def test_in_loading_the_next_dose_is_due_at_loading_pace() -> None:
    due = course("given 2 times from 2026-01-01 every 2 days hydroxocobalamin 1000 mcg IM", "2026-01-04").due

    assert due
    assert (due.interval, due.interval_from, due.day) == (3, "protocol", date(2026, 1, 6))


def test_of_a_loading_by_half_days_the_next_dose_is_due_on_the_day_after(knowledge: Knowledge) -> None:
    protocol = knowledge.protocols[UK]
    doses = standing("given 2 times from 2026-01-01 every 3 days hydroxocobalamin 1000 mcg IM").timeline.doses
    [step] = protocol.regimens[0].loading
    half = msgspec.structs.replace(step.interval, high=Decimal("3.5"))
    twice_weekly = msgspec.structs.replace(
        protocol.regimens[0], loading=(msgspec.structs.replace(step, interval=half),)
    )
    due = course_of(Therapy(doses), twice_weekly, (), protocol.timing, date(2026, 1, 5)).due

    assert due
    assert due.interval == 4


def test_loading_without_a_number_is_never_complete_by_its_own_protocol() -> None:
    found = course(
        "cord degeneration; given 3 times from 2026-01-01 every 2 days hydroxocobalamin 1000 mcg IM", "2026-01-06"
    )

    assert (found.needed, found.loading_complete, found.phase) == (None, False, Phase.LOADING)


# Maintenance: 92 days, 14 of grace, lapsed after 183


MAINTENANCE: list[tuple[int, int, bool, bool]] = [
    # days since the last dose: overdue, late, lapsed
    (0, 0, False, False),
    (92, 0, False, False),
    (93, 1, False, False),
    (106, 14, False, False),
    (107, 15, True, False),
    (183, 91, True, False),
    (184, 92, True, True),
]


@pytest.mark.parametrize(("days", "overdue", "late", "lapsed"), MAINTENANCE)
def test_maintenance_day_by_day(days: int, overdue: int, *, late: bool, lapsed: bool) -> None:
    due = course(LOADED, date(2026, 1, 11) + timedelta(days=days)).due

    assert due
    assert (due.overdue, due.late, due.lapsed, due.day) == (overdue, late, lapsed, date(2026, 4, 13))


def test_a_dose_of_a_month_is_late_for_certain_only_by_its_last_day() -> None:
    doses = f"{LOADED}; given 2026-03 hydroxocobalamin 1000 mcg IM"  # between 1 and 31 March
    by_day = {day: course(doses, day).due for day in ("2026-06-15", "2026-06-16", "2026-07-15", "2026-07-16")}

    assert {day: (due.late, due.maybe_late) for day, due in by_day.items() if due} == {
        "2026-06-15": (False, False),
        "2026-06-16": (False, True),
        "2026-07-15": (False, True),
        "2026-07-16": (True, False),
    }


def test_a_lapse_begins_a_new_course() -> None:
    early = "given 2025-01-01 hydroxocobalamin 1000 mcg IM"
    for later, given in (("2025-07-03", 2), ("2025-07-04", 1)):  # 183 and 184 days
        found = course(f"{early}; given {later} hydroxocobalamin 1000 mcg IM", "2025-07-10")
        assert found.given == given


@pytest.mark.parametrize(
    ("early", "later", "given"),
    [
        ("2025-01", "2025-08-02", 2),
        ("2025-01", "2025-08-03", 1),
        ("2025-01-05", "2025-07", 2),
        ("2024-12-29", "2025-07", 1),
    ],
)
def test_a_lapse_is_certain(early: str, later: str, given: int) -> None:
    """More than 183 days from the last day that one dose allows to the first that the next one does."""
    doses = (f"given {day} hydroxocobalamin 1000 mcg IM" for day in (early, later))

    assert course("; ".join(doses), "2025-08-10").given == given


def test_therapy_has_lapsed_for_certain() -> None:
    """Counted from the 31st, the last day that the dose allows."""
    dues = [course("given 2026-01 hydroxocobalamin 1000 mcg IM", day).due for day in ("2026-08-02", "2026-08-03")]

    assert [due.lapsed for due in dues if due] == [False, True]


def test_a_lapse_is_twice_the_interval_where_that_is_less_than_half_a_year() -> None:
    for later, given in (("2026-03-04", 2), ("2026-03-05", 1)):
        assert (
            course(f"given 2026-01-01 1000 mcg IM; given {later} 1000 mcg IM", "2026-03-05", "us-label").given == given
        )


def test_evidence_is_the_strongest_and_refs_name_every_dose() -> None:
    found = course("given 2026-01-01 hydroxocobalamin IM; dispensed 2026-01-03 hydroxocobalamin IM", "2026-01-04")

    assert found.evidence is Evidence.ADMINISTERED
    assert len(found.refs) == 2


def test_at_the_end_of_the_calendar_the_due_day_is_its_last(knowledge: Knowledge) -> None:
    protocol, last = knowledge.protocols[UK], date(9999, 12, 1)
    [dose] = standing("given 2026-01-01 hydroxocobalamin 1000 mcg IM").timeline.doses
    for day in (When(last, last), When(date(9999, 11, 1), last)):
        late = msgspec.structs.replace(dose, day=day)
        due = course_of(Therapy([late]), protocol.regimens[0], (), protocol.timing, date.max).due

        assert due
        assert (due.day, due.overdue) == (date.max, 0)


# Whose interval


def order(days: str, ordered: str = "2026-01-11", more: str = "") -> str:
    return f"{LOADED}; ordered {ordered} hydroxocobalamin 1000 mcg IM {days} {more}"


INTERVALS: dict[str, tuple[str, int, str]] = {
    "the patient's own plan": (order("every 2 months"), 61, "MedicationRequest/MedicationRequest-1"),
    "the longest the plan allows": (order("every 2-3 months"), 92, "MedicationRequest/MedicationRequest-1"),
    "not a plan at loading pace": (order("every 7 days"), 92, "protocol"),
    "a plan just slower": (order("every 8 days"), 8, "MedicationRequest/MedicationRequest-1"),
    "not a plan for a century": (order("every 99 years"), 92, "protocol"),
    "the longest plan": (order("every 3653 days"), 3653, "MedicationRequest/MedicationRequest-1"),
    "longer than any plan": (order("every 3654 days"), 92, "protocol"),
    "the newest of two": (
        order("every 2 months") + "; ordered 2026-01-12 hydroxocobalamin 1000 mcg IM every 70 days",
        70,
        "MedicationRequest/MedicationRequest-2",
    ),
    "the newest by its first day": (
        order("every 2 months", "2026-01") + "; ordered 2026-01-12 hydroxocobalamin 1000 mcg IM every 70 days",
        70,
        "MedicationRequest/MedicationRequest-2",
    ),
    "one without a date only alone": (
        order("every 2 months", "") + "; ordered 2026-01-12 hydroxocobalamin 1000 mcg IM every 70 days",
        70,
        "MedicationRequest/MedicationRequest-2",
    ),
    "none, if it is stopped": (order("every 2 months", more="stopped"), 92, "protocol"),
    "none, if it is swallowed": (
        f"{LOADED}; ordered 2026-01-11 [cyanocobalamin 1 mg tablet] 1 tablet oral every 30 days", 92, "protocol",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("record", "interval", "source"), INTERVALS.values(), ids=INTERVALS)
def test_the_interval_is_the_patients_own_before_the_protocols(record: str, interval: int, source: str) -> None:
    due = course(record, "2026-02-01").due

    assert due
    assert (due.interval, due.interval_from) == (interval, source)


def test_without_a_plan_or_a_regimen_nothing_is_due_and_half_a_year_is_a_lapse(knowledge: Knowledge) -> None:
    timing, doses = (
        knowledge.protocols[UK].timing,
        standing(f"{LOADED}; given 2026-07-14 hydroxocobalamin IM").timeline.doses,
    )
    found = course_of(Therapy(doses), None, (), timing, date(2026, 8, 1))

    assert (found.due, found.needed, found.given) == (None, None, 1)


GRACE_AND_LAPSE: list[tuple[int, int, int]] = [
    # interval: grace, lapse
    (1, 7, 8),
    (7, 7, 14),
    (30, 7, 60),
    (46, 7, 92),
    (47, 8, 94),
    (91, 14, 182),
    (92, 14, 183),
    (183, 28, 211),
    (365, 55, 420),
]


@pytest.mark.parametrize(("interval", "grace", "lapse"), GRACE_AND_LAPSE)
def test_grace_and_lapse_grow_with_the_interval(knowledge: Knowledge, interval: int, grace: int, lapse: int) -> None:
    timing = knowledge.protocols[UK].timing

    assert (grace_of(interval, timing), lapse_of(interval, timing)) == (grace, lapse)


def test_a_weekly_loading_allows_a_longer_gap(knowledge: Knowledge) -> None:
    timing = knowledge.protocols[UK].timing
    gaps = {protocol: loading_gap(one.regimens[0], one.timing) for protocol, one in knowledge.protocols.items()}

    assert set(gaps.values()) <= {7, 14}
    assert loading_gap(None, timing) == gaps[UK] == 7
