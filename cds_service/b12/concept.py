"""A code, a concept and a date: the values that every other part of a record is made of."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct


class Code(Struct, frozen=True, gc=False):
    """One coding: system URI, code, display."""

    system: str
    code: str
    display: str = ""


class Concept(Struct, frozen=True, gc=False):
    """A CodeableConcept."""

    codes: tuple[Code, ...] = ()
    text: str = ""

    @property
    def label(self) -> str:
        """The words to show a reader."""
        return self.text or next((code.display for code in self.codes if code.display), "")


class When(Struct, frozen=True, gc=False):
    """A date as precisely as it was given: a partial date is the interval it covers, in days."""

    earliest: date
    latest: date
    instant: datetime | None = None

    @property
    def exact(self) -> bool:
        """True if the day is known."""
        return self.earliest == self.latest
