"""
The draft order itself, corrected: one thing in it changed and nothing else touched.

Each correction changes the draft that it is given, which was decoded for it alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from math import isfinite
from typing import Any

import msgspec
from msgspec import Raw

from cds_service.b12.policy import Span
from cds_service.b12.protocol import Regimen
from cds_service.b12.record import Amount
from cds_service.b12.words import Route
from cds_service.errors import OutputFault
from cds_service.fhir import elements as fhir
from cds_service.fhir.dosage import read_concept, says_ordered
from cds_service.fhir.dosage_text import TEXTS, texts_of, with_amount, with_interval
from cds_service.fhir.new_orders import loading_of
from cds_service.fhir.quantities import plain, repeat_of, route_concept
from cds_service.fhir.valid import Resource

EMPTY: tuple[object, ...] = (None, "", [], {})
MAY_BE_EMPTY = re.compile(rb'null|""|\[\s*\]|\{\s*\}')
LISTS = ("category", "reasonCode", "dosageInstruction")
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

    An object where FHIR has a list (the public sandbox) becomes a list, and what is empty is left out, as FHIR asks;
    only instructions keep their places until the draft is `finished`, as they are found by them.
    """
    try:
        draft: Resource = DECODER.decode(raw)
    except (msgspec.DecodeError, ArithmeticError):
        raise OutputFault("expected a draft that can be sent on, got numbers that are too long") from None
    _listed(draft, LISTS)
    if MAY_BE_EMPTY.search(bytes(raw)):
        instructions = {"dosageInstruction": [_filled(one) for one in draft.get("dosageInstruction") or ()]}
        draft = _filled(draft) | instructions
    for instruction in draft.get("dosageInstruction") or ():
        _listed(instruction, ("doseAndRate",))
        if isinstance(instruction.get("sequence"), str):
            raise OutputFault("expected instructions numbered by numbers, got words")
    return draft


def finished(draft: Resource) -> Resource:
    """The draft without empty instructions, and without a summary in words, which would tell of the old order."""
    instructions = [one for one in draft.get("dosageInstruction") or () if one]
    whole = draft | {"dosageInstruction": instructions}
    return {name: kept for name, kept in whole.items() if name != "text" and kept not in EMPTY}


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


def correct_dose(instruction: Resource, old: Amount | None, new: Amount, quantity: Resource) -> None:
    """
    Write another dose quantity into an instruction, and rewrite the old dose in its texts.

    Of several rows the ordered one stays and is corrected.
    """
    row = ordered_row(instruction.get("doseAndRate") or [{}])
    row = {key: kept for key, kept in row.items() if key not in {"doseRange", "doseQuantity"}}
    row["doseQuantity"] = quantity
    instruction["doseAndRate"] = [row]
    correct_said_dose(instruction, old, new, quantity)


def correct_said_dose(instruction: Resource, old: Amount | None, new: Amount, quantity: Resource) -> None:
    """Rewrite the old dose in the texts of an instruction."""
    for name, text in texts_of(instruction):
        instruction[name] = with_amount(text, old, new, f"{Decimal(quantity['value']):f} {quantity['unit']}")


def ordered_row(rows: Sequence[Resource]) -> Resource:
    """The row typed "ordered", else one of no type, else the first, as they are read."""
    kinds = [msgspec.convert(row.get("type"), fhir.CodeableConcept | None) for row in rows]
    ordered = (row for row, kind in zip(rows, kinds, strict=True) if kind and says_ordered(read_concept(kind)))
    untyped = (row for row, kind in zip(rows, kinds, strict=True) if not kind)
    return next(ordered, None) or next(untyped, rows[0])


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


def correct_interval(instruction: Resource, interval: Span) -> None:
    """
    Write another interval into an instruction that has a timing, and rewrite the last one in its texts.

    Its bounds and its number of doses stay. Raises OutputFault where the timing is a list of dates, or nothing but
    a text gives it.
    """
    timing = instruction.get("timing") or {}
    if not timing or timing.get("event"):
        raise OutputFault("expected a timing that repeats, got none")
    old = timing.get("repeat") or {}
    kept = {name: old[name] for name in BOUNDS if name in old}
    instruction["timing"] = {"repeat": kept | repeat_of(interval)}
    for name, text in texts_of(instruction):
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


def correct_text(instruction: Resource, text: str) -> None:
    """Write another dosage text into an instruction, where its text was read from."""
    instruction[next((name for name in TEXTS if instruction.get(name)), TEXTS[0])] = text


def add_loading(draft: Resource, own: Sequence[Resource], regimen: Regimen, remaining: int | None) -> None:
    """Put loading before the draft's own instructions, which come as they are read, as one order in sequence."""
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
