"""One reader for each resource type: from FHIR's shapes to the record's values."""

from __future__ import annotations

from datetime import timedelta
from math import ceil

import msgspec

from cds_service.b12.record import (
    Condition,
    Instruction,
    Observed,
    Order,
    Patient,
    Procedure,
    Product,
    Use,
    When,
)
from cds_service.b12.words import Evidence
from cds_service.fhir import elements as fhir
from cds_service.fhir.dates import read_when, span_of
from cds_service.fhir.dosage import read_concept, read_dosages, read_quantity
from cds_service.fhir.medication import Medications, read_product
from cds_service.fhir.prefetch import Sent

USE = msgspec.json.Decoder(fhir.MedicationUse)
OBSERVATION = msgspec.json.Decoder(fhir.Observation)
CONDITION = msgspec.json.Decoder(fhir.Condition)
PROCEDURE = msgspec.json.Decoder(fhir.Procedure)
PATIENT = msgspec.json.Decoder(fhir.Patient)
UCUM = "http://unitsofmeasure.org"


def ref_of(sent: Sent) -> str:
    """`Type/id`, or where it stood if it has no id."""
    return f"{sent.type}/{sent.head.id}" if sent.head.id else sent.where


def read_patient(sent: Sent, _: Medications) -> Patient:
    """Birth date, sex and whether deceased; no names."""
    body = PATIENT.decode(sent.raw)
    deceased = bool(body.deceasedBoolean or body.deceasedDateTime)
    return Patient(ref_of(sent), read_when(body.birthDate), deceased, body.gender or "")


def read_condition(sent: Sent, _: Medications) -> Condition:
    """A problem; abatement makes it past whatever its status says."""
    body = CONDITION.decode(sent.raw)
    abated = read_when(body.abatementDateTime)
    status = "resolved" if body.abatementBoolean else _status(body.clinicalStatus)
    onset = read_when(body.onsetDateTime)
    verification = _status(body.verificationStatus)
    return Condition(ref_of(sent), read_concept(body.code), status, verification, onset, abated)


def _status(value: fhir.CodeableConcept | str | None) -> str:
    if isinstance(value, str) or value is None:
        return value or ""
    concept = read_concept(value)
    return concept.codes[0].code if concept.codes else concept.text.lower()


def read_procedure(sent: Sent, _: Medications) -> Procedure:
    """A procedure and when it was performed."""
    body = PROCEDURE.decode(sent.raw)
    when = read_when(body.performedDateTime) or _of_period(body.performedPeriod)
    return Procedure(ref_of(sent), read_concept(body.code), body.status or "", when)


def read_observation(sent: Sent, _: Medications) -> Observed:
    """A result with the first reference range that says anything; a range of 0 to 0 says nothing."""
    body = OBSERVATION.decode(sent.raw)
    value = body.valueQuantity or fhir.Quantity()
    low, high = _range(body.referenceRange)
    unit = (high or low or fhir.Quantity()).unit or (high or low or fhir.Quantity()).code or ""
    return Observed(
        ref=ref_of(sent),
        concept=read_concept(body.code),
        status=body.status or "",
        value=value.value,
        unit=value.unit or "",
        unit_code=(value.code or "") if value.system == UCUM or not value.unit else "",
        comparator=value.comparator or "",
        when=read_when(body.effectiveDateTime or body.effectiveInstant) or _of_period(body.effectivePeriod),
        range_low=low.value if low else None,
        range_high=high.value if high else None,
        range_unit=unit,
    )


def _range(ranges: list[fhir.ReferenceRange] | None) -> tuple[fhir.Quantity | None, fhir.Quantity | None]:
    telling = (one for one in ranges or () if (one.low and one.low.value) or (one.high and one.high.value))
    found = next(telling, None)
    return (found.low, found.high) if found else (None, None)


