"""The orders that we propose: the draft itself, corrected, or a new one; checked against FHIR before they leave."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from decimal import Decimal
from typing import Any

import msgspec
from fhir.resources.R4B.medicationrequest import MedicationRequest
from msgspec import Raw
from pydantic import ValidationError

from cds_service.b12.protocol import LoadingStep, Maintenance, Regimen, Span
from cds_service.b12.words import Route
from cds_service.errors import OutputFault

UCUM = "http://unitsofmeasure.org"
SNOMED = "http://snomed.info/sct"
ROUTES = {
    Route.INTRAMUSCULAR: ("78421000", "Intramuscular route"),
    Route.SUBCUTANEOUS: ("34206005", "Subcutaneous route"),
    Route.ORAL: ("26643006", "Oral route"),
    Route.NASAL: ("46713006", "Nasal route"),
}
MILLIGRAM = Decimal(1000)
LISTS = ("category", "reasonCode", "dosageInstruction")
AMOUNT = re.compile(
    r"(?<![\d.,/])(?P<number>\d[\d,]*(?:\.\d+)?)\s*(?:mg|mcg|ug|µg|μg|micrograms?|milligrams?|ml|cc)\b(?!\s*/)",
    re.IGNORECASE,
)
DECODER = msgspec.json.Decoder(float_hook=Decimal)

Resource = dict[str, Any]


def draft_of(raw: Raw) -> Resource:
    """The draft as it came, decimals kept; an object where FHIR has a list (the public sandbox) becomes a list."""
    draft: Resource = DECODER.decode(raw)
    for name in LISTS:
        if isinstance(draft.get(name), dict):
            draft[name] = [draft[name]]
    return draft


def with_dose(draft: Resource, step: int, value: Decimal, unit: str, code: str) -> Resource:
    """The draft with another dose quantity in one instruction, and the old dose in its text rewritten."""
    order = deepcopy(draft)
    instructions = order.setdefault("dosageInstruction", [{}])
    instruction = instructions[step]
    old = _old_value(instruction)
    rows = instruction.get("doseAndRate") or [{}]
    row = {key: kept for key, kept in rows[0].items() if key not in {"doseRange", "doseQuantity"}}
    row["doseQuantity"] = {"value": plain(value), "unit": unit, "system": UCUM, "code": code}
    instruction["doseAndRate"] = [row]
    for name in ("text", "patientInstruction"):
        if isinstance(instruction.get(name), str):
            instruction[name] = _rewritten(instruction[name], old, f"{plain(value)} {unit}")
    return order


def with_route(draft: Resource, route: Route) -> Resource:
    """The draft by another route in every instruction; a text that names the old route is left out."""
    order = deepcopy(draft)
    for instruction in order.get("dosageInstruction", []):
        instruction["route"] = route_concept(route)
        instruction.pop("text", None)
        instruction.pop("patientInstruction", None)
    return order


def with_loading(draft: Resource, regimen: Regimen, remaining: int | None) -> Resource:
    """The draft with loading put before its own instructions, as one order in sequence."""
    order = deepcopy(draft)
    own = order.get("dosageInstruction", [])
    first = own[0] if own else {}
    route = first.get("route") or route_concept(regimen.routes[0])
    steps = _steps(regimen, remaining)
    loading = [_loading(step, doses, route) for step, doses in steps]
    for number, instruction in enumerate([*loading, *own], start=1):
        instruction["sequence"] = number
    order["dosageInstruction"] = [*loading, *own]
    return order


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
        "medicationCodeableConcept": {"text": f"{regimen.substance.value} injection"},
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


def _old_value(instruction: Mapping[str, Any]) -> Decimal | None:
    rows = instruction.get("doseAndRate") or []
    value = ((rows[0].get("doseQuantity") if rows else None) or {}).get("value")
    return Decimal(str(value)) if value is not None else None


def _rewritten(text: str, old: Decimal | None, new: str) -> str:
    """The text with the mistaken amount replaced: every amount of the old number, or the only one there is."""
    found = list(AMOUNT.finditer(text))

    def corrected(match: re.Match[str]) -> str:
        same = Decimal(match["number"].replace(",", "")) == old
        return new if same or (old is None and len(found) == 1) else match[0]

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
    repeat |= _every(step.interval)
    return {"timing": {"repeat": repeat}, "route": route, "doseAndRate": [{"doseQuantity": _dose(step.dose)}]}


def _maintenance(maintenance: Maintenance, route: Resource) -> Resource:
    timing = {"repeat": _every(maintenance.interval)}
    return {"timing": timing, "route": route, "doseAndRate": [{"doseQuantity": _dose(maintenance.dose)}]}


def _every(interval: Span) -> Resource:
    """Every `low` to `high` days."""
    repeat: Resource = {"frequency": 1, "period": plain(interval.low), "periodUnit": "d"}
    if interval.high != interval.low:
        repeat["periodMax"] = plain(interval.high)
    return repeat


def _dose(dose: Span) -> Resource:
    return {"value": plain(dose.high), "unit": "mcg", "system": UCUM, "code": "ug"}
