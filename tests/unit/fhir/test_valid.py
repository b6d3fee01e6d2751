"""What leaves is valid FHIR, or it does not leave."""

from __future__ import annotations

import pytest

from cds_service.errors import OutputFault
from cds_service.fhir.valid import MODELS, check

ORDER = {
    "resourceType": "MedicationRequest",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/p1"},
    "medicationCodeableConcept": {"text": "x"},
}


def test_the_models_are_built_before_the_first_call() -> None:
    assert all(model.__pydantic_complete__ for model in MODELS.values())


def test_what_is_valid_comes_back_as_it_is() -> None:
    assert check(ORDER) is ORDER


def test_what_is_not_valid_is_refused_and_the_fault_names_elements_and_no_values() -> None:
    with pytest.raises(OutputFault, match=r"MedicationRequest, got faults at dosageInstruction\.0\.sequence") as fault:
        check(ORDER | {"dosageInstruction": [{"sequence": "secret"}]})
    assert "secret" not in str(fault.value)


@pytest.mark.parametrize("kind", ["Patient", "MedicationOrder", None, ["MedicationRequest"]])
def test_a_type_that_is_not_written_here_is_refused(kind: object) -> None:
    with pytest.raises(OutputFault, match="a type that is written here"):
        check(ORDER | {"resourceType": kind})
