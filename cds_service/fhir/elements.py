"""
The parts of FHIR that we read, as partial structs: unknown elements are ignored, no element is required.

One struct serves DSTU2, STU3 and R4: the names that changed stand side by side. Where real clients send an
object for a list (the public sandbox's `category` and `reasonCode`), both are taken.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Raw, Struct

NOTHING = (Raw(), Raw(b"null"))


def is_nothing(raw: Raw) -> bool:
    """Absent, or null."""
    return raw in NOTHING  # compares lengths first; bytes(raw) would copy a whole Bundle


class Coding(Struct, frozen=True, gc=False):
    system: str | None = None
    code: str | None = None
    display: str | None = None


class CodeableConcept(Struct, frozen=True, gc=False):
    coding: list[Coding] | Coding | None = None
    text: str | None = None


Concepts = list[CodeableConcept] | CodeableConcept | None


class Reference(Struct, frozen=True, gc=False):
    reference: str | None = None
    display: str | None = None


class Quantity(Struct, frozen=True, gc=False):
    value: Decimal | None = None
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Range(Struct, frozen=True, gc=False):
    low: Quantity | None = None
    high: Quantity | None = None


class Ratio(Struct, frozen=True, gc=False):
    numerator: Quantity | None = None
    denominator: Quantity | None = None


class Period(Struct, frozen=True, gc=False):
    start: str | None = None
    end: str | None = None


class Repeat(Struct, frozen=True, gc=False):
    frequency: int | None = None
    frequencyMax: int | None = None
    period: Decimal | None = None
    periodMax: Decimal | None = None
    periodUnit: str | None = None
    periodUnits: str | None = None  # DSTU2
    count: int | None = None
    countMax: int | None = None
    dayOfWeek: list[str] | str | None = None
    timeOfDay: list[str] | str | None = None
    when: list[str] | str | None = None
    boundsDuration: Quantity | None = None
    boundsQuantity: Quantity | None = None  # DSTU2
    boundsRange: Range | None = None
    boundsPeriod: Period | None = None


class Timing(Struct, frozen=True, gc=False):
    repeat: Repeat | None = None
    code: CodeableConcept | None = None
    event: list[str] | str | None = None


class DoseAndRate(Struct, frozen=True, gc=False):
    type: CodeableConcept | None = None
    doseQuantity: Quantity | None = None
    doseRange: Range | None = None


class Dosage(Struct, frozen=True, gc=False):
    sequence: int | None = None
    text: str | None = None
    patientInstruction: str | None = None
    timing: Timing | None = None
    asNeededBoolean: bool | None = None
    asNeededCodeableConcept: CodeableConcept | None = None
    route: CodeableConcept | None = None
    doseAndRate: list[DoseAndRate] | DoseAndRate | None = None
    doseQuantity: Quantity | None = None  # STU3, DSTU2
    doseRange: Range | None = None  # STU3
    doseSimpleQuantity: Quantity | None = None  # STU3
    dose: Quantity | None = None  # MedicationAdministration
    quantity: Quantity | None = None  # DSTU2 MedicationAdministration


class Ingredient(Struct, frozen=True, gc=False):
    itemCodeableConcept: CodeableConcept | None = None
    itemReference: Reference | None = None
    strength: Ratio | None = None
    isActive: bool | None = None


class Resource(Struct, frozen=True, gc=False, tag_field="resourceType"):
    """What every resource that we read may have: an id, and whose it is."""

    id: str | None = None
    subject: Reference | None = None
    patient: Reference | None = None


class Head(Struct, frozen=True, gc=False):
    """The type of a resource that cannot be read further."""

    resourceType: str | None = None


class DispenseRequest(Struct, frozen=True, gc=False):
    validityPeriod: Period | None = None
    quantity: Quantity | None = None
    numberOfRepeatsAllowed: Decimal | None = None
    expectedSupplyDuration: Quantity | None = None


class MedicationUse(Resource, frozen=True, gc=False):
    """
    What orders, doses given, supplies, statements and Immunizations have between them.

    The larger parts stay bytes until the drug turns out to matter, which few in a chart do.
    """

    status: str | None = None
    medicationCodeableConcept: CodeableConcept | None = None
    medicationReference: Reference | None = None
    contained: Raw = Raw()


class MedicationOrdered(MedicationUse, frozen=True, gc=False):
    """What MedicationRequest and DSTU2's MedicationOrder have between them."""

    intent: str | None = None
    doNotPerform: bool | None = None
    authoredOn: str | None = None
    dateWritten: str | None = None  # DSTU2
    dateEnded: str | None = None  # DSTU2
    dispenseRequest: Raw = Raw()
    reasonCode: Raw = Raw()
    reasonCodeableConcept: Raw = Raw()  # DSTU2
    dosageInstruction: Raw = Raw()


