"""How numbers, days, schedules, regimens and our own phrases read in a language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property

from babel.dates import format_date, format_skeleton
from babel.numbers import format_percent, get_decimal_symbol
from msgspec import Struct

from cds_service import grammar
from cds_service.b12.policy import Span
from cds_service.b12.protocol import Interval, LoadingStep, Regimen, spoken
from cds_service.b12.record import Schedule, Strength
from cds_service.b12.verdict import Fact
from cds_service.b12.words import AmountKind, TimeUnit
from cds_service.grammar import Grammar

GROUPED_FROM = 10_000
SMALLEST, SMALLEST_ABOVE_ONE = Decimal("0.001"), Decimal("0.01")
LISTS = ("; ", ", ")
AND, OR = " and ", " or "
DECIMAL = re.compile(r"(?<![\d.,])(\d+)\.(\d+)(?![\d.])")
GROUPED = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])")
RANGE = re.compile(r" to (?=[\d.])")
NOUNS = {
    word: noun
    for noun, words in (
        ("tablet", "tablet tab tbl"),
        ("pill", "pill"),
        ("capsule", "capsule cap"),
        ("lozenge", "lozenge"),
        ("ampoule", "ampoule ampule amp"),
        ("syringe", "syringe"),
        ("vial", "vial"),
        ("spray", "spray"),
        ("actuation", "actuation actuat"),
        ("puff", "puff"),
        ("dose", "dose"),
        ("injection", "injection"),
    )
    for word in words.split()
}
"""What the chart calls a piece, in the singular, and the word for it that there are phrases of."""
PIECES = re.compile(
    rf"(?<![\d.,])(?P<number>\d[\d.,]*) (?P<unit>\{{?(?:{'|'.join(NOUNS)})(?:s|\(s\))?\}}?)(?![\w/])", re.IGNORECASE
)


class Language(Struct, frozen=True, dict=True):
    """One language: its grammar, and our phrases by the English one. A phrase that is not there stays English."""

    grammar: Grammar
    phrases: Mapping[str, str] = {}

    @property
    def code(self) -> str:
        """ISO 639-1."""
        return self.grammar.code

    def number(self, value: Decimal | int) -> str:
        """Digits without a trailing zero; grouped from 10,000 up. Three decimals only where no thousand can be read."""
        value = Decimal(value)
        if value == value.to_integral_value():
            digits = f"{int(value):,}" if abs(value) >= GROUPED_FROM else str(int(value))
            return digits.replace(",", self.grammar.group)
        smallest = SMALLEST if abs(value) < 1 else SMALLEST_ABOVE_ONE
        return f"{value.quantize(smallest).normalize():f}".replace(".", self._decimal)

    def mcg(self, value: Decimal) -> str:
        """A mass in micrograms, spelled so that it cannot be read as milligrams."""
        return f"{self.number(value)} {self.grammar.mcg}"

    def day(self, value: date | str) -> str:
        """A day as it is written so that none can take the month for it; words are ours."""
        if isinstance(value, str):
            return self.words(value)
        return value.isoformat() if self.grammar.iso_days else format_date(value, "medium", self.code)

    def month(self, value: date) -> str:
        """The month of a day, such as "2026-03" or "mar 2026"."""
        return f"{value:%Y-%m}" if self.grammar.iso_days else format_skeleton("yMMM", value, locale=self.code)

    def percent(self, low: int, high: int) -> str:
        """A share in whole percent, or two between which it lies."""
        most = format_percent(Decimal(high) / 100, locale=self.code)
        return most if low == high else self.grammar.span.format(low=low, high=most)

    def measured(self, text: str) -> str:
        """
        A result or an amount as it came, such as "0.5 mg", with the language's decimal sign and words for a range
        and for pieces, such as "2 tablets".

        Where a comma is the decimal sign, those between thousands are left out: "1,000 mcg" would be one.
        """
        text = PIECES.sub(lambda found: self._pieces(found["number"], found["unit"]), text)
        if self._decimal != ",":
            return text
        whole = GROUPED.sub(lambda found: found[0].replace(",", ""), text)
        return DECIMAL.sub(r"\1,\2", RANGE.sub(self.grammar.span.format(low="", high=""), whole))

    def counted(self, value: Decimal, unit: str) -> str:
        """A number of a unit as the chart names it, such as "90 tablets" or "10 mL"."""
        return self._pieces(self.number(value), unit)

    def every(self, value: Schedule | Span) -> str:
        """How often, such as "every 2 to 3 months" or "3 times a week"."""
        if isinstance(value, Span):
            return self.interval(spoken(value))
        if value.count_high == 1:
            return self.grammar.times[1]
        if value.doses != 1:
            return f"{self._times(value.doses)} {self._within(value)}"
        return self.interval(Interval(value.period_low, value.period_high, value.unit))

    def interval(self, said: Interval) -> str:
        """How often something is done once."""
        low, high, _, each = self._named(said)
        return each if low == high == 1 else self.grammar.every.format(span=self._span(said))

    def days(self, span: Span) -> str:
        """A span of days as it is spoken of, such as "2 to 3 months" or "week"."""
        said = spoken(span)
        return self.grammar.units[said.unit][0] if said.low == said.high == 1 else self._span(said)

    def lasting(self, days: Span) -> str:
        """A time as it is spoken of, such as "1 month"."""
        return self._span(spoken(days))

    def strength(self, value: Strength) -> str:
        """Such as "1000 mcg per mL"."""
        unit = self.grammar.millilitre if value.per is AmountKind.VOLUME else self.grammar.piece
        return self.grammar.per.format(mass=self.mcg(value.mcg), unit=unit)

    def loading(self, regimen: Regimen) -> str:
        """The loading of a regimen, such as "1000 mcg every 2 to 3 days, 6 doses"."""
        return self.in_turn([self._step(step) for step in regimen.loading], "; ")

    def regimen(self, regimen: Regimen) -> str:
        """A whole regimen: drug, route, loading, maintenance."""
        upkeep = regimen.maintenance
        parts = [self.loading(regimen)] if regimen.loading else []
        parts += [f"{self._dose(upkeep.dose)} {self.every(upkeep.interval)}"] if upkeep else []
        return f"{self.by_route(regimen.substance.value, regimen.routes)}, {self.in_turn(parts)}"

    def by_route(self, drug: str, routes: Sequence[str]) -> str:
        """A drug and the routes by which it may be given."""
        said = self.joined([self.words(route) for route in routes], OR)
        return self.grammar.by_route.format(drug=self.words(drug), routes=said)

    def in_turn(self, parts: Sequence[str], after: str = ", ") -> str:
        """One thing, then another."""
        first, *rest = parts
        return after.join([first, *(self.grammar.then.format(next=one) for one in rest)])

    def doses(self, low: Decimal, high: Decimal) -> str:
        """A number of doses."""
        one, many = self.grammar.dose
        return f"{self.range(low, high)} {one if low == high == 1 else many}"

    def range(self, low: Decimal, high: Decimal) -> str:
        """One number, or two between which it lies."""
        if low == high:
            return self.number(low)
        return self.grammar.span.format(low=self.number(low), high=self.number(high))

    def any_of(self, choices: Sequence[str]) -> str:
        """Things to choose from, each of several words."""
        return self.grammar.alternative.join(choices)

    def words(self, text: str) -> str:
        """
        A phrase of ours, or a list of such phrases, in this language.

        A list of which a part is not known stays as it is: half of it would be worse than none.
        """
        return self._known(text) or text

    def knows(self, text: str) -> bool:
        """Whether a phrase, or every part of a list of phrases, has words in this language."""
        return self._known(text) is not None

    def facts(self, facts: Mapping[str, Fact], ours: frozenset[str]) -> Mapping[str, Fact]:
        """Facts for a template: those that are words of ours, in this language. Words of the chart stay as they are."""
        if not self.phrases:
            return facts
        return {
            name: self.words(value) if name in ours and isinstance(value, str) else value
            for name, value in facts.items()
        }

    def joined(self, parts: Sequence[str], conjunction: str) -> str:
        """Parts with a conjunction between them."""
        joined, *rest = parts
        for part in rest:
            joined += self._conjunction(conjunction, part) + part
        return joined

    def _known(self, text: str) -> str | None:
        if text in self.phrases:
            return self.phrases[text]
        for between in (*LISTS, AND, OR):
            if between in text:
                parts = [self._known(part) for part in text.split(between)]
                known = [part for part in parts if part]
                if len(known) == len(parts):
                    return between.join(known) if between in LISTS else self.joined(known, between)
        return None

    def _conjunction(self, english: str, following: str) -> str:
        word = self.grammar.conjunctions[english]
        for usual, beginning, other in self.grammar.softened:
            if usual == word and re.match(beginning, following, re.IGNORECASE):
                return other
        return word

    def _pieces(self, digits: str, unit: str) -> str:
        """A number with the name of a piece after it, in this language; any other unit stays as it is."""
        noun = NOUNS.get(unit.strip("{}").lower().replace("(s)", "").removesuffix("s"))
        if noun is None:
            return f"{digits} {unit}"
        phrase = f"{{n}} {noun}" if digits == "1" else f"{{n}} {noun}s"
        return self.phrases.get(phrase, phrase).replace("{n}", digits)

    @cached_property
    def _decimal(self) -> str:
        return get_decimal_symbol(self.code)

    def _times(self, doses: Decimal) -> str:
        whole = int(doses) if doses == int(doses) else 0
        return self.grammar.times.get(whole) or self.grammar.often.format(times=self.number(doses))

    def _within(self, value: Schedule) -> str:
        if value.period_high == 1:
            return self.grammar.within[value.unit]
        span = self._span(Interval(value.period_high, value.period_high, value.unit))
        return self.grammar.within_many.format(span=span)

    def _span(self, said: Interval) -> str:
        low, high, (one, many), _ = self._named(said)
        return f"{self.range(low, high)} {one if low == high == 1 else many}"

    def _named(self, said: Interval) -> tuple[Decimal, Decimal, tuple[str, str], str]:
        """Low, high, the unit's names and one of it as an interval: below an hour in minutes or seconds."""
        for share, names, each in self.grammar.parts_of_hour:
            low, high = ((end * share).quantize(SMALLEST_ABOVE_ONE) for end in (said.low, said.high))
            if said.unit is TimeUnit.HOUR and said.high < 1 <= high:
                return low, high, names, each
        return said.low, said.high, self.grammar.units[said.unit], self.grammar.each[said.unit]

    def _step(self, step: LoadingStep) -> str:
        until = self.doses(step.doses.low, step.doses.high) if step.doses else self.words(step.until)
        return f"{self._dose(step.dose)} {self.every(step.interval)}, {until}"

    def _dose(self, span: Span) -> str:
        return f"{self.range(span.low, span.high)} {self.grammar.mcg}"


ENGLISH = Language(grammar.ENGLISH)
