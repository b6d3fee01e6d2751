"""Every mass that an order states, in its structure or its text, with the route by which it is given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec import Struct

from cds_service.b12.conflict import overlap
from cds_service.b12.dose import B12Order, Step, first_route
from cds_service.b12.record import Amount, SigReading, Strength
from cds_service.b12.units import plain
from cds_service.b12.words import AmountKind, Route


class StatedAmount(Struct, frozen=True, gc=False):
    """An amount as one step states it, and the route by which it is given."""

    amount: Amount
    route: Route | None


def structured_in(step: Step, draft: B12Order) -> list[StatedAmount]:
    """The amount in the structure of a step, if there is one."""
    return [StatedAmount(step.amount, first_route(step) or draft.route)] if step.amount else []


def spoken_in(step: Step, draft: B12Order) -> list[StatedAmount]:
    """The amounts in the text of a step, one of each phase that names any."""
    phases = (phase for phase in step.text_phases if phase.amount)
    return [StatedAmount(one.amount, one.route or step.route or draft.route) for one in phases if one.amount]


def masses_of(step: Step, draft: B12Order, tolerance: Decimal) -> Iterator[StatedAmount]:
    """
    The masses that a step states: in the structure, in the text, also as a volume of a strength named there, and in
    what the patient is told.

    Where no mass in the text agrees with that in the structure, the text's are left out: the conflict is told as such.
    """
    structured = [one for one in structured_in(step, draft) if one.amount.kind is AmountKind.MASS]
    spoken = spoken_in(step, draft)
    like = [one.amount for one in spoken if one.amount.kind is AmountKind.MASS]
    conflict = structured and like and not agree(structured[0].amount, like, tolerance)
    yield from structured
    for one in spoken:
        if not (conflict and one.amount.kind is AmountKind.MASS):
            yield from _mass(one, step.spoken_strength)
    yield from _told_in(step, draft)


def _told_in(step: Step, draft: B12Order) -> Iterator[StatedAmount]:
    """The masses that the patient is told."""
    told = step.told
    for phase in told.phases if isinstance(told, SigReading) else ():
        if phase.amount:
            route = phase.route or first_route(step) or draft.route
            yield from _mass(StatedAmount(phase.amount, route), told.strength if isinstance(told, SigReading) else None)


def agree(amount: Amount, others: Iterable[Amount], tolerance: Decimal) -> bool:
    """One of the others is the same, within a share `tolerance`."""
    return any(overlap(amount.low, amount.high, one.low, one.high, tolerance) for one in others)


def _mass(stated: StatedAmount, strength: Strength | None) -> Iterator[StatedAmount]:
    amount = stated.amount
    if amount.kind is AmountKind.MASS:
        yield stated
    elif strength and strength.per is amount.kind:
        each = "mcg/mL" if strength.per is AmountKind.VOLUME else "mcg each"
        low, high = amount.low * strength.mcg, amount.high * strength.mcg
        written = f"{amount.written} ({plain(strength.mcg.normalize())} {each})"
        yield StatedAmount(Amount(low, high, AmountKind.MASS, written), stated.route)