class MedicationRequest(MedicationOrdered, frozen=True, gc=False, tag=True):
    pass


class MedicationOrder(MedicationOrdered, frozen=True, gc=False, tag=True):
    """DSTU2's MedicationRequest."""


class MedicationAdministration(MedicationUse, frozen=True, gc=False, tag=True):
    wasNotGiven: bool | None = None  # DSTU2
    notGiven: bool | None = None  # STU3
    effectiveDateTime: str | None = None
    effectiveTimeDateTime: str | None = None  # DSTU2
    occurrenceDateTime: str | None = None  # R5
    effectivePeriod: Period | None = None
    dosage: Raw = Raw()


class MedicationDispense(MedicationUse, frozen=True, gc=False, tag=True):
    whenHandedOver: str | None = None
    whenPrepared: str | None = None
    daysSupply: Quantity | None = None
    quantity: Quantity | None = None
    dosageInstruction: Raw = Raw()


class MedicationStatement(MedicationUse, frozen=True, gc=False, tag=True):
    wasNotTaken: bool | None = None  # DSTU2
    taken: str | None = None  # STU3
    effectiveDateTime: str | None = None
    effectivePeriod: Period | None = None
    dosage: Raw = Raw()


class Immunization(MedicationUse, frozen=True, gc=False, tag=True):
    wasNotGiven: bool | None = None  # DSTU2
    notGiven: bool | None = None  # STU3
    vaccineCode: CodeableConcept | None = None
    occurrenceDateTime: str | None = None
    doseQuantity: Quantity | None = None
    route: CodeableConcept | None = None


class ReferenceRange(Struct, frozen=True, gc=False):
    low: Quantity | None = None
    high: Quantity | None = None


class LabCoding(Struct, frozen=True, gc=False):
    """A coding without its words: laboratory codes decide, never their displays."""

    system: str | None = None
    code: str | None = None


class LabConcept(Struct, frozen=True, gc=False):
    coding: list[LabCoding] | LabCoding | None = None


class Observation(Resource, frozen=True, gc=False, tag=True):
    status: str | None = None
    code: LabConcept | None = None
    effectiveDateTime: str | None = None
    effectiveInstant: str | None = None
    effectivePeriod: Period | None = None
    valueQuantity: Quantity | None = None
    valueCodeableConcept: Raw = Raw()
    valueString: str | None = None
    dataAbsentReason: Raw = Raw()
    referenceRange: list[ReferenceRange] | None = None


class Condition(Resource, frozen=True, gc=False, tag=True):
    code: CodeableConcept | None = None
    clinicalStatus: CodeableConcept | str | None = None
    verificationStatus: CodeableConcept | str | None = None
    onsetDateTime: str | None = None
    abatementDateTime: str | None = None
    abatementBoolean: bool | None = None


class Procedure(Resource, frozen=True, gc=False, tag=True):
    status: str | None = None
    code: CodeableConcept | None = None
    performedDateTime: str | None = None
    performedPeriod: Period | None = None


class Patient(Resource, frozen=True, gc=False, tag=True):
    birthDate: str | None = None
    gender: str | None = None
    deceasedBoolean: bool | None = None
    deceasedDateTime: str | None = None


class OperationOutcome(Resource, frozen=True, gc=False, tag=True):
    """Says how a query went; nothing of the patient."""


class Medication(Resource, frozen=True, gc=False, tag="Medication"):
    """A Medication as an entry of its own."""

    code: CodeableConcept | None = None
    form: CodeableConcept | None = None
    ingredient: list[Ingredient] | None = None
