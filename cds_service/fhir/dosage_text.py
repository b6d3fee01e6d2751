"""Dosage texts of a corrected order: the mistaken amount or interval in them is rewritten."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from cds_service.b12.names import number_of
from cds_service.b12.policy import Span
from cds_service.b12.record import Amount
from cds_service.b12.units import amount_of
from cds_service.b12.words import AmountKind
from cds_service.fhir.quantities import every

TEXTS = ("text", "patientInstruction")
NUMBER = r"\d+(?:,\d+)*(?:\.\d+)?"
UNIT = r"mc?gs?|ug|[µμ]g|g|microg|(?:micro|milli)?grams?|mls?|cc|millilit(?:er|re)s?"
AMOUNT = re.compile(
    rf"(?:(?<![\w.,/])(?P<low>{NUMBER})\s*(?P<low_unit>{UNIT})?\s*(?:-|–|to)\s*|(?<![\d.,/]))"
    rf"(?P<number>{NUMBER})\s*(?P<unit>{UNIT})\b(?!\s*(?:/|per\b))",
    re.IGNORECASE,
)
INTERVAL = re.compile(
    r"\b(?:(?:once|twice|\d+ times|three times) )?"
    r"(?:(?:every|each|a|per) (?:\d+(?: ?(?:-|–|to) ?\d+)? |other )?(?:day|week|month|year)s?"
    r"|daily|weekly|fortnightly|monthly|quarterly|yearly)\b",
    re.IGNORECASE,
)
MASS_WORD = re.compile(
    rf"(?P<strength>{NUMBER}\s*(?:{UNIT})\s*(?:/|per\b)\s*(?:{NUMBER}\s*)?ml\b)"
    r"|(?<![a-z])(?:mc?g|ug|[µμ]g|microg|(?:micro|milli)?gram)",
    re.IGNORECASE,
)

Ends = tuple[Decimal, Decimal]


def texts_of(instruction: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Name and words of each text that an instruction has."""
    said = ((name, instruction.get(name)) for name in TEXTS)
    return ((name, text) for name, text in said if isinstance(text, str))


def with_amount(text: str, old: Amount | None, new: Amount, spelled: str) -> str:
    """
    The text with the mistaken amount replaced wherever it stands, in whatever unit: `old`, or the only one there is.

    A mass is replaced only by a mass and a volume by a volume; a strength, such as "1 mg/mL", never.
    """
    found = {match.span(): ends for match in AMOUNT.finditer(text) if (ends := _ends_of(match, new.kind))}
    others = set(found.values()) - {(new.low, new.high)}
    only = others if len(others) == 1 else set()
    mistaken = readings_of(old) if old and old.kind is new.kind else only

    def corrected(match: re.Match[str]) -> str:
        return spelled if found.get(match.span()) in mistaken else match[0]

    return AMOUNT.sub(corrected, text)


def amounts_in(text: str, kind: AmountKind) -> Iterator[Ends]:
    """Lowest and highest of every amount of this kind that stands in a text in figures, understood or not."""
    return (ends for match in AMOUNT.finditer(text) if (ends := _ends_of(match, kind)))


def says_mass_otherwise(text: str) -> bool:
    """A unit of mass stands in a text without a figure that can be read, and not in a strength."""
    rest = AMOUNT.sub(" ", text)
    return any(not match["strength"] for match in MASS_WORD.finditer(rest))


def _ends_of(match: re.Match[str], kind: AmountKind) -> Ends | None:
    last = _amount(match["number"], match["unit"])
    first = _amount(match["low"], match["low_unit"] or match["unit"]) if match["low"] else last
    return (first.low, last.high) if first.kind is last.kind is kind else None


def _amount(number: str, unit: str) -> Amount:
    return amount_of(number_of(number), unit, "", "")


def readings_of(old: Amount) -> set[Ends]:
    """What a text may say for an amount: a range or its ends, and what the unit's text says if its code differs."""
    alone = {old.low, old.high, old.text_mcg or old.high}
    return {(old.low, old.high)} | {(one, one) for one in alone}


def with_interval(text: str, interval: Span) -> str:
    """The text with the last interval in it replaced; as it is, if it names none."""
    last = next(reversed(list(INTERVAL.finditer(text))), None)
    return f"{text[: last.start()]}{every(interval)}{text[last.end() :]}" if last else text
