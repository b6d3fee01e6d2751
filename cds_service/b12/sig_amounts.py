"""Reading how much: amounts, and the strengths and containers that a dosage text mentions beside them."""

from __future__ import annotations

from decimal import Decimal

from cds_service.b12.record import Amount, Strength
from cds_service.b12.sig_draft import ONE, SOURCE, Draft, Span
from cds_service.b12.sig_walk import Walk
from cds_service.b12.sig_words import Misread, tokens_of
from cds_service.b12.units import Unit
from cds_service.b12.words import AmountKind, Piece

CONTAINERS = frozenset({Piece.AMPOULE, Piece.VIAL})


class Measures(Walk):
    """A walk that fills a draft with amounts and keeps the product's strength apart from them."""

    def __init__(self, text: str) -> None:
        super().__init__(tokens_of(text))
        self.text = text
        self.draft = Draft()
        self._known: Strength | None = None
        self._holds: Decimal | None = None

    @property
    def strength(self) -> Strength | None:
        """The strength the text mentions, with the volume of a container if both are known."""
        strength = self._known
        if strength is None or self._holds is None or strength.per is not AmountKind.VOLUME:
            return strength
        return Strength(strength.mcg, strength.per, strength.source, self._holds)

    def measure(self, start: int, span: Span, unit: Unit) -> None:
        """Consume what follows a number and its unit, and put it where it belongs."""
        written = self.text[self.tokens[start].start : self.tokens[self.at - 1].end]
        noun = self.unit()
        if unit.kind is AmountKind.MASS and self._strength(span, unit):
            return
        if unit.kind is not AmountKind.COUNT and noun and noun.piece not in {None, Piece.OTHER}:
            self.at += 1
            self._package(span, unit, noun)
            return
        low, high = span
        self._put_amount(start, Amount(low * unit.factor, high * unit.factor, unit.kind, written, unit.piece))

    def _put_amount(self, start: int, amount: Amount) -> None:
        opening = self.tokens[start - 1].word  # before the first stands what ends the text: nothing
        paired = opening in {"(", "as"}
        total = paired and amount.kind is AmountKind.MASS and self.accept("total")
        implied = self.draft.put_amount(amount, paired=paired, total=total or opening == "as")
        if implied:
            self._put_strength(implied)

    def _put_strength(self, strength: Strength) -> None:
        known = self._known
        if known and known.per is strength.per and known.mcg != strength.mcg:
            raise Misread("two different strengths")
        self._known = known or strength

    def _strength(self, span: Span, unit: Unit) -> bool:
        """Consume "/mL", "per 2 mL", "/tablet" after a mass."""
        volume = self.number_ahead(1)
        length = 2 if volume is None else 3
        per = self.unit(length - 1)
        if self.word() not in {"/", "per"} or per is None or per.kind is AmountKind.MASS or per.piece is Piece.OTHER:
            return False
        if volume == 0:
            raise Misread("a strength makes no sense")
        self.at += length
        size = (volume or Decimal(1)) * per.factor
        self._put_strength(Strength(_held(span) * unit.factor / size, per.kind, SOURCE))
        self._container(per, volume)
        return True

    def _container(self, per: Unit, volume: Decimal | None) -> None:
        """As "1 mg/1 ml ampoule" and "10 mg/2 mL" say how much one container holds; "1 mg/mL" does not."""
        noun = self.unit()
        contained = noun is not None and noun.piece in CONTAINERS
        if volume is not None and per.kind is AmountKind.VOLUME and (contained or volume != 1):
            self._put_container(volume * per.factor)

    def _put_container(self, volume: Decimal) -> None:
        if self._holds not in {None, volume}:
            raise Misread("two different containers")
        self._holds = volume

    def _package(self, span: Span, unit: Unit, noun: Unit) -> None:
        """What one tablet, ampoule or vial holds: "50 microgram tablets", "10 mL vial"."""
        held = _held(span) * unit.factor
        if unit.kind is AmountKind.MASS:
            self._put_strength(Strength(held, noun.kind, SOURCE))
        elif noun.piece in CONTAINERS:
            self._put_container(held)
        else:
            raise Misread("a volume of a tablet")

    def counted_package(self, start: int, count: Span) -> None:
        """Consume "one 1 mg ampoule": the count in words, then what one holds."""
        span = self.span()
        self.accept("-")
        unit, noun = self.unit(), self.unit(1)
        if unit is None or unit.kind is AmountKind.COUNT or noun is None or noun.piece in {None, Piece.OTHER}:
            raise Misread("two numbers in a row")
        self.at += 2
        self._package(span, unit, noun)
        written = self.text[self.tokens[start].start : self.tokens[self.at - 1].end]
        if unit.kind is AmountKind.MASS and count == ONE:
            mass = _held(span) * unit.factor
            self._put_amount(start, Amount(mass, mass, unit.kind, written))
        else:
            self._put_amount(start, Amount(*count, noun.kind, written, noun.piece))


def _held(span: Span) -> Decimal:
    """What one piece or millilitre holds: one number above zero."""
    low, high = span
    if low != high or low <= 0:
        raise Misread("a strength makes no sense")
    return low
