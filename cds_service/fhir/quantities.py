"""Numbers, doses, routes and times as FHIR writes them."""

from __future__ import annotations

from decimal import Decimal

from cds_service.b12.policy import Figure, Span
from cds_service.b12.protocol import spoken
from cds_service.b12.words import Route, TimeUnit
from cds_service.fhir.valid import Resource

UCUM = "http://unitsofmeasure.org"
SNOMED = "http://snomed.info/sct"
ROUTES = {
    Route.INTRAMUSCULAR: ("78421000", "Intramuscular route"),
    Route.SUBCUTANEOUS: ("34206005", "Subcutaneous route"),
    Route.ORAL: ("26643006", "Oral route"),
    Route.NASAL: ("46713006", "Nasal route"),
}
MILLIGRAM = Decimal(1000)
UNIT_WORDS = {
    TimeUnit.HOUR: "hour",
    TimeUnit.DAY: "day",
    TimeUnit.WEEK: "week",
    TimeUnit.MONTH: "month",
    TimeUnit.YEAR: "year",
}


def plain(value: Decimal) -> int | Decimal:
    """A number without a trailing zero, which is misread (ISMP's list of error-prone forms)."""
    whole = value.to_integral_value()
    return int(whole) if whole == value else value.normalize()


def dose_units(mcg: Decimal, written: str) -> tuple[Decimal, str, str]:
    """(value, unit, UCUM code): in milligrams if the order was written in micrograms and one fits, else micrograms."""
    if "mg" not in written.lower() and mcg >= MILLIGRAM and not mcg % (MILLIGRAM / 10):
        return mcg / MILLIGRAM, "mg", "mg"
    return mcg, "mcg", "ug"


def dose_of(dose: Span) -> Resource:
    """The larger end of a span of micrograms, as a Quantity."""
    return {"value": plain(dose.high), "unit": "mcg", "system": UCUM, "code": "ug"}


def route_concept(route: Route) -> Resource:
    """The route as a SNOMED CT coding."""
    code, display = ROUTES[route]
    return {"coding": [{"system": SNOMED, "code": code, "display": display}], "text": route.value}


def repeat_of(interval: Span) -> Resource:
    """Once every `low` to `high` days, weeks or months, as they are spoken of."""
    said = spoken(interval)
    repeat: Resource = {"frequency": 1, "period": plain(said.low), "periodUnit": said.unit.value}
    if said.high != said.low:
        repeat["periodMax"] = plain(said.high)
    return repeat


def every(interval: Span) -> str:
    """A span of days as it is spoken of, such as "every 2 to 3 months" or "every month"."""
    said = spoken(interval)
    unit = UNIT_WORDS[said.unit]
    return f"every {unit}" if said.low == said.high == 1 else f"every {in_words(said.low, said.high)} {unit}s"


def lasting(days: Figure) -> str:
    """A number of days as it is spoken of, such as "8 weeks" or "1 month"."""
    said = spoken(Span(days.value, days.value, days.unit, days.since, days.source))
    return f"{in_words(said.low, said.high)} {UNIT_WORDS[said.unit]}{'' if said.low == 1 else 's'}"


def in_words(low: Decimal, high: Decimal) -> str:
    """A number or a span of two, such as "4 to 14"."""
    return " to ".join(f"{Decimal(plain(one)):f}" for one in dict.fromkeys((low, high)))
