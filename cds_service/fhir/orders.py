"""The orders that we propose: the draft itself, corrected, or a new one; checked against FHIR before they leave."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from copy import deepcopy
from decimal import Decimal
from math import isfinite
from typing import Any

import msgspec
from fhir.resources.R4B.medicationrequest import MedicationRequest
from msgspec import Raw
from pydantic import ValidationError

from cds_service.b12.names import number_of
from cds_service.b12.policy import Span
from cds_service.b12.protocol import LoadingStep, Maintenance, Regimen, spoken
from cds_service.b12.words import Route
from cds_service.errors import OutputFault
from cds_service.fhir import elements as fhir
from cds_service.fhir.dosage import read_concept, says_ordered

UCUM = "http://unitsofmeasure.org"
SNOMED = "http://snomed.info/sct"
ROUTES = {
    Route.INTRAMUSCULAR: ("78421000", "Intramuscular route"),
    Route.SUBCUTANEOUS: ("34206005", "Subcutaneous route"),
    Route.ORAL: ("26643006", "Oral route"),
    Route.NASAL: ("46713006", "Nasal route"),
}
MILLIGRAM = Decimal(1000)
UNTIL = "until no further improvement"
EMPTY: tuple[object, ...] = (None, "", [], {})
LISTS = ("category", "reasonCode", "dosageInstruction")
AMOUNT = re.compile(
    r"(?<![\d.,/])(?P<number>\d+(?:,\d+)*(?:\.\d+)?)\s*"
    r"(?:(?:mg|mcg|ug|µg|μg|microg|micrograms?|milligrams?|grams?|(?P<g>g))|(?P<volume>mls?|cc|millilit(?:er|re)s?))\b(?!\s*(?:/|per\b))",
    re.IGNORECASE,
)
ABOUT_THE_ROUTE = ("text", "patientInstruction", "site", "method")
Resource = dict[str, Any]


def _number(text: str) -> Decimal:
    """A number as written; raises OutputFault for one that readers of JSON take for infinite."""
    if not isfinite(float(text)):
        raise OutputFault("expected a number that can be sent on, got a larger one")
    return Decimal(text)


DECODER = msgspec.json.Decoder(float_hook=_number)


def draft_of(raw: Raw) -> Resource:
    """
    The draft as it came, decimals kept; raises OutputFault if its numbers cannot be.

    An object where FHIR has a list (the public sandbox) becomes a list, and what is empty is left out, as FHIR asks.
    """
    try:
        draft: Resource = _filled(DECODER.decode(raw))
    except (msgspec.DecodeError, ArithmeticError):
        raise OutputFault("expected a draft that can be sent on, got numbers that are too long") from None
    _listed(draft, LISTS)
    for instruction in draft.get("dosageInstruction") or ():
        _listed(instruction, ("doseAndRate",))
    return draft


def _filled(node: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(node, dict):
        return {name: kept for name, value in node.items() if (kept := _filled(value)) not in EMPTY}
    if isinstance(node, list):
        return [kept for value in node if (kept := _filled(value)) not in EMPTY]
    return node


def _listed(element: Resource, names: Iterable[str]) -> None:
    for name in names:
        if isinstance(element.get(name), dict):
            element[name] = [element[name]]


def _in_sequence(order: Resource) -> list[Resource]:
    """The instructions in the order in which they are read: by `sequence`, those without one first, as they stand."""
    instructions: list[Resource] = order.get("dosageInstruction") or []
    return sorted(instructions, key=lambda one: one.get("sequence") or 0)


def with_dose(draft: Resource, step: int, value: Decimal, unit: str, code: str) -> Resource:
    """
    The draft with another dose quantity in one instruction, and the old dose in its text rewritten.

    `step` counts the instructions in sequence. Of several rows the ordered one stays and is corrected.
    """
    order = deepcopy(draft)
    instruction = _in_sequence(order)[step]
    row = ordered_row(instruction.get("doseAndRate") or [{}])
    old = (row.get("doseQuantity") or {}).get("value")
    row = {key: kept for key, kept in row.items() if key not in {"doseRange", "doseQuantity"}}
    row["doseQuantity"] = {"value": plain(value), "unit": unit, "system": UCUM, "code": code}
    instruction["doseAndRate"] = [row]
    for name in ("text", "patientInstruction"):
        if isinstance(instruction.get(name), str):
            instruction[name] = _rewritten(instruction[name], old, f"{Decimal(plain(value)):f} {unit}")
    return order


def ordered_row(rows: Sequence[Resource]) -> Resource:
    """The row typed "ordered", else the first, as they are read."""
    kinds = (msgspec.convert(row.get("type"), fhir.CodeableConcept | None) for row in rows)
    ordered = (row for row, kind in zip(rows, kinds, strict=True) if kind and says_ordered(read_concept(kind)))
    return next(ordered, rows[0])


def with_route(draft: Resource, route: Route) -> Resource:
    """
    The draft by another route in every instruction; what may name the old route is left out.

    Raises OutputFault where that would lose the dose or the schedule, because only the text gives it.
    """
    order = deepcopy(draft)
    for instruction in order.get("dosageInstruction") or ():
        said = any(instruction.get(name) for name in ("text", "patientInstruction"))
        if said and not (instruction.get("doseAndRate") and instruction.get("timing")):
            raise OutputFault("expected dose and timing beside the dosage text, got the text alone")
        instruction["route"] = route_concept(route)
        for name in ABOUT_THE_ROUTE:
            instruction.pop(name, None)
    return order


def with_loading(draft: Resource, regimen: Regimen, remaining: int | None) -> Resource:
    """The draft with loading put before its own instructions, as one order in sequence."""
    order = deepcopy(draft)
    own = _in_sequence(order)
    first = own[0] if own else {}
    route = first.get("route") or route_concept(regimen.routes[0])
    steps = _steps(regimen, remaining)
    loading = [_loading(step, doses, route) for step, doses in steps]
    for number, instruction in enumerate(loading, start=1):
        instruction["sequence"] = number
    _number_after(len(loading), own)
    order["dosageInstruction"] = [*loading, *own]
    return order


def _number_after(number: int, instructions: Iterable[Resource]) -> None:
    """Number what follows; instructions of one sequence number run at the same time and keep sharing one."""
    before: object = None
    for instruction in instructions:
        sequence = instruction.get("sequence")
        number += 0 if sequence is not None and sequence == before else 1
        before, instruction["sequence"] = sequence, number


def new_order(regimen: Regimen, patient_id: str, *, maintenance_only: bool) -> Resource:
    """A new MedicationRequest for the regimen, in `draft`, for the clinician to sign."""
    route = route_concept(regimen.routes[0])
    loading = [] if maintenance_only else [_loading(step, doses, route) for step, doses in _steps(regimen, None)]
    upkeep = [_maintenance(regimen.maintenance, route)] if regimen.maintenance else []
    instructions = [*loading, *upkeep]
    if len(instructions) > 1:
        for number, instruction in enumerate(instructions, start=1):
            instruction["sequence"] = number
    return {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {"text": _drug(regimen)},
        "subject": {"reference": f"Patient/{patient_id}"},
        "dosageInstruction": instructions,
    }


def check(resource: Resource) -> Resource:
    """The resource, if it is valid FHIR; raises OutputFault naming the elements that are not."""
    try:
        MedicationRequest.model_validate(resource)
    except ValidationError as fault:
        where = ", ".join(sorted({".".join(str(part) for part in error["loc"]) for error in fault.errors()}))
        raise OutputFault(f"expected a valid MedicationRequest, got faults at {where}") from None
    return resource


def route_concept(route: Route) -> Resource:
    """The route as a SNOMED CT coding."""
    code, display = ROUTES[route]
    return {"coding": [{"system": SNOMED, "code": code, "display": display}], "text": route.value}


def dose_units(mcg: Decimal, written: str) -> tuple[Decimal, str, str]:
    """(value, unit, UCUM code): in milligrams if the order was written in micrograms and one fits, else micrograms."""
    if "mg" not in written.lower() and mcg >= MILLIGRAM and not mcg % (MILLIGRAM / 10):
        return mcg / MILLIGRAM, "mg", "mg"
    return mcg, "mcg", "ug"


def plain(value: Decimal) -> int | Decimal:
    """A number without a trailing zero, which is misread (ISMP's list of error-prone forms)."""
    whole = value.to_integral_value()
    return int(whole) if whole == value else value.normalize()


def _drug(regimen: Regimen) -> str:
    """Words for the drug; a site's own list decides which product it becomes."""
    return f"{regimen.substance.value}{' injection' if regimen.routes[0].parenteral else ''}"


def _rewritten(text: str, old: object, new: str) -> str:
    """
    The text with the mistaken amount replaced: every amount of the old number, or the only one there is.

    A mass is replaced only by a mass and a volume by a volume; a strength, such as "1 mg/mL", never.
    """
    by_volume = new.endswith("mL")
    alike = [match for match in AMOUNT.finditer(text) if bool(match["volume"]) is by_volume and not match["g"]]

    def corrected(match: re.Match[str]) -> str:
        same = old is not None and number_of(match["number"]) == Decimal(str(old))
        only = len(alike) == 1 and not match["g"]  # "25 G" may be a needle
        return new if bool(match["volume"]) is by_volume and (same or only) else match[0]

    return AMOUNT.sub(corrected, text)


def _steps(regimen: Regimen, remaining: int | None) -> list[tuple[LoadingStep, int | None]]:
    """The loading steps with their numbers of doses; only the last `remaining` doses of it, if given."""
    steps = [(step, int(step.doses.low) if step.doses else None) for step in regimen.loading]
    if remaining is None:
        return steps
    rest: list[tuple[LoadingStep, int | None]] = []
    for step, doses in reversed(steps):
        take = min(remaining, doses or remaining)
        if take > 0:
            rest.insert(0, (step, take))
        remaining -= take
    return rest


def _loading(step: LoadingStep, doses: int | None, route: Resource) -> Resource:
    repeat: Resource = {"count": doses} if doses else {}
    repeat |= _every(_paced(step))
    until = {} if doses else {"additionalInstruction": [{"text": UNTIL}]}
    return until | {"timing": {"repeat": repeat}, "route": route, "doseAndRate": [{"doseQuantity": _dose(step.dose)}]}


def _paced(step: LoadingStep) -> Span:
    """Where a source pairs fewer doses with a longer interval, the fewest doses go with the longest."""
    interval, doses = step.interval, step.doses
    if doses is None or doses.low == doses.high:
        return interval
    return Span(interval.high, interval.high, interval.unit, interval.since, interval.source)


def _maintenance(maintenance: Maintenance, route: Resource) -> Resource:
    timing = {"repeat": _every(maintenance.interval)}
    return {"timing": timing, "route": route, "doseAndRate": [{"doseQuantity": _dose(maintenance.dose)}]}


def _every(interval: Span) -> Resource:
    """Every `low` to `high` days, weeks or months, as they are spoken of."""
    said = spoken(interval)
    repeat: Resource = {"frequency": 1, "period": plain(said.low), "periodUnit": said.unit.value}
    if said.high != said.low:
        repeat["periodMax"] = plain(said.high)
    return repeat


def _dose(dose: Span) -> Resource:
    return {"value": plain(dose.high), "unit": "mcg", "system": UCUM, "code": "ug"}
