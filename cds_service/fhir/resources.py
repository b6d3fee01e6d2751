"""One reader for each resource type: from FHIR's shapes to the record's values."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from math import ceil

import msgspec

from cds_service.b12.chart import Supply
from cds_service.b12.concept import When
from cds_service.b12.record import Condition, Instruction, Observed, Order, Patient, Procedure, Product, Schedule, Use
from cds_service.b12.words import Evidence
from cds_service.fhir import elements as fhir
from cds_service.fhir.dates import NO_END, read_end, read_when, span_of
from cds_service.fhir.dosage import days_of, read_concept, read_dosages, read_quantity, usable
from cds_service.fhir.lens import DOSAGES, Lens, part, product_and_dose, product_of
from cds_service.fhir.medication import read_product
from cds_service.fhir.prefetch import Sent
from cds_service.fhir.relevance import lab_of

REASONS = msgspec.json.Decoder(fhir.Concepts)
DISPENSE = msgspec.json.Decoder(fhir.DispenseRequest | None, strict=False)
CONCEPT = msgspec.json.Decoder(fhir.CodeableConcept | None)
UCUM = "http://unitsofmeasure.org"
SPANS = re.compile(rb'"(?:bounds|event")')


def ref_of(sent: Sent) -> str:
    """`Type/id`, or where it stood if it has no id."""
    return f"{sent.type}/{sent.body.id}" if sent.body.id else sent.where


def read_patient(body: fhir.Patient, sent: Sent, _: Lens) -> Patient:
    """Birth date, sex and whether deceased; no names."""
    deceased = bool(body.deceasedBoolean or body.deceasedDateTime)
    return Patient(ref_of(sent), read_when(body.birthDate), deceased, body.gender or "")


def read_condition(body: fhir.Condition, sent: Sent, _: Lens) -> Condition:
    """A problem of which a code set knows; abatement makes it past whatever its status says."""
    abated = read_end(body.abatementDateTime)
    status = "resolved" if body.abatementBoolean else status_of(body.clinicalStatus)
    onset = read_when(body.onsetDateTime)
    verification = status_of(body.verificationStatus)
    return Condition(ref_of(sent), read_concept(body.code), status, verification, onset, abated)


def status_of(value: fhir.CodeableConcept | str | None) -> str:
    """The code of a status, which old versions of FHIR wrote as a bare code."""
    if isinstance(value, str) or value is None:
        return value or ""
    concept = read_concept(value)
    return concept.codes[0].code if concept.codes else concept.text.lower()


def read_procedure(body: fhir.Procedure, sent: Sent, _: Lens) -> Procedure:
    """A procedure of which a code set knows, and when it was performed."""
    when = read_when(body.performedDateTime) or _of_period(body.performedPeriod)
    return Procedure(ref_of(sent), read_concept(body.code), body.status or "", when)


def read_observation(body: fhir.Observation, sent: Sent, lens: Lens) -> Observed | None:
    """A result of an analyte that matters, with the first range that says anything; one of 0 to 0 says nothing."""
    lab = lab_of(body.code, lens.codes)
    if lab is None or (body.valueQuantity is None and not fhir.is_nothing(body.dataAbsentReason)):
        return None
    value = body.valueQuantity or fhir.Quantity()
    low, high = _range(body.referenceRange) if body.referenceRange else (None, None)
    limit = high or low
    return Observed(
        ref=ref_of(sent),
        analyte=lab[0],
        promised=lab[1],
        status=body.status or "",
        value=usable(value.value),
        unit=value.unit or "",
        unit_code=(value.code or "") if value.system == UCUM or not value.unit else "",
        comparator=value.comparator or "",
        when=read_when(body.effectiveDateTime or body.effectiveInstant) or _of_period(body.effectivePeriod),
        range_low=usable(low.value) if low else None,
        range_high=usable(high.value) if high else None,
        range_unit=(limit.unit or limit.code or "") if limit else "",
        said=_said(body) if body.valueQuantity is None else "",
    )


def _said(body: fhir.Observation) -> str:
    """A result in words."""
    return body.valueString or read_concept(part(body.valueCodeableConcept, CONCEPT)).label


def _range(ranges: list[fhir.ReferenceRange]) -> tuple[fhir.Quantity | None, fhir.Quantity | None]:
    telling = (one for one in ranges if (one.low and one.low.value) or (one.high and one.high.value))
    found = next(telling, None)
    return (found.low, found.high) if found else (None, None)


def read_order(body: fhir.MedicationOrdered, sent: Sent, lens: Lens) -> Order:
    """A MedicationRequest, or DSTU2's MedicationOrder."""
    product, other = product_of(body, lens)
    if other and fhir.is_nothing(sent.raw):
        return _read_other_order(body, sent, product)
    dosages = part(body.dosageInstruction, DOSAGES)
    instructions = read_dosages(dosages)
    authored = read_when(body.authoredOn or body.dateWritten)
    dispense = part(body.dispenseRequest, DISPENSE)
    reasons = part(body.reasonCode, REASONS) or part(body.reasonCodeableConcept, REASONS) or []
    return Order(
        ref=ref_of(sent),
        product=product,
        status=body.status or "",
        intent=body.intent or "",
        instructions=instructions,
        authored=authored,
        starts=_starts(instructions),
        ends=_stated_end(body, dispense) or _ends(instructions, authored),
        do_not_perform=bool(body.doNotPerform),
        reasons=tuple(read_concept(one) for one in (reasons if isinstance(reasons, list) else [reasons])),
        supply=_supply(dispense),
        native=isinstance(body, fhir.MedicationRequest) and not _older_shape(dosages),
    )


