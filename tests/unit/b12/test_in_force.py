"""Which orders are in force today: those that nobody ended and by which B12 is still given, handed over or stated."""

from __future__ import annotations

import pytest

from cds_service.b12.episode import Stage
from tests.helpers.reading import standing

OLD = "ordered 2024-11-19 cyanocobalamin 1 mg IM monthly"  # 731 days before 2026-11-20
TOLD = {
    "given 2024-11-20 cyanocobalamin 1 mg IM": True,
    "given 2024-11-19 cyanocobalamin 1 mg IM": False,
    "given 2024-11 cyanocobalamin 1 mg IM": True,
    "given 2024-11-20 cyanocobalamin 1 mg": True,
    "given 2024-11-20 cyanocobalamin 1 mg SC": True,
    'given 2024-11-20 "Vitamin B12" 1 mg IM': True,
    "given 2026-11-01 hydroxocobalamin 1 mg IM": False,
    "given 2026-11-01 [cyanocobalamin 1 mg tablet] 1 tablet oral": False,
    "given 2026-11-01 [multivitamin with B12] IM": False,
    "given 2026-11-01 cyanocobalamin 1 mg IM entered-in-error": False,
    "given 2026-11-21 cyanocobalamin 1 mg IM": False,
    "dispensed 2024-11-20 cyanocobalamin 1 mg IM": True,
    "dispensed 2024-11-19 cyanocobalamin 1 mg IM supply for 90 days": False,
    "immunized 2024-11-20 cyanocobalamin 1 mg IM": True,
    "stated 2024-11-20 cyanocobalamin 1 mg IM": True,
    "stated since 2020 cyanocobalamin 1 mg IM monthly": True,
    "stated cyanocobalamin 1 mg IM monthly": True,
    "stated since 2020 cyanocobalamin 1 mg IM monthly until 2026-11-19": False,
    "stated cyanocobalamin 1 mg IM monthly completed": False,
}


@pytest.mark.parametrize(("told", "stands"), TOLD.items())
def test_an_order_stands_for_as_long_as_anything_tells_that_it_is_used(told: str, *, stands: bool) -> None:
    assert bool(standing(f"{OLD}; {told}").orders) is stands


GIVEN = "given 2026-11-01 cyanocobalamin 1 mg IM"
STANDING = {
    f"{OLD}; {GIVEN}": ["1"],
    f"{OLD}; ordered 2024-11-18 cyanocobalamin 1 mg IM monthly; {GIVEN}": ["1"],
    f"{OLD}; ordered 2024-11-18 cyanocobalamin 1 mg IM monthly": [],
    f"{OLD}; ordered 2024-11-18 hydroxocobalamin 1 mg IM monthly; {GIVEN}": ["1"],
    f"ordered 1972-01-15 [cyanocobalamin 5 mg/mL]; {GIVEN}": [],
    f"ordered 1972-01-15 cyanocobalamin 1 mg IM once; {GIVEN}": [],
    f"ordered 1972-01-15 cyanocobalamin 1 mg IM monthly; {OLD}; {GIVEN}": ["2"],
    f"ordered 1972-01-15 cyanocobalamin 1 mg IM monthly; {OLD} stopped; {GIVEN}": ["1"],
    f"{OLD}; ordered 2026-11-10 cyanocobalamin 1 mg IM monthly; {GIVEN}": ["1", "2"],
    "ordered 2024-11-19 cyanocobalamin 1 mg oral daily; dispensed 2026-11-01 cyanocobalamin 1 mg oral": ["1"],
    f"ordered 2024-11-19 cyanocobalamin 1 mg oral daily; {GIVEN}": [],
    f"ordered 2024-11-19 vitamin B12 1 mg IM monthly; {GIVEN}": ["1"],
}


@pytest.mark.parametrize(("record", "stands"), STANDING.items())
def test_a_dose_tells_of_the_newest_order_by_which_it_may_have_been_given(record: str, stands: list[str]) -> None:
    assert [order.ref.rpartition("-")[2] for order in standing(record).orders] == stands


def test_an_old_order_that_nobody_ended_is_asked_about_while_an_allergy_is_written() -> None:
    asked = {
        record: [one.ref for one in standing(record, stage=Stage.ALLERGY).asked_about]
        for record in (OLD, f"{OLD} stopped", f"{OLD} until 2026-11-19")
    }

    assert list(map(len, asked.values())) == [1, 0, 0]


DOUBTS = {
    "given 2024-11-01 1 mg IM; ordered 2024-11-19 1 mg oral daily": True,
    "given 2024-11-19 1 mg IM; ordered 2024-11-19 1 mg oral daily": True,
    "given 2024-11-20 1 mg IM; ordered 2024-11-19 1 mg oral daily": False,
    "given 2024-11-01 1 mg IM; ordered 2024-11-20 1 mg oral daily": False,
    "given 2024-11-01 1 mg IM; ordered 2024-11-19 1 mg oral daily stopped": False,
    "given 2024-11-01 1 mg IM; ordered 2024-11-19 1 mg oral weekly": False,
    "given 2024-11-01 1 mg IM; ordered 2024-11-19 1 mg IM daily": False,
}


@pytest.mark.parametrize(("record", "doubt"), DOUBTS.items())
def test_a_stale_order_to_swallow_after_the_last_injection_is_in_doubt(record: str, *, doubt: bool) -> None:
    found = standing(record)

    assert bool(found.oral_doubt) is doubt
    assert not (found.oral_doubt and found.oral_cover)


def test_of_two_orders_in_doubt_the_newest_comes_first() -> None:
    older = "ordered 2023-11-19 1 mg oral daily"
    found = standing(f"given 2023-11-01 1 mg IM; {older}; ordered 2024-11-19 1 mg oral daily; {older}").oral_doubt

    assert [one.ref.rpartition("-")[2] for one in found] == ["2", "1", "3"]
