"""Dosage: amount, timing, route and text of one instruction, from R4, STU3 and DSTU2 shapes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from cds_service.b12.concept import Code as CodeValue
from cds_service.b12.concept import Concept
from cds_service.b12.record import DAYS, Amount, Instruction, Schedule, SigReading
from cds_service.b12.sig import read_sig
from cds_service.b12.units import amount_of
from cds_service.b12.words import AmountKind, TimeUnit
from cds_service.fhir import elements as fhir
from cds_service.fhir.dates import read_when

PART_OF_HOUR = Decimal(60)
UNITS: dict[str, tuple[TimeUnit, Decimal]] = {unit.value: (unit, Decimal(1)) for unit in TimeUnit} | {
    "min": (TimeUnit.HOUR, 1 / PART_OF_HOUR),
    "s": (TimeUnit.HOUR, 1 / PART_OF_HOUR**2),
}
"""What one FHIR unit of time is here: seconds and minutes are parts of an hour."""
SPOKEN = {"minute": "min", "hour": "h", "day": "d", "week": "wk", "month": "mo", "year": "a"}
TIMING_CODES = {
    "QD": (1, 1, TimeUnit.DAY), "BID": (2, 1, TimeUnit.DAY), "TID": (3, 1, TimeUnit.DAY),
    "QID": (4, 1, TimeUnit.DAY), "AM": (1, 1, TimeUnit.DAY), "PM": (1, 1, TimeUnit.DAY), "BED": (1, 1, TimeUnit.DAY),
    "QOD": (1, 2, TimeUnit.DAY), "WK": (1, 1, TimeUnit.WEEK), "MO": (1, 1, TimeUnit.MONTH),
}  # fmt: skip
ORDERED = "ordered"
WIDEST = 12  # powers of ten; beyond it a number is no dose, period or result, and arithmetic with it may never end
LONGEST_DAYS = Decimal(36525)  # a century
MOST_DOSES = 36525


def read_concept(concept: fhir.CodeableConcept | None) -> Concept:
    """A CodeableConcept; codings without a code are left out."""
    if concept is None:
        return Concept()
    codings = concept.coding if isinstance(concept.coding, list) else [concept.coding] if concept.coding else []
    codes = tuple(CodeValue(one.system or "", one.code, one.display or "") for one in codings if one.code)
    text = concept.text or next((one.display for one in codings if one.display), "")
    return Concept(codes, text)


def usable(value: Decimal | None) -> Decimal | None:
    """A number to count with; None for "NaN", for the infinite, and for what is absurdly large, small or long."""
    if value is None or not value.is_finite() or not -WIDEST <= value.adjusted() <= WIDEST:
        return None
    return +value


def read_quantity(quantity: fhir.Quantity | None, high: Decimal | None = None) -> Amount | None:
    """A dose quantity; None if it has no number above zero."""
    value = usable(quantity.value) if quantity else None
    if quantity is None or value is None or value <= 0:
        return None
    return amount_of(value, quantity.unit or "", quantity.code or "", quantity.system or "", high)


def read_dosages(dosages: list[fhir.Dosage] | fhir.Dosage | None) -> tuple[Instruction, ...]:
    """All instructions in their `sequence`; those without one keep their place."""
    listed = dosages if isinstance(dosages, list) else [dosages] if dosages else []
    if len(listed) == 1:
        return (read_dosage(listed[0]),)
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
    ordered = (row for row in rows if row.type and says_ordered(read_concept(row.type)))
    return next(ordered, None) or next(iter(rows), None)


def says_ordered(kind: Concept) -> bool:
    """The type of a row is "ordered", beside others such as "calculated"."""
    return kind.text.lower() == ORDERED or any(code.code.lower() == ORDERED for code in kind.codes)


def _range(span: fhir.Range | None) -> Amount | None:
    """Both ends in one unit of measure; where they measure different things the unit is not known."""
    if span is None:
        return None
    low, high = read_quantity(span.low), read_quantity(span.high)
    if low is None or high is None:
        return low or high
    first, last = span.low or fhir.Quantity(), span.high
    if last and (first.unit, first.code, first.system) == (last.unit, last.code, last.system) and low.low <= high.low:
        return read_quantity(first, usable(last.value))
    alike = low.kind is high.kind and low.piece is high.piece and low.low <= high.low
    kind = low.kind if alike else AmountKind.UNKNOWN
    return Amount(low.low, high.low, kind, f"{low.written} to {high.written}", low.piece if alike else None)


def read_timing(timing: fhir.Timing | None) -> Schedule | None:
    """The schedule that a Timing gives by `repeat`, `code` or `event`; None if none of them says it."""
    if timing is None:
        return None
    repeat = timing.repeat
    schedule = (_repeated(repeat) if repeat else None) or _coded(timing.code)
    if schedule is None:
        return _events(timing.event)
    return _bounded(schedule, repeat) if repeat else schedule


def _repeated(repeat: fhir.Repeat) -> Schedule | None:
    """
    Days of the week are those of a daily or weekly schedule on which doses are given.

    "Once a week" on several days means each of them, as it is commonly sent.
    """
    on_days, a_day, said = len(repeat.dayOfWeek or ()), _times_a_day(repeat), repeat.frequency
    name = repeat.periodUnit or repeat.periodUnits or _implied_unit(repeat, on_days, a_day)
    period, doses = _period(repeat), Decimal((a_day or 1) if said is None else said)
    if name not in UNITS or period is None or doses <= 0:
        return None
    low, high = period
    if on_days and name == "d" and low == high == 1:
        name, doses = "wk", doses * on_days
    elif on_days and name == "wk" and said in {None, 1}:
        doses = Decimal(on_days)
    unit, share = UNITS[name]
    if said and repeat.frequencyMax and repeat.frequencyMax > said:
        low = low * said / repeat.frequencyMax
    fits = high * share * DAYS[unit] <= LONGEST_DAYS and doses <= MOST_DOSES
    return Schedule(doses, low * share, high * share, unit) if fits else None


def _times_a_day(repeat: fhir.Repeat) -> int:
    """How many times of the day are named, by the clock or by the day's events."""
    events = [repeat.when] if isinstance(repeat.when, str) else repeat.when or ()
    return len(repeat.timeOfDay or ()) or len(events)


