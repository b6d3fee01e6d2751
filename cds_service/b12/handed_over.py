"""How long B12 that was handed over lasts: by the days that the record states, else by its quantity and the dose."""

from __future__ import annotations

from datetime import date, timedelta
from math import ceil

from cds_service.b12.dose import Mass, Step, mass_of_amount
from cds_service.b12.record import Amount, Schedule, SigReading, Strength, Use
from cds_service.b12.words import AmountKind, Piece

CONTAINERS = frozenset({Piece.VIAL, Piece.AMPOULE})
UNCOUNTED = frozenset({None, Piece.OTHER})  # "3 doses" may be three packs


def schedule_of(step: Step) -> Schedule | None:
    """When an instruction gives its doses: structured, else as its text says."""
    return step.schedule or next((phase.schedule for phase in step.text_phases if phase.schedule), None)


def as_needed(step: Step) -> bool:
    """Given as needed, by the structure or by the text."""
    return step.instruction.as_needed or (isinstance(step.sig, SigReading) and step.sig.as_needed)


def counted_until(use: Use, step: Step, mass: Mass | None, strength: Strength | None, longest: int) -> date | None:
    """
    The day on which the dose after the last of a supply is due, `longest` days after it was handed over at most.

    None where quantity, dose and schedule do not make a number of doses.
    """
    schedule = schedule_of(step)
    if use.when is None or use.supply is None or schedule is None or as_needed(step):
        return None
    doses = min(doses_in(use.supply, _amount_of(step), mass, strength), schedule.total or longest, longest)
    if doses < 1:
        return None
    days = min(ceil(doses * schedule.interval[1]), longest, (date.max - use.when.latest).days)
    return use.when.latest + timedelta(days=days)


def _amount_of(step: Step) -> Amount | None:
    return step.amount or next((phase.amount for phase in step.text_phases if phase.amount), None)


def doses_in(quantity: Amount, amount: Amount | None, mass: Mass | None, strength: Strength | None) -> int:
    """
    Whole doses in a quantity, the larger dose of a range; 0 if they cannot be counted.

    An ampoule serves one dose, and so does a vial that may hold more or less than is known.
    """
    if amount and _is_alike(quantity, amount):
        return int(quantity.low / amount.high)
    held = mass_of_amount(quantity, strength)
    if held is None or mass is None or mass.high <= 0:
        return int(quantity.low) if quantity.piece in CONTAINERS else 0
    doses = held.low / mass.high
    return int(min(doses, quantity.low) if quantity.piece is Piece.AMPOULE else doses)


def _is_alike(quantity: Amount, amount: Amount) -> bool:
    counted = quantity.kind is AmountKind.COUNT and quantity.piece not in UNCOUNTED
    measured = quantity.kind is AmountKind.VOLUME
    return (counted or measured) and (amount.kind, amount.piece) == (quantity.kind, quantity.piece) and amount.high > 0
