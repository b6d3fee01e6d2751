"""
The draft order itself, corrected: one thing in it changed and nothing else touched.

Each correction changes the draft that it is given, which was decoded for it alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from math import isfinite
from typing import Any

import msgspec
from msgspec import Raw

from cds_service.b12.policy import Span
from cds_service.b12.protocol import Regimen
from cds_service.b12.words import Route
from cds_service.errors import OutputFault
from cds_service.fhir import elements as fhir
from cds_service.fhir.dosage import read_concept, says_ordered
from cds_service.fhir.dosage_text import with_amount, with_interval
from cds_service.fhir.new_orders import loading_of
from cds_service.fhir.quantities import UCUM, plain, repeat_of, route_concept
from cds_service.fhir.valid import Resource

EMPTY: tuple[object, ...] = (None, "", [], {})
MAY_BE_EMPTY = re.compile(rb'null|""|\[\s*\]|\{\s*\}')
LISTS = ("category", "reasonCode", "dosageInstruction")
TEXTS = ("text", "patientInstruction")
ABOUT_THE_ROUTE = (*TEXTS, "site", "method")
BOUNDS = ("boundsDuration", "boundsRange", "boundsPeriod", "count", "countMax")


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
        draft: Resource = DECODER.decode(raw)
    except (msgspec.DecodeError, ArithmeticError):
        raise OutputFault("expected a draft that can be sent on, got numbers that are too long") from None
    if MAY_BE_EMPTY.search(bytes(raw)):
        draft = _filled(draft)
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


def correct_dose(draft: Resource, step: int, value: Decimal, unit: str, code: str) -> None:
    """
    Write another dose quantity into one instruction, and rewrite the old dose in its text.

    `step` counts the instructions in sequence. Of several rows the ordered one stays and is corrected.
    """
    instruction = _in_sequence(draft)[step]
    row = ordered_row(instruction.get("doseAndRate") or [{}])
    old = (row.get("doseQuantity") or {}).get("value")
    row = {key: kept for key, kept in row.items() if key not in {"doseRange", "doseQuantity"}}
    row["doseQuantity"] = {"value": plain(value), "unit": unit, "system": UCUM, "code": code}
    instruction["doseAndRate"] = [row]
    for name, text in _texts(instruction):
        instruction[name] = with_amount(text, old, f"{Decimal(plain(value)):f} {unit}")


def _texts(instruction: Resource) -> Iterator[tuple[str, str]]:
    said = ((name, instruction.get(name)) for name in TEXTS)
    return ((name, text) for name, text in said if isinstance(text, str))


def ordered_row(rows: Sequence[Resource]) -> Resource:
    """The row typed "ordered", else the first, as they are read."""
    kinds = (msgspec.convert(row.get("type"), fhir.CodeableConcept | None) for row in rows)
    ordered = (row for row, kind in zip(rows, kinds, strict=True) if kind and says_ordered(read_concept(kind)))
    return next(ordered, rows[0])


def correct_route(draft: Resource, route: Route) -> None:
    """
    Write another route into every instruction; what may name the old route is left out.

    Raises OutputFault where that would lose the dose or the schedule, because only the text gives it.
    """
    for instruction in draft.get("dosageInstruction") or ():
        said = any(instruction.get(name) for name in TEXTS)
        if said and not (instruction.get("doseAndRate") and instruction.get("timing")):
            raise OutputFault("expected dose and timing beside the dosage text, got the text alone")
        instruction["route"] = route_concept(route)
        for name in ABOUT_THE_ROUTE:
            instruction.pop(name, None)


def correct_interval(draft: Resource, interval: Span) -> None:
    """
    Write another interval into the last instruction that has a timing, and rewrite the old one in its text.

    Its bounds and its number of doses stay. Raises OutputFault where the timing is a list of dates, where nothing
    but a text gives it, or where a text would go on saying the old interval.
    """
    timed = [one for one in _in_sequence(draft) if one.get("timing")]
    if not timed or timed[-1]["timing"].get("event"):
        raise OutputFault("expected a timing that repeats, got none")
    instruction = timed[-1]
    old = instruction["timing"].get("repeat") or {}
    kept = {name: old[name] for name in BOUNDS if name in old}
    instruction["timing"] = {"repeat": kept | repeat_of(interval)}
    for name, text in _texts(instruction):
        instruction[name] = with_interval(text, interval)


def correct_supply(draft: Resource, quantity: Decimal | None, repeats: int | None) -> None:
    """Write another quantity, in the unit that stands, or another number of refills; None leaves what stands."""
    request = draft.setdefault("dispenseRequest", {})
    if quantity is not None:
        if not request.get("quantity"):
            raise OutputFault("expected a quantity whose unit can stand, got none")
        request["quantity"]["value"] = plain(quantity)
    if repeats is not None:
        request["numberOfRepeatsAllowed"] = repeats


def correct_text(draft: Resource, step: int, text: str) -> None:
    """Write another dosage text into one instruction, where its text was read from; `step` counts in sequence."""
    instruction = _in_sequence(draft)[step]
    instruction[next((name for name in TEXTS if instruction.get(name)), TEXTS[0])] = text


def add_loading(draft: Resource, regimen: Regimen, remaining: int | None) -> None:
    """Put loading before the draft's own instructions, as one order in sequence."""
    own = _in_sequence(draft)
    first = own[0] if own else {}
    loading = loading_of(regimen, remaining, first.get("route"))
    for number, instruction in enumerate(loading, start=1):
        instruction["sequence"] = number
    _number_after(len(loading), own)
    draft["dosageInstruction"] = [*loading, *own]


def _number_after(number: int, instructions: Iterable[Resource]) -> None:
    """Number what follows; instructions of one sequence number run at the same time and keep sharing one."""
    before: object = None
    for instruction in instructions:
        sequence = instruction.get("sequence")
        number += 0 if sequence is not None and sequence == before else 1
        before, instruction["sequence"] = sequence, number