def read_order(sent: Sent, medications: Medications) -> Order:
    """A MedicationRequest, or DSTU2's MedicationOrder."""
    body = USE.decode(sent.raw)
    instructions = read_dosages(body.dosageInstruction)
    authored = read_when(body.authoredOn or body.dateWritten)
    reasons = body.reasonCode or body.reasonCodeableConcept or []
    return Order(
        ref=ref_of(sent),
        product=_product(body, medications),
        status=body.status or "",
        intent=body.intent or "",
        instructions=instructions,
        authored=authored,
        starts=_starts(instructions),
        ends=_ends(body, instructions, authored),
        do_not_perform=bool(body.doNotPerform),
        reasons=tuple(read_concept(one) for one in (reasons if isinstance(reasons, list) else [reasons])),
        native=sent.type == "MedicationRequest" and not _older_shape(body),
    )


def _older_shape(body: fhir.MedicationUse) -> bool:
    """STU3 wrote the dose straight into the instruction."""
    dosages = body.dosageInstruction if isinstance(body.dosageInstruction, list) else [body.dosageInstruction]
    return any(one is not None and bool(one.doseQuantity or one.doseRange or one.doseSimpleQuantity) for one in dosages)


def _starts(instructions: tuple[Instruction, ...]) -> When | None:
    days = [one.schedule.start for one in instructions if one.schedule and one.schedule.start]
    return When(min(days), min(days)) if days else None


def _ends(body: fhir.MedicationUse, instructions: tuple[Instruction, ...], authored: When | None) -> When | None:
    """The last day the order covers, where every instruction or the order itself says when it ends."""
    validity = body.dispenseRequest.validityPeriod if body.dispenseRequest else None
    stated = read_when(body.dateEnded) or (read_when(validity.end) if validity else None)
    if stated or not instructions:
        return stated
    starts = authored.earliest if authored else None
    days = []
    for one in instructions:
        schedule = one.schedule
        end = schedule.end if schedule else None
        if schedule and end is None and schedule.duration_high is not None and (begin := schedule.start or starts):
            end = begin + timedelta(days=min(ceil(schedule.duration_high), 36500))
        days.append(end)
    known = [day for day in days if day]
    return When(max(known), max(known)) if len(known) == len(days) else None


def read_administration(sent: Sent, medications: Medications) -> Use:
    """A dose given. DSTU2 and STU3 mark one that was not given with a flag."""
    body = USE.decode(sent.raw)
    moment = body.effectiveDateTime or body.effectiveTimeDateTime or body.occurrenceDateTime
    when = read_when(moment) or _of_period(body.effectivePeriod)
    status = "not-done" if body.wasNotGiven or body.notGiven else body.status or ""
    return Use(ref_of(sent), Evidence.ADMINISTERED, _product(body, medications), status, when, None, _first(body))


def read_dispense(sent: Sent, medications: Medications) -> Use:
    """A supply handed over, counted on that day."""
    body = USE.decode(sent.raw)
    when = read_when(body.whenHandedOver) or read_when(body.whenPrepared)
    product = _product(body, medications)
    return Use(ref_of(sent), Evidence.DISPENSED, product, body.status or "", when, None, _first(body))


def read_statement(sent: Sent, medications: Medications) -> Use:
    """What somebody says is or was taken: one day, or a stretch."""
    body = USE.decode(sent.raw)
    period = body.effectivePeriod
    when = read_when(body.effectiveDateTime) or (read_when(period.start) if period else None)
    until = read_when(period.end) if period else None
    product = _product(body, medications)
    return Use(ref_of(sent), Evidence.STATED, product, body.status or "", when, until, _first(body))


def read_immunization(sent: Sent, medications: Medications) -> Use:
    """Some systems record every injection as an Immunization."""
    body = USE.decode(sent.raw)
    amount = read_quantity(body.doseQuantity)
    route = read_concept(body.route) if body.route else None
    product = read_product(body.vaccineCode, None, None, medications)
    when = read_when(body.occurrenceDateTime)
    instruction = Instruction(amount=amount, route=route)
    return Use(ref_of(sent), Evidence.PROCEDURE, product, body.status or "", when, None, instruction)


def _first(body: fhir.MedicationUse) -> Instruction:
    instructions = read_dosages(body.dosage or body.dosageInstruction)
    return instructions[0] if instructions else Instruction()


def _product(body: fhir.MedicationUse, medications: Medications) -> Product:
    return read_product(body.medicationCodeableConcept, body.medicationReference, body.contained, medications)


def _of_period(period: fhir.Period | None) -> When | None:
    return span_of(read_when(period.start), read_when(period.end)) if period else None