def _read_other_order(body: fhir.MedicationOrdered, sent: Sent, product: Product) -> Order:
    """Another drug's order in the chart: only whether, and when it begins and ends."""
    spans = SPANS.search(memoryview(body.dosageInstruction))
    instructions = read_dosages(part(body.dosageInstruction, DOSAGES)) if spans else ()
    authored = read_when(body.authoredOn or body.dateWritten)
    return Order(
        ref=ref_of(sent),
        product=product,
        status=body.status or "",
        intent=body.intent or "",
        instructions=instructions,
        authored=authored,
        starts=_starts(instructions),
        ends=_stated_end(body, part(body.dispenseRequest, DISPENSE)) or _ends(instructions, authored),
        do_not_perform=bool(body.doNotPerform),
    )


def _older_shape(dosages: list[fhir.Dosage] | fhir.Dosage | None) -> bool:
    """STU3 wrote the dose straight into the instruction."""
    listed = dosages if isinstance(dosages, list) else [dosages]
    return any(one is not None and bool(one.doseQuantity or one.doseRange or one.doseSimpleQuantity) for one in listed)


def _starts(instructions: tuple[Instruction, ...]) -> When | None:
    days = [one.schedule.start for one in instructions if one.schedule and one.schedule.start]
    return When(min(days), min(days)) if days else None


def _supply(dispense: fhir.DispenseRequest | None) -> Supply | None:
    if dispense is None:
        return None
    quantity, validity = dispense.quantity or fhir.Quantity(), dispense.validityPeriod or fhir.Period()
    repeats = usable(dispense.numberOfRepeatsAllowed)
    return Supply(
        quantity=usable(quantity.value),
        unit=quantity.unit or "",
        unit_code=quantity.code or "",
        repeats=int(repeats) if repeats is not None and repeats >= 0 else None,
        days=days_of(dispense.expectedSupplyDuration),
        starts=read_when(validity.start),
        ends=read_end(validity.end),
    )


def _stated_end(body: fhir.MedicationOrdered, dispense: fhir.DispenseRequest | None) -> When | None:
    validity = dispense.validityPeriod if dispense else None
    return read_end(body.dateEnded) or (read_end(validity.end) if validity else None)


