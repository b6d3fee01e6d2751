"""FHIR dates, with their precision kept: a partial date is the span of days it covers, never its first day."""

from __future__ import annotations

import calendar
from datetime import date, datetime

from cds_service.b12.record import When

YEAR_LENGTH, MONTH_LENGTH, DAY_LENGTH = 4, 7, 10


def read_when(text: str | None) -> When | None:
    """
    The day or days that a FHIR date, dateTime or instant names; None if it is none.

    An instant belongs to the day of its own zone. One without a zone gives the day but no instant.
    """
    if not text:
        return None
    try:
        if len(text) == YEAR_LENGTH:
            year = int(text)
            return When(date(year, 1, 1), date(year, 12, 31))
        if len(text) == MONTH_LENGTH:
            return _month(text)
        if not _dashed(text):
            return None
        day = date.fromisoformat(text[:DAY_LENGTH])
        return When(day, day, _instant(text))
    except ValueError:
        return None


def span_of(start: When | None, end: When | None) -> When | None:
    """From the first day of one to the last day of the other."""
    if start is None or end is None:
        return start or end
    return When(min(start.earliest, end.earliest), max(start.latest, end.latest))


def _dashed(text: str) -> bool:
    """Week dates and compact dates are ISO 8601 but not FHIR."""
    return text[4:5] == "-" and text[7:8] == "-" and text[5:7].isdigit()


def _month(text: str) -> When | None:
    if text[4] != "-":
        return None
    year, month = int(text[:4]), int(text[5:])
    return When(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))


def _instant(text: str) -> datetime | None:
    if len(text) <= DAY_LENGTH:
        return None
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else None
