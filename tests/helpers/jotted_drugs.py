"""A MEDICATION as tests.helpers.patients says it, made into a MedicationRequest."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.helpers.jotted import (
    ADVERBS,
    DATE,
    DRUGS,
    NUMBER,
    PATIENT,
    PERIODS,
    ROUTES,
    SHELF,
    SNOMED,
    STATUSES,
    SUBSTANCES,
    TIMES,
    UCUM,
    UNITS,
    Json,
    Words,
    concept,
    number,
    quantity,
)


@dataclass
class Line:
    """A MEDICATION as it is being read."""

    product: Json = field(default_factory=lambda: {"medicationCodeableConcept": concept(*SUBSTANCES["cyanocobalamin"])})
    strength: Json | None = None
    steps: list[Json] = field(default_factory=lambda: [{}])
    status: str = ""
    intent: str = "order"
    until: str = ""
    subject: str = PATIENT
    copies: int = 1
    dispense: Json = field(default_factory=dict)
    extra: Json = field(default_factory=dict)

    @property
    def step(self) -> Json:
        """The step being written."""
        return self.steps[-1]

    @property
    def repeat(self) -> Json:
        """Timing.repeat of the step being written."""
        found: Json = self.step.setdefault("timing", {}).setdefault("repeat", {})
        return found

    @property
    def instructions(self) -> list[Json]:
        """The steps as FHIR instructions: numbered where there are several, none where nothing was said."""
        if len(self.steps) > 1:
            return [{"sequence": number, **step} for number, step in enumerate(self.steps, start=1)]
        return [step for step in self.steps if step]


def _product(line: Line, found: re.Match[str]) -> None:
    line.product = {"medicationCodeableConcept": concept(*(SHELF | DRUGS)[found[1]])}


def _name(line: Line, found: re.Match[str]) -> None:
    line.product = {"medicationCodeableConcept": {"text": found[1]}}


def _substance(line: Line, found: re.Match[str]) -> None:
    line.product = {"medicationCodeableConcept": concept(*SUBSTANCES[found[0]])}


def _contained(line: Line, found: re.Match[str]) -> None:
    per = quantity(found[3] or "1", found[4])
    line.strength = {"numerator": quantity(found[1], found[2]), "denominator": per}


def _dose(line: Line, found: re.Match[str]) -> None:
    low, high, unit, code = found.groups()
    row = {"doseQuantity": quantity(low, unit, code or "")}
    if high:
        row = {"doseRange": {"low": quantity(low, unit, code or ""), "high": quantity(high, unit, code or "")}}
    line.step["doseAndRate"] = [row]


def _route(line: Line, found: re.Match[str]) -> None:
    line.step["route"] = concept(SNOMED, *ROUTES[found[0]])


def _every(line: Line, found: re.Match[str]) -> None:
    low, high, unit = found.groups()
    line.repeat.update(frequency=1, period=number(low or "1"), periodUnit=PERIODS[unit])
    if high:
        line.repeat["periodMax"] = number(high)


def _times(line: Line, found: re.Match[str]) -> None:
    doses, unit = found.groups()
    unit = PERIODS.get(unit) or ADVERBS[unit]
    line.repeat.update(frequency=TIMES.get(doses or "") or int(doses or 1), period=1, periodUnit=unit)


def _bounds(line: Line, found: re.Match[str]) -> None:
    line.repeat["boundsDuration"] = {
        "value": number(found[1]),
        "unit": found[2],
        "system": UCUM,
        "code": PERIODS[found[2]],
    }


def _starting(line: Line, found: re.Match[str]) -> None:
    line.repeat["boundsPeriod"] = {"start": found[1]}


def _between(line: Line, found: re.Match[str]) -> None:
    line.repeat["boundsPeriod"] = {"start": found[1], "end": found[2]}


def _drug(line: Line, found: re.Match[str]) -> None:
    line.product = {"medicationCodeableConcept": concept(*DRUGS[found[0]])}


def _supply(line: Line, found: re.Match[str]) -> None:
    line.dispense["quantity"] = quantity(found[1], found[2])


def _supply_days(line: Line, found: re.Match[str]) -> None:
    line.dispense["expectedSupplyDuration"] = {"value": number(found[1]), "unit": "days", "system": UCUM, "code": "d"}


def _unreadable(line: Line, _: re.Match[str]) -> None:
    line.extra["dosageInstruction"] = "?"


def _by_reference(line: Line, found: re.Match[str]) -> None:
    named = {"display": found[1]} if found[1] else {}
    line.product = {"medicationReference": {"reference": "Medication/elsewhere", **named}}


def _another_patient(line: Line, _: re.Match[str]) -> None:
    line.subject = "another"


MEDICATION: tuple[tuple[str, Callable[[Line, re.Match[str]], None]], ...] = (
    (r"then", lambda line, _: line.steps.append({})),
    (r"\[([^\]]+)\]", _product),
    (r'text "([^"]*)"', lambda line, found: line.step.update(text=found[1])),
    (rf"contained ({NUMBER}) (\w+)/({NUMBER})? ?(\w+)", _contained),
    (rf'({NUMBER})(?:-({NUMBER}))? ({"|".join(UNITS)}|"[^"]*")(?: coded (\w+))?', _dose),
    (r'"([^"]*)"', _name),
    ("|".join(SUBSTANCES), _substance),
    ("|".join(DRUGS), _drug),
    (rf"supply for ({NUMBER}) days", _supply_days),
    (rf'supply ({NUMBER}) ({"|".join(UNITS)}|"[^"]*")', _supply),
    (r"refills (\d+)", lambda line, found: line.dispense.update(numberOfRepeatsAllowed=int(found[1]))),
    ("|".join(ROUTES), _route),
    (rf"every (?:({NUMBER})(?:-({NUMBER}))? )?({'|'.join(PERIODS)})s?", _every),
    (rf"(?:(\d+) times a |(?=twice))(?:twice )?({'|'.join(PERIODS)})", _times),
    (rf"(?:(twice) )?({'|'.join(ADVERBS)})", _times),
    (r"once", lambda line, _: line.repeat.update(count=1)),
    (rf"on ({DATE}(?: {DATE})*)", lambda line, found: line.step.update(timing={"event": found[1].split()})),
    (r"x (\d+)", lambda line, found: line.repeat.update(count=int(found[1]))),
    (rf"for ({NUMBER}) ({'|'.join(PERIODS)})s?", _bounds),
    (r"as needed", lambda line, _: line.step.update(asNeededBoolean=True)),
    (r'because "([^"]*)"', lambda line, found: line.extra.update(reasonCode=[{"text": found[1]}])),
    (rf"starting ({DATE})", _starting),
    (rf"between ({DATE}) and ({DATE})", _between),
    (rf"until ({DATE})", lambda line, found: setattr(line, "until", found[1])),
    (STATUSES, lambda line, found: setattr(line, "status", found[0])),
    (r"plan|proposal", lambda line, found: setattr(line, "intent", found[0])),
    (r"do not perform", lambda line, _: line.extra.update(doNotPerform=True)),
    (r"of another patient", _another_patient),
    (r"unreadable", _unreadable),
    (r"drug by reference(?: \"([^\"]*)\")?", _by_reference),
    (r"sent twice", lambda line, _: setattr(line, "copies", 2)),
)


def read_medication(words: Words) -> Line:
    """The rest of an entry as a medication; raises ValueError naming what is not understood."""
    line = Line()
    while words.rest:
        for pattern, read in MEDICATION:
            if found := words.take(pattern):
                read(line, found)
                break
        else:
            raise words.fault()
    if line.strength:
        code = line.product["medicationCodeableConcept"]
        ingredient = {"itemCodeableConcept": code, "strength": line.strength}
        inside = {"resourceType": "Medication", "id": "m", "code": code, "ingredient": [ingredient]}
        line.product = {"medicationReference": {"reference": "#m"}, "contained": [inside]}
    return line


def order_of(line: Line, status: str, **more: Any) -> Json:
    """A MedicationRequest."""
    order: Json = {
        "resourceType": "MedicationRequest",
        "status": line.status or status,
        "intent": line.intent,
        "subject": {"reference": f"Patient/{line.subject}"},
        **line.product,
        **line.extra,
        **more,
    }
    if line.instructions:
        order.setdefault("dosageInstruction", line.instructions)
    dispense = line.dispense | ({"validityPeriod": {"end": line.until}} if line.until else {})
    if dispense:
        order["dispenseRequest"] = dispense
    return order


def use_of(kind: str, line: Line, status: str, **more: Any) -> Json:
    """A resource of this kind that tells of a medication given, supplied or taken."""
    return {
        "resourceType": kind,
        "status": line.status or status,
        "subject": {"reference": f"Patient/{line.subject}"},
        **line.product,
        **more,
    }
