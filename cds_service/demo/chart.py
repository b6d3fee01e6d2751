"""A chart as an EHR shows it: a few lines for each part, newest first, as a reader of one language knows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cds_service.b12.words import TimeUnit
from cds_service.demo.patients import AS_OF, Resource
from cds_service.language import ENGLISH, Language

YEAR, MONTH, DAY = len("2026"), len("2026-03"), len("2026-03-10")


class Line(Struct, frozen=True):
    """One entry of a chart: when, what, and what else is known of it. `what` and `quoted` are the chart's own words."""

    when: str
    what: str
    more: str = ""
    quoted: str = ""


class Chart(Struct, frozen=True):
    """The chart of one patient."""

    name: str
    born: str
    age: str
    gender: str
    problems: tuple[Line, ...]
    medications: tuple[Line, ...]
    doses: tuple[Line, ...]
    results: tuple[Line, ...]


def chart_of(prefetch: Mapping[str, Resource], language: Language = ENGLISH) -> Chart:
    """The chart from what an EHR sends with a call about the patient."""
    patient = prefetch["patient"]
    name, born = patient["name"][0], date.fromisoformat(patient["birthDate"])
    return Chart(
        name=" ".join([*name["given"], name["family"]]),
        born=language.day(born),
        age=_years(born, language),
        gender=language.words(patient["gender"]),
        problems=_newest(_problems(prefetch, language), language),
        medications=_newest(_medications(prefetch, language), language),
        doses=_newest(_doses(prefetch, language), language),
        results=_newest(_results(prefetch, language), language),
    )


def today(language: Language) -> str:
    """The day at which the demo's clock stands still."""
    return _day(AS_OF[:DAY], language)


def _years(born: date, language: Language) -> str:
    now = date.fromisoformat(AS_OF[:DAY])
    age = now.year - born.year - ((now.month, now.day) < (born.month, born.day))
    one, many = language.grammar.units[TimeUnit.YEAR]
    return f"{age} {one if age == 1 else many}"


def _day(text: str, language: Language) -> str:
    """A FHIR date, which may be a month or a year."""
    if len(text) == YEAR:
        return text
    if len(text) == MONTH:
        return language.month(date.fromisoformat(f"{text}-01"))
    return language.day(date.fromisoformat(text))


def _newest(lines: Iterable[Line], language: Language) -> tuple[Line, ...]:
    ordered = sorted(lines, key=lambda line: line.when, reverse=True)
    return tuple(replace(line, when=_day(line.when, language)) for line in ordered)


def _of(prefetch: Mapping[str, Resource], key: str) -> Iterable[Resource]:
    return (entry["resource"] for entry in prefetch[key].get("entry", ()))


def _problems(prefetch: Mapping[str, Resource], language: Language) -> Iterable[Line]:
    for one in _of(prefetch, "conditions"):
        status, end = one["clinicalStatus"]["coding"][0]["code"], one.get("abatementDateTime", "")
        ended = f"{language.words(status)} {_day(end, language) if end else ''}".strip() if status != "active" else ""
        yield Line(one["onsetDateTime"], one["code"]["text"], ended)
    for one in _of(prefetch, "procedures"):
        yield Line(one["performedDateTime"], one["code"]["text"], language.words("operation"))


def _medications(prefetch: Mapping[str, Resource], language: Language) -> Iterable[Line]:
    for one in _of(prefetch, "medicationRequests"):
        status = "" if one["status"] == "active" else f"({language.words(one['status'])})"
        yield Line(one["authoredOn"], _drug(one), status, one["dosageInstruction"][0]["text"])
    for one in _of(prefetch, "medicationStatements"):
        yield Line(one["effectivePeriod"]["start"], _drug(one), quoted=one["dosage"][0]["text"])


def _doses(prefetch: Mapping[str, Resource], language: Language) -> Iterable[Line]:
    for one in _of(prefetch, "medicationAdministrations"):
        amount, route = _amount(one["dosage"]["dose"], language), one["dosage"]["route"]["text"].lower()
        yield Line(one["effectiveDateTime"][:DAY], _drug(one), f"{amount}, {language.words(route)}")


def _results(prefetch: Mapping[str, Resource], language: Language) -> Iterable[Line]:
    for one in _of(prefetch, "observations"):
        amount = _amount(one["valueQuantity"], language)
        yield Line(one["effectiveDateTime"][:DAY], one["code"]["text"], amount)


def _drug(resource: Mapping[str, Any]) -> str:
    return str(resource["medicationCodeableConcept"]["text"])


def _amount(quantity: Mapping[str, Any], language: Language) -> str:
    if quantity["unit"] == "mcg":
        return language.mcg(Decimal(str(quantity["value"])))
    return language.measured(f"{quantity['value']} {quantity['unit']}")
