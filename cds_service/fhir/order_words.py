"""Our own orders in words: clients that take no dose from an order still have to show which dose is meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from cds_service.b12.protocol import Interval
from cds_service.b12.words import TimeUnit
from cds_service.fhir.valid import Resource
from cds_service.language import Language


def words_of_order(order: Resource, language: Language) -> str:
    """
    An order that new_orders wrote, such as "cyanocobalamin injection intramuscular, 1000 mcg every month".

    Of another's order nothing is said here: it may hold what these words would leave out.
    """
    steps = order["dosageInstruction"]
    drug = language.by_route(order["medicationCodeableConcept"]["text"], (steps[0]["route"]["text"],))
    return f"{drug}, {words_of_steps(steps, language)}"


def words_of_steps(steps: Iterable[Resource], language: Language) -> str:
    """Such as "1000 mcg every 2 days, 4 doses; then 1000 mcg every month"."""
    return language.in_turn([_step(step, language) for step in steps], "; ")


def _step(step: Resource, language: Language) -> str:
    dose, repeat = step["doseAndRate"][0]["doseQuantity"], step["timing"]["repeat"]
    count = Decimal(repeat.get("count", 0))
    doses = [language.doses(count, count)] if count else []
    until = [language.words(one["text"]) for one in step.get("additionalInstruction", ())]
    return ", ".join([f"{language.mcg(Decimal(dose['value']))} {_every(repeat, language)}", *doses, *until])


def _every(repeat: Mapping[str, object], language: Language) -> str:
    low, high = (Decimal(str(repeat.get(name, repeat["period"]))) for name in ("period", "periodMax"))
    return language.interval(Interval(low, high, TimeUnit(str(repeat["periodUnit"]))))
