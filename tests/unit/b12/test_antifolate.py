"""While pemetrexed or pralatrexate is given, B12 is its premedication: what tells of that, and for how long."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cds_service.b12.words import SpecialTherapy
from cds_service.knowledge import Knowledge
from tests.helpers.reading import NOON, Json, read, resource, standing, timeline

PEMETREXED = {"medicationCodeableConcept": {"text": "Pemetrexed 500 mg"}}
LAPSE, STALE = 183, 730


def ago(days: int) -> str:
    return (NOON - timedelta(days=days)).date().isoformat()


TOLD: dict[str, tuple[str, bool]] = {
    "ordered": (f'ordered {ago(30)} "Pemetrexed 500 mg"', True),
    "ordered, without a date": ('ordered "Pemetrexed 500 mg"', True),
    "ordered for a day to come": (f'ordered {ago(1)} "Pemetrexed 500 mg" daily starting {ago(-7)}', True),
    "the other one": (f'ordered {ago(30)} "Pralatrexate 20 mg/mL"', True),
    "an order of two years": (f'ordered {ago(STALE)} "Pemetrexed 500 mg"', True),
    "an older order that nobody closed": (f'ordered {ago(STALE + 1)} "Pemetrexed 500 mg"', False),
    "an order that ended half a year ago": (
        f'ordered {ago(STALE + 1)} "Pemetrexed 500 mg" until {ago(LAPSE)}', True,
    ),
    "an order that ended before that": (f'ordered {ago(STALE)} "Pemetrexed 500 mg" until {ago(LAPSE + 1)}', False),
    "an order of years that has not ended": (f'ordered {ago(STALE + 1)} "Pemetrexed 500 mg" until {ago(-1)}', True),
    "completed half a year ago": (f'ordered {ago(LAPSE)} "Pemetrexed 500 mg" completed', True),
    "completed before that": (f'ordered {ago(LAPSE + 1)} "Pemetrexed 500 mg" completed', False),
    "stopped years ago": ('ordered 2015-01-01 "Pemetrexed 500 mg" stopped', False),
    "put off": (f'ordered {ago(30)} "Pemetrexed 500 mg" on-hold', True),
    "given half a year ago": (f'given {ago(LAPSE)} "Pemetrexed 500 mg"', True),
    "given before that": (f'given {ago(LAPSE + 1)} "Pemetrexed 500 mg"', False),
    "given, and never closed": ('given 2015-01-01 "Pemetrexed 500 mg" active', False),
    "handed over half a year ago": (f'dispensed {ago(LAPSE)} "Pemetrexed 500 mg"', True),
    "handed over before that": (f'dispensed {ago(LAPSE + 1)} "Pemetrexed 500 mg"', False),
    "stated": ('stated since 2020 "Pemetrexed 500 mg"', True),
    "stated, until years ago": ('stated since 2015 "Pemetrexed 500 mg" until 2016', False),
    "in error": (f'ordered {ago(30)} "Pemetrexed 500 mg" entered-in-error', False),
    "cancelled": (f'ordered {ago(30)} "Pemetrexed 500 mg" cancelled', False),
    "a draft of the past": (f'ordered {ago(30)} "Pemetrexed 500 mg" draft', False),
    "a plan": (f'ordered {ago(30)} "Pemetrexed 500 mg" plan', False),
    "forbidden": (f'ordered {ago(30)} "Pemetrexed 500 mg" do not perform', False),
    "not given": (f'given {ago(30)} "Pemetrexed 500 mg" not-done', False),
    "given in error": (f'given {ago(30)} "Pemetrexed 500 mg" entered-in-error', False),
    "given tomorrow": (f'given {ago(-1)} "Pemetrexed 500 mg"', False),
    "another patient's": (f'ordered {ago(30)} "Pemetrexed 500 mg" of another patient', False),
    "one in error, one not": (
        f'ordered {ago(30)} "Pemetrexed 500 mg" entered-in-error; ordered {ago(20)} "Pemetrexed 500 mg"', True,
    ),
    "another drug": (f"ordered {ago(30)} [metformin 500 mg]", False),
}  # fmt: skip


@pytest.mark.parametrize(("record", "told"), TOLD.values(), ids=TOLD)
def test_an_antifolate_is_a_therapy_of_its_own_while_it_is_given_and_for_half_a_year(
    record: str, *, told: bool
) -> None:
    assert (SpecialTherapy.ANTIFOLATE in standing(record).special) is told


@pytest.mark.parametrize(
    ("status", "told"),
    [("draft", True), ("active", True), ("cancelled", False), ("entered-in-error", False), ("stopped", False)],
)
def test_an_antifolate_that_is_being_ordered_counts_and_one_that_is_withdrawn_does_not(
    knowledge: Knowledge, status: str, *, told: bool
) -> None:
    drafts: tuple[Json, ...] = (resource("MedicationRequest", id="d", status=status, intent="order", **PEMETREXED),)

    assert timeline(knowledge, read(knowledge, drafts=drafts).record).antifolate is told
