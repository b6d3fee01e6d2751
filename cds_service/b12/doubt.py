"""Doses that cannot be meant as written: exchanged units, volumes that hold another mass, doses that say nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from cds_service.b12.dose import B12Order, Mass, Step, mass_of_amount
from cds_service.b12.episode import Episode
from cds_service.b12.protocol import DoseLimits
from cds_service.b12.record import Amount, SigReading, Strength
from cds_service.b12.units import plain
from cds_service.b12.words import AmountKind, Form, Piece, Route

THOUSAND = Decimal(1000)
TEN = Decimal(10)
SMALLEST_ML = Decimal("0.1")
TRIAL = re.compile(r"\btrial\b|\bdiagnos|\bschilling|\btest\b", re.IGNORECASE)


class Swap(Struct, frozen=True):
    """
    A dose that becomes plausible with milligrams and micrograms exchanged.

    `kind`: "too_high", "too_low", "code_text", or "impossible" where no exchange makes sense of it. Masses in
    micrograms; `step` is the index in the order.
    """

    kind: str
    step: int
    written: str
    reads_mcg: Decimal
    meant_mcg: Decimal | None
    usual_low: Decimal
    usual_high: Decimal


class VolumeDoubt(Struct, frozen=True):
    """
    A volume or count that holds another mass than is meant.

    `kind`: "stated" (another mass stands beside it), "too_much" or "too_little". Masses in micrograms,
    `right_ml` the millilitres that hold `meant_mcg`, where the strength is per mL.
    """

    kind: str
    step: int
    written: str
    holds_mcg: Decimal
    meant_mcg: Decimal | None
    right_ml: Decimal | None
    strength: Strength
    usual_low: Decimal
    usual_high: Decimal
    tenfold: bool


def limits_of(episode: Episode, draft: B12Order) -> DoseLimits | None:
    """Dose limits for the order; without a route those of its form's usual one, else the widest: by mouth."""
    route = draft.route or (Route.INTRAMUSCULAR if draft.product.form is Form.INJECTION else Route.ORAL)
    return episode.protocol.limits_for(draft.product.substance, route)


def swap_of(episode: Episode, draft: B12Order, index: int) -> Swap | None:
    """The unit mix-up in one step of the order, if there is one."""
    limits = limits_of(episode, draft)
    if limits is None:
        return None
    step = draft.steps[index]
    for amount in masses_of(step):
        small = small_is_right(episode, step)
        if found := _swapped(amount, limits, _ceiling(episode, limits), small_is_right=small):
            kind, meant = found
            usual = limits.usual
            return Swap(kind, index, amount.written, amount.high, meant, usual.low, usual.high)
    return None


def small_is_right(episode: Episode, step: Step) -> bool:
    """A dose below every adult's: a child's, a specialist's, or a trial that only looks for an answer."""
    return episode.child or bool(episode.specialist_dosing) or bool(TRIAL.search(step.instruction.text))


def masses_of(step: Step) -> Iterator[Amount]:
    """The masses that the step states: in the structure, else in its text."""
    if step.amount is not None:
        yield from (step.amount,) if step.amount.kind is AmountKind.MASS else ()
        return
    yield from (phase.amount for phase in step.text_phases if phase.amount and phase.amount.kind is AmountKind.MASS)


def _ceiling(episode: Episode, limits: DoseLimits) -> Decimal:
    """Micrograms above which a dose is impossible; specialists of inborn errors go high, but not into grams."""
    antidote = episode.protocol.timing.antidote_from.value
    return max(limits.critical_above.value, antidote) if episode.specialist_dosing else limits.critical_above.value


def _swapped(
    amount: Amount, limits: DoseLimits, ceiling: Decimal, *, small_is_right: bool
) -> tuple[str, Decimal | None] | None:
    smallest, largest = limits.low_below.value, limits.warn_above.value
    if amount.text_mcg:
        meant = next((mcg for mcg in (amount.text_mcg, amount.high) if smallest <= mcg <= largest), amount.text_mcg)
        return "code_text", meant
    if amount.high > ceiling:
        lowered = amount.high / THOUSAND
        plausible = limits.usual.low <= lowered <= limits.labelled_high.value
        return ("too_high", lowered) if plausible else ("impossible", None)
    raised = amount.high * THOUSAND
    if not small_is_right and amount.high < smallest and limits.usual.low <= raised <= limits.labelled_high.value:
        return "too_low", raised
    return None


