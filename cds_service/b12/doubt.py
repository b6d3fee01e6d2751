"""Doses that cannot be meant as written: exchanged units, volumes that hold another mass, doses that say nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec import Struct

from cds_service.b12.dose import B12Order, Mass, Step, mass_of_amount
from cds_service.b12.episode import Episode
from cds_service.b12.protocol import DoseLimits
from cds_service.b12.record import Amount, Strength
from cds_service.b12.stated import StatedAmount, masses_of, spoken_in, structured_in
from cds_service.b12.units import plain
from cds_service.b12.words import AmountKind, Form, Piece, Route

THOUSAND = Decimal(1000)
TEN = Decimal(10)
MEASURED = frozenset({AmountKind.VOLUME, AmountKind.COUNT})
SMALLEST_ML = Decimal("0.1")
TRIAL = re.compile(r"\btrial\b|\bdiagnos|\bschilling|\btest\b", re.IGNORECASE)


class Swap(Struct, frozen=True):
    """
    A dose that becomes plausible with milligrams and micrograms exchanged.

    `kind`: "too_high", "too_low", "code_text", or "impossible" where no exchange makes sense of it. Masses in
    micrograms; `step` is the index in the order; `likely`: what is meant is a dose that can be given.
    """

    kind: str
    step: int
    written: str
    reads_mcg: Decimal
    meant_mcg: Decimal | None
    usual_low: Decimal
    usual_high: Decimal
    likely: bool


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


def limits_of(episode: Episode, draft: B12Order, route: Route | None) -> DoseLimits | None:
    """
    Dose limits by a route; without one those of the form's usual one, else the widest: by mouth.

    Into a vein only the antidote is given in grams, and never without an end.
    """
    usual = Route.INTRAMUSCULAR if draft.product.form is Form.INJECTION else Route.ORAL
    replacing = route is Route.INTRAVENOUS and draft.endless and not draft.product.antidote
    by = Route.INTRAMUSCULAR if replacing else route or usual
    return episode.protocol.limits_for(draft.product.substance, by)


def swap_of(episode: Episode, draft: B12Order, index: int) -> Swap | None:
    """The unit mix-up in one step of the order, if there is one."""
    step = draft.steps[index]
    small = small_is_right(episode, step)
    for one in masses_of(step, draft, episode.protocol.timing.volume_tolerance.value):
        limits, amount = limits_of(episode, draft, one.route), one.amount
        if limits and (found := _swapped(amount, limits, _ceiling(episode, limits), small_is_right=small)):
            kind, meant = found
            usual = limits.usual
            likely = meant is not None and meant <= limits.warn_above.value
            return Swap(kind, index, amount.written, amount.high, meant, usual.low, usual.high, likely)
    return None


def small_is_right(episode: Episode, step: Step) -> bool:
    """A dose below every adult's: a child's, a specialist's, or a trial that only looks for an answer."""
    return episode.child or bool(episode.specialist_dosing) or bool(TRIAL.search(step.instruction.text))


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
    """The first contradiction between volume or count and mass in one step; none where its unit is in doubt."""
    step = draft.steps[index]
    strength = draft.product.strength or step.spoken_strength
    if strength is None or swap_of(episode, draft, index):
        return None
    for held in _held(step, draft, strength, episode.protocol.timing.volume_tolerance.value):
        limits = limits_of(episode, draft, held.route)
        if limits and (found := _volume_kind(held, limits, episode)):
            return _volume_doubt(found, index, held, strength, limits)
    return None


def _volume_doubt(
    found: tuple[str, Decimal | None], index: int, held: _Held, strength: Strength, limits: DoseLimits
) -> VolumeDoubt:
    kind, meant = found
    usual = limits.usual
    fits = strength.per is AmountKind.VOLUME and meant is not None and meant <= limits.warn_above.value
    return VolumeDoubt(
        kind=kind,
        step=index,
        written=held.amount.written,
        holds_mcg=held.mcg,
        meant_mcg=meant,
        right_ml=_measurable(meant / strength.mcg) if fits and meant else None,
        strength=strength,
        usual_low=usual.low,
        usual_high=usual.high,
        tenfold=_tenfold(held.mcg, meant if held.beside and meant else usual.high),
    )


def _measurable(ml: Decimal) -> Decimal | None:
    """A volume that a syringe can measure; none smaller is offered."""
    return ml if ml >= SMALLEST_ML else None


class _Held(Struct, frozen=True, gc=False):
    """A volume or count, the micrograms that it holds, and a mass stated for it that it does not agree with."""

    amount: Amount
    mcg: Decimal
    route: Route | None
    beside: Mass | None


