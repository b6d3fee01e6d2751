"""What of a record is in force today, covers the patient, and was not sent."""

from __future__ import annotations

import pytest

from cds_service.b12.concept import Concept
from cds_service.b12.episode import Stage
from cds_service.b12.episode_of import Moment, episode_of
from cds_service.b12.record import ClinicalRecord, Condition, Order, Product
from cds_service.knowledge import Knowledge
from tests.helpers.reading import NOON, standing

ACTIVE = {
    "ordered 2026-11-01 cyanocobalamin 1 mg IM monthly": True,
    "ordered 2026-11-01 cyanocobalamin 1 mg IM monthly stopped": False,
    "ordered 2024-11-20 cyanocobalamin 1 mg IM monthly": True,
    "ordered 2024-11-19 cyanocobalamin 1 mg IM monthly": False,
    "ordered 2024-11 cyanocobalamin 1 mg IM monthly": True,
    "ordered 2024-01-01 cyanocobalamin 1 mg IM monthly until 2026-11-20": True,
    "ordered 2024-01-01 cyanocobalamin 1 mg IM monthly until 2026-11-19": False,
    "ordered 2024-01-01 cyanocobalamin 1 mg IM monthly until 2026-11": True,
}


@pytest.mark.parametrize(("record", "active"), ACTIVE.items())
def test_an_order_is_in_force_until_its_end_or_until_it_is_stale(record: str, *, active: bool) -> None:
    episode = standing(record)

    assert bool(episode.orders) is active
    assert len(episode.timeline.orders) == 1


COVER = {
    "ordered 2026-11-01 [cyanocobalamin 1 mg tablet] 1 tablet oral daily": True,
    "ordered 2026-11-01 [cyanocobalamin 1 mg tablet] 1 tablet oral weekly": False,
    "ordered 2026-11-01 [cyanocobalamin 1 mg tablet] 1 tablet oral": False,
    "ordered 2026-11-01 [cyanocobalamin 50 mcg tablet] 1 tablet oral daily": False,
    "ordered 2026-11-01 cyanocobalamin 1000 mcg IM daily": False,
    "stated since 2026-01-01 [cyanocobalamin 1 mg tablet] 1 tablet oral daily": True,
    "stated since 2026-01-01 [cyanocobalamin 1 mg tablet] 1 tablet oral daily until 2026-11-20": True,
    "stated since 2026-01-01 [cyanocobalamin 1 mg tablet] 1 tablet oral daily until 2026-11-19": False,
    "stated since 2026-01-01 [cyanocobalamin 1 mg tablet] 1 tablet oral": False,
    "stated since 2026-01-01 cyanocobalamin 1000 mcg IM daily": False,
}


@pytest.mark.parametrize(("record", "covered"), COVER.items())
def test_swallowed_b12_covers_in_a_full_daily_dose_only(record: str, *, covered: bool) -> None:
    assert bool(standing(record).oral_cover) is covered


INTERVALS = {
    "given 2026-11-01 1000 mcg IM": (31, False),
    "given 2026-11-01 1000 mcg IM; ordered 2026-10-01 1000 mcg IM every 60 days": (60, True),
    "given 2026-11-01 1000 mcg IM; ordered 2026-10-01 1000 mcg every 60 days": (60, True),
    "given 2026-11-01 1000 mcg IM; ordered 2026-10-01 1000 mcg oral every 60 days": (31, False),
}


@pytest.mark.parametrize(("record", "expected"), INTERVALS.items())
def test_the_next_injection_is_due_by_the_order_of_injections_else_by_the_protocol(
    record: str, expected: tuple[int, bool]
) -> None:
    due = standing(record).course.due

    assert due
    assert (due.interval, due.interval_from != "protocol") == expected


def test_what_was_not_sent_is_unseen() -> None:
    assert standing("").unseen == frozenset()
    assert standing("unseen problems").unseen == {"Condition"}
    assert standing("unseen doses").doses_unseen
    assert not standing("unseen given doses").doses_unseen


def test_what_is_known_by_words_alone_is_marked_in_problems_and_medications(knowledge: Knowledge) -> None:
    record = ClinicalRecord(
        conditions=(Condition("Condition/said", Concept((), "Pernicious anaemia")),),
        orders=(Order("MedicationRequest/said", Product(Concept((), "Vitamin B12 injection")), "active", "order"),),
    )
    guidance = knowledge.guidance("us-practice", NOON.date())

    assert episode_of(record, guidance, Moment(NOON, Stage.VIEW)).by_text == {
        "Condition/said",
        "MedicationRequest/said",
    }
