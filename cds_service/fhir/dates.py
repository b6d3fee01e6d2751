"""FHIR dates, with their precision kept: a partial date is the span of days it covers, never its first day."""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime

from cds_service.b12.concept import When

DAY_LENGTH = len("2026-03-10")
NO_END = date(2099, 1, 1)
"""
From here on an end is none: who has to name one where there is none writes 2099-12-31, 2999-12-31 or 9999-12-31.

A year, and no length of time: an end in the past stays an end however long ago the therapy began.
"""
FHIR_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](.*))?)?)?", re.ASCII)


def read_when(text: str | None) -> When | None:
    """
    The day or days that a FHIR date, dateTime or instant names; None if it is none.

    An instant belongs to the day of its own zone. One without a zone, or with a time that no clock
    shows (24:00, a leap second), gives the day but no instant.
    """
    if not text:
        return None
    if len(text) == DAY_LENGTH and text[4] == text[7] == "-":  # nearly every date in a chart
        return _day(text)
    match = FHIR_DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day, time = match.groups()
    try:
        if day:
            one = date.fromisoformat(match[0][:DAY_LENGTH])
            return When(one, one, _instant(match[0]) if time else None)
        if month:
            last = calendar.monthrange(int(year), int(month))[1]
            return When(date(int(year), int(month), 1), date(int(year), int(month), last))
        return When(date(int(year), 1, 1), date(int(year), 12, 31))
    except ValueError:
        return None


def _day(text: str) -> When | None:
    try:
        one = date.fromisoformat(text)
    except ValueError:
        return None
    return When(one, one)


def read_end(text: str | None) -> When | None:
    """The end of a stretch; None where it names no date, or one so far away that it stands for no end."""
    end = read_when(text)
    return end if end and end.latest < NO_END else None


def span_of(start: When | None, end: When | None) -> When | None:
    """From the first day of one to the last day of the other."""
    if start is None or end is None:
        return start or end
    return When(min(start.earliest, end.earliest), max(start.latest, end.latest))


def _instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else None
