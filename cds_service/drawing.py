"""A story as a picture: places and shapes in pixels and the words of each mark, for a template to write as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from msgspec import Struct

from cds_service.b12.concept import When
from cds_service.b12.words import Route, Substance
from cds_service.said import Sayer, rounded
from cds_service.story import LOW_IS_BAD, Given, Lane, Point, Story, Stretch

NARROWEST, WIDEST = 300, 1400
LEFT, RIGHT, TOP = 40, 10, 22
TITLE, PLOT, EMPTY, BAND, DOSES, COURSE, AXIS = 20, 52, 26, 12, 26, 12, 24
LABEL_APART = 12
TICK_APART = 58
SHARE_AHEAD, LEAST_AHEAD = 0.08, 21
RADIUS = 5
LONG_AGO = timedelta(days=6 * 365)
"""Without a choice the picture goes back so far; what is older is counted, and in the table."""
SHORTEST = timedelta(days=90)
MONTHS = (1, 3, 6, 12, 24, 60, 120)
SHAPES = {
    Substance.CYANOCOBALAMIN: "circle",
    Substance.HYDROXOCOBALAMIN: "square",
    Substance.MECOBALAMIN: "diamond",
}
OTHER_SHAPE = "triangle"
FILLS = {Route.INTRAMUSCULAR: "filled", Route.SUBCUTANEOUS: "open"}
OTHER_FILL = "crossed"


class Mark(Struct, frozen=True):
    """Something that can be pointed at: a shape at a place, its looks, and what it says. `x1` to `x2` it may lie."""

    x: float
    y: float
    shape: str
    looks: str
    says: str
    x1: float | None = None
    x2: float | None = None


class Line(Struct, frozen=True):
    """A threshold across a lane."""

    y: float
    words: str
    says: str


class Box(Struct, frozen=True):
    """A stretch of time."""

    x: float
    y: float
    width: float
    height: float
    looks: str
    says: str


class Tick(Struct, frozen=True):
    """A label on an axis, at a place."""

    at: float
    words: str


class Track(Struct, frozen=True):
    """One measurement, drawn."""

    y: float
    height: float
    title: str
    empty: bool
    marks: tuple[Mark, ...] = ()
    lines: tuple[Line, ...] = ()
    ticks: tuple[Tick, ...] = ()
    path: str = ""


class Picture(Struct, frozen=True):
    """The whole picture, `width` by `height` pixels. `earlier` marks lie before its left edge."""

    width: int
    height: float
    left: float
    right: float
    today: float
    therapy: float
    boxes: tuple[Box, ...]
    doses: tuple[Mark, ...]
    tracks: tuple[Track, ...]
    months: tuple[Tick, ...]
    axis: float
    shapes: tuple[tuple[str, str, str], ...]
    earlier: int
    first: date


class _Scale:
    """Days to pixels across, over one span of time."""

    def __init__(self, first: date, last: date, width: int) -> None:
        self.first, self.last, self.left, self.right = first, last, LEFT, width - RIGHT
        self._per_day = (self.right - self.left) / (last - first).days

    def x(self, day: date) -> float:
        """The place of a day; one outside lies on the edge."""
        days = (min(max(day, self.first), self.last) - self.first).days
        return round(self.left + days * self._per_day, 1)

    def shows(self, day: date) -> bool:
        """The day is not before the left edge."""
        return day >= self.first


def picture_of(story: Story, sayer: Sayer, width: int, back: timedelta | None = None) -> Picture:
    """The picture, so many pixels wide (kept between 300 and 1400), going back so far (None: all, within reason)."""
    width = min(max(width, NARROWEST), WIDEST)
    scale = _scale(story, width, back)
    doses_y = TOP + TITLE + BAND + DOSES / 2
    courses_y = TOP + TITLE + BAND + DOSES
    rows = _rows(story)
    doses = tuple(_dose(one, scale, doses_y, sayer) for one in story.doses if scale.shows(one.day.latest))
    tracks, bottom = _tracks(story, scale, courses_y + rows * COURSE + 6, sayer)
    return Picture(
        width=width,
        height=bottom + AXIS,
        left=scale.left,
        right=scale.right,
        today=scale.x(story.as_of),
        therapy=TOP,
        boxes=(*_bands(story, scale, sayer), *_courses(story, scale, courses_y, sayer)),
        doses=(*doses, *_due(story, scale, doses_y, sayer)),
        tracks=tracks,
        months=tuple(_months(scale)),
        axis=bottom,
        shapes=_legend(story, sayer),
        earlier=_earlier(story, scale),
        first=scale.first,
    )


def _scale(story: Story, width: int, back: timedelta | None) -> _Scale:
    first = story.first or story.as_of - SHORTEST
    earliest = story.as_of - (back or LONG_AGO)
    begin = min(max(first, earliest) - timedelta(days=5), story.as_of - SHORTEST)
    ahead = max(LEAST_AHEAD, int((story.as_of - begin).days * SHARE_AHEAD))
    end = story.as_of + timedelta(days=ahead)
    due = story.due.day + timedelta(days=ahead // 3) if story.due else end
    return _Scale(begin, min(max(end, due), story.as_of + LONG_AGO), width)


def _earlier(story: Story, scale: _Scale) -> int:
    days = [point.day.latest for lane in story.lanes for point in lane.points if point.day]
    days += [dose.day.latest for dose in story.doses]
    return sum(not scale.shows(day) for day in days)


def _span(day: When, scale: _Scale) -> tuple[float | None, float | None]:
    return (None, None) if day.exact else (scale.x(day.earliest), scale.x(day.latest))


def _dose(given: Given, scale: _Scale, y: float, sayer: Sayer) -> Mark:
    shape = SHAPES.get(given.substance, OTHER_SHAPE)
    fill = FILLS.get(given.route, OTHER_FILL) if given.route else OTHER_FILL
    source = f"{sayer.words(given.evidence.value)}: {', '.join(given.refs)}"
    says = f"{sayer.when(given.day)}: {sayer.dose(given)} {sayer.product(given)}; {source}"
    return Mark(scale.x(given.day.latest), y, shape, f"dose {fill}", says, *_span(given.day, scale))


def _due(story: Story, scale: _Scale, y: float, sayer: Sayer) -> Iterator[Mark]:
    if story.due:
        looks = "late" if story.due.late else "due"
        says = f"{sayer.due(story.due)}; {sayer.words('interval from')}: {sayer.words(story.due.interval_from)}"
        yield Mark(scale.x(story.due.day), y, "ring", looks, says)


def _bands(story: Story, scale: _Scale, sayer: Sayer) -> Iterator[Box]:
    for band in story.bands:
        if scale.shows(band.end):
            x = scale.x(band.start)
            height = BAND + DOSES if band.kind is Stretch.GAP else BAND
            width = max(1.0, round(scale.x(band.end) - x, 1))
            yield Box(x, TOP + TITLE, width, height, band.kind.value, sayer.band(band))


def _rows(story: Story) -> int:
    return min(len(story.courses), 4)


def _courses(story: Story, scale: _Scale, top: float, sayer: Sayer) -> Iterator[Box]:
    """What a statement or a supply tells of, each on a line of its own."""
    for index, course in enumerate(story.courses[: _rows(story)]):
        start, end = course.start or scale.first, course.end or story.as_of
        x = scale.x(start)
        route = sayer.words(course.route.value if course.route else "route not known")
        daily = f"{sayer.language.mcg(rounded(course.daily_mcg))}/{sayer.words('day')}" if course.daily_mcg else ""
        span = (
            f"{sayer.language.day(start) if course.start else '?'} - {sayer.language.day(end) if course.end else '…'}"
        )
        says = f"{', '.join(filter(None, ('B12', route, daily)))}: {span}; {course.ref}"
        yield Box(x, top + index * COURSE, max(1.0, round(scale.x(end) - x, 1)), COURSE - 4, "course", says)


def _tracks(story: Story, scale: _Scale, top: float, sayer: Sayer) -> tuple[tuple[Track, ...], float]:
    tracks, y = [], top
    for lane in story.lanes:
        track = _track(lane, scale, y, sayer)
        tracks.append(track)
        y += track.height
    return tuple(tracks), y


def _track(lane: Lane, scale: _Scale, y: float, sayer: Sayer) -> Track:
    title = f"{sayer.heading(lane.analyte.value)}, {sayer.unit(lane)}"
    points = [point for point in lane.points if point.day and scale.shows(point.day.latest)]
    if not points:
        return Track(y, EMPTY, title, empty=True)
    values = [point.value for point in points if point.value is not None]
    values += [one.value for one in lane.thresholds]
    low, high = (min(values), max(values)) if values else (Decimal(0), Decimal(1))
    room = (high - low) / 8 or Decimal(1)
    base = y + TITLE + PLOT

    def place(value: Decimal) -> float:
        return round(base - 4 - float((value - low + room) / (high - low + 2 * room)) * (PLOT - 8), 1)

    marks = tuple(
        _point(point, lane, scale, place(low if point.value is None else point.value), sayer) for point in points
    )
    lines = tuple(
        Line(place(one.value), sayer.words(one.words), f"{sayer.threshold(one, lane)}: {one.source}")
        for one in lane.thresholds
    )
    ticks = _ticks([(place(value), value) for value in [*(one.value for one in lane.thresholds), high, low]], sayer)
    measured = [mark for mark, point in zip(marks, points, strict=True) if point.value is not None]
    path = " ".join(f"{'L' if index else 'M'}{mark.x} {mark.y}" for index, mark in enumerate(measured))
    return Track(y, TITLE + PLOT + 6, title, empty=False, marks=marks, lines=lines, ticks=ticks, path=path)


def _point(point: Point, lane: Lane, scale: _Scale, y: float, sayer: Sayer) -> Mark:
    beyond = f"; {sayer.words(point.beyond)}" if point.beyond else ""
    says = f"{sayer.when(point.day)}: {sayer.words(lane.analyte.value)} {sayer.value(point, lane)}{beyond}; {point.ref}"
    pointed = "down" if lane.analyte in LOW_IS_BAD else "up"
    shape = "unknown" if point.value is None else pointed if point.beyond else "dot"
    looks = f"result {point.beyond}".strip()
    day = point.day or When(scale.last, scale.last)
    return Mark(scale.x(day.latest), y, shape, looks, says, *_span(day, scale))


def _ticks(wanted: Sequence[tuple[float, Decimal]], sayer: Sayer) -> tuple[Tick, ...]:
    """Labels that do not touch each other; those named first go first."""
    kept: list[Tick] = []
    for y, value in wanted:
        if all(abs(y - one.at) >= LABEL_APART for one in kept):
            kept.append(Tick(y, sayer.language.number(rounded(value))))
    return tuple(kept)


def _months(scale: _Scale) -> Iterator[Tick]:
    """The first days of months, as many as there is room for; years alone where they are far apart."""
    months = (scale.last.year - scale.first.year) * 12 + scale.last.month - scale.first.month + 1
    room = max(1, int((scale.right - scale.left) // TICK_APART))
    step = next((one for one in MONTHS if months / one <= room), MONTHS[-1])
    number = scale.first.year * 12 + scale.first.month
    for month in range(number + -number % step, scale.last.year * 12 + scale.last.month, step):
        day = date(month // 12, month % 12 + 1, 1)
        if scale.first <= day <= scale.last:
            yield Tick(scale.x(day), f"{day.year}" if step % 12 == 0 else f"{day.year}-{day.month:02}")


def _legend(story: Story, sayer: Sayer) -> tuple[tuple[str, str, str], ...]:
    """(shape, fill, words) of every kind of dose that is shown."""
    kinds = {
        (SHAPES.get(one.substance, OTHER_SHAPE), FILLS.get(one.route, OTHER_FILL) if one.route else OTHER_FILL): one
        for one in story.doses
    }
    return tuple((shape, fill, sayer.product(one)) for (shape, fill), one in kinds.items())
