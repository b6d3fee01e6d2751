"""Everything that we emit is checked against FHIR R4B before it leaves."""

from __future__ import annotations

from typing import Any

from fhir.resources.R4B.careplan import CarePlan
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.servicerequest import ServiceRequest
from pydantic import BaseModel, ValidationError

from cds_service.errors import OutputFault

Resource = dict[str, Any]
MODELS: dict[str, type[BaseModel]] = {
    "CarePlan": CarePlan,
    "MedicationRequest": MedicationRequest,
    "ServiceRequest": ServiceRequest,
}
for _model in MODELS.values():
    _model.model_rebuild()  # pydantic would build it at its first use, in the middle of somebody's call


def check(resource: Resource) -> Resource:
    """The resource, if it is valid FHIR; raises OutputFault naming the elements that are not."""
    kind = resource.get("resourceType")
    model = MODELS.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise OutputFault("expected a resource of a type that is written here, got another")
    try:
        model.model_validate(resource)
    except ValidationError as fault:
        where = ", ".join(sorted({".".join(str(part) for part in error["loc"]) for error in fault.errors()}))
        raise OutputFault(f"expected a valid {kind}, got faults at {where}") from None
    return resource
