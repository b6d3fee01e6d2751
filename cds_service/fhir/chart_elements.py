"""The parts of FHIR's chart resources that we read: allergies, tests ordered, care plans, the family; and the union."""

from __future__ import annotations

from msgspec import Raw, Struct

from cds_service.fhir import elements as fhir


class Reaction(Struct, frozen=True, gc=False):
    substance: fhir.CodeableConcept | None = None
    severity: str | None = None


class AllergyIntolerance(fhir.Resource, frozen=True, gc=False, tag=True):
    code: fhir.CodeableConcept | None = None
    substance: fhir.CodeableConcept | None = None  # DSTU2
    reaction: list[Reaction] | Reaction | None = None
    clinicalStatus: fhir.CodeableConcept | str | None = None
    verificationStatus: fhir.CodeableConcept | str | None = None
    status: str | None = None  # DSTU2: both in one
    type: fhir.CodeableConcept | str | None = None
    criticality: str | None = None


class TestItem(Struct, frozen=True, gc=False):
    """One test of a DSTU2 DiagnosticOrder."""

    code: fhir.LabConcept | None = None


class TestEvent(Struct, frozen=True, gc=False):
    """What happened to a DSTU2 DiagnosticOrder, and when."""

    dateTime: str | None = None


class TestRequest(fhir.Resource, frozen=True, gc=False):
    """What ServiceRequest, ProcedureRequest and DiagnosticOrder have between them."""

    status: str | None = None
    intent: str | None = None
    doNotPerform: bool | None = None
    code: fhir.LabConcept | None = None
    item: list[TestItem] | None = None  # DSTU2
    event: list[TestEvent] | None = None  # DSTU2
    authoredOn: str | None = None
    orderedOn: str | None = None  # DSTU2
    occurrenceDateTime: str | None = None
    occurrencePeriod: fhir.Period | None = None


class ServiceRequest(TestRequest, frozen=True, gc=False, tag=True):
    pass


class ProcedureRequest(TestRequest, frozen=True, gc=False, tag=True):
    """STU3's ServiceRequest."""


class DiagnosticOrder(TestRequest, frozen=True, gc=False, tag=True):
    """DSTU2's ServiceRequest."""


class CarePlan(fhir.Resource, frozen=True, gc=False, tag=True):
    """Read for whether it speaks of B12: the parts that hold words stay bytes."""

    status: str | None = None
    period: fhir.Period | None = None
    title: str | None = None
    description: str | None = None
    category: Raw = Raw()
    activity: Raw = Raw()
    note: Raw = Raw()


class RelativeProblem(Struct, frozen=True, gc=False):
    code: fhir.CodeableConcept | None = None


class FamilyMemberHistory(fhir.Resource, frozen=True, gc=False, tag=True):
    status: str | None = None
    condition: list[RelativeProblem] | None = None


Known = (
    fhir.Patient
    | fhir.Condition
    | fhir.Procedure
    | fhir.Observation
    | fhir.MedicationRequest
    | fhir.MedicationOrder
    | fhir.MedicationAdministration
    | fhir.MedicationDispense
    | fhir.MedicationStatement
    | fhir.Immunization
    | AllergyIntolerance
    | ServiceRequest
    | ProcedureRequest
    | DiagnosticOrder
    | CarePlan
    | FamilyMemberHistory
    | fhir.Medication
    | fhir.OperationOutcome
)
"""Every resource that we read."""
