"""How much folic acid an order gives, and whether it is one that needs no B12 level first."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from cds_service.b12 import names
from cds_service.b12.dose import mass_of_amount
from cds_service.b12.episode import Episode
from cds_service.b12.record import DAYS, Amount, Instruction, Order, Schedule, SigPhase, SigReading, Strength
from cds_service.b12.sig import read_sig
from cds_service.b12.words import AmountKind, RiskDrug, TimeUnit

BESIDE_ANTIFOLATES = frozenset({RiskDrug.METHOTREXATE, RiskDrug.ANTIFOLATE})


def folic_acid_mcg_a_day(order: Order) -> Decimal | None:
    """
    Micrograms of folic acid a day that an order gives at least, or None.

    A dose without a frequency is taken once a day; without a dose, one piece of the product's strength is.
    """
    strength = _strength(order)
    doses = [found for one in order.instructions for found in _doses(one, strength)]
    if doses:
        return max(mass / (schedule.interval[1] if schedule else 1) for mass, schedule in doses)
    said = any(one.amount or _phases(one) for one in order.instructions)
    return strength.mcg if strength and strength.per is AmountKind.COUNT and not said else None


def weekly_or_rarer(order: Order) -> bool:
    """Every schedule leaves a week between doses, as folic acid is given beside methotrexate."""
    schedules = [one.schedule for one in order.instructions if one.schedule]
    schedules += [phase.schedule for one in order.instructions for phase in _phases(one) if phase.schedule]
    return bool(schedules) and all(one.interval[0] >= DAYS[TimeUnit.WEEK] for one in schedules)


def holds_b12(order: Order) -> bool:
    """The product names B12 too."""
    product = order.product
    concepts = (product.concept, *product.ingredients)
    spoken = (words for one in concepts for words in (one.text, *(code.display for code in one.codes)))
    return any(names.mentions_b12(words) for words in spoken)


def beside_antifolate(episode: Episode) -> bool:
    """Methotrexate, pemetrexed or pralatrexate is taken or being ordered: folic acid goes with it."""
    taken = any(one.drug in BESIDE_ANTIFOLATES and one.on(episode.as_of) for one in episode.timeline.exposures)
    return taken or any(one.drug in BESIDE_ANTIFOLATES for one in episode.timeline.drug_drafts)


def _doses(instruction: Instruction, strength: Strength | None) -> Iterator[tuple[Decimal, Schedule | None]]:
    """(micrograms, schedule) of one instruction: its structure before its text."""
    phases = _phases(instruction)
    amounts: list[tuple[Amount | None, Schedule | None]] = [(instruction.amount, instruction.schedule)]
    if instruction.amount is None:
        amounts = [(phase.amount, phase.schedule or instruction.schedule) for phase in phases]
    elif instruction.schedule is None and phases:
        amounts = [(instruction.amount, phases[0].schedule)]
    for amount, schedule in amounts:
        mass = mass_of_amount(amount, strength) if amount else None
        if mass:
            yield mass.low, schedule


def _phases(instruction: Instruction) -> tuple[SigPhase, ...]:
    reading = read_sig(instruction.text) if instruction.text else None
    return reading.phases if isinstance(reading, SigReading) else ()


def _strength(order: Order) -> Strength | None:
    """The ingredient's own strength, else what the name says; a bare mass in a name is the content of one piece."""
    product = order.product
    if product.strength:
        return product.strength
    spoken = [product.concept.text, *(code.display for code in product.concept.codes)]
    stated = next((found for name in spoken if (found := names.strength_of_name(name))), None)
    return stated or next((found for name in spoken if (found := names.content_of_name(name))), None)