def _ends(instructions: tuple[Instruction, ...], authored: When | None) -> When | None:
    """The last day that the instructions cover, where every one of them says when it ends."""
    if not instructions:
        return None
    begin = after = authored.earliest if authored else None
    sequence, last = instructions[0].sequence, date.min
    for one in instructions:
        if one.sequence != sequence:  # the next step begins where those before it end
            begin, sequence = after, one.sequence
        end = _end_of(one.schedule, begin)
        if end is None:
            return None
        after = last = max(last, end)
    return When(last, last)


def _end_of(schedule: Schedule | None, begin: date | None) -> date | None:
    """The last day of one schedule that begins then, unless it says itself when it begins or ends; None: no end."""
    if schedule is None or schedule.end is not None:
        return schedule.end if schedule else None
    begin = schedule.start or begin
    if begin is None or schedule.duration_high is None:
        return None
    return _after(begin, schedule.duration_high)


def _after(begin: date, days: Decimal) -> date | None:
    """The day so many days later; None where that is no end any more."""
    if days >= (NO_END - begin).days:
        return None
    return begin + timedelta(days=ceil(days))


def read_administration(body: fhir.MedicationAdministration, sent: Sent, lens: Lens) -> Use:
    """A dose given."""
    moment = body.effectiveDateTime or body.effectiveTimeDateTime or body.occurrenceDateTime
    when = read_when(moment) or _of_period(body.effectivePeriod)
    product, dose = product_and_dose(body, body.dosage, lens)
    status = _unless(body.wasNotGiven or body.notGiven, body.status)
    return Use(ref_of(sent), Evidence.ADMINISTERED, product, status, when, None, dose)


def read_dispense(body: fhir.MedicationDispense, sent: Sent, lens: Lens) -> Use:
    """A supply handed over, counted on that day."""
    when = read_when(body.whenHandedOver) or read_when(body.whenPrepared)
    until = _supplied_until(when, body.daysSupply)
    product, dose = product_and_dose(body, body.dosageInstruction, lens)
    supply = read_quantity(body.quantity)
    return Use(ref_of(sent), Evidence.DISPENSED, product, body.status or "", when, until, dose, supply)


def _supplied_until(when: When | None, supply: fhir.Quantity | None) -> When | None:
    """The last day for which a supply was handed over; its unit is days by FHIR's definition."""
    days = usable(supply.value) if supply else None
    if when is None or days is None or days <= 0:
        return None
    last = _after(when.latest, days)
    return When(last, last) if last else None


def read_statement(body: fhir.MedicationStatement, sent: Sent, lens: Lens) -> Use:
    """What somebody says is or was taken: one day, or a stretch."""
    period = body.effectivePeriod
    when = read_when(body.effectiveDateTime) or (read_when(period.start) if period else None)
    until = read_end(period.end) if period else None
    product, dose = product_and_dose(body, body.dosage, lens)
    status = _unless(body.wasNotTaken or body.taken == "n", body.status)
    return Use(ref_of(sent), Evidence.STATED, product, status, when, until, dose)


def read_immunization(body: fhir.Immunization, sent: Sent, lens: Lens) -> Use:
    """Some systems record every injection as an Immunization."""
    amount = read_quantity(body.doseQuantity)
    route = read_concept(body.route) if body.route else None
    product = read_product(body.vaccineCode, None, None, lens.medications)
    when = read_when(body.occurrenceDateTime)
    instruction = Instruction(amount=amount, route=route)
    status = _unless(body.wasNotGiven or body.notGiven, body.status)
    return Use(ref_of(sent), Evidence.PROCEDURE, product, status, when, None, instruction)


def _unless(nothing: bool | None, status: str | None) -> str:  # noqa: FBT001 - a flag of the resource
    """The status; DSTU2 and STU3 say with a flag beside it that nothing was given or taken."""
    return "not-done" if nothing else status or ""


def _of_period(period: fhir.Period | None) -> When | None:
    return span_of(read_when(period.start), read_end(period.end)) if period else None