def _held(step: Step, draft: B12Order, strength: Strength, tolerance: Decimal) -> Iterator[_Held]:
    """
    The volumes and counts of a step: in its structure against the masses in its text, and the other way round.

    What stands in several phases of a text is not compared with each other: each phase has a dose of its own.
    """
    structured, spoken = structured_in(step, draft), spoken_in(step, draft)
    found = False
    for mine, others in ((structured, spoken), (spoken, structured)):
        held = [(one, mass) for one in _not_masses(mine) if (mass := mass_of_amount(one.amount, strength))]
        beside = [mass for one in others if (mass := mass_of_amount(one.amount, None))]
        fits = any(_agrees(mass.high, one, tolerance) for _, mass in held for one in beside)
        for one, mass in held:
            found = True
            yield _Held(one.amount, mass.high, one.route, None if fits or not beside else beside[0])
    if not found:
        yield from _paired(step, draft, strength, tolerance)


def _not_masses(stated: Iterable[StatedAmount]) -> Iterator[StatedAmount]:
    return (one for one in stated if one.amount.kind is not AmountKind.MASS)


def _agrees(mcg: Decimal, mass: Mass, tolerance: Decimal) -> bool:
    return mass.low * (1 - tolerance) <= mcg <= mass.high * (1 + tolerance)


def _paired(step: Step, draft: B12Order, strength: Strength, tolerance: Decimal) -> Iterator[_Held]:
    """The same of a text that gives a volume or count with its mass, such as "1 mL (1000 mcg)"."""
    said, masses = step.spoken_strength, [one for one in spoken_in(step, draft) if one.amount.kind is AmountKind.MASS]
    if said is None or not masses or said.per is not strength.per:
        return
    mass = Mass(masses[0].amount.low, masses[0].amount.high, "stated")
    measure = mass.high / said.mcg
    unit = "mL" if said.per is AmountKind.VOLUME else "piece"
    amount = Amount(measure, measure, said.per, f"{plain(measure.normalize())} {unit}")
    holds = measure * strength.mcg
    yield _Held(amount, holds, masses[0].route, None if _agrees(holds, mass, tolerance) else mass)


def _volume_kind(held: _Held, limits: DoseLimits, episode: Episode) -> tuple[str, Decimal | None] | None:
    tolerance, usual = episode.protocol.timing.volume_tolerance.value, episode.usual_mcg
    if held.beside is not None:
        return "stated", held.beside.high
    offered = usual if usual is not None and limits.usual.low <= usual <= limits.labelled_high.value else None
    if held.mcg > limits.labelled_high.value * (1 + tolerance):
        return "too_much", offered
    return ("too_little", offered) if held.mcg < limits.low_below.value and not episode.child else None


def unreadable_because(draft: B12Order) -> tuple[str, str]:
    """
    (what is missing, the amount as written) of the first dose in an order that is not readable; ("", "") of none.

    "no_dose", "unknown_unit", "contradictory", "two_strengths", "vial", "no_strength" or "text".
    """
    measured = (one for step in draft.steps for one in _amounts_of(step) if one.kind in MEASURED)
    if draft.product.contradictory and (by_strength := next(measured, None)):
        return "two_strengths", by_strength.written
    amount = next((one for step in draft.steps if (one := _unworkable(step, draft.product.strength))), None)
    if amount is None:
        if draft.mass is not None:
            return "", ""
        return ("text", "") if draft.text_refused else ("no_dose", "")
    if amount.kind is AmountKind.UNKNOWN:
        return ("contradictory" if amount.contradictory else "unknown_unit"), amount.written
    container = amount.piece in {Piece.VIAL, Piece.AMPOULE}
    return ("vial" if container and draft.product.strength else "no_strength"), amount.written


def _amounts_of(step: Step) -> list[Amount]:
    return [one for one in (step.amount, *(phase.amount for phase in step.text_phases)) if one]


def _unworkable(step: Step, strength: Strength | None) -> Amount | None:
    """An amount of a step that is no mass and cannot be made one; the text may stand in for the structure."""
    spoken = [phase.amount for phase in step.text_phases if phase.amount]
    if step.amount and step.amount.contradictory:
        return step.amount
    known = strength or step.spoken_strength
    dark = [one for one in spoken if mass_of_amount(one, known) is None]
    if step.amount is None:
        return dark[0] if dark else None
    return None if step.stated or step.computed or len(dark) < len(spoken) else step.amount


def _tenfold(one: Decimal, other: Decimal) -> bool:
    smaller, larger = sorted((one, other))
    return larger >= smaller * TEN
