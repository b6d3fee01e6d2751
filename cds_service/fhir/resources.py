"""One reader for each resource type: from FHIR's shapes to the record's values."""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import Any

from msgspec import Struct

from cds_service.b12.codes import CodeSets
from cds_service.b12.names import ANTIFOLATE, mentions_b12
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
from cds_service.b12.words import Analyte, Evidence, Property
from cds_service.fhir import elements as fhir
from cds_service.fhir.dates import read_when, span_of
from cds_service.fhir.dosage import read_concept, read_dosages, read_quantity
from cds_service.fhir.medication import Medications, read_product
from cds_service.fhir.prefetch import Sent

UCUM = "http://unitsofmeasure.org"


class Lens(Struct, frozen=True):
    """What a resource is read with: the Medications that came beside it, and the codes that matter."""

    medications: Medications
    codes: CodeSets


def ref_of(sent: Sent) -> str:
    """`Type/id`, or where it stood if it has no id."""
    return f"{sent.type}/{sent.body.id}" if sent.body.id else sent.where


def read_patient(body: fhir.Patient, sent: Sent, _: Lens) -> Patient:
    """Birth date, sex and whether deceased; no names."""
    deceased = bool(body.deceasedBoolean or body.deceasedDateTime)
    return Patient(ref_of(sent), read_when(body.birthDate), deceased, body.gender or "")


def read_condition(body: fhir.Condition, sent: Sent, lens: Lens) -> Condition | None:
    """A problem of which a code set knows; abatement makes it past whatever its status says."""
    if not _known(body.code, lens.codes):
        return None
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


def read_procedure(body: fhir.Procedure, sent: Sent, lens: Lens) -> Procedure | None:
    """A procedure of which a code set knows, and when it was performed."""
    if not _known(body.code, lens.codes):
        return None
    when = read_when(body.performedDateTime) or _of_period(body.performedPeriod)
    return Procedure(ref_of(sent), read_concept(body.code), body.status or "", when)


def read_observation(body: fhir.Observation, sent: Sent, lens: Lens) -> Observed | None:
    """A result of an analyte that matters, with the first range that says anything; one of 0 to 0 says nothing."""
    lab = _lab(body.code, lens.codes)
    if lab is None:
        return None
    value = body.valueQuantity or fhir.Quantity()
    low, high = _range(body.referenceRange)
    unit = (high or low or fhir.Quantity()).unit or (high or low or fhir.Quantity()).code or ""
    return Observed(
        ref=ref_of(sent),
        analyte=lab[0],
        promised=lab[1],
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


def _codings(concept: fhir.CodeableConcept | fhir.LabConcept | None) -> list[Any]:
    coding = concept.coding if concept else None
    return coding if isinstance(coding, list) else [coding] if coding else []


def _known(concept: fhir.CodeableConcept | None, codes: CodeSets) -> bool:
    return any((one.system, one.code) in codes.ideas for one in _codings(concept))


def _lab(concept: fhir.LabConcept | None, codes: CodeSets) -> tuple[Analyte, Property] | None:
    for one in _codings(concept):
        if found := codes.labs.get((one.system, one.code)):
            return found
    return None


def _matters(body: fhir.MedicationUse, codes: CodeSets) -> bool:
    """Named by a known code or by a name of interest, or named elsewhere; most of a chart's drugs are neither."""
    concept = body.medicationCodeableConcept or body.vaccineCode
    if concept is None:
        return body.medicationReference is not None
    for one in _codings(concept):
        code = (one.system, one.code)
        if code in codes.ideas or code in codes.products or _of_interest(one.display):
            return True
    return _of_interest(concept.text)


def _of_interest(name: str | None) -> bool:
    return name is not None and (mentions_b12(name) or ANTIFOLATE.search(name) is not None)


def _range(ranges: list[fhir.ReferenceRange] | None) -> tuple[fhir.Quantity | None, fhir.Quantity | None]:
    telling = (one for one in ranges or () if (one.low and one.low.value) or (one.high and one.high.value))
    found = next(telling, None)
    return (found.low, found.high) if found else (None, None)


def read_order(body: fhir.MedicationUse, sent: Sent, lens: Lens) -> Order | None:
    """A MedicationRequest, or DSTU2's MedicationOrder."""
    if not _matters(body, lens.codes):
        return None
    instructions = read_dosages(body.dosageInstruction)
    authored = read_when(body.authoredOn or body.dateWritten)
    reasons = body.reasonCode or body.reasonCodeableConcept or []
    return Order(
        ref=ref_of(sent),
        product=_product(body, lens),
        status=body.status or "",
        intent=body.intent or "",
        instructions=instructions,
        authored=authored,
        starts=_starts(instructions),
        ends=_ends(body, instructions, authored),
        do_not_perform=bool(body.doNotPerform),
        reasons=tuple(read_concept(one) for one in (reasons if isinstance(reasons, list) else [reasons])),
        native=isinstance(body, fhir.MedicationRequest) and not _older_shape(body),
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


def read_administration(body: fhir.MedicationUse, sent: Sent, lens: Lens) -> Use | None:
    """A dose given. DSTU2 and STU3 mark one that was not given with a flag."""
    if not _matters(body, lens.codes):
        return None
    moment = body.effectiveDateTime or body.effectiveTimeDateTime or body.occurrenceDateTime
    when = read_when(moment) or _of_period(body.effectivePeriod)
    status = "not-done" if body.wasNotGiven or body.notGiven else body.status or ""
    return Use(ref_of(sent), Evidence.ADMINISTERED, _product(body, lens), status, when, None, _first(body))


def read_dispense(body: fhir.MedicationUse, sent: Sent, lens: Lens) -> Use | None:
    """A supply handed over, counted on that day."""
    if not _matters(body, lens.codes):
        return None
    when = read_when(body.whenHandedOver) or read_when(body.whenPrepared)
    product = _product(body, lens)
    return Use(ref_of(sent), Evidence.DISPENSED, product, body.status or "", when, None, _first(body))


def read_statement(body: fhir.MedicationUse, sent: Sent, lens: Lens) -> Use | None:
    """What somebody says is or was taken: one day, or a stretch."""
    if not _matters(body, lens.codes):
        return None
    period = body.effectivePeriod
    when = read_when(body.effectiveDateTime) or (read_when(period.start) if period else None)
    until = read_when(period.end) if period else None
    product = _product(body, lens)
    return Use(ref_of(sent), Evidence.STATED, product, body.status or "", when, until, _first(body))


def read_immunization(body: fhir.MedicationUse, sent: Sent, lens: Lens) -> Use | None:
    """Some systems record every injection as an Immunization."""
    if not _matters(body, lens.codes):
        return None
    amount = read_quantity(body.doseQuantity)
    route = read_concept(body.route) if body.route else None
    product = read_product(body.vaccineCode, None, None, lens.medications)
    when = read_when(body.occurrenceDateTime)
    instruction = Instruction(amount=amount, route=route)
    return Use(ref_of(sent), Evidence.PROCEDURE, product, body.status or "", when, None, instruction)


def _first(body: fhir.MedicationUse) -> Instruction:
    instructions = read_dosages(body.dosage or body.dosageInstruction)
    return instructions[0] if instructions else Instruction()


def _product(body: fhir.MedicationUse, lens: Lens) -> Product:
    return read_product(body.medicationCodeableConcept, body.medicationReference, body.contained, lens.medications)


def _of_period(period: fhir.Period | None) -> When | None:
    return span_of(read_when(period.start), read_when(period.end)) if period else None
