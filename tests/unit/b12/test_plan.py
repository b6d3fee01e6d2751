"""Whether a therapy that just began has a plan."""

from __future__ import annotations

from datetime import date

import pytest

from cds_service.b12.episode import Stage
from cds_service.b12.plan import beginning_of, check_is_arranged, grounds, just_begun, next_check, why_planned
from cds_service.b12.words import Analyte
from tests.helpers.reading import standing

LOADED = "B12 deficiency; given 4 times from 2026-03-01 every 7 days 1000 mcg IM"


def test_therapy_begins_today_with_the_first_order_at_signing() -> None:
    start = beginning_of(standing("B12 deficiency", "2026-03-10", "1000 mcg IM weekly x 4"))

    assert start
    assert (start.day, start.refs) == (date(2026, 3, 10), ("MedicationRequest/draft-1",))
    assert beginning_of(standing("B12 deficiency", "2026-03-10", stage=Stage.VIEW)) is None


def test_therapy_began_with_the_first_dose() -> None:
    start = beginning_of(standing(LOADED, "2026-03-24", stage=Stage.VIEW))

    assert start
    assert (start.day, len(start.refs)) == (date(2026, 3, 1), 4)


@pytest.mark.parametrize(
    ("record", "as_of", "expected"),
    [
        (LOADED, "2026-06-01", True),
        (LOADED, "2026-06-02", False),
        (f"{LOADED}; given 2025-01-01 1000 mcg IM", "2026-03-24", False),
    ],
)
def test_it_began_lately_if_nothing_older_is_on_record(record: str, as_of: str, expected: bool) -> None:  # noqa: FBT001
    episode = standing(record, as_of, stage=Stage.VIEW)
    start = beginning_of(standing(LOADED, "2026-03-24", stage=Stage.VIEW))
    assert start

    assert just_begun(episode, start) is expected


PLANNED = {
    "": "",
    "ordered 2026-03-20 1000 mcg IM weekly x 8": "",
    "ordered 2026-03-20 1000 mcg IM weekly": "an order says what follows",
    "ordered 2026-03-20 1000 mcg IM monthly x 3": "an order says what follows",
    "ordered 2026-03-20 1000 mcg IM monthly x 1": "",
    "plan B12 since 2026-03-01": "a care plan for B12 is on record",
    "plan B12 since 2026-03-01 revoked": "",
    "palliative care": "care at the end of life",
}


@pytest.mark.parametrize(("entry", "because"), PLANNED.items())
def test_a_plan_is_whatever_says_what_follows(entry: str, because: str) -> None:
    assert why_planned(standing(f"{LOADED}; {entry}", "2026-03-24", stage=Stage.VIEW)) == because


@pytest.mark.parametrize(
    ("record", "count"), [("", 0), ("hypertension", 0), ("bariatric surgery", 0), ("PA", 1), ("neuropathy", 1)]
)
def test_a_deficiency_is_treated_where_something_tells_of_it(record: str, count: int) -> None:
    assert len(grounds(standing(record))) == count


ANAEMIC = "B12 deficiency; lab 2026-03-01 haemoglobin 90 g/L"
ARRANGED = {
    "": False,
    "test ordered 2026-03-09 blood count": False,
    "test ordered 2026-03-09 blood count due 2026-03-10": False,
    "test ordered 2026-03-09 blood count due 2026-03-11": True,
    "test ordered 2026-03-09 haemoglobin due 2026-05-05": True,
    "test ordered 2026-03-09 ferritin due 2026-05-05": False,
}


@pytest.mark.parametrize(("entry", "expected"), ARRANGED.items())
def test_a_check_is_arranged_by_an_order_for_a_day_to_come(entry: str, expected: bool) -> None:  # noqa: FBT001
    episode = standing(f"{ANAEMIC}; {entry}", "2026-03-10", "1000 mcg IM weekly x 4")
    start = beginning_of(episode)
    assert start
    check = next_check(episode, start)

    assert check
    assert check.tests == (Analyte.BLOOD_COUNT,)
    assert check_is_arranged(episode, check) is expected


def test_a_protocol_may_name_no_check() -> None:
    episode = standing("B12 deficiency", "2026-03-10", "1000 mcg IM weekly x 4")
    start = beginning_of(episode)
    assert start

    assert next_check(episode, start) is None
    assert not check_is_arranged(episode, None)
