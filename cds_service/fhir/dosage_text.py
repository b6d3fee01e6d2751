"""Dosage texts that must not contradict a corrected order: the mistaken amount or interval in them is rewritten."""

from __future__ import annotations

import re
from decimal import Decimal

from cds_service.b12.names import number_of
from cds_service.b12.policy import Span
from cds_service.b12.protocol import spoken
from cds_service.b12.record import Schedule, SigPhase, SigReading
from cds_service.b12.sig import read_sig
from cds_service.errors import OutputFault
from cds_service.fhir.quantities import every

AMOUNT = re.compile(
    r"(?<![\d.,/])(?P<number>\d+(?:,\d+)*(?:\.\d+)?)\s*"
    r"(?:(?:mg|mcg|ug|µg|μg|microg|micrograms?|milligrams?|grams?|(?P<g>g))|(?P<volume>mls?|cc|millilit(?:er|re)s?))\b(?!\s*(?:/|per\b))",
    re.IGNORECASE,
)
INTERVAL = re.compile(
    r"\b(?:(?:once|twice|\d+ times|three times) )?"
    r"(?:(?:every|each|a|per) (?:\d+(?: ?(?:-|–|to) ?\d+)? |other )?(?:day|week|month|year)s?"
    r"|daily|weekly|fortnightly|monthly|quarterly|yearly)\b",
    re.IGNORECASE,
)


def with_amount(text: str, old: object, new: str) -> str:
    """
    The text with the mistaken amount replaced: every amount of the old number, or the only one there is.

    A mass is replaced only by a mass and a volume by a volume; a strength, such as "1 mg/mL", never.
    """
    by_volume = new.endswith("mL")
    alike = [match for match in AMOUNT.finditer(text) if bool(match["volume"]) is by_volume and not match["g"]]

    def corrected(match: re.Match[str]) -> str:
        same = old is not None and number_of(match["number"]) == Decimal(str(old))
        only = len(alike) == 1 and not match["g"]  # "25 G" may be a needle
        return new if bool(match["volume"]) is by_volume and (same or only) else match[0]

    return AMOUNT.sub(corrected, text)


def with_interval(text: str, interval: Span) -> str:
    """
    The text with the interval of its last step replaced; as it is, if it names none.

    The outcome is read again: raises OutputFault unless it then says the new interval and else what it said before.
    """
    before = _phases(text)
    if not any(phase.schedule for phase in before):
        return text
    said = list(INTERVAL.finditer(text))
    if not said:
        raise OutputFault("expected an interval that can be rewritten in the dosage text, got other words")
    last = said[-1]
    rewritten = f"{text[: last.start()]}{every(interval)}{text[last.end() :]}"
    after = _phases(rewritten)
    if len(after) != len(before) or after[:-1] != before[:-1] or not _says(after[-1], before[-1], interval):
        raise OutputFault("expected a dosage text that can be rewritten soundly, got another")
    return rewritten


def _phases(text: str) -> tuple[SigPhase, ...]:
    reading = read_sig(text)
    if not isinstance(reading, SigReading):
        raise OutputFault("expected a dosage text that is understood, got another")
    return reading.phases


def _says(after: SigPhase, before: SigPhase, interval: Span) -> bool:
    said = spoken(interval)
    wanted = Schedule(Decimal(1), said.low, said.high, said.unit).interval
    same = (after.amount, after.route) == (before.amount, before.route)
    return same and after.schedule is not None and after.schedule.interval == wanted
