"""A story's values in a reader's words: what marks say when they are pointed at, and what the table holds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from babel.dates import format_date, get_day_names
from msgspec import Struct

from cds_service.b12.concept import When
from cds_service.b12.protocol import Interval
from cds_service.b12.words import TimeUnit
from cds_service.language import ENGLISH, Language
from cds_service.story import Band, Due, Given, Lane, Point, Story, Stretch, Threshold
from cds_service.wording import capital

STRETCHES = {
    Stretch.LOADING: "Loading",
    Stretch.MAINTENANCE: "Maintenance",
    Stretch.GAP: "Gap: no injection on record",
}
UNITS = {"umol/L": "µmol/L"}
"""UCUM as people write it; the others are the same."""


class Row(Struct, frozen=True):
    """One line of the table: `sort` is its day in time, `day` in words."""

    sort: str
    day: str
    what: str
    value: str
    note: str
    source: str


class Sayer(Struct, frozen=True):
    """Says values in one language."""

    language: Language = ENGLISH

    def words(self, text: str) -> str:
        """A phrase of ours."""
        return self.language.words(text)

    def heading(self, text: str) -> str:
        """A phrase of ours with its first letter large."""
        return capital(self.words(text))

    def when(self, day: When | None) -> str:
        """A day, or the first and last that an inexact date may mean."""
        if day is None:
            return self.words("day not known")
        if day.exact:
            return self.language.day(day.latest)
        return f"{self.language.day(day.earliest)} / {self.language.day(day.latest)}"

    def unit(self, lane: Lane) -> str:
        """The lane's unit as people write it."""
        return UNITS.get(lane.unit, lane.unit)

    def value(self, point: Point, lane: Lane) -> str:
        """In the lane's unit, and as it came where that is another; as it came where it is no number."""
        written = self.language.measured(point.written)
        if point.value is None:
            return written or self.words("measured, without a number")
        here = f"{point.comparator}{self.language.number(rounded(point.value))} {self.unit(lane)}"
        return here if same(here, written) else f"{here} ({written})"

    def dose(self, given: Given) -> str:
        """Micrograms, or that they are not known."""
        if given.low is None or given.high is None:
            return self.words("dose not known")
        if given.low == given.high:
            return self.language.mcg(given.low)
        return f"{self.language.number(given.low)}-{self.language.mcg(given.high)}"

    def product(self, given: Given) -> str:
        """What was given and how."""
        route = given.route.value if given.route else "route not known"
        return f"{self.words(given.substance.value)}, {self.words(route)}"

    def threshold(self, one: Threshold, lane: Lane) -> str:
        """Such as "deficient below 150 pg/mL"."""
        return f"{self.words(one.words)} {self.language.number(rounded(one.value))} {self.unit(lane)}"

    def due(self, due: Due) -> str:
        """Such as "Next dose due 2026-03-20", and how late it is."""
        day = self.language.day(due.day)
        if not due.overdue:
            return f"{self.words('Next dose due')}: {day}"
        what = (
            "Loading broken off; next dose overdue since" if due.broken else "Dose overdue" if due.late else "Dose due"
        )
        return f"{self.words(what)}: {day} ({self.days(due.overdue)})"

    def weekday(self, day: date) -> str:
        """The weekday in short."""
        return format_date(day, "EEE", self.language.code)

    def weekdays(self) -> tuple[str, ...]:
        """All of them, Monday first."""
        names = get_day_names("wide", locale=self.language.code)
        return tuple(names[number] for number in range(len(names)))

    def every(self, days: int) -> str:
        """Such as "every 28 days"."""
        return self.language.interval(Interval(Decimal(days), Decimal(days), TimeUnit.DAY))

    def days(self, number: int) -> str:
        """A number of days."""
        one, many = self.words("day"), self.words("days")
        return f"{number} {one if number == 1 else many}"

    def band(self, band: Band) -> str:
        """A stretch, with its length where it is a gap."""
        span = f"{self.language.day(band.start)} - {self.language.day(band.end)}"
        return f"{self.words(STRETCHES[band.kind])}: {span}, {self.days((band.end - band.start).days)}"

    def rows(self, story: Story) -> tuple[Row, ...]:
        """The table: everything that the picture shows, newest first; what has no day comes last."""
        results = [self._result(point, lane) for lane in story.lanes for point in lane.points]
        doses = [self._dose(dose) for dose in story.doses]
        gaps = [self._gap(band) for band in story.bands if band.kind is Stretch.GAP]
        return tuple(sorted([*results, *doses, *gaps], key=lambda row: (row.sort, row.what), reverse=True))

    def _result(self, point: Point, lane: Lane) -> Row:
        sort = point.day.latest.isoformat() if point.day else ""
        note = self.words(point.beyond) if point.beyond else ""
        return Row(sort, self.when(point.day), self.words(lane.analyte.value), self.value(point, lane), note, point.ref)

    def _dose(self, given: Given) -> Row:
        sort, refs = given.day.latest.isoformat(), ", ".join(given.refs)
        evidence = self.words(given.evidence.value)
        return Row(sort, self.when(given.day), self.product(given), self.dose(given), evidence, refs)

    def _gap(self, band: Band) -> Row:
        span = f"{self.language.day(band.start)} - {self.language.day(band.end)}"
        words = self.words(STRETCHES[Stretch.GAP])
        return Row(band.start.isoformat(), span, words, self.days((band.end - band.start).days), "", "")


def rounded(value: Decimal) -> Decimal:
    """To what a reader needs: three figures below a hundred, else whole numbers."""
    if abs(value) >= 100:  # noqa: PLR2004 - as the docstring says
        return value.quantize(Decimal(1))
    return value.quantize(Decimal("0.1")) if abs(value) >= 10 else value.quantize(Decimal("0.01"))  # noqa: PLR2004 - as above


def same(one: str, other: str) -> bool:
    """The same words but for spaces and case."""
    return "".join(one.split()).lower() == "".join(other.split()).lower()