def _implied_unit(repeat: fhir.Repeat, on_days: int, a_day: int) -> str:
    if on_days:
        return "d" if a_day else "wk"
    return "d" if a_day or repeat.count == 1 else ""


def _period(repeat: fhir.Repeat) -> tuple[Decimal, Decimal] | None:
    """Shortest and longest period; 1 where none is given, None where one is given that cannot be."""
    if repeat.period is None and repeat.periodMax is None:
        return Decimal(1), Decimal(1)
    low = usable(repeat.periodMax if repeat.period is None else repeat.period)
    high = low if repeat.periodMax is None else usable(repeat.periodMax)
    return (low, max(low, high)) if low is not None and high is not None and low > 0 else None


def _bounded(schedule: Schedule, repeat: fhir.Repeat) -> Schedule:
    period = repeat.boundsPeriod
    start, end = (read_when(period.start), read_when(period.end)) if period else (None, None)
    low, high = days_of(repeat.boundsDuration or repeat.boundsQuantity), None
    if repeat.boundsRange:
        low, high = days_of(repeat.boundsRange.low), days_of(repeat.boundsRange.high)
    return Schedule(
        schedule.doses,
        schedule.period_low,
        schedule.period_high,
        schedule.unit,
        count_low=_count(repeat.count),
        count_high=_count(repeat.countMax) or _count(repeat.count),
        duration_low=low,
        duration_high=high or low,
        start=start.earliest if start else None,
        end=end.latest if end else None,
    )


def _count(doses: int | None) -> int | None:
    return doses if doses and 0 < doses <= MOST_DOSES else None


def days_of(quantity: fhir.Quantity | None) -> Decimal | None:
    """A stretch of time in days; None where the unit is not one of time, or the stretch is none or unending."""
    value = usable(quantity.value) if quantity else None
    if quantity is None or value is None:
        return None
    known = UNITS.get(quantity.code or "") or UNITS.get(_spoken_unit(quantity.unit or ""))
    days = value * known[1] * DAYS[known[0]] if known else None
    return days if days and 0 < days <= LONGEST_DAYS else None


def _spoken_unit(word: str) -> str:
    bare = word.strip().lower().replace("(s)", "").removesuffix("s")
    return SPOKEN.get(bare, word)


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