def volume_doubt_of(episode: Episode, draft: B12Order, index: int) -> VolumeDoubt | None:
    """The contradiction between volume or count and mass in one step, if there is one."""
    step, strength, limits = draft.steps[index], draft.product.strength, limits_of(episode, draft)
    reading = _held(step, strength)
    if strength is None or reading is None or limits is None:
        return None
    amount, holds, beside = reading
    kind, meant = _volume_kind(holds, beside, limits, episode)
    if not kind:
        return None
    per_ml = strength.per is AmountKind.VOLUME
    return VolumeDoubt(
        kind=kind,
        step=index,
        written=amount.written,
        holds_mcg=holds,
        meant_mcg=meant,
        right_ml=_measurable(meant / strength.mcg) if per_ml and meant else None,
        strength=strength,
        usual_low=limits.usual.low,
        usual_high=limits.usual.high,
        tenfold=_tenfold(holds, meant if beside and meant else limits.usual.high),
    )


def _measurable(ml: Decimal) -> Decimal | None:
    """A volume that a syringe can measure; none smaller is offered."""
    return ml if ml >= SMALLEST_ML else None


def _held(step: Step, strength: Strength | None) -> tuple[Amount, Decimal, Mass | None] | None:
    """(volume or count, micrograms it holds, mass stated beside it) of a step; structure before text."""
    amounts = [step.amount] if step.amount else []
    spoken = [phase.amount for phase in step.text_phases if phase.amount]
    volumes = ((one, mass_of_amount(one, strength)) for one in amounts + spoken if one.kind is not AmountKind.MASS)
    held = next(((one, mass.high) for one, mass in volumes if mass), None)
    if held is None:
        return _paired(step, strength)
    masses = [mass for one in amounts + spoken if one.kind is AmountKind.MASS and (mass := mass_of_amount(one, None))]
    return held[0], held[1], masses[0] if len(masses) == 1 else None


def _paired(step: Step, strength: Strength | None) -> tuple[Amount, Decimal, Mass | None] | None:
    """The same of a text that gives a volume or count with its mass, such as "1 mL (1000 mcg)"."""
    said = step.sig.strength if isinstance(step.sig, SigReading) else None
    mass = next(
        (found for phase in step.text_phases if phase.amount and (found := mass_of_amount(phase.amount, None))), None
    )
    if said is None or strength is None or mass is None or said.per is not strength.per:
        return None
    measure = mass.high / said.mcg
    unit = "mL" if said.per is AmountKind.VOLUME else "piece"
    return Amount(measure, measure, said.per, f"{plain(measure.normalize())} {unit}"), measure * strength.mcg, mass


def _volume_kind(
    holds: Decimal, beside: Mass | None, limits: DoseLimits, episode: Episode
) -> tuple[str, Decimal | None]:
    tolerance = episode.protocol.timing.volume_tolerance.value
    if beside is not None:
        agrees = beside.low * (1 - tolerance) <= holds <= beside.high * (1 + tolerance)
        return ("", None) if agrees else ("stated", beside.high)
    usual = episode.usual_mcg
    if holds > limits.labelled_high.value * (1 + tolerance):
        return "too_much", usual
    if holds < limits.low_below.value and not episode.child:
        return "too_little", usual
    return "", None


def unreadable_because(draft: B12Order) -> tuple[str, str]:
    """
    (which piece is missing, the amount as written) of an order without a readable dose.

    "no_dose", "unknown_unit", "vial", "no_strength" or "text".
    """
    amount = next((step.amount for step in draft.steps if step.amount), None)
    if amount is None:
        spoken = next((phase.amount for step in draft.steps for phase in step.text_phases if phase.amount), None)
        if spoken is None:
            return ("text", "") if draft.text_refused else ("no_dose", "")
        amount = spoken
    if amount.kind is AmountKind.UNKNOWN:
        return "unknown_unit", amount.written
    container = amount.piece in {Piece.VIAL, Piece.AMPOULE}
    return ("vial" if container and draft.product.strength else "no_strength"), amount.written


def _tenfold(one: Decimal, other: Decimal) -> bool:
    smaller, larger = sorted((one, other))
    return larger >= smaller * TEN
