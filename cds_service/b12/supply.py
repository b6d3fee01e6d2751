"""What an order has the pharmacy hand over, against what its schedule uses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_CEILING, Decimal

from msgspec import Struct

from cds_service.b12.dose import B12Order, mass_of_amount, mcg_per_unit
from cds_service.b12.doubt import swap_of
from cds_service.b12.episode import Episode
from cds_service.b12.handed_over import CONTAINERS, as_needed
from cds_service.b12.record import Amount, Schedule, Strength
from cds_service.b12.units import amount_of
from cds_service.b12.words import AmountKind, Piece

ONE = Decimal(1)


class Portion(Struct, frozen=True):
    """One step of a schedule: when, and how much of the quantity's unit one dose takes, at least and at most."""

    schedule: Schedule
    low: Decimal
    high: Decimal


class Mismatch(Struct, frozen=True):
    """
    A supply that does not fit the schedule.

    `kind`: "schedule" (it ends before the schedule's own end), "validity" (before the order does), "days" (before
    the days that one supply is meant to last are over) or "excess". `supplied` and `needed` are in `unit`, with
    refills; for "days" of one supply. `quantity` or `repeats` is what would fit; `until` and `days` say how long
    the supply has to last, where that is not the schedule's own end.
    """

    kind: str
    supplied: Decimal
    needed: Decimal
    unit: str
    quantity: Decimal | None = None
    repeats: int | None = None
    until: date | None = None
    days: Decimal | None = None


class Supplied(Struct, frozen=True):
    """One supply as an amount, how often it is handed over, and its unit as written."""

    amount: Amount
    times: int
    unit: str

    @property
    def total(self) -> Decimal:
        """With every refill."""
        return self.amount.low * self.times


def supplied_of(draft: B12Order) -> Supplied | None:
    """What the order has handed over; None where it names no quantity in a known unit."""
    supply = draft.order.supply
    if supply is None or supply.quantity is None or supply.quantity <= 0:
        return None
    amount = amount_of(supply.quantity, supply.unit, supply.unit_code, "")
    counted = amount.kind is AmountKind.COUNT and amount.piece is not Piece.OTHER
    if not counted and not (amount.kind is AmountKind.VOLUME and amount.low == supply.quantity):  # not in litres
        return None
    return Supplied(amount, 1 + (supply.repeats or 0), supply.unit or (amount.piece.value if amount.piece else "mL"))


def uncountable(episode: Episode, draft: B12Order) -> str:
    """Why doses cannot be counted soundly, or ""."""
    steps = draft.steps
    if any(as_needed(step) for step in steps):
        return "given as needed"
    numbers = [step.instruction.sequence for step in steps]
    if len(steps) > 1 and (None in numbers or len(set(numbers)) < len(numbers)):
        return "the steps do not follow each other"
    if any(swap_of(episode, draft, index) for index in range(len(steps))):
        return "the dose itself is in doubt"
    return ""


def portions_of(draft: B12Order, quantity: Amount) -> tuple[Portion, ...]:
    """The steps of the schedule in the quantity's unit; none where one of them cannot be counted in it."""
    portions: list[Portion] = []
    for schedule, amount in _said(draft):
        portion = _portion(schedule, amount, quantity, draft.product.strength)
        if portion is None:
            return ()
        portions.append(portion)
    return tuple(portions)


def _said(draft: B12Order) -> list[tuple[Schedule | None, Amount | None]]:
    """(when, how much) of every step: structured, else as its text says."""
    if len(draft.steps) == 1 and draft.steps[0].schedule is None:
        return [(phase.schedule, phase.amount or draft.steps[0].amount) for phase in draft.steps[0].text_phases]
    return [
        (step.schedule, step.amount or next((phase.amount for phase in step.text_phases), None)) for step in draft.steps
    ]


def _portion(
    schedule: Schedule | None, amount: Amount | None, quantity: Amount, strength: Strength | None
) -> Portion | None:
    if schedule is None or amount is None:
        return None
    alike = amount.kind is quantity.kind and amount.piece is quantity.piece
    if alike and quantity.piece is not Piece.VIAL:
        return Portion(schedule, amount.low, amount.high)
    mass = mass_of_amount(amount, strength)
    held = mcg_per_unit(quantity, strength)
    if mass is None or held is None:
        return None
    doses = mass.low / held, mass.high / held
    low, high = (one.to_integral_value(ROUND_CEILING) for one in doses) if _used_up(quantity, doses) else doses
    return Portion(schedule, low, high)


def _used_up(quantity: Amount, doses: tuple[Decimal, Decimal]) -> bool:
    """An ampoule serves one dose; of a vial, only one that does not hold a whole dose counts in whole vials."""
    return quantity.piece is Piece.AMPOULE or (quantity.piece is Piece.VIAL and doses[0] >= 1)


def says_how_long(draft: B12Order, portions: Sequence[Portion]) -> bool:
    """The schedule or the order ends, or one supply is meant for so many days."""
    supply = draft.order.supply
    told = supply is not None and (supply.days is not None or supply.ends is not None)
    return told or _used_in_all(portions) is not None


def mismatch_of(episode: Episode, draft: B12Order, supplied: Supplied, portions: Sequence[Portion]) -> Mismatch | None:
    """The first way in which the supply is clearly wrong, or None."""
    asked = _Question(episode, draft, supplied, tuple(portions))
    return _short_of_schedule(asked) or _short_of_days(asked) or _short_of_validity(asked) or _excess(asked)


