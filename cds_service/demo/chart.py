"""A chart as an EHR shows it: a few lines for each part, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from msgspec import Struct

from cds_service.demo.patients import AS_OF, Resource


class Line(Struct, frozen=True):
    """One entry of a chart: when, what, and what else is to be known of it."""

    when: str
    what: str
    more: str = ""


class Chart(Struct, frozen=True):
    """The chart of one patient."""

    name: str
    born: str
    age: int
    gender: str
    problems: tuple[Line, ...]
    medications: tuple[Line, ...]
    doses: tuple[Line, ...]
    results: tuple[Line, ...]


def chart_of(prefetch: Mapping[str, Resource]) -> Chart:
    """The chart from what an EHR sends with a call about the patient."""
    patient = prefetch["patient"]
    name, born = patient["name"][0], date.fromisoformat(patient["birthDate"])
    today = date.fromisoformat(AS_OF[:10])
    return Chart(
        name=" ".join([*name["given"], name["family"]]),
        born=born.isoformat(),
        age=today.year - born.year - ((today.month, today.day) < (born.month, born.day)),
        gender=patient["gender"],
        problems=_newest(_problems(prefetch)),
        medications=_newest(_medications(prefetch)),
        doses=_newest(_doses(prefetch)),
        results=_newest(_results(prefetch)),
    )


def _newest(lines: Iterable[Line]) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda line: line.when, reverse=True))


def _of(prefetch: Mapping[str, Resource], key: str) -> Iterable[Resource]:
    return (entry["resource"] for entry in prefetch[key].get("entry", ()))


def _problems(prefetch: Mapping[str, Resource]) -> Iterable[Line]:
    for one in _of(prefetch, "conditions"):
        status = one["clinicalStatus"]["coding"][0]["code"]
        ended = f"{status} {one.get('abatementDateTime', '')}".strip() if status != "active" else ""
        yield Line(one["onsetDateTime"], one["code"]["text"], ended)
    for one in _of(prefetch, "procedures"):
        yield Line(one["performedDateTime"], one["code"]["text"], "operation")


def _medications(prefetch: Mapping[str, Resource]) -> Iterable[Line]:
    for one in _of(prefetch, "medicationRequests"):
        status = "" if one["status"] == "active" else f" ({one['status']})"
        yield Line(one["authoredOn"], _drug(one), one["dosageInstruction"][0]["text"] + status)
    for one in _of(prefetch, "medicationStatements"):
        yield Line(one["effectivePeriod"]["start"], _drug(one), one["dosage"][0]["text"])


def _doses(prefetch: Mapping[str, Resource]) -> Iterable[Line]:
    for one in _of(prefetch, "medicationAdministrations"):
        dose = one["dosage"]
        yield Line(
            one["effectiveDateTime"][:10], _drug(one), f"{_amount(dose['dose'])}, {dose['route']['text'].lower()}"
        )


def _results(prefetch: Mapping[str, Resource]) -> Iterable[Line]:
    for one in _of(prefetch, "observations"):
        yield Line(one["effectiveDateTime"][:10], one["code"]["text"], _amount(one["valueQuantity"]))


def _drug(resource: Mapping[str, Any]) -> str:
    return str(resource["medicationCodeableConcept"]["text"])


def _amount(quantity: Mapping[str, Any]) -> str:
    return f"{quantity['value']} {quantity['unit']}"
