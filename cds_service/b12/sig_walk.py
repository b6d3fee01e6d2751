"""Walking over the tokens of a dosage text: numbers, ranges, time units, phrases, and asides that change no dose."""

from __future__ import annotations

from decimal import Decimal

from cds_service.b12.sig_draft import ONE, Span
from cds_service.b12.sig_words import (
    FIRST_TREATMENTS,
    MONTHS,
    ORDINAL_ENDINGS,
    ORDINALS,
    PHRASES,
    SITES,
    TIME_UNITS,
    Meaning,
    Misread,
    Token,
)
from cds_service.b12.units import Unit, unit_named
from cds_service.b12.words import TimeUnit

LONGEST = 500
END = Token("", "", LONGEST + 1, LONGEST + 1)
FIRST_YEAR, LAST_YEAR = 1900, 2100
LOOKAHEAD = 8  # longer than any phrase or construction reaches


class Walk:
    """A position in the tokens; `at` is the next one. Every method consumes what it understands."""

    def __init__(self, tokens: list[Token]) -> None:
        self.end = len(tokens)
        self.tokens = [*tokens, *([END] * LOOKAHEAD)]
        self._words = tuple(token.word for token in self.tokens)
        self.at = 0

    def word(self, ahead: int = 0) -> str:
        """The word of a coming token, in lower case; empty past the end."""
        return self._words[self.at + ahead]

    def accept(self, *words: str) -> bool:
        """Consume the next token if it is one of these words."""
        if self._words[self.at] not in words:
            return False
        self.at += 1
        return True

    def phrase(self, at: int) -> tuple[int, Meaning] | None:
        """Length and meaning of the longest known phrase at a token."""
        words = self._words
        for phrase, meaning in PHRASES.get(words[at], ()):
            if words[at : at + len(phrase)] == phrase:
                return len(phrase), meaning
        return None

    def unit(self, ahead: int = 0) -> Unit | None:
        """The unit that a coming token names; not consumed."""
        token = self.tokens[self.at + ahead]
        return unit_named(token.raw) if token.number is None else None  # "1" is a unit in codes, never in a text

    def time_unit(self) -> TimeUnit | None:
        """Consume a unit of time."""
        unit = TIME_UNITS.get(self.word())
        self.at += unit is not None
        return unit

    def number_ahead(self, ahead: int = 0) -> Decimal | None:
        """The value of a coming token, if it is a number; not consumed."""
        return self.tokens[self.at + ahead].number

    # Numbers

    def span(self) -> Span:
        """Consume a number or a range: "2", "3 (three)", "2-3", "50 to 150", "six or seven"."""
        low = self._one()
        after, word = self.number_ahead(1), self.word()
        if after is None or not (word in {"-", "to"} or (word == "or" and after == low + 1)):
            return low, low
        self.at += 1
        return low, self._one()

    def _one(self) -> Decimal:
        number = self.number_ahead()
        if number is None:
            raise Misread("a number is missing")
        self.at += 1
        if self.word() == "(" and self.word(2) == ")" and (again := self.number_ahead(1)) is not None:
            if again != number:
                raise Misread("a number is said twice and differs")
            self.at += 3
        return number

    def period(self) -> tuple[Decimal, Decimal, TimeUnit]:
        """Consume what follows "every": "month", "2-3 months", "2nd day", "third week"."""
        low, high = self._period_span()
        unit = self.time_unit()
        if unit is None:
            raise Misread("a time is not understood")
        return low, high, unit

    def _period_span(self) -> Span:
        if ordinal := ORDINALS.get(self.word()):
            self.at += 1
            return ordinal, ordinal
        if self.number_ahead() is None:
            return ONE
        low, high = self.span()
        if self.accept(*ORDINAL_ENDINGS) and low != high:
            raise Misread("a time is not understood")
        return low, high

    # Asides

    def site_ahead(self) -> bool:
        """True if the name of a place to inject follows."""
        self.accept("the", "your")
        return self.word() in SITES

    def site(self) -> None:
        """Consume places to inject: "deltoid / ventrogluteal site"."""
        while self.word() in SITES or (self.word() in {"/", "or"} and self.word(1) in SITES):
            self.at += 1

    def date(self) -> None:
        """Consume a date after "next dose is due": "Nov 18", "18 November", "Nov 18, 2026"."""
        self.accept("on")
        months = sum(self.word(k) in MONTHS for k in (0, 1))
        numbers = sum(self.tokens[self.at + k].number is not None for k in (0, 1))
        if (months, numbers) != (1, 1):
            raise Misread("a date is not understood")
        self.at += 2
        comma = self.word() == ","
        year = self.number_ahead(comma)
        if year is not None and FIRST_YEAR <= year <= LAST_YEAR:
            self.at += 1 + comma

    def over(self) -> None:
        """How long one dose takes, after "over"."""
        self.span()
        if not self.accept("minutes", "minute", "mins", "min"):
            raise Misread("a word is not understood")

    def before(self, unit: TimeUnit | None) -> None:
        """Consume what follows the time in "1 week before cycle 1", "2 weeks before the first dose"."""
        if unit is None or not self.accept("before"):
            raise Misread("a time is not understood")
        self.accept("the")
        first = self.accept("first")
        if not self.accept("cycle", *(FIRST_TREATMENTS if first else ())):
            raise Misread("a time is not understood")
        if self.tokens[self.at].number == 1 and not first:
            self.at += 1
