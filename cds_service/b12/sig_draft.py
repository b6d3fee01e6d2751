"""One phase of a dosage text while it is being read: what was said so far, and what contradicts it."""

from __future__ import annotations

from decimal import Decimal

from cds_service.b12.record import DAYS, Amount, Schedule, SigPhase, Strength
from cds_service.b12.sig_words import Mark, Misread
from cds_service.b12.words import AmountKind, Piece, Route, TimeUnit

SOURCE = "text"
MOST_PIECES = 1000  # millilitres or pieces; more is a slip, such as a year
EITHER_WILL_DO = frozenset({Route.INTRAMUSCULAR, Route.SUBCUTANEOUS})
SINGLE_DOSE = Schedule(Decimal(1), Decimal(1), Decimal(1), TimeUnit.DAY, count_low=1, count_high=1)

Span = tuple[Decimal, Decimal]
ONE: Span = (Decimal(1), Decimal(1))


class Draft:
    """Collects one phase; a second, different statement of the same thing is refused."""

    def __init__(self) -> None:
        self.amount: Amount | None = None
        self.route: Route | None = None
        self.frequency: Schedule | None = None
        self.count: Span | None = None
        self.counts_doses = False
        self.duration: Span | None = None
        self.marks: set[Mark] = set()

    @property
    def empty(self) -> bool:
        """True if nothing was said yet."""
        return not (self.amount or self.route or self.timed or self.count or self.duration)

    @property
    def timed(self) -> bool:
        """True if it says when doses are given."""
        return self.frequency is not None or bool(self.marks)

    def put_route(self, route: Route) -> None:
        """Set the route."""
        if self.route not in {None, route}:
            raise Misread("two different routes")
        self.route = route

    def put_frequency(self, frequency: Schedule) -> None:
        """Set how often; periods must be positive and in order."""
        if frequency.doses <= 0 or not 0 < frequency.period_low <= frequency.period_high:
            raise Misread("a frequency makes no sense")
        if self.frequency not in {None, frequency}:
            raise Misread("two different frequencies")
        self.frequency = frequency

    def put_duration(self, span: Span, unit: TimeUnit) -> None:
        """Set for how long; said twice ("4 weeks (28 days)") it must be equal."""
        low, high = _ordered(span)
        days = (low * DAYS[unit], high * DAYS[unit])
        if self.duration not in {None, days} or self.count:
            raise Misread("two different durations")
        self.duration = days

    def put_count(self, span: Span, *, doses: bool) -> None:
        """Set the number of doses; `doses` is False where a bare number ("x 7") leaves it to the frequency."""
        low, high = _ordered(span)
        if self.count or self.duration or low % 1 or high % 1:
            raise Misread("a number of doses makes no sense")
        self.count, self.counts_doses = (low, high), doses

    def put_amount(self, amount: Amount, *, paired: bool, total: bool) -> Strength | None:
        """
        Set the dose. `paired` marks a second amount in brackets or after "as"; `total` one called so.

        Returns the strength that a volume or count with its mass implies.
        """
        _check(amount)
        if self.amount is None:
            self.amount = amount
            return None
        if not paired:
            raise Misread("two different amounts")
        return self._pair(self.amount, amount, sure=total)

    def _pair(self, first: Amount, second: Amount, *, sure: bool) -> Strength | None:
        if first.kind is second.kind is AmountKind.MASS and (first.low, first.high) == (second.low, second.high):
            return None
        mass, measure = (first, second) if first.kind is AmountKind.MASS else (second, first)
        if mass.kind is not AmountKind.MASS or measure.kind is AmountKind.MASS:
            raise Misread("two different amounts")
        if mass.low != mass.high or measure.low != measure.high or not (sure or measure.low == 1):
            raise Misread("a mass may be the whole dose or the strength")
        if measure.piece is Piece.OTHER and measure is second:
            raise Misread("doses may be counted or divided")  # "1 mg daily (1 dose)"
        self.amount = mass
        if measure.piece is Piece.OTHER:
            return None
        return Strength(mass.low / measure.low, measure.kind, SOURCE)

    def finish(self) -> SigPhase:
        """The phase, if its parts agree."""
        return SigPhase(self.amount, self.route, self._schedule())

    def _schedule(self) -> Schedule | None:
        frequency = self.frequency
        if frequency is None:
            return self._schedule_without_frequency()
        self._check_count(frequency)
        low, high = self.count or (None, None)
        shortest, longest = self.duration or (None, None)
        return Schedule(
            frequency.doses,
            frequency.period_low,
            frequency.period_high,
            frequency.unit,
            None if low is None else int(low),
            None if high is None else int(high),
            shortest,
            longest,
            open_ended=Mark.OPEN_ENDED in self.marks,
        )

    def _schedule_without_frequency(self) -> Schedule | None:
        if Mark.OPEN_ENDED in self.marks or self.duration or self.count not in {None, ONE}:
            raise Misread("a duration without a frequency")
        return SINGLE_DOSE if self.marks or self.count else None

    def _check_count(self, frequency: Schedule) -> None:
        """Refuse what may mean two things: "twice daily x 7" may be 7 doses or 7 days."""
        if Mark.SINGLE in self.marks or (Mark.ONCE in self.marks and frequency.doses != 1):
            raise Misread("two different frequencies")
        if Mark.OPEN_ENDED in self.marks and (self.count or self.duration):
            raise Misread("two different durations")
        if self.count and not self.counts_doses and frequency.doses != 1:
            raise Misread("a number may count doses or periods")


def _ordered(span: Span) -> Span:
    low, high = span
    if not 0 < low <= high:
        raise Misread("a range makes no sense")
    return span


def _check(amount: Amount) -> None:
    _ordered((amount.low, amount.high))
    if amount.kind is not AmountKind.MASS and amount.high >= MOST_PIECES:
        raise Misread("a volume or count is no dose")
    if amount.piece is Piece.OTHER and amount.high != 1:
        raise Misread("doses may be counted or divided")  # "6 injections on alternate days" are not six at once
