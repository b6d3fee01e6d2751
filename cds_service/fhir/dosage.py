"""Dosage: amount, timing, route and text of one instruction, from R4, STU3 and DSTU2 shapes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from cds_service.b12.record import DAYS, Amount, Concept, Instruction, Schedule, SigReading
from cds_service.b12.record import Code as CodeValue
from cds_service.b12.sig import read_sig
from cds_service.b12.units import amount_of
from cds_service.b12.words import TimeUnit
from cds_service.fhir import elements as fhir
from cds_service.fhir.dates import read_when

UNITS = {unit.value: unit for unit in TimeUnit} | {"min": TimeUnit.HOUR, "s": TimeUnit.HOUR}
SMALLER = {"min": Decimal(60), "s": Decimal(3600)}
TIMING_CODES = {
    "QD": (1, 1, TimeUnit.DAY), "BID": (2, 1, TimeUnit.DAY), "TID": (3, 1, TimeUnit.DAY),
    "QID": (4, 1, TimeUnit.DAY), "AM": (1, 1, TimeUnit.DAY), "PM": (1, 1, TimeUnit.DAY), "BED": (1, 1, TimeUnit.DAY),
    "QOD": (1, 2, TimeUnit.DAY), "WK": (1, 1, TimeUnit.WEEK), "MO": (1, 1, TimeUnit.MONTH),
}  # fmt: skip
ORDERED = "ordered"


def read_concept(concept: fhir.CodeableConcept | None) -> Concept:
    """A CodeableConcept; codings without a code are left out."""
    if concept is None:
        return Concept()
    codings = concept.coding if isinstance(concept.coding, list) else [concept.coding] if concept.coding else []
    codes = tuple(CodeValue(one.system or "", one.code, one.display or "") for one in codings if one.code)
    text = concept.text or next((one.display for one in codings if one.display), "")
    return Concept(codes, text)


def read_quantity(quantity: fhir.Quantity | None, high: Decimal | None = None) -> Amount | None:
    """A dose quantity; None if it has no number."""
    if quantity is None or quantity.value is None:
        return None
    return amount_of(quantity.value, quantity.unit or "", quantity.code or "", quantity.system or "", high)


def read_dosages(dosages: list[fhir.Dosage] | fhir.Dosage | None) -> tuple[Instruction, ...]:
    """All instructions in their `sequence`; those without one keep their place."""
    listed = dosages if isinstance(dosages, list) else [dosages] if dosages else []
    return tuple(sorted((read_dosage(one) for one in listed), key=lambda one: one.sequence or 0))


def read_dosage(dosage: fhir.Dosage) -> Instruction:
    """One instruction: structure and text side by side, neither filled in from the other."""
    return Instruction(
        amount=_amount(dosage),
        schedule=read_timing(dosage.timing),
        route=read_concept(dosage.route) if dosage.route else None,
        text=(dosage.text or dosage.patientInstruction or "").strip(),
        as_needed=bool(dosage.asNeededBoolean or dosage.asNeededCodeableConcept),
        sequence=dosage.sequence,
    )


def _amount(dosage: fhir.Dosage) -> Amount | None:
    rated = _ordered(dosage.doseAndRate)
    quantity = rated.doseQuantity if rated else None
    span = rated.doseRange if rated else None
    quantity = quantity or dosage.doseQuantity or dosage.doseSimpleQuantity or dosage.dose or dosage.quantity
    return read_quantity(quantity) or _range(span or dosage.doseRange)


def _ordered(rated: list[fhir.DoseAndRate] | fhir.DoseAndRate | None) -> fhir.DoseAndRate | None:
    """Of several rows (calculated, administered, ordered) the one that was ordered."""
    rows = rated if isinstance(rated, list) else [rated] if rated else []
    ordered = (row for row in rows if row.type and _says_ordered(read_concept(row.type)))
    return next(ordered, None) or next(iter(rows), None)


def _says_ordered(kind: Concept) -> bool:
    return kind.text.lower() == ORDERED or any(code.code.lower() == ORDERED for code in kind.codes)


def _range(span: fhir.Range | None) -> Amount | None:
    if span is None:
        return None
    low, high = span.low or span.high, span.high or span.low
    if low is None or high is None or low.value is None or (low.unit, low.code) != (high.unit, high.code):
        return None
    return read_quantity(low, high.value)


def read_timing(timing: fhir.Timing | None) -> Schedule | None:
    """The schedule that a Timing gives by `repeat`, `code` or `event`; None if none of them says it."""
    if timing is None:
        return None
    repeated = _repeated(timing.repeat) if timing.repeat else None
    return repeated or _coded(timing.code) or _events(timing.event)


def _repeated(repeat: fhir.Repeat) -> Schedule | None:
    name = repeat.periodUnit or repeat.periodUnits
    unit = UNITS.get(name or "")
    a_week = len(repeat.dayOfWeek or ())
    a_day = len(repeat.timeOfDay or ())
    if unit is None and a_week:
        unit, name = TimeUnit.WEEK, "wk"
    elif unit is None and (a_day or repeat.count == 1):
        unit, name = TimeUnit.DAY, "d"
    if unit is None or (repeat.period is not None and repeat.period <= 0):
        return None
    doses = Decimal(repeat.frequency or 1)
    if a_week and unit is TimeUnit.WEEK:
        doses = Decimal(a_week)
    elif a_day and repeat.frequency is None:
        doses = Decimal(a_day)
    scale = SMALLER.get(name or "", Decimal(1))
    low = (repeat.period or Decimal(1)) / scale
    high = (repeat.periodMax or repeat.period or Decimal(1)) / scale
    return _bounded(Schedule(doses, low, max(low, high), unit), repeat) if doses > 0 else None


def _bounded(schedule: Schedule, repeat: fhir.Repeat) -> Schedule:
    period = repeat.boundsPeriod
    start, end = (read_when(period.start), read_when(period.end)) if period else (None, None)
    low, high = _days(repeat.boundsDuration or repeat.boundsQuantity), None
    if repeat.boundsRange:
        low, high = _days(repeat.boundsRange.low), _days(repeat.boundsRange.high)
    return Schedule(
        schedule.doses,
        schedule.period_low,
        schedule.period_high,
        schedule.unit,
        count_low=repeat.count,
        count_high=repeat.countMax or repeat.count,
        duration_low=low,
        duration_high=high or low,
        start=start.earliest if start else None,
        end=end.latest if end else None,
    )


def _days(quantity: fhir.Quantity | None) -> Decimal | None:
    if quantity is None or quantity.value is None:
        return None
    unit = UNITS.get(quantity.code or quantity.unit or "")
    return quantity.value * DAYS[unit] if unit else None


def _coded(code: fhir.CodeableConcept | None) -> Schedule | None:
    concept = read_concept(code)
    for one in concept.codes:
        if known := TIMING_CODES.get(one.code.upper()):
            doses, period, unit = known
            return Schedule(Decimal(doses), Decimal(period), Decimal(period), unit)
    spoken = read_sig(concept.label) if concept.label else None
    return spoken.phases[0].schedule if isinstance(spoken, SigReading) and len(spoken.phases) == 1 else None


def _events(events: list[str] | None) -> Schedule | None:
    days = sorted(when.earliest for event in events or () if (when := read_when(event)))
    if not days:
        return None
    gap = Decimal((days[-1] - days[0]) / timedelta(days=1)) / max(1, len(days) - 1)
    period = max(gap, Decimal(1))
    one = Decimal(1)
    return Schedule(
        one, period, period, TimeUnit.DAY, count_low=len(days), count_high=len(days), start=days[0], end=days[-1]
    )