class _Question(Struct, frozen=True):
    """A supply and the schedule that it is for."""

    episode: Episode
    draft: B12Order
    supplied: Supplied
    portions: tuple[Portion, ...]

    @property
    def until(self) -> date | None:
        """The day on which the order ceases to be valid."""
        supply = self.draft.order.supply
        return supply.ends.latest if supply and supply.ends else None

    @property
    def valid_days(self) -> Decimal | None:
        """Days for which the order is valid; None where it does not say."""
        order = self.draft.order
        begins = (order.supply.starts if order.supply else None) or order.starts or order.authored
        days = (self.until - (begins.earliest if begins else self.episode.as_of)).days if self.until else 0
        return Decimal(days) if days > 0 else None

    @property
    def repeats(self) -> int:
        """Refills ordered."""
        return self.supplied.times - 1


def _doses(schedule: Schedule) -> Decimal | None:
    """Doses until the schedule's own end; None if it names none."""
    if schedule.start and schedule.end and schedule.count_high is None:
        return max(ONE, (schedule.end - schedule.start).days / schedule.interval[1])
    return Decimal(schedule.total) if schedule.total is not None else None


def _used_in_all(portions: Sequence[Portion], *, most: bool = False) -> Decimal | None:
    """What the schedule uses until its own end, at least or at most; None if it names none."""
    used = Decimal(0)
    for one in portions:
        count = _doses(one.schedule)
        if count is None:
            return None
        used += count * (one.high if most else one.low)
    return used


def _used_within(portions: Sequence[Portion], days: Decimal, *, most: bool = False) -> Decimal:
    """What the schedule uses in so many days, at least or at most."""
    used, left = Decimal(0), days
    for one in portions:
        shortest, longest = one.schedule.interval
        interval = shortest if most else longest
        own = _doses(one.schedule)
        count = left / interval if own is None else min(own, left / interval)
        used += count * (one.high if most else one.low)
        left -= count * interval
    return used


def _short_of_schedule(asked: _Question) -> Mismatch | None:
    needed = _used_in_all(asked.portions)
    tolerance = asked.episode.protocol.timing.volume_tolerance.value
    if needed is None or asked.supplied.total >= needed * (1 - tolerance):
        return None
    return _fitted("schedule", asked, needed)


def _short_of_days(asked: _Question) -> Mismatch | None:
    """One supply against the days that it is meant to last."""
    supply = asked.draft.order.supply
    if supply is None or supply.days is None:
        return None
    used, one = _used_within(asked.portions, supply.days), asked.supplied
    if one.amount.low >= used * _share(asked.episode):
        return None
    needed = _rounded(used, asked)
    return Mismatch("days", one.amount.low, needed, one.unit, quantity=needed, days=supply.days)


def _short_of_validity(asked: _Question) -> Mismatch | None:
    """Every supply against the time for which the order is valid."""
    if asked.valid_days is None:
        return None
    used = _used_within(asked.portions, asked.valid_days)
    if asked.supplied.total >= used * _share(asked.episode):
        return None
    return _fitted("validity", asked, used, until=asked.until)


def _share(episode: Episode) -> Decimal:
    return 1 - episode.protocol.timing.interval_tolerance.value


def _fitted(kind: str, asked: _Question, used: Decimal, until: date | None = None) -> Mismatch:
    """With another number of refills, where refills are ordered; else with another quantity."""
    supplied, needed = asked.supplied, _rounded(used, asked)
    fitting = int((needed / supplied.amount.low).to_integral_value(ROUND_CEILING)) - 1
    if asked.repeats and fitting != asked.repeats:
        return Mismatch(kind, supplied.total, needed, supplied.unit, repeats=fitting, until=until)
    return Mismatch(kind, supplied.total, needed, supplied.unit, quantity=needed, until=until)


def _rounded(used: Decimal, asked: _Question) -> Decimal:
    """In whole doses of the last step, and in whole pieces."""
    dose = asked.portions[-1].low
    needed = (used / dose).to_integral_value(ROUND_CEILING) * dose
    counted = asked.supplied.amount.kind is AmountKind.COUNT
    return needed.to_integral_value(ROUND_CEILING) if counted else needed.normalize()


def _excess(asked: _Question) -> Mismatch | None:
    """Far more than the schedule uses until its end, or until the order's."""
    used = _used_in_all(asked.portions, most=True)
    if used is None and asked.valid_days is not None:
        used = _used_within(asked.portions, asked.valid_days, most=True)
    if used is None or _surely_held(asked) <= used * asked.episode.protocol.supply.excess.value:
        return None
    return _fitted("excess", asked, used)


def _surely_held(asked: _Question) -> Decimal:
    """
    The supply in its unit, as if each container served one dose only: a vial for many is never too much for a few.

    Of a volume the containers are counted where theirs is known, else one for each time that it is handed over.
    """
    supplied, dose = asked.supplied, asked.portions[-1].high
    if supplied.amount.piece in CONTAINERS:
        return supplied.total * min(ONE, dose)
    if supplied.amount.kind is not AmountKind.VOLUME:
        return supplied.total
    strength = asked.draft.product.strength
    container = strength.container_ml if strength else None
    counted = supplied.total / container if container else ONE
    return min(supplied.total, max(counted, Decimal(supplied.times)) * dose)
