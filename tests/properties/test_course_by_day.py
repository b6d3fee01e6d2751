"""Phase and due date as a nurse with a calendar counts them: day by day, slow and obvious, and by her own numbers."""

from __future__ import annotations

import json
from datetime import date, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from cds_service.answer import Asked, answer
from cds_service.b12.course import Course
from cds_service.b12.verdict import Finding, Silent
from cds_service.hooks import read_request
from tests.helpers.patients import knowledge, request_of
from tests.helpers.tables import instant
from tests.properties.charts import PROTOCOLS, TODAY, ago, judge

MANY = settings(max_examples=100, deadline=None, derandomize=True)
ENOUGH = 6  # doses of 1000 mcg that complete the shortest loading of any protocol for adults


class Sheet(Struct, frozen=True):
    """The numbers of a protocol for patients without particularities, in days, copied by hand."""

    dose: str
    loading: int
    gap: int
    interval: int
    grace: int
    lapse: int


SHEETS = {
    "uk-nice-bnf": Sheet("hydroxocobalamin 1 mg IM", loading=3, gap=7, interval=92, grace=14, lapse=183),
    "us-practice": Sheet("cyanocobalamin 1000 mcg IM", loading=7, gap=14, interval=31, grace=7, lapse=62),
    "nl-kompas": Sheet("hydroxocobalamin 1 mg IM", loading=7, gap=14, interval=62, grace=10, lapse=124),
    "de-label": Sheet("cyanocobalamin 1500 mcg IM", loading=4, gap=7, interval=31, grace=7, lapse=62),
}


class Count(Struct, frozen=True):
    """What the nurse has counted on the last day."""

    phase: str
    given: int
    due: date | None
    overdue: int
    late: bool


def counted(given: set[date], today: date, sheet: Sheet) -> Count:
    """Walk from the first dose to today, one day at a time."""
    course: list[date] = []
    waited = 0
    day = min(given)
    while day <= today:
        if day in given:
            if course and waited > sheet.lapse:
                course = []
            course.append(day)
            waited = 0
        if day < today:
            waited += 1
        day += timedelta(days=1)
    begun = len(course) >= 2 and (course[1] - course[0]).days <= sheet.gap
    loading = begun and len(course) < ENOUGH and waited <= sheet.gap
    interval = sheet.loading if loading else sheet.interval
    overdue = 0
    for past in range(1, waited + 1):
        overdue += past > interval
    due = course[-1] + timedelta(days=interval)
    grace = 7 if loading else sheet.grace
    return Count("loading" if loading else "maintenance", len(course), due, overdue, overdue > grace)


def course_by(protocol: str, record: str, today: date) -> Course:
    """The course that the service sees."""
    request = json.dumps(request_of("patient-view", record, "")).encode()
    asked = Asked(knowledge(), protocol, instant(today.isoformat()), most_cards=20, most_resources=1000)
    episode = answer(read_request(request), asked).episode
    assert episode
    return episode.course


gaps = st.one_of(
    st.integers(1, 4),
    st.integers(5, 16),
    st.integers(25, 45),
    st.integers(50, 110),
    st.sampled_from([7, 8, 14, 15, 38, 39, 62, 63, 72, 73, 106, 107, 124, 125, 183, 184]),
    st.integers(150, 300),
)


@MANY
@given(protocol=st.sampled_from(sorted(SHEETS)), waits=st.lists(gaps, min_size=1, max_size=14))
@example(protocol="uk-nice-bnf", waits=[2, 2, 2, 2, 2, 92])
@example(protocol="us-practice", waits=[1, 1, 1, 1, 14])
@example(protocol="nl-kompas", waits=[7, 7, 7, 7, 7, 7, 7, 7, 7, 62, 124, 125])
def test_a_course_is_as_counted_day_by_day(protocol: str, waits: list[int]) -> None:
    """The last wait is that from the last dose until today."""
    sheet, days, day = SHEETS[protocol], set[date](), ago(sum(waits))
    for wait in waits:
        days.add(day)
        day += timedelta(days=wait)
    record = "; ".join(f"given {one} {sheet.dose}" for one in sorted(days))
    expected, course = counted(days, TODAY, sheet), course_by(protocol, record, TODAY)
    due = course.due
    assert due
    assert expected == Count(course.phase.value, course.given, due.day, due.overdue, due.late)


def naive(interval: int, waited: int) -> tuple[str, int]:
    """What to say after so many days of waiting for a dose of an order's own interval."""
    grace = 7
    while grace * 100 < interval * 15:
        grace += 1
    past_due, said = 0, "silent"
    for day in range(1, waited + 1):
        if day > interval:
            past_due += 1
        if past_due > grace:
            said = "late"
            if day > 2 * interval or day > 183:
                said = "lapsed"
    return said, past_due


@MANY
@given(interval=st.integers(15, 200), waited=st.integers(0, 500), protocol=PROTOCOLS)
def test_due_and_overdue_are_as_counted_day_by_day(interval: int, waited: int, protocol: str) -> None:
    last = ago(waited)
    record = f"given {last} 1000 mcg IM; ordered {last} 1000 mcg IM every {interval} days"
    found = judge(request_of("patient-view", record, ""), protocol)
    verdict = next(one.verdict for one in found if one.rule == "maintenance_overdue")
    said, past_due = naive(interval, waited)
    if said == "silent":
        assert isinstance(verdict, Silent)
    else:
        assert isinstance(verdict, Finding)
        assert (verdict.variant, verdict.facts["days"]) == (said, past_due)
        assert verdict.facts["due"] == last + timedelta(days=interval)
