"""Every mass that an order states is judged, wherever it stands, by the route it is given by."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cds_service.b12.stated import masses_of
from cds_service.b12.words import Route
from tests.helpers import reading
from tests.helpers.patients import knowledge

TOLERANCE = Decimal("0.05")
ML = {"doseAndRate": [{"doseQuantity": {"value": 1, "unit": "mL"}}]}
MCG = {"doseAndRate": [{"doseQuantity": {"value": 1000, "unit": "mcg"}}]}
IM = {"route": {"coding": [{"system": reading.SNOMED, "code": "78421000"}]}}


def stated(**dosage: Any) -> list[tuple[str, Route | None]]:
    order = reading.resource("MedicationRequest", id="d", status="draft", intent="order", dosageInstruction=[dosage])
    record = reading.read(knowledge(), drafts=(order,)).record
    draft = reading.timeline(knowledge(), record).drafts[0]
    return [(one.amount.written, one.route) for one in masses_of(draft.steps[0], draft, TOLERANCE)]


@pytest.mark.parametrize(
    ("dosage", "expected"),
    [
        (MCG, ["1000 mcg"]),
        (ML, []),
        ({**ML, "text": "1000 mg IM monthly"}, ["1000 mg"]),
        ({**MCG, "text": "1 mg IM monthly"}, ["1000 mcg", "1 mg"]),
        ({**MCG, "text": "1000 mg IM monthly"}, ["1000 mcg"]),
        ({**MCG, "text": "1 mg daily for 7 days, then 1000 mg monthly"}, ["1000 mcg", "1 mg", "1000 mg"]),
        ({**MCG, "text": "1 mL (1000 mg/mL) IM monthly"}, ["1000 mcg", "1 mL (1000000 mcg/mL)"]),
        ({**MCG, "text": "1 mg monthly", "patientInstruction": "1000 mg monthly"}, ["1000 mcg", "1 mg", "1000 mg"]),
        ({"text": "as in the letter", "patientInstruction": "1000 mg monthly"}, ["1000 mg"]),
    ],
)
def test_masses_are_found_in_structure_text_and_what_the_patient_is_told(dosage: Any, expected: list[str]) -> None:
    assert [written for written, _ in stated(**dosage)] == expected


def test_a_mass_has_the_route_of_its_own_phase_else_that_of_its_step() -> None:
    text = "1 mg IM daily for 7 days, then 2 mg by mouth daily"
    assert stated(text=text) == [("1 mg", Route.INTRAMUSCULAR), ("2 mg", Route.ORAL)]
    assert stated(**IM, text="1 mg monthly") == [("1 mg", Route.INTRAMUSCULAR)]
