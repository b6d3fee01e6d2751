"""Dosage: amount, timing, route and text of one instruction, from R4, STU3 and DSTU2 shapes."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from msgspec import ValidationError

from cds_service.b12.concept import Code as CodeValue
from cds_service.b12.concept import Concept
from cds_service.b12.record import DAYS, Amount, Instruction, Schedule, SigReading
from cds_service.b12.sig import read_sig
from cds_service.b12.units import amount_of
from cds_service.b12.words import AmountKind, TimeUnit
from cds_service.fhir import elements as fhir
from cds_service.fhir.dates import read_end, read_when

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
SEVERAL = re.compile(r"[^\w:.+-]")
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
    """All instructions that say anything, in their `sequence`; those without one keep their place."""
    listed = dosages if isinstance(dosages, list) else [dosages] if dosages else []
    if len(listed) == 1:
        return (read_dosage(listed[0]),)
    read = (read_dosage(one, place) for place, one in enumerate(listed) if _says_anything(one))
    return tuple(sorted(read, key=lambda one: one.sequence or 0))


def _says_anything(dosage: fhir.Dosage) -> bool:
    return any(getattr(dosage, name) for name in dosage.__struct_fields__ if name != "sequence")


def read_dosage(dosage: fhir.Dosage, place: int = 0) -> Instruction:
    """One instruction: structure and text side by side, neither filled in from the other."""
    text, told = (dosage.text or "").strip(), (dosage.patientInstruction or "").strip()
    return Instruction(
        amount=_amount(dosage),
        schedule=read_timing(dosage.timing),
        route=read_concept(dosage.route) if dosage.route else None,
        text=text or told,
        patient_text=told if text and told != text else "",
        as_needed=bool(dosage.asNeededBoolean or dosage.asNeededCodeableConcept),
        sequence=dosage.sequence,
        place=place,
    )


def _amount(dosage: fhir.Dosage) -> Amount | None:
    """What every place for a dose says; where two say different things, none is taken."""
    plain = (dosage.doseQuantity, dosage.doseSimpleQuantity, dosage.dose, dosage.quantity)
    stated = [_dose(row.doseQuantity, row.doseRange) for row in _ordered(dosage.doseAndRate)]
    stated += [_dose(next(filter(None, plain), None), dosage.doseRange)]
    found = [one for one in stated if one]
    if not found:
        return None
    other = next((one for one in found if not _same(found[0], one)), None)
    return _contradiction(found[0], other, "and") if other else found[0]


def _dose(quantity: fhir.Quantity | None, span: fhir.Range | None) -> Amount | None:
    return read_quantity(quantity) or _range(span) or _nothing(quantity)


def _nothing(quantity: fhir.Quantity | None) -> Amount | None:
    """Zero or less is no dose; it is not passed over either, as a text beside it may say another."""
    value = usable(quantity.value) if quantity else None
    if quantity is None or value is None:
        return None
    written = amount_of(value, quantity.unit or "", quantity.code or "", quantity.system or "").written
    return Amount(value, value, AmountKind.UNKNOWN, written, contradictory=True)


def _same(one: Amount, other: Amount) -> bool:
    if AmountKind.UNKNOWN in {one.kind, other.kind}:
        return one.written == other.written
    return (one.low, one.high, one.kind, one.piece) == (other.low, other.high, other.kind, other.piece)


def _contradiction(one: Amount, other: Amount, between: str) -> Amount:
    """An amount that nobody can know; where one of the two is without a known unit, that is what is wrong."""
    known = AmountKind.UNKNOWN not in {one.kind, other.kind} or one.contradictory or other.contradictory
    written = f"{one.written} {between} {other.written}"
    return Amount(one.low, other.high, AmountKind.UNKNOWN, written, contradictory=known or one.kind is other.kind)


def _ordered(rated: list[fhir.DoseAndRate] | fhir.DoseAndRate | None) -> list[fhir.DoseAndRate]:
    """Of several rows (calculated, administered, ordered) those ordered, else those of no type, else the first."""
    rows = rated if isinstance(rated, list) else [rated] if rated else []
    ordered = [row for row in rows if row.type and says_ordered(read_concept(row.type))]
    return ordered or [row for row in rows if not row.type] or rows[:1]


def says_ordered(kind: Concept) -> bool:
    """The type of a row is "ordered", beside others such as "calculated"."""
    return kind.text.lower() == ORDERED or any(code.code.lower() == ORDERED for code in kind.codes)


def _range(span: fhir.Range | None) -> Amount | None:
    """Both ends in one unit of measure; none is taken where they measure different things or stand upside down."""
    if span is None:
        return None
    low, high = read_quantity(span.low), read_quantity(span.high) or _nothing(span.high)
    if low is None or high is None:
        return low or high
    first, last = span.low or fhir.Quantity(), span.high
    if last and (first.unit, first.code, first.system) == (last.unit, last.code, last.system) and low.low <= high.low:
        return read_quantity(first, usable(last.value))
    if low.kind is not high.kind or low.piece is not high.piece or low.low > high.low:
        return _contradiction(low, high, "to")
    return Amount(low.low, high.low, low.kind, f"{low.written} to {high.written}", low.piece)


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
    on_days, a_day, said = len(_listed(repeat.dayOfWeek)), _times_a_day(repeat), repeat.frequency
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
    return len(_listed(repeat.timeOfDay)) or len(_listed(repeat.when))


def _listed(said: list[str] | str | None) -> list[str]:
    """What is said, also where a client sends one without a list; several in one string are not told apart."""
    if isinstance(said, str) and SEVERAL.search(said):
        raise ValidationError("Expected a list, got several in one string")
    return ([said] if isinstance(said, str) else said) if said else []


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
    start, end = (read_when(period.start), read_end(period.end)) if period else (None, None)
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


def _events(events: list[str] | str | None) -> Schedule | None:
    days = sorted(when.earliest for event in _listed(events) if (when := read_when(event)))
    if not days:
        return None
    gap = Decimal((days[-1] - days[0]) / timedelta(days=1)) / max(1, len(days) - 1)
    period = max(gap, Decimal(1))
    one = Decimal(1)
    return Schedule(
        one, period, period, TimeUnit.DAY, count_low=len(days), count_high=len(days), start=days[0], end=days[-1]
    )
